"""Agencies: who resolves, and which part of the city each serves."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from linjiang.desk import PLACES, DeskAdmin, desk_site
from orgs.admin.scoping import agencies_serving, may, scope_in
from orgs.choices import DESK_ROLES, Role
from orgs.models import Agency, Unit

_VIEWERS = (*DESK_ROLES, Role.SYSTEM_ADMIN)
_KEEPERS = (Role.STREET, Role.SYSTEM_ADMIN)


@admin.register(Agency, site=desk_site)
class AgencyAdmin(DeskAdmin):
    """Seen by the desks they serve, kept by the street (its own) and the system administrator."""

    desk_group, desk_order, desk_icon = PLACES, 40, "apartment"
    list_display = ("name", "kind", "unit", "phone", "is_active")
    list_filter = (("kind", ChoicesDropdownFilter), "is_active")
    list_select_related = ("unit",)
    search_fields = ("name",)
    search_help_text = _("Name")
    autocomplete_fields = ("unit",)
    fields = ("name", "kind", "unit", "phone", "is_active")

    def may_view(self, user) -> bool:
        return may(user, *_VIEWERS)

    def may_add(self, user) -> bool:
        return may(user, *_KEEPERS)

    def may_change(self, user, obj: Agency | None = None) -> bool:
        return may(user, *_KEEPERS) and (obj is None or scope_in(user, _KEEPERS).covers(obj.unit.path))

    def scope(self, queryset, user):
        return agencies_serving(queryset, scope_in(user, _VIEWERS))

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name == "unit":
            kwargs["queryset"] = Unit.objects.filter(scope_in(request.user, _KEEPERS).units_q())
        return super().formfield_for_foreignkey(db_field, request, **kwargs)
