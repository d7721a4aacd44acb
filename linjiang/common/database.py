"""Small building blocks for rows claimed or numbered under concurrency; one SQL dialect, no extensions."""

from collections.abc import Sequence

from django.db import connection, models
from psycopg2.extras import execute_values


class PathField(models.CharField):
    """A fixed-width materialised path compared byte by byte, so that a subtree is one anchored range."""

    def __init__(self, verbose_name: str | None = None, **kwargs) -> None:
        kwargs.setdefault("max_length", 64)
        kwargs.setdefault("db_collation", "C")
        super().__init__(verbose_name, **kwargs)


class LexemesField(models.Field):
    """A `tsvector` that the application writes: lexemes parted by spaces, of letters, digits and a few other signs."""

    description = "lexemes"

    def db_type(self, connection) -> str:  # noqa: ARG002 (as Django calls it)
        return "tsvector"


class Matches(models.Func):
    """Whether the lexemes of a column fulfil a `tsquery` given as text; an index of the column is used."""

    template = "(%(expressions)s::tsquery)"
    arg_joiner = " @@ "
    output_field = models.BooleanField()

    def __init__(self, column: str, query: str, **extra) -> None:
        super().__init__(models.F(column), models.Value(query), **extra)


class MatchesRow(Matches):
    """The same, decided row by row: no index can serve it. `strip` takes positions away, of which there are none."""

    template = "(strip(%(expressions)s::tsquery)"
    arg_joiner = ") @@ "


def subtree_q(path: str, *, field: str = "path") -> models.Q:
    """Return the range that holds `path` and everything below it.

    Segments use 0–9 and A–Z only, all below "~" in the C collation, so the bound is exclusive and exact.
    """
    return models.Q(**{f"{field}__gte": path, f"{field}__lt": path + "~"})


def insert_rows(model, fields: Sequence[str], rows: Sequence[tuple], *, ignore_conflicts: bool = False) -> None:
    """Insert plain tuples in one statement, in the caller's transaction; every column without a default must be named.

    For writers of thousands of rows, to whom model instances would be most of the cost. JSON is given as text.
    """
    if not rows:
        return
    columns = [model._meta.get_field(name) for name in fields]
    names = ", ".join(f'"{column.column}"' for column in columns)
    places = ", ".join("%s::jsonb" if isinstance(column, models.JSONField) else "%s" for column in columns)
    conflict = " ON CONFLICT DO NOTHING" if ignore_conflicts else ""
    sql = f'INSERT INTO "{model._meta.db_table}" ({names}) VALUES %s{conflict}'  # noqa: S608  (names of a model's own table and columns)
    _execute_values(sql, rows, f"({places})")


def update_rows(model, fields: Sequence[str], rows: Sequence[tuple], *, raise_by: str) -> None:
    """Update many rows in one statement: (key, how much to raise the column `raise_by`, value of each of `fields`)."""
    if not rows:
        return
    columns = [model._meta.get_field(name) for name in fields]
    sets = "".join(f', "{column.column}" = given."{column.column}"' for column in columns)
    names = ", ".join(f'"{column.column}"' for column in columns)
    places = ", ".join(f"%s::{column.db_type(connection).split('(')[0]}" for column in columns)
    table = model._meta.db_table
    sql = (
        f'UPDATE "{table}" AS kept SET "{raise_by}" = kept."{raise_by}" + given.raised{sets} '  # noqa: S608  (as above)
        f"FROM (VALUES %s) AS given (key, raised, {names}) WHERE kept.id = given.key"
    )
    _execute_values(sql, rows, f"(%s, %s, {places})")


def _execute_values(sql: str, rows: Sequence[tuple], template: str) -> None:
    with connection.cursor() as cursor, connection.wrap_database_errors:
        execute_values(cursor.cursor, sql, rows, template=template, page_size=len(rows))
