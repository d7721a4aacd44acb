"""COPY for models: columns by name, every column that is not named takes the field's default."""

import io
import json
import uuid
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from django.db import connection, models

_BATCH = 20_000
NULL = "\\N"


class Target:
    """A table and the order of its columns in the lines: those named first, then constant defaults.

    A line is the texts of the named columns, joined by tabs, and then `suffix`. Columns that may be null and are not
    named stay null. Raise ValueError for a name that is no column and for a column that has no default.
    """

    def __init__(self, model: type[models.Model], names: Sequence[str]) -> None:
        fields = {field.attname: field for field in model._meta.concrete_fields}
        if unknown := [name for name in names if name not in fields]:
            raise ValueError(f"{model.__name__} has no column {', '.join(unknown)}")
        rest = [field for name, field in fields.items() if name not in names and not field.null]
        if bare := [field.attname for field in rest if not field.has_default() and not field.empty_strings_allowed]:
            raise ValueError(f"{model.__name__}: {', '.join(bare)} must be given")
        self.suffix = "".join(f"\t{as_text(_default(field))}" for field in rest) + "\n"
        columns = ", ".join(f'"{field.column}"' for field in [*(fields[name] for name in names), *rest])
        self.table = model._meta.db_table
        self.sql = f'COPY "{self.table}" ({columns}) FROM STDIN'


def _default(field: models.Field) -> object:
    if field.has_default() and callable(field.default):
        return field.default() if field.default in (dict, list) else None
    return field.get_default()


def copy_into(model: type[models.Model], rows: Iterable[dict]) -> None:
    """Write `rows` (column → value, all with the same columns, keys given) in batches of lines."""
    rows = iter(rows)
    first = next(rows, None)
    if first is None:
        return
    target = Target(model, list(first))
    lines = [_line(first, target.suffix)]
    with connection.cursor() as cursor:
        for row in rows:
            lines.append(_line(row, target.suffix))
            if len(lines) == _BATCH:
                cursor.copy_expert(target.sql, io.StringIO("".join(lines)))
                lines.clear()
        cursor.copy_expert(target.sql, io.StringIO("".join(lines)))


def set_sequences(models_written: Iterable[type[models.Model]]) -> None:
    """Move each model's key sequence past its highest key."""
    with connection.cursor() as cursor:
        for model in models_written:
            table = model._meta.db_table
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM \"{table}\" HAVING max(id) > 0"  # noqa: S608  (a model's own table name)
            )


def _line(row: dict, suffix: str) -> str:
    return "\t".join([as_text(value) for value in row.values()]) + suffix


def as_text(value: object) -> str:
    """Return `value` as COPY's text format has it."""
    if value is None:
        return NULL
    if value is True or value is False:
        return "t" if value else "f"
    if isinstance(value, str):
        return escaped(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, dict):
        return escaped(json.dumps(value, ensure_ascii=False))
    if isinstance(value, uuid.UUID):
        return value.hex
    return str(value)


def escaped(text: str) -> str:
    """Return `text` with what COPY reads as something else written out."""
    return str(text).replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
