"""Agencies called to the spot: who calls whom, arrival clocks, releases, the joint record, reminders once, scope."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import translation

from grievances import whistle_words
from grievances.choices import Action, Stage, Status
from grievances.models import Assignment, Grievance, StageLimit, Whistle, WhistleCall
from grievances.policies import decide
from grievances.presentation import event_title
from grievances.services.whistles import FURTHEST, remind_late
from linjiang.common.errors import Conflict, InvalidInput, NotAllowed, StaleVersion
from notifications.models import Message
from notifications.wording import put_into_words
from orgs.models import Agency
from orgs.rules import note_rule_change
from orgs.services.system import system_user
from tests.factories import NOON, World, file_case, fresh, make_world
from tests.grievances.api_client import act, api
from tests.grievances.browsing import numbers, signed_in
from tests.grievances.scenes import HOUR, called, case_in, do, suspend

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def again(case: Grievance) -> Grievance:
    return Grievance.objects.get(pk=case.pk)


def sees(user, case: Grievance) -> bool:
    return Grievance.objects.visible_to(fresh(user)).filter(pk=case.pk).exists()


def heard(kind: str) -> set[str]:
    return set(Message.objects.filter(kind=kind).values_list("recipient__name", flat=True))


def sweep(at) -> int:
    return remind_late(actor=system_user(), now=at)


@pytest.mark.parametrize("status", [Status.REPORTED, Status.ASSIGNED, Status.IN_PROGRESS])
def test_a_called_agency_sees_the_case_and_is_told_where_and_when(world, status):
    case = case_in(world, status)
    assert not sees(world.second_handler, case)
    case = called(world, case, note="一起看现场")
    assert sees(world.second_handler, case)
    assert not sees(world.others["handler"], case)
    [call] = WhistleCall.objects.all()
    assert (call.agency, call.due_at, call.alarm_at) == (world.second_agency, NOON + 24 * HOUR, NOON + 24 * HOUR)
    assert heard("whistle_called") == {"供水承办人"}
    assert heard("whistle_led") == (set() if status == Status.REPORTED else {"承办人"})
    with translation.override("en"):
        words = put_into_words("whistle_called", Message.objects.get(kind="whistle_called").facts)
    assert "三号楼门口" in words
    assert "5 Mar 12:00" in words
    event = case.events.last()
    assert (event.action, event.is_public, event.data["agencies"]) == (Action.BLOW_WHISTLE, False, ["花戏楼供水站"])
    assert case.status == status


def test_the_lead_stays_accountable_and_is_no_co_handler(world):
    case = called(world, case_in(world, Status.IN_PROGRESS), world.agency, world.second_agency)
    assert case.lead_agency == world.agency
    assert set(case.assignments.in_force().values_list("agency__name", "is_lead")) == {
        (world.agency.name, True),
        (world.second_agency.name, False),
    }
    assert {call.agency.name: call.made_helper for call in WhistleCall.objects.all()} == {
        world.agency.name: False,
        world.second_agency.name: True,
    }


def test_the_limit_follows_urgency_profile_and_desk(world):
    case = called(world, case_in(world, Status.REPORTED))
    assert Whistle.objects.get().meet_at == NOON + 24 * HOUR
    urgent = called(world, file_case(world, urgency="2h"))
    assert Whistle.objects.get(grievance=urgent).meet_at == NOON + 2 * HOUR
    StageLimit.objects.create(stage=Stage.ARRIVE, amount=3, counts="hours", unit=world.units["street"])
    note_rule_change(actor=world.street, now=NOON, why="%(what)s", what="x")
    third = called(world, file_case(world))
    assert Whistle.objects.get(grievance=third).meet_at == NOON + 3 * HOUR
    assert case.version == 2


def test_a_chosen_time_counts_and_must_be_to_come(world):
    case = called(world, case_in(world, Status.REPORTED), meet_at=NOON + 5 * HOUR)
    assert WhistleCall.objects.get().due_at == NOON + 5 * HOUR
    assert case.open_whistle.meet_at == NOON + 5 * HOUR
    other = file_case(world)
    for wrong in (NOON, NOON - HOUR, NOON + FURTHEST + HOUR):
        with pytest.raises(InvalidInput) as refusal:
            called(world, other, meet_at=wrong)
        assert list(refusal.value.errors) == ["meet_at"]


def test_agencies_of_elsewhere_closed_ones_and_long_places_are_refused(world):
    case = case_in(world, Status.REPORTED)
    elsewhere = Agency.objects.get(name="薛阁城管中队")
    for agencies, place, field in (
        ([elsewhere], "三号楼", "agencies"),
        ([], "三号楼", "agencies"),
        ([world.agency], "  ", "place"),
        ([world.agency], "长" * 121, "place"),
    ):
        with pytest.raises(InvalidInput) as refusal:
            called(world, case, *agencies, place=place) if agencies else do(
                world, case, Action.BLOW_WHISTLE, world.community, agencies=[], place=place
            )
        assert list(refusal.value.errors) == [field]
    Agency.objects.filter(pk=world.agency.pk).update(is_active=False)
    with pytest.raises(InvalidInput):
        called(world, case, Agency.objects.get(pk=world.agency.pk))
    assert not Whistle.objects.exists()


def test_one_whistle_at_a_time_and_none_while_on_hold(world):
    case = called(world, case_in(world, Status.IN_PROGRESS))
    with pytest.raises(NotAllowed) as refusal:
        called(world, case)
    assert "joint record" in str(refusal.value.message) or "会商记录" in str(refusal.value.message)
    held = suspend(world, case_in(world, Status.IN_PROGRESS))
    with pytest.raises(NotAllowed):
        called(world, held)
    for status in (Status.DISCOVERED, Status.RESOLVED, Status.CLOSED):
        with pytest.raises(Conflict):
            called(world, case_in(world, status))


def test_a_stale_version_calls_nobody(world):
    case = case_in(world, Status.REPORTED)
    do(world, case, Action.COMMENT, world.community)
    with pytest.raises(StaleVersion):
        called(world, case, version=case.version)
    assert not WhistleCall.objects.exists()


def test_who_arrives_is_on_record_and_the_accountable_are_told(world):
    case = called(world, case_in(world, Status.IN_PROGRESS), world.agency, world.second_agency)
    case = do(world, case, Action.ARRIVE, world.second_handler, at=NOON + HOUR, note="已到")
    call = WhistleCall.objects.get(agency=world.second_agency)
    assert (call.arrived_at, call.arrived_by, call.note, call.alarm_at) == (
        NOON + HOUR,
        world.second_handler,
        "已到",
        None,
    )
    assert not call.is_late(at=NOON + 99 * HOUR)
    assert heard("whistle_arrived") == {"承办人", "community"}
    assert decide(fresh(world.handler), Action.ARRIVE, case, at=NOON)
    answer = decide(fresh(world.second_handler), Action.ARRIVE, case, at=NOON)
    assert not answer
    assert answer.is_idle
    case = do(world, case, Action.ARRIVE, world.handler, at=NOON + 30 * HOUR)
    assert case.events.last().data == {"agencies": [world.agency.name], "late": True}


def test_an_agency_that_is_not_called_does_not_arrive(world):
    case = called(world, case_in(world, Status.IN_PROGRESS))
    with pytest.raises(NotAllowed):
        do(world, case, Action.ARRIVE, world.handler)
    with pytest.raises(NotAllowed):
        do(world, case, Action.ARRIVE, world.community)


def test_a_released_agency_sees_the_case_no_more_and_knows_why(world):
    case = called(world, case_in(world, Status.IN_PROGRESS), world.agency, world.second_agency)
    call = WhistleCall.objects.get(agency=world.second_agency)
    case = do(world, case, Action.RELEASE_CALL, world.street, calls=[call], note="水已关好")
    call.refresh_from_db()
    assert (call.released_by, call.release, call.is_open, call.alarm_at) == (world.street, "水已关好", False, None)
    assert not sees(world.second_handler, case)
    assert sees(world.handler, case)
    assert heard("whistle_released") == {"供水承办人"}
    assert case.open_whistle is not None  # the lead is still waited for


def test_releasing_keeps_a_co_handler_of_before(world):
    case = do(world, case_in(world, Status.IN_PROGRESS), Action.ADD_CO_HANDLER, world.community)
    case = do(world, called(world, case), Action.RELEASE_CALL, world.community)
    assert sees(world.second_handler, case)


def test_when_all_are_released_the_whistle_is_over(world):
    case = called(world, case_in(world, Status.REPORTED), world.agency, world.second_agency)
    with pytest.raises(InvalidInput) as refusal:
        do(world, case, Action.RELEASE_CALL, world.community)
    assert list(refusal.value.errors) == ["calls"]
    case = do(world, case, Action.RELEASE_CALL, world.community, calls=list(WhistleCall.objects.all()))
    assert again(case).open_whistle is None
    assert decide(fresh(world.community), Action.BLOW_WHISTLE, case, at=NOON)
    other = called(world, file_case(world))
    with pytest.raises(InvalidInput):
        do(world, other, Action.RELEASE_CALL, world.community, calls=[WhistleCall.objects.first()])


def test_the_joint_record_ends_it_and_who_did_not_come_is_let_go(world):
    case = called(world, case_in(world, Status.REPORTED), world.agency, world.second_agency)
    with pytest.raises(NotAllowed):
        do(world, case, Action.RECORD_JOINT, world.community)
    case = do(world, case, Action.ARRIVE, world.handler)
    case = do(world, case, Action.RECORD_JOINT, world.community, at=NOON + HOUR)
    whistle = Whistle.objects.get()
    assert (whistle.ended_at, whistle.recorded_by) == (NOON + HOUR, world.community)
    assert whistle.record.startswith("由城管中队牵头")
    assert sees(world.handler, case)
    assert not sees(world.second_handler, case)
    assert case.events.last().data == {"agencies": [world.agency.name], "absent": [world.second_agency.name]}
    assert heard("whistle_recorded") == {"承办人"}
    [line] = whistle_words.whistle_lines(again(case).blown, at=NOON + 2 * HOUR)
    assert [call.state for call in line.calls] == ["came", "over"]
    WhistleCall.objects.update(due_at=NOON)
    [line] = whistle_words.whistle_lines(again(case).blown, at=NOON + 2 * HOUR)
    assert [call.state for call in line.calls] == ["came", "absent"]
    assert sweep(NOON + 99 * HOUR) == 0


def test_the_lead_writes_the_record_another_agency_does_not(world):
    case = called(world, case_in(world, Status.IN_PROGRESS))
    case = do(world, case, Action.ARRIVE, world.second_handler)
    with pytest.raises(NotAllowed):
        do(world, case, Action.RECORD_JOINT, world.second_handler)
    assert do(world, case, Action.RECORD_JOINT, world.handler).open_whistle is None


def test_assigning_to_a_called_agency_makes_it_the_lead(world):
    case = called(world, case_in(world, Status.REPORTED), world.agency, world.second_agency)
    case = do(world, case, Action.ASSIGN, world.community, agency=world.second_agency)
    assert set(case.assignments.in_force().values_list("agency__name", "is_lead")) == {
        (world.second_agency.name, True),
        (world.agency.name, False),
    }
    assert decide(fresh(world.second_handler), Action.ARRIVE, case, at=NOON)


def test_who_is_called_keeps_sight_when_the_case_is_handed_on(world):
    case = called(world, case_in(world, Status.IN_PROGRESS), world.agency, world.second_agency)
    case = do(world, case, Action.RETURN, world.handler)
    assert sees(world.handler, case)
    assert sees(world.second_handler, case)
    assert not case.assignments.in_force().filter(is_lead=True).exists()
    case = do(world, case, Action.ASSIGN, world.community)
    case = do(world, case, Action.REASSIGN, world.community)
    assert case.lead_agency == world.second_agency
    assert sees(world.handler, case)
    [mine] = [one for one in WhistleCall.objects.all() if one.agency == world.agency]
    case = do(world, case, Action.RELEASE_CALL, world.community, calls=[mine])
    assert not sees(world.handler, case)


@pytest.mark.parametrize(
    ("status", "action", "who"),
    [
        (Status.IN_PROGRESS, Action.RESOLVE, "handler"),
        (Status.REPORTED, Action.REJECT, "community"),
        (Status.REPORTED, Action.WITHDRAW, "chief"),
    ],
)
def test_a_case_that_leaves_the_hands_calls_nobody(world, status, action, who):
    case = do(world, called(world, case_in(world, status)), action, world.users[who])
    assert again(case).open_whistle is None
    assert not WhistleCall.objects.open().exists()
    assert sweep(NOON + 99 * HOUR) == 0


def test_who_is_late_is_reminded_once_and_counted(world):
    case = called(world, case_in(world, Status.IN_PROGRESS), world.agency, world.second_agency, meet_at=NOON + HOUR)
    do(world, case, Action.ARRIVE, world.handler)
    assert sweep(NOON + HOUR - timedelta(seconds=1)) == 0
    before = again(case).version
    assert sweep(NOON + HOUR) == 1
    assert sweep(NOON + 2 * HOUR) == 0
    assert heard("whistle_late") == {"供水承办人"}
    assert heard("whistle_late_seen") == {"community"}
    case = again(case)
    assert case.version == before + 1
    event = case.events.last()
    assert (event.action, event.is_public) == (Action.ESCALATE, False)
    with translation.override("en"):
        assert event_title(event) == "Arriving on the spot past its limit; 花戏楼供水站, 花戏社区 told"
    assert [call.agency for call in WhistleCall.objects.late()] == [world.second_agency]
    case = do(world, case, Action.ARRIVE, world.second_handler, at=NOON + 3 * HOUR)
    assert WhistleCall.objects.late().count() == 1
    [line] = whistle_words.whistle_lines(again(case).blown, at=NOON + 4 * HOUR)
    assert (line.late, [call.state for call in line.calls]) == (1, ["came", "came_late"])


def test_the_sweep_keeps_the_alarm_of_the_case(world):
    case = called(world, case_in(world, Status.IN_PROGRESS), meet_at=NOON + HOUR)
    alarm = again(case).next_alarm_at
    assert alarm is not None
    sweep(NOON + HOUR)
    assert again(case).next_alarm_at == alarm


def test_the_sweep_takes_all_in_small_batches_and_few_statements(world, django_assert_max_num_queries):
    for _number in range(5):
        called(world, file_case(world), world.agency, world.second_agency, meet_at=NOON + HOUR)
    with django_assert_max_num_queries(11):
        assert sweep(NOON + 2 * HOUR) == 10
    assert Message.objects.filter(kind="whistle_late").count() == 10
    for _number in range(5):
        called(world, file_case(world), meet_at=NOON + HOUR)
    assert remind_late(actor=system_user(), now=NOON + 2 * HOUR, batch=2) == 5


def test_the_case_page_shows_it_to_both_sides(world):
    case = called(world, case_in(world, Status.IN_PROGRESS))
    with time_machine.travel(NOON + HOUR, tick=False):
        for name in ("community", "handler", "second_handler", "chief", "supervisor"):
            page = signed_in(world.users[name]).get(f"/cases/{case.number}/").content.decode()
            assert "三号楼门口" in page, name
        desk = signed_in(world.street).get(f"/desk/grievances/grievance/{case.pk}/change/").content.decode()
        assert "三号楼门口" in desk
        assert "一起看现场" in desk
    link = signed_in(world.street).get(f"/r/{case.token}/").content.decode()
    assert "三号楼门口" not in link


def test_the_inbox_of_a_called_agency_leads_to_arriving(world):
    case = called(world, case_in(world, Status.IN_PROGRESS))
    with time_machine.travel(NOON + HOUR, tick=False):
        browser = signed_in(world.second_handler)
        response = browser.get("/cases/inbox/")
        assert numbers(response) == [case.number]
        assert f"/cases/{case.number}/arrive/" in response.content.decode()
        assert f"/cases/{case.number}/arrive/" not in signed_in(world.handler).get("/cases/inbox/").content.decode()
        do(world, case, Action.ARRIVE, world.second_handler)
        after = browser.get("/cases/inbox/")
    assert numbers(after) == []
    assert "/arrive/" not in after.content.decode()


def test_over_the_api(world):
    case = case_in(world, Status.REPORTED)
    later = (NOON + timedelta(days=2)).isoformat()
    with time_machine.travel(NOON, tick=False):
        wrong = act(world.community, case, "blow_whistle", agencies=[world.agency.pk], place="", note="看")
        assert wrong.status_code == 400
        assert wrong.json()["field"] == "place"
        assert (
            act(world.chief, case, "blow_whistle", agencies=[world.agency.pk], place="x", note="看").status_code == 403
        )
        done = act(
            world.community,
            case,
            "blow_whistle",
            agencies=[world.agency.pk, world.second_agency.pk],
            place="北门",
            note="看",
            meet_at=later,
        )
        assert done.status_code == 200, done.content
        [whistle] = done.json()["whistles"]
        assert (whistle["place"], len(whistle["calls"])) == ("北门", 2)
        assert act(world.community, case, "release_call", calls=[999], note="x").status_code == 400
        [key] = [one["id"] for one in whistle["calls"] if one["agency"]["name"] == world.agency.name]
        assert act(world.community, case, "release_call", calls=[key], note="不用").status_code == 200
        assert act(world.handler, case, "arrive").status_code == 404
        came = act(world.second_handler, case, "arrive", note="到了")
        assert came.json()["whistles"][0]["calls"][1]["is_open"] is False
        body = api(world.community).get(f"/api/v1/cases/{case.number}/").json()
        assert "record_joint" in {one["action"] for one in body["actions"] if one["allowed"]}
        assert act(world.community, case, "record_joint", note="").status_code == 400
        assert act(world.community, case, "record_joint", note="议定").json()["whistles"][0]["record"] == "议定"


def test_co_handlers_keep_the_case_when_it_is_closed(world):
    case = called(world, case_in(world, Status.IN_PROGRESS))
    case = do(world, case, Action.ARRIVE, world.second_handler)
    case = do(world, case, Action.RESOLVE, world.handler)
    case = do(world, case, Action.FEEDBACK, world.chief)
    assert case.status == Status.CLOSED
    assert sees(world.second_handler, case)
    assert Assignment.objects.helping().count() == 1
