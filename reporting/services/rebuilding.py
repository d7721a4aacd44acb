"""Recounting the tallies from the cases: putting them right.

What the tallies must hold is what the cases say, less what the log of changes has not handed over yet. All of it is
read in one snapshot, so writers go on filing meanwhile.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from grievances.models import MeasuredChange
from linjiang.common.database import subtree_q
from orgs import tree
from orgs.models import Unit
from reporting.coverage import COUNTS, DEEPEST, DURATIONS, Kept, all_kept
from reporting.services.facts import cases, changes, facts
from reporting.services.tallies import KEYS, TABLES, VALUES, lock, rollup, sql_of

FACTS = "reporting_facts"
STAGES = [kept for kind in (COUNTS, DURATIONS) for kept in all_kept(kind)]
# Sorting and hashing millions of rows on disk takes several times as long as in memory.
_WORK_MEM = "256MB"


@dataclass(frozen=True, slots=True)
class Area:
    """Which tallies are meant: of all units or the subtree at `path`, of all years or those from `year` on."""

    path: str = ""
    year: int | None = None

    @property
    def is_everything(self) -> bool:
        return not self.path and self.year is None

    def cases_q(self) -> Q:
        """Return the condition on cases and changes."""
        condition = subtree_q(self.path, field="unit_path") if self.path else Q()
        if self.year is not None:
            first = datetime.combine(self._first_day, time.min, timezone.get_default_timezone())
            condition &= Q(reported_at__gte=first)
        return condition

    def tallies_sql(self, table: str) -> tuple[str, list]:
        """Return the condition on rows of a table of tallies, and its parameters."""
        text, params = "TRUE", []
        if self.path:
            text += f" AND {table}.unit_path >= %s AND {table}.unit_path < %s"
            params += [self.path, self.path + "~"]
        if self.year is not None:
            text += f" AND {table}.day >= %s"
            params.append(self._first_day)
        return text, params

    @property
    def _first_day(self) -> date:
        return date(self.year, 1, 1)


def area_of(unit: Unit | None, since: date | None) -> Area:
    """Return the area of a unit and a first day; a day stands for its year, the widest span that is kept.

    Raise ValueError for a unit below those that have tallies: its cases are counted directly.
    """
    if unit is not None and tree.depth(unit.path) > DEEPEST:
        raise ValueError(f"{unit} lies below the units that have tallies")
    return Area(unit.path if unit else "", since.year if since else None)


def rebuild(area: Area, *, progress: Callable[[int, int, str], None] = lambda _done, _all, _what: None) -> int:
    """Put the tallies of the area right and return how many rows were wrong.

    One transaction; other writers of tallies wait, readers and filers do not. Rows that are right are not written.
    """
    wrong, steps = 0, len(STAGES) + 1
    with transaction.atomic(durable=True):
        begin()
        lock()
        if area.is_everything:
            # The cases of this very snapshot hold what is in the log by now.
            MeasuredChange.objects.all().delete()
        gather(area, less_changes=not area.is_everything)
        progress(1, steps, "cases")
        for done, kept in enumerate(STAGES, start=2):
            wrong += _put_right(kept, area)
            progress(done, steps, name_of(kept))
        drop(FACTS)
    return wrong


def name_of(kept: Kept) -> str:
    """Return what a stage counts, for who watches."""
    return " ".join(filter(None, (kept.kind, kept.dimension, kept.span)))


def begin() -> None:
    """Have the transaction, just begun, see one state of the database to its end, and sort in memory."""
    if not connection.savepoint_ids:
        run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    run(f"SET LOCAL work_mem = '{_WORK_MEM}'")


def gather(area: Area, *, less_changes: bool) -> None:
    """Write what each case counts for into a table of this transaction."""
    text, params = sql_of(facts(cases().filter(area.cases_q())))
    if less_changes:
        minus, more = sql_of(facts(changes().filter(area.cases_q()), sign=-1))
        text, params = f"({text}) UNION ALL ({minus})", (*params, *more)
    # Not a temporary table: those are read by one process alone, and this one is read once for every sort of sum. It is
    # dropped by the transaction that makes it, and nobody else ever sees it.
    run(f"CREATE UNLOGGED TABLE {FACTS} AS {text}", params)
    run(f"ANALYZE {FACTS}")


def _put_right(kept: Kept, area: Area) -> int:
    table, keys, names = TABLES[kept.kind], KEYS[kept.kind], VALUES[kept.kind]
    where, params = mine(kept, area, table)
    inside, more = area.tallies_sql("sums")
    right = f"SELECT * FROM ({rollup(kept, source=FACTS)}) AS sums WHERE {inside}"  # noqa: S608  (names of our own)
    run(f"CREATE TEMPORARY TABLE reporting_right ON COMMIT DROP AS {right}", more)
    same = " AND ".join(f"{table}.{key} = found.{key}" for key in keys)
    gone = run(
        f"DELETE FROM {table} WHERE {where}"  # noqa: S608
        f" AND NOT EXISTS (SELECT FROM reporting_right AS found WHERE {same})"
        f" AND ({' OR '.join(f'{name} <> 0' for name in names)})",
        params,
    )
    columns = ", ".join((*keys, *names))
    changed = run(
        f"INSERT INTO {table} ({columns}) SELECT {columns} FROM reporting_right"  # noqa: S608
        f" ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in names)}"
        f" WHERE ({', '.join(f'{table}.{name}' for name in names)})"
        f" IS DISTINCT FROM ({', '.join(f'excluded.{name}' for name in names)})"
    )
    drop("reporting_right")
    return gone + changed


def mine(kept: Kept, area: Area, table: str) -> tuple[str, list]:
    """Return the condition on the stored rows of one sort of tally in the area."""
    inside, params = area.tallies_sql(table)
    return f"{inside} AND span = %s AND dimension = %s", [*params, kept.span, kept.dimension]


def drop(table: str) -> None:
    run(f"DROP TABLE {table}")


def run(sql: str, params=None) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.rowcount
