"""What of a case waits for a decision or an answer, in words for pages: requests for time, and cards."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from grievances.choices import Action, Card, Counts
from grievances.models import Escalation, Grievance
from linjiang.common.templatetags.lj import cn_date, cn_datetime

_OF_EXTENSION = (Action.ASK_EXTENSION, Action.GRANT_EXTENSION, Action.REFUSE_EXTENSION)
_OF_SUSPENSION = (Action.ASK_SUSPENSION, Action.SUSPEND, Action.REFUSE_SUSPENSION)
WAITING, LATE, LIFTED, STAYS, WITHDRAWN = "waiting", "late", "lifted", "stays", "withdrawn"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that is not decided yet: what for, who asked when, why, and who decides."""

    title: str
    who: str
    at: datetime
    why: str
    note: str
    decides: str


@dataclass(frozen=True, slots=True)
class CardLine:
    """A yellow or red card as pages show it.

    `state`: waiting for an answer, late with it, lifted, withdrawn, or it stays.
    """

    kind: str
    label: str
    state: str
    word: str
    icon: str
    at: datetime
    to: str
    by: str
    note: str
    answer_due_at: datetime | None
    answer: str
    answered: str
    withdrawal: str
    withdrawn: str

    @property
    def awaits_answer(self) -> bool:
        """Whether the day by which to answer still means something."""
        return self.state in (WAITING, LATE)


def requests_of(case: Grievance, *, action: str | None = None) -> list[Asked]:
    """Return what was asked for and is not decided, of `action` only what that step decides."""
    found = []
    if case.pending_extension and (action is None or action in _OF_EXTENSION):
        found.append(_extension(case))
    if case.pending_suspension and (action is None or action in _OF_SUSPENSION):
        found.append(_suspension(case))
    return found


def _extension(case: Grievance) -> Asked:
    asked = case.pending_extension
    words = (
        ngettext("%(days)s more working day asked for", "%(days)s more working days asked for", asked.days)
        if case.counts == Counts.WORKDAYS
        else ngettext("%(days)s more day asked for", "%(days)s more days asked for", asked.days)
    )
    return Asked(
        title=words % {"days": asked.days},
        who=_who(asked.asked_by, case.lead_agency),
        at=asked.asked_at,
        why=str(asked.reason),
        note="",  # what was written with it stands in the timeline
        decides=_("%(unit)s or a desk above it") % {"unit": case.holder_unit},
    )


def _suspension(case: Grievance) -> Asked:
    asked = case.pending_suspension
    wording = _("the level above %(unit)s") if asked.unit else _("%(unit)s or a desk above it")
    return Asked(
        title=_("Suspension until %(day)s asked for") % {"day": cn_date(asked.review_on)},
        who=_who(asked.asked_by, asked.unit or case.lead_agency),
        at=asked.asked_at,
        why=str(asked.reason),
        note=asked.note,
        decides=wording % {"unit": asked.unit or case.holder_unit},
    )


def _who(person, place) -> str:
    return _("%(name)s, %(place)s") % {"name": person, "place": place} if place else str(person)


def card_lines(cards: Iterable[Escalation], *, at: datetime, waiting: bool = False) -> list[CardLine]:
    """Return the cards in their order; `waiting`: only those that nobody has answered yet."""
    return [_card(card, at) for card in cards if not waiting or card.awaits_answer]


def _card(card: Escalation, at: datetime) -> CardLine:
    if card.withdrawn_by_id is not None:
        state, word, icon = WITHDRAWN, _("withdrawn: it should not have been shown"), "undo-2"
    elif card.lifted_at is not None:
        state, word, icon = LIFTED, _("lifted: answered in time"), "circle-check"
    elif card.answered_at is not None:
        state, word, icon = STAYS, _("stays: answered late"), "circle-alert"
    elif card.answer_due_at is not None and card.answer_due_at < at:
        state, word, icon = LATE, _("stays: no answer in time"), "circle-alert"
    else:
        state, word, icon = WAITING, _("waits for an answer"), "alarm-clock"
    answered = _done_by(card.answered_by, card.answered_at) if card.answered_at is not None else ""
    withdrawn = _done_by(card.withdrawn_by, card.lifted_at) if card.withdrawn_by_id is not None else ""
    return CardLine(
        kind=card.card,
        label=str(Card(card.card).label),
        state=state,
        word=word,
        icon=icon,
        at=card.at,
        to=str(card.agency or card.unit or ""),
        by=str(card.by) if card.rung is None else "",
        note=card.note,
        answer_due_at=card.answer_due_at,
        answer=card.answer,
        answered=answered,
        withdrawal=card.withdrawal,
        withdrawn=withdrawn,
    )


def _done_by(who, at: datetime) -> str:
    return _("%(who)s, %(when)s") % {"who": who, "when": cn_datetime(at)}


def card_name(card: Escalation) -> str:
    """Return a card in a few words, to choose it by: which, when and to whom it was shown."""
    facts = {"card": Card(card.card).label, "when": cn_datetime(card.at), "to": card.agency or card.unit or ""}
    return _("%(card)s, %(when)s, %(to)s") % facts
