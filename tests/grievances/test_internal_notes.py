"""Internal notes: written and read by the staff who work on a case, on no page of anybody else."""

import json

import pytest
import time_machine

from grievances.choices import Action, Status
from grievances.joint import reads_notes
from grievances.models import Grievance
from linjiang.common.errors import NotAllowed
from tests.factories import NOON, World, file_case, fresh, make_world
from tests.grievances.api_client import act, api
from tests.grievances.browsing import signed_in
from tests.grievances.scenes import case_in, do

pytestmark = pytest.mark.django_db
SECRET = "当事人情绪激动"
READERS = {"community", "street", "supervisor", "handler", "second_handler"}


@pytest.fixture(autouse=True)
def _noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def case(world) -> Grievance:
    """A case in progress with a co-handler, an internal note and an ordinary remark."""
    case = do(world, case_in(world, Status.IN_PROGRESS), Action.ADD_CO_HANDLER, world.community)
    case = do(world, case, Action.INTERNAL_NOTE, world.street, note=SECRET)
    return do(world, case, Action.COMMENT, world.street, note="普通留言")


def test_on_the_case_page_only_staff_read_it(world, case):
    read = set()
    for name, person in world.users.items():
        response = signed_in(person).get(f"/cases/{case.number}/")
        if response.status_code != 200:
            continue
        words = response.content.decode()
        assert "普通留言" in words, name
        if SECRET in words:
            read.add(name)
    assert read == READERS


def test_through_the_api_only_staff_read_it(world, case):
    read = set()
    for name, person in world.users.items():
        response = api(person).get(f"/api/v1/cases/{case.number}/")
        if response.status_code == 200 and SECRET in json.dumps(response.json(), ensure_ascii=False):
            read.add(name)
    assert read == READERS


def test_the_resident_s_link_and_the_public_page_never_show_it(world, case):
    link = f"/r/{case.token}/"
    assert SECRET not in signed_in(world.street).get(link).content.decode()
    case = do(world, case, Action.RESOLVE, world.handler)
    case = do(world, case, Action.FEEDBACK, world.chief)
    case = do(world, case, Action.PUBLISH, world.community)
    near = signed_in(world.street).get(f"/near/{world.units['community'].pk}/")
    assert near.status_code == 200
    assert SECRET not in near.content.decode()
    assert SECRET not in signed_in(world.street).get(link).content.decode()
    assert SECRET in signed_in(world.street).get(f"/desk/grievances/grievance/{case.pk}/change/").content.decode()


def test_lists_searches_and_messages_do_not_hold_it(world, case):
    for person in (world.chief, world.street, world.official):
        for url in ("/", "/cases/", "/cases/inbox/", f"/cases/?q={SECRET}", "/messages/"):
            response = signed_in(person).get(url, follow=True)
            words = response.content.decode().replace(f'value="{SECRET}"', "")
            assert "情绪激动，上门" not in words, url
    found = signed_in(world.street).get("/cases/", {"q": SECRET}).context["cases"]
    assert list(found) == []


def test_a_stale_page_does_not_tell_a_chief_of_it(world, case):
    form = {"version": 1, "note": "我去看看"}
    stale = signed_in(world.chief).post(f"/cases/{case.number}/comment/", form)
    assert stale.status_code == 409
    assert SECRET not in stale.content.decode()
    assert "普通留言" in stale.content.decode()
    staff = signed_in(world.street).post(f"/cases/{case.number}/comment/", form)
    assert SECRET in staff.content.decode()


def test_a_leader_reads_it_only_while_the_case_is_at_that_desk(world):
    case = file_case(world)
    assert case.holder_unit == world.units["group"]
    case = do(world, case, Action.INTERNAL_NOTE, world.street, note=SECRET)
    assert reads_notes(fresh(world.group_leader), case)
    assert not reads_notes(fresh(world.zone_leader), case)
    case = do(world, case, Action.REFER_UP, world.group_leader)
    assert not reads_notes(fresh(world.group_leader), Grievance.objects.get(pk=case.pk))


def test_a_chief_at_whose_desk_a_draft_lies_neither_writes_nor_reads_one(world):
    draft = case_in(world, Status.DISCOVERED)
    with pytest.raises(NotAllowed):
        do(world, draft, Action.INTERNAL_NOTE, world.chief)
    draft = do(world, draft, Action.INTERNAL_NOTE, world.community, note=SECRET)
    assert SECRET not in signed_in(world.chief).get(f"/cases/{draft.number}/").content.decode()


def test_staff_of_another_place_and_an_ended_helper_do_not_read_it(world, case):
    assert not reads_notes(fresh(world.others["street"]), case)
    assert not reads_notes(fresh(world.others["handler"]), case)
    case = do(world, case, Action.RELEASE_CO_HANDLER, world.street)
    assert not reads_notes(fresh(world.second_handler), Grievance.objects.get(pk=case.pk))


def test_the_way_in_stands_beside_the_timeline(world, case):
    address = f"/cases/{case.number}/internal_note/"
    for name in ("community", "handler", "supervisor"):
        page = signed_in(world.users[name]).get(f"/cases/{case.number}/")
        assert [step.action for step in page.context["remarks"]] == [Action.INTERNAL_NOTE, Action.COMMENT]
        assert address in page.content.decode()
    page = signed_in(world.chief).get(f"/cases/{case.number}/")
    assert [step.action for step in page.context["remarks"]] == [Action.COMMENT]
    assert address not in page.content.decode()
    desk = signed_in(world.street).get(f"/desk/grievances/grievance/{case.pk}/change/")
    assert f"/desk/grievances/grievance/{case.pk}/step/internal_note/" in desk.content.decode()


def test_it_is_written_by_form_and_api_with_words_in_it(world, case):
    browser = signed_in(world.handler)
    address = f"/cases/{case.number}/internal_note/"
    assert browser.post(address, {"version": case.version, "note": " "}).status_code == 400
    assert browser.post(address, {"version": case.version, "note": "钥匙在门卫"}).status_code == 302
    assert act(world.second_handler, case, "internal_note", note="").status_code == 400
    assert act(world.second_handler, case, "internal_note", note="已约好").status_code == 200
    assert act(world.chief, case, "internal_note", note="我也写").status_code == 403
    notes = case.events.filter(action=Action.INTERNAL_NOTE)
    assert set(notes.values_list("note", "is_public")) == {(SECRET, False), ("钥匙在门卫", False), ("已约好", False)}
