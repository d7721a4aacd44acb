"""What a person may still read of the messages they were sent: the words of a case end with the right to see it."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from grievances.models import Grievance
from grievances.privacy import title_for_neighbours
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
    titles: dict[str, str] = {}
    if joined:
        heard_of = Grievance.objects.told_to(user).filter(number__in=joined)
        cases = heard_of.select_related("unit", "category", "contact", "household__contact")
        titles = {case.number: title_for_neighbours(case) for case in cases}
    return {message.pk: _told(message, hidden=_number(message) in numbers, titles=titles) for message in messages}


def _told(message: Message, *, hidden: bool, titles: dict[str, str]) -> Told:
    """Put one message into words; `hidden`: its case is not the reader's; `titles`: those of cases heard of."""
    number = _number(message)
    if not hidden:
        return Told(words=put_into_words(message.kind, message.facts), url=message.url)
    if message.kind in JOINED_KINDS and number in titles:
        return Told(words=put_into_words(message.kind, message.facts | {"title": titles[number]}), url="")
    return Told(words=_("%(number)s (no longer yours to see)") % {"number": number}, url="")


def _number(message: Message) -> str:
    return str(message.facts.get("number") or "")
