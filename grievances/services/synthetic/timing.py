"""The rules of time as whole seconds from a first day on: what `services.clock` writes, for millions of cases.

A moment is the number of seconds since the local midnight of the first day. Rules can be handed to another process.
"""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

DAY = 86_400
_Limit = tuple[int, bool]  # seconds, and whether they are counted in office hours


@dataclass(frozen=True)
class Rules:
    """Limits by (stage, category's key), ladders by category, and the calendar, day by day from `first` on.

    A rung is (share of the limit or None, time past the deadline). `worked` says of each day whether it is worked,
    `spans` at which seconds of the day; from day `unknown_from` on the holidays are not known.
    """

    first: date
    offset: str
    worked: tuple[bool, ...]
    spans: tuple[tuple[int, int], ...]
    limits: dict[tuple[str, int], _Limit]
    ladders: dict[int, tuple[tuple[float | None, _Limit], ...]]
    version: int = 0
    unknown_from: int = 1 << 30

    @cached_property
    def day_seconds(self) -> int:
        """The office seconds of a working day."""
        return sum(close - begin for begin, close in self.spans)

    @cached_property
    def version_text(self) -> str:
        return str(self.version)

    @cached_property
    def _used_up(self) -> list[int]:
        """Office seconds from the first day to the end of each day."""
        total, found = 0, []
        for is_worked in self.worked:
            total += self.day_seconds if is_worked else 0
            found.append(total)
        return found

    @cached_property
    def _within(self) -> list[int]:
        """Office seconds of a working day up to each of its seconds."""
        found, total, place = [], 0, 0
        for begin, close in self.spans:
            found += [total] * (begin - place)
            found += range(total, total + close - begin)
            total, place = total + close - begin, close
        return found + [total] * (DAY - place)

    @cached_property
    def days(self) -> list[str]:
        """Each day as a timestamp begins."""
        return [f"{self.first + timedelta(days=place)} " for place in range(len(self.worked))]

    @cached_property
    def clock(self) -> list[str]:
        """Each second of a day as a timestamp ends."""
        return [f"{at // 3600:02d}:{at // 60 % 60:02d}:{at % 60:02d}{self.offset}" for at in range(DAY)]

    def text(self, at: int) -> str:
        """Return the moment as PostgreSQL reads it."""
        return self.days[at // DAY] + self.clock[at % DAY]

    def add(self, start: int, seconds: int, is_worked: bool) -> int:
        """Return when so many counted seconds (at least one) have passed since `start`."""
        if not is_worked:
            return start + seconds
        day, at = divmod(start, DAY)
        before = self._used_up[day - 1] if day else 0
        target = before + (self._within[at] if self.worked[day] else 0) + seconds
        day = bisect_left(self._used_up, target)
        left = target - (self._used_up[day - 1] if day else 0)
        for begin, close in self.spans:
            if left <= close - begin:
                return day * DAY + begin + left
            left -= close - begin
        raise AssertionError("more than a day's hours")

    def rung(self, category: int, number: int, start: int, limit: _Limit, due: int) -> int | None:
        """Return when the rung after `number` climbed ones is due on a clock; None at the top."""
        ladder = self.ladders[category]
        if number >= len(ladder):
            return None
        share, after = ladder[number]
        if share is None:
            return self.add(due, *after) if after[0] else due
        return due if share == 1 else self.add(start, round(limit[0] * share), limit[1])
