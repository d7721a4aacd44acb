"""Working time: against tables made by hand from the notices of 2025 and 2026, and by its laws."""

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from orgs.services.calendar import days_of_library
from orgs.worktime import WorkCalendar
from tests.factories import SHANGHAI

HOURS = ((time(8, 30), time(12)), (time(14, 30), time(18)))
DAY = 7 * 3600
YEARS = (2024, 2025, 2026)
CALENDAR = WorkCalendar(
    special={day: is_working for year in YEARS for day, is_working, _name in days_of_library(year)},
    years=frozenset(YEARS),
    hours=HOURS,
    zone=SHANGHAI,
)
FIRST = datetime(2025, 1, 1, tzinfo=SHANGHAI)
moments = st.floats(0, 729, exclude_max=True).map(lambda days: FIRST + timedelta(days=days))
seconds = st.integers(0, 40 * DAY)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


# From the State Council's notices: off, and worked although a Saturday or Sunday.
HOLIDAYS = {
    2025: (
        "01-01",
        "01-28 01-29 01-30 01-31 02-01 02-02 02-03 02-04",
        "04-04 04-05 04-06",
        "05-01 05-02 05-03 05-04 05-05",
        "05-31 06-01 06-02",
        "10-01 10-02 10-03 10-04 10-05 10-06 10-07 10-08",
    ),
    2026: (
        "01-01 01-02 01-03",
        "02-15 02-16 02-17 02-18 02-19 02-20 02-21 02-22 02-23",
        "04-04 04-05 04-06",
        "05-01 05-02 05-03 05-04 05-05",
        "06-19 06-20 06-21",
        "09-25 09-26 09-27",
        "10-01 10-02 10-03 10-04 10-05 10-06 10-07",
    ),
}
MADE_UP = {
    2025: "01-26 02-08 04-27 09-28 10-11",
    2026: "01-04 02-14 02-28 05-09 09-20 10-10",
}


@pytest.mark.parametrize("year", [2025, 2026])
def test_every_day_of_the_year_is_as_the_notice_says(year):
    off = {date.fromisoformat(f"{year}-{day}") for part in HOLIDAYS[year] for day in part.split()}
    worked = {date.fromisoformat(f"{year}-{day}") for day in MADE_UP[year].split()}
    for number in range(365):
        day = date(year, 1, 1) + timedelta(days=number)
        expected = day in worked or (day.weekday() < 5 and day not in off)
        assert CALENDAR.is_working(day) == expected, day


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2026-03-04 10:00", 1, "2026-03-05 10:00"),  # Wednesday
        ("2026-03-06 10:00", 1, "2026-03-09 10:00"),  # over a weekend
        ("2026-03-06 20:00", 1, "2026-03-09 18:00"),  # after hours: Monday's whole day
        ("2026-03-07 09:00", 0, "2026-03-09 08:30"),  # nothing from a Saturday is Monday's opening
        ("2026-03-04 12:30", 1, "2026-03-05 12:00"),  # from the lunch break
        ("2026-02-13 10:00", 1, "2026-02-14 10:00"),  # the Saturday before Spring Festival is worked
        ("2026-02-14 10:00", 1, "2026-02-24 10:00"),  # then nine days off
        ("2026-02-13 15:00", 7, "2026-03-02 15:00"),  # the 28th, a Saturday, is worked too
        ("2026-09-24 17:00", 1, "2026-09-28 17:00"),  # Mid-Autumn
        ("2026-09-30 09:00", 5, "2026-10-13 09:00"),  # National Day; Saturday the 10th worked
        ("2026-09-18 09:00", 1, "2026-09-20 09:00"),  # a Sunday made up
        ("2025-01-24 09:00", 1, "2025-01-26 09:00"),  # Sunday made up before Spring Festival
        ("2025-01-27 09:00", 3, "2025-02-07 09:00"),  # 28 January to 4 February off
        ("2025-02-07 09:00", 1, "2025-02-08 09:00"),  # Saturday made up
        ("2025-04-25 09:00", 2, "2025-04-28 09:00"),  # Sunday the 27th made up for Labour Day
        ("2025-09-30 09:00", 2, "2025-10-10 09:00"),  # eight days off
        ("2025-12-31 09:00", 1, "2026-01-04 09:00"),  # New Year; Sunday the 4th made up
    ],
)
def test_working_days_over_the_holidays(start, days, end):
    assert CALENDAR.add(at(start), days * DAY) == at(end)


def test_a_limit_used_up_at_closing_time_ends_there_and_not_next_morning():
    assert CALENDAR.add(at("2026-03-04 08:30"), DAY) == at("2026-03-04 18:00")
    assert CALENDAR.add(at("2026-03-04 10:00"), 2 * 3600) == at("2026-03-04 12:00")
    assert CALENDAR.add(at("2026-03-04 10:00"), 2 * 3600 + 1) == at("2026-03-04 14:30:01")


def test_the_zone_decides_the_day():
    """23:30 UTC on Friday is Saturday morning in Shanghai."""
    friday = datetime.fromisoformat("2026-03-06T23:30:00+00:00")
    assert CALENDAR.add(friday, 3600) == at("2026-03-09 09:30")


@given(moments, seconds)
@example(at("2026-02-14 18:00"), DAY)
@example(at("2026-03-04 12:00"), 0)
def test_adding_then_measuring_gives_the_limit_back(start, limit):
    assert CALENDAR.measure(start, CALENDAR.add(start, limit)) == limit


@given(moments, seconds, st.integers(1, 5 * DAY))
def test_more_time_is_never_earlier(start, limit, more):
    assert CALENDAR.add(start, limit) < CALENDAR.add(start, limit + more)


@given(moments, moments, seconds)
def test_a_later_start_is_never_due_earlier(one, other, limit):
    first, second = sorted((one, other))
    assert CALENDAR.add(first, limit) <= CALENDAR.add(second, limit)


@given(moments, seconds)
def test_no_result_lies_outside_office_hours(start, limit):
    end = CALENDAR.add(start, limit)
    assert CALENDAR.is_working(end.date())
    assert any(opens <= end.time() <= closes for opens, closes in HOURS)
    assert end >= start


@given(moments, moments, moments)
def test_measured_parts_add_up(one, two, three):
    first, middle, last = sorted((one, two, three))
    whole = CALENDAR.measure(first, last)
    assert CALENDAR.measure(first, middle) + CALENDAR.measure(middle, last) == pytest.approx(whole, abs=1e-5)


@given(moments, seconds, seconds)
def test_a_pause_moves_the_end_by_itself(start, limit, pause):
    """Adding limit and pause in one go is what adding them one after the other gives."""
    assert CALENDAR.add(CALENDAR.add(start, limit), pause) == CALENDAR.add(start, limit + pause)


def test_a_year_nobody_has_loaded_counts_monday_to_friday_and_is_not_known():
    start = at("2026-12-30 09:00")
    end = CALENDAR.add(start, 3 * DAY)
    assert end == at("2027-01-04 09:00")  # 1 January 2027 is a Friday and counts as worked until the notice is out
    assert CALENDAR.is_working(date(2027, 1, 1))
    assert not CALENDAR.knows(start, end)
    assert CALENDAR.knows(start, at("2026-12-31 23:59"))


@pytest.mark.parametrize("hours", [(), ((time(9), time(9)),), ((time(14), time(18)), (time(9), time(12)))])
def test_office_hours_that_make_no_sense_are_refused(hours):
    with pytest.raises(ValueError, match="office hours"):
        WorkCalendar(special={}, years=frozenset(), hours=hours, zone=SHANGHAI)


def test_negative_time_is_refused():
    with pytest.raises(ValueError, match="added"):
        CALENDAR.add(at("2026-03-04 10:00"), -1)
