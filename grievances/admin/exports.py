"""What the audit administrator reads of exports: who took which list away, when and how many cases."""

from django.contrib import admin

from grievances.models import Export
from linjiang.desk import desk_site
from orgs.admin.records import RecordAdmin


@admin.register(Export, site=desk_site)
class ExportAdmin(RecordAdmin):
    """Who had which list written as a workbook; the files themselves are their owners' alone."""

    desk_order, desk_icon = 25, "download"
    list_display = ("created_at", "requested_by", "what", "state")
    list_select_related = ("requested_by",)
    search_fields = ("requested_by__name", "requested_by__phone", "what")
    ordering = ("-pk",)
    fields = readonly_fields = (
        *("created_at", "requested_by", "what", "query", "total", "left_out", "state", "finished_at", "expires_at"),
    )

    def scope(self, queryset, user):
        return queryset.filter(requested_by__in=self.people(user)).defer("keys")
