"""Filters of the API's case list. A value that cannot be used is an error (400), never silently passed over."""

from datetime import datetime, time, timedelta

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from grievances.choices import Status, Urgency
from grievances.filters import ForPaging
from grievances.models import Category, Grievance
from linjiang.common import clock
from linjiang.common.text import clean
from orgs.api.filters import UnitKeyFilter, units_of
from orgs.models import Unit

_YEARS = range(1990, 2200)


class MomentField(forms.CharField):
    """A day (2026-03-04) or a moment (2026-03-04T08:00:00+08:00); a day is cleaned to a `date`."""

    def clean(self, value):
        text = super().clean(value)
        if not text:
            return None
        try:
            found = parse_date(text) or parse_datetime(text.replace(" ", "+"))
        except ValueError:
            found = None
        if found is None or found.year not in _YEARS:
            raise ValidationError(_("A day (2026-03-04) or a moment (2026-03-04T08:00:00+08:00)."), code="invalid")
        if isinstance(found, datetime) and timezone.is_naive(found):
            found = timezone.make_aware(found)
        return found


@extend_schema_field(OpenApiTypes.STR)
class MomentFilter(django_filters.Filter):
    field_class = MomentField


class YesNoField(forms.CharField):
    """true or false, 1 or 0; anything else is an error."""

    words = {"true": True, "1": True, "false": False, "0": False}

    def clean(self, value):
        text = super().clean(value).lower()
        if text and text not in self.words:
            raise ValidationError(_("Please say true or false."), code="invalid")
        return self.words.get(text)


@extend_schema_field(OpenApiTypes.BOOL)
class YesNoFilter(django_filters.Filter):
    field_class = YesNoField


@extend_schema_field(OpenApiTypes.STR)
class CodeFilter(django_filters.ModelChoiceFilter):
    """A row named by its code."""


def _start(moment, *, days: int = 0) -> datetime:
    """Return the moment; of a day, its first moment (or that of the day `days` later) in the city's time zone."""
    if isinstance(moment, datetime):
        return moment
    return timezone.make_aware(datetime.combine(moment + timedelta(days=days), time.min))


class CaseFilter(ForPaging, django_filters.FilterSet):
    """Narrow the cases the caller may see."""

    status = django_filters.MultipleChoiceFilter(choices=Status.choices)
    urgency = django_filters.MultipleChoiceFilter(choices=Urgency.choices)
    unit = UnitKeyFilter(method="in_subtree", label="key of a unit: it and all below it")
    unit_code = CodeFilter(
        queryset=units_of, method="in_subtree", to_field_name="code", label="division code of a unit: it and all below"
    )
    category = CodeFilter(
        queryset=Category.objects.all(), method="of_category", to_field_name="code", label="code, first or second level"
    )
    overdue = YesNoFilter(method="past_limit", label="past its limit, or not")
    due_soon = YesNoFilter(method="near_limit", label="true: past 80 % of its limit and not past it")
    waiting_for_me = YesNoFilter(method="my_turn", label="true: the caller has to act")
    reported_after = MomentFilter(method="from_moment", label="day or moment, included")
    reported_before = MomentFilter(method="to_moment", label="day (included) or moment (excluded)")
    number = django_filters.CharFilter(method="numbered", max_length=30, label="exact number")
    text = django_filters.CharFilter(max_length=100, label="words of title, description, place or door, or a number")

    words = "text"

    class Meta:
        model = Grievance
        fields = [
            "status",
            "urgency",
            "unit",
            "unit_code",
            "category",
            "overdue",
            "due_soon",
            "waiting_for_me",
            "reported_after",
            "reported_before",
            "number",
            "text",
        ]

    @property
    def reader(self):
        """Who asks."""
        return self.request.user

    def days(self) -> tuple[datetime | None, datetime | None]:
        first, last = (self.form.cleaned_data.get(f"reported_{side}") for side in ("after", "before"))
        return first and _start(first), last and _start(last, days=1)

    def in_subtree(self, queryset, _name: str, unit: Unit):
        return queryset.below(unit)

    def of_category(self, queryset, _name: str, category: Category):
        return queryset.filter(Q(category=category) | Q(category__parent=category))

    def past_limit(self, queryset, _name: str, wanted: bool):
        late = queryset.overdue(at=clock.now())
        return late if wanted else queryset.exclude(pk__in=late.values("pk"))

    def near_limit(self, queryset, _name: str, wanted: bool):
        soon = queryset.due_soon(at=clock.now())
        return soon if wanted else queryset.exclude(pk__in=soon.values("pk"))

    def my_turn(self, queryset, _name: str, wanted: bool):
        return queryset.waiting_for(self.request.user) if wanted else queryset

    def from_moment(self, queryset, _name: str, moment):
        return queryset.filter(reported_at__gte=_start(moment))

    def to_moment(self, queryset, _name: str, moment):
        return queryset.filter(reported_at__lt=_start(moment, days=1))

    def numbered(self, queryset, _name: str, value: str):
        return queryset.filter(number=clean(value).upper())
