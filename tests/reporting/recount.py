"""Counting straight from the cases, with nothing in between: what tallies and log together must agree with."""

from collections import Counter
from datetime import date, datetime

from django.db.models import Count

from orgs.models import Unit
from reporting.conditions import conditions
from reporting.coverage import AGENCY, CATEGORY, DIMENSIONS
from reporting.durations import bucket_of
from reporting.measures import Counts
from reporting.periods import Period
from reporting.services.rates import cases_reported
from reporting.services.reading import read

PERIODS = {
    "a day": Period(date(2026, 3, 4), date(2026, 3, 4)),
    "a week": Period(date(2026, 3, 2), date(2026, 3, 8)),
    "days across months": Period(date(2026, 2, 10), date(2026, 4, 20)),
    "a quarter": Period(date(2026, 1, 1), date(2026, 3, 31)),
    "a year": Period(date(2026, 1, 1), date(2026, 12, 31)),
    "years and more": Period(date(2024, 5, 3), date(2027, 2, 2)),
}


def recount(*, unit: Unit, period: Period, now: datetime, part: dict | None = None) -> Counts:
    """Return the counts by asking each case's row."""
    cases = cases_reported(unit=unit, period=period).filter(**(part or {}))
    wanted = {f"n_{name}": Count("pk", filter=q) if q else Count("pk") for name, q in conditions(now=now).items()}
    found = cases.aggregate(**wanted)
    moments = cases.filter(status="CLOSED").values_list("reported_at", "closed_at")
    took = Counter(bucket_of((closed - reported).total_seconds()) for reported, closed in moments)
    return Counts(Counter({name.removeprefix("n_"): value for name, value in found.items()}), took)


def plain(counts: Counts) -> tuple[dict, dict]:
    """Return counts without their noughts, to be compared."""
    return {k: v for k, v in counts.cases.items() if v}, {k: v for k, v in counts.took.items() if v}


def assert_numbers_true(units, *, now: datetime, periods: dict[str, Period] = PERIODS) -> int:
    """Compare every count of every unit, period, place below, category, source and agency with a recount.

    Return how many cases the first unit's longest period has, so that a test can say it compared something.
    """
    for unit in units:
        for name, period in periods.items():
            for dimension in DIMENSIONS:
                found = read(
                    unit=unit,
                    periods={"period": period, "again": period},
                    now=now,
                    by_place=True,
                    dimension=dimension,
                    step=period.step,
                )
                said = (unit.name, name, dimension)
                whole = plain(recount(unit=unit, period=period, now=now))
                assert plain(found.totals["period"]) == plain(found.totals["again"]) == whole, said
                assert sum(bar[0] for bar in found.trend.values()) == whole[0].get("accepted", 0), said
                _assert_parts(found.keys, dimension, unit, period, now)
            for child in Unit.objects.filter(parent=unit):
                below = plain(recount(unit=child, period=period, now=now))
                assert plain(found.places.get(child.path, Counts())) == below, (unit.name, child.name, name)
    return recount(unit=units[0], period=PERIODS["years and more"], now=now).of("accepted")


def _assert_parts(parts: dict[str, Counts], dimension: str, unit: Unit, period: Period, now: datetime) -> None:
    for key, counts in parts.items():
        part = {"source": key}
        if dimension == CATEGORY:
            part = {"category__parent": key} if key else {"category__isnull": True}
        elif dimension == AGENCY:
            part = {"lead_agency": key} if key else {"lead_agency__isnull": True}
        assert plain(counts) == plain(recount(unit=unit, period=period, now=now, part=part)), (unit, dimension, key)
