"""Closure rates over HTTP: for whom a unit's dashboard is open."""

from datetime import date

from django.http import Http404
from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from linjiang.common import clock
from linjiang.common.errors import InvalidInput
from linjiang.common.rest import Flag, IdField
from orgs.api.serializers import UnitBrief
from orgs.models import Unit
from reporting.coverage import DIMENSIONS
from reporting.measures import KINDS, TIME_TO_CLOSE, Counts, total
from reporting.periods import Period, named
from reporting.scopes import dashboard_scope_of, dashboard_units_of
from reporting.services.parts import most_first, names_of
from reporting.services.rates import PERIOD, change, compared_with, measures
from reporting.services.reading import read


class RatesRequest(serializers.Serializer):
    """Which unit and which days; the widest unit of one's posts and this month when nothing is said."""

    unit = IdField(required=False, help_text="key of a unit")
    unit_code = serializers.CharField(required=False, max_length=12, help_text="division code, instead of `unit`")
    since = serializers.DateField(required=False, help_text="first day, by the day a case was reported")
    until = serializers.DateField(required=False, help_text="last day, included")
    children = Flag(required=False, default=False, help_text="also the units right below")
    by = serializers.ChoiceField(DIMENSIONS, required=False, help_text="also divided by category, source or agency")
    compare = Flag(required=False, default=False, help_text="also the period before and the year before")


class MeasureSerializer(serializers.Serializer):
    """A measure with what it is made of; `value` is null when there is nothing to divide by."""

    numerator = serializers.FloatField(allow_null=True)
    denominator = serializers.FloatField(allow_null=True)
    value = serializers.FloatField(allow_null=True)


class TimeToCloseSerializer(MeasureSerializer):
    """Hours from reporting to closing."""

    median_hours = serializers.FloatField(allow_null=True)
    p90_hours = serializers.FloatField(allow_null=True)


class MeasuresSerializer(serializers.Serializer):
    """Every measure by its key."""

    def get_fields(self) -> dict:
        fields = {key: MeasureSerializer() for key in KINDS}
        fields[TIME_TO_CLOSE] = TimeToCloseSerializer()
        return fields

    def to_representation(self, counts: Counts) -> dict:
        return {key: measure.as_dict() for key, measure in measures(counts).items()}


class ChildRates(serializers.Serializer):
    """A unit right below; null for cases filed in the unit itself."""

    unit = UnitBrief(allow_null=True)
    measures = MeasuresSerializer()


class PartRates(serializers.Serializer):
    """A top category, source or agency; `key` is null for cases without one."""

    key = serializers.CharField(allow_null=True)
    name = serializers.CharField()
    measures = MeasuresSerializer()


class ChangeSerializer(serializers.Serializer):
    """How far a measure moved: a rate in percentage points, a number as a share of the one before."""

    points = serializers.FloatField(allow_null=True)
    share = serializers.FloatField(allow_null=True)


class ChangesSerializer(serializers.Serializer):
    """The change of every measure by its key."""

    def get_fields(self) -> dict:
        return {key: ChangeSerializer() for key in (*KINDS, TIME_TO_CLOSE)}


class ComparedRates(serializers.Serializer):
    """The same measures of another period, and how far the asked one moved from it."""

    since = serializers.DateField()
    until = serializers.DateField()
    measures = MeasuresSerializer()
    change = ChangesSerializer()


class ComparisonSerializer(serializers.Serializer):
    """`preceding` is left out where it is the year before; either where it lies before 1990."""

    preceding = ComparedRates(required=False)
    year_before = ComparedRates(required=False)


class RatesSerializer(serializers.Serializer):
    """The measures of a unit's whole subtree in a period."""

    unit = UnitBrief()
    since = serializers.DateField()
    until = serializers.DateField()
    measures = MeasuresSerializer()
    children = ChildRates(many=True, required=False)
    parts = PartRates(many=True, required=False)
    compared = ComparisonSerializer(required=False)


class ClosureRates(APIView):
    """Accepted, closed, closure rate and the measures that belong beside it."""

    @extend_schema(tags=["closure rates"], parameters=[RatesRequest], responses=RatesSerializer)
    def get(self, request: Request) -> Response:
        """Return the measures, each with numerator and denominator.

        404 for a unit whose figures the caller's posts do not open.
        """
        given = RatesRequest(data=request.query_params)
        given.is_valid(raise_exception=True)
        asked = given.validated_data
        unit = _unit(request.user, asked)
        period = _period(asked.get("since"), asked.get("until"))
        now, by = clock.now(), asked.get("by", "")
        periods = {PERIOD: period}
        if asked["compare"]:
            periods = compared_with(period, today=clock.local_day(now))
        found = read(unit=unit, periods=periods, now=now, by_place=asked["children"], dimension=by)
        body = {
            "unit": unit,
            "since": period.since,
            "until": period.until,
            "measures": found.totals[PERIOD],
        }
        if asked["children"]:
            body["children"] = _children(unit, found.places)
        if by:
            body["parts"] = _parts(by, found.keys)
        if asked["compare"]:
            body["compared"] = _compared(periods, found.totals)
        return Response(RatesSerializer(body).data)


def _unit(user, asked: dict) -> Unit:
    scope = dashboard_scope_of(user)
    if "unit" in asked or "unit_code" in asked:
        key = {"pk": asked["unit"]} if "unit" in asked else {"code": asked["unit_code"]}
        unit = Unit.objects.filter(**key).first()
        if unit is None or not scope.covers(unit.path):
            raise Http404
        return unit
    units = dashboard_units_of(user)
    if not units:
        raise Http404
    return units[0]


def _period(since: date | None, until: date | None) -> Period:
    this_month = named("this_month", today=clock.local_day(clock.now()))
    try:
        return Period(since or min(this_month.since, until or this_month.since), until or this_month.until)
    except ValueError as error:
        raise InvalidInput({"until": _("The period ends before it begins, or lies too far away.")}) from error


def _children(unit: Unit, places: dict[str, Counts]) -> list[dict]:
    left = dict(places)
    rows = [
        {"unit": child, "measures": total(left.pop(path) for path in child.paths if path in left)}
        for child in unit.children.order_by("path")
    ]
    rest = [counts for counts in left.values() if counts.cases["accepted"]]
    return [*rows, {"unit": None, "measures": total(rest)}] if rest else rows


def _parts(dimension: str, parts: dict[str, Counts]) -> list[dict]:
    listed = most_first(parts)
    names = names_of(dimension, [key for key, _counts in listed])
    return [{"key": key or None, "name": names[key], "measures": counts} for key, counts in listed]


def _compared(periods: dict[str, Period], totals: dict[str, Counts]) -> dict[str, dict]:
    now = measures(totals[PERIOD])
    compared = {}
    for label, period in periods.items():
        if label != PERIOD:
            before = measures(totals[label])
            compared[label] = {
                "since": period.since,
                "until": period.until,
                "measures": totals[label],
                "change": {key: change(now[key], before[key]) for key in now},
            }
    return compared


urlpatterns = [path("closure-rates/", ClosureRates.as_view(), name="api_closure_rates")]
