"""People: the system administrator registers them, the security administrator keeps their accounts."""

from axes.utils import reset as release_locks
from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action

from linjiang.common.text import listed
from linjiang.desk import PLACES, DeskAdmin, desk_site
from orgs.admin.scoping import may, people_within, scope_in
from orgs.choices import Role
from orgs.models import User
from orgs.services.people import register_person, reset_password, set_account_open

_KEEPERS = (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN)


class PersonForm(forms.Form):
    """Whom to register."""

    name = forms.CharField(label=_("Full name"), max_length=64)
    phone = forms.CharField(
        label=_("phone number"), max_length=20, help_text=_("The mobile number the person signs in with.")
    )


class PasswordForm(forms.Form):
    """The first password of an account, told to the person by word of mouth."""

    password = forms.CharField(
        label=_("New password"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least eight characters, not only digits. Tell it to the person yourself."),
    )


@admin.register(User, site=desk_site)
class PersonAdmin(DeskAdmin):
    """Everybody with an account in the scope of the administrator's post."""

    desk_group, desk_order, desk_icon = PLACES, 50, "group"
    desk_home = 5
    list_display = ("full_name", "phone", "posts_held", "is_active")
    list_filter = (("posts__role", ChoicesDropdownFilter), "is_active")
    search_fields = ("name", "phone")
    search_help_text = _("Name or phone number")
    ordering = ("name", "pk")
    fields = readonly_fields = ("full_name", "phone", "is_active", "posts_held", "date_joined")
    actions_detail = ("reset_password", "close_account", "open_account", "release_lock")

    def may_view(self, user) -> bool:
        return may(user, *_KEEPERS)

    def may_add(self, user) -> bool:
        return may(user, Role.SYSTEM_ADMIN)

    def scope(self, queryset, user):
        people = people_within(queryset, scope_in(user, _KEEPERS), also_without_post=True)
        return people if user.is_superuser else people.filter(is_superuser=False)

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("posts__unit", "posts__agency")

    @admin.display(description=_("Full name"), ordering="name")
    def full_name(self, user: User) -> str:
        return user.name

    @admin.display(description=_("Posts"))
    def posts_held(self, user: User) -> str:
        return listed(f"{post.place} {post.title}" for post in user.posts.all() if post.ended_at is None) or "—"

    def add_view(self, request: HttpRequest, form_url="", extra_context=None) -> HttpResponse:
        """Register a person; a password is set by the security administrator."""
        self.require(self.has_add_permission(request))

        def run(given: dict) -> HttpResponse:
            person = register_person(actor=request.user, **given)
            self.log_addition(request, person, gettext_noop("registered"))
            messages.success(request, _("%(name)s is registered. Appoint the person under “posts”.") % given)
            return HttpResponseRedirect(self.url("change", person.pk))

        return self.form_page(
            request,
            form=PersonForm(request.POST or None),
            run=run,
            title=_("Register a person"),
            submit_label=_("Register"),
        )

    def has_keep_accounts_permission(self, request, obj=None) -> bool:
        return may(request.user, Role.SECURITY_ADMIN)

    def has_close_permission(self, request, object_id=None) -> bool:
        return self._may_set_open(request, object_id, is_open=False)

    def has_open_permission(self, request, object_id=None) -> bool:
        return self._may_set_open(request, object_id, is_open=True)

    def _may_set_open(self, request, object_id, *, is_open: bool) -> bool:
        """Say whether the viewer may close an open account, or open a closed one."""
        person = self.sought(request, object_id)
        if person is None or person.is_active == is_open or person.pk == request.user.pk:
            return False
        return self.has_keep_accounts_permission(request, person)

    @action(description=_("New password"), url_path="password", permissions=["keep_accounts"], icon="key")
    def reset_password(self, request: HttpRequest, object_id: str) -> HttpResponse:
        person = self.one(request, object_id)

        def run(given: dict) -> HttpResponse:
            reset_password(actor=request.user, user=person, **given)
            self.log_change(request, person, gettext_noop("password reset"))
            messages.success(request, _("%(name)s has a new password.") % {"name": person.name})
            return HttpResponseRedirect(self.url("change", person.pk))

        return self.form_page(
            request,
            form=PasswordForm(request.POST or None),
            run=run,
            title=_("New password for %(name)s") % {"name": person.name},
            back_url=self.url("change", person.pk),
        )

    @action(description=_("Close the account"), url_path="close", permissions=["close"], icon="block")
    def close_account(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._set_open(request, object_id, is_open=False)

    @action(description=_("Open the account"), url_path="open", permissions=["open"], icon="lock_open")
    def open_account(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._set_open(request, object_id, is_open=True)

    @action(description=_("Release a lock"), url_path="release", permissions=["keep_accounts"], icon="lock_reset")
    def release_lock(self, request: HttpRequest, object_id: str) -> HttpResponse:
        person = self.one(request, object_id)

        def run(_given: dict) -> HttpResponse:
            count = release_locks(username=person.phone)
            self.log_change(request, person, gettext_noop("lock released"))
            messages.success(request, _("%(count)s locks released.") % {"count": count})
            return HttpResponseRedirect(self.url("change", person.pk))

        return self._confirm(
            request,
            person,
            run,
            title=_("Release the lock of %(name)s") % {"name": person.name},
            intro=_("After too many wrong passwords an account is locked for a while. This ends the wait now."),
            label=_("Release"),
        )

    def _set_open(self, request, object_id, *, is_open: bool) -> HttpResponse:
        person = self.one(request, object_id)

        def run(_given: dict) -> HttpResponse:
            set_account_open(actor=request.user, user=person, is_open=is_open)
            self.log_change(
                request, person, gettext_noop("account opened") if is_open else gettext_noop("account closed")
            )
            messages.success(request, _("Saved."))
            return HttpResponseRedirect(self.url("change", person.pk))

        if is_open:
            title, intro = _("Open the account of %(name)s"), _("The person can sign in again; posts in force count.")
        else:
            title, intro = _("Close the account of %(name)s"), _("The person can no longer sign in, from this moment.")
        return self._confirm(
            request,
            person,
            run,
            title=title % {"name": person.name},
            intro=intro,
            label=_("Open the account") if is_open else _("Close the account"),
        )

    def _confirm(self, request, person, run, *, title, intro, label) -> HttpResponse:
        return self.form_page(
            request,
            form=forms.Form(request.POST if request.method == "POST" else None),
            run=run,
            title=title,
            intro=intro,
            submit_label=label,
            back_url=self.url("change", person.pk),
        )
