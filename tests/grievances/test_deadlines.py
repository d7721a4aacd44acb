"""Limits, clocks and rungs as pure functions: tables by hand, and the laws that hold for every case."""

from datetime import datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grievances.deadlines import (
    HOURS,
    WORKDAYS,
    Clock,
    Limit,
    Rung,
    add,
    day_seconds,
    limit,
    measure,
    next_rung,
    parse_limit,
    parse_rung,
)
from orgs.services.calendar import days_of_library
from orgs.worktime import WorkCalendar
from tests.factories import SHANGHAI

HOUR = 3600
DAY = 7 * HOUR
YEARS = (2025, 2026)
CALENDAR = WorkCalendar(
    special={day: is_working for year in YEARS for day, is_working, _name in days_of_library(year)},
    years=frozenset(YEARS),
    hours=((time(8, 30), time(12)), (time(14, 30), time(18))),
    zone=SHANGHAI,
)
LADDER = tuple(
    parse_rung(number, at, "remind", ["holder"], CALENDAR)
    for number, at in enumerate(("80%", "100%", "+1wd", "+3wd"), start=1)
)
FIRST = datetime(2025, 1, 1, tzinfo=SHANGHAI)
moments = st.floats(0, 640).map(lambda days: FIRST + timedelta(days=days))
limits = st.builds(Limit, st.integers(1, 30 * DAY), st.sampled_from([HOURS, WORKDAYS]))
pauses = st.integers(0, 10 * DAY)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2h", Limit(2 * HOUR, HOURS)),
        ("0.5h", Limit(HOUR // 2, HOURS)),
        ("24h", Limit(24 * HOUR, HOURS)),
        ("1wd", Limit(DAY, WORKDAYS)),
        (" 7wd ", Limit(7 * DAY, WORKDAYS)),
        ("1.5wd", Limit(DAY * 3 // 2, WORKDAYS)),
    ],
)
def test_a_limit_is_read(text, found):
    assert parse_limit(text, CALENDAR) == found


@pytest.mark.parametrize(
    "text", ["", "24", "h", "24 h", "24H", "-1h", "1d", "1wd2", ".5h", "1e3h", "12345h", "二h", "٣h"]
)
def test_a_limit_that_cannot_be_read(text):
    with pytest.raises(ValueError, match="24h or 7wd"):
        parse_limit(text, CALENDAR)


@pytest.mark.parametrize(
    ("text", "share", "after"),
    [
        ("80%", 0.8, None),
        (" 100% ", 1.0, None),
        ("0.5%", 0.005, None),
        ("+1wd", None, Limit(DAY, WORKDAYS)),
        ("+4h", None, Limit(4 * HOUR, HOURS)),
    ],
)
def test_a_rung_is_read(text, share, after):
    assert parse_rung(2, text, "urge", ["holder", "superior"], CALENDAR) == Rung(
        2, "urge", ("holder", "superior"), share=share, after=after
    )


@pytest.mark.parametrize(
    "text", ["", "0%", "101%", "-5%", "1wd", "+", "+1", "+80%", "%", "eighty%", "nan%", "1_0%", "+12345wd"]
)
def test_a_rung_that_cannot_be_read(text):
    with pytest.raises(ValueError, match=r"a rung is due|a limit is written"):
        parse_rung(1, text, "remind", ["holder"], CALENDAR)


def test_amounts_and_days_are_counted_in_their_own_kind():
    assert limit(2.5, HOURS, CALENDAR) == Limit(9000, HOURS)
    assert limit(0.25, WORKDAYS, CALENDAR) == Limit(DAY // 4, WORKDAYS)
    assert (day_seconds(HOURS, CALENDAR), day_seconds(WORKDAYS, CALENDAR)) == (86_400, DAY)
    assert Limit(HOUR, HOURS).longer(HOUR) == Limit(2 * HOUR, HOURS)


@pytest.mark.parametrize(
    ("start", "text", "paused", "due"),
    [
        ("2026-02-13 17:00", "2h", 0, "2026-02-13 19:00"),  # the evening before a make-up Saturday
        ("2026-02-14 20:00", "24h", 0, "2026-02-15 20:00"),  # into Spring Festival
        ("2026-02-13 17:00", "7wd", 0, "2026-03-02 17:00"),  # Fri; 14 Feb worked, 15–23 off, 28 Feb worked
        ("2026-03-04 12:00", "7wd", 0, "2026-03-13 12:00"),
        ("2026-03-04 12:00", "15wd", 0, "2026-03-25 12:00"),
        ("2026-03-04 12:00", "7wd", DAY, "2026-03-16 12:00"),
        ("2026-03-04 12:00", "24h", HOUR, "2026-03-05 13:00"),
        ("2026-03-07 10:00", "1wd", 0, "2026-03-09 18:00"),  # a Saturday
    ],
)
def test_the_deadline_of_a_clock(start, text, paused, due):
    assert Clock(at(start), parse_limit(text, CALENDAR), paused).due_at(CALENDAR) == at(due)


def test_the_rungs_of_a_week():
    clock = Clock(at("2026-03-04 12:00"), parse_limit("7wd", CALENDAR))
    due = clock.due_at(CALENDAR)
    assert [rung.at(clock, due, CALENDAR) for rung in LADDER] == [
        at("2026-03-12 09:12"),
        at("2026-03-13 12:00"),
        at("2026-03-16 12:00"),
        at("2026-03-18 12:00"),
    ]


def test_used_leaves_out_the_pause_and_is_never_below_nothing():
    clock = Clock(at("2026-03-04 08:30"), Limit(DAY, WORKDAYS), paused=2 * HOUR)
    assert clock.used(at("2026-03-04 09:30"), CALENDAR) == 0
    assert clock.used(at("2026-03-04 12:00"), CALENDAR) == 1.5 * HOUR


def test_the_top_of_the_ladder():
    clock = Clock(FIRST, Limit(HOUR, HOURS))
    due = clock.due_at(CALENDAR)
    assert next_rung(LADDER, 0, clock, due, CALENDAR)[0] == LADDER[0]
    assert next_rung(LADDER, 3, clock, due, CALENDAR)[0] == LADDER[3]
    assert next_rung(LADDER, 4, clock, due, CALENDAR) is None
    assert next_rung((), 0, clock, due, CALENDAR) is None


@given(moments, limits, pauses, st.floats(0.01, 1))
def test_a_share_lies_between_start_and_due(start, one, paused, share):
    clock = Clock(start, one, paused)
    assert start <= clock.at_share(share, CALENDAR) <= clock.due_at(CALENDAR)


@given(moments, limits, pauses)
def test_rungs_rise_one_after_the_other(start, one, paused):
    clock = Clock(start, one, paused)
    due = clock.due_at(CALENDAR)
    moments_of_rungs = [rung.at(clock, due, CALENDAR) for rung in LADDER]
    assert moments_of_rungs == sorted(moments_of_rungs)
    assert moments_of_rungs[0] >= start
    assert moments_of_rungs[1] == due


@given(moments, limits, pauses)
def test_at_the_deadline_exactly_the_limit_is_used(start, one, paused):
    clock = Clock(start, one, paused)
    assert clock.used(clock.due_at(CALENDAR), CALENDAR) == pytest.approx(one.seconds, abs=1e-3)


@given(moments, limits, st.integers(0, 5 * DAY))
def test_a_later_pause_moves_the_deadline_by_what_it_counts(start, one, held):
    plain, paused = (Clock(start, one, seconds).due_at(CALENDAR) for seconds in (0, held))
    assert measure(plain, paused, one.counts, CALENDAR) == pytest.approx(held, abs=1e-3)
    assert add(plain, held, one.counts, CALENDAR) == paused or held == 0
