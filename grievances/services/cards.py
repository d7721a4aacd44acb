"""Urging and cards by hand, and the answer a card asks for; addressed as the ladder addresses its rungs."""

from datetime import datetime

from grievances.choices import ANSWERED_CARDS, CARD_OF, Action, Card, Stage, Tell
from grievances.models import Escalation, Grievance
from grievances.policies import cards_to_answer
from grievances.services.rulebook import Rulebook, rulebook
from grievances.services.steps import step
from grievances.services.targets import Targets
from linjiang.common.clock import local_day
from linjiang.common.text import at_moment
from orgs.models import User
from orgs.profile import profile

_TELL = {
    Card.URGE: (Tell.HOLDER,),
    Card.YELLOW: (Tell.HOLDER, Tell.SUPERIOR, Tell.STREET),
    Card.RED: (Tell.HOLDER, Tell.SUPERIOR, Tell.DISTRICT),
}


def urge(*, actor: User, grievance: Grievance, now: datetime, version: int | None = None, note: str = "") -> Grievance:
    """Urge who holds the case."""
    return _show(Action.URGE, actor, grievance, note, now, version)


def yellow_card(
    *, actor: User, grievance: Grievance, note: str, now: datetime, version: int | None = None
) -> Grievance:
    """Show who holds the case a yellow card and tell the street; the note says what for."""
    return _show(Action.YELLOW_CARD, actor, grievance, note, now, version)


def red_card(*, actor: User, grievance: Grievance, note: str, now: datetime, version: int | None = None) -> Grievance:
    """Show who holds the case a red card and tell the district; the note says what for."""
    return _show(Action.RED_CARD, actor, grievance, note, now, version)


def answer_card(
    *, actor: User, grievance: Grievance, note: str, now: datetime, version: int | None = None
) -> Grievance:
    """Answer the cards of the case that were shown to the actor's agency or desk (整改说明): what is changed.

    A card answered in time is lifted, one answered late stays in force; the card and its answer stay on record.
    """
    note = note.strip()
    with step(actor=actor, grievance=grievance, action=Action.ANSWER_CARD, now=now, version=version, note=note) as case:
        cards = cards_to_answer(actor, case.grievance)
        for card in cards:
            card.answered_at, card.answered_by, card.answer = now, actor, note
            if card.answer_due_at is None or now <= card.answer_due_at:
                card.lifted_at = now
        Escalation.objects.bulk_update(cards, ["answered_at", "answered_by", "answer", "lifted_at"])
        targets = Targets([case.grievance], on=local_day(now))
        shown = {card.card for card in cards}
        above = [tell for kind in shown for tell in _TELL[kind] if tell != Tell.HOLDER]
        people = [person for told in targets.of(case.grievance, above) for person in told.people]
        lifted = sum(card.lifted_at is not None for card in cards)
        case.tell([*people, *(card.by for card in cards)], "card_answered", note=note, holder=_holder(case.grievance))
        case.record(note=note, data={"cards": len(cards), "lifted": lifted}, is_public=False)
        return case.grievance


def answer_due(card: str, *, now: datetime, rules: Rulebook) -> datetime | None:
    """Return by when a card shown at `now` is to be answered; None for a reminder or an urge."""
    if card not in ANSWERED_CARDS:
        return None
    days = profile().cases["yellow_answer_days" if card == Card.YELLOW else "red_answer_days"]
    return rules.calendar.add(now, days * rules.calendar.day_seconds)


def _show(action, actor, grievance, note, now, version) -> Grievance:
    note, card = note.strip(), CARD_OF[action]
    with step(actor=actor, grievance=grievance, action=action, now=now, version=version, note=note) as case:
        told = Targets([case.grievance], on=local_day(now)).of(case.grievance, _TELL[card])
        due = answer_due(card, now=now, rules=rulebook())
        Escalation.objects.create(
            grievance=case.grievance,
            card=card,
            stage=case.grievance.stage or Stage.RESOLVE,
            due_at=case.grievance.due_at,
            unit=told[0].unit,
            agency=case.grievance.lead_agency,
            by=actor,
            at=now,
            note=note,
            answer_due_at=due,
        )
        holder = _holder(case.grievance)
        for one in told:
            kind = {Card.URGE: "case_urged", Card.YELLOW: "yellow_card", Card.RED: "red_card"}[card]
            if one.tell != Tell.HOLDER:
                kind += "_seen"
            case.tell(one.people, kind, note=note, holder=holder, answer_by=at_moment(due) if due else "")
        case.record(
            note=note,
            data={"to": holder, "told": [one.unit.name for one in told if one.people][1:]},
            is_public=False,
        )
        return case.grievance


def _holder(grievance: Grievance) -> str:
    return str(grievance.lead_agency or grievance.holder_unit or grievance.unit)
