"""The version of the rules of time (calendar, limits, ladder), and the calendar itself, kept per process for a while.

A process may compute with a version that is a few seconds old. The deadline then carries that version, and the job that
recomputes open deadlines finds it: nothing stays computed under old rules.
"""

import time as clock
from datetime import datetime, time

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from linjiang.common.text import in_my_language
from orgs.models import CalendarYear, RuleChange, User, WorkCalendarDay
from orgs.profile import profile
from orgs.worktime import WorkCalendar

# How old a remembered version may be, in seconds.
KEPT_SECONDS = 10


class _Remembered:
    version: int | None = None
    asked_at = 0.0


def rules_version() -> int:
    """Return the version of the rules, 0 before the first change; asks the database at most every few seconds."""
    if _Remembered.version is None or clock.monotonic() - _Remembered.asked_at > KEPT_SECONDS:
        _Remembered.version = RuleChange.objects.aggregate(newest=models.Max("pk"))["newest"] or 0
        _Remembered.asked_at = clock.monotonic()
    return _Remembered.version


def forget_rules() -> None:
    """Ask the database anew next time."""
    _Remembered.version = None


def note_rule_change(*, actor: User, now: datetime, why: str, what: object = "") -> RuleChange:
    """Raise the version in the caller's transaction; `why` is a msgid that may hold %(what)s.

    `what` may be a fact kept in both languages (`in_both_languages`).
    """
    words = {}
    for key, language in (("zh", "zh-hans"), ("en", "en")):
        with override(language):
            words[key] = _(why) % {"what": in_my_language(what)}
    change = RuleChange.objects.create(at=now, by=actor, why=words)
    forget_rules()
    return change


def office_hours() -> tuple[tuple[time, time], ...]:
    """Return the city's office hours of a working day, from its profile."""
    spans = (span.split("-") for span in profile().office_hours)
    return tuple((time.fromisoformat(opens), time.fromisoformat(closes)) for opens, closes in spans)


def read_calendar() -> WorkCalendar:
    """Read the calendar from the database: two statements. Callers keep it for as long as the version stands."""
    return WorkCalendar(
        special=dict(WorkCalendarDay.objects.values_list("day", "is_working")),
        years=frozenset(CalendarYear.objects.values_list("year", flat=True)),
        hours=office_hours(),
        zone=timezone.get_default_timezone(),
    )
