"""Counting cases: the measures of a unit and a period, of its children, over time and by category.

Everything is counted over the cases filed in the unit's subtree (by the path they were filed under) and reported on
the period's local days. Each function is one statement over the anchored range of the path's index.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Case, Count, F, Func, IntegerField, Q, When
from django.db.models.functions import Coalesce, Substr, Trunc
from django.utils import timezone

from grievances.choices import LIVE, Status
from grievances.models import Grievance
from grievances.querysets import GrievanceQuerySet
from linjiang.common import clock
from orgs import tree
from orgs.models import Unit
from orgs.profile import profile
from reporting.conditions import ACCEPTED, conditions, overdue_at
from reporting.durations import BOUNDS
from reporting.measures import COUNTED, Counts, Measure, TimeToClose, measures_of, total
from reporting.periods import Period, start_of

_CLOSED = Q(status=Status.CLOSED)
OPEN = Q(status__in=LIVE, reported_at__isnull=False)


def closure_rates(
    *, unit: Unit, since: date, until: date, now: datetime | None = None
) -> dict[str, dict[str, int | float | None]]:
    """Return every measure of the unit for the days `since` to `until`, both included, ready for JSON.

    Each is an object of `numerator`, `denominator` and `value` (None without a denominator); `time_to_close` has
    `median_hours`, `p90_hours` and `n` as well. The caller has checked that the unit may be seen. Raise ValueError when
    `until` lies before `since`.
    """
    counts = count_cases(unit=unit, period=Period(since, until), now=now or clock.now())
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
    """Return the counts of the unit's whole subtree in one statement."""
    return total(_counts_by(cases_reported(unit=unit, period=period), now=now).values())


def count_by_place(*, unit: Unit, period: Period, now: datetime) -> dict[str, Counts]:
    """Return the counts by path: each child unit with its subtree, and the unit's own path for cases filed right there.

    Together they are the counts of the whole subtree, so a table of children always adds up to its head.
    """
    place = Substr("unit_path", 1, len(unit.path) + tree.SEGMENT)
    return _counts_by(cases_reported(unit=unit, period=period), now=now, place=place)


def _counts_by(cases: GrievanceQuerySet, *, now: datetime, place=None) -> dict[str, Counts]:
    keys = {"took": _bucket(), **({"below": place} if place is not None else {})}
    counted = {
        f"n_{name}": Count("pk", filter=condition) if condition else Count("*")
        for name, condition in conditions(now=now).items()
    }
    found: dict[str, Counts] = defaultdict(Counts)
    for row in cases.order_by().values(**keys).annotate(**counted):
        counts = found[row.get("below", "")]
        counts.cases.update({name: row[f"n_{name}"] for name in COUNTED})
        if row["took"] is not None:
            counts.took[row["took"]] += row["n_accepted"]
    return dict(found)


def _bucket() -> Case:
    """Return the bucket of a closed case's duration (see `durations.bucket_of`), null for an open case."""
    bounds = ",".join(map(str, BOUNDS))
    seconds = Func(
        F("closed_at"),
        F("reported_at"),
        template=f"width_bucket(FLOOR(date_part('epoch', %(expressions)s))::bigint, '{{{bounds}}}'::bigint[])",
        arg_joiner=" - ",
        output_field=IntegerField(),
    )
    return Case(When(_CLOSED, then=seconds), output_field=IntegerField())


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the period in the trend: cases reported on its days, and how many of these are closed by now."""

    period: Period
    accepted: int
    closed: int


@dataclass(frozen=True, slots=True)
class CategoryCount:
    """Cases of a top category (None: not classified yet), and how many of these are closed by now."""

    category_id: int | None
    accepted: int
    closed: int


def count_over_time_and_category(*, unit: Unit, period: Period) -> tuple[list[Part], list[CategoryCount]]:
    """Return the trend and the top categories in one statement.

    The trend has every day, week or month of the period, those without cases too; categories have most cases first.
    """
    rows = (
        cases_reported(unit=unit, period=period)
        .order_by()
        .values(
            start=Trunc("reported_at", period.step.value, tzinfo=timezone.get_default_timezone()),
            top=Coalesce("category__parent_id", "category_id"),
        )
        .annotate(accepted=Count("*"), closed=Count("pk", filter=_CLOSED))
    )
    by_start: dict[date, Counter[str]] = defaultdict(Counter)
    by_top: dict[int | None, Counter[str]] = defaultdict(Counter)
    for row in rows:
        counted = {"accepted": row["accepted"], "closed": row["closed"]}
        by_start[row["start"].date()].update(counted)
        by_top[row["top"]].update(counted)
    trend = []
    for part in period.parts():
        found = by_start[start_of(part.since, period.step)]
        trend.append(Part(part, found["accepted"], found["closed"]))
    categories = [CategoryCount(top, found["accepted"], found["closed"]) for top, found in by_top.items()]
    return trend, sorted(categories, key=lambda one: (-one.accepted, one.category_id or 0))


# What stands open at this moment, whatever the period.
NOW = ("open", "overdue", "waiting", "suspended")


def now_conditions(*, now: datetime) -> dict[str, Q]:
    """Return the conditions of `NOW`: open, past the limit, waiting for the household's answer, on hold."""
    return {
        "open": OPEN,
        "overdue": OPEN & overdue_at(now),
        "waiting": OPEN & Q(status=Status.RESOLVED),
        "suspended": OPEN & Q(suspended_at__isnull=False),
    }


def count_now(*, unit: Unit, now: datetime) -> dict[str, int]:
    """Return how many of the unit's cases are open, overdue, waiting and suspended at `now`, whenever reported."""
    wanted = {name: Count("pk", filter=condition) for name, condition in now_conditions(now=now).items()}
    return Grievance.objects.below(unit).filter(OPEN).aggregate(**wanted)
