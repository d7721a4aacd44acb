"""Filters of the organisation's lists."""

import django_filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from linjiang.common.rest import BIGGEST_ID
from linjiang.common.text import clean
from orgs import tree
from orgs.choices import AgencyKind, Level
from orgs.models import Agency, Household, Unit
from orgs.scopes import units_visible_to


def units_of(request):
    """Return the units the request's user may name; none while the schema is made."""
    return units_visible_to(request.user) if request is not None else Unit.objects.none()


class IdFilter(django_filters.NumberFilter):
    """A whole number that can be a key."""

    def __init__(self, **kwargs) -> None:
        super().__init__(min_value=1, max_value=BIGGEST_ID, decimal_places=0, **kwargs)


@extend_schema_field(OpenApiTypes.INT64)
class UnitKeyFilter(django_filters.ModelChoiceFilter):
    """The key of a unit in the caller's area; any other is refused."""

    def __init__(self, **kwargs) -> None:
        super().__init__(queryset=units_of, label=kwargs.pop("label", "key of a unit"), **kwargs)


class UnitFilter(django_filters.FilterSet):
    """`parent`, `level`, `below` (a unit and all below it), `q` (part of the name), `code`, `active`."""

    parent = IdFilter(field_name="parent_id", label="key of the unit right above")
    level = django_filters.ChoiceFilter(choices=Level.choices)
    below = UnitKeyFilter(method="in_subtree")
    q = django_filters.CharFilter(method="named", label="part of the name", max_length=64)
    code = django_filters.CharFilter(label="division code", max_length=12)
    active = django_filters.BooleanFilter(field_name="is_active")

    class Meta:
        model = Unit
        fields = ["parent", "level", "below", "q", "code", "active"]

    def in_subtree(self, queryset, _name: str, unit: Unit):
        return queryset.subtree(unit.path)

    def named(self, queryset, _name: str, value: str):
        return queryset.filter(name__contains=clean(value))


class HouseholdFilter(django_filters.FilterSet):
    """`unit` (and all below it), `q` (part of the door), `active`."""

    unit = UnitKeyFilter(method="in_subtree")
    q = django_filters.CharFilter(field_name="label", lookup_expr="contains", max_length=64)
    active = django_filters.BooleanFilter(field_name="is_active")

    class Meta:
        model = Household
        fields = ["unit", "q", "active"]

    def in_subtree(self, queryset, _name: str, unit: Unit):
        return queryset.filter(unit__path__gte=unit.path, unit__path__lt=unit.path + "~")


class AgencyFilter(django_filters.FilterSet):
    """`serves` (those that serve a unit), `kind`, `q` (part of the name), `active`."""

    serves = UnitKeyFilter(method="serving")
    kind = django_filters.ChoiceFilter(choices=AgencyKind.choices)
    q = django_filters.CharFilter(field_name="name", lookup_expr="contains", max_length=64)
    active = django_filters.BooleanFilter(field_name="is_active")

    class Meta:
        model = Agency
        fields = ["serves", "kind", "q", "active"]

    def serving(self, queryset, _name: str, unit: Unit):
        return queryset.filter(unit__path__in=tree.ancestor_paths(unit.path, include_self=True))
