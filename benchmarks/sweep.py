"""The sweep of 100,000 due cases, beside plain SQL for the same work; and a sweep that finds nothing.

Closed cases are made to run for it and put back afterwards as they were, so that the database can be measured again.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import connection, transaction

from benchmarks.context import Context, say, timed
from benchmarks.results import Line

SECTION = "Sweep"
DUE, BATCH = 100_000, 1000
_MADE = (("grievances_escalation", "id"), ("grievances_grievanceevent", "id"), ("notifications_message", "id"))

# 80 % of a limit of 24 hours have passed, 100 % not yet: exactly one rung of each case is due.
_PREPARE = """
UPDATE grievances_grievance g
   SET status = 'IN_PROGRESS', closed_at = NULL, confirmation = '', resolved_at = NULL, suspended_at = NULL,
       clock_started_at = %(now)s - interval '20 hours', "limit" = 86400, counts = 'hours', paused = 0, rung = 0,
       soon_at = %(now)s - interval '48 minutes', due_at = %(now)s + interval '4 hours', stage = '',
       stage_started_at = NULL, stage_limit = NULL, stage_counts = '', stage_soon_at = NULL, stage_due_at = NULL,
       stage_rung = 0,
       next_alarm_at = %(now)s - interval '48 minutes'
  FROM bench_sweep b WHERE b.id = g.id
"""
_RAW = """
WITH due AS (
    SELECT id, version, due_at, status FROM grievances_grievance
     WHERE next_alarm_at <= %(now)s ORDER BY next_alarm_at, id LIMIT %(batch)s FOR UPDATE SKIP LOCKED
), climbed AS (
    UPDATE grievances_grievance g SET rung = 1, version = g.version + 1, next_alarm_at = due.due_at
      FROM due WHERE g.id = due.id RETURNING g.id
)
INSERT INTO grievances_grievanceevent
       (grievance_id, action, at, actor_id, standing, from_status, to_status, note, data, is_public)
SELECT id, 'escalate', %(now)s, %(actor)s, 'system', status, status, '', '{}', false FROM due
"""


def run(context: Context) -> list[Line]:
    """Measure both in turns; raise AssertionError when not every due rung fires exactly once."""
    from grievances.services.escalation import escalate_overdue
    from orgs.services.system import system_user

    actor, now = system_user(), context.moment
    count = 500 if context.is_quick else DUE
    rounds = 1 if context.is_quick else 2
    ours, raw = [], []
    with _borrowed(count):
        found = _count("bench_sweep")
        for turn in range(rounds):
            say(f"sweep of {found:,} due cases, round {turn + 1} of {rounds}: plain SQL, then ours")
            _prepare(now, turn)
            raw.append(found / _seconds(lambda: _sweep_by_sql(now, actor.pk)))
            _prepare(now, turn)
            before = _count("grievances_escalation")
            fired = 0

            def sweep() -> None:
                nonlocal fired
                fired = escalate_overdue(actor=actor, now=now)

            ours.append(found / _seconds(sweep))
            if fired != found or _count("grievances_escalation") - before != found:
                raise AssertionError(f"{fired} rungs fired of {found} due ones")
        empty = timed(lambda: escalate_overdue(actor=actor, now=now), context.repeats)
    share = 100 * sorted(ours)[len(ours) // 2] / sorted(raw)[len(raw) // 2]
    return [
        Line(SECTION, "plain SQL: update and event, batches of 1,000", "/s", tuple(raw)),
        Line(SECTION, f"escalate_overdue, {found:,} due", "/s", tuple(ours), None, "with escalations and messages"),
        Line(SECTION, "escalate_overdue of plain SQL", "%", (share,), ("value", ">=", 30.0)),
        Line(SECTION, "a sweep that finds nothing", "ms", empty, ("p95", "<=", 5.0)),
    ]


@contextmanager
def _borrowed(count: int) -> Iterator[None]:
    """Take so many closed cases of agencies, and whatever is due already out of the way; put all back as it was."""
    _execute("DROP TABLE IF EXISTS bench_sweep, bench_alarms")
    _execute(
        "CREATE TABLE bench_alarms AS"
        " SELECT id, next_alarm_at FROM grievances_grievance WHERE next_alarm_at IS NOT NULL"
    )
    _execute("UPDATE grievances_grievance SET next_alarm_at = NULL WHERE next_alarm_at IS NOT NULL")
    _execute(
        "CREATE TABLE bench_sweep AS SELECT * FROM grievances_grievance"
        " WHERE status = 'CLOSED' AND lead_agency_id IS NOT NULL ORDER BY id DESC LIMIT %(count)s",
        count=count,
    )
    last = {table: _last(table, key) for table, key in _MADE}
    try:
        yield
    finally:
        for table, key in _MADE:
            _execute(f'DELETE FROM {table} WHERE "{key}" > %(last)s', last=last[table])
        columns = ", ".join(f'"{name}" = b."{name}"' for name in _columns() if name != "id")
        _execute(f"UPDATE grievances_grievance g SET {columns} FROM bench_sweep b WHERE b.id = g.id")
        _execute(
            "UPDATE grievances_grievance g SET next_alarm_at = b.next_alarm_at FROM bench_alarms b WHERE b.id = g.id"
        )
        _execute("DROP TABLE bench_sweep, bench_alarms")
        _execute("VACUUM ANALYZE grievances_grievance")


def _prepare(now, turn: int) -> None:
    """Make the cases due; each round for another deadline, because a rung fires once for one."""
    _execute(_PREPARE, now=now - timedelta(seconds=1 + turn))
    _execute("VACUUM ANALYZE grievances_grievance")


def _sweep_by_sql(now, actor: int) -> None:
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_RAW, {"now": now, "batch": BATCH, "actor": actor})
            if cursor.rowcount < BATCH:
                return


def _seconds(work) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _execute(statement: str, **given: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, given or None)


def _count(table: str) -> int:
    return _ask(f"SELECT count(*) FROM {table}")


def _last(table: str, key: str) -> int:
    return _ask(f'SELECT coalesce(max("{key}"), 0) FROM {table}')


def _ask(query: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()[0]


def _columns() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM grievances_grievance LIMIT 0")
        return [column.name for column in cursor.description]
