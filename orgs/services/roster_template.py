"""The empty roster that can be downloaded: headers, one marked example, a sheet of notes."""

import io

import xlsxwriter
from django.utils.translation import gettext as _

from orgs.choices import Level
from orgs.profile import profile
from orgs.services.roster_headers import TITLES
from orgs.services.roster_sheets import EXAMPLE

# The district column is needed only where two streets share a name; the template leaves it out.
_COLUMNS = tuple(column for column in TITLES if column != "district")
_EXAMPLE_ROW = {
    "street": f"{EXAMPLE}：花戏楼街道",
    "community": "花戏楼社区",
    "zone": "第一片",
    "zone_leader": "王建国",
    "zone_leader_phone": "13800000001",
    "group": "第一组",
    "group_leader": "李桂英",
    "group_leader_phone": "13800000002",
    "neighbourhood": "第一邻",
    "chief": "张秀兰",
    "chief_phone": "13800000003",
    "households": 12,
}
_ROWS_AS_TEXT = 5000


def roster_template() -> bytes:
    """Return an .xlsx workbook to fill in; phone columns are text, so that no digit is lost."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        head = book.add_format({"bold": True, "bg_color": "#1F4E8C", "font_color": "#FFFFFF", "border": 1})
        example = book.add_format({"italic": True, "font_color": "#7A7A7A", "num_format": "@"})
        text = book.add_format({"num_format": "@"})
        sheet = book.add_worksheet("邻长名册")
        sheet.freeze_panes(1, 0)
        for place, column in enumerate(_COLUMNS):
            phone = column.endswith("_phone")
            sheet.set_column(place, place, 16 if phone or place < 3 else 10, text if phone else None)
            sheet.write_string(0, place, TITLES[column], head)
            value = _EXAMPLE_ROW[column]
            if isinstance(value, str):
                sheet.write_string(1, place, value, example)
            else:
                sheet.write_number(1, place, value, example)
        last = _COLUMNS.index("households")
        sheet.data_validation(
            1,
            last,
            _ROWS_AS_TEXT,
            last,
            {"validate": "integer", "criteria": ">=", "value": 0, "ignore_blank": True},
        )
        notes = book.add_worksheet("填写说明")
        notes.set_column(0, 0, 90)
        for row, line in enumerate(_notes()):
            notes.write_string(row, 0, line)
    return buffer.getvalue()


def _notes() -> list[str]:
    rule = profile().sizes.get(Level.NEIGHBOURHOOD)
    lines = [
        _("One row per neighbour chief. The grey example row is not imported; delete it or leave it."),
        _("A place or leader that stays the same as in the row above may be left blank, or the cells merged."),
        _("Streets and communities must exist already; zones, groups and neighbourhoods are made by the import."),
        _("People are known by their mobile number: the same number with another name renames the person."),
        _("Another number in a neighbourhood is a handover: the former chief's post ends, the new one's begins."),
        _("One person may stand in several rows."),
        _("Columns may stand in any order; further columns are ignored. Several sheets are read."),
        _("Where two streets share a name, add a column 区县."),
    ]
    if rule:
        text = _("A neighbourhood should have %(low)s to %(high)s households; others are marked, not refused.")
        lines.append(text % {"low": rule.low, "high": rule.high})
    return lines
