"""What Celery does for messages."""

from celery import shared_task

from linjiang.common.clock import now
from notifications.notices import send_out
from notifications.services import deliver_due, record_heartbeat


@shared_task
def deliver_messages() -> None:
    """Deliver what is due. Safe to run twice and beside itself."""
    deliver_due(now=now())


@shared_task
def send_notices() -> None:
    """Write the messages of important notices. Safe to run twice and beside itself."""
    send_out(now=now())


@shared_task
def tick() -> None:
    """Show that beat schedules and a worker works."""
    record_heartbeat(name="beat", now=now())
