"""The map of a unit: the units below it shaded by a measure, and the cases that have a position."""

import math
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from grievances.models import Grievance
from linjiang.common import clock
from linjiang.common.errors import InvalidInput
from linjiang.common.templatetags.lj import rate, thousands
from orgs.datum import from_wgs84, to_wgs84
from orgs.geometry import mapped
from orgs.models import Boundary, Unit
from orgs.scopes import Scope
from reporting.conditions import ACCEPTED, overdue_at
from reporting.forms import PERIOD_LABELS
from reporting.measures import KINDS, Measure
from reporting.periods import Period
from reporting.services import rates
from reporting.services.places_below import SHOWN_BELOW, counts_below, middles_below, overdue_below, units_below
from reporting.services.shading import Shade, shade_of, shades
from reporting.views.figures import hint_of, label_of
from reporting.views.places import cases_url, crumbs, dashboard_url, day_words, period_form, period_query, unit_in_scope

OVERDUE = "overdue_now"
MEASURES = ("closure_rate", "on_time_rate", "resolution_rate", "satisfaction", "accepted", OVERDUE)
MOST_CASES = 1_000
AREA, POINT, MIDDLE, NOWHERE = "area", "point", "middle", "nowhere"
DRAWN = {
    AREA: gettext_lazy("its area"),
    POINT: gettext_lazy("a circle at its point"),
    MIDDLE: gettext_lazy("a circle in the middle of its cases"),
    NOWHERE: gettext_lazy("not on the map: no area, no point, no case with a position"),
}


@dataclass(frozen=True, slots=True)
class _Row:
    """A unit below, as table and map show it; `lat`, `lon` in the datum of the tiles, None for areas."""

    unit: Unit
    measure: Measure
    value: str
    shade: Shade | None
    drawn: str
    dashboard_url: str
    cases_url: str
    lat: float | None = None
    lon: float | None = None

    @property
    def parts(self) -> str:
        if self.measure.denominator is None:
            return ""
        return f"{thousands(self.measure.numerator)} / {thousands(self.measure.denominator)}"

    @property
    def drawn_words(self) -> str:
        return str(DRAWN[self.drawn])


def map_url(unit: Unit, query: str = "") -> str:
    """Return the address of the unit's map; "" for units that have nothing to compare below."""
    if unit.level not in SHOWN_BELOW:
        return ""
    return f"{reverse('unit_map', args=[unit.pk])}{'?' if query else ''}{query}"


@login_required
def unit_map(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Show the units below, shaded by `measure` for a period; 404 for a measure there is none of, and for a group or
    neighbourhood, below which every number would be one chief's; 400 for days that cannot be used."""
    unit, scope = _unit(request, unit_id)
    form, measure = period_form(request), _measure(request)
    period = form.chosen
    if period is None:
        raise InvalidInput({name: messages[0] for name, messages in form.errors.items()})
    query, now = period_query(form), clock.now()
    below = units_below(unit)
    rows, classes = _rows(unit, below, measure, period, query, now)
    drawn = {row.drawn for row in rows}
    tiles = settings.MAP_TILES
    return render(
        request,
        "reporting/map.html",
        {
            "unit": unit,
            "crumbs": crumbs(unit, scope, query),
            "dashboard_url": dashboard_url(unit, query),
            "measure": measure,
            "measure_label": _label(measure),
            "measure_hint": _hint(measure),
            "measures": [
                {"url": _here(unit, one, query), "label": _label(one), "active": one == measure} for one in MEASURES
            ],
            "tabs": [
                {
                    "url": _here(unit, measure, urlencode({"period": name})),
                    "label": label,
                    "active": form.chosen_name == name,
                }
                for name, label in PERIOD_LABELS.items()
            ],
            "is_now": measure == OVERDUE,
            "period_words": day_words(period),
            "rows": rows,
            "level_name": below[0].level_name if below else "",
            "legend": [(shade, _words(measure, shade.low), _words(measure, shade.high)) for shade in classes],
            "without": sum(row.shade is None for row in rows),
            "has_middles": MIDDLE in drawn,
            "missing": sum(row.drawn == NOWHERE for row in rows),
            "tiles": tiles,
            "areas_url": reverse("unit_map_areas", args=[unit.pk]),
            "cases_address": f"{reverse('unit_map_cases', args=[unit.pk])}?{query}",
            "most_cases": MOST_CASES,
        },
    )


@login_required
def areas(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Return the outlines of the units below and of the unit itself as GeoJSON coordinates, in the tiles' datum."""
    unit, _scope = _unit(request, unit_id)
    below = units_below(unit)
    found = Boundary.objects.filter(unit__in=[unit, *below]).defer("geometry")
    shapes = {str(one.unit_id): mapped(one.outline, _shown) for one in found}
    answer = JsonResponse({"own": shapes.pop(str(unit.pk), None), "below": shapes})
    answer["Cache-Control"] = "private, max-age=300"
    return answer


@login_required
def cases(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Return the accepted cases of a period with a position inside `box` (west,south,east,north in the tiles' datum),
    the newest first, at most `MOST_CASES`; 400 for a box or days that cannot be used."""
    unit, _scope = _unit(request, unit_id)
    period = period_form(request).chosen
    box = _box(request.GET.get("box", ""))
    if period is None or box is None:
        raise InvalidInput({"box": _("Please name the part of the map: west,south,east,north in degrees.")})
    west, south, east, north = box
    now = clock.now()
    start, end = period.moments(timezone.get_default_timezone())
    found = (
        Grievance.objects.below(unit)
        .visible_to(request.user)
        .filter(ACCEPTED, reported_at__gte=start, reported_at__lt=end)
        .filter(lat__range=(south, north), lon__range=(west, east))
        .order_by("-pk")
    )
    late = set(found.filter(overdue_at(now)).values_list("pk", flat=True)[:MOST_CASES])
    shown = list(found.only("pk", "number", "title", "status", "lat", "lon")[: MOST_CASES + 1])
    points = [_point(case, case.pk in late) for case in shown[:MOST_CASES]]
    answer = JsonResponse({"cases": points, "cut": len(shown) > MOST_CASES})
    answer["Cache-Control"] = "private, no-store"
    return answer


def _point(case: Grievance, is_late: bool) -> dict:
    lat, lon = _shown(case.lat, case.lon)
    return {
        "lat": round(lat, 6),
        "lon": round(lon, 6),
        "number": case.number,
        "title": case.title,
        "status": str(case.get_status_display()),
        "late": is_late,
        "url": case.get_absolute_url(),
    }


def _unit(request: HttpRequest, unit_id: int) -> tuple[Unit, Scope]:
    unit, scope = unit_in_scope(request, unit_id)
    if unit.level not in SHOWN_BELOW:
        raise Http404
    return unit, scope


def _measure(request: HttpRequest) -> str:
    measure = request.GET.get("measure", MEASURES[0])
    if measure not in MEASURES:
        raise Http404
    return measure


def _box(given: str) -> tuple[float, float, float, float] | None:
    """Return the box in WGS-84, a little wider where the tiles' datum is another; None for one that is none."""
    try:
        west, south, east, north = (float(one) for one in given.split(","))
    except ValueError:
        return None
    if not all(math.isfinite(one) for one in (west, south, east, north)):
        return None
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        return None
    datum = settings.MAP_TILES.datum
    south, west = to_wgs84(south, west, datum)
    north, east = to_wgs84(north, east, datum)
    return west, south, east, north


def _shown(lat: float, lon: float) -> tuple[float, float]:
    return from_wgs84(lat, lon, settings.MAP_TILES.datum)


def _rows(
    unit: Unit, below: list[Unit], measure: str, period: Period, query: str, now: datetime
) -> tuple[list[_Row], list[Shade]]:
    found = _values(unit, below, measure, period, now)
    classes = shades(one.value for one in found.values() if one.value is not None)
    with_area = set(Boundary.objects.filter(unit__in=below).values_list("unit_id", flat=True))
    spotless = [one for one in below if one.pk not in with_area and (one.lat is None or one.lon is None)]
    middles = middles_below(unit, spotless) if spotless else {}
    rows = []
    for one in below:
        value = found[one.pk]
        drawn, spot = _place(one, with_area, middles)
        lat, lon = _shown(*spot) if spot else (None, None)
        measure_key = OVERDUE if measure == OVERDUE else measure
        side = "" if measure == OVERDUE else "numerator"
        rows.append(
            _Row(
                unit=one,
                measure=value,
                value=_words(measure, value.value),
                shade=shade_of(value.value, classes) if value.value is not None else None,
                drawn=drawn,
                dashboard_url=dashboard_url(one, query),
                cases_url=cases_url(one, period, measure_key, side),
                lat=lat,
                lon=lon,
            )
        )
    return rows, classes


def _values(unit: Unit, below: list[Unit], measure: str, period: Period, now: datetime) -> dict[int, Measure]:
    if measure == OVERDUE:
        # How many, not which share of the open ones: that is what somebody has to act on.
        late = overdue_below(unit, below, now=now)
        return {pk: Measure(one.numerator, one.denominator, one.numerator) for pk, one in late.items()}
    counts = counts_below(unit, below, period=period, now=now)
    weight = rates.fairly_satisfied_weight()
    return {pk: KINDS[measure].of(one, weight=weight) for pk, one in counts.items()}


def _place(one: Unit, with_area: set[int], middles: dict) -> tuple[str, tuple[float, float] | None]:
    if one.pk in with_area:
        return AREA, None
    if one.lat is not None and one.lon is not None:
        return POINT, (one.lat, one.lon)
    return (MIDDLE, middles[one.pk]) if one.pk in middles else (NOWHERE, None)


def _label(measure: str) -> str:
    return _("Overdue now") if measure == OVERDUE else label_of(measure)


def _hint(measure: str) -> str:
    if measure == OVERDUE:
        return _("Open cases past their limit at this moment, of all open ones.")
    return hint_of(measure)


def _words(measure: str, value: float | None) -> str:
    return thousands(value) if measure in ("accepted", OVERDUE) else rate(value)


def _here(unit: Unit, measure: str, query: str) -> str:
    return f"{map_url(unit, urlencode({'measure': measure}))}&{query}"
