"""COPY for models: rows as dicts, everything not given takes the field's default."""

import json
import uuid
from collections.abc import Iterable, Iterator
from datetime import date, datetime

from django.db import connection, models


def copy_into(model: type[models.Model], rows: Iterable[dict]) -> None:
    """Write `rows` (column attribute → value, keys given) by one COPY and move the key's sequence past them."""
    fields = model._meta.concrete_fields
    names = [field.attname for field in fields]
    defaults = {
        # Keys, tokens and the like are made one by one: the rows bring them.
        field.attname: None if field.has_default() and callable(field.default) else field.get_default()
        for field in fields
        if not field.null
    }
    defaults |= {field.attname: {} for field in fields if isinstance(field, models.JSONField)}
    columns = ", ".join(f'"{field.column}"' for field in fields)
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.copy_expert(f'COPY "{table}" ({columns}) FROM STDIN', _Stream(_lines(rows, names, defaults)))
        cursor.execute(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM \"{table}\""  # noqa: S608  (a model's own table name)
        )


def _lines(rows: Iterable[dict], names: list[str], defaults: dict) -> Iterator[bytes]:
    for row in rows:
        values = defaults | row
        yield ("\t".join([_text(values.get(name)) for name in names]) + "\n").encode()


def _text(value: object) -> str:
    if value is None:
        return "\\N"
    if value is True or value is False:
        return "t" if value else "f"
    if isinstance(value, str):
        if "\\" in value or "\t" in value or "\n" in value:
            return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, dict):
        return json.dumps(value).replace("\\", "\\\\")
    if isinstance(value, uuid.UUID):
        return value.hex
    return str(value)


class _Stream:
    """A file for psycopg2 to read that holds a few rows at a time."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines = lines
        self._rest = b""

    def read(self, size: int) -> bytes:
        parts, length = [self._rest], len(self._rest)
        while length < size and (line := next(self._lines, None)) is not None:
            parts.append(line)
            length += len(line)
        whole = b"".join(parts)
        self._rest = whole[size:]
        return whole[:size]
