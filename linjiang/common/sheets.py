"""Workbooks (.xlsx) that hold what people typed and are safe to open, written row by row in constant memory.

    with Book(path) as book:
        sheet = book.sheet("办结率", [Column("单元"), Column("受理量", Kind.WHOLE), Column("办结率", Kind.RATE)])
        sheet.add(["花戏楼街道", 208000, 0.9904])

A cell never holds a formula or a link: text goes in as text, and text a spreadsheet would calculate if it were saved
as CSV or typed again gets an apostrophe in front (`neutral`). Dates and moments are dates in the city's time zone.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import BinaryIO

import xlsxwriter
from django.utils import timezone

from linjiang.common.text import printable

# What begins a formula for one spreadsheet or another, also behind blanks; full-width signs count in Chinese ones.
_FORMULA = re.compile(r"[\t\r\n]|\s*[=+\-@＝＋－＠]")
LONGEST = 32_000  # characters in a cell; a spreadsheet takes 32,767
CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\]")


class Kind(Enum):
    """What a column holds; how its cells are written."""

    TEXT = "@"
    WHOLE = "#,##0"
    NUMBER = "#,##0.0"
    RATE = "0.00%"  # given as a share: 0.9904
    DAY = "yyyy-mm-dd"
    MOMENT = "yyyy-mm-dd hh:mm"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its head, what it holds, how wide it is (in characters)."""

    title: str
    kind: Kind = Kind.TEXT
    width: float = 14


def neutral(text: object) -> str:
    """Return `text` as a spreadsheet may keep it: printable, not too long, no formula even when typed again.

    What begins with = + - @, a tab or a line end gets an apostrophe in front.
    """
    raw = str(text) if text is not None else ""
    kept = printable(raw)[:LONGEST]
    return f"'{kept}" if _FORMULA.match(raw) else kept


class Book:
    """A workbook being written to a file (a path or an open binary file); a context manager that closes it.

    Rows go to a temporary file at once, in `folder` where given: a sheet of 200,000 rows takes no more memory than one
    of ten.
    """

    def __init__(self, target: str | BinaryIO, *, folder: str | None = None) -> None:
        self._book = xlsxwriter.Workbook(
            target,
            {
                "constant_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
                "tmpdir": folder,
            },
        )
        self.formats = {kind: self._format(num_format=kind.value) for kind in Kind}
        self.formats[Kind.TEXT].set_text_wrap()
        self.head = self._format(bold=True, bg_color="#1F4E8C", font_color="#FFFFFF", border=1, text_wrap=True)
        self.note = self._format(font_color="#555555")
        self.title = self._format(bold=True, font_size=14)
        self._sheets: list[Sheet] = []

    def _format(self, **given) -> "xlsxwriter.format.Format":
        return self._book.add_format({"valign": "top", "font_name": "宋体", "font_size": 11, **given})

    def sheet(self, name: str, columns: Sequence[Column], *, title: str = "", notes: Iterable[str] = ()) -> "Sheet":
        """Begin a sheet called `name`: a title and notes on top where given, then the heads of `columns`."""
        sheet = Sheet(self, self._book.add_worksheet(sheet_name(name)), columns, title=title, notes=notes)
        self._sheets.append(sheet)
        return sheet

    def close(self) -> None:
        """Write the workbook to its file."""
        for sheet in self._sheets:
            sheet.finish()
        self._book.close()

    def __enter__(self) -> "Book":
        return self

    def __exit__(self, kind, *_error) -> None:
        # An abandoned workbook has to be closed too: its temporary files go with it.
        self.close()


def sheet_name(name: str) -> str:
    """Return `name` as a sheet may be called: without the signs that are not allowed, at most 31 characters."""
    return _NOT_IN_NAMES.sub(" ", printable(name)).strip("' ")[:31].strip() or "Sheet1"


class Sheet:
    """One sheet: rows are added from top to bottom and never changed."""

    def __init__(self, book: Book, sheet, columns: Sequence[Column], *, title: str, notes: Iterable[str]) -> None:
        self._book, self._sheet, self.columns = book, sheet, tuple(columns)
        self._row = 0
        for place, column in enumerate(self.columns):
            sheet.set_column(place, place, column.width)
        if title:
            self._line(title, book.title)
        for note in notes:
            self._line(note, book.note)
        self._head = self._row
        for place, column in enumerate(self.columns):
            sheet.write_string(self._row, place, neutral(column.title), book.head)
        self._row += 1
        sheet.freeze_panes(self._row, 0)
        sheet.set_paper(9)  # A4
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(self._head)

    def _line(self, text: str, style) -> None:
        self._sheet.write_string(self._row, 0, neutral(text), style)
        self._row += 1

    def add(self, values: Sequence[object]) -> None:
        """Write one row; None leaves its cell empty. ValueError for more or fewer values than columns."""
        for place, (column, value) in enumerate(zip(self.columns, values, strict=True)):
            if value is not None and value != "":
                self._write(place, column.kind, value)
        self._row += 1

    def add_all(self, rows: Iterable[Sequence[object]]) -> int:
        """Write many rows and return how many they were."""
        before = self._row
        for row in rows:
            self.add(row)
        return self._row - before

    def _write(self, place: int, kind: Kind, value: object) -> None:
        style = self._book.formats[kind]
        if kind in (Kind.WHOLE, Kind.NUMBER, Kind.RATE) and isinstance(value, int | float):
            self._sheet.write_number(self._row, place, value, style)
        elif kind in (Kind.DAY, Kind.MOMENT) and isinstance(value, date):
            self._sheet.write_datetime(self._row, place, _local(value), style)
        else:
            self._sheet.write_string(self._row, place, neutral(value), self._book.formats[Kind.TEXT])

    def finish(self) -> None:
        """Give the heads their filters, now that the last row is known."""
        if self._row > self._head + 1:
            self._sheet.autofilter(self._head, 0, self._row - 1, len(self.columns) - 1)


def _local(value: date | datetime) -> date | datetime:
    """Return a moment as the city's clocks showed it; spreadsheets know no time zones."""
    if isinstance(value, datetime) and timezone.is_aware(value):
        return timezone.localtime(value).replace(tzinfo=None)
    return value
