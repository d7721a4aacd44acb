"""How far the cases of a period have come on the five steps, and how long they took from one to the next.

Counts come from the same tallies as the closure rate, less what stands open at a step now; the times from tallies of
their own (`coverage.STEP`), from the log of changes and, where no tally is kept, from the cases.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Q, Sum
from django.utils import timezone

from grievances.choices import LIVE, Status
from grievances.models import Grievance, MeasuredChange
from linjiang.common import clock
from linjiang.common.database import subtree_q
from linjiang.common.replica import snapshot
from orgs import tree
from orgs.models import Unit
from reporting.conditions import BETWEEN_STEPS, either, reported_in
from reporting.coverage import DURATIONS, STEP, cover, spans_kept
from reporting.durations import percentile_hours
from reporting.periods import Period
from reporting.services import facts
from reporting.services.reading import read
from reporting.services.sums import Wanted, read_durations

_PERIOD = "period"
DISCOVERED = "discovered"


@dataclass(frozen=True, slots=True)
class Funnel:
    """`reached`: cases that came as far as each step (names of `conditions.REACHED`, "discovered" before them);
    `took`: how long cases spent before each step, by bucket of `durations`."""

    reached: dict[str, int]
    took: dict[str, Counter[int]]

    def median_hours(self, step: str) -> float | None:
        """Return half of the cases' hours before `step` (a name of `conditions.BETWEEN_STEPS`); None without cases."""
        return percentile_hours(self.took[step], 0.5)


def found_not_reported(period: Period) -> Q:
    """Return the condition of cases found on the period's days that nobody has reported yet."""
    start, end = period.moments(timezone.get_default_timezone())
    return Q(status=Status.DISCOVERED, reported_at__isnull=True, discovered_at__gte=start, discovered_at__lt=end)


def funnel(*, unit: Unit, period: Period, now: datetime) -> Funnel:
    """Return how far the unit's cases have come: those accepted in the period and those found in it that still wait to
    be reported."""
    with snapshot():
        cases = read(unit=unit, periods={_PERIOD: period}, now=now).totals[_PERIOD].cases
        here = _standing(unit, period)
        took = step_times(unit=unit, period=period, now=now)
    reached = {
        "discovered": cases["accepted"] + here["discovered"],
        "reported": cases["accepted"],
        "assigned": cases["accepted"] - here["reported"],
        "resolved": cases["closed"] + here["resolved"],
        "fed_back": cases["closed"],
    }
    return Funnel(reached, took)


def _standing(unit: Unit, period: Period) -> dict[str, int]:
    """Count the period's open cases that stand at the steps before assigning, and before feedback: one statement."""
    live = Grievance.objects.below(unit).filter(status__in=LIVE).order_by()
    inside = reported_in(period)
    return live.aggregate(
        discovered=Count("pk", filter=found_not_reported(period)),
        reported=Count("pk", filter=inside & Q(status=Status.REPORTED)),
        resolved=Count("pk", filter=inside & Q(status=Status.RESOLVED)),
    )


def step_times(*, unit: Unit, period: Period, now: datetime) -> dict[str, Counter[int]]:
    """Return how long the period's accepted cases took before each step, by bucket."""
    took: dict[str, Counter[int]] = {step: Counter() for step in BETWEEN_STEPS}
    for root in unit.paths:
        depth = tree.depth(root)
        kept = cover(period, spans_kept(DURATIONS, STEP, depth), today=clock.local_day(now))
        for _label, _path, step, buckets, numbers in read_durations([Wanted("", root, depth, STEP, kept)]):
            for bucket, number in zip(buckets, numbers, strict=True):
                took[step][bucket] += number
        if kept.direct:
            _count(root, kept.direct, took)
        if kept.spans or kept.days:
            _add_unfolded(root, period, kept.direct, took)
    return took


def _count(root: str, ranges: list[Period], took: dict[str, Counter[int]]) -> None:
    cases = facts.cases().filter(subtree_q(root, field="unit_path"), either([reported_in(one) for one in ranges]))
    columns = {name: facts.bucket_or_open(how) for name, how in facts.step_buckets().items()}
    for row in facts.grouped(cases, columns, [(name,) for name in columns], only="accepted"):
        for step in took:
            bucket = row[f"f_{step}"]
            if bucket is not None and bucket != facts.OPEN_BUCKET:
                took[step][bucket] += row["n_accepted"]


def _add_unfolded(root: str, period: Period, direct: list[Period], took: dict[str, Counter[int]]) -> None:
    below = subtree_q(root, field="unit_path")
    if not MeasuredChange.objects.filter(below).exists():
        return
    rows = facts.changes().filter(below, reported_in(period)).values(f_day=facts.day(), **facts.step_buckets())
    for row in rows.annotate(n=Sum("sign")):
        if _within(row["f_day"], direct):
            continue
        for step in took:
            if row[f"f_{step}"] is not None:
                took[step][row[f"f_{step}"]] += row["n"]


def _within(day: date, ranges: list[Period]) -> bool:
    return any(part.since <= day <= part.until for part in ranges)
