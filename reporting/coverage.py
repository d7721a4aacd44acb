"""Which sums are kept as tallies, and how a period is covered by them: pure.

A tally is a sum over one unit's subtree and one span of days (a day, a month or a year), by one dimension. What is not
kept is counted from the cases themselves: only where these are few.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from reporting.periods import DAY, LAST_DAY, Period, Step, start_of

DAYS, MONTHS, YEARS = "d", "m", "y"
STEP_OF = {DAYS: Step.DAY, MONTHS: Step.MONTH, YEARS: Step.YEAR}

CATEGORY, SOURCE, AGENCY = "category", "source", "agency"
WHOLE = ""
DIMENSIONS = (CATEGORY, SOURCE, AGENCY)
# Of durations alone: how long cases spent between two steps, by step.
STEP = "step"

COUNTS, DURATIONS = KINDS = "counts", "durations"
# Down to which depth of the tree (1 city, 2 district, 3 street, 4 community, 5 zone) sums are kept, by what is summed,
# the dimension and the span. Counts of a whole unit are kept finest; how long cases took has a row per bucket, so it is
# kept where counting it from the cases would be slow. Years and months of zones are kept because the busiest community
# of a city of millions of cases has ten thousand of them a year, which its page would count each time.
_DEPTHS = {
    COUNTS: {
        WHOLE: {YEARS: 5, MONTHS: 5, DAYS: 3},
        **{dimension: {YEARS: 4, MONTHS: 3, DAYS: 2} for dimension in DIMENSIONS},
    },
    DURATIONS: {
        WHOLE: {YEARS: 5, MONTHS: 3, DAYS: 2},
        CATEGORY: {YEARS: 4, MONTHS: 2},
        **{dimension: {YEARS: 3, MONTHS: 2} for dimension in (SOURCE, AGENCY)},
        STEP: {YEARS: 4, MONTHS: 3, DAYS: 2},
    },
}
DEEPEST = 5


@dataclass(frozen=True, slots=True)
class Kept:
    """One sort of sum that is kept: for all units down to `depth`."""

    kind: str
    dimension: str
    span: str
    depth: int


def all_kept(kind: str) -> Iterator[Kept]:
    """Yield every sort of sum of `kind` that is kept."""
    for dimension, spans in _DEPTHS[kind].items():
        for span, depth in spans.items():
            yield Kept(kind, dimension, span, depth)


def spans_kept(kind: str, dimension: str, depth: int) -> frozenset[str]:
    """Return the spans kept for units at `depth`."""
    return frozenset(span for span, deepest in _DEPTHS[kind][dimension].items() if depth <= deepest)


@dataclass(slots=True)
class Cover:
    """How a period is put together: tallies of whole spans (`spans`: their first days; `days`: ranges of single
    days) and ranges of days to be counted from the cases (`direct`)."""

    spans: dict[str, list[date]] = field(default_factory=dict)
    days: list[Period] = field(default_factory=list)
    direct: list[Period] = field(default_factory=list)


def spans_in_a_row(cover: Cover) -> Iterator[tuple[str, date, date]]:
    """Yield the cover's tallies as runs of spans that follow one another: span, first day of the first and the last."""
    for span, days in cover.spans.items():
        first = last = None
        for day in sorted(days):
            if last is not None and day == _end(last, span) + DAY:
                last = day
                continue
            if last is not None:
                yield span, first, last
            first = last = day
        if last is not None:
            yield span, first, last
    for part in cover.days:
        yield DAYS, part.since, part.until


def cover(period: Period, spans: frozenset[str], *, today: date) -> Cover:
    """Return how `period` is put together from the `spans` that are kept, the widest first.

    No case is reported after `today`, so a period that ends today or later takes its last year and month as a whole.
    """
    found = Cover()
    last = max(period.until, period.until.replace(month=12, day=31)) if period.until >= today else period.until
    last = min(last, LAST_DAY)
    day = period.since
    while day <= last:
        span = next(
            (one for one in (YEARS, MONTHS) if one in spans and day == _first(day, one) and _end(day, one) <= last), ""
        )
        if span:
            found.spans.setdefault(span, []).append(day)
            day = _end(day, span) + DAY
            continue
        # Single days run to where the next month that can be taken as a whole begins.
        end = min(_end(day, MONTHS) if MONTHS in spans else _end(day, YEARS), last)
        ranges = found.days if DAYS in spans else found.direct
        if ranges and ranges[-1].until + DAY == day:
            ranges[-1] = Period(ranges[-1].since, end)
        else:
            ranges.append(Period(day, end))
        day = end + DAY
    return found


def _first(day: date, span: str) -> date:
    return start_of(day, STEP_OF[span])


def _end(day: date, span: str) -> date:
    if span == YEARS:
        return day.replace(month=12, day=31)
    following = (day.replace(day=1) + 31 * DAY).replace(day=1)
    return following - DAY
