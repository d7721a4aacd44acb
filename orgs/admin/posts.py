"""Posts: appointing, handing over and ending, always through the services."""

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter
from unfold.decorators import action

from linjiang.common.clock import local_day, now
from linjiang.common.errors import InvalidInput
from linjiang.desk import PLACES, DeskAdmin, desk_site
from orgs.admin.people import PasswordForm
from orgs.admin.scoping import agencies_serving, may, posts_within, scope_in
from orgs.choices import DESK_ROLES, LEADER_ROLES, ROLE_LEVEL, Role
from orgs.models import Agency, Post, Unit
from orgs.profile import profile
from orgs.scopes import Scope
from orgs.services.people import may_reset_password, person_called, reset_password
from orgs.services.posts import appoint, end_post

_KEEPERS = (*DESK_ROLES, Role.SYSTEM_ADMIN)


def appointable(user) -> tuple[str, ...]:
    """Return the roles that `user` may appoint to: each desk those below it, the system administrator all."""
    if may(user, Role.SYSTEM_ADMIN):
        return tuple(Role.values)
    if user.holds(Role.STREET):
        return (*LEADER_ROLES, Role.COMMUNITY, Role.HANDLER)
    if user.holds(Role.COMMUNITY):
        return LEADER_ROLES
    return ()


def scope_for(user, role: str) -> Scope:
    """Return where `user` may appoint to `role`."""
    if role in LEADER_ROLES:
        return scope_in(user, _KEEPERS)
    if role in (Role.COMMUNITY, Role.HANDLER):
        return scope_in(user, (Role.STREET, Role.SYSTEM_ADMIN))
    return scope_in(user, (Role.SYSTEM_ADMIN,))


def appointable_at(user, unit: Unit) -> tuple[str, ...]:
    """Return the roles that `user` may appoint to at this very unit."""
    return tuple(
        role
        for role in appointable(user)
        if role != Role.HANDLER
        and ROLE_LEVEL.get(role) in (None, unit.level)
        and scope_for(user, role).covers(unit.path)
    )


class PersonFields(forms.Form):
    """Who: a registered person is found by the number, a new one is registered with it."""

    name = forms.CharField(label=_("Full name"), max_length=64)
    phone = forms.CharField(
        label=_("phone number"),
        max_length=20,
        help_text=_("Somebody with this number is found; otherwise the person is registered with it."),
    )
    since = forms.DateField(
        label=_("from"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Empty: today. A neighbour chief starts today."),
    )


class AppointForm(PersonFields):
    """Who, as what, where, how long."""

    role = forms.ChoiceField(label=_("role"))
    place = forms.CharField(
        label=_("unit"),
        required=False,
        max_length=200,
        help_text=_("The way down to it, parted by /, e.g. 花戏楼社区/第一片/第一组/第一邻; or its division code."),
    )
    agency = forms.ModelChoiceField(
        Agency.objects.none(),
        label=_("agency"),
        required=False,
        empty_label=_("Please choose"),
        help_text=_("For agency handlers only."),
    )
    until = forms.DateField(
        label=_("until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("First day no longer in office; empty: open."),
    )
    acting = forms.BooleanField(label=_("acting"), required=False, help_text=_("Stands in beside or for the holder."))
    field_order = ("role", "place", "agency", "name", "phone", "since", "until", "acting")

    def __init__(self, *args, user, unit: Unit | None = None, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.unit = user, unit
        roles = appointable(user)
        if unit is not None:
            roles = appointable_at(user, unit)
            del self.fields["place"], self.fields["agency"]
        elif Role.HANDLER in roles:
            scope = scope_for(user, Role.HANDLER)
            self.fields["agency"].queryset = agencies_serving(
                Agency.objects.filter(scope.units_q(field="unit__path"), is_active=True), scope
            )
        else:
            del self.fields["agency"]
        self.fields["role"].choices = [(role, profile().role_title(role)) for role in roles]
        self.fields["role"].initial = next(iter(roles), "")

    def clean(self) -> dict:
        given = super().clean()
        if given.get("role") == Role.HANDLER or "role" not in given:
            given.pop("place", None)
            given["unit"] = None
            return given
        given["agency"] = None
        typed = given.pop("place", "")
        given["unit"] = self.unit or self._unit_called(typed, scope_for(self.user, given["role"]))
        return given

    def _unit_called(self, typed: str, scope: Scope) -> Unit | None:
        if not typed:
            self.add_error("place", _("Please choose the unit of this post."))
            return None
        found = units_called(typed, scope)
        if len(found) == 1:
            return found[0]
        if found:
            self.add_error("place", _("Several units have this name; put the unit above it and / before it."))
        else:
            self.add_error("place", _("There is no such unit where you may appoint."))
        return None


def units_called(typed: str, scope: Scope) -> list[Unit]:
    """Return at most two units of the scope that the path of names (or the division code) `typed` means."""
    names = [part.strip() for part in typed.replace("／", "/").split("/") if part.strip()]
    if not names:
        return []
    units = Unit.objects.filter(scope.units_q())
    if len(names) == 1 and names[0].isdecimal():
        return list(units.filter(code=names[0])[:2])
    condition = {"__".join([*["parent"] * steps, "name"]): name for steps, name in enumerate(reversed(names))}
    return list(units.filter(**condition)[:2])


class InForceFilter(DropdownFilter):
    """Posts in force, or ended; those in force when nothing is chosen."""

    title = _("in force")
    parameter_name = "force"
    all_option = ["", _("In force")]

    def lookups(self, request, model_admin):
        return [("ended", _("Ended")), ("all", _("All"))]

    def queryset(self, request, queryset):
        if self.value() == "all":
            return queryset
        current = Post.objects.current(on=local_day(now())).values("pk")
        return queryset.exclude(pk__in=current) if self.value() == "ended" else queryset.filter(pk__in=current)


@admin.register(Post, site=desk_site)
class PostAdmin(DeskAdmin):
    """Who holds what where, in the subtree of the viewer's own post."""

    desk_group, desk_order, desk_icon = PLACES, 30, "badge"
    list_display = ("role_title", "person", "phone", "where", "since", "until")
    list_display_links = ("role_title", "person")
    list_filter = (InForceFilter, ("role", ChoicesDropdownFilter), "acting")
    list_select_related = ("user", "unit__parent__parent", "agency__unit")
    search_fields = ("user__name", "user__phone", "unit__name", "agency__name")
    search_help_text = _("Name, phone number, unit or agency")
    ordering = ("unit__path", "agency__name", "role", "-since")
    sortable_by = ()
    fields = readonly_fields = ("role_title", "person", "phone", "where", "since", "until", "ended_at")
    actions_detail = ("new_password", "hand_over", "end")

    def may_view(self, user) -> bool:
        return may(user, *_KEEPERS)

    def may_add(self, user) -> bool:
        return bool(appointable(user))

    def scope(self, queryset, user):
        return posts_within(queryset, scope_in(user, _KEEPERS))

    @admin.display(description=_("role"), ordering="role")
    def role_title(self, post: Post) -> str:
        return post.title

    @admin.display(description=_("person"), ordering="user__name")
    def person(self, post: Post) -> str:
        return post.user.name

    @admin.display(description=_("phone number"))
    def phone(self, post: Post) -> str:
        return post.user.phone

    @admin.display(description=_("where"), ordering="unit__path")
    def where(self, post: Post) -> str:
        if post.agency_id:
            return f"{post.agency} · {post.agency.unit}"
        above = [post.unit.parent.parent, post.unit.parent] if post.unit.parent_id else []
        return " / ".join(str(unit) for unit in (*above, post.unit) if unit)

    def add_view(self, request: HttpRequest, form_url="", extra_context=None) -> HttpResponse:
        """Appoint a person; `?unit=` fixes where."""
        self.require(self.has_add_permission(request))
        unit = self._asked_unit(request)

        def run(given: dict) -> HttpResponse:
            post = self._appoint(request, given)
            messages.success(request, _("%(name)s is now %(title)s.") % {"name": post.user.name, "title": post.title})
            return HttpResponseRedirect(self.list_url)

        form = AppointForm(request.POST or None, user=request.user, unit=unit)
        title = gettext("Appoint at %(unit)s") % {"unit": unit} if unit else gettext("Appoint a person")
        return self.form_page(request, form=form, run=run, title=title, submit_label=gettext("Appoint"))

    def _asked_unit(self, request: HttpRequest) -> Unit | None:
        asked = request.GET.get("unit", "")
        if not asked.isdecimal():
            return None
        return Unit.objects.filter(scope_in(request.user, _KEEPERS).units_q(), pk=int(asked[:18])).first()

    @transaction.atomic
    def _appoint(self, request: HttpRequest, given: dict, *, successor_of: Post | None = None) -> Post:
        """Register the person if need be and appoint; nobody gives a post to themself, or to who holds it."""
        given = dict(given)
        name, phone = given.pop("name"), given.pop("phone")
        person = person_called(actor=request.user, name=name, phone=phone)
        if person.pk == request.user.pk and not request.user.is_superuser:
            raise InvalidInput({"phone": gettext("Nobody appoints themself; ask the system administrator.")})
        if successor_of and person.pk == successor_of.user_id:
            words = gettext("%(name)s holds this post already. Please name the successor.")
            raise InvalidInput({"name": words % {"name": person.name}})
        post = appoint(actor=request.user, user=person, replace=successor_of is not None, **given)
        self.log_addition(request, post, gettext_noop("appointed"))
        if successor_of:
            end_post(actor=request.user, post=successor_of)
            self.log_change(request, successor_of, gettext_noop("handed over"))
        return post

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list:
        """An ended post offers nothing; its addresses still answer, with what is the matter."""
        post = self.get_object(request, str(object_id))
        return [] if post is None or post.ended_at else super().get_actions_detail(request, object_id)

    def _already_ended(self, request: HttpRequest, post: Post) -> HttpResponse:
        words = gettext("The post of %(name)s has already ended; nothing was changed.")
        return self.page(
            request,
            "desk/contact.html",
            title=f"{post.place} {post.title}",
            text=words % {"name": post.user.name},
            back_url=self.url("change", post.pk),
            status=409,
        )

    def has_manage_permission(self, request, object_id=None) -> bool:
        """Say whether the viewer may hand over or end the post: it is of a role they may appoint to, not their own."""
        post = self.sought(request, object_id)
        if post is None or post.role not in appointable(request.user):
            return False
        path = post.unit.path if post.unit_id else post.agency.unit.path
        return scope_for(request.user, post.role).covers(path) and post.user_id != request.user.pk

    def has_help_permission(self, request, object_id=None) -> bool:
        post = self.sought(request, object_id)
        return post is not None and bool(may_reset_password(actor=request.user, user=post.user))

    @action(description=_("New password"), url_path="password", permissions=["help"], icon="key")
    def new_password(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Help somebody who cannot sign in: the chief at the counter gets a new password at once."""
        post = self.one(request, object_id)

        def run(given: dict) -> HttpResponse:
            reset_password(actor=request.user, user=post.user, **given)
            self.log_change(request, post, gettext_noop("password reset"))
            messages.success(request, _("%(name)s has a new password.") % {"name": post.user.name})
            return HttpResponseRedirect(self.url("change", post.pk))

        return self.form_page(
            request,
            form=PasswordForm(request.POST or None),
            run=run,
            title=gettext("New password for %(name)s") % {"name": post.user.name},
            back_url=self.url("change", post.pk),
        )

    @action(description=_("Hand over"), url_path="hand-over", permissions=["manage"], icon="swap_horiz")
    def hand_over(self, request: HttpRequest, object_id: str) -> HttpResponse:
        post = self.one(request, object_id)
        if post.ended_at:
            return self._already_ended(request, post)

        def run(given: dict) -> HttpResponse:
            fixed = {"role": post.role, "unit": post.unit, "agency": post.agency, "acting": post.acting}
            fresh = self._appoint(request, {**given, **fixed}, successor_of=post)
            words = gettext("Handed over: %(name)s is now %(title)s of %(place)s; the post of %(old)s has ended.")
            names = {"name": fresh.user.name, "old": post.user.name, "title": fresh.title, "place": fresh.place}
            messages.success(request, words % names)
            return HttpResponseRedirect(self.list_url)

        return self.form_page(
            request,
            form=PersonFields(request.POST or None),
            run=run,
            title=gettext("Hand over: %(title)s, %(place)s") % {"title": post.title, "place": post.place},
            intro=gettext("%(name)s holds this post. It ends when the successor's begins.") % {"name": post.user.name},
            submit_label=gettext("Hand over"),
            back_url=self.url("change", post.pk),
        )

    @action(description=_("End the post"), url_path="end", permissions=["manage"], icon="event_busy")
    def end(self, request: HttpRequest, object_id: str) -> HttpResponse:
        post = self.one(request, object_id)
        if post.ended_at:
            return self._already_ended(request, post)

        def run(_given: dict) -> HttpResponse:
            end_post(actor=request.user, post=post)
            self.log_change(request, post, gettext_noop("post ended"))
            messages.success(request, _("The post has ended. Its rights are gone from this moment."))
            return HttpResponseRedirect(self.list_url)

        return self.form_page(
            request,
            form=forms.Form(request.POST if request.method == "POST" else None),
            run=run,
            title=gettext("End the post of %(name)s") % {"name": post.user.name},
            intro=gettext("%(title)s, %(place)s: vacant until somebody is appointed. Cases go to the level above.")
            % {"title": post.title, "place": post.place},
            submit_label=gettext("End the post"),
            submit_style="danger",
            back_url=self.url("change", post.pk),
        )
