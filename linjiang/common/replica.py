"""Reading from a copy of the database: what only reads, and may be a moment old, can go to a replica.

Set `DATABASE_REPLICA_URL` to have one. Without it everything here is the one database.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction

REPLICA = "replica"
_alias: ContextVar[str] = ContextVar("alias_of_reads", default=DEFAULT_DB_ALIAS)


class ReplicaRouter:
    """Sends what is read inside `snapshot()` to the replica, everything else to the database itself."""

    def db_for_read(self, _model, **_hints) -> str | None:
        """Return the alias to read from, None to leave it to others."""
        return _alias.get() if _alias.get() != DEFAULT_DB_ALIAS else None

    def allow_relation(self, _one, _other, **_hints) -> bool:
        """Rows of both are rows of one database."""
        return True

    def allow_migrate(self, db: str, _app_label: str, **_hints) -> bool | None:
        """A replica is written by PostgreSQL alone."""
        return False if db == REPLICA else None


@contextmanager
def snapshot() -> Iterator[None]:
    """Read what is inside on one state of the database: the replica's, where there is one.

    In a transaction already begun, on what that one sees, for it may have written what is to be read; inside another
    snapshot, on that one.
    """
    if connection.in_atomic_block or _alias.get() != DEFAULT_DB_ALIAS:
        yield
        return
    alias = REPLICA if REPLICA in settings.DATABASES else DEFAULT_DB_ALIAS
    token = _alias.set(alias)
    try:
        with transaction.atomic(using=alias):
            with connections[alias].cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    finally:
        _alias.reset(token)


def reading_connection():
    """Return the connection that reads go to here, for statements written by hand."""
    return connections[_alias.get()]
