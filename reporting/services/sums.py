"""Reading tallies: all the sums a dashboard needs in one statement a kind, written here once.

A dashboard reads sums of a unit, of the units below it and by a dimension, for up to three periods. Each is a range of
the tallies' primary key; the statement joins them to a list of such ranges.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from linjiang.common.replica import reading_connection
from reporting.coverage import Cover, spans_in_a_row
from reporting.measures import TALLIED
from reporting.models import DurationTally, Tally

# (depth, span, dimension, unit_path, day) is the beginning of both tables' primary key.
_RANGES = """
FROM (VALUES {values}) AS w (label, bar, depth, span, dimension, low, high, since, until)
JOIN "{table}" t ON t.depth = w.depth AND t.span = w.span AND t.dimension = w.dimension
                AND t.unit_path >= w.low AND t.unit_path < w.high AND t.day BETWEEN w.since AND w.until
"""
_VALUES = "(%s, %s, %s::smallint, %s, %s, %s, %s, %s::date, %s::date)"
_COUNTS = """
SELECT w.label, t.unit_path, t.key, CASE WHEN w.bar <> '' THEN date_trunc(w.bar, t.day)::date END, {sums}
{ranges}
GROUP BY 1, 2, 3, 4
"""
# Buckets and how many cases each has as two arrays: one row to read instead of hundreds.
_DURATIONS = """
SELECT w.label, t.unit_path, t.key, array_agg(t.bucket), array_agg(t.cases)
{ranges}
GROUP BY 1, 2, 3
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Sums to read: of the units at `depth` in the subtree of `root`, over the spans of `cover`, by `dimension`.

    `label` comes back with every row; `bar` (a step of `periods.Step`) keeps days, weeks, months or years apart.
    """

    label: str
    root: str
    depth: int
    dimension: str
    cover: Cover
    bar: str = ""

    def rows(self) -> Iterator[tuple]:
        """Yield a row of the list of ranges for every run of spans."""
        begin = (self.label, self.bar, self.depth)
        end = (self.dimension, self.root, self.root + "~")
        for span, since, until in spans_in_a_row(self.cover):
            yield (*begin, span, *end, since, until)


def read_counts(wanted: Sequence[Wanted]) -> Iterator[tuple[str, str, str, date | None, list[int]]]:
    """Yield label, path of the unit, key, first day (None without `bar`) and the counts named by `TALLIED`."""
    sums = ", ".join(f'sum(t."{name}")' for name in TALLIED)
    for label, path, key, day, *counts in _read(_COUNTS, Tally, wanted, sums=sums):
        yield label, path, key, day, counts


def read_durations(wanted: Sequence[Wanted]) -> Iterator[tuple[str, str, str, list[int], list[int]]]:
    """Yield label, path of the unit, key, buckets and the cases of each; a bucket may come more than once."""
    yield from _read(_DURATIONS, DurationTally, wanted)


def _read(statement: str, model: type, wanted: Sequence[Wanted], **parts: str) -> list[tuple]:
    ranges = [row for one in wanted for row in one.rows()]
    if not ranges:
        return []
    values = ", ".join([_VALUES] * len(ranges))
    sql = statement.format(ranges=_RANGES.format(values=values, table=model._meta.db_table), **parts)
    with reading_connection().cursor() as cursor:
        cursor.execute(sql, [value for row in ranges for value in row])
        return cursor.fetchall()
