"""Reading figures: tallies, what the log of changes adds to them, and cases where no tally is kept, in one snapshot.

    found = read(unit=unit, periods={"period": period}, now=now, by_place=True, dimension="category")

What is overdue depends on the moment and is counted from the live cases, over their own partial index. Everything is by
the path a case was filed under.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import Case, Count, F, Q, When
from django.db.models.functions import Substr

from grievances.choices import Status
from grievances.models import Category, Grievance, MeasuredChange
from linjiang.common import clock
from linjiang.common.database import subtree_q
from linjiang.common.replica import snapshot
from orgs import tree
from orgs.models import Unit
from reporting.conditions import NOW, OPEN, either, overdue_at, reported_in
from reporting.coverage import (
    AGENCY,
    CATEGORY,
    COUNTS,
    DAYS,
    DURATIONS,
    KINDS,
    MONTHS,
    SOURCE,
    WHOLE,
    Cover,
    cover,
    spans_kept,
)
from reporting.measures import TALLIED, Counts
from reporting.periods import Period, Step, start_of
from reporting.services import facts
from reporting.services.sums import Wanted, read_counts, read_durations

# Which spans leave the parts of a trend apart.
_SPANS_OF_TREND = {Step.DAY: {DAYS}, Step.WEEK: {DAYS}, Step.MONTH: {DAYS, MONTHS}}


# Accepted and closed cases by the first day of a bar.
Bars = dict[date, list[int]]


def _bars() -> Bars:
    return defaultdict(lambda: [0, 0])


@dataclass(slots=True)
class Reading:
    """Counts by the label of each period, and of the first period by place and by key.

    `trend` has its accepted and closed cases by the first day of each bar, `sparks` the same by place; `standing` is
    what stands open now, whatever the period.
    """

    totals: dict[str, Counts]
    places: dict[str, Counts] = field(default_factory=lambda: defaultdict(Counts))
    keys: dict[str, Counts] = field(default_factory=lambda: defaultdict(Counts))
    trend: Bars = field(default_factory=_bars)
    sparks: dict[str, Bars] = field(default_factory=lambda: defaultdict(_bars))
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
    `dimension`: by category, source or agency; `step`: how fine the trend is, that of each place too.
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
        sums = list(self._sums())
        self._kept(sums, here)
        self._counted(sums, here)
        self._unfolded(here)
        self._live(here)
        if self.ask.by_place and not self.ask.depth:
            self._filed_here(here)

    # What is read: of the unit as a whole for every period, of its parts for the first one

    def _sums(self) -> Iterator["_Sum"]:
        ask = self.ask
        if not ask.depth:
            for label, period in ask.periods.items():
                yield _Sum(label, WHOLE, self.depth, period, {"f_day": facts.day()})
        if ask.by_place:
            bar = {"f_bar": facts.bar(ask.step)} if ask.step else {}
            yield _Sum(_PLACES, WHOLE, self.place_depth, ask.main, {"f_place": self.place}, bar)
        if ask.dimension:
            yield _Sum(_KEYS, ask.dimension, self.depth, ask.main, {"f_key": facts.key_of(Grievance, ask.dimension)})

    def _wanted(self, kind: str, one: "_Sum") -> Wanted:
        of_period = self._cover_of(kind, one)
        bars = one.label == self.ask.first or one.bar
        bar = (self.ask.step or Step.DAY).value if bars else ""
        return Wanted(one.label, self.root, one.depth, one.dimension, of_period, bar)

    def _kept(self, sums: Sequence["_Sum"], main: Counts) -> None:
        """Add what the tallies hold: one statement for counts, one for durations."""
        for label, path, key, day, counts in read_counts([self._wanted(COUNTS, one) for one in sums]):
            if label in _OF_PARTS:
                self._add_part(label, path, key, day, counts)
            else:
                self._add_whole(label, main, day, counts)
        for label, path, key, *took in read_durations([self._wanted(DURATIONS, one) for one in sums]):
            for into in self._into(label, path, key, main):
                _add_took(into, *took)

    def _part(self, label: str, path: str, key: str) -> Counts:
        return self.reading.places[path] if label == _PLACES else self.reading.keys[key]

    def _add_part(self, label: str, path: str, key: str, bar: date | None, counts: list[int]) -> None:
        _add(self._part(label, path, key), counts)
        if bar is not None:
            _add_bar(self.reading.sparks[path], bar, counts)

    def _into(self, label: str, path: str, key: str, main: Counts) -> list[Counts]:
        if label in _OF_PARTS:
            return [self._part(label, path, key)]
        return [self.reading.totals[label], *([main] if label == self.ask.first else [])]

    def _add_whole(self, label: str, main: Counts, day: date | None, counts: list[int]) -> None:
        _add(self.reading.totals[label], counts)
        if label == self.ask.first:
            _add(main, counts)
            _add_bar(self.reading.trend, day, counts)

    def _counted(self, sums: Sequence["_Sum"], main: Counts) -> None:
        """Add what no tally holds, counted from the cases: a statement for the first period and its parts, one for the
        others, more only where these are kept by different spans."""
        first = [one for one in sums if one.label in (*_OF_PARTS, self.ask.first)]
        others = [one for one in sums if one not in first]
        of_first, of_others = defaultdict(lambda: defaultdict(list)), defaultdict(lambda: defaultdict(list))
        for kind in KINDS:
            for one in first:
                of_first[tuple(self._cover_of(kind, one).direct)][kind].append(one)
            ranges = tuple(dict.fromkeys(part for one in others for part in self._cover_of(kind, one).direct))
            of_others[ranges][kind] += others[:1]
        for asked, labels in ((of_first, [self.ask.first]), (of_others, [one.label for one in others])):
            for ranges, by_kind in asked.items():
                for row in self._direct(ranges, by_kind) if ranges else ():
                    self._add_counted(labels, row, main)

    def _add_counted(self, labels: Sequence[str], row: dict, main: Counts) -> None:
        path, key, took = row.get("f_place"), row.get("f_key"), row.get("f_took")
        kind = COUNTS if took is None else DURATIONS
        if path is not None or key is not None:
            labels = [_PLACES if path is not None else _KEYS]
        else:
            day = row["f_day"]
            on_day = [label for label in labels if label in self.ask.labels_on(day)]
            periods = self.ask.periods
            labels = [label for label in on_day if not self._is_kept(kind, WHOLE, self.depth, day, periods[label])]
        for label in labels:
            if kind == DURATIONS:
                for into in self._into(label, path, key, main) if took != facts.OPEN_BUCKET else ():
                    into.took[took] += row["n_accepted"]
                continue
            counts = [row[f"n_{name}"] for name in TALLIED]
            if label in _OF_PARTS:
                self._add_part(label, path, key, row.get("f_bar"), counts)
            else:
                self._add_whole(label, main, row["f_day"], counts)

    def _filed_here(self, whole: Counts) -> None:
        """What the units below do not account for was filed at the unit itself."""
        places = self.reading.places
        places.pop(self.root, None)
        self.reading.sparks.pop(self.root, None)
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
        rows = facts.changes().filter(self.below, either([reported_in(one) for one in ask.periods.values()]))
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
                if into is self.reading.places and self.ask.step:
                    _add_bar(self.reading.sparks[part], start_of(day, self.ask.step), counts)
            if took is not None and self._is_kept(DURATIONS, dimension, depth, day, self.ask.main):
                into[part].took[took] += counts[_ACCEPTED]

    def _is_kept(self, kind: str, dimension: str, depth: int, day: date, period: Period) -> bool:
        """Say whether the day's cases come from tallies in the cover of the period."""
        direct = self._cover(kind, dimension, depth, period).direct
        return not any(part.since <= day <= part.until for part in direct)

    def _cover_of(self, kind: str, one: "_Sum") -> Cover:
        return self._cover(kind, one.dimension, one.depth, one.period)

    def _cover(self, kind: str, dimension: str, depth: int, period: Period) -> Cover:
        """Return the cover of the period; fine enough for the trends where these are read from it."""
        asked = (kind, dimension, depth, period)
        if asked not in self._covers:
            spans = spans_kept(kind, dimension, depth)
            if kind == COUNTS and dimension == WHOLE and period == self.ask.main:
                spans = spans & _SPANS_OF_TREND.get(self.ask.step, spans)
            self._covers[asked] = cover(period, spans, today=self.ask.today)
        return self._covers[asked]

    def _live(self, main: Counts) -> None:
        """Count what stands open by its state, and what is overdue by period, place and key: one statement."""
        ask = self.ask
        late = overdue_at(ask.now)
        group = {"held": Q(suspended_at__isnull=False), "late": late}
        # By the bare column: what is overdue may be much, and its index has these columns at hand.
        if ask.dimension:
            group["f_key"] = Case(When(late, then=F(_COLUMN[ask.dimension])))
        if ask.by_place:
            group["f_place"] = Case(When(late, then=self.place))
        wanted = {f"in_{label}": Count("pk", filter=late & reported_in(one)) for label, one in ask.periods.items()}
        live = Grievance.objects.filter(self.below, OPEN).order_by()
        key_of: Callable | None = None
        standing = self.reading.standing
        for row in live.values("status", **group).annotate(n=Count("*"), **wanted):
            standing["open"] += row["n"]
            standing["waiting"] += row["n"] if row["status"] == Status.RESOLVED else 0
            standing["suspended"] += row["n"] if row["held"] else 0
            if not row["late"]:
                continue
            standing["overdue"] += row["n"]
            for label in ask.periods:
                self.reading.totals[label].cases["overdue"] += row[f"in_{label}"]
            if late_ones := row[f"in_{ask.first}"]:
                main.cases["overdue"] += late_ones
                if ask.by_place:
                    self.reading.places[row["f_place"]].cases["overdue"] += late_ones
                if ask.dimension:
                    key_of = key_of or _keys_of(ask.dimension)
                    self.reading.keys[key_of(row["f_key"])].cases["overdue"] += late_ones

    def _direct(self, ranges: Sequence[Period], by_kind: Mapping[str, Sequence["_Sum"]]) -> Iterator[dict]:
        """Count the subtree's cases of some days for all that is asked of each kind, in one pass over them."""
        cases = facts.cases().filter(self.below, either([reported_in(one) for one in ranges]))
        counted, timed = by_kind.get(COUNTS, ()), by_kind.get(DURATIONS, ())
        columns = {name: how for one in (*counted, *timed) for name, how in one.group.items()}
        columns |= {name: how for one in counted for name, how in one.bar.items()}
        if timed:
            columns["f_took"] = facts.bucket_or_open()
        sets = [(*one.group, *one.bar) for one in counted] + [(*one.group, "f_took") for one in timed]
        return facts.grouped(cases, columns, sets, only="" if counted else "accepted")


@dataclass(frozen=True, slots=True)
class _Sum:
    """One thing to sum up: the whole over a period (by day), or its parts; `group` is how cases are told apart, `bar`
    how their counts are besides."""

    label: str
    dimension: str
    depth: int
    period: Period
    group: dict
    bar: dict = field(default_factory=dict)


# Labels of the parts of the first period, beside those of the periods.
_PLACES, _KEYS = " places", " keys"
_OF_PARTS = (_PLACES, _KEYS)
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


def _add_bar(bars: Bars, day: date, counts: Sequence[int]) -> None:
    bar = bars[day]
    bar[0] += counts[_ACCEPTED]
    bar[1] += counts[_CLOSED]


def _add_took(counts: Counts, buckets: Sequence[int], numbers: Sequence[int]) -> None:
    took = counts.took
    for bucket, cases in zip(buckets, numbers, strict=True):
        took[bucket] += cases
