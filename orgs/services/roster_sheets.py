"""Reading a roster workbook as town offices keep it: pure, no database.

One row per neighbour chief. Columns are found by their headers wherever they stand; a blank place or leader means
"as above"; merged cells count in each of their rows. What is read here is checked against the tree in `roster_plan`.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from django.utils.translation import gettext as _
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetVisibleEnum

from linjiang.common.errors import InvalidInput
from linjiang.common.text import clean, clean_phone, is_mobile, listed
from orgs.services.roster_headers import HEADER_SEARCH_ROWS, PEOPLE, PLACES, TITLES, Header, find_header

MAX_BYTES = 30 * 1024 * 1024
MAX_UNPACKED_BYTES = 600 * 1024 * 1024
# Rows times columns of a sheet: a city's 107,555 chiefs in twelve columns are 1.3 million cells. One stray cell in
# the last corner would otherwise unfold into seventeen thousand million.
MAX_CELLS = 12_000_000
MAX_HOUSEHOLDS = 32_767

_CELL = re.compile(rb'<(?:\w+:)?c [^>]{0,200}?\br="([A-Z]{1,3})(\d{1,7})"')
_CHUNK = 1 << 20
_CJK_GAP = re.compile(r"(?<=[\u3400-\u9fff]) +(?=[\u3400-\u9fff0-9A-Za-z])|(?<=[0-9A-Za-z]) +(?=[\u3400-\u9fff])")
_TOTALS = ("合计", "总计", "小计", "共计")
_REMARKS = ("注:", "注：", "备注", "说明", "填表", "填报", "制表", "审核", "联系人")
EXAMPLE = "示例"


@dataclass(frozen=True, slots=True)
class BadRow:
    """Why a row cannot be used: where it stands (rows count from 1, as the sheet shows them) and what to mend."""

    sheet: str
    row: int
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class Person:
    """A name and a mobile number as the roster gives them."""

    name: str
    phone: str


@dataclass(frozen=True, slots=True)
class RosterRow:
    """One chief's row with every "as above" filled in. A person is None where the seat is vacant."""

    sheet: str
    row: int
    district: str
    street: str
    community: str
    zone: str
    group: str
    neighbourhood: str
    zone_leader: Person | None
    group_leader: Person | None
    chief: Person | None
    households: int | None

    @property
    def place(self) -> str:
        """The neighbourhood with all that is above it, as one line."""
        parts = (self.district, self.street, self.community, self.zone, self.group, self.neighbourhood)
        return " ".join(part for part in parts if part)


@dataclass(slots=True)
class Reading:
    """What a workbook says, and what of it could not be understood.

    `unusable` are the rows that `bad` speaks of; only their places are to be looked at.
    """

    rows: list[RosterRow] = field(default_factory=list)
    unusable: list[RosterRow] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)
    skipped_sheets: list[str] = field(default_factory=list)


def read_roster(file) -> Reading:
    """Return the rows of the .xlsx workbook `file` (bytes, or opened for reading in binary mode).

    Raise InvalidInput for what is no workbook, is locked with a password, is too large, or has no roster in it.
    """
    raw = _bytes(file)
    reading = Reading()
    found_header = False
    for sheet in _sheets(raw, reading):
        rows = _cells(sheet)
        header = find_header(rows)
        if header is None:
            reading.skipped_sheets.append(sheet.name)
            continue
        found_header = True
        if header.missing:
            names = listed(TITLES[column] for column in header.missing)
            reason = _("The header lacks: %(columns)s.") % {"columns": names}
            reading.bad.append(BadRow(sheet.name, header.row + 1, names, reason))
            continue
        _read_sheet(sheet.name, rows, header, reading)
    if not found_header:
        raise InvalidInput(
            {
                "file": _("No roster found: the first %(count)s rows of no sheet hold the headers %(columns)s.")
                % {"count": HEADER_SEARCH_ROWS, "columns": listed(TITLES.values())}
            }
        )
    if not reading.rows and not reading.bad:
        raise InvalidInput({"file": _("The roster has a header but no row below it.")})
    return reading


def _bytes(file) -> bytes:
    raw = file if isinstance(file, bytes) else file.read(MAX_BYTES + 1)
    if not raw:
        raise InvalidInput({"file": _("The file is empty.")})
    if len(raw) > MAX_BYTES:
        raise InvalidInput(
            {"file": _("The file is larger than %(count)s MB. Please split it by street.") % {"count": MAX_BYTES >> 20}}
        )
    if raw.startswith(b"\xd0\xcf\x11\xe0"):
        raise InvalidInput(
            {"file": _("This is an old .xls file or locked with a password. Please save it as .xlsx without one.")}
        )
    return raw


def _not_a_workbook() -> InvalidInput:
    return InvalidInput({"file": _("This is not an Excel workbook (.xlsx), or it is damaged.")})


def _sheets(raw: bytes, reading: Reading) -> Iterator[CalamineSheet]:
    """Yield the visible sheets; hidden ones hold what the office no longer shows."""
    try:
        _check_archive(raw)
        book = CalamineWorkbook.from_filelike(io.BytesIO(raw))
        for sheet in book.sheets_metadata:
            if sheet.visible == SheetVisibleEnum.Visible:
                yield book.get_sheet_by_name(sheet.name)
            else:
                reading.skipped_sheets.append(sheet.name)
    except (CalamineError, zipfile.BadZipFile, zipfile.LargeZipFile, OSError, EOFError) as error:
        raise _not_a_workbook() from error
    except (ValueError, KeyError, NotImplementedError, RuntimeError, zipfile.zlib.error) as error:
        raise _not_a_workbook() from error


def _check_archive(raw: bytes) -> None:
    """Refuse an archive that is no workbook or would unfold beyond what a roster can be."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        parts = archive.infolist()
        if "xl/workbook.xml" not in archive.namelist():
            raise _not_a_workbook()
        if sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
            raise InvalidInput({"file": _("The workbook is too large. Please split it by street.")})
        for part in parts:
            if part.filename.startswith("xl/worksheets/") and part.filename.endswith(".xml"):
                _check_extent(archive, part)


def _check_extent(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    width, height, rest = 0, 0, b""
    with archive.open(part) as stream:
        while chunk := stream.read(_CHUNK):
            text = rest + chunk
            cells = _CELL.findall(text)
            width = max([width, *map(_column_number, {letters for letters, _number in cells})])
            height = max([height, *(int(number) for _letters, number in cells)])
            rest = text[-256:]
    if width * height > MAX_CELLS:
        raise InvalidInput(
            {
                "file": _(
                    "A sheet reaches down to row %(row)s and over %(columns)s columns. Please delete what is empty."
                )
                % {"row": height, "columns": width}
            }
        )


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _cells(sheet: CalamineSheet) -> list[list]:
    """Return the sheet's cells from A1 on, a merged cell's value standing in each of its cells."""
    rows = sheet.to_python(skip_empty_area=False)
    width = max((len(row) for row in rows), default=0)
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or []:
        if top >= len(rows) or left >= width:
            continue
        value = rows[top][left]
        for row in rows[top : bottom + 1]:
            row[left : min(right + 1, width)] = [value] * (min(right + 1, width) - left)
    return rows


# A roster says the same street, community and leader thousands of times. Typed: True and 1.0 are different cells.
@lru_cache(maxsize=4096, typed=True)
def squeeze(value: object) -> str:
    """Return a name without the stray spaces that offices put between Chinese characters (王 伟 → 王伟)."""
    return _CJK_GAP.sub("", clean(value))


class _AsAbove:
    """What blanks mean: the nearest value above, forgotten as soon as a higher level changes."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def fill(self, cells: dict[str, str]) -> bool:
        """Fill the blank places of `cells` and return whether any place differs from the row above."""
        changed = False
        for place in PLACES:
            given = cells[place]
            if given and given != self.values.get(place):
                changed = True
            cells[place] = given or ("" if changed else self.values.get(place, ""))
            leader = f"{place}_leader"
            if leader in cells:
                self._fill_leader(cells, leader, changed=changed)
        self.values = {column: value for column, value in cells.items() if column not in _OWN}
        return changed

    def _fill_leader(self, cells: dict[str, str], leader: str, *, changed: bool) -> None:
        """A leader's name and number go together: a number belongs to the name beside or above it."""
        phone = f"{leader}_phone"
        if changed:
            return
        if not cells[leader] and not cells[phone]:
            cells[leader], cells[phone] = self.values.get(leader, ""), self.values.get(phone, "")
        elif cells[leader] == self.values.get(leader):
            cells[phone] = cells[phone] or self.values.get(phone, "")
        elif not cells[leader] and cells[phone] == self.values.get(phone):
            cells[leader] = self.values.get(leader, "")


_OWN = ("neighbourhood", "chief", "chief_phone", "households")


def _read_sheet(sheet: str, rows: list[list], header: Header, reading: Reading) -> None:
    above = _AsAbove()
    for index in range(header.below, len(rows)):
        cells = _columns(rows[index], header)
        if _is_idle(cells, rows[index], header):
            continue
        changed = above.fill(cells)
        if not changed and not any(cells[column] for column in _OWN):
            continue  # a merged place that reaches below the last chief
        faults: list[tuple[str, str]] = []
        row = _row(sheet, index + 1, cells, faults)
        reading.bad += [BadRow(sheet, index + 1, TITLES[column], reason) for column, reason in faults]
        (reading.unusable if faults else reading.rows).append(row)


def _columns(row: list, header: Header) -> dict[str, str]:
    cells = dict.fromkeys(TITLES, "")
    for column, place in header.places.items():
        value = row[place] if place < len(row) else None
        cells[column] = _phone(value) if column.endswith("_phone") else squeeze(value)
    return cells


_phone = lru_cache(maxsize=4096, typed=True)(clean_phone)


def _is_idle(cells: dict[str, str], row: list, header: Header) -> bool:
    """Say whether the row is none of a chief's: blank, a total, a remark, the example, the header once more."""
    first = next((squeeze(value) for value in row if squeeze(value)), "")
    own_blank = not (cells["neighbourhood"] or cells["chief"] or cells["chief_phone"])
    return (
        not any(cells.values())
        or first.startswith(EXAMPLE)
        or (own_blank and first.startswith((*_TOTALS, *_REMARKS)))
        or header.is_repeated(row)
    )


def _row(sheet: str, number: int, cells: dict[str, str], faults: list[tuple[str, str]]) -> RosterRow:
    for place in (*PLACES, "neighbourhood"):
        if place != "district" and not cells[place]:
            reason = _("This is missing, and nothing above it says what it is.")
            faults.append((place, _("This is missing.") if place == "neighbourhood" else reason))
        elif len(cells[place]) > 64:
            faults.append((place, _("This is longer than %(count)s characters.") % {"count": 64}))
    people = {role: _person(role, cells, faults) for role in PEOPLE}
    households = _households(cells["households"], faults)
    places = {place: cells[place] for place in (*PLACES, "neighbourhood")}
    return RosterRow(sheet=sheet, row=number, households=households, **places, **people)


def _person(role: str, cells: dict[str, str], faults: list[tuple[str, str]]) -> Person | None:
    name, phone = cells[role], cells[f"{role}_phone"]
    if not name and not phone:
        return None
    if not name:
        faults.append((role, _("There is a number but no name.")))
    elif len(name) > 64:
        faults.append((role, _("This is longer than %(count)s characters.") % {"count": 64}))
    if not phone:
        faults.append(
            (f"{role}_phone", _("%(name)s has no phone number; it is what people sign in with.") % {"name": name})
        )
    elif not is_mobile(phone):
        reason = _("“%(phone)s” is not a mobile number: eleven digits, beginning with 13 to 19.")
        faults.append((f"{role}_phone", reason % {"phone": phone[:30]}))
    return Person(name, phone)


def _households(text: str, faults: list[tuple[str, str]]) -> int | None:
    digits = text.removesuffix("户")
    if not digits:
        return None
    if digits.isascii() and digits.isdigit() and len(digits) <= 6 and int(digits) <= MAX_HOUSEHOLDS:
        return int(digits)
    faults.append(("households", _("“%(text)s” is not a number of households.") % {"text": text[:30]}))
    return None
