"""The throw-away databases of a run, on the server in use."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management import call_command
from django.db import connection


@contextmanager
def own_database(name: str, *, keep: bool = False, empty: bool = False) -> Iterator[None]:
    """Make a database and its tables (`empty`: none), and take it away again, whatever happens, unless it is kept.

    The connection goes to the new one inside and back to where it was afterwards.
    """
    before = connection.settings_dict["NAME"]
    connection.close()
    _on_server(f'CREATE DATABASE "{name}"')
    done = False
    try:
        if empty:
            yield
        else:
            with use_database(name):
                call_command("migrate", verbosity=0, interactive=False)
                call_command("createcachetable", verbosity=0)
                yield
        done = True
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before
        if not (keep and done):
            _on_server(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def use_database(name: str) -> Iterator[None]:
    """Send this process's connection to the database inside, and back afterwards."""
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before


def _on_server(statement: str) -> None:
    with connection._nodb_cursor() as cursor:  # as Django's own test runner makes its databases
        cursor.execute(statement)
