"""The work calendar in the database: loaded once, kept as the city edits it, imported whole or not at all."""

from datetime import date, datetime, timedelta

import pytest
from django.utils import translation

from grievances.services.calendar_watch import missing_years, remind_of_missing_calendar
from linjiang.common.errors import InvalidInput
from notifications.models import Message
from orgs.choices import Role
from orgs.models import CalendarYear, RuleChange, WorkCalendarDay
from orgs.rules import read_calendar, rules_version
from orgs.services.calendar import (
    FIRST_YEAR,
    days_of_library,
    forget_day,
    import_calendar,
    load_library_years,
    load_year,
    set_day,
)
from orgs.services.posts import end_post
from orgs.services.system import system_user
from orgs.services.units import create_unit
from tests.factories import NOON, SHANGHAI, make_post

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)
NOVEMBER = datetime(2026, 11, 2, 9, 0, tzinfo=SHANGHAI)  # a Monday


def load_library() -> list[int]:
    return load_library_years(actor=system_user(), now=NOON)


def take(text: str) -> list[int]:
    return import_calendar(actor=system_user(), text=text, source="notice.csv", now=NOON, whole=True)


def put(day: date, is_working: bool, name: str = "") -> None:
    set_day(actor=system_user(), day=day, is_working=is_working, name=name, now=NOON)


def test_the_library_s_years_are_loaded_once():
    years = load_library()
    assert years[0] == FIRST_YEAR
    assert {2025, 2026} <= set(years)
    assert set(CalendarYear.objects.values_list("year", flat=True)) == set(years)
    assert WorkCalendarDay.objects.filter(day__year=2026).count() == len(days_of_library(2026))
    assert RuleChange.objects.count() == 1
    assert load_library() == []
    assert RuleChange.objects.count() == 1


def test_the_days_are_those_of_the_notice():
    load_library()
    calendar = read_calendar()
    assert not calendar.is_working(date(2026, 2, 17))
    assert calendar.is_working(date(2026, 2, 14))
    assert WorkCalendarDay.objects.get(day=date(2026, 2, 17)).name == "春节"


def test_what_the_city_edited_stays():
    load_library()
    put(date(2026, 3, 5), False, "停电")
    forget_day(actor=system_user(), day=date(2026, 2, 14), now=NOON)
    load_library()
    calendar = read_calendar()
    assert not calendar.is_working(date(2026, 3, 5))
    assert not calendar.is_working(date(2026, 2, 14))


def test_what_the_city_set_in_a_year_before_it_is_known_stays():
    put(date(2026, 2, 17), True, "值班")
    put(date(2026, 3, 5), False, "停电")
    load_library()
    calendar = read_calendar()
    assert calendar.is_working(date(2026, 2, 17))
    assert not calendar.is_working(date(2026, 3, 5))
    assert not calendar.is_working(date(2026, 2, 18))


def test_a_year_the_library_lacks():
    with pytest.raises(LookupError):
        days_of_library(2099)


def test_a_day_set_and_forgotten_raises_the_version_each_time():
    before = rules_version()
    put(date(2026, 3, 7), True, "  补  班 ")
    row = WorkCalendarDay.objects.get()
    assert (row.is_working, row.name) == (True, "补 班")
    assert rules_version() > before
    assert read_calendar().is_working(date(2026, 3, 7))
    middle = rules_version()
    forget_day(actor=system_user(), day=date(2026, 3, 7), now=NOON)
    assert rules_version() > middle
    assert not read_calendar().is_working(date(2026, 3, 7))
    last = rules_version()
    forget_day(actor=system_user(), day=date(2026, 3, 7), now=NOON)
    assert rules_version() == last


def test_a_file_replaces_the_years_it_holds_and_no_other():
    load_library()
    put(date(2026, 3, 5), False, "停电")
    text = "\ufeffday,is_working,name\n2027-01-01,0,元旦\n2027/1/3,休,\n2027-02-06,上班,春节调休\n"
    with pytest.raises(InvalidInput):
        take(text)  # 2027/1/3 is not written as a day
    assert take(text.replace("2027/1/3", "2027/01/03")) == [2027]
    days = dict(WorkCalendarDay.objects.filter(day__year=2027).values_list("day", "is_working"))
    assert days == {date(2027, 1, 1): False, date(2027, 1, 3): False, date(2027, 2, 6): True}
    assert WorkCalendarDay.objects.filter(day=date(2026, 3, 5)).exists()
    assert CalendarYear.objects.get(year=2027).source == "notice.csv"
    assert take("day,is_working\n2027-05-01,no\n") == [2027]
    assert list(WorkCalendarDay.objects.filter(day__year=2027).values_list("day", flat=True)) == [date(2027, 5, 1)]


def test_the_lines_of_any_machine_are_read():
    assert take("day,is_working,name\r\n2027-01-01,0,元旦\r\n") == [2027]
    assert take("day,is_working,name\r2028-01-01,0,元旦\r") == [2028]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("2027-02-30,0,", "“2027-02-30” is not a day"),
        ("soon,0,", "“soon” is not a day"),
        (",0,", "“” is not a day"),
        ("0001-01-01,0,", "“0001-01-01” is not a day"),
        ("2027-01-02,maybe,", "not “maybe”"),
        ("2027-01-02", "not “”"),
        ("2027-01-01,1,", "2027-01-01 stands twice"),
        (f"2027-01-02,0,{'年' * 41}", "longer than 40 characters"),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_changed(line, problem):
    version = rules_version()
    with pytest.raises(InvalidInput) as refusal, translation.override("en"):
        take(f"day,is_working,name\n2027-01-01,0,元旦\n{line}\nxx,1,\n")
    assert "Line 3" in refusal.value.errors["file"]
    assert problem in refusal.value.errors["file"]
    assert "Line 4" in refusal.value.errors["file"]
    assert not CalendarYear.objects.exists()
    assert rules_version() == version


@pytest.mark.parametrize("text", ["", "day\n2027-01-01\n", "a,b\n1,2\n", "day,is_working\n"])
def test_a_file_without_columns_or_days(text):
    with pytest.raises(InvalidInput) as refusal:
        take(text)
    assert list(refusal.value.errors) == ["file"]


def test_a_name_as_long_as_the_column_is_kept_whole_and_a_longer_one_is_refused():
    take(f"day,is_working,name\n2027-01-01,0,{'元' * 40}\n")
    assert WorkCalendarDay.objects.get().name == "元" * 40
    with pytest.raises(InvalidInput) as refusal:
        put(date(2027, 1, 2), False, "元" * 41)
    assert list(refusal.value.errors) == ["name"]
    assert WorkCalendarDay.objects.count() == 1


def test_a_year_takes_only_its_own_days():
    with pytest.raises(InvalidInput):
        load_year(actor=system_user(), year=2027, days=[(date(2028, 1, 1), False, "元旦")], source="notice", now=NOON)
    assert not CalendarYear.objects.exists()


@pytest.mark.parametrize(
    ("moment", "missing"),
    [
        ("2026-10-31 23:59", []),
        ("2026-11-01 00:00", [2027]),
        ("2026-12-31 12:00", [2027]),
        ("2027-01-02 09:00", [2027]),
    ],
)
def test_next_year_is_wanted_from_november_on(moment, missing):
    load_library()
    CalendarYear.objects.filter(year__gt=2026).delete()
    assert missing_years(now=datetime.fromisoformat(moment).replace(tzinfo=SHANGHAI)) == missing


def test_administrators_are_told_once_a_week_until_it_is_loaded():
    load_library()
    CalendarYear.objects.filter(year__gt=2026).delete()
    city = create_unit(actor=system_user(), level="city", name="亳州市", parent=None, code="3416")
    admins = [make_post(Role.SYSTEM_ADMIN, unit=city, name=name).user for name in ("管理员甲", "管理员乙")]
    gone = make_post(Role.SYSTEM_ADMIN, unit=city, name="离任")
    end_post(actor=system_user(), post=gone)
    make_post(Role.SECURITY_ADMIN, unit=city)

    def told() -> list[int]:
        return sorted(Message.objects.filter(kind="calendar_missing").values_list("recipient", flat=True))

    assert remind_of_missing_calendar(now=NOVEMBER - WEEK) == []
    for day in range(7):
        assert remind_of_missing_calendar(now=NOVEMBER + timedelta(days=day)) == [2027]
    assert told() == sorted(admin.pk for admin in admins)
    remind_of_missing_calendar(now=NOVEMBER + WEEK)
    assert told() == sorted([admin.pk for admin in admins] * 2)
    take("day,is_working\n2027-01-01,0\n")
    assert remind_of_missing_calendar(now=NOVEMBER + 2 * WEEK) == []
    assert len(told()) == 4
