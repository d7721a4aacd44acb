"""Cards shown by mistake are withdrawn, and of several cards one says which it answers; what was shown stays."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import translation

from grievances import pending
from grievances.choices import Action, Card, Status
from grievances.models import Grievance
from grievances.policies import decide
from grievances.presentation import event_title
from grievances.services.cards import withdraw_card
from linjiang.common.errors import Conflict, InvalidInput, NotAllowed
from notifications.models import Message
from notifications.wording import put_into_words
from orgs.choices import Role
from tests.factories import NOON, World, file_case, fresh, make_post, make_world
from tests.grievances.browsing import signed_in
from tests.grievances.scenes import HOUR, case_in, climb, do

pytestmark = pytest.mark.django_db
WHY = "时限设错了"


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def case(world) -> Grievance:
    """A case at its agency that was shown a yellow card at noon."""
    return do(world, case_in(world, Status.IN_PROGRESS), Action.YELLOW_CARD, world.supervisor)


@pytest.fixture
def two(world, case) -> Grievance:
    """The same with a red card an hour later."""
    return do(world, case, Action.RED_CARD, world.supervisor, at=NOON + HOUR)


def again(case: Grievance) -> Grievance:
    return Grievance.objects.get(pk=case.pk)


def withdraw(case: Grievance, actor, *, at=NOON + 2 * HOUR, note=WHY, **given) -> Grievance:
    return withdraw_card(actor=fresh(actor), grievance=case, note=note, now=at, **given)


def heard(kind: str) -> set[str]:
    return set(Message.objects.filter(kind=kind).values_list("recipient__name", flat=True))


def test_a_withdrawn_card_is_lifted_and_both_facts_stay(world, case):
    case = withdraw(case, world.community)
    [card] = again(case).cards
    assert (card.card, card.at, card.note) == (Card.YELLOW, NOON, "超期")
    assert (card.lifted_at, card.withdrawn_by, card.withdrawal) == (NOON + 2 * HOUR, world.community, WHY)
    assert (card.in_force, card.awaits_answer, card.answered_at) == (False, False, None)
    event = case.events.last()
    assert (event.action, event.note, event.is_public) == (Action.WITHDRAW_CARD, WHY, False)
    with translation.override("en"):
        assert event_title(event) == f"Withdrew the card shown to {world.agency}: Yellow card"
        [line] = pending.card_lines(again(case).cards, at=NOON + 3 * HOUR)
    assert (line.state, line.withdrawal) == ("withdrawn", WHY)
    assert line.withdrawn.startswith("community, ")
    assert pending.card_lines(again(case).cards, at=NOON + 3 * HOUR, waiting=True) == []


def test_who_was_shown_it_and_who_heard_of_it_are_told(world, case):
    withdraw(case, world.community)
    assert heard("card_withdrawn") == {"承办人", "street", "supervisor"}
    facts = Message.objects.filter(kind="card_withdrawn").first().facts
    with translation.override("en"):
        words = put_into_words("card_withdrawn", facts)
    assert words.endswith(f"is withdrawn and needs no answer: {WHY}")
    assert str(world.agency) in words


def test_the_answer_is_no_longer_asked_for(world, case):
    case = withdraw(case, world.street)
    with pytest.raises(NotAllowed):
        do(world, case, Action.ANSWER_CARD, world.handler)
    assert decide(fresh(world.handler), Action.ANSWER_CARD, again(case), at=NOON).is_idle
    assert decide(fresh(world.street), Action.WITHDRAW_CARD, again(case), at=NOON).is_idle
    assert not again(case).cards[0].in_force


def test_a_withdrawn_card_does_not_stand_in_the_way_of_the_right_one(world, case):
    case = withdraw(case, world.supervisor)
    assert do(world, case, Action.YELLOW_CARD, world.supervisor, at=NOON + 3 * HOUR).version == case.version + 1


def test_a_reason_is_required(world, case):
    with pytest.raises(InvalidInput) as refusal:
        withdraw(case, world.community, note="  ")
    assert list(refusal.value.errors) == ["note"]
    assert again(case).cards[0].in_force


@pytest.mark.parametrize("who", ["handler", "second_handler", "chief", "official", "operator", "zone_leader"])
def test_not_by_who_was_shown_it_nor_by_others(world, case, who):
    with pytest.raises(NotAllowed):
        withdraw(case, getattr(world, who))


@pytest.mark.parametrize("unseen", ["\u200b\u200b", " \u2060\ufeff", "\u202e"])
def test_a_reason_of_which_nothing_is_seen_is_none(world, case, unseen):
    with pytest.raises(InvalidInput) as refused:
        do(world, case, Action.RED_CARD, world.supervisor, note=unseen)
    assert set(refused.value.errors) == {"note"}


def test_a_desk_s_card_is_withdrawn_above_it_and_never_by_itself(world):
    case = file_case(world)
    for _rung in range(2):
        case = do(world, case, Action.REFER_UP, world.street)
    assert case.holder_unit == world.units["community"]
    case = do(world, case, Action.YELLOW_CARD, world.supervisor)
    refused = decide(fresh(world.community), Action.WITHDRAW_CARD, case, at=NOON)
    assert not refused
    assert not refused.is_idle
    assert decide(fresh(world.street), Action.WITHDRAW_CARD, case, at=NOON)


def test_a_supervisor_who_is_also_shown_it_leaves_it_to_another(world, case):
    post = make_post(Role.HANDLER, agency=world.agency)
    world.supervisor.posts.create(role=Role.HANDLER, agency=world.agency, since=post.since)
    assert not decide(fresh(world.supervisor), Action.WITHDRAW_CARD, case, at=NOON)


def test_a_card_of_the_ladder_answered_late_is_withdrawn_with_its_answer(world):
    case = case_in(world, Status.IN_PROGRESS)
    at = case.due_at + timedelta(days=20)
    climb(at)
    case = do(world, again(case), Action.ANSWER_CARD, world.handler, at=at)
    cards = again(case).cards
    assert [card.in_force for card in cards] == [True, True]
    case = withdraw(again(case), world.supervisor, at=at, cards=cards)
    lines = pending.card_lines(again(case).cards, at=at)
    assert [(line.state, bool(line.answer), line.withdrawal) for line in lines] == [("withdrawn", True, WHY)] * 2


def test_a_mistake_found_when_the_case_is_over(world, case):
    case = do(world, case, Action.RESOLVE, world.handler)
    case = do(world, case, Action.FEEDBACK, world.chief)
    assert withdraw(case, world.community).status == Status.CLOSED
    assert not again(case).cards[0].in_force


def test_a_case_that_ended_otherwise_is_left_alone(world):
    with pytest.raises(Conflict):
        withdraw(case_in(world, Status.REJECTED), world.community)


def test_of_several_cards_only_the_chosen_is_withdrawn(world, two):
    with pytest.raises(InvalidInput) as refusal:
        withdraw(two, world.community)
    assert list(refusal.value.errors) == ["cards"]
    yellow, red = two.cards
    withdraw(two, world.community, cards=[red])
    assert [card.in_force for card in again(two).cards] == [True, False]
    with pytest.raises(InvalidInput):
        withdraw(again(two), world.community, cards=[red])
    assert again(two).cards[0].pk == yellow.pk


def test_one_card_needs_no_choosing_and_several_are_all_ticked_at_first(world, case):
    browser = signed_in(world.handler)
    with time_machine.travel(NOON + 2 * HOUR, tick=False):
        assert "cards" not in browser.get(f"/cases/{case.number}/answer_card/").context["form"].fields
        case = do(world, case, Action.RED_CARD, world.supervisor, at=NOON + HOUR)
        page = browser.get(f"/cases/{case.number}/answer_card/")
        desk = signed_in(world.community).get(f"/cases/{case.number}/withdraw_card/")
    assert page.content.decode().count(" checked") == 2
    assert len(desk.context["form"].fields["cards"].choices) == 2
    assert " checked" not in desk.content.decode()


def test_an_answer_is_for_the_chosen_cards_and_the_other_still_waits(world, two):
    yellow, red = two.cards
    with time_machine.travel(NOON + 2 * HOUR, tick=False):
        sent = {"version": two.version, "cards": [red.pk], "note": "红牌的整改说明"}
        assert signed_in(world.handler).post(f"/cases/{two.number}/answer_card/", sent).status_code == 302
    found = again(two).cards
    assert [(card.pk, card.answer, card.in_force) for card in found] == [
        (yellow.pk, "", True),
        (red.pk, "红牌的整改说明", False),
    ]
    assert again(two).events.last().data == {"cards": 1, "lifted": 1}
    assert decide(fresh(world.handler), Action.ANSWER_CARD, again(two), at=NOON)


@pytest.mark.parametrize("cards", [[], ["x"], ["999999"]])
def test_a_choice_that_makes_no_sense_keeps_what_was_written(world, two, cards):
    with time_machine.travel(NOON + 2 * HOUR, tick=False):
        sent = {"version": two.version, "cards": cards, "note": "写了很久的说明"}
        page = signed_in(world.handler).post(f"/cases/{two.number}/answer_card/", sent)
    assert page.status_code == 400
    assert "写了很久的说明" in page.content.decode()
    assert "cards" in page.context["form"].errors
    assert not any(card.answer for card in again(two).cards)


def test_pages_show_a_withdrawn_card_with_why(world, case):
    withdraw(case, world.community)
    with time_machine.travel(NOON + 3 * HOUR, tick=False):
        for page in (
            signed_in(world.handler).get(f"/cases/{case.number}/"),
            signed_in(world.street).get(reverse("admin:grievances_grievance_change", args=[case.pk])),
        ):
            text = page.content.decode()
            assert "card-line--withdrawn" in text
            assert text.count(WHY) == 2  # at the card and in the timeline
        household = signed_in(world.street).get(f"/r/{case.token}/").content.decode()
    assert WHY not in household


def test_the_api_chooses_and_tells(world, two):
    yellow, red = two.cards
    browser = signed_in(world.community)
    address = f"/api/v1/cases/{two.number}/"
    with time_machine.travel(NOON + 2 * HOUR, tick=False):
        steps = {one["action"]: one for one in browser.get(address).json()["actions"]}
        assert (steps["withdraw_card"]["fields"], steps["withdraw_card"]["required"]) == (["cards", "note"], ["note"])

        def send(**given):
            return browser.post(f"{address}actions/withdraw_card/", given, content_type="application/json")

        assert send(note=WHY).status_code == 400
        assert send(note=WHY, cards=[]).status_code == 400
        assert send(note=WHY, cards=[yellow.pk, 10**9]).status_code == 400
        assert send(note=WHY, cards=[yellow.pk]).status_code == 200
        cards = browser.get(address).json()["cards"]
    assert [(one["id"], one["in_force"], one["is_withdrawn"], one["withdrawal"]) for one in cards] == [
        (yellow.pk, False, True, WHY),
        (red.pk, True, False, ""),
    ]
