"""What Celery does for cases."""

from celery import shared_task

from grievances.services.escalation import escalate_overdue as sweep
from linjiang.common.clock import now
from orgs.services.system import system_user


@shared_task
def escalate_overdue() -> None:
    """Fire every rung that is due. Safe to run twice and beside itself."""
    sweep(actor=system_user(), now=now())
