"""Writing many rows at once: indexes and foreign keys taken off empty tables and put back as they were.

Read from the catalogue, so that whatever a migration adds is taken off and put back too.
"""

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psycopg2
from django.db import connection, models

_CONSTRAINTS = """
SELECT conname, conrelid::regclass::text, contype, pg_get_constraintdef(oid), conindid
  FROM pg_constraint
 WHERE contype IN ('f', 'p', 'u')
   AND (conrelid = ANY(%s::regclass[]) OR (contype = 'f' AND confrelid = ANY(%s::regclass[])))
 ORDER BY contype, conname
"""
_INDEXES = """
SELECT c.relname, i.indrelid::regclass::text, pg_get_indexdef(i.indexrelid), i.indexrelid
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
 WHERE i.indrelid = ANY(%s::regclass[]) AND (i.indisunique OR i.indpred IS NULL) ORDER BY c.relname
"""


@dataclass(frozen=True, slots=True)
class Index:
    """An index, with the constraint that stands on it, if any ("p" primary key, "u" unique)."""

    name: str
    table: str
    definition: str
    constraint: str = ""
    deferrable: str = ""


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A foreign key from or to one of the tables."""

    name: str
    table: str
    definition: str


def catalogue(tables: Sequence[str]) -> tuple[list[Index], list[ForeignKey]]:
    """Return the indexes of `tables` that are taken off, and the foreign keys from and to them.

    Indexes of part of the rows stay: few of the rows are in them (the open cases), and PostgreSQL writes a condition
    like "status IN (…)" in other words when it is made a second time.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CONSTRAINTS, [list(tables), list(tables)])
        constraints = cursor.fetchall()
        cursor.execute(_INDEXES, [list(tables)])
        indexes = cursor.fetchall()
    held = {row[4]: row for row in constraints if row[2] in ("p", "u")}
    found = []
    for name, table, definition, key in indexes:
        constraint = held.get(key)
        kind = constraint[2] if constraint else ""
        waits = constraint[3].partition(" DEFERRABLE")[1:] if constraint else ("", "")
        found.append(Index(name, table, definition, kind, "".join(waits)))
    keys = [ForeignKey(row[0], row[1], row[3]) for row in constraints if row[2] == "f"]
    return found, keys


@contextmanager
def bare(written: Sequence[type[models.Model]], *, say: Callable[[str], None], workers: int = 2) -> Iterator[None]:
    """Take indexes and foreign keys off the (empty) tables of `written` and put them back, whatever happens inside.

    When the block raises, the tables are emptied first. While they are put back, Ctrl-C is not listened to.
    """
    tables = [model._meta.db_table for model in written]
    indexes, keys = catalogue(tables)
    with connection.cursor() as cursor:
        for key in keys:
            cursor.execute(f'ALTER TABLE {key.table} DROP CONSTRAINT "{key.name}"')
        for index in indexes:
            if index.constraint:
                cursor.execute(f'ALTER TABLE {index.table} DROP CONSTRAINT "{index.name}"')
            else:
                cursor.execute(f'DROP INDEX "{index.name}"')
    try:
        yield
    except BaseException:
        with _uninterrupted(), connection.cursor() as cursor:
            cursor.execute("TRUNCATE " + ", ".join(f'"{table}"' for table in tables))
            _put_back(indexes, keys, say=lambda _text: None, workers=workers)
        raise
    with _uninterrupted():
        _put_back(indexes, keys, say=say, workers=workers)


def _put_back(
    indexes: Sequence[Index], keys: Sequence[ForeignKey], *, say: Callable[[str], None], workers: int
) -> None:
    """Build the indexes, then the constraints on them, then the foreign keys; `workers` statements at a time."""
    say(f"{len(indexes)} indexes")
    _run([index.definition for index in indexes], workers)
    with connection.cursor() as cursor:
        for index in indexes:
            if index.constraint:
                kind = "PRIMARY KEY" if index.constraint == "p" else "UNIQUE"
                cursor.execute(
                    f'ALTER TABLE {index.table} ADD CONSTRAINT "{index.name}" {kind} USING INDEX "{index.name}"'
                    f"{index.deferrable}"
                )
        for key in keys:
            cursor.execute(f'ALTER TABLE {key.table} ADD CONSTRAINT "{key.name}" {key.definition} NOT VALID')
    say(f"{len(keys)} foreign keys")
    _run([f'ALTER TABLE {key.table} VALIDATE CONSTRAINT "{key.name}"' for key in keys], workers)


def _run(statements: Sequence[str], workers: int) -> None:
    own = threading.local()
    opened = []

    def execute(statement: str) -> None:
        if not hasattr(own, "connection"):
            own.connection = open_connection()
            opened.append(own.connection)
        with own.connection.cursor() as cursor:
            cursor.execute(statement)

    try:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(execute, statements))
    finally:
        for one in opened:
            one.close()


def open_connection(parameters: dict | None = None):
    """Return a connection of its own for bulk work: in autocommit, and no commit waits for the disk."""
    found = psycopg2.connect(**(parameters or connection_parameters()))
    found.autocommit = True
    with found.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        cursor.execute("SET maintenance_work_mem = '256MB'")
        cursor.execute("SET max_parallel_maintenance_workers = 0")  # the statements run side by side already
    return found


def connection_parameters() -> dict:
    """Return how this process reaches the database, fit to be handed to another process."""
    wanted = ("dbname", "user", "password", "host", "port", "connect_timeout", "sslmode")
    found = connection.get_connection_params()
    return {name: found[name] for name in wanted if found.get(name) is not None}


@contextmanager
def _uninterrupted() -> Iterator[None]:
    before = None
    with suppress(ValueError):  # not in the main thread: no signal arrives here anyway
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        if before is not None:
            signal.signal(signal.SIGINT, before)
