"""The rules of time in force, read from the rulebook for the days of a made-up year."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from grievances.choices import Stage
from grievances.deadlines import WORKDAYS, Limit
from grievances.models import Category
from grievances.services.rulebook import rulebook
from grievances.services.synthetic.timing import Rules

_STAGES = (Stage.ASSIGN, Stage.ACKNOWLEDGE, Stage.RESOLVE, Stage.FEEDBACK)
# Deadlines lie past the last day: by the longest limit, extended, across the longest holiday, and three days' ladder.
_BEYOND = 400


def read_rules(*, first: date, until: date, categories: list[Category]) -> Rules:
    """Return what `services.clock` follows for cases of `categories` filed from `first` to before `until`.

    Limits that a city set for single units are passed over.
    """
    book = rulebook()
    calendar = book.calendar
    days = [first + timedelta(days=place) for place in range((until - first).days + _BEYOND)]
    unknown = next((place for place, day in enumerate(days) if day.year not in calendar.years), len(days))
    hours = [tuple(at.hour * 3600 + at.minute * 60 + at.second for at in span) for span in calendar.hours]
    return Rules(
        first=first,
        offset=_offset(first, until, calendar.zone),
        worked=tuple(calendar.is_working(day) for day in days),
        spans=tuple(hours),
        limits={
            (stage, one.pk): _plain(book.limit(stage, urgency=one.urgency, category_id=one.pk, unit_path=""))
            for stage in _STAGES
            for one in categories
        },
        ladders={
            one.pk: tuple(
                (rung.share, _plain(rung.after) if rung.after else (0, False))
                for rung in book.ladder(category_id=one.pk, urgency=one.urgency)
            )
            for one in categories
        },
        version=book.version,
        unknown_from=unknown,
    )


def _offset(first: date, until: date, zone: ZoneInfo) -> str:
    """Return the zone's distance from UTC; raise ValueError where it changes over the days."""
    found = {f"{datetime.combine(day, time.min, zone):%z}" for day in (first, first + timedelta(days=182), until)}
    if len(found) > 1:
        raise ValueError(f"{zone}: a made-up city needs a time zone without summer time")
    return found.pop()


def _plain(limit: Limit) -> tuple[int, bool]:
    return limit.seconds, limit.counts == WORKDAYS
