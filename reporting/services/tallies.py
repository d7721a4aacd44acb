"""Folding the log of changes into the tallies: set-based, exactly once, beside everything else that runs.

A change is in the log until the very transaction that adds it to the tallies, so tallies and log together always tell
every committed change once. Who writes tallies holds `TallyLock`, as its transaction's first statement: a snapshot
taken after it holds everything an earlier writer committed.
"""

import logging

from django.db import OperationalError, connection, transaction
from django.db.models.query import QuerySet

from grievances.models import MeasuredChange
from orgs import tree
from reporting.conditions import BETWEEN_STEPS
from reporting.coverage import (
    AGENCY,
    CATEGORY,
    COUNTS,
    DAYS,
    DURATIONS,
    MONTHS,
    SOURCE,
    STEP,
    WHOLE,
    YEARS,
    Kept,
    all_kept,
)
from reporting.measures import TALLIED
from reporting.models import DurationTally, Tally, TallyLock
from reporting.services.facts import changes, facts

log = logging.getLogger("linjiang.tallies")

BATCH = 5_000
TABLES = {COUNTS: Tally._meta.db_table, DURATIONS: DurationTally._meta.db_table}
SUM_OVER = ("depth", "span", "dimension", "unit_path", "day", "key")
KEYS = {COUNTS: SUM_OVER, DURATIONS: (*SUM_OVER, "bucket")}
VALUES = {COUNTS: TALLIED, DURATIONS: ("cases",)}
_KEY = {WHOLE: "''", CATEGORY: "f_category", SOURCE: "f_source", AGENCY: "f_agency", STEP: "f_step"}
_DAY = {DAYS: "f_day", MONTHS: "date_trunc('month', f_day)::date", YEARS: "date_trunc('year', f_day)::date"}


def fold_all() -> int:
    """Fold batch after batch until the log is empty or somebody else writes tallies; return how many rows went in."""
    folded = 0
    while count := fold():
        folded += count
    return folded


def fold(*, batch: int = BATCH) -> int:
    """Move about `batch` of the oldest logged changes into the tallies and return how many; 0 when another writer is
    at work. One transaction, in which one statement deletes and adds."""
    try:
        with transaction.atomic():
            lock(wait=False)
            return _fold(batch)
    except OperationalError as error:
        if getattr(error.__cause__, "pgcode", "") != "55P03":  # lock_not_available
            raise
        return 0


def lock(*, wait: bool = True) -> None:
    """Lock out other writers of tallies until the transaction ends; readers are not touched."""
    with connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {TallyLock._meta.db_table} IN EXCLUSIVE MODE{'' if wait else ' NOWAIT'}")


def _fold(batch: int) -> int:
    oldest = MeasuredChange.objects.order_by("pk").values_list("pk", flat=True)
    last = list(oldest[batch - 1 : batch]) or list(oldest.reverse()[:1])
    if not last:
        return 0
    facts_sql, params = sql_of(facts(changes().filter(pk__lte=last[0])))
    added = ", ".join(f"{kind} AS ({_adding(kind)})" for kind in (COUNTS, DURATIONS))
    with connection.cursor() as cursor:
        # Every part of the statement sees the same rows of the log, so exactly what is deleted is added.
        gone = f"DELETE FROM {MeasuredChange._meta.db_table} WHERE id <= %s RETURNING 1"  # noqa: S608  (our table)
        cursor.execute(
            f"WITH gone AS ({gone}), facts AS MATERIALIZED ({facts_sql}), {added} SELECT count(*) FROM gone",  # noqa: S608
            [last[0], *params],
        )
        return cursor.fetchone()[0]


def sql_of(rows: QuerySet) -> tuple[str, tuple]:
    """Return a query's text and parameters; its columns bear the names given to `values`."""
    return rows.query.sql_with_params()


def rollup(kept: Kept, *, source: str = "facts") -> str:
    """Return the query that sums the facts in `source` for one sort of tally, at every depth it is kept for.

    Columns are `KEYS` and `VALUES` of the kind. Summed at the deepest level first, so that the levels above add up few
    rows. Sums that are nought all over are left out.
    """
    names = VALUES[kept.kind]
    durations = kept.kind == DURATIONS
    took, source = ("f_span", _by_step(source)) if kept.dimension == STEP else ("f_took", source)
    bucket, where, fourth = (f", {took}", f" WHERE {took} IS NOT NULL", ", 4") if durations else ("", "", "")
    inner = "sum(n_accepted) AS s_cases" if durations else ", ".join(f"sum(n_{name}) AS s_{name}" for name in names)
    sums = ", ".join(f"sum(s_{name}) AS {name}" for name in names)
    some = " OR ".join(f"sum(s_{name}) <> 0" for name in names)
    upper = f"left(p, depth * {tree.SEGMENT})"
    return (
        f"SELECT depth, '{kept.span}' AS span, '{kept.dimension}' AS dimension, {upper} AS unit_path, d AS day,"  # noqa: S608  (names of our own)
        f" k AS key{bucket and bucket + ' AS bucket'}, {sums}"
        f" FROM (SELECT left(f_path, {kept.depth * tree.SEGMENT}) AS p,"
        f" {_DAY[kept.span]} AS d, {_KEY[kept.dimension]} AS k{bucket}, {inner}"
        f" FROM {source}{where} GROUP BY 1, 2, 3{fourth}) AS deepest,"
        f" generate_series(1, {kept.depth}) AS depth WHERE length(p) >= depth * {tree.SEGMENT}"
        f" GROUP BY depth, {upper}, d, k{bucket} HAVING {some}"
    )


def _by_step(source: str) -> str:
    """Return the facts once for each of the steps, named `f_step`, with the bucket of what lies before it."""
    steps = ", ".join(f"('{step}', f_{step})" for step in BETWEEN_STEPS)
    return (
        f"(SELECT f_path, f_day, n_accepted, f_step, f_span FROM {source}"  # noqa: S608  (names of our own)
        f" CROSS JOIN LATERAL (VALUES {steps}) AS steps (f_step, f_span)) AS by_step"
    )


def _adding(kind: str) -> str:
    table, names = TABLES[kind], VALUES[kind]
    sums = " UNION ALL ".join(f"({rollup(kept)})" for kept in all_kept(kind))
    added = ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in names)
    return (
        f"INSERT INTO {table} ({', '.join((*KEYS[kind], *names))}) {sums}"
        f" ON CONFLICT ({', '.join(KEYS[kind])}) DO UPDATE SET {added}"
    )
