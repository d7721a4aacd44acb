"""Periods by name, and how they are cut."""

from datetime import UTC, date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting.periods import NAMES, Period, Step, named

WEDNESDAY = date(2026, 3, 4)


@pytest.mark.parametrize(
    ("name", "since", "until"),
    [
        ("this_week", date(2026, 3, 2), WEDNESDAY),
        ("last_week", date(2026, 2, 23), date(2026, 3, 1)),
        ("this_month", date(2026, 3, 1), WEDNESDAY),
        ("last_month", date(2026, 2, 1), date(2026, 2, 28)),
        ("this_quarter", date(2026, 1, 1), WEDNESDAY),
        ("last_quarter", date(2025, 10, 1), date(2025, 12, 31)),
        ("this_year", date(2026, 1, 1), WEDNESDAY),
        ("last_year", date(2025, 1, 1), date(2025, 12, 31)),
    ],
)
def test_named_periods(name, since, until):
    assert named(name, today=WEDNESDAY) == Period(since, until)


def test_last_month_of_january_is_december():
    assert named("last_month", today=date(2026, 1, 31)) == Period(date(2025, 12, 1), date(2025, 12, 31))


def test_an_unknown_name_is_a_key_error():
    with pytest.raises(KeyError):
        named("this_century", today=WEDNESDAY)


@pytest.mark.parametrize(
    ("since", "until"),
    [(date(2026, 3, 2), date(2026, 3, 1)), (date(1, 1, 1), date(2026, 1, 1)), (date(2026, 1, 1), date.max)],
)
def test_days_that_make_no_period(since, until):
    with pytest.raises(ValueError, match="a period"):
        Period(since, until)


def test_a_period_begins_and_ends_with_the_local_day():
    begin, end = Period(WEDNESDAY, WEDNESDAY).moments(ZoneInfo("Asia/Shanghai"))
    assert begin == datetime(2026, 3, 3, 16, tzinfo=UTC)
    assert end == datetime(2026, 3, 4, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("until", "step"),
    [
        (date(2026, 1, 31), Step.DAY),
        (date(2026, 3, 31), Step.WEEK),
        (date(2026, 12, 31), Step.MONTH),
        (date(2031, 12, 31), Step.YEAR),
    ],
)
def test_the_longer_the_period_the_wider_the_bars(until, step):
    assert Period(date(2026, 1, 1), until).step is step


days = st.dates(min_value=date(2020, 1, 1), max_value=date(2032, 12, 31))


@given(days, days)
def test_the_parts_of_a_period_are_its_days_without_gap_or_overlap(one, other):
    period = Period(min(one, other), max(one, other))
    parts = list(period.parts())
    assert parts[0].since == period.since
    assert parts[-1].until == period.until
    assert sum(part.days for part in parts) == period.days
    assert all((after.since - before.until).days == 1 for before, after in pairwise(parts))


@given(days)
def test_every_named_period_begins_before_today(today):
    assert all(named(name, today=today).since <= today for name in NAMES)
