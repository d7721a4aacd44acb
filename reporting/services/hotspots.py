"""Reading how many cases of each top category each child unit has, in two periods: what hot spots are found in."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Sum
from django.db.models.functions import Substr

from grievances.models import Grievance, MeasuredChange
from linjiang.common import clock
from linjiang.common.database import subtree_q
from linjiang.common.replica import snapshot
from orgs import tree
from orgs.choices import Level
from orgs.models import Unit
from reporting.conditions import either, reported_in
from reporting.coverage import CATEGORY, COUNTS, Cover, cover, spans_kept
from reporting.hotspots import Hot, hottest
from reporting.measures import TALLIED
from reporting.periods import Period
from reporting.services import facts
from reporting.services.sums import Wanted, read_counts

_WHOLE = (Level.GROUP, Level.NEIGHBOURHOOD)
NOW, BEFORE = "now", "before"
_ACCEPTED = TALLIED.index("accepted")
Cells = Counter[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Spot:
    """A hot spot: the child unit, the top category's key, and its numbers."""

    unit: Unit
    category: str
    hot: Hot


def hot_spots(*, unit: Unit, period: Period, before: Period, now: datetime) -> list[Spot]:
    """Return where cases rise fastest from `before` to `period` among the unit's children, by top category.

    A group and a neighbourhood are looked at as a whole: below them stands one chief each. Cases without a category are
    left out: they are no kind of case, they only wait for one. Where nothing was counted before, nothing
    rises: the city has only begun.
    """
    with snapshot():
        children = [unit] if unit.level in _WHOLE else list(Unit.objects.filter(parent=unit).order_by("path"))
        cells = cells_of(unit, children, {NOW: period, BEFORE: before}, now=now)
    if not cells[BEFORE]:
        return []
    by_key = {child.pk: child for child in children}
    found = hottest(cells[NOW], cells[BEFORE], days=period.days, days_before=before.days)
    return [Spot(by_key[hot.key[0]], hot.key[1], hot) for hot in found]


def cells_of(unit: Unit, children: list[Unit], periods: dict[str, Period], *, now: datetime) -> dict[str, Cells]:
    """Return, for each period, the accepted cases by child (its key) and top category (its key as text)."""
    owners = {path: child.pk for child in children for path in child.paths}
    found: dict[str, Cells] = {label: Counter() for label in periods}
    for root in unit.paths:
        depth = tree.depth(root) + (children != [unit])
        spans = spans_kept(COUNTS, CATEGORY, depth)
        covers = {label: cover(period, spans, today=clock.local_day(now)) for label, period in periods.items()}
        wanted = [Wanted(label, root, depth, CATEGORY, one) for label, one in covers.items()]
        rows = [(label, path, key, counts[_ACCEPTED]) for label, path, key, _day, counts in read_counts(wanted)]
        rows += _counted(root, depth, covers)
        rows += _unfolded(root, depth, covers, periods)
        for label, path, key, number in rows:
            if key and path in owners:
                found[label][owners[path], key] += number
    return found


def _counted(root: str, depth: int, covers: dict[str, Cover]) -> list[tuple[str, str, str, int]]:
    rows = []
    columns = {"f_place": _place(depth), "f_key": facts.key_of(Grievance, CATEGORY)}
    for label, one in covers.items():
        if one.direct:
            days = either([reported_in(part) for part in one.direct])
            cases = facts.cases().filter(subtree_q(root, field="unit_path"), days)
            grouped = facts.grouped(cases, columns, [tuple(columns)], only="accepted")
            rows += [(label, row["f_place"], row["f_key"], row["n_accepted"]) for row in grouped]
    return rows


def _unfolded(
    root: str, depth: int, covers: dict[str, Cover], periods: dict[str, Period]
) -> list[tuple[str, str, str, int]]:
    below = subtree_q(root, field="unit_path")
    if not MeasuredChange.objects.filter(below).exists():
        return []
    changes = facts.changes().filter(below, either([reported_in(period) for period in periods.values()]))
    group = {"f_day": facts.day(), "f_place": _place(depth), "f_key": facts.key_of(MeasuredChange, CATEGORY)}
    rows = []
    for row in changes.values(**group).annotate(n=Sum("sign")):
        for label, period in periods.items():
            counted = any(part.since <= row["f_day"] <= part.until for part in covers[label].direct)
            if period.since <= row["f_day"] <= period.until and not counted:
                rows.append((label, row["f_place"], row["f_key"], row["n"]))
    return rows


def _place(depth: int) -> Substr:
    return Substr("unit_path", 1, depth * tree.SEGMENT)
