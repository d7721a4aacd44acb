"""Deadline arithmetic: pure functions of moments and limits. Imports no Django.

Limits are calendar hours. The whole ladder of a deadline follows from the deadline and the hours between rungs.
"""

from datetime import datetime, timedelta

# Used share of a limit from which a case counts as due soon.
SOON = 0.8


def deadline(*, start: datetime, limit_hours: float) -> datetime:
    """Return the moment by which a limit of `limit_hours` begun at `start` is used up."""
    return start + timedelta(hours=limit_hours)


def moved_by_pause(*, due_at: datetime, paused_at: datetime, resumed_at: datetime) -> datetime:
    """Return the deadline after a pause: later by exactly the time the clock stood still."""
    return due_at + max(resumed_at - paused_at, timedelta())


def used_share(*, start: datetime, due_at: datetime, at: datetime) -> float:
    """Return which share of the limit is used at `at`: 0 at the start, 1 at the deadline, more past it."""
    total = (due_at - start).total_seconds()
    if total <= 0:
        return 1.0 if at >= due_at else 0.0
    return max((at - start).total_seconds() / total, 0.0)


def rung_due_at(*, due_at: datetime, rung: int, rung_hours: float) -> datetime:
    """Return when the `rung`-th step (from 1) of an overdue case's ladder is due."""
    return due_at + timedelta(hours=(rung - 1) * rung_hours)


def rungs_due(*, due_at: datetime, climbed: int, last: int, rung_hours: float, at: datetime) -> list[int]:
    """Return the rungs above `climbed` that are due at `at`, lowest first; a late sweep misses none."""
    return [
        rung
        for rung in range(climbed + 1, last + 1)
        if rung_due_at(due_at=due_at, rung=rung, rung_hours=rung_hours) <= at
    ]
