"""The ladder of every stage: each rung at its moment, who is told past vacant posts, cards and their answers."""

from datetime import datetime, timedelta

import pytest
from django.db import transaction
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grievances.choices import Action, Card, Stage, Status
from grievances.models import Escalation, Grievance
from grievances.presentation import event_title
from grievances.services.escalation import due_rungs, escalate_overdue
from grievances.services.limits import set_ladder
from notifications.models import Message
from orgs.models import Post
from orgs.services.posts import end_post
from orgs.services.system import system_user
from tests.factories import NOON, SHANGHAI, World, file_case, make_world
from tests.grievances.scenes import HOUR, case_in, climb, do, suspend

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


@pytest.fixture
def world() -> World:
    return make_world()


def march(day: int, hour: int = 12, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=SHANGHAI)


def sweep(at) -> int:
    return escalate_overdue(actor=system_user(), now=at)


def told(stage: str, rung: int, case: Grievance) -> dict[str, str]:
    """Return who got which message of a rung."""
    found = {}
    for name, kind, key in Message.objects.values_list("recipient__name", "kind", "key"):
        parts = key.split(":")
        if parts[:3] == ["rung", str(case.pk), stage] and parts[4] == str(rung):
            found[name] = kind
    return found


def leave(*users) -> None:
    for user in users:
        end_post(actor=system_user(), post=user.posts.get())


WEEK_STAGES = [
    (Status.REPORTED, Stage.ASSIGN, (march(5, 10, 36), march(5), march(6), march(10))),
    (Status.ASSIGNED, Stage.ACKNOWLEDGE, (march(5, 10, 36), march(5), march(6), march(10))),
    (Status.IN_PROGRESS, Stage.RESOLVE, (march(12, 9, 12), march(13), march(16), march(18))),
    (Status.RESOLVED, Stage.FEEDBACK, (march(6, 17, 18), march(9), march(10), march(12))),
]


@pytest.mark.parametrize(("status", "stage", "moments"), WEEK_STAGES)
def test_each_rung_of_each_stage_fires_at_its_moment(world, status, stage, moments):
    case = case_in(world, status)
    for rung, at in enumerate(moments, start=1):
        sweep(at - SECOND)
        assert not case.escalations.filter(stage=stage, rung=rung).exists()
        sweep(at)
        row = case.escalations.get(stage=stage, rung=rung)
        assert (row.at, row.due_at) == (at, moments[1])
        assert row.card == (Card.REMIND, Card.URGE, Card.YELLOW, Card.RED)[rung - 1]
        event = case.events.filter(action=Action.ESCALATE).last()
        assert (event.data["stage"], event.data["rung"], event.data["card"]) == (stage, rung, row.card)


def test_the_rungs_of_two_hours_run_round_the_clock_and_days_past_it_are_worked(world):
    case = file_case(world, urgency="2h", now=march(6, 20))
    ends = {Stage.ASSIGN: (march(6, 20, 24), march(6, 20, 30)), Stage.RESOLVE: (march(6, 21, 36), march(6, 22))}
    for stage, moments in ends.items():
        for rung, at in enumerate(moments, start=1):
            sweep(at - SECOND)
            assert not case.escalations.filter(stage=stage, rung=rung).exists()
            sweep(at)
            assert case.escalations.filter(stage=stage, rung=rung).exists()
    # One working day past a Friday night is Monday's close.
    assert sweep(march(9, 18) - SECOND) == 0
    assert sweep(march(9, 18)) == 2


@pytest.mark.parametrize(
    ("status", "stage", "holder", "above", "district"),
    [
        (Status.REPORTED, Stage.ASSIGN, "group_leader", "zone_leader", "市领导"),
        (Status.ASSIGNED, Stage.ACKNOWLEDGE, "承办人", "community", "市领导"),
        (Status.IN_PROGRESS, Stage.RESOLVE, "承办人", "community", "市领导"),
        (Status.RESOLVED, Stage.FEEDBACK, "承办人", "community", "市领导"),
    ],
)
def test_who_is_told_what(world, status, stage, holder, above, district):
    case = case_in(world, status)
    climb(NOON + 60 * DAY)
    assert told(stage, 1, case) == {holder: "rung_soon"}
    assert told(stage, 2, case) == {holder: "rung_past", above: "rung_past_seen"}
    assert told(stage, 3, case) == {holder: "rung_yellow", "street": "rung_yellow_seen"}
    assert told(stage, 4, case) == {holder: "rung_red", district: "rung_red_seen"}


LADDER_UP = ("group_leader", "zone_leader", "community", "street")


@pytest.mark.parametrize("vacant", range(5))
def test_vacant_posts_are_climbed_past_whichever_they_are(world, vacant):
    case = file_case(world)
    leave(*(getattr(world, name) for name in LADDER_UP[:vacant]))
    climb(NOON + 60 * DAY)
    left = [*LADDER_UP[vacant:], "市领导"]
    holder = left[0]
    assert set(told(Stage.ASSIGN, 1, case)) == {holder}
    superior = ("zone_leader", "community", "street", "市领导")[max(vacant - 1, 0)]
    assert set(told(Stage.ASSIGN, 2, case)) == {holder, superior}
    assert set(told(Stage.ASSIGN, 3, case)) == {holder, "street" if vacant < 4 else "市领导"}
    assert set(told(Stage.ASSIGN, 4, case)) == {holder, "市领导"}


@pytest.mark.parametrize("gone", LADDER_UP)
def test_one_vacant_post_is_passed_over(world, gone):
    case = file_case(world)
    leave(getattr(world, gone))
    climb(NOON + 60 * DAY)
    everybody = {name for rung in (1, 2, 3, 4) for name in told(Stage.ASSIGN, rung, case)}
    assert gone not in everybody
    assert "市领导" in everybody
    assert all(told(Stage.ASSIGN, rung, case) for rung in (1, 2, 3, 4))


def test_with_nobody_anywhere_the_rung_is_recorded_and_nobody_told(world):
    case = file_case(world)
    Post.objects.update(until=march(4).date())
    assert sweep(NOON + 60 * DAY) == 8
    assert case.escalations.count() == 8
    assert not Message.objects.filter(key__startswith="rung:").exists()


def test_the_chief_who_filed_it_is_never_told(world):
    # Nobody between the chief and the city: the case waits at the neighbourhood, with its filer.
    leave(*(getattr(world, name) for name in LADDER_UP))
    case = file_case(world)
    assert case.holder_unit == world.units["neighbourhood"]
    climb(NOON + 60 * DAY)
    assert "chief" not in {name for rung in (1, 2, 3, 4) for name in told(Stage.ASSIGN, rung, case)}
    assert set(told(Stage.ASSIGN, 1, case)) == {"市领导"}


def test_a_leader_who_filed_it_is_passed_over_as_superior(world):
    case = file_case(world, by=world.zone_leader)
    climb(NOON + 60 * DAY)
    assert set(told(Stage.ASSIGN, 2, case)) == {"group_leader", "community"}


def test_an_agency_without_people_leaves_it_to_the_desk_that_gave_it(world):
    case = case_in(world, Status.ASSIGNED)
    leave(world.handler)
    climb(NOON + 60 * DAY)
    assert told(Stage.ACKNOWLEDGE, 1, case) == {"community": "rung_soon"}
    assert told(Stage.ACKNOWLEDGE, 3, case) == {"community": "rung_yellow", "street": "rung_yellow_seen"}


def test_a_deadline_that_moves_has_its_ladder_climbed_anew_and_once(world):
    case = case_in(world, Status.IN_PROGRESS)
    case = do(world, case, Action.ASK_EXTENSION, world.handler)
    assert sweep(march(12, 9, 12)) == 1
    case = do(world, case, Action.GRANT_EXTENSION, world.community, at=march(12, 10))
    sweep(NOON + 60 * DAY)
    fired = list(case.escalations.order_by("pk").values_list("due_at", "rung"))
    assert fired == [(march(13), 1), *((march(18), rung) for rung in (1, 2, 3, 4))]


def test_a_late_sweep_fires_everything_in_the_order_it_was_due(world):
    case = file_case(world)
    sweep(NOON + 60 * DAY)
    events = case.events.filter(action=Action.ESCALATE).order_by("pk")
    assert [(event.data["stage"], event.data["rung"]) for event in events] == [
        *((Stage.ASSIGN, rung) for rung in (1, 2, 3, 4)),
        *((Stage.RESOLVE, rung) for rung in (1, 2, 3, 4)),
    ]
    case.refresh_from_db()
    assert case.version == 9


@pytest.mark.parametrize(("status", "stage", "moments"), WEEK_STAGES)
def test_nobody_reads_due_soon_of_a_limit_that_is_past(world, status, stage, moments):
    case = case_in(world, status)
    deadline = moments[1]
    assert [one.rung.number for one in due_rungs(now=deadline) if one.is_too_late] == [1]
    sweep(deadline)
    assert told(stage, 1, case) == {}
    assert set(told(stage, 2, case).values()) == {"rung_past", "rung_past_seen"}
    soon, past = case.escalations.filter(stage=stage).order_by("rung")
    assert (soon.rung, soon.unit, past.rung) == (1, past.unit, 2)
    first, second = case.events.filter(action=Action.ESCALATE, data__stage=stage).order_by("pk")
    assert (first.data["too_late"], first.data["told"]) == (True, [])
    assert "too_late" not in second.data
    with translation.override("en"):
        assert event_title(first).endswith("due soon; nobody told, its limit was past by then")


def test_due_soon_is_said_until_the_very_deadline(world):
    case = case_in(world, Status.IN_PROGRESS)
    sweep(case.due_at - SECOND)
    assert told(Stage.RESOLVE, 1, case) == {"承办人": "rung_soon"}


def test_a_card_before_the_limit_is_told_however_late_the_sweep(world):
    rungs = [("50%", "remind", "holder"), ("90%", "yellow", "holder,street"), ("100%", "urge", "holder")]
    set_ladder(actor=system_user(), now=NOON, rungs=rungs)
    case = case_in(world, Status.IN_PROGRESS)
    sweep(case.due_at + DAY)
    assert told(Stage.RESOLVE, 1, case) == {}
    assert told(Stage.RESOLVE, 2, case) == {"承办人": "rung_yellow", "street": "rung_yellow_seen"}
    assert told(Stage.RESOLVE, 3, case) == {"承办人": "rung_past"}


def shown(world: World, card: str) -> Grievance:
    """Return a case at its agency that was shown a card on Wednesday at noon."""
    return do(world, case_in(world, Status.IN_PROGRESS), f"{card}_card", world.supervisor)


@pytest.mark.parametrize(("card", "answer_by"), [("yellow", march(6)), ("red", march(5))])
def test_a_card_answered_in_time_is_lifted_and_both_facts_stay(world, card, answer_by):
    case = shown(world, card)
    assert case.escalations.get().answer_due_at == answer_by
    case = do(world, case, Action.ANSWER_CARD, world.handler, at=answer_by)
    row = case.escalations.get()
    assert (row.card, row.at, row.note) == (card, NOON, arguments_note(card))
    assert (row.answered_at, row.lifted_at, row.answered_by, row.answer) == (
        answer_by,
        answer_by,
        world.handler,
        "人手不足，已增派两人",
    )
    event = case.events.last()
    assert (event.action, event.data) == (Action.ANSWER_CARD, {"cards": 1, "lifted": 1})


def arguments_note(card: str) -> str:
    return {"yellow": "超期", "red": "仍未办"}[card]


def test_a_card_answered_late_stays(world):
    case = shown(world, "yellow")
    case = do(world, case, Action.ANSWER_CARD, world.handler, at=march(6) + SECOND)
    row = case.escalations.get()
    assert row.answered_at is not None
    assert row.lifted_at is None
    assert case.events.last().data == {"cards": 1, "lifted": 0}


def test_a_card_of_the_ladder_asks_for_an_answer_too_and_one_answer_serves_all(world):
    case = case_in(world, Status.IN_PROGRESS)
    sweep(march(16))
    case = do(world, case, Action.RED_CARD, world.supervisor, at=march(16, 15))
    yellow, red = case.escalations.filter(card__in=("yellow", "red")).order_by("pk")
    assert (yellow.answer_due_at, red.answer_due_at) == (march(18), march(17, 15))
    do(world, case, Action.ANSWER_CARD, world.handler, at=march(17, 16))
    for row, is_lifted in ((yellow, True), (red, False)):
        row.refresh_from_db()
        assert (row.lifted_at is not None) == is_lifted
        assert row.answer
    heard = set(Message.objects.filter(kind="card_answered").values_list("recipient__name", flat=True))
    assert heard == {"community", "street", "市领导", "supervisor"}
    assert not case.escalations.filter(card__in=("remind", "urge"), answer_due_at__isnull=False).exists()


@pytest.mark.parametrize(
    ("action", "kind", "others"),
    [
        (Action.URGE, "case_urged", set()),
        (Action.YELLOW_CARD, "yellow_card", {"community", "street"}),
        (Action.RED_CARD, "red_card", {"community", "市领导"}),
    ],
)
def test_urging_and_cards_by_hand_tell_whom_the_ladder_tells(world, action, kind, others):
    do(world, case_in(world, Status.IN_PROGRESS), action, world.supervisor)

    def heard(kind: str) -> set[str]:
        return set(Message.objects.filter(kind=kind).values_list("recipient__name", flat=True))

    assert heard(kind) == {"承办人"}
    assert heard(f"{kind}_seen") == others


def test_a_card_by_hand_climbs_past_vacant_posts(world):
    case = case_in(world, Status.IN_PROGRESS)
    leave(world.handler, world.community)
    do(world, case, Action.YELLOW_CARD, world.supervisor)
    assert set(Message.objects.filter(kind="yellow_card").values_list("recipient__name", flat=True)) == {"street"}


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hours=st.lists(st.integers(0, 600), min_size=1, max_size=4))
def test_what_a_dry_run_lists_is_what_then_fires(world, hours):
    point = transaction.savepoint()
    file_case(world)
    case_in(world, Status.ASSIGNED)
    suspend(world, case_in(world, Status.IN_PROGRESS), at=NOON + HOUR)
    case_in(world, Status.RESOLVED)
    for at in (NOON + count * HOUR for count in sorted(hours)):
        before = Escalation.objects.count()
        due = list(due_rungs(now=at))
        listed = [(one.case.pk, one.stage, one.due_at, one.rung.number) for one in due]
        messages = Message.objects.filter(key__startswith="rung:").count()
        assert Escalation.objects.count() == before
        assert sweep(at) == len(listed)
        fired = Escalation.objects.order_by("pk").values_list("grievance_id", "stage", "due_at", "rung")
        assert list(fired[before:]) == listed
        told_now = Message.objects.filter(key__startswith="rung:").count() - messages
        assert told_now == sum(len(told.people) for one in due for told in one.told)
        assert list(due_rungs(now=at)) == []
    transaction.savepoint_rollback(point)
