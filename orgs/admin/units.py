"""Units: the tree by level, with who leads each and whether its size is right."""

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, Exists, IntegerField, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter
from unfold.decorators import action

from linjiang.common.clock import local_day, now
from linjiang.common.database import subtree_q
from linjiang.common.text import listed
from linjiang.desk import PLACES, DeskAdmin, desk_site
from orgs.admin import boundaries, roster
from orgs.admin.posts import appointable_at
from orgs.admin.scoping import may, scope_in
from orgs.choices import DESK_ROLES, LEADING_ROLE, LEVEL_ORDER, Level, Role
from orgs.models import Household, Post, Unit
from orgs.profile import profile
from orgs.scopes import Scope
from orgs.services.units import create_unit, former_parents, move_unit, rename_unit

_VIEWERS = (*DESK_ROLES, Role.SYSTEM_ADMIN)


class NameForm(forms.Form):
    """A unit's new name."""

    name = forms.CharField(label=_("name"), max_length=64)


class UnitForm(NameForm):
    """A new unit below another."""

    level = forms.ChoiceField(label=_("level"))
    field_order = ("level", "name")

    def __init__(self, *args, parent: Unit, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        below = [level for level in Level.values if LEVEL_ORDER[level] > LEVEL_ORDER[parent.level]]
        self.fields["level"].choices = [(level, profile().level_name(level)) for level in below]


class MoveForm(forms.Form):
    """Where a unit goes: another unit of its parent's level."""

    parent = forms.ModelChoiceField(label=_("new parent"), queryset=Unit.objects.none())

    def __init__(self, *args, unit: Unit, scope: Scope, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        units = Unit.objects.filter(scope.units_q(), level=unit.parent.level, is_active=True)
        self.fields["parent"].queryset = units.exclude(pk=unit.parent_id).select_related("parent").order_by("path")
        self.fields["parent"].label_from_instance = lambda one: f"{one.parent} / {one}" if one.parent else str(one)


class LeaderFilter(DropdownFilter):
    """Units whose leading post (邻长, 组长, 片长 …) nobody holds today."""

    title = _("leading post")
    parameter_name = "lead"

    def lookups(self, request, model_admin):
        return [("vacant", _("Vacant")), ("held", _("Held"))]

    def queryset(self, request, queryset):
        if self.value() not in ("vacant", "held"):
            return queryset
        led = queryset.filter(level__in=LEADING_ROLE)
        return led.filter(is_led=self.value() == "held")


class SizeFilter(DropdownFilter):
    """Neighbourhoods, groups and zones larger or smaller than the city's rule."""

    title = _("size")
    parameter_name = "size"

    def lookups(self, request, model_admin):
        return [("odd", _("outside the rule")), ("fits", _("within the rule"))]

    def queryset(self, request, queryset):
        if self.value() not in ("odd", "fits"):
            return queryset
        fits = Q(pk__in=[])
        for level, rule in profile().sizes.items():
            fits |= Q(level=level, members__range=(rule.low, rule.high))
        ruled = queryset.filter(level__in=profile().sizes)
        return ruled.filter(fits) if self.value() == "fits" else ruled.exclude(fits)


class BelowFilter(admin.SimpleListFilter):
    """One unit and everything below it; opened from a unit's row."""

    title = _("below")
    parameter_name = "below"
    template = "desk/filter_hidden.html"

    def lookups(self, request, model_admin):
        return [(self.value(), self.value())] if self.value() else [("", "")]

    def queryset(self, request, queryset):
        if not (self.value() or "").isdecimal():
            return queryset
        top = Unit.objects.filter(pk=int(self.value()[:18])).first()
        return queryset.filter(subtree_q(top.path)) if top else queryset.none()


def _what_moving_does(unit: Unit) -> str:
    """Return the sentences above the form that moves a unit: what goes along, and whose figures keep the past."""
    former = former_parents(unit)
    if former:
        words = gettext(
            "%(name)s goes to the unit chosen with the %(count)s units below it. What was filed while it lay in "
            "%(former)s stays in the figures there, and everything else filed until now in those of %(parent)s; "
            "%(name)s keeps all of it in its own, and whoever is above it from now on can read it."
        )
    else:
        words = gettext(
            "%(name)s goes to the unit chosen with the %(count)s units below it. What was filed until now stays in the"
            " figures of %(parent)s; %(name)s keeps it in its own, and whoever is above it from now on can read it."
        )
    below = Unit.objects.subtree(unit.path).exclude(pk=unit.pk).count()
    return words % {"name": unit.name, "count": below, "parent": unit.parent, "former": listed(former)}


def _why_nowhere(unit: Unit) -> str:
    """Return why there is no unit that `unit` could be moved to."""
    if unit.parent.level == Level.CITY:
        words = gettext("%(name)s lies in %(parent)s itself and cannot be moved: there is no other unit of that level.")
    else:
        words = gettext("There is nowhere to move %(name)s: %(parent)s is the only unit of its level in your area.")
    return words % {"name": unit.name, "parent": unit.parent}


@admin.register(Unit, site=desk_site)
class UnitAdmin(DeskAdmin):
    """The units of the viewer's own subtree; made and renamed through the services."""

    desk_group, desk_order, desk_icon = PLACES, 10, "account_tree"
    desk_home = 7
    list_display = ("tree_name", "level_word", "size", "leader", "code")
    list_filter = (("level", ChoicesDropdownFilter), LeaderFilter, SizeFilter, BelowFilter)
    list_select_related = ("parent",)
    search_fields = ("name", "code")
    search_help_text = _("Name or division code")
    ordering = ("path",)
    sortable_by = ()
    fields = readonly_fields = ("name", "level_word", "parents", "code", "size", "leader", "lat", "lon", "is_active")
    actions_list = ("open_roster",)
    actions_detail = ("add_below", "rename", "move", "appoint_here", "show_below")

    def may_view(self, user) -> bool:
        return may(user, *_VIEWERS)

    def scope(self, queryset, user):
        return queryset.filter(scope_in(user, _VIEWERS).units_q())

    def get_queryset(self, request):
        households = Household.objects.filter(unit=OuterRef("pk"), is_active=True).order_by().values("unit")
        children = Unit.objects.filter(parent=OuterRef("pk"), is_active=True).order_by().values("parent")
        leading = Q(pk__in=[])
        for level, role in LEADING_ROLE.items():
            leading |= Q(unit__level=level, role=role)
        leaders = Post.objects.current(on=local_day(now())).filter(leading, unit=OuterRef("pk"), user__is_active=True)
        return (
            super()
            .get_queryset(request)
            .annotate(
                members=Coalesce(
                    Subquery(households.annotate(n=Count("pk")).values("n")),
                    Subquery(children.annotate(n=Count("pk")).values("n")),
                    "households_declared",
                    0,
                    output_field=IntegerField(),
                ),
                is_led=Exists(leaders),
                leader_name=Subquery(leaders.order_by("acting", "pk").values("user__name")[:1]),
            )
        )

    @admin.display(description=_("name"))
    def tree_name(self, unit: Unit) -> str:
        return format_html('<span class="desk-tree desk-tree--{}">{}</span>', unit.depth, unit.name)

    @admin.display(description=_("level"))
    def level_word(self, unit: Unit) -> str:
        return unit.level_name

    @admin.display(description=_("lies in"))
    def parents(self, unit: Unit) -> str:
        return " / ".join(Unit.objects.ancestors(unit.path).values_list("name", flat=True)) or "—"

    @admin.display(description=_("size"))
    def size(self, unit: Unit) -> str:
        if unit.level == Level.NEIGHBOURHOOD:
            words = gettext("%(count)s households") % {"count": unit.members}
        else:
            words = gettext("%(count)s units") % {"count": unit.members}
        rule = profile().sizes.get(unit.level)
        if rule is None or rule.fits(unit.members):
            return words
        return format_html(
            '{} <span class="desk-flag">{}</span>',
            words,
            gettext("should be %(low)s–%(high)s") % {"low": rule.low, "high": rule.high},
        )

    @admin.display(description=_("led by"))
    def leader(self, unit: Unit) -> str:
        if unit.leader_name:
            return unit.leader_name
        if unit.level not in LEADING_ROLE:
            return "—"
        return format_html('<span class="desk-flag">{}</span>', gettext("vacant"))

    def sidebar_items(self, request: HttpRequest) -> list[dict]:
        own = [self.sidebar_item(request, gettext("Roster"), reverse("admin:orgs_roster"), "upload_file")]
        if may(request.user, *boundaries.IMPORT_ROLES):
            address = reverse("admin:orgs_boundaries")
            own.append(self.sidebar_item(request, gettext("Areas on the map"), address, "map"))
        units = super().sidebar_items(request)
        units[0]["active"] = units[0]["active"] and not any(item["active"] for item in own)
        return [*units, *own]

    def get_urls(self) -> list:
        wrap = self.admin_site.admin_view
        own = [
            path("boundaries/", wrap(self.boundaries_view), name="orgs_boundaries"),
            path("boundaries/apply/", wrap(self.boundaries_apply_view), name="orgs_boundaries_apply"),
            path("roster/", wrap(self.roster_view), name="orgs_roster"),
            path("roster/apply/", wrap(self.roster_apply_view), name="orgs_roster_apply"),
            path("roster/template/", wrap(self.roster_template_view), name="orgs_roster_template"),
        ]
        return own + super().get_urls()

    def boundaries_view(self, request: HttpRequest) -> HttpResponse:
        return boundaries.page(self, request)

    def boundaries_apply_view(self, request: HttpRequest) -> HttpResponse:
        return boundaries.apply(self, request)

    def roster_view(self, request: HttpRequest) -> HttpResponse:
        return roster.page(self, request)

    def roster_apply_view(self, request: HttpRequest) -> HttpResponse:
        return roster.apply(self, request)

    def roster_template_view(self, request: HttpRequest) -> HttpResponse:
        return roster.template(self, request)

    def has_add_permission(self, request) -> bool:
        return False  # a unit is made below another: see add_below

    def has_shape_below_permission(self, request, object_id=None) -> bool:
        """Say whether the viewer may add a unit below; nothing lies below a neighbourhood."""
        unit = self.sought(request, object_id)
        if unit is None or not self._may_shape(request.user, unit):
            return False
        return LEVEL_ORDER[unit.level] < max(LEVEL_ORDER.values())

    def has_shape_name_permission(self, request, object_id=None) -> bool:
        """Say whether the viewer may rename the unit; official divisions are the system administrator's."""
        unit = self.sought(request, object_id)
        if unit is None or (unit.code and not may(request.user, Role.SYSTEM_ADMIN)):
            return False
        return self._may_shape(request.user, unit)

    def has_move_permission(self, request, object_id=None) -> bool:
        """Say whether the viewer may move the unit: a system administrator of the places it goes from and to."""
        unit = self.sought(request, object_id)
        return (
            unit is not None
            and unit.parent_id is not None
            and scope_in(request.user, (Role.SYSTEM_ADMIN,)).covers(unit.path)
        )

    def has_appoint_permission(self, request, object_id=None) -> bool:
        """Say whether there is a role at the unit that the viewer may appoint to."""
        unit = self.sought(request, object_id)
        return unit is not None and bool(appointable_at(request.user, unit))

    def _may_shape(self, user, unit: Unit) -> bool:
        return scope_in(user, (Role.STREET, Role.SYSTEM_ADMIN)).covers(unit.path)

    @action(description=_("Roster"), url_path="roster-start", permissions=["view"], icon="upload_file")
    def open_roster(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:orgs_roster"))

    @action(description=_("Add a unit below"), url_path="add-below", permissions=["shape_below"], icon="add")
    def add_below(self, request: HttpRequest, object_id: str) -> HttpResponse:
        parent = self.one(request, object_id)

        def run(given: dict) -> HttpResponse:
            unit = create_unit(actor=request.user, parent=parent, **given)
            self.log_addition(request, unit, gettext_noop("unit added"))
            messages.success(request, _("%(name)s was added.") % {"name": unit.name})
            return HttpResponseRedirect(self.url("change", unit.pk))

        return self.form_page(
            request,
            form=UnitForm(request.POST or None, parent=parent),
            run=run,
            title=gettext("Add a unit below %(name)s") % {"name": parent.name},
            back_url=self.url("change", parent.pk),
        )

    @action(description=_("Rename"), url_path="rename", permissions=["shape_name"], icon="edit")
    def rename(self, request: HttpRequest, object_id: str) -> HttpResponse:
        unit = self.one(request, object_id)

        def run(given: dict) -> HttpResponse:
            renamed = rename_unit(actor=request.user, unit=unit, **given)
            self.log_change(request, renamed, f"{unit.name} → {renamed.name}")
            messages.success(request, _("Saved."))
            return HttpResponseRedirect(self.url("change", unit.pk))

        return self.form_page(
            request,
            form=NameForm(request.POST or None, initial={"name": unit.name}),
            run=run,
            title=gettext("Rename %(name)s") % {"name": unit.name},
            intro=gettext("Cases and posts stay where they are; only the name changes."),
            back_url=self.url("change", unit.pk),
        )

    @action(description=_("Move"), url_path="move", permissions=["move"], icon="drive_file_move")
    def move(self, request: HttpRequest, object_id: str) -> HttpResponse:
        unit = self.one(request, object_id)

        def run(given: dict) -> HttpResponse:
            moved = move_unit(actor=request.user, unit=unit, **given)
            self.log_change(request, moved, f"{unit.parent} → {moved.parent}")
            messages.success(
                request, _("%(name)s now lies in %(parent)s.") % {"name": moved.name, "parent": moved.parent}
            )
            return HttpResponseRedirect(self.url("change", unit.pk))

        form = MoveForm(request.POST or None, unit=unit, scope=scope_in(request.user, (Role.SYSTEM_ADMIN,)))
        shown = {"title": gettext("Move %(name)s") % {"name": unit.name}, "back_url": self.url("change", unit.pk)}
        if not form.fields["parent"].queryset.exists():
            status = 400 if request.method == "POST" else 200
            return self.page(request, "desk/notice.html", status=status, notice=_why_nowhere(unit), **shown)
        return self.form_page(request, form=form, run=run, intro=_what_moving_does(unit), **shown)

    @action(description=_("Appoint here"), url_path="appoint", permissions=["appoint"], icon="person_add")
    def appoint_here(self, request: HttpRequest, object_id: str) -> HttpResponse:
        unit = self.one(request, object_id)
        return HttpResponseRedirect(f"{reverse('admin:orgs_post_add')}?unit={unit.pk}")

    @action(description=_("Show what lies below"), url_path="below", permissions=["view"], icon="account_tree")
    def show_below(self, request: HttpRequest, object_id: str) -> HttpResponse:
        unit = self.one(request, object_id)
        return HttpResponseRedirect(f"{self.list_url}?below={unit.pk}")
