"""Co-handlers added and released while the lead has the case, and what they say of their part."""

import pytest
import time_machine

from grievances.choices import Action, Status
from grievances.models import Grievance
from grievances.policies import decide
from linjiang.common.errors import Conflict, InvalidInput, NotAllowed
from notifications.models import Message
from orgs.models import Agency
from tests.factories import NOON, World, fresh, make_world
from tests.grievances.api_client import act
from tests.grievances.browsing import signed_in
from tests.grievances.scenes import HOUR, called, case_in, do

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def helped(world) -> Grievance:
    return do(world, case_in(world, Status.IN_PROGRESS), Action.ADD_CO_HANDLER, world.community, note="请接水管")


def sees(user, case: Grievance) -> bool:
    return Grievance.objects.visible_to(fresh(user)).filter(pk=case.pk).exists()


def heard(kind: str) -> set[str]:
    return set(Message.objects.filter(kind=kind).values_list("recipient__name", flat=True))


def test_a_co_handler_comes_without_a_new_assignment_of_the_lead(world):
    before = case_in(world, Status.IN_PROGRESS)
    lead = before.assignments.get(is_lead=True, ended_at=None)
    case = do(world, before, Action.ADD_CO_HANDLER, world.community)
    assert case.assignments.get(is_lead=True, ended_at=None) == lead
    assert (case.due_at, case.status, case.lead_agency) == (before.due_at, before.status, world.agency)
    assert sees(world.second_handler, case)
    assert heard("co_handler_added") == {"供水承办人"}
    assert heard("co_handler_came") == {"承办人"}
    assert case.events.last().is_public is False


@pytest.mark.parametrize("who", ["chief", "handler", "supervisor", "operator"])
def test_only_the_assigner_adds_and_releases(world, helped, who):
    for action in (Action.ADD_CO_HANDLER, Action.RELEASE_CO_HANDLER):
        with pytest.raises(NotAllowed):
            do(world, helped, action, world.users[who])


def test_who_has_the_case_or_serves_elsewhere_is_not_added(world, helped):
    for agency in (world.agency, world.second_agency, Agency.objects.get(name="薛阁城管中队")):
        with pytest.raises(InvalidInput) as refusal:
            do(world, helped, Action.ADD_CO_HANDLER, world.community, agencies=[agency])
        assert list(refusal.value.errors) == ["agencies"]
    with pytest.raises(Conflict):
        do(world, case_in(world, Status.REPORTED), Action.ADD_CO_HANDLER, world.community)


def test_a_released_co_handler_sees_it_no_more(world, helped):
    case = do(world, helped, Action.RELEASE_CO_HANDLER, world.street)
    assert not sees(world.second_handler, case)
    assert sees(world.handler, case)
    assert heard("co_handler_released") == {"供水承办人"}
    answer = decide(fresh(world.street), Action.RELEASE_CO_HANDLER, case, at=NOON)
    assert not answer
    assert answer.is_idle


def test_the_lead_is_not_released_that_way(world, helped):
    with pytest.raises(InvalidInput):
        do(world, helped, Action.RELEASE_CO_HANDLER, world.street, agencies=[world.agency])
    assert sees(world.handler, helped)


def test_who_is_called_to_the_spot_is_released_from_that_first(world, helped):
    case = called(world, helped)
    with pytest.raises(InvalidInput) as refusal:
        do(world, case, Action.RELEASE_CO_HANDLER, world.street)
    assert list(refusal.value.errors) == ["agencies"]
    case = do(world, case, Action.RELEASE_CALL, world.street)
    assert not sees(world.second_handler, do(world, case, Action.RELEASE_CO_HANDLER, world.street))


def test_a_part_is_reported_once_and_the_lead_is_told(world, helped):
    with pytest.raises(NotAllowed):
        do(world, helped, Action.REPORT_PART, world.handler)
    case = do(world, helped, Action.REPORT_PART, world.second_handler, at=NOON + HOUR)
    [part] = case.helping
    assert (part.done_at, part.done_by, part.done_note) == (NOON + HOUR, world.second_handler, "水管已接好")
    assert heard("part_done") == {"承办人"}
    assert case.status == Status.IN_PROGRESS
    assert decide(fresh(world.second_handler), Action.REPORT_PART, case, at=NOON).is_idle
    with pytest.raises(NotAllowed):
        do(world, case, Action.REPORT_PART, world.second_handler)


def test_the_lead_sees_parts_on_the_page_and_before_it_resolves(world, helped):
    with time_machine.travel(NOON, tick=False):
        browser = signed_in(world.handler)
        assert world.second_agency.name in browser.get(f"/cases/{helped.number}/resolve/").context["waiting_parts"]
        do(world, helped, Action.REPORT_PART, world.second_handler)
        assert browser.get(f"/cases/{helped.number}/resolve/").context["waiting_parts"] == ""
        page = browser.get(f"/cases/{helped.number}/")
    [line] = page.context["parts"]
    assert (line.agency, line.is_done, line.note) == (world.second_agency.name, True, "水管已接好")
    assert "水管已接好" in page.content.decode()


def test_a_new_round_asks_for_the_part_again(world, helped):
    case = do(world, helped, Action.REPORT_PART, world.second_handler)
    case = do(world, case, Action.RESOLVE, world.handler)
    case = do(world, case, Action.FEEDBACK, world.chief, rating=1)
    assert case.status == Status.ASSIGNED
    assert decide(fresh(world.second_handler), Action.REPORT_PART, Grievance.objects.get(pk=case.pk), at=NOON)


def test_over_the_api(world):
    case = case_in(world, Status.IN_PROGRESS)
    with time_machine.travel(NOON, tick=False):
        assert act(world.street, case, "add_co_handler", agencies=[]).status_code == 400
        other = Agency.objects.get(name="薛阁城管中队")
        assert act(world.street, case, "add_co_handler", agencies=[other.pk]).status_code == 400
        assert act(world.street, case, "add_co_handler", agencies=[world.second_agency.pk]).status_code == 200
        done = act(world.second_handler, case, "report_part", note="水管已接好")
        [part] = [one for one in done.json()["assignments"] if not one["is_lead"]]
        assert (part["done_note"], bool(part["done_at"])) == ("水管已接好", True)
        gone = act(world.street, case, "release_co_handler", agencies=[world.second_agency.pk], note="好了")
        assert gone.status_code == 200
        assert act(world.second_handler, case, "comment", note="还在吗").status_code == 404
