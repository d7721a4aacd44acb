"""The in-app inbox: what a person was told, unread first."""

from datetime import datetime

from django.db.models import F
from django.db.models.lookups import IsNull

from notifications.models import Message
from orgs.models import User


def inbox_of(user: User, *, now: datetime):
    """Return the person's messages that are due, unread first, then the newest first."""
    return Message.objects.filter(recipient=user, digest__isnull=True, not_before__lte=now).order_by(
        IsNull(F("read_at"), True).desc(), "-pk"
    )


def unread_count(user: User, *, now: datetime) -> int:
    """Return how many due messages the person has not read."""
    return Message.objects.filter(
        recipient=user, digest__isnull=True, read_at__isnull=True, not_before__lte=now
    ).count()
