"""Telling the administrators that a year's holidays are not in the work calendar yet."""

from datetime import datetime

from linjiang.common.clock import local_day
from notifications import services as outbox
from orgs.choices import Role
from orgs.models import CalendarYear, Post

_NOVEMBER = 11


def missing_years(*, now: datetime) -> list[int]:
    """Return the years whose holidays should be known by now: this one, and from November on the next."""
    day = local_day(now)
    wanted = [day.year, *([day.year + 1] if day.month >= _NOVEMBER else [])]
    known = set(CalendarYear.objects.filter(year__in=wanted).values_list("year", flat=True))
    return [year for year in wanted if year not in known]


def remind_of_missing_calendar(*, now: datetime) -> list[int]:
    """Queue a message a week for each missing year to every system administrator; return the missing years.

    The State Council's notice for a year comes out in the last months of the one before.
    """
    years = missing_years(now=now)
    if years:
        posts = Post.objects.current(on=local_day(now)).filter(role=Role.SYSTEM_ADMIN, user__is_active=True)
        week = "{}-{}".format(*local_day(now).isocalendar()[:2])
        outbox.queue(
            outbox.message(
                to=post.user,
                kind="calendar_missing",
                facts={"year": year},
                url="/desk/orgs/workcalendarday/",
                key=f"calendar_missing:{year}:{week}",
                at=now,
            )
            for post in posts.select_related("user")
            for year in years
        )
    return years
