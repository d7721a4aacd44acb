"""Locks after wrong passwords: the security administrator sees and releases them."""

from axes.models import AccessAttempt
from axes.utils import reset as release_locks
from django.contrib import admin, messages
from django.utils.translation import gettext_lazy as _

from linjiang.desk import RECORDS, DeskAdmin, desk_site
from orgs.admin.scoping import may, people_within, scope_in
from orgs.choices import Role
from orgs.models import User


@admin.register(AccessAttempt, site=desk_site)
class LockAdmin(DeskAdmin):
    """Numbers with wrong passwords since the last good one, for the people in scope."""

    desk_group, desk_order, desk_icon = RECORDS, 10, "lock_person"
    list_display = ("username", "ip_address", "failures_since_start", "attempt_time")
    search_fields = ("username", "ip_address")
    ordering = ("-attempt_time",)
    fields = readonly_fields = ("username", "ip_address", "failures_since_start", "attempt_time", "user_agent")
    actions = ("release",)

    def may_view(self, user) -> bool:
        return may(user, Role.SECURITY_ADMIN)

    def scope(self, queryset, user):
        scope = scope_in(user, (Role.SECURITY_ADMIN,))
        people = people_within(User.objects.all(), scope, also_without_post=True)
        return queryset.filter(username__in=people.values("phone"))

    @admin.action(description=_("Release these locks"), permissions=["view"])
    def release(self, request, queryset):
        names = list(queryset.values_list("username", flat=True).distinct())
        count = sum(release_locks(username=name) for name in names)
        messages.success(request, _("%(count)s locks released.") % {"count": count})
