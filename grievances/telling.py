"""What a person may still read of the messages they were sent: the words of a case end with the right to see it."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from grievances.models import Grievance
from notifications.models import Message
from notifications.wording import put_into_words
from orgs.models import User

# What those who joined a case are told of it.
JOINED_KINDS = frozenset({"joined_resolved", "joined_closed", "joined_ended", "joined_again", "joined_merged"})


@dataclass(frozen=True, slots=True)
class Told:
    """A message as its reader sees it now; `url` is "" where there is nowhere to go."""

    words: str
    url: str


def told(messages: Iterable[Message], user: User) -> dict[int, Told]:
    """Return, by the messages' keys, what `user` may read of them today.

    Of a case that is no longer the person's to see only the number is left: a title and a note can hold a name or a
    door. Who joined a case of next door reads what became of it, and has nowhere to go. At most two statements.
    """
    messages = list(messages)
    numbers = {number for message in messages if (number := _number(message))}
    if numbers:
        seen = Grievance.objects.visible_to(user).filter(number__in=numbers)
        numbers -= set(seen.values_list("number", flat=True))
    joined = {_number(message) for message in messages if message.kind in JOINED_KINDS} & numbers
    if joined:
        joined = set(Grievance.objects.told_to(user).filter(number__in=joined).values_list("number", flat=True))
    return {
        message.pk: Told(words=_("%(number)s (no longer yours to see)") % {"number": _number(message)}, url="")
        if _number(message) in numbers and not (message.kind in JOINED_KINDS and _number(message) in joined)
        else Told(
            words=put_into_words(message.kind, message.facts), url="" if _number(message) in numbers else message.url
        )
        for message in messages
    }


def _number(message: Message) -> str:
    return str(message.facts.get("number") or "")
