"""Whether a year looks whole: a file of a single day is no calendar, and saying so is not forbidding it."""

from datetime import date

import pytest
from django.utils import translation

from linjiang.common.errors import InvalidInput
from orgs.models import CalendarYear, RuleChange, WorkCalendarDay
from orgs.rules import rules_version
from orgs.services.calendar import FIRST_YEAR, add_days, days_of_library, import_calendar, load_library_years
from orgs.services.calendar_check import check_year
from orgs.services.system import system_user
from tests.factories import NOON

pytestmark = pytest.mark.django_db
HEAD = "day,is_working,name\n"
ONE_DAY = HEAD + "2027-02-05,0,春节\n"


def load_library() -> None:
    load_library_years(actor=system_user(), now=NOON)


def take(text: str, *, whole: bool = False) -> list[int]:
    return import_calendar(actor=system_user(), text=text, source="notice.csv", now=NOON, whole=whole)


def lines(days: list) -> str:
    return "".join(f"{day},{int(is_working)},{name}\n" for day, is_working, name in days)


def test_every_notice_that_comes_along_holds_every_holiday():
    for year in range(FIRST_YEAR, 2027):
        assert check_year(year, days_of_library(year)).missing == (), year
    load_library()
    assert check_year(2026, days_of_library(2026)).looks_whole
    assert check_year(2020, days_of_library(2020)).looks_whole


def test_a_year_of_one_day_looks_incomplete_and_says_what_is_missing():
    load_library()
    with translation.override("en"):
        check = check_year(2027, [(date(2027, 2, 5), False, "春节")])
    assert (check.off, check.made_up, check.looks_whole) == (1, 0, False)
    assert (check.usual_off, check.usual_made_up) == ((18, 19), (5, 8))
    assert check.missing[0] == "New Year's Day"
    assert len(check.missing) == 6
    assert "Spring Festival" not in check.missing


def test_without_a_known_year_the_notices_that_come_along_are_the_measure():
    check = check_year(2027, [(date(2027, 2, 5), False, "春节")])
    assert check.usual_off[0] >= 10
    assert not check.looks_whole


def test_holidays_are_known_by_their_days_where_they_have_no_name():
    days = [(day, is_working, "") for day, is_working, _name in days_of_library(2026)]
    assert check_year(2026, days).missing == ()
    without = [day for day in days if day[0].month != 6]
    with translation.override("en"):
        assert check_year(2026, without).missing == ("Dragon Boat Festival",)
        named = [*without, (date(2026, 6, 19), False, "停电")]
        assert check_year(2026, named).missing == ("Dragon Boat Festival",)


def test_make_up_days_that_were_forgotten_are_noticed():
    load_library()
    check = check_year(2026, [day for day in days_of_library(2026) if not day[1]])
    assert check.missing == ()
    assert not check.looks_whole


def test_an_incomplete_year_is_not_the_measure_of_another():
    load_library()
    take(ONE_DAY, whole=True)
    assert check_year(2028, []).usual_off == (18, 19)


def test_a_year_that_looks_incomplete_is_loaded_only_when_the_person_says_that_it_is_whole():
    load_library()
    version = rules_version()
    text = ONE_DAY + "2028-01-01,0,元旦\n" + lines(days_of_library(2026))
    with pytest.raises(InvalidInput) as refusal:
        take(text)
    assert "2027" in refusal.value.errors["whole"]
    assert "2028" in refusal.value.errors["whole"]
    assert "2026" not in refusal.value.errors["whole"]
    assert rules_version() == version
    assert not CalendarYear.objects.filter(year__gt=2026).exists()
    assert take(text, whole=True) == [2026, 2027, 2028]


def test_days_are_added_without_making_the_year_known_or_taking_others_away():
    load_library()
    before, version = WorkCalendarDay.objects.count(), rules_version()
    text = ONE_DAY + "2026-01-01,1,值班\n"
    assert add_days(actor=system_user(), text=text, now=NOON) == [2026, 2027]
    assert rules_version() > version
    assert not CalendarYear.objects.filter(year=2027).exists()
    assert WorkCalendarDay.objects.count() == before + 1
    assert WorkCalendarDay.objects.get(day=date(2026, 1, 1)).is_working
    assert "2026–2027" in RuleChange.objects.latest("pk").why["en"]


def test_a_bad_line_adds_nothing():
    version = rules_version()
    with pytest.raises(InvalidInput):
        add_days(actor=system_user(), text=ONE_DAY + "2027-02-30,0\n", now=NOON)
    assert not WorkCalendarDay.objects.exists()
    assert rules_version() == version
