"""Deadline arithmetic: pure functions of (start, limit, calendar). Imports no Django.

A limit is a number of seconds that are counted either round the clock (`HOURS`) or in office hours on working days
(`WORKDAYS`). The whole ladder of a deadline follows from the clock and the rungs.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from orgs.worktime import WorkCalendar

HOURS, WORKDAYS = "hours", "workdays"
# Used share of a limit from which a case counts as due soon (amber).
SOON = 0.8

# Four figures at most: a limit of a lifetime is a slip of the hand.
_LIMIT = re.compile(r"(?P<amount>[0-9]{1,4}(\.[0-9]+)?)(?P<unit>h|wd)")
_SHARE = re.compile(r"(?P<percent>[0-9]{1,3}(\.[0-9]+)?)%")


@dataclass(frozen=True, slots=True)
class Limit:
    """`seconds` counted as `counts` says."""

    seconds: int
    counts: str

    def longer(self, seconds: int) -> "Limit":
        """Return the limit with so many more seconds of the same kind."""
        return Limit(self.seconds + seconds, self.counts)


def limit(amount: float, counts: str, calendar: WorkCalendar) -> Limit:
    """Return a limit of `amount` hours (HOURS) or working days (WORKDAYS)."""
    return Limit(round(amount * (3600 if counts == HOURS else calendar.day_seconds)), counts)


def parse_limit(text: str, calendar: WorkCalendar) -> Limit:
    """Read "24h" (hours round the clock) or "7wd" (working days); raise ValueError for anything else."""
    found = _LIMIT.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"a limit is written as 24h or 7wd, not {text!r}")
    return limit(float(found["amount"]), HOURS if found["unit"] == "h" else WORKDAYS, calendar)


def day_seconds(counts: str, calendar: WorkCalendar) -> int:
    """Return the seconds of one day in the way the limit is counted: 24 hours, or a day's office hours."""
    return 86_400 if counts == HOURS else calendar.day_seconds


def add(start: datetime, seconds: float, counts: str, calendar: WorkCalendar) -> datetime:
    """Return the moment by which so many counted seconds have passed since `start`."""
    return start + timedelta(seconds=seconds) if counts == HOURS else calendar.add(start, seconds)


def measure(start: datetime, end: datetime, counts: str, calendar: WorkCalendar) -> float:
    """Return the counted seconds from `start` to `end`, 0 when `end` is not later."""
    if counts == HOURS:
        return max((end - start).total_seconds(), 0.0)
    return calendar.measure(start, end)


@dataclass(frozen=True, slots=True)
class Clock:
    """A limit that runs: from `started_at`, held for `paused` counted seconds so far."""

    started_at: datetime
    limit: Limit
    paused: int = 0

    def due_at(self, calendar: WorkCalendar) -> datetime:
        """Return the deadline."""
        return add(self.started_at, self.limit.seconds + self.paused, self.limit.counts, calendar)

    def at_share(self, share: float, calendar: WorkCalendar) -> datetime:
        """Return when `share` of the limit is used up."""
        seconds = round(self.limit.seconds * share) + self.paused
        return add(self.started_at, seconds, self.limit.counts, calendar)

    def used(self, at: datetime, calendar: WorkCalendar) -> float:
        """Return the seconds of the limit used at `at` (a moment when the clock runs), never below 0."""
        return max(measure(self.started_at, at, self.limit.counts, calendar) - self.paused, 0.0)


@dataclass(frozen=True, slots=True)
class Rung:
    """A step of the ladder: at a `share` of the limit, or `after` the deadline; what is shown and who is told."""

    number: int
    card: str
    tell: tuple[str, ...]
    share: float | None = None
    after: Limit | None = None

    def at(self, clock: Clock, due_at: datetime, calendar: WorkCalendar) -> datetime:
        """Return when this rung of the clock is due."""
        if self.after is not None:
            return add(due_at, self.after.seconds, self.after.counts, calendar)
        return due_at if self.share == 1 else clock.at_share(self.share, calendar)


def parse_rung(number: int, at: str, card: str, tell: Sequence[str], calendar: WorkCalendar) -> Rung:
    """Read a rung whose moment is "80%" or "+1wd"; raise ValueError for anything else."""
    text = at.strip()
    if text.startswith("+"):
        after = parse_limit(text[1:], calendar)
        if not after.seconds:
            raise ValueError(f"the end of the limit itself is 100%, not {at!r}")
        return Rung(number, card, tuple(tell), after=after)
    found = _SHARE.fullmatch(text)
    share = float(found["percent"]) / 100 if found else 0
    if not 0 < share <= 1:
        raise ValueError(f"a rung is due at 1–100 % of the limit or after it (+1wd), not {at!r}")
    return Rung(number, card, tuple(tell), share=share)


def next_rung(
    ladder: Sequence[Rung], climbed: int, clock: Clock, due_at: datetime, calendar: WorkCalendar
) -> tuple[Rung, datetime] | None:
    """Return the lowest rung above `climbed` and when it is due; None at the top."""
    if climbed >= len(ladder):
        return None
    rung = ladder[climbed]
    return rung, rung.at(clock, due_at, calendar)
