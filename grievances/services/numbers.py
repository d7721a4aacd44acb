"""Case numbers: LJ + day + running number (LJ20261122-00031), given out without a lock that filers queue for.

A PostgreSQL sequence never waits. The first case of a day notes where the day begins on it; the running number is
the distance from there. A rolled-back filing leaves a gap, never a duplicate.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date

from django.db import connection, transaction

from grievances.models import Grievance, NumberBase

_bases: dict[date, int] = {}


def format_number(day: date, running: int) -> str:
    """Return the number of the `running`-th case of `day`."""
    return f"LJ{day:%Y%m%d}-{running:05d}"


def next_number(day: date) -> str:
    """Return a fresh number for a case filed on `day` (today); never returns the same twice."""
    while True:
        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval('grievance_running_number')")
            value = cursor.fetchone()[0]
        base = _bases.get(day)
        if base is None:
            base = _stored_base(day, value - 1)
        if value > base:  # a filer that drew before the day's first note draws again
            return format_number(day, value - base)


def _stored_base(day: date, proposed: int) -> int:
    NumberBase.objects.bulk_create([NumberBase(day=day, base=proposed)], ignore_conflicts=True)
    base = NumberBase.objects.values_list("base", flat=True).get(day=day)
    # Only a committed base may be remembered by this process.
    transaction.on_commit(lambda: _bases.__setitem__(day, base))
    return base


class PastNumbers:
    """Gives numbers to cases of past days (imports): the next after the highest that each day already has."""

    def __init__(self, days: Iterable[date]) -> None:
        self._last: Counter[date] = Counter()
        for day in set(days):
            prefix = format_number(day, 0)[:-5]
            last = Grievance.objects.filter(number__startswith=prefix).order_by("-number").first()
            self._last[day] = int(last.number.removeprefix(prefix)) if last else 0

    def next(self, day: date) -> str:
        """Return the next number of `day`."""
        self._last[day] += 1
        return format_number(day, self._last[day])
