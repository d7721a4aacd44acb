"""Starting and stopping a case's clock: the only code that sets its deadline columns."""

from datetime import datetime

from grievances import deadlines
from grievances.choices import Rung
from grievances.models import Category, Grievance
from orgs.profile import profile


def resolve_hours(*, urgency: str, category: Category | None) -> float:
    """Return the limit in calendar hours: the category's own, else the urgency's from the city profile.

    A category's own limit belongs to its usual urgency; who chooses another urgency gets that one's limit.
    """
    if category is not None and category.resolve_hours and urgency == category.urgency:
        return category.resolve_hours
    return profile().urgency_hours[urgency]


def acknowledge_hours(*, category: Category | None) -> float:
    """Return within how many calendar hours an agency acknowledges or returns."""
    if category is not None and category.acknowledge_hours:
        return category.acknowledge_hours
    return profile().cases["acknowledge_hours"]


def started(*, now: datetime, urgency: str, category: Category | None) -> dict:
    """Return the columns of a clock that begins at `now`: full limit, nothing climbed, first alarm at the deadline."""
    due_at = deadlines.deadline(start=now, limit_hours=resolve_hours(urgency=urgency, category=category))
    return {"clock_started_at": now, "due_at": due_at, "rung": 0, "next_alarm_at": due_at}


def restarted(grievance: Grievance, *, now: datetime) -> dict:
    """Return the columns of a new clock for a case that is handled again."""
    return started(now=now, urgency=grievance.urgency, category=grievance.category)


def stopped() -> dict:
    """Return the columns of a clock at rest: no alarm; the deadline stays for the on-time rate."""
    return {"next_alarm_at": None}


def moved(grievance: Grievance, *, due_at: datetime) -> dict:
    """Return the columns after the deadline moved to `due_at`: the ladder begins anew for the new deadline."""
    return {"due_at": due_at, "rung": 0, "next_alarm_at": due_at}


def next_alarm(*, due_at: datetime, rung: int) -> datetime | None:
    """Return when the rung above `rung` is due; None at the top of the ladder."""
    if rung >= max(Rung):
        return None
    return deadlines.rung_due_at(due_at=due_at, rung=rung + 1, rung_hours=profile().cases["rung_hours"])


def acknowledge_due(*, now: datetime, category: Category | None) -> datetime:
    """Return by when an assignment made at `now` must be acknowledged or returned."""
    return deadlines.deadline(start=now, limit_hours=acknowledge_hours(category=category))


def extended(grievance: Grievance, *, days: int) -> dict:
    """Return the columns after an extension by `days` (calendar days of 24 hours)."""
    return moved(grievance, due_at=deadlines.deadline(start=grievance.due_at, limit_hours=24 * days))


def resumed(grievance: Grievance, *, now: datetime) -> dict:
    """Return the columns after a suspension: the deadline moves by the pause, what was climbed stays climbed."""
    due_at = deadlines.moved_by_pause(due_at=grievance.due_at, paused_at=grievance.suspended_at, resumed_at=now)
    return {"due_at": due_at, "next_alarm_at": next_alarm(due_at=due_at, rung=grievance.rung)}
