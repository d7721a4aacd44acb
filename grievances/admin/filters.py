"""Filters of the case list at the desk."""

from datetime import datetime, time, timedelta

from django.contrib import messages
from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter, RangeDateFilter

from grievances.models import Category
from linjiang.common.database import subtree_q
from orgs.models import Unit
from orgs.scopes import scope_of


class TopCategoryFilter(DropdownFilter):
    """Cases of one top-level category."""

    title = _("category")
    parameter_name = "category"

    def lookups(self, request, model_admin):
        tops = Category.objects.filter(parent__isnull=True, is_active=True).order_by("code")
        return [("none", _("not sorted yet")), *((category.code, str(category)) for category in tops)]

    def queryset(self, request, queryset):
        if not self.value():
            return queryset
        if self.value() == "none":
            return queryset.filter(category__isnull=True)
        return queryset.filter(Q(category__code=self.value()) | Q(category__parent__code=self.value()))


class AreaFilter(DropdownFilter):
    """Cases filed below one of the units right under the viewer's own: a street's communities, a community's 片."""

    title = _("area")
    parameter_name = "area"

    def lookups(self, request, model_admin):
        paths = scope_of(request.user).paths
        if not paths:
            return [("", _("All"))]
        below = Q(parent__isnull=True) if paths == ("",) else Q(parent__path__in=paths)
        units = Unit.objects.filter(below, is_active=True).order_by("path")[:500]
        return [(unit.path, unit.name) for unit in units] or [("", _("All"))]

    def queryset(self, request, queryset):
        if not self.value() or not self.value().isalnum():
            return queryset
        return queryset.filter(subtree_q(self.value(), field="unit_path"))


class ReportedFilter(RangeDateFilter):
    """Cases reported from a day to a day, both included, in the city's time zone.

    What is no day is not filtered by, and said.
    """

    def __init__(self, field, request, params, *args, **kwargs) -> None:
        super().__init__(field, request, params, *args, **kwargs)
        for typed in self.used_parameters.values():
            if day_of(typed) is None:
                words = gettext("“%(typed)s” is not a date, so the list is not narrowed by it.")
                messages.warning(request, words % {"typed": str(typed)[:40]})

    def queryset(self, request, queryset):
        first = day_of(self.used_parameters.get(f"{self.parameter_name}_from"))
        last = day_of(self.used_parameters.get(f"{self.parameter_name}_to"))
        if first:
            queryset = queryset.filter(reported_at__gte=_midnight(first))
        if last:
            queryset = queryset.filter(reported_at__lt=_midnight(last + timedelta(days=1)))
        return queryset


def day_of(typed):
    """Return the day, in the form the date field writes it; None for anything else."""
    try:
        found = parse_date(str(typed or "").replace("/", "-"))
    except ValueError:
        return None
    return found if found and 1990 <= found.year <= 2100 else None


def _midnight(day) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
