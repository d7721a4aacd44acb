"""Queueing messages inside a change's transaction, and delivering them afterwards by sweeping."""

import json
import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from linjiang.common.database import insert_rows
from linjiang.common.statements import Insert
from notifications.models import Heartbeat, Message
from notifications.quiet import earliest
from notifications.wording import FOLDED, put_into_words
from orgs.models import User
from orgs.profile import profile

log = logging.getLogger("linjiang.messages")


_insert_messages = Insert(Message)


def message(*, to: User, kind: str, facts: dict, url: str, key: str, at: datetime, urgent: bool = False) -> Message:
    """Return an unsaved message; `key` names the happening, the recipient is added to it.

    What is not urgent waits for the end of the quiet hours.
    """
    return Message(
        recipient=to,
        kind=kind,
        facts=facts,
        url=url,
        key=f"{key}:{to.pk}"[:120],
        created_at=at,
        not_before=at if urgent else earliest(at),
        is_urgent=urgent,
    )


@dataclass(frozen=True, slots=True)
class Queued:
    """A message of a sweep that writes thousands: the recipient's key, and what `message` takes."""

    to: int
    kind: str
    facts: dict
    url: str
    key: str
    urgent: bool


def queue_rows(entries: Sequence[Queued], *, at: datetime) -> None:
    """Write many messages in one statement of the caller's transaction; one already queued is left alone."""
    morning = earliest(at)
    insert_rows(
        Message,
        ("recipient", "kind", "facts", "url", "key", "created_at", "not_before", "is_urgent", "attempts", "last_error"),
        [
            (
                one.to,
                one.kind,
                json.dumps(one.facts, ensure_ascii=False),
                one.url,
                f"{one.key}:{one.to}"[:120],
                at,
                at if one.urgent else morning,
                one.urgent,
                0,
                "",
            )
            for one in entries
        ],
        ignore_conflicts=True,
    )


def queue(messages: Iterable[Message]) -> None:
    """Write the messages in the caller's transaction, in one statement; a message already queued is left alone."""
    _insert_messages(messages, ignore_conflicts=True)


def deliver_due(*, now: datetime, batch: int = 200) -> int:
    """Deliver what is due, oldest first, and return how many; safe beside other deliverers (SKIP LOCKED).

    Reminders that would reach one person in numbers are folded into one digest first; nothing is deleted, the folded
    ones point to it. The in-app inbox is the row itself; the console line goes out before the row is committed as
    sent, so a crash in between repeats the line, never the inbox entry. A message that cannot be put into words waits
    longer after each try and keeps nobody else's from going out.
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
            folded = _fold(due, now)
            sent = [entry for entry in due if entry.pk not in folded]
            delivered += len(folded) + sum(_send(entry, now) for entry in sent)
            Message.objects.bulk_update(sent, ["sent_at", "attempts", "last_error", "not_before"])
        if len(due) < batch:
            return delivered


def _fold(due: Sequence[Message], now: datetime) -> set[int]:
    """Fold the reminders of those who would get many into one digest each; return the keys of what was folded."""
    people = {entry.recipient_id for entry in due if entry.kind in FOLDED and not entry.is_urgent}
    if not people:
        return set()
    waiting = defaultdict(list)
    rows = Message.objects.select_for_update(skip_locked=True, of=("self",)).filter(
        recipient__in=people, kind__in=FOLDED, is_urgent=False, sent_at__isnull=True, not_before__lte=now
    )
    for pk, person, facts in rows.order_by("pk").values_list("pk", "recipient_id", "facts"):
        waiting[person].append((pk, facts.get("number", "")))
    folded: set[int] = set()
    for person, entries in waiting.items():
        if len(entries) < profile().messages["digest_from"]:
            continue
        keys = [pk for pk, _number in entries]
        numbers = list(dict.fromkeys(number for _pk, number in entries))
        digest = Message.objects.create(
            recipient_id=person,
            kind="digest",
            facts={"count": len(numbers), "numbers": numbers[:3]},
            url="/cases/inbox/?tab=overdue",
            key=f"digest:{keys[0]}:{person}",
            created_at=now,
            not_before=now,
            is_urgent=False,
        )
        Message.objects.filter(pk__in=keys).update(sent_at=now, digest=digest)
        _send(digest, now)
        digest.save(update_fields=["sent_at", "attempts", "last_error", "not_before"])
        folded |= set(keys)
    return folded


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
