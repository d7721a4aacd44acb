"""What Celery does for cases."""

from celery import shared_task

from grievances.services import door, exporting, pool_nightly, suggesting
from grievances.services.calendar_watch import remind_of_missing_calendar as remind
from grievances.services.escalation import escalate_overdue as sweep
from grievances.services.recomputing import recompute_deadlines as recompute
from grievances.services.whistles import remind_late
from linjiang.common.clock import now
from orgs.services.system import system_user


@shared_task
def escalate_overdue() -> None:
    """Fire every rung that is due, and remind who is late on the spot. Safe to run twice and beside itself."""
    actor, at = system_user(), now()
    sweep(actor=actor, now=at)
    remind_late(actor=actor, now=at)


@shared_task
def recompute_deadlines() -> None:
    """Bring open deadlines to the rules in force. Safe to run twice and beside itself; cheap when nothing changed."""
    recompute(actor=system_user(), now=now())


@shared_task
def remind_of_missing_calendar() -> None:
    """Tell administrators, from November on, that next year's holidays are missing. Safe to run twice."""
    remind(now=now())


@shared_task
def pass_on_untaken() -> None:
    """Report what residents told and no chief took up in time. Safe to run twice and beside itself."""
    door.pass_on_untaken(now=now())


@shared_task
def learn_categories() -> None:
    """Learn from the closed cases what sentences are about. Safe to run twice."""
    suggesting.learn_categories(now=now())


@shared_task
def write_exports() -> None:
    """Write the lists people asked for as workbooks. Safe to run twice and beside itself."""
    exporting.write_due_exports(now=now())


@shared_task
def remove_expired_exports() -> None:
    """Delete exported files that have been kept long enough. Safe to run twice."""
    exporting.remove_expired(now=now())


@shared_task
def find_clusters() -> None:
    """Search the problem pool for matters told by many. Safe to run twice."""
    pool_nightly.find(now=now())
