"""Me too: joining a case instead of filing it again."""

import uuid
from collections import Counter

import pytest
from django.urls import reverse

from grievances.choices import Action, Status
from grievances.models import Grievance, Joining
from grievances.services.joining import join, join_as_visitor
from linjiang.common.errors import Conflict, InvalidInput, NotAllowed
from notifications.models import Message
from orgs.models import Household
from tests.factories import NOON, World, file_case, fresh, make_world
from tests.grievances.api_client import api, assert_error
from tests.grievances.scenes import case_in, do

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def neighbours(world) -> Household:
    return Household.objects.create(unit=world.units["neighbourhood"], label="1栋1单元102")


def joined(case: Grievance, *, by, submission=None, **given) -> tuple[Joining, bool]:
    return join(actor=fresh(by), grievance=case, submission_id=submission or uuid.uuid4(), now=NOON, **given)


def test_joining_counts_once_and_stands_in_the_timeline_without_names(world, neighbours):
    case = file_case(world, household=world.household)
    joining, is_new = joined(case, by=world.chief, household=neighbours, note=" 半夜更黑 ")
    assert is_new
    assert (joining.household, joining.joined_by, joining.note, joining.at) == (
        neighbours,
        world.chief,
        "半夜更黑",
        NOON,
    )
    case.refresh_from_db()
    assert (case.joined_count, case.version, case.status) == (1, 2, Status.REPORTED)
    event = case.events.get(action=Action.JOIN)
    assert (event.is_public, event.note, event.data) == (True, "", {"count": 1})


def test_the_same_submission_again_is_the_same_joining_even_when_the_case_is_over(world, neighbours):
    case, submission = file_case(world), uuid.uuid4()
    first, _new = joined(case, by=world.chief, submission=submission, household=neighbours)
    do(world, case, Action.WITHDRAW, world.chief)
    assert joined(case, by=world.chief, submission=submission, household=neighbours) == (first, False)
    case.refresh_from_db()
    assert case.joined_count == 1


def test_a_submission_id_of_somebody_else_is_refused(world, neighbours):
    case, submission = file_case(world), uuid.uuid4()
    joined(case, by=world.chief, submission=submission, household=neighbours)
    with pytest.raises(Conflict) as refused:
        joined(case, by=world.group_leader, submission=submission)
    assert refused.value.code == "submission_taken"


def test_a_household_counts_once_whoever_says_it_and_a_person_once(world, neighbours):
    case = file_case(world)
    first, _new = joined(case, by=world.chief, household=neighbours)
    assert joined(case, by=world.group_leader, household=neighbours) == (first, False)
    own, is_new = joined(case, by=world.group_leader)
    assert is_new
    assert joined(case, by=world.group_leader) == (own, False)
    case.refresh_from_db()
    assert case.joined_count == 2 == case.joinings.count() == case.events.filter(action=Action.JOIN).count()


def test_one_chief_joins_for_several_households(world, neighbours):
    case = file_case(world, household=world.household)
    third = Household.objects.create(unit=world.units["neighbourhood"], label="1栋1单元103")
    assert joined(case, by=world.chief, household=neighbours)[1]
    assert joined(case, by=world.chief, household=third)[1]


def test_who_filed_it_joins_for_another_household_only(world, neighbours):
    case = file_case(world, household=world.household)
    for household in (None, world.household):
        with pytest.raises(InvalidInput) as refused:
            joined(case, by=world.chief, household=household)
        assert set(refused.value.errors) == {"household"}
    gone = Household.objects.create(unit=world.units["neighbourhood"], label="拆除的门", is_active=False)
    elsewhere = Household.objects.create(unit=world.units["other_neighbourhood"], label="别处1号")
    for household in (gone, elsewhere):
        with pytest.raises(InvalidInput):
            joined(case, by=world.chief, household=household)
    assert not Joining.objects.exists()


def test_a_note_of_any_length_is_not_taken(world):
    case = file_case(world)
    with pytest.raises(InvalidInput) as refused:
        joined(case, by=world.group_leader, note="长" * 501)
    assert set(refused.value.errors) == {"note"}


@pytest.mark.parametrize("who", ["handler", "supervisor", "official"])
def test_who_only_handles_or_watches_does_not_join(world, who):
    case = case_in(world, Status.IN_PROGRESS)
    with pytest.raises(NotAllowed):
        joined(case, by=world.users[who])


def test_strangers_do_not_join(world):
    case = file_case(world)
    for stranger in (world.others["chief"], world.others["street"]):
        with pytest.raises(NotAllowed):
            joined(case, by=stranger)


@pytest.mark.parametrize("status", [Status.CLOSED, Status.REJECTED, Status.WITHDRAWN])
def test_a_case_that_is_over_is_not_joined_and_the_way_on_is_named(world, status, english):
    case = case_in(world, status)
    with pytest.raises(Conflict) as refused:
        joined(case, by=world.group_leader)
    assert refused.value.code == "step_not_open"
    assert ("reopened" if status == Status.CLOSED else "report the problem anew") in str(refused.value.message)
    with pytest.raises(Conflict):
        join_as_visitor(grievance=case, visitor="a" * 64, now=NOON)
    assert not Joining.objects.exists()


def test_joining_a_merged_case_joins_the_one_it_goes_on_in(world):
    case = case_in(world, Status.MERGED)
    joining, _new = joined(case, by=world.group_leader)
    assert joining.grievance_id == case.merged_into_id
    there, _new = join_as_visitor(grievance=case, visitor="b" * 64, now=NOON)
    assert there.grievance_id == case.merged_into_id


def test_joiners_go_along_when_a_case_is_merged_and_nobody_counts_twice(world, neighbours):
    into, case = file_case(world), file_case(world, by=world.group_leader)
    joined(into, by=world.zone_leader)
    joined(case, by=world.zone_leader)  # in both: stays
    joined(case, by=world.chief)  # filed the other one: stays
    joined(case, by=world.chief, household=neighbours)
    join_as_visitor(grievance=case, visitor="c" * 64, now=NOON)
    case = do(world, case, Action.MERGE, world.community, into=into)
    into.refresh_from_db()
    case.refresh_from_db()
    assert (into.joined_count, case.joined_count) == (3, 2)
    assert into.joinings.count() == 3
    assert case.joinings.count() == 2
    moved = into.events.filter(action=Action.JOIN).last()
    assert moved.data == {"count": 3, "came_from": case.number}
    assert into.version == 1 + into.events.filter(action=Action.JOIN).count()
    told = Message.objects.filter(kind="joined_merged")
    assert set(told.values_list("recipient_id", flat=True)) == {world.zone_leader.pk, world.chief.pk}


def test_those_who_joined_are_told_what_became_of_it(world, neighbours):
    case = case_in(world, Status.IN_PROGRESS)
    joined(case, by=world.group_leader)
    joined(case, by=world.zone_leader, household=neighbours)
    join_as_visitor(grievance=case, visitor="d" * 64, now=NOON)
    case = do(world, case, Action.RESOLVE, world.handler)
    case = do(world, case, Action.FEEDBACK, world.chief, rating=5)
    do(world, case, Action.REOPEN, world.community)
    kinds = Counter(Message.objects.filter(kind__startswith="joined").values_list("kind", "recipient__name"))
    assert kinds == Counter(
        {
            (kind, name): 1
            for kind in ("joined_resolved", "joined_closed", "joined_again")
            for name in (world.group_leader.name, world.zone_leader.name)
        }
    )


def test_a_visitor_is_a_hash_and_counts_once(world):
    case = file_case(world)
    first, is_new = join_as_visitor(grievance=case, visitor="e" * 64, now=NOON, note="三楼也黑")
    assert is_new
    assert (first.joined_by, first.note) == (None, "三楼也黑")
    assert join_as_visitor(grievance=case, visitor="e" * 64, now=NOON) == (first, False)
    assert join_as_visitor(grievance=case, visitor="f" * 64, now=NOON)[1]
    with pytest.raises(ValueError, match="hash"):
        join_as_visitor(grievance=case, visitor="", now=NOON)


def send(user, case, **given):
    return api(user).post(f"/api/v1/cases/{case.number}/join/", given, format="json")


def test_the_api_answers_201_once_and_200_ever_after(world, neighbours):
    case, submission = file_case(world), str(uuid.uuid4())
    given = {"submission_id": submission, "household": neighbours.pk, "note": "我家也黑"}
    first, again = (send(world.chief, case, **given) for _turn in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json() == {"number": case.number, "count": 1, "joined": True}
    detail = api(world.chief).get(f"/api/v1/cases/{case.number}/").json()
    assert detail["joined_count"] == 1


def test_the_api_names_what_is_wrong(world, neighbours):
    case = file_case(world, household=world.household)
    assert_error(send(world.group_leader, case), 400, "invalid", "submission_id")
    assert_error(send(world.group_leader, case, submission_id="abc"), 400, "invalid", "submission_id")
    good = {"submission_id": str(uuid.uuid4())}
    assert send(world.group_leader, case, **good, household=2**70).status_code == 400
    assert send(world.group_leader, case, **good, household="x").status_code == 400
    assert send(world.group_leader, case, **good, note="长" * 501).status_code == 400
    assert send(world.group_leader, case, **good, household=987654321).json()["field"] == "household"
    assert send(world.others["chief"], case, **good).status_code == 404
    assert send(world.supervisor, case, **good).status_code == 403
    closed = case_in(world, Status.CLOSED)
    assert "reopened" in assert_error(send(world.group_leader, closed, **good), 409, "step_not_open")["message"]
    assert not Joining.objects.exists()


def test_the_button_leads_to_joining_and_the_page_shows_who_joined(world, neighbours, client, english):
    case = file_case(world, household=world.household)
    client.force_login(world.chief, backend="django.contrib.auth.backends.ModelBackend")
    page = reverse("join", args=[case.number])
    assert page in client.get(case.get_absolute_url()).content.decode()
    third = Household.objects.create(unit=world.units["neighbourhood"], label="1栋1单元103")
    shown = client.get(page).content.decode()
    assert third.label in shown
    assert neighbours.label in shown
    assert world.household.label not in shown
    given = {"submission_id": uuid.uuid4(), "household": neighbours.pk, "note": "我家也黑"}
    for _turn in range(2):
        answer = client.post(page, given)
        assert (answer.status_code, answer["Location"]) == (302, case.get_absolute_url())
    body = client.get(case.get_absolute_url()).content.decode()
    assert "我家也黑" in body
    assert neighbours.label in body
    public = client.get(reverse("resident", args=[case.token])).content.decode()
    assert neighbours.label not in public
    assert f">{world.chief.name}" not in public
    assert "又有人反映同样的问题" in public


def test_the_page_gives_the_form_back_with_what_was_typed(world, client):
    case = file_case(world, household=world.household)
    client.force_login(world.chief, backend="django.contrib.auth.backends.ModelBackend")
    page = reverse("join", args=[case.number])
    answer = client.post(page, {"submission_id": uuid.uuid4(), "household": "", "note": "楼上也是"})
    assert answer.status_code == 422
    assert "楼上也是" in answer.content.decode()
    assert client.post(page, {"submission_id": "no", "household": "99999999"}).status_code == 422
    assert client.get(reverse("join", args=["LJ20200101-00001"])).status_code == 404
    client.force_login(world.supervisor, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(page).status_code == 403
    assert page not in client.get(case.get_absolute_url()).content.decode()


def test_a_closed_case_has_no_button_and_says_so_when_it_is_joined_late(world, client):
    case = case_in(world, Status.CLOSED)
    client.force_login(world.group_leader, backend="django.contrib.auth.backends.ModelBackend")
    page = reverse("join", args=[case.number])
    assert page not in client.get(case.get_absolute_url()).content.decode()
    assert client.get(page).status_code == 409
    assert client.post(page, {"submission_id": uuid.uuid4(), "household": "", "note": "还是黑"}).status_code == 409
