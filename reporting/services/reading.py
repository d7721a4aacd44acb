"""Reading figures: tallies, what the log of changes adds to them, and cases where no tally is kept, in one snapshot.

    found = read(unit=unit, periods={"period": period}, now=now, by_place=True, dimension="category")

What is overdue depends on the moment and is counted from the live cases, over their own partial index. Everything is by
the path a case was filed under.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime

from django.contrib.postgres.aggregates import ArrayAgg
from django.db import connection, transaction
from django.db.models import Count, F, Q, Sum, Value
from django.db.models.functions import Substr
from django.db.models.query import QuerySet
from django.utils import timezone

from grievances.choices import LIVE, Status
from grievances.models import Category, Grievance, MeasuredChange
from linjiang.common import clock
from linjiang.common.database import subtree_q
from orgs import tree
from orgs.models import Unit
from reporting.conditions import overdue_at
from reporting.coverage import (
    AGENCY,
    CATEGORY,
    COUNTS,
    DAYS,
    DURATIONS,
    MONTHS,
    SOURCE,
    WHOLE,
    Cover,
    cover,
    spans_kept,
)
from reporting.measures import TALLIED, Counts
from reporting.models import DurationTally, Tally
from reporting.periods import Period, Step
from reporting.services import facts

OPEN = Q(status__in=LIVE, reported_at__isnull=False)
# What stands open at this moment, whatever the period.
NOW = ("open", "overdue", "waiting", "suspended")
# Which spans leave the parts of a trend apart.
_SPANS_OF_TREND = {Step.DAY: {DAYS}, Step.WEEK: {DAYS}, Step.MONTH: {DAYS, MONTHS}}


def now_conditions(*, now: datetime) -> dict[str, Q]:
    """Return the conditions of `NOW`: open, past the limit, waiting for the household's answer, on hold."""
    return {
        "open": OPEN,
        "overdue": OPEN & overdue_at(now),
        "waiting": OPEN & Q(status=Status.RESOLVED),
        "suspended": OPEN & Q(suspended_at__isnull=False),
    }


@contextmanager
def snapshot() -> Iterator[None]:
    """Run what is inside on one state of the database; in a transaction already begun, on what that one sees."""
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


@dataclass(slots=True)
class Reading:
    """Counts by the label of each period, and of the first period by place and by key.

    `trend` has its accepted and closed cases by the first day of the tally they are from; `standing` is what stands
    open now, whatever the period.
    """

    totals: dict[str, Counts]
    places: dict[str, Counts] = field(default_factory=lambda: defaultdict(Counts))
    keys: dict[str, Counts] = field(default_factory=lambda: defaultdict(Counts))
    trend: dict[date, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    standing: dict[str, int] = field(default_factory=lambda: dict.fromkeys(NOW, 0))


def read(
    *,
    unit: Unit,
    periods: Mapping[str, Period],
    now: datetime,
    by_place: bool = False,
    dimension: str = WHOLE,
    step: Step | None = None,
) -> Reading:
    """Return the counts of the unit's subtree for each of `periods`, and more of the first one.

    `by_place`: by the path of each unit right below (its subtree) and the unit's own path (cases filed right there);
    `dimension`: by category, source or agency; `step`: how fine the trend is.
    """
    reading = Reading({label: Counts() for label in periods})
    ask = _Ask(dict(periods), next(iter(periods.values())), now, by_place, dimension, step)
    with snapshot():
        for root in unit.paths:
            _Root(root, ask, reading).read()
    return reading


def read_level(*, above: Unit, depth: int, period: Period, now: datetime) -> dict[str, Counts]:
    """Return the counts of all units at `depth` of the tree below `above`, each with its subtree, by their paths."""
    reading = Reading({"period": Counts()})
    ask = _Ask({"period": period}, period, now, True, WHOLE, None, depth)
    with snapshot():
        _Root(above.path, ask, reading).read()
    return dict(reading.places)


@dataclass(frozen=True, slots=True)
class _Ask:
    periods: dict[str, Period]
    main: Period
    now: datetime
    by_place: bool
    dimension: str
    step: Step | None
    depth: int = 0

    @property
    def first(self) -> str:
        return next(iter(self.periods))

    @property
    def today(self) -> date:
        return clock.local_day(self.now)

    def labels_on(self, day: date) -> list[str]:
        return [label for label, period in self.periods.items() if period.since <= day <= period.until]


class _Root:
    """Reads one subtree."""

    def __init__(self, root: str, ask: _Ask, reading: Reading) -> None:
        self.root, self.ask, self.reading = root, ask, reading
        self.depth = tree.depth(root)
        self.below = subtree_q(root, field="unit_path")
        self._covers: dict[tuple, Cover] = {}
        self.place_depth = ask.depth or self.depth + 1
        self.place = Substr("unit_path", 1, self.place_depth * tree.SEGMENT)

    def read(self) -> None:
        here = Counts()
        if not self.ask.depth:
            self._whole(here)
        if self.ask.by_place:
            self._places()
        if self.ask.dimension:
            self._keys()
        self._unfolded(here)
        self._live(here)
        if self.ask.by_place and not self.ask.depth:
            self._filed_here(here)

    # The unit as a whole

    def _whole(self, main: Counts) -> None:
        periods = self.ask.periods.items()
        covers = {label: self._cover(COUNTS, WHOLE, self.depth, period) for label, period in periods}
        took = {label: self._cover(DURATIONS, WHOLE, self.depth, period) for label, period in periods}
        rows = _either([one.tallies_q() for one in covers.values()])
        if rows is not None:
            found = self._tallies(Tally, WHOLE, itself=True).filter(rows).values_list("span", "day", *TALLIED)
            for span, day, *counts in found:
                for label, one in covers.items():
                    if one.holds(span, day):
                        self._add_whole(label, main, day, counts)
        self._whole_durations(took, main)
        self._whole_direct(covers, took, main)

    def _add_whole(self, label: str, main: Counts, day: date, counts: list[int]) -> None:
        _add(self.reading.totals[label], counts)
        if label == self.ask.first:
            _add(main, counts)
            bar = self.reading.trend[day]
            bar[0] += counts[_ACCEPTED]
            bar[1] += counts[_CLOSED]

    def _whole_durations(self, covers: Mapping[str, Cover], main: Counts) -> None:
        parts = []
        for label, one in covers.items():
            if (rows := one.tallies_q()) is not None:
                found = self._tallies(DurationTally, WHOLE, itself=True).filter(rows)
                parts.append(_in_arrays(found.values(label=Value(label))))
        if not parts:
            return
        for row in parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]:
            _add_took(self.reading.totals[row["label"]], row)
            if row["label"] == self.ask.first:
                _add_took(main, row)

    def _whole_direct(self, covers: Mapping[str, Cover], took: Mapping[str, Cover], main: Counts) -> None:
        ranges = [part for one in covers.values() for part in one.direct]
        for row in self._direct(ranges, {"f_day": facts.day()}, facts.counted(Grievance)):
            for label, one in covers.items():
                if _within(row["f_day"], one.direct):
                    self._add_whole(label, main, row["f_day"], [row[f"n_{name}"] for name in TALLIED])
        ranges = [part for one in took.values() for part in one.direct]
        for row in self._direct(ranges, {"f_day": facts.day(), "f_took": facts.bucket()}, {"n": Count("*")}):
            if row["f_took"] is not None:
                for label, one in took.items():
                    if _within(row["f_day"], one.direct):
                        self.reading.totals[label].took[row["f_took"]] += row["n"]
                        if label == self.ask.first:
                            main.took[row["f_took"]] += row["n"]

    # Its parts, for the first period

    def _places(self) -> None:
        self._parts(self.place_depth, WHOLE, "unit_path", {"f_part": self.place}, self.reading.places)

    def _keys(self) -> None:
        dimension = self.ask.dimension
        group = {"f_part": facts.key_of(Grievance, dimension)}
        self._parts(self.depth, dimension, "key", group, self.reading.keys)

    def _parts(self, depth: int, dimension: str, part: str, group: dict, into: dict[str, Counts]) -> None:
        covers = {kind: self._cover(kind, dimension, depth, self.ask.main) for kind in (COUNTS, DURATIONS)}
        itself = depth == self.depth
        if (rows := covers[COUNTS].tallies_q()) is not None:
            sums = {f"s_{name}": Sum(name) for name in TALLIED}
            found = self._tallies(Tally, dimension, itself=itself).filter(rows).values(part).annotate(**sums)
            for row in found.values_list(part, *sums):
                _add(into[row[0]], row[1:])
        if (rows := covers[DURATIONS].tallies_q()) is not None:
            found = self._tallies(DurationTally, dimension, itself=itself).filter(rows)
            for row in _in_arrays(found.values(part)):
                _add_took(into[row[part]], row)
        for row in self._direct(covers[COUNTS].direct, group, facts.counted(Grievance)):
            _add(into[row["f_part"]], [row[f"n_{name}"] for name in TALLIED])
        for row in self._direct(covers[DURATIONS].direct, {**group, "f_took": facts.bucket()}, {"n": Count("*")}):
            if row["f_took"] is not None:
                into[row["f_part"]].took[row["f_took"]] += row["n"]

    def _filed_here(self, whole: Counts) -> None:
        """What the units below do not account for was filed at the unit itself."""
        places = self.reading.places
        places.pop(self.root, None)
        here = Counts(whole.cases.copy(), whole.took.copy())
        below = [counts for path, counts in places.items() if path[: len(self.root)] == self.root]
        for counts in below:
            here.cases.subtract(counts.cases)
        if any(here.cases.values()):
            for counts in below:
                here.took.subtract(counts.took)
            places[self.root] = Counts(+here.cases, +here.took)

    # What holds for this moment

    def _unfolded(self, main: Counts) -> None:
        """Add what the log of changes tells beyond the tallies; cases counted directly are up to date already."""
        ask = self.ask
        if not MeasuredChange.objects.filter(self.below).exists():  # the log of a place is empty most of the time
            return
        rows = facts.changes().filter(self.below, _either([_reported(one) for one in ask.periods.values()]))
        group = {"f_day": facts.day(), "f_took": facts.bucket()}
        if ask.by_place:
            group["f_place"] = self.place
        if ask.dimension:
            group["f_key"] = facts.key_of(MeasuredChange, ask.dimension)
        for row in rows.values(**group).annotate(**facts.counted(MeasuredChange)):
            counts = [row[f"n_{name}"] or 0 for name in TALLIED]
            self._add_unfolded(row, counts, main)

    def _add_unfolded(self, row: dict, counts: list[int], main: Counts) -> None:
        day, took = row["f_day"], row["f_took"]
        for label in self.ask.labels_on(day):
            period = self.ask.periods[label]
            if self._is_kept(COUNTS, WHOLE, self.depth, day, period):
                self._add_whole(label, main, day, counts)
            if took is not None and self._is_kept(DURATIONS, WHOLE, self.depth, day, period):
                self.reading.totals[label].took[took] += counts[_ACCEPTED]
                if label == self.ask.first:
                    main.took[took] += counts[_ACCEPTED]
        if self.ask.main.since <= day <= self.ask.main.until:
            self._add_unfolded_parts(row, counts)

    def _add_unfolded_parts(self, row: dict, counts: list[int]) -> None:
        day, took = row["f_day"], row["f_took"]
        parts = []
        if self.ask.by_place:
            parts.append((self.reading.places, row["f_place"], WHOLE, self.place_depth))
        if self.ask.dimension:
            parts.append((self.reading.keys, row["f_key"], self.ask.dimension, self.depth))
        for into, part, dimension, depth in parts:
            if self._is_kept(COUNTS, dimension, depth, day, self.ask.main):
                _add(into[part], counts)
            if took is not None and self._is_kept(DURATIONS, dimension, depth, day, self.ask.main):
                into[part].took[took] += counts[_ACCEPTED]

    def _is_kept(self, kind: str, dimension: str, depth: int, day: date, period: Period) -> bool:
        """Say whether the day's cases come from tallies in the cover of the period."""
        return not _within(day, self._cover(kind, dimension, depth, period).direct)

    def _cover(self, kind: str, dimension: str, depth: int, period: Period) -> Cover:
        """Return the cover of the period; fine enough for the trend where the trend is read from it."""
        asked = (kind, dimension, depth, period)
        if asked not in self._covers:
            spans = spans_kept(kind, dimension, depth)
            if kind == COUNTS and dimension == WHOLE and depth == self.depth and period == self.ask.main:
                spans = spans & _SPANS_OF_TREND.get(self.ask.step, spans)
            self._covers[asked] = cover(period, spans, today=self.ask.today)
        return self._covers[asked]

    def _live(self, main: Counts) -> None:
        """Count what stands open: everything by its state, and what is overdue once more by period, place and key."""
        ask = self.ask
        live = Grievance.objects.filter(self.below, OPEN).order_by()
        states = live.values("status", held=Q(suspended_at__isnull=False)).annotate(n=Count("*"))
        standing = self.reading.standing
        for row in states:
            standing["open"] += row["n"]
            standing["waiting"] += row["n"] if row["status"] == Status.RESOLVED else 0
            standing["suspended"] += row["n"] if row["held"] else 0
        wanted = {f"in_{label}": Count("pk", filter=_reported(one)) for label, one in ask.periods.items()}
        # By the bare column: what is overdue may be much, and its index has these columns at hand.
        group = {"f_key": F(_COLUMN[ask.dimension])} if ask.dimension else {}
        key_of = _keys_of(ask.dimension)
        if ask.by_place:
            group["f_place"] = self.place
        late = live.filter(overdue_at(ask.now)).values(**group).annotate(late=Count("*"), **wanted)
        for row in late:
            standing["overdue"] += row["late"]
            for label in ask.periods:
                self.reading.totals[label].cases["overdue"] += row[f"in_{label}"]
            if late_ones := row[f"in_{ask.first}"]:
                main.cases["overdue"] += late_ones
                if ask.by_place:
                    self.reading.places[row["f_place"]].cases["overdue"] += late_ones
                if ask.dimension:
                    self.reading.keys[key_of(row["f_key"])].cases["overdue"] += late_ones

    # Sources

    def _tallies(self, model: type, dimension: str, *, itself: bool) -> QuerySet:
        if itself:
            return model.objects.filter(depth=self.depth, dimension=dimension, unit_path=self.root).order_by()
        return model.objects.filter(self.below, depth=self.place_depth, dimension=dimension).order_by()

    def _direct(self, ranges: list[Period], group: dict, wanted: dict) -> Iterator[dict]:
        """Count the subtree's cases reported on the days of `ranges`; nothing when there are none."""
        if not ranges:
            return
        cases = facts.cases().filter(self.below, _either([_reported(one) for one in ranges]))
        yield from cases.values(**group).annotate(**wanted)


_ACCEPTED, _CLOSED = TALLIED.index("accepted"), TALLIED.index("closed")


_COLUMN = {CATEGORY: "category_id", SOURCE: "source", AGENCY: "lead_agency_id"}


def _keys_of(dimension: str) -> Callable[[int | str | None], str]:
    """Return how a column's value becomes the key of its part."""
    if dimension != CATEGORY:
        return lambda value: str(value or "")
    above = dict(Category.objects.order_by().values_list("pk", "parent_id"))
    return lambda value: str(above.get(value) or value or "")


def _add(counts: Counts, values) -> None:
    cases = counts.cases
    for name, value in zip(TALLIED, values, strict=True):
        cases[name] += value


def _in_arrays(rows: QuerySet) -> QuerySet:
    """Add buckets and how many cases each has as two arrays a group: one row to read instead of hundreds."""
    return rows.annotate(buckets=ArrayAgg("bucket"), numbers=ArrayAgg("cases"))


def _add_took(counts: Counts, row: dict) -> None:
    took = counts.took
    for bucket, cases in zip(row["buckets"] or (), row["numbers"] or (), strict=True):  # null where there is none
        took[bucket] += cases


def _either(conditions: list[Q | None]) -> Q | None:
    found = None
    for one in conditions:
        if one is not None:
            found = one if found is None else found | one
    return found


def _reported(period: Period) -> Q:
    start, end = period.moments(timezone.get_default_timezone())
    return Q(reported_at__gte=start, reported_at__lt=end)


def _within(day: date, ranges: list[Period]) -> bool:
    return any(part.since <= day <= part.until for part in ranges)
