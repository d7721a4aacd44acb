"""Reading rosters as town offices keep them."""

import io
import zipfile

import openpyxl
import pytest

from linjiang.common.errors import InvalidInput
from orgs.services import roster_sheets
from orgs.services.roster_sheets import Person, read_roster
from orgs.services.roster_template import roster_template
from tests.orgs.workbooks import HEADER, PLACE, roster, row, workbook


def places(reading):
    return [(r.street, r.community, r.zone, r.group, r.neighbourhood) for r in reading.rows]


def faults(reading):
    return [(bad.row, bad.column) for bad in reading.bad]


def test_a_plain_row():
    reading = read_roster(roster(row()))
    assert not reading.bad
    (one,) = reading.rows
    assert places(reading) == [(*PLACE, "东片", "一组", "甲邻")]
    assert (one.chief, one.zone_leader) == (Person("赵一", "13700000001"), Person("钱片", "13700000091"))
    assert (one.group_leader, one.households) == (Person("孙组", "13700000092"), 10)
    assert (one.sheet, one.row) == ("表1", 2)


def test_any_order_more_columns_and_a_title_above():
    cells = dict(zip(HEADER, row(), strict=True)) | {"备注": "党员", "序号": 1}
    order = ["序号", "邻长电话", "邻长", "邻", "户数", "备注", *HEADER[:8]]
    plain = read_roster(roster(row()))
    messy = read_roster(
        workbook([["花戏楼街道邻长花名册"], [], ["2026年3月"], order, [cells[column] for column in order]])
    )
    assert messy.rows[0].row == 5
    assert (messy.rows[0].place, messy.rows[0].chief) == (plain.rows[0].place, plain.rows[0].chief)


def test_blanks_mean_as_above():
    blank = dict.fromkeys(HEADER[:8], "")
    reading = read_roster(roster(row(), row("乙邻", "周二", "13700000002", **blank)))
    assert [r.neighbourhood for r in reading.rows] == ["甲邻", "乙邻"]
    first, second = reading.rows
    assert (second.street, second.zone_leader, second.group_leader) == (
        first.street,
        first.zone_leader,
        first.group_leader,
    )


def test_a_blank_does_not_carry_over_a_change_higher_up():
    other = {"社区": "别社区", "片": "西片", "片长": "", "片长电话": "", "组": "", "组长": "", "组长电话": ""}
    reading = read_roster(roster(row(), row("乙邻", "周二", "13700000002", **other)))
    assert faults(reading) == [(3, "组")]
    leaderless = read_roster(roster(row(), row("乙邻", "周二", "13700000002", **(other | {"组": "一组"}))))
    assert not leaderless.bad
    assert (leaderless.rows[1].zone_leader, leaderless.rows[1].group_leader) == (None, None)


def test_a_chief_is_never_taken_from_above():
    reading = read_roster(roster(row(), row("乙邻", "", "", "")))
    assert (reading.rows[1].chief, reading.rows[1].households) == (None, None)


def test_blanks_start_anew_on_each_sheet():
    blank = dict.fromkeys(HEADER[:8], "")
    reading = read_roster(workbook([HEADER, row()], [HEADER, row("乙邻", "周二", "13700000002", **blank)]))
    assert [(bad.sheet, bad.column) for bad in reading.bad] == [
        ("表2", "街道"),
        ("表2", "社区"),
        ("表2", "片"),
        ("表2", "组"),
    ]


def test_merged_cells_count_in_each_row():
    blank = {"街道": "", "社区": "", "邻长": "", "邻长电话": ""}
    rows = [
        HEADER,
        row(街道="", 邻长="", 邻长电话=""),
        row("乙邻", **blank),
        row("丙邻", "吴三", "13700000003", 街道=""),
    ]
    data = workbook(
        rows, merges=[(0, 1, 0, 3, 0, "花戏楼街道"), (0, 1, 9, 2, 9, "赵一"), (0, 1, 10, 2, 10, 13700000001)]
    )
    reading = read_roster(data)
    assert not reading.bad
    assert [r.chief.name for r in reading.rows] == ["赵一", "赵一", "吴三"]
    assert {r.street for r in reading.rows} == {"花戏楼街道"}


def test_a_merge_that_reaches_below_the_last_chief():
    data = workbook([HEADER, row(街道=""), [], []], merges=[(0, 1, 0, 3, 0, "花戏楼街道")])
    reading = read_roster(data)
    assert (len(reading.rows), reading.bad) == (1, [])


def test_a_header_two_rows_high():
    upper = ["街道", "社区", "片", "片长", "", "组", "组长", "", "邻", "邻长", "", "户数"]
    lower = ["", "", "", "姓名", "电话", "", "姓名", "手机号", "", "姓名", "联系电话", ""]
    merges = [(0, 0, place, 1, place, upper[place]) for place in (0, 1, 2, 5, 8, 11)]
    merges += [(0, 0, place, 0, place + 1, upper[place]) for place in (3, 6, 9)]
    reading = read_roster(workbook([upper, lower, row()], merges=merges))
    assert not reading.bad
    assert reading.rows[0].chief == Person("赵一", "13700000001")
    assert reading.rows[0].zone_leader == Person("钱片", "13700000091")


@pytest.mark.parametrize("word", ["手机号", "联系电话", "电话", "联系方式"])
def test_a_bare_phone_header_belongs_to_the_name_beside_it(word):
    header = [word if column == "邻长电话" else column for column in HEADER]
    assert read_roster(workbook([header, row()])).rows[0].chief.phone == "13700000001"


def test_a_bare_phone_header_elsewhere_belongs_to_nobody():
    order = [column for column in HEADER if column != "邻长电话"] + ["手机号"]
    reading = read_roster(workbook([order, ["x"]]))
    assert [(bad.row, bad.column) for bad in reading.bad] == [(1, "邻长电话")]


def test_other_words_for_the_columns():
    header = [
        "乡镇(街道)",
        "村（社区）",
        "片区名称",
        "片长姓名",
        "片长手机号码",
        "组 别",
        "组长",
        "组长电话",
        "邻 里",
        "邻长姓名*",
        "邻长联系电话",
        "户数：",
    ]
    header[5] = "小组"
    assert not read_roster(workbook([header, row()])).bad


@pytest.mark.parametrize(
    ("given", "phone"),
    [
        (13700000001, "13700000001"),
        (13700000001.0, "13700000001"),
        ("１３７００００000１", "13700000001"),
        (" 137 0000 0001 ", "13700000001"),
        ("+86 137-0000-0001", "13700000001"),
    ],
)
def test_phones_as_offices_store_them(given, phone):
    assert read_roster(roster(row(phone=given))).rows[0].chief.phone == phone


@pytest.mark.parametrize("phone", ["1370000000", "0558-5512345", "1.37E+10", "13700000001/13700000002", "无", "=1+1x"])
def test_numbers_nobody_can_sign_in_with(phone):
    assert faults(read_roster(roster(row(phone=phone)))) == [(2, "邻长电话")]


def test_names_with_stray_spaces_and_full_width_digits():
    one = read_roster(roster(row("第 １ 邻", " 赵　一 "))).rows[0]
    assert (one.neighbourhood, one.chief.name) == ("第1邻", "赵一")
    assert read_roster(roster(row(1, "赵一"))).rows[0].neighbourhood == "1"


@pytest.mark.parametrize(("given", "count"), [("１２户", 12), (8.0, 8), ("", None), ("0", 0)])
def test_households(given, count):
    assert read_roster(roster(row(households=given))).rows[0].households == count


@pytest.mark.parametrize("given", ["十二", -3, 5.5, 99999999, True])
def test_households_that_are_no_number(given):
    assert faults(read_roster(roster(row(households=given)))) == [(2, "户数")]


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"邻": ""}, "邻"),
        ({"邻长": ""}, "邻长"),
        ({"邻长电话": ""}, "邻长电话"),
        ({"街道": ""}, "街道"),
        ({"片长电话": ""}, "片长电话"),
        ({"片长": ""}, "片长"),
        ({"邻长": "长" * 65}, "邻长"),
        ({"邻": "长" * 65}, "邻"),
    ],
)
def test_rows_with_something_missing(change, column):
    reading = read_roster(roster(row(**change)))
    assert faults(reading) == [(2, column)]
    assert not reading.rows


def test_every_fault_of_a_row_is_told_at_once():
    reading = read_roster(roster(row(households="x", phone="y", 邻="")))
    assert faults(reading) == [(2, "邻"), (2, "邻长电话"), (2, "户数")]


def test_totals_remarks_repeated_headers_and_blank_rows_are_passed_over():
    total = ["合计"] + [""] * 10 + [10]
    reading = read_roster(roster(row(), [], total, HEADER, ["备注：以上为全部"], row("乙邻", "周二", "13700000002")))
    assert ([r.row for r in reading.rows], reading.bad) == ([2, 7], [])


def test_hidden_sheets_and_sheets_without_a_roster_are_named():
    reading = read_roster(workbook([["说明"]], [HEADER, row()], [HEADER, row("旧邻")], hidden=[2]))
    assert [r.sheet for r in reading.rows] == ["表2"]
    assert reading.skipped_sheets == ["表1", "表3"]


def test_openpyxl_workbooks_with_empty_formatted_cells():
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(HEADER)
    sheet.append(row())
    sheet.cell(row=400, column=30).font = openpyxl.styles.Font(bold=True)
    buffer = io.BytesIO()
    book.save(buffer)
    assert len(read_roster(buffer.getvalue()).rows) == 1


def test_the_template_holds_only_its_example():
    data = roster_template()
    with pytest.raises(InvalidInput, match=r".+"):
        read_roster(data)
    book = openpyxl.load_workbook(io.BytesIO(data))
    sheet = book.worksheets[0]
    assert [cell.value for cell in sheet[1]] == HEADER
    assert sheet.column_dimensions["K"].width > 10
    for place, value in enumerate(row(), start=1):
        sheet.cell(row=3, column=place, value=value)
    buffer = io.BytesIO()
    book.save(buffer)
    assert [r.row for r in read_roster(buffer.getvalue()).rows] == [3]


def _zip(**parts) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/"), content)
    return buffer.getvalue()


def _last_corner() -> bytes:
    book = openpyxl.Workbook()
    book.active.append(HEADER)
    book.active["XFD1048576"] = "x"
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


GOOD = roster(row())
NOT_ROSTERS = {
    "empty": b"",
    "text": "街道,社区\n".encode(),
    "picture": b"\x89PNG\r\n\x1a\n" + b"\0" * 100,
    "old xls or locked": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
    "cut off": GOOD[: len(GOOD) // 2],
    "zip of something else": _zip(hello="world"),
    "workbook in name only": _zip(**{"xl__workbook.xml": "<x/>", "[Content_Types].xml": "<x/>"}),
    "broken xml": _zip(**{"xl__workbook.xml": "<workbook><sheets>", "xl__worksheets__sheet1.xml": "<"}),
    "no header": workbook([["甲", "乙"], ["丙"]]),
    "header alone": workbook([HEADER]),
    "no sheet data": workbook([]),
    "a cell in the last corner": _last_corner(),
}


@pytest.mark.parametrize("name", NOT_ROSTERS)
def test_files_that_are_no_rosters_are_refused_with_a_message(name):
    with pytest.raises(InvalidInput) as raised:
        read_roster(io.BytesIO(NOT_ROSTERS[name]))
    assert str(raised.value.errors["file"])


def test_flipped_bytes_never_end_in_a_traceback():
    messages = set()
    for place in range(0, len(GOOD), 37):
        broken = GOOD[:place] + bytes([GOOD[place] ^ 0xFF]) + GOOD[place + 1 :]
        try:
            read_roster(broken)
        except InvalidInput as error:
            messages.add(str(error.errors["file"]))
    assert messages
    assert all(messages)


def test_files_too_large_are_refused_before_they_are_read(monkeypatch):
    monkeypatch.setattr(roster_sheets, "MAX_BYTES", 1000)
    with pytest.raises(InvalidInput):
        read_roster(io.BytesIO(GOOD))
    monkeypatch.undo()
    monkeypatch.setattr(roster_sheets, "MAX_UNPACKED_BYTES", 1000)
    with pytest.raises(InvalidInput):
        read_roster(GOOD)
