"""Arithmetic of working time: pure functions of moments and a calendar, no database.

Working time is counted in seconds of office hours on working days, by the clock of the city's time zone. A day is a
working day when the calendar says so, else Monday to Friday; a year whose holidays are not known yet counts Monday to
Friday throughout, and whatever is computed with such a year is provisional.
Source of the days: the State Council's yearly notice of public holidays and make-up working days.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)
_SECOND = 1_000_000  # everything inside is counted in microseconds, so that nothing is rounded


def _micro(at: time) -> int:
    return ((at.hour * 60 + at.minute) * 60 + at.second) * _SECOND + at.microsecond


@dataclass(frozen=True)
class WorkCalendar:
    """Which days are worked and at which hours.

    `special` holds the days that differ from Monday–Friday, `years` those whose holidays are known, `hours` the
    office hours of a day in order (08:30–12:00, 14:30–18:00).
    """

    special: Mapping[date, bool]
    years: frozenset[int]
    hours: tuple[tuple[time, time], ...]
    zone: ZoneInfo
    _spans: tuple[tuple[int, int], ...] = field(init=False, repr=False, compare=False)
    _day: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        spans = tuple((_micro(opens), _micro(closes)) for opens, closes in self.hours)
        ordered = [moment for span in spans for moment in span]
        if not spans or any(later <= earlier for earlier, later in pairwise(ordered)):
            raise ValueError("office hours are one or more spans in order, none empty, none overlapping")
        object.__setattr__(self, "_spans", spans)
        object.__setattr__(self, "_day", sum(closes - opens for opens, closes in spans))

    @property
    def day_seconds(self) -> int:
        """The seconds of one working day's office hours."""
        return self._day // _SECOND

    def is_working(self, day: date) -> bool:
        """Say whether `day` is worked."""
        known = self.special.get(day)
        return day.weekday() < 5 if known is None else known

    def knows(self, start: datetime, end: datetime) -> bool:
        """Say whether the holidays of every year from `start` to `end` are known; if not, a result is provisional."""
        first, last = start.astimezone(self.zone).year, end.astimezone(self.zone).year
        return all(year in self.years for year in range(first, last + 1))

    def add(self, start: datetime, seconds: float) -> datetime:
        """Return the moment by which `seconds` of working time have passed since `start`.

        The earliest such moment, always within office hours: 0 seconds from a Saturday is Monday's opening. Raise
        ValueError for a negative number.
        """
        left = round(seconds * _SECOND)
        if left < 0:
            raise ValueError("working time is added, not taken away")
        day, at = self._split(start)
        if self.is_working(day):
            today = self._worked(at, self._spans[-1][1])
            if left < today or (left == today and (left or at == self._spans[-1][1])):
                return self._at(day, self._offset(self._worked(0, at) + left, at))
            left -= today
        whole, rest = divmod(left, self._day)
        if whole and not rest:  # a day used up ends at its close, not at the next one's opening
            whole, rest = whole - 1, self._day
        day = self._next(day)
        for _ in range(whole):
            day = self._next(day)
        return self._at(day, self._offset(rest, 0))

    def measure(self, start: datetime, end: datetime) -> float:
        """Return the seconds of working time from `start` to `end`; 0 when `end` is not later."""
        if end <= start:
            return 0.0
        (first, begin), (last, close) = self._split(start), self._split(end)
        if first == last:
            return self._worked(begin, close) / _SECOND if self.is_working(first) else 0.0
        total = self._worked(begin, self._spans[-1][1]) if self.is_working(first) else 0
        total += self._worked(0, close) if self.is_working(last) else 0
        return (total + self._day * sum(map(self.is_working, _days_between(first, last)))) / _SECOND

    def opening(self, day: date) -> datetime:
        """Return the opening of the office on `day`, or on the next working day."""
        return self.add(datetime.combine(day, time.min, self.zone), 0)

    def _split(self, moment: datetime) -> tuple[date, int]:
        local = moment.astimezone(self.zone)
        return local.date(), _micro(local.time())

    def _at(self, day: date, micro: int) -> datetime:
        return datetime.combine(day, time.min, self.zone) + timedelta(microseconds=micro)

    def _worked(self, begin: int, end: int) -> int:
        """Return the working time between two times of a working day."""
        return sum(max(min(end, closes) - max(begin, opens), 0) for opens, closes in self._spans)

    def _offset(self, worked: int, at: int) -> int:
        """Return the first time of day, not before `at`, by which `worked` of the day's hours have passed."""
        for opens, closes in self._spans:
            if worked <= closes - opens and at <= closes:
                return max(opens + worked, at)
            worked -= closes - opens
        raise AssertionError("more than a day's hours")  # callers never ask for more

    def _next(self, day: date) -> date:
        day += _DAY
        while not self.is_working(day):
            day += _DAY
        return day


def _days_between(first: date, last: date) -> Iterator[date]:
    day = first + _DAY
    while day < last:
        yield day
        day += _DAY
