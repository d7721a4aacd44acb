"""Taking over older records: every row once, its dates kept, bad rows named, nothing made up."""

import csv
import io
import json
import statistics
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command

from grievances.choices import Confirmation, Source, Status
from grievances.models import Grievance, GrievanceEvent
from grievances.services.filing import file_grievance
from grievances.services.history import COLUMNS, InvalidHistory, import_history
from grievances.workflow import TABLE
from linjiang.common.errors import InvalidInput, NotAllowed
from orgs.services.system import system_user
from orgs.services.units import create_unit
from tests.factories import SHANGHAI, make_user

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=SHANGHAI)
GOOD = {
    "id": "1",
    "author": "王小明",
    "title": "路灯不亮",
    "reported_at": "2025-05-01 09:30:00",
    "body": "村口的路灯坏了，\n晚上看不见。",
    "reply": "已修好。",
    "replied_at": "2025-05-03 10:00:00",
}


@pytest.fixture
def unit():
    return create_unit(actor=system_user(), level="city", name="亳州市", code="3416")


def _text(*rows: dict, bom: bool = False) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    return ("\ufeff" if bom else "") + out.getvalue()


def _take_over(unit, *rows: dict, bom: bool = False, **options):
    lines = io.StringIO(_text(*rows, bom=bom), newline="")
    return import_history(actor=system_user(), unit=unit, lines=lines, now=NOW, **options)


@pytest.mark.parametrize("bom", [False, True])
def test_a_row_becomes_a_closed_case_with_its_five_steps(unit, bom):
    assert _take_over(unit, GOOD, bom=bom).new == 1
    case = Grievance.objects.get()
    assert case.description == GOOD["body"]
    assert (case.title, case.result, case.source) == ("路灯不亮", "已修好。", Source.IMPORT)
    assert (case.status, case.confirmation, case.rating) == (Status.CLOSED, Confirmation.IMPORTED, None)
    assert case.reported_at == datetime(2025, 5, 1, 9, 30, tzinfo=SHANGHAI)
    assert case.closed_at == datetime(2025, 5, 3, 10, 0, tzinfo=SHANGHAI)
    assert case.due_at is None
    assert case.next_alarm_at is None
    assert case.assigned_at is None
    assert case.acknowledged_at is None
    assert case.number == "LJ20250501-00001"
    assert case.contact.masked_name == "王*"
    assert not case.feedback.exists()
    steps = list(case.events.values_list("action", "at", "from_status", "to_status", "actor__is_system"))
    assert [step[0] for step in steps] == ["discover", "report", "assign", "acknowledge", "resolve", "feedback"]
    assert [step[1] for step in steps] == [case.reported_at] * 2 + [case.closed_at] * 4
    assert all(TABLE[before, action].to == after for action, _at, before, after, _system in steps[1:])
    assert all(step[4] for step in steps)


def test_importing_again_changes_nothing(unit):
    _take_over(unit, GOOD)
    before = list(Grievance.objects.values()), list(GrievanceEvent.objects.values())
    counts = _take_over(unit, GOOD)
    assert (counts.new, counts.unchanged) == (0, 1)
    assert (list(Grievance.objects.values()), list(GrievanceEvent.objects.values())) == before


def test_a_row_that_says_something_else_now_is_told_and_left(unit):
    _take_over(unit, GOOD)
    counts = _take_over(unit, GOOD | {"body": "另外一件事"})
    assert (counts.new, counts.unchanged, counts.differing) == (0, 0, [2])
    assert Grievance.objects.get().description == GOOD["body"]


def test_a_reply_at_once_and_one_after_years_are_real(unit):
    at_once = GOOD | {"replied_at": GOOD["reported_at"]}
    late = GOOD | {"id": "2", "reported_at": "2020-01-01 08:00:00", "replied_at": "2023-03-06 08:00:00"}
    assert _take_over(unit, at_once, late).new == 2


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"reported_at": ""}, "reported_at"),
        ({"replied_at": "去年五月"}, "replied_at"),
        ({"replied_at": "2025-02-30 10:00:00"}, "replied_at"),
        ({"replied_at": "2025-05-01 09:29:59"}, "older|早"),
        ({"replied_at": "2027-01-01 00:00:00"}, "replied_at"),
        ({"reported_at": "1900-01-01 00:00:00"}, "reported_at"),
        ({"body": "  "}, "body"),
        ({"reply": ""}, "reply"),
        ({"id": ""}, "id"),
        ({"body": "坏\x00了"}, "NUL"),
    ],
)
def test_a_bad_row_is_named_by_line_and_nothing_is_applied(unit, change, word):
    bad = GOOD | {"id": "9"} | change
    with pytest.raises(InvalidHistory) as error:
        _take_over(unit, GOOD, bad)
    (row,) = error.value.rows
    assert row.line == 4  # the first row's body has a line break
    assert any(part in row.reason for part in word.split("|"))
    assert not Grievance.objects.exists()
    counts = _take_over(unit, GOOD, bad, skip_bad=True)
    assert counts.new == 1
    assert [left.line for left in counts.skipped] == [4]


def test_an_id_that_stands_twice(unit):
    assert _take_over(unit, GOOD, GOOD).repeated == 1
    with pytest.raises(InvalidHistory) as error:
        _take_over(unit, GOOD, GOOD | {"reply": "没有修"})
    assert [row.line for row in error.value.rows] == [4]


@pytest.mark.usefixtures("english")
def test_files_that_are_none(unit, tmp_path):
    with pytest.raises(InvalidInput, match="author"):
        import_history(actor=system_user(), unit=unit, lines=["id,title\n"], now=NOW)
    gbk = tmp_path / "gbk.csv"
    gbk.write_bytes(_text(GOOD).encode("gbk"))
    with pytest.raises(CommandError, match="UTF-8"):
        call_command("import_grievances", str(gbk), unit="3416")
    with pytest.raises(CommandError, match=r"missing\.csv"):
        call_command("import_grievances", str(tmp_path / "missing.csv"), unit="3416")
    with pytest.raises(CommandError, match="99"):
        call_command("import_grievances", str(gbk), unit="99")
    assert not Grievance.objects.exists()


def test_only_for_those_who_administer_the_place(unit):
    with pytest.raises(NotAllowed):
        import_history(actor=make_user(), unit=unit, lines=io.StringIO(_text(GOOD)), now=NOW)


def test_todays_numbers_stay_the_running_counters(unit):
    _take_over(unit, GOOD | {"reported_at": "2026-03-04 08:00:00", "replied_at": "2026-03-04 09:00:00"})
    case, _new = file_grievance(actor=system_user(), unit=unit, description="新的一件", now=NOW)
    assert {case.number, *Grievance.objects.values_list("number", flat=True)} == {
        "LJ20260304-00001",
        "LJ20260304-00002",
    }


@pytest.mark.usefixtures("english")
def test_real_petitions_all_come_in_and_the_rates_agree(unit, shared_data):
    file = shared_data / "messages" / "replied.csv"
    out = io.StringIO()
    call_command("import_grievances", str(file), unit="3416", stdout=out)
    assert "1444 new, 0 unchanged" in out.getvalue()
    assert Grievance.objects.filter(status=Status.CLOSED).count() == 1444

    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    hours = [
        (
            datetime.fromisoformat(row["replied_at"]).replace(tzinfo=UTC)
            - datetime.fromisoformat(row["reported_at"]).replace(tzinfo=UTC)
        ).total_seconds()
        / 3600
        for row in rows
    ]
    out = io.StringIO()
    call_command("closure_rates", unit="3416", since="2000-01-01", until="2025-12-31", format="json", stdout=out)
    rates = json.loads(out.getvalue())
    assert rates["closed"]["value"] == len(rows) == 1444
    assert rates["time_to_close"]["median_hours"] == pytest.approx(statistics.median(hours), rel=0.05)
    ninetieth = statistics.quantiles(hours, n=10, method="inclusive")[8]
    assert rates["time_to_close"]["p90_hours"] == pytest.approx(ninetieth, rel=0.05)
    assert rates["feedback_coverage"]["numerator"] == 0

    out = io.StringIO()
    call_command("import_grievances", str(file), unit="3416", stdout=out)
    assert "0 new, 1444 unchanged" in out.getvalue()
