"""What the audit administrator reads: who was shown whose number, who signed in, what was changed at the desk."""

from axes.models import AccessLog
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from linjiang.desk import RECORDS, DeskAdmin, desk_site
from orgs.admin.scoping import may, people_within, scope_in
from orgs.choices import Role
from orgs.models import ContactReveal, User


class RecordAdmin(DeskAdmin):
    """Base of the read-only records about people in the audit administrator's scope."""

    desk_group = RECORDS

    def may_view(self, user) -> bool:
        return may(user, Role.AUDIT_ADMIN)

    def people(self, user):
        """Return the people whose doings `user` may audit."""
        return people_within(User.objects.all(), scope_in(user, (Role.AUDIT_ADMIN,)), also_without_post=True)


@admin.register(ContactReveal, site=desk_site)
class ContactRevealAdmin(RecordAdmin):
    """Who was shown a resident's number, when and for what; the number itself stays masked here."""

    desk_order, desk_icon = 20, "visibility"
    desk_home = 3
    list_display = ("at", "user", "contact", "purpose", "about")
    list_select_related = ("user", "contact")
    search_fields = ("user__name", "user__phone", "purpose", "about")
    search_help_text = _("Person, purpose or case number")
    ordering = ("-at", "-pk")
    fields = readonly_fields = ("at", "user", "contact", "purpose", "about")

    def scope(self, queryset, user):
        return queryset.filter(user__in=self.people(user))


@admin.register(AccessLog, site=desk_site)
class SignInAdmin(RecordAdmin):
    """Who signed in and out, from where."""

    desk_order, desk_icon = 30, "login"
    list_display = ("attempt_time", "username", "ip_address", "logout_time")
    search_fields = ("username", "ip_address")
    ordering = ("-attempt_time", "-pk")
    fields = readonly_fields = ("attempt_time", "username", "ip_address", "user_agent", "logout_time")

    def scope(self, queryset, user):
        return queryset.filter(username__in=self.people(user).values("phone"))


@admin.register(LogEntry, site=desk_site)
class DeskLogAdmin(RecordAdmin):
    """What was added and changed at the desk."""

    desk_order, desk_icon = 40, "history"
    list_display = ("action_time", "user", "what", "object_repr", "change")
    list_select_related = ("user", "content_type")
    search_fields = ("user__name", "user__phone", "object_repr")
    ordering = ("-action_time", "-pk")
    fields = readonly_fields = ("action_time", "user", "what", "object_repr", "change")

    def scope(self, queryset, user):
        return queryset.filter(user__in=self.people(user))

    @admin.display(description=_("what"))
    def what(self, entry: LogEntry) -> str:
        return str(entry.content_type.name) if entry.content_type else "—"

    @admin.display(description=_("change"))
    def change(self, entry: LogEntry) -> str:
        words = entry.get_change_message()
        return gettext(words) if words else entry.get_action_flag_display()
