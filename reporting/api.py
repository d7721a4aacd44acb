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
from reporting.measures import KINDS, TIME_TO_CLOSE, Counts, total
from reporting.periods import Period, named
from reporting.scopes import dashboard_scope_of, dashboard_units_of
from reporting.services.rates import count_by_place, measures


class RatesRequest(serializers.Serializer):
    """Which unit and which days; the widest unit of one's posts and this month when nothing is said."""

    unit = IdField(required=False, help_text="key of a unit")
    unit_code = serializers.CharField(required=False, max_length=12, help_text="division code, instead of `unit`")
    since = serializers.DateField(required=False, help_text="first day, by the day a case was reported")
    until = serializers.DateField(required=False, help_text="last day, included")
    children = Flag(required=False, default=False, help_text="also the units right below")


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


class RatesSerializer(serializers.Serializer):
    """The measures of a unit's whole subtree in a period."""

    unit = UnitBrief()
    since = serializers.DateField()
    until = serializers.DateField()
    measures = MeasuresSerializer()
    children = ChildRates(many=True, required=False)


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
        places = count_by_place(unit=unit, period=period, now=clock.now())
        body = {
            "unit": unit,
            "since": period.since,
            "until": period.until,
            "measures": total(places.values()),
        }
        if asked["children"]:
            body["children"] = _children(unit, places)
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
    children = list(unit.children.order_by("path"))
    known = {child.path: child for child in children}
    rows = [{"unit": child, "measures": places.get(child.path, Counts())} for child in children]
    rest = [counts for place, counts in places.items() if place not in known]
    return [*rows, {"unit": None, "measures": total(rest)}] if rest else rows


urlpatterns = [path("closure-rates/", ClosureRates.as_view(), name="api_closure_rates")]
