"""Urging and cards by hand, and the answer a card asks for; addressed as the ladder addresses its rungs."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from grievances.choices import ANSWERED_CARDS, CARD_OF, Action, Card, Stage, Tell
from grievances.models import Escalation, Grievance
from grievances.policies import cards_to_answer, cards_to_withdraw
from grievances.services.rulebook import Rulebook, rulebook
from grievances.services.steps import step
from grievances.services.targets import Targets
from linjiang.common.clock import local_day
from linjiang.common.errors import InvalidInput
from linjiang.common.text import at_moment
from orgs.holders import people_at_agencies, people_at_units
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
    *,
    actor: User,
    grievance: Grievance,
    note: str,
    now: datetime,
    version: int | None = None,
    cards: Sequence[Escalation] | None = None,
) -> Grievance:
    """Answer the cards of the case that were shown to the actor's agency or desk (整改说明): what is changed.

    `cards` are those of them that are answered, None for all. A card answered in time is lifted, one answered late
    stays in force; the card and its answer stay on record.
    """
    note = note.strip()
    with step(actor=actor, grievance=grievance, action=Action.ANSWER_CARD, now=now, version=version, note=note) as case:
        cards = _chosen(cards_to_answer(actor, case.grievance), cards)
        for card in cards:
            card.answered_at, card.answered_by, card.answer = now, actor, note
            if card.answer_due_at is None or now <= card.answer_due_at:
                card.lifted_at = now
        Escalation.objects.bulk_update(cards, ["answered_at", "answered_by", "answer", "lifted_at"])
        lifted = sum(card.lifted_at is not None for card in cards)
        heard = _who_heard(case.grievance, cards, now)
        case.tell(heard, "card_answered", note=note, holder=_holder(case.grievance))
        case.record(note=note, data={"cards": len(cards), "lifted": lifted}, is_public=False)
        return case.grievance


def withdraw_card(
    *,
    actor: User,
    grievance: Grievance,
    note: str,
    now: datetime,
    version: int | None = None,
    cards: Sequence[Escalation] | None = None,
) -> Grievance:
    """Withdraw cards that should not have been shown (撤销); the note says why.

    `cards` may be left out where only one can be withdrawn. They are lifted and ask for no answer any more; that they
    were shown stays on record, with who withdrew them, when and why.
    """
    note = note.strip()
    with step(
        actor=actor, grievance=grievance, action=Action.WITHDRAW_CARD, now=now, version=version, note=note
    ) as case:
        offered = cards_to_withdraw(actor, case.grievance)
        if cards is None and len(offered) > 1:
            raise InvalidInput({"cards": _("Several cards are in force; please choose which to withdraw.")})
        cards = _chosen(offered, cards)
        for card in cards:
            card.lifted_at, card.withdrawn_by, card.withdrawal = now, actor, note
        Escalation.objects.bulk_update(cards, ["lifted_at", "withdrawn_by", "withdrawal"])
        shown_to = list(dict.fromkeys(_shown_to(card) for card in cards))
        people = [*_who_was_shown(cards, now), *_who_heard(case.grievance, cards, now)]
        case.tell(people, "card_withdrawn", note=note, holder="、".join(shown_to))
        case.record(note=note, data={"cards": [card.card for card in cards], "shown_to": shown_to}, is_public=False)
        return case.grievance


def _chosen(offered: Sequence[Escalation], chosen: Sequence[Escalation] | None) -> list[Escalation]:
    """Return those of the offered cards that were chosen, all of them for None; raise InvalidInput for others."""
    if chosen is None:
        return list(offered)
    keys = {card.pk for card in chosen}
    if not keys or keys - {card.pk for card in offered}:
        raise InvalidInput({"cards": _("Please choose from the cards that are open to you.")})
    return [card for card in offered if card.pk in keys]


def _who_was_shown(cards: Sequence[Escalation], now: datetime) -> list[User]:
    """Return the people in office where the cards were shown."""
    today = local_day(now)
    agencies = people_at_agencies({card.agency_id for card in cards if card.agency_id}, on=today)
    desks = people_at_units({card.unit_id for card in cards if card.unit_id and not card.agency_id}, on=today)
    return [person for people in (*agencies.values(), *desks.values()) for person in people]


def _who_heard(grievance: Grievance, cards: Sequence[Escalation], now: datetime) -> list[User]:
    """Return who above the holder is told of such cards, and who showed them."""
    above = [tell for kind in {card.card for card in cards} for tell in _TELL[kind] if tell != Tell.HOLDER]
    told = Targets([grievance], on=local_day(now)).of(grievance, above)
    return [*(person for one in told for person in one.people), *(card.by for card in cards)]


def _shown_to(card: Escalation) -> str:
    return str(card.agency or card.unit or "")


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
