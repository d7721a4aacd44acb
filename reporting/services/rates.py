"""The measures of a unit and a period: as a whole, of the units below, by category, source or agency, over time, and
compared with the period before and the year before.

Everything is counted over the cases filed in the unit's subtree (by the path they were filed under) and reported on
the period's local days; `services.reading` puts the counts together.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone

from grievances.models import Grievance
from grievances.querysets import GrievanceQuerySet
from linjiang.common import clock
from orgs.models import Unit
from orgs.profile import profile
from reporting.conditions import ACCEPTED
from reporting.measures import Counts, Measure, TimeToClose, measures_of
from reporting.periods import Period, preceding, start_of, year_before
from reporting.services.reading import Reading, read

PERIOD, PRECEDING, YEAR_BEFORE = "period", "preceding", "year_before"


def closure_rates(
    *, unit: Unit, since: date, until: date, now: datetime | None = None
) -> dict[str, dict[str, int | float | None]]:
    """Return every measure of the unit for the days `since` to `until`, both included, ready for JSON.

    Each is an object of `numerator`, `denominator` and `value` (None without a denominator); `time_to_close` has
    `median_hours`, `p90_hours` and `n` as well. The caller has checked that the unit may be seen. Raise ValueError when
    `until` lies before `since`.
    """
    counts = count_cases(unit=unit, period=Period(since, until), now=now or clock.now())
    return as_dicts(counts)


def as_dicts(counts: Counts) -> dict[str, dict[str, int | float | None]]:
    """Return the measures of `counts` ready for JSON."""
    return {key: measure.as_dict() for key, measure in measures(counts).items()}


def measures(counts: Counts) -> dict[str, Measure | TimeToClose]:
    """Return the measures of `counts` with the weight the city gives to a fairly satisfied household."""
    return measures_of(counts, weight=fairly_satisfied_weight())


def fairly_satisfied_weight() -> float:
    """Return how much of a satisfied household a fairly satisfied one counts, from the city profile."""
    return profile().cases["fairly_satisfied_weight"]


def cases_reported(*, unit: Unit, period: Period) -> GrievanceQuerySet:
    """Return the accepted cases filed in the unit's subtree and reported on the period's days."""
    start, end = period.moments(timezone.get_default_timezone())
    return Grievance.objects.below(unit).filter(ACCEPTED, reported_at__gte=start, reported_at__lt=end)


def count_cases(*, unit: Unit, period: Period, now: datetime) -> Counts:
    """Return the counts of the unit's whole subtree."""
    return read(unit=unit, periods={PERIOD: period}, now=now).totals[PERIOD]


def count_by_place(*, unit: Unit, period: Period, now: datetime) -> dict[str, Counts]:
    """Return the counts by path: each child unit with its subtree, and the unit's own path for cases filed right there.

    Together they are the counts of the whole subtree, so a table of children always adds up to its head.
    """
    return dict(read(unit=unit, periods={PERIOD: period}, now=now, by_place=True).places)


def count_by(dimension: str, *, unit: Unit, period: Period, now: datetime) -> dict[str, Counts]:
    """Return the counts by top category, source or agency ("" for cases without)."""
    return dict(read(unit=unit, periods={PERIOD: period}, now=now, dimension=dimension).keys)


def count_now(*, unit: Unit, now: datetime) -> dict[str, int]:
    """Return how many of the unit's cases are open, overdue, waiting and suspended at `now`, whenever reported."""
    day = clock.local_day(now)
    return read(unit=unit, periods={PERIOD: Period(day, day)}, now=now).standing


def compared_with(period: Period, *, today: date, span: str = "") -> dict[str, Period]:
    """Return the period with those it is compared with, those that lie in usable years: the first is the period itself.

    Where the period before is the year before, it stands there once.

    `span` names what a period that begins it is the beginning of: week, month, quarter or year.
    """
    found = {
        PERIOD: period,
        PRECEDING: preceding(period, today=today, span=span),
        YEAR_BEFORE: year_before(period),
    }
    if found[PRECEDING] == found[YEAR_BEFORE]:
        del found[PRECEDING]
    return {label: one for label, one in found.items() if one is not None}


@dataclass(frozen=True, slots=True)
class Change:
    """How far a measure moved against another period's: percentage points of a rate, or a share of a number.

    None where one of the two has nothing to tell.
    """

    points: float | None = None
    share: float | None = None


def change(now: Measure | TimeToClose, before: Measure | TimeToClose) -> Change:
    """Return how far `now` moved from `before`."""
    value, base = now.as_dict()["value"], before.as_dict()["value"]
    if value is None or base is None:
        return Change()
    if isinstance(now, Measure) and now.denominator is not None:
        return Change(points=round(100 * (value - base), 2))
    return Change(share=round((value - base) / base, 4) if base else None)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the period in the trend: cases reported on its days, and how many of these are closed by now."""

    period: Period
    accepted: int
    closed: int


def trend_of(reading: Reading, period: Period) -> list[Part]:
    """Return every day, week, month or year of the period, those without cases too; `reading` was made by its step."""
    bars = bars_of([reading.trend], period)
    return [Part(part, *bar) for part, bar in zip(period.parts(), bars, strict=True)]


def bars_of(counted: Sequence[Mapping[date, Sequence[int]]], period: Period) -> list[tuple[int, int]]:
    """Return the accepted and closed cases of each part of the period, added up over `counted` (by day)."""
    found: dict[date, list[int]] = defaultdict(lambda: [0, 0])
    for bars in counted:
        for day, (accepted, closed) in bars.items():
            bar = found[start_of(day, period.step)]
            bar[0] += accepted
            bar[1] += closed
    return [tuple(found[start_of(part.since, period.step)]) for part in period.parts()]
