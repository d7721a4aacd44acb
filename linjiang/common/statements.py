"""Statements put into SQL once per process, for the few that run with every request or every filing.

Django spends a millisecond on turning a query of a few joins into SQL, each time anew and as long as PostgreSQL
needs to answer it. Here the same query set is turned once and then only given its values.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any, TypeVar

from django.db import connection, connections, models
from django.db.models.query import get_related_populators

_Row = TypeVar("_Row", bound=models.Model)


class Prepared:
    """A query set with places for values: `Prepared(make, *marks)(*values)` returns the rows as a list of models.

    `make` is called once with the marks, values that nothing else in the query equals, of the types of the values to
    come; it returns a query set of models, joins by `select_related` included.
    """

    def __init__(self, make: Callable[..., models.QuerySet], *marks: Any) -> None:
        self._make, self._marks = make, marks

    @cached_property
    def _compiled(self) -> tuple:
        compiler = self._make(*self._marks).query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        takes = tuple(self._marks.index(value) if value in self._marks else None for value in params)
        if missing := set(range(len(self._marks))) - set(takes):
            raise ValueError(f"marks {sorted(missing)} are nowhere in {sql}")
        fields = compiler.klass_info["select_fields"]
        start, end = fields[0], fields[-1] + 1
        names = [column[0].target.attname for column in compiler.select[start:end]]
        populators = get_related_populators(compiler.klass_info, compiler.select, connection.alias)
        converters = compiler.get_converters([column[0] for column in compiler.select])
        convert = (lambda rows: compiler.apply_converters(rows, converters)) if converters else iter
        return sql, params, takes, convert, (compiler.klass_info["model"], names, start, end, populators)

    def __call__(self, *values: Any) -> list:
        """Return the rows for these values, in the order of the marks."""
        sql, params, takes, convert, (model, names, start, end, populators) = self._compiled
        given = [value if place is None else values[place] for value, place in zip(params, takes, strict=True)]
        with connection.cursor() as cursor:
            cursor.execute(sql, given)
            rows = cursor.fetchall()
        found = []
        alias = connection.alias
        for row in convert(rows):
            one = model.from_db(alias, names, row[start:end])
            for populator in populators:
                populator.populate(row, one)
            found.append(one)
        return found


class Insert:
    """INSERT of whole rows of a model: what `bulk_create` writes, keys and all."""

    def __init__(self, model: type[_Row]) -> None:
        self._model = model

    @cached_property
    def _compiled(self) -> tuple[list[models.Field], str, str]:
        fields = [field for field in self._model._meta.concrete_fields if not field.primary_key]
        quote = connection.ops.quote_name
        columns = ", ".join(quote(field.column) for field in fields)
        begin = f"INSERT INTO {quote(self._model._meta.db_table)} ({columns}) VALUES "  # noqa: S608 (a model's own names)
        return fields, begin, f"({', '.join(['%s'] * len(fields))})"

    def __call__(self, rows: Iterable[_Row], *, ignore_conflicts: bool = False) -> Sequence[_Row]:
        """Write `rows`, which have no key yet, in one statement and return them.

        They are given their keys, except with `ignore_conflicts`: a row that is there already is then left alone.
        """
        rows = list(rows)
        if not rows:
            return rows
        fields, begin, places = self._compiled
        real = connections[connection.alias]  # not the proxy, which looks itself up with every touch
        values = [field.get_db_prep_save(field.pre_save(row, add=True), real) for row in rows for field in fields]
        end = " ON CONFLICT DO NOTHING" if ignore_conflicts else f" RETURNING {self._model._meta.pk.column}"
        with connection.cursor() as cursor:
            cursor.execute(begin + ", ".join([places] * len(rows)) + end, values)
            keys = [] if ignore_conflicts else [key for (key,) in cursor.fetchall()]
        for row, key in zip(rows, keys, strict=False):
            row.pk = key
            row._state.adding, row._state.db = False, connection.alias
        return rows
