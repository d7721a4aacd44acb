"""The in-app inbox: what a person was told, unread first."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import F
from django.db.models.lookups import IsNull

from notifications.models import Message
from orgs.models import User

DIGEST = "digest"


def inbox_of(user: User, *, now: datetime):
    """Return the person's messages that are due, unread first, then the newest first."""
    return Message.objects.filter(recipient=user, digest__isnull=True, not_before__lte=now).order_by(
        IsNull(F("read_at"), True).desc(), "-pk"
    )


def folded_into(messages: Iterable[Message]) -> dict[int, list[Message]]:
    """Return, by the keys of the digests among `messages`, what each was made of. One statement, none without one."""
    digests = [message.pk for message in messages if message.kind == DIGEST]
    found: dict[int, list[Message]] = {}
    for one in Message.objects.filter(digest__in=digests).order_by("pk") if digests else ():
        found.setdefault(one.digest_id, []).append(one)
    return found


def unread_count(user: User, *, now: datetime) -> int:
    """Return how many due messages the person has not read."""
    return Message.objects.filter(
        recipient=user, digest__isnull=True, read_at__isnull=True, not_before__lte=now
    ).count()
