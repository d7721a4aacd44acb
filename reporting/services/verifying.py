"""Comparing the tallies with the cases, by night and by hand."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection, transaction

from linjiang.common.clock import local_day
from notifications import services as outbox
from orgs.choices import Role
from orgs.models import Post, Unit
from reporting.coverage import DURATIONS, Kept
from reporting.services.rebuilding import FACTS, STAGES, Area, begin, drop, gather, mine, name_of
from reporting.services.tallies import KEYS, TABLES, VALUES, rollup

log = logging.getLogger("linjiang.tallies")

_SPAN_WORDS = {"d": "", "m": "month of ", "y": "year of "}


@dataclass(frozen=True, slots=True)
class Difference:
    """A count that is not what the cases say. `day` begins the span (d day, m month, y year)."""

    unit_path: str
    span: str
    day: date
    dimension: str
    key: str
    name: str
    kept: int
    right: int


def verify(
    area: Area, *, limit: int = 200, progress: Callable[[int, int, str], None] = lambda _done, _all, _what: None
) -> list[Difference]:
    """Return where tallies and log together differ from the cases, at most `limit` of each sort; changes nothing."""
    found: list[Difference] = []
    with transaction.atomic(durable=True):
        begin()
        gather(area, less_changes=True)
        progress(1, len(STAGES) + 1, "cases")
        for done, kept in enumerate(STAGES, start=2):
            found += _differences(kept, area, limit)
            progress(done, len(STAGES) + 1, name_of(kept))
        drop(FACTS)
    return found


def _differences(kept: Kept, area: Area, limit: int) -> Iterator[Difference]:
    table, keys, names = TABLES[kept.kind], KEYS[kept.kind], VALUES[kept.kind]
    where, params = mine(kept, area, table)
    inside, more = area.tallies_sql("sums")
    some = " OR ".join(f"coalesce(stored.{name}, 0) <> coalesce(found.{name}, 0)" for name in names)
    listed = ", ".join(f"coalesce(stored.{name}, 0), coalesce(found.{name}, 0)" for name in names)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(keys[3:])}, {listed} FROM (SELECT * FROM {table} WHERE {where}) AS stored"  # noqa: S608
            f" FULL JOIN (SELECT * FROM ({rollup(kept, source=FACTS)}) AS sums WHERE {inside}) AS found"
            f" USING ({', '.join(keys)}) WHERE {some} ORDER BY {', '.join(keys[3:])} LIMIT {int(limit)}",
            [*params, *more],
        )
        rows = cursor.fetchall()
    for row in rows:
        path, day, key, *values = row
        label = ""
        if kept.kind == DURATIONS:
            label, values = f"time_to_close[{values[0]}]", values[1:]
        for name, stored, right in zip(names, values[::2], values[1::2], strict=True):
            if stored != right:
                yield Difference(path, kept.span, day, kept.dimension, key, label or name, stored, right)


def lines_of(differences: Sequence[Difference]) -> list[str]:
    """Return a line per difference: unit, day, measure, what is kept and what is right."""
    names = dict(Unit.objects.filter(path__in={one.unit_path for one in differences}).values_list("path", "name"))
    lines = []
    for one in differences:
        part = f" {one.dimension}={one.key or '-'}" if one.dimension else ""
        place = f"{names.get(one.unit_path, '?')} ({one.unit_path})"
        lines.append(f"{place} {_SPAN_WORDS[one.span]}{one.day} {one.name}{part}: {one.kept}, should be {one.right}")
    return lines


def verify_and_tell(*, now: datetime) -> int:
    """Compare all tallies; log each difference as an error and tell the system administrators. Return how many."""
    differences = verify(Area())
    for line in lines_of(differences):
        log.error("tally differs: %s", line)
    if differences:
        tell_administrators(differences, now=now)
    return len(differences)


def tell_administrators(differences: Sequence[Difference], *, now: datetime) -> None:
    """Queue one message a day to each system administrator in office."""
    day, first = local_day(now), lines_of(differences[:1])[0]
    posts = Post.objects.current(on=day).filter(role=Role.SYSTEM_ADMIN, user__is_active=True).select_related("user")
    outbox.queue(
        outbox.message(
            to=post.user,
            kind="tallies_differ",
            facts={"count": len(differences), "first": first},
            url="",
            key=f"tallies_differ:{day}",
            at=now,
        )
        for post in posts
    )
