"""Which cases each count of `measures.COUNTED` means, as conditions on the case's row.

Numbers and the lists behind them are made from the same conditions, so a list holds exactly the cases of its number.
"""

from datetime import datetime

from django.db.models import F, Q
from django.utils import timezone

from grievances.choices import LIVE, LOWEST_LEVEL, NOT_ACCEPTED, RUNNING, Confirmation, Rating, Status
from reporting.measures import COUNTED, TALLIED
from reporting.periods import Period

ACCEPTED_STATUSES = tuple(status for status in Status if status not in NOT_ACCEPTED)
# Reported and not rejected, withdrawn or merged. All other conditions are read inside this one.
ACCEPTED = Q(status__in=ACCEPTED_STATUSES, reported_at__isnull=False)

_CLOSED = Q(status=Status.CLOSED)
_REOPENED = Q(reopened_count__gt=0)
# A limit that was never set (older records taken over) can be neither kept nor missed.
_CLOSED_WITH_LIMIT = _CLOSED & Q(due_at__isnull=False)
_ASSIGNED = Q(assigned_at__isnull=False, lead_agency__isnull=False)
# What the household said last stands until it says otherwise, also while the case is handled again or was closed
# unanswered later. Only a good word lapses: when the case is opened again, that word is disproved.
_VALID_FEEDBACK = Q(rating__isnull=False) & (_CLOSED | Q(said_resolved=False) | Q(rating__lt=Rating.FAIRLY_SATISFIED))


OPEN = Q(status__in=LIVE, reported_at__isnull=False)
# What stands open at this moment, whatever the period.
NOW = ("open", "overdue", "waiting", "suspended")

# What is between two of the five steps: from which moment to which, for cases that stand beyond it. A case that went
# back is measured again from where it went back to; one solved on the spot was given to nobody.
_GIVEN = Q(status__in=(Status.ASSIGNED, Status.IN_PROGRESS, Status.RESOLVED, Status.CLOSED), assigned_at__isnull=False)
_DONE = Q(status__in=(Status.RESOLVED, Status.CLOSED), resolved_at__isnull=False)
BETWEEN_STEPS = {
    "report": ("discovered_at", "reported_at", Q(discovered_at__isnull=False)),
    "assign": ("reported_at", "assigned_at", _GIVEN),
    "resolve": ("assigned_at", "resolved_at", _DONE & Q(assigned_at__isnull=False)),
    "feedback": ("resolved_at", "closed_at", _CLOSED & Q(resolved_at__isnull=False)),
}
# Which accepted cases have come as far as a step of the five, by where they stand now.
REACHED = {
    "reported": Q(),
    "assigned": ~Q(status=Status.REPORTED),
    "resolved": Q(status__in=(Status.RESOLVED, Status.CLOSED)),
    "fed_back": _CLOSED,
}


def overdue_at(now: datetime) -> Q:
    """Return "open past the limit": somebody has to act, no pause stops the clock, and the limit has passed."""
    return Q(status__in=RUNNING, suspended_at__isnull=True, due_at__lt=now)


def now_conditions(*, now: datetime) -> dict[str, Q]:
    """Return the conditions of `NOW`: open, past the limit, waiting for the household's answer, on hold."""
    return {
        "open": OPEN,
        "overdue": OPEN & overdue_at(now),
        "waiting": OPEN & Q(status=Status.RESOLVED),
        "suspended": OPEN & Q(suspended_at__isnull=False),
    }


def conditions(*, now: datetime) -> dict[str, Q]:
    """Return the condition of each count, to be read inside `ACCEPTED`, as things stand at `now`."""
    found = {**tallied_conditions(), "overdue": overdue_at(now)}
    return {name: found[name] for name in COUNTED}


def tallied_conditions() -> dict[str, Q]:
    """Return the conditions of `TALLIED`: on a case's row, and just the same on a row of the log of changes."""
    found = {
        "accepted": Q(),
        "closed": _CLOSED,
        "closed_with_limit": _CLOSED_WITH_LIMIT,
        # The resolving moment counts: waiting for the household's answer stops the clock.
        "on_time": _CLOSED_WITH_LIMIT & Q(resolved_at__lte=F("due_at")),
        "assigned": _ASSIGNED,
        "acknowledged_in_time": _ASSIGNED & Q(acknowledged_at__lte=F("acknowledge_due_at")),
        "valid_feedback": _VALID_FEEDBACK,
        "said_resolved": _VALID_FEEDBACK & Q(said_resolved=True),
        "satisfied": _VALID_FEEDBACK & Q(rating__gte=Rating.SATISFIED),
        "fairly_satisfied": _VALID_FEEDBACK & Q(rating=Rating.FAIRLY_SATISFIED),
        "reopened": _REOPENED,
        "closed_or_reopened": _CLOSED | _REOPENED,
        "heard": _CLOSED & Q(rating__isnull=False, confirmation__in=(Confirmation.RESIDENT, Confirmation.TOLD)),
        "settled_lowest": _CLOSED & Q(settled_by__in=LOWEST_LEVEL),
    }
    return {name: found[name] for name in TALLIED}


def either(conditions: list[Q]) -> Q:
    """Return the condition that one of `conditions` holds."""
    found = conditions[0]
    for one in conditions[1:]:
        found |= one
    return found


def reported_in(period: Period) -> Q:
    """Return the condition that a case was reported on the period's days."""
    start, end = period.moments(timezone.get_default_timezone())
    return Q(reported_at__gte=start, reported_at__lt=end)
