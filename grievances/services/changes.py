"""The log of measured changes: what a case was and is in every column that figures depend on.

Written in the transaction of the change, so that figures are right the moment it commits and unchanged when it is
rolled back. Only reported cases are measured. A pause is not among the columns: it bears on what is overdue, and that
depends on the moment and is counted from the cases themselves.
"""

from collections.abc import Iterable
from operator import attrgetter

from django.db import connection

from grievances.models import Grievance, MeasuredChange

_FIELDS = [field for field in MeasuredChange._meta.concrete_fields if not field.primary_key]
# The names of the log's columns after `sign`, and where the case has them (foreign keys by their number).
COLUMNS = tuple(field.column for field in _FIELDS[1:])
_read = attrgetter(*[Grievance._meta.get_field(name).attname for name in COLUMNS])
_REPORTED = COLUMNS.index("reported_at")
_INSERT = f'INSERT INTO "{MeasuredChange._meta.db_table}" ({", ".join(("sign", *COLUMNS))}) VALUES '  # noqa: S608
_ROW = f"({', '.join(['%s'] * (1 + len(COLUMNS)))})"
_BATCH = 500

Snapshot = tuple


def snapshot(case: Grievance) -> Snapshot:
    """Return the case's measured columns as they stand; taken from the locked row before it is changed."""
    return _read(case)


def record(before: Snapshot | None, case: Grievance) -> None:
    """Log the change from `before` (None: a new case) to the case as it is now; nothing when figures cannot change.

    One insert, in the caller's transaction.
    """
    record_many([(before, case)])


def record_many(changes: Iterable[tuple[Snapshot | None, Grievance]]) -> None:
    """Log many changes, each (snapshot before or None, case as it is now), a few hundred rows an insert."""
    rows: list[tuple] = []
    for before, case in changes:
        after = _read(case)
        if before == after:
            continue
        if before is not None and before[_REPORTED] is not None:
            rows.append((-1, *before))
        if after[_REPORTED] is not None:
            rows.append((1, *after))
        if len(rows) >= _BATCH:
            _write(rows)
            rows = []
    if rows:
        _write(rows)


def _write(rows: list[tuple]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_INSERT + ", ".join([_ROW] * len(rows)), [value for row in rows for value in row])
