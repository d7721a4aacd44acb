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


# What a period is compared with

_LENGTH = {"month": 1, "quarter": 3, "year": 12}
SPANS = ("week", *_LENGTH)


def preceding(period: Period, *, today: date, span: str = "") -> Period | None:
    """Return the period before of the same kind; None when it lies before 1990.

    Whole months, quarters or years: as many before them. The beginning of a week, month, quarter or year that ends
    `today`: as many days from the beginning of the one before, at most all of it; `span` says which is meant where
    several begin on the same day, else it is the shortest. Any other days: as many right before them.
    """
    if period.since.day == 1 and _is_month_end(period.until):
        first = _months_on(period.since, -_months(period))
        return _usable(first, period.since - DAY)
    begun = [span] if span else list(SPANS)
    if period.until == today:
        for name in begun:
            start = _start(period.since, name)
            if start == period.since and period.until < _after(start, name):
                first = start - 7 * DAY if name == "week" else _months_on(start, -_LENGTH[name])
                return _usable(first, min(first + (period.days - 1) * DAY, start - DAY))
    return _usable(period.since - period.days * DAY, period.since - DAY)


def year_before(period: Period) -> Period | None:
    """Return the same days a year earlier, whole months as whole months; None when they lie before 1990."""
    until = _year_earlier(period.until)
    if period.since.day == 1 and _is_month_end(period.until):
        until = _months_on(until.replace(day=1), 1) - DAY
    return _usable(_year_earlier(period.since), until)


def _start(day: date, span: str) -> date:
    return start_of(day, Step.WEEK) if span == "week" else _SPANS[span](day)[0]


def _after(start: date, span: str) -> date:
    return start + 7 * DAY if span == "week" else _months_on(start, _LENGTH[span])


def _months(period: Period) -> int:
    return (period.until.year - period.since.year) * 12 + period.until.month - period.since.month + 1


def _is_month_end(day: date) -> bool:
    return (day + DAY).day == 1


def _year_earlier(day: date) -> date:
    leap = day.month == 2 and day.day == 29
    return day.replace(year=day.year - 1, day=28 if leap else day.day)


def _usable(since: date, until: date) -> Period | None:
    return Period(since, until) if since >= FIRST_DAY else None
