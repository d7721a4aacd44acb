"""Queueing messages inside a change's transaction, and delivering them afterwards by sweeping."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from notifications.models import Heartbeat, Message
from notifications.wording import put_into_words
from orgs.models import User

log = logging.getLogger("linjiang.messages")


def message(*, to: User, kind: str, facts: dict, url: str, key: str, at: datetime) -> Message:
    """Return an unsaved message; `key` names the happening, the recipient is added to it."""
    return Message(
        recipient=to, kind=kind, facts=facts, url=url, key=f"{key}:{to.pk}"[:120], created_at=at, not_before=at
    )


def queue(messages: Iterable[Message]) -> None:
    """Write the messages in the caller's transaction, in one statement; a message already queued is left alone."""
    messages = list(messages)
    if messages:
        Message.objects.bulk_create(messages, ignore_conflicts=True)


def deliver_due(*, now: datetime, batch: int = 200) -> int:
    """Deliver what is due, oldest first, and return how many; safe beside other deliverers (SKIP LOCKED).

    The in-app inbox is the row itself; the console line goes out before the row is committed as sent, so a crash in
    between repeats the line, never the inbox entry. A message that cannot be put into words waits longer after each
    try and keeps nobody else's from going out.
    """
    delivered = 0
    while True:
        with transaction.atomic():
            due = list(
                Message.objects.select_for_update(skip_locked=True, of=("self",))
                .select_related("recipient")
                .filter(sent_at__isnull=True, not_before__lte=now)
                .order_by("not_before", "pk")[:batch]
            )
            delivered += sum(_send(entry, now) for entry in due)
            Message.objects.bulk_update(due, ["sent_at", "attempts", "last_error", "not_before"])
        if len(due) < batch:
            return delivered


def _send(entry: Message, now: datetime) -> bool:
    entry.attempts += 1
    try:
        words = put_into_words(entry.kind, entry.facts)
    except (KeyError, TypeError, ValueError) as error:
        log.exception("message %s of kind %s cannot be put into words", entry.pk, entry.kind)
        entry.last_error = repr(error)[:200]
        entry.not_before = now + timedelta(minutes=2 ** min(entry.attempts, 10))
        return False
    log.info("to %s: %s", entry.recipient, words)
    entry.sent_at = now
    return True


def mark_read(*, actor: User, now: datetime, pk: int | None = None) -> int:
    """Mark the actor's message `pk` (None: all) as read and return how many changed."""
    unread = Message.objects.filter(recipient=actor, read_at__isnull=True)
    if pk is not None:
        unread = unread.filter(pk=pk)
    return unread.update(read_at=now)


def record_heartbeat(*, name: str, now: datetime) -> None:
    """Note that the background process `name` is alive."""
    Heartbeat.objects.update_or_create(name=name, defaults={"at": now})
