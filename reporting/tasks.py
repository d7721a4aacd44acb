"""What Celery does for figures."""

from celery import shared_task

from linjiang.common.clock import now
from reporting.services.burden import count_loads
from reporting.services.tallies import fold_all
from reporting.services.verifying import verify_and_tell


@shared_task
def fold_changes() -> None:
    """Add the log of changes to the tallies. Safe to run twice and beside itself."""
    fold_all()


@shared_task
def verify_tallies() -> None:
    """Compare every tally with the cases and tell of any difference. Changes no figure."""
    verify_and_tell(now=now())


@shared_task
def count_chief_loads() -> None:
    """Count what chiefs were asked for in the weeks that are over. Safe to run twice and beside itself."""
    count_loads(now=now())
