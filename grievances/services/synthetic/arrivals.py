"""When cases arrive: by weekday, month, public holiday and hour. Pure; days are whole local days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate, pairwise
from random import Random

# Monday to Sunday; offices and residents call most on Mondays.
_WEEKDAY = (1.18, 1.10, 1.06, 1.04, 1.02, 0.84, 0.76)
_MONTH = (0.85, 0.80, 0.95, 1.00, 1.00, 1.10, 1.20, 1.15, 1.00, 0.95, 1.05, 0.95)
_SPRING_FESTIVAL = (date(2024, 2, 10), date(2025, 1, 29), date(2026, 2, 17), date(2027, 2, 6), date(2028, 1, 26))
_HOUR = (2, 1, 1, 1, 1, 3, 12, 30, 62, 80, 78, 60, 40, 42, 62, 72, 66, 54, 48, 50, 40, 24, 12, 5)
HOURS = list(accumulate(_HOUR))
# Open cases are of the last weeks: half as many of those this many days older.
_OPEN_HALF = 5.0


@dataclass(frozen=True, slots=True)
class Day:
    """The cases of one day: `first` is the key of its first, `closed_before` how many closed ones come before it."""

    day: date
    first: int
    count: int
    open: int
    closed_before: int

    @property
    def closed(self) -> int:
        return self.count - self.open


def weight(day: date) -> float:
    """Return how busy a day is; an ordinary one has 1."""
    found = _WEEKDAY[day.weekday()] * _MONTH[day.month - 1]
    for festival in _SPRING_FESTIVAL:
        away = (day - festival).days
        if -2 <= away <= 7:
            found *= 0.35
        elif -7 <= away <= 14:
            found *= 0.7
    return found


def days_of(*, until: date, days: int, accepted: int, open_cases: int) -> list[Day]:
    """Return the `days` days before `until`, oldest first, with exactly so many cases, `open_cases` of them open.

    Raise ValueError when more are to be open than there are.
    """
    if open_cases > accepted:
        raise ValueError("more open cases than cases")
    dates = [until - timedelta(days=back) for back in range(days, 0, -1)]
    counts = spread(accepted, [weight(day) for day in dates])
    opened = _spread_open(open_cases, counts)
    found, first, closed = [], 1, 0
    for day, count, open_ones in zip(dates, counts, opened, strict=True):
        found.append(Day(day, first, count, open_ones, closed))
        first += count
        closed += count - open_ones
    return found


def spread(total: int, weights: Sequence[float]) -> list[int]:
    """Return whole shares of `total` in proportion to `weights`; they add up to `total`."""
    whole = sum(weights)
    bounds = [round(total * bound / whole) for bound in accumulate(weights, initial=0.0)]
    bounds[-1] = total
    return [after - before for before, after in pairwise(bounds)]


def _spread_open(total: int, counts: Sequence[int]) -> list[int]:
    """Return how many of each day's cases are open: most of the latest days, never more than there are."""
    opened = [0] * len(counts)
    left = total
    while left:
        room = [count - taken for count, taken in zip(counts, opened, strict=True)]
        weights = [free * 0.5 ** (back / _OPEN_HALF) for back, free in enumerate(reversed(room))][::-1]
        if sum(weights) < 1e-9:
            weights = [float(free) for free in room]
        for place, share in enumerate(spread(left, weights)):
            # A day keeps some closed ones while other days still have room.
            given = min(share, room[place] if left > sum(room) // 2 else (room[place] + 1) // 2)
            opened[place] += given
            left -= given
    return opened


def seconds_of_day(rng: Random, count: int) -> list[int]:
    """Return so many seconds of a day, in order, as people call."""
    hours = rng.choices(range(24), cum_weights=HOURS, k=count)
    return sorted([3600 * hour + int(3600 * rng.random()) for hour in hours])
