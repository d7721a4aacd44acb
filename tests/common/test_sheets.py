"""Workbooks: nothing typed becomes a formula, days are the city's, a wrong row is refused."""

import io
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from linjiang.common.sheets import LONGEST, Book, Column, Kind, neutral, sheet_name
from linjiang.common.text import hide_numbers, printable


def written(columns, rows, **more):
    buffer = io.BytesIO()
    with Book(buffer) as book:
        sheet = book.sheet("表/一", columns, **more)
        assert sheet.add_all(rows) == len(rows)
    return load_workbook(buffer).worksheets[0]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@a", "\t=1", "\r=1", "\n=1", "  =1", "＝1", "＋1", "－1", "＠a"])
def test_what_a_spreadsheet_would_calculate_gets_an_apostrophe(text):
    assert neutral(text).startswith("'")
    cell = written([Column("词")], [[text]]).cell(2, 1)
    assert cell.data_type == "s"
    assert cell.value == neutral(text)


@given(st.text())
def test_whatever_is_typed_can_be_written_and_calculates_nothing(text):
    kept = neutral(text)
    assert not kept.lstrip().startswith(("=", "+", "-", "@"))
    assert len(kept) <= LONGEST + 1


@pytest.mark.parametrize("text", ["路灯坏了", "3-5号楼", "a=b", "王@李", ""])
def test_other_words_stay_as_they_are(text):
    assert neutral(text) == text


def test_numbers_rates_days_and_moments_are_what_they_are():
    columns = [Column("件", Kind.WHOLE), Column("率", Kind.RATE), Column("日", Kind.DAY), Column("时", Kind.MOMENT)]
    moment = datetime(2026, 3, 4, 16, 30, tzinfo=UTC)
    sheet = written(columns, [[208000, 0.9904, date(2026, 3, 4), moment], [None, None, None, None]])
    assert [str(cell.value) for cell in sheet[2]] == ["208000", "0.9904", "2026-03-04 00:00:00", "2026-03-05 00:30:00"]
    assert [cell.number_format for cell in sheet[2]] == [column.kind.value for column in columns]
    assert all(cell.value is None for cell in sheet[3])


def test_title_and_notes_stand_above_the_heads_and_heads_are_filtered():
    sheet = written([Column("编号"), Column("=题目")], [["一", "二"]], title="名单", notes=["=注"])
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [
        ["名单", None], ["'=注", None], ["编号", "'=题目"], ["一", "二"],
    ]  # fmt: skip
    assert sheet.auto_filter.ref == "A3:B4"
    assert sheet.freeze_panes == "A4"


def test_a_number_column_with_words_in_it_keeps_the_words():
    assert written([Column("件", Kind.WHOLE)], [["=很多"]]).cell(2, 1).value == "'=很多"


def test_a_row_with_another_number_of_values_is_refused():
    with pytest.raises(ValueError, match="argument"), Book(io.BytesIO()) as book:
        book.sheet("表", [Column("一"), Column("二")]).add(["只有一个"])


@pytest.mark.parametrize(
    ("name", "shown"), [("a/b:c", "a b c"), ("'", "Sheet1"), ("", "Sheet1"), ("长" * 40, "长" * 31)]
)
def test_sheets_have_names_that_are_allowed(name, shown):
    assert sheet_name(name) == shown


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("找老王13812345678。", "找老王138****5678。"),
        ("138 1234 5678", "138****5678"),
        ("１３８１２３４５６７８", "１３８****５６７８"),
        ("0558-5551234", "0558-****234"),
        ("0558 5551234", "0558 ****234"),
        ("341602195001011234", "****"),
        ("34160219500101123X", "****"),
        ("2026-03-04 12:00", "2026-03-04 12:00"),
        ("3栋2单元501", "3栋2单元501"),
        ("LJ20261122-00031", "LJ20261122-00031"),
        ("金额 20000 元", "金额 20000 元"),
        (None, ""),
    ],
)
def test_telephone_and_identity_numbers_are_starred_and_other_numbers_are_not(text, hidden):
    assert hide_numbers(text) == hidden


def test_what_cannot_be_printed_is_left_out():
    assert printable("甲\x00\x08乙\ud800\r\n丙\t丁") == "甲乙\n丙\t丁"
    assert printable(None) == ""
