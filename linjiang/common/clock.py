"""The one place that reads the clock, so that services take `now` as a parameter and tests freeze it."""

from datetime import date, datetime

from django.utils import timezone


def now() -> datetime:
    """Return this moment, timezone-aware."""
    return timezone.now()


def local_day(moment: datetime) -> date:
    """Return the calendar day of `moment` in the city's time zone.

    A case filed at 07:30 in Asia/Shanghai belongs to that day although UTC still shows the day before.
    """
    return timezone.localtime(moment).date()
