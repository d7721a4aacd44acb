"""Base of the pages of the rules of time: street staff read them, the system administrator sets them."""

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from grievances.services.limits import open_deadlines, waiting_deadlines
from linjiang.common.text import in_my_language
from linjiang.desk import RECORDS, TIMES, DeskAdmin, desk_site
from orgs.admin.scoping import may
from orgs.choices import DESK_ROLES, Role
from orgs.models import RuleChange


class RulesAdmin(DeskAdmin):
    """Says above every page how many open deadlines follow a change."""

    desk_group = TIMES
    list_before_template = "desk/rules_note.html"
    change_form_before_template = "desk/rules_note.html"

    def may_view(self, user) -> bool:
        return may(user, *DESK_ROLES, Role.SUPERVISOR, Role.SYSTEM_ADMIN)

    def may_add(self, user) -> bool:
        return may(user, Role.SYSTEM_ADMIN)

    def may_change(self, user, obj=None) -> bool:
        return may(user, Role.SYSTEM_ADMIN)

    def has_delete_permission(self, request, obj=None) -> bool:
        return self.may_change(request.user, obj)

    def scope(self, queryset, user):
        return queryset if self.may_view(user) else queryset.none()

    def note(self, request: HttpRequest) -> dict:
        """Return what stands above the pages: open deadlines, and those not yet computed anew."""
        return {
            "open_deadlines": open_deadlines(),
            "waiting_deadlines": waiting_deadlines(),
            "may_set_rules": self.may_change(request.user),
        }

    def changelist_view(self, request, extra_context=None):
        return super().changelist_view(request, {**self.note(request), **(extra_context or {})})

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        return super().changeform_view(request, object_id, form_url, {**self.note(request), **(extra_context or {})})


@admin.register(RuleChange, site=desk_site)
class RuleChangeAdmin(DeskAdmin):
    """Who changed a rule of time, when and what; kept for good."""

    desk_group, desk_order, desk_icon = RECORDS, 50, "published_with_changes"
    list_display = ("at", "by", "words")
    list_display_links = ("at",)
    list_select_related = ("by",)
    search_fields = ("by__name", "by__phone")
    search_help_text = _("Person")
    ordering = ("-pk",)
    fields = readonly_fields = ("at", "by", "words")

    def may_view(self, user) -> bool:
        return may(user, Role.AUDIT_ADMIN, Role.SYSTEM_ADMIN)

    def scope(self, queryset, user):
        return queryset if self.may_view(user) else queryset.none()

    @admin.display(description=_("what was changed"))
    def words(self, change: RuleChange) -> str:
        return in_my_language(change.why)
