"""What Celery does for the organisation."""

from celery import shared_task

from orgs.services.posts import end_lapsed_posts as end_lapsed
from orgs.services.system import system_user


@shared_task
def end_lapsed_posts() -> None:
    """Close posts whose term has passed. Safe to run twice."""
    end_lapsed(actor=system_user())
