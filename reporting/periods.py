"""Periods of local days, and how a period is cut for a trend: pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2199, 12, 31)


class Step(StrEnum):
    """The width of a trend's bars; the values are those PostgreSQL's date_trunc knows."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `since` to `until`, both included.

    Raise ValueError when it ends before it begins or leaves the years 1990 to 2199.
    """

    since: date
    until: date

    def __post_init__(self) -> None:
        if self.until < self.since:
            raise ValueError("a period ends on or after the day it begins")
        if self.since < FIRST_DAY or self.until > LAST_DAY:
            raise ValueError(f"a period lies between {FIRST_DAY} and {LAST_DAY}")

    @property
    def days(self) -> int:
        return (self.until - self.since).days + 1

    def moments(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Return the first moment of the period and the first after it, by the days of `zone`."""
        return (
            datetime.combine(self.since, time.min, zone),
            datetime.combine(self.until + DAY, time.min, zone),
        )

    @property
    def step(self) -> Step:
        """The width of bars that keeps the trend readable: up to about forty bars for up to three years."""
        fits = ((35, Step.DAY), (190, Step.WEEK), (3 * 366, Step.MONTH))
        return next((step for days, step in fits if self.days <= days), Step.YEAR)

    def parts(self) -> Iterator["Period"]:
        """Yield the period cut by `step`; weeks begin on Monday, the first and last part may be shorter."""
        begin = self.since
        while begin <= self.until:
            following = _next(begin, self.step)
            yield Period(begin, min(following - DAY, self.until))
            begin = following


def start_of(day: date, step: Step) -> date:
    """Return the first day of the day's week (Monday), month or year, or the day itself."""
    starts = {
        Step.DAY: day,
        Step.WEEK: day - DAY * day.weekday(),
        Step.MONTH: day.replace(day=1),
        Step.YEAR: day.replace(month=1, day=1),
    }
    return starts[step]


def _next(day: date, step: Step) -> date:
    start = start_of(day, step)
    if step in (Step.MONTH, Step.YEAR):
        return _months_on(start, 1 if step is Step.MONTH else 12)
    return start + (DAY if step is Step.DAY else 7 * DAY)


def _months_on(first: date, months: int) -> date:
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return date(year, month + 1, 1)


def _month(day: date) -> tuple[date, int]:
    return day.replace(day=1), 1


def _quarter(day: date) -> tuple[date, int]:
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1), 3


def _year(day: date) -> tuple[date, int]:
    return date(day.year, 1, 1), 12


_SPANS = {"month": _month, "quarter": _quarter, "year": _year}
NAMES = tuple(f"{which}_{span}" for span in ("week", "month", "quarter", "year") for which in ("this", "last"))


def named(name: str, *, today: date) -> Period:
    """Return a period of `NAMES`: "this …" runs until `today`, "last …" is the whole one before. KeyError otherwise."""
    if name not in NAMES:
        raise KeyError(name)
    which, span = name.split("_")
    if span == "week":
        start = start_of(today, Step.WEEK)
        before = start - 7 * DAY
    else:
        start, months = _SPANS[span](today)
        before = _months_on(start, -months)
    return Period(start, today) if which == "this" else Period(before, start - DAY)
