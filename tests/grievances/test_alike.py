"""Open cases alike: what is shown to whom, and joining one of next door."""

import uuid

import pytest
from django.urls import reverse

from grievances.choices import Action, Standing
from grievances.models import Grievance
from grievances.services.alike import open_alike
from grievances.services.joining import join
from grievances.telling import told
from notifications.models import Message
from orgs.models import Household
from tests.factories import NOON, World, file_case, fresh, make_world
from tests.grievances.api_client import api
from tests.grievances.scenes import do


@pytest.fixture
def world() -> World:
    return make_world()


def titles(found) -> list[str]:
    return [one.case.title for one in found]


@pytest.mark.django_db
def test_open_cases_alike_are_found_the_likest_first(world):
    unit = world.units["neighbourhood"]
    file_case(world, description="三号楼门口的路灯坏了三天")
    file_case(world, description="路灯坏了")
    file_case(world, description="下水道堵了，污水外溢")
    over = file_case(world, description="门口路灯坏了已经好了")
    do(world, over, Action.WITHDRAW, world.chief)
    found = open_alike("三号楼门口路灯坏了", user=fresh(world.chief), unit=unit)
    assert titles(found) == ["三号楼门口的路灯坏了三天", "路灯坏了"]
    assert [(one.own, one.joined) for one in found] == [(True, False)] * 2  # the chief filed them, and joined none
    assert open_alike("路", user=fresh(world.chief), unit=unit) == []
    assert open_alike("电梯不动", user=fresh(world.chief), unit=unit) == []


@pytest.mark.django_db
def test_at_most_three_are_shown(world):
    for _turn in range(5):
        file_case(world, description="门口路灯坏了")
    assert len(open_alike("门口路灯坏了", user=fresh(world.chief), unit=world.units["neighbourhood"])) == 3


@pytest.mark.django_db
def test_what_the_viewer_sees_or_may_join_and_only_close_by(world):
    near = file_case(world, by=world.second_chief, unit=world.units["second_neighbourhood"], description="门口路灯坏了")
    file_case(world, by=world.others["chief"], unit=world.units["other_neighbourhood"], description="门口路灯坏了")
    unit = world.units["neighbourhood"]
    [next_door] = open_alike("门口路灯坏了", user=fresh(world.chief), unit=unit)
    assert (next_door.case, next_door.seen) == (near, False)
    found = open_alike("门口路灯坏了", user=fresh(world.group_leader), unit=unit)
    assert [one.case for one in found] == [near]
    assert not found[0].joined
    assert not found[0].own
    join(actor=fresh(world.group_leader), grievance=near, submission_id=uuid.uuid4(), now=NOON)
    [again] = open_alike("门口路灯坏了", user=fresh(world.group_leader), unit=unit)
    assert (again.joined, again.case.joined_count) == (True, 1)
    # The city sees both streets; the other one is not close by.
    everywhere = open_alike("门口路灯坏了", user=fresh(world.city_official), unit=unit)
    assert [one.case for one in everywhere] == [near]
    assert open_alike("门口路灯坏了", user=fresh(world.city_official), unit=world.units["city"]) == []


@pytest.mark.django_db
def test_with_a_position_the_street_is_looked_at_within_two_hundred_metres(world):
    elsewhere = world.units["other_neighbourhood"]
    unit = world.units["neighbourhood"]
    Grievance.objects.all().delete()
    near = file_case(world, description="门口路灯坏了", lat=33.84, lon=115.77)
    far = file_case(world, description="门口路灯坏了", lat=33.84, lon=115.90)
    # As if both lay in another community of the same street.
    moved = unit.path[:12] + "000Z" + unit.path[16:]
    Grievance.objects.filter(pk__in=[near.pk, far.pk]).update(unit_path=moved)
    street = fresh(world.street)
    assert open_alike("门口路灯坏了", user=street, unit=unit) == []
    found = open_alike("门口路灯坏了", user=street, unit=unit, lat=33.8405, lon=115.7705)
    assert [one.case for one in found] == [near]
    assert open_alike("门口路灯坏了", user=street, unit=elsewhere, lat=33.8405, lon=115.7705) == []
    assert open_alike("门口路灯坏了", user=street, unit=unit, lat=90.0, lon=0.0) == []


@pytest.fixture
def next_door(world) -> Grievance:
    return file_case(
        world,
        by=world.second_chief,
        unit=world.units["second_neighbourhood"],
        household=Household.objects.create(unit=world.units["second_neighbourhood"], label="8栋808"),
        description="门口路灯坏了",
        place="八楼",
        contact_name="张三",
        contact_phone="13912345678",
    )


@pytest.mark.django_db
def test_next_doors_case_is_shown_by_title_kind_and_neighbourhood_alone(world, next_door):
    answer = api(world.chief).get("/api/v1/suggestions/", {"text": "门口路灯坏了"})
    [shown] = answer.json()["alike"]
    assert shown == {
        "number": next_door.number,
        "title": next_door.title,
        "place": next_door.unit.name,
        "status": "Reported",
        "category": "",
        "url": "",
        "joined": False,
        "filed_by_me": False,
        "count": 0,
    }
    for secret in ("808", "八楼", "张三", "13912345678"):
        assert secret not in answer.content.decode()


@pytest.mark.django_db
def test_next_doors_case_is_joined_and_stays_closed(world, next_door, client):
    client.force_login(world.chief)
    assert client.get(reverse("case", args=[next_door.number])).status_code == 404
    assert client.get(reverse("join", args=[next_door.number])).status_code == 200
    given = {"submission_id": uuid.uuid4(), "note": ""}
    assert client.post(reverse("join", args=[next_door.number]), given).headers["Location"] == reverse("home")
    next_door.refresh_from_db()
    assert next_door.joined_count == 1
    assert next_door.events.get(action=Action.JOIN).standing == Standing.CHIEF
    assert client.get(reverse("case", args=[next_door.number])).status_code == 404
    assert not Grievance.objects.visible_to(fresh(world.chief)).filter(pk=next_door.pk).exists()


@pytest.mark.django_db
def test_who_joined_from_next_door_hears_what_became_of_it(world, next_door):
    chief = fresh(world.chief)
    join(actor=chief, grievance=next_door, submission_id=uuid.uuid4(), now=NOON)
    do(world, next_door, Action.WITHDRAW, world.second_chief)
    [message] = Message.objects.filter(recipient=chief, kind="joined_ended")
    found = told([message], chief)[message.pk]
    assert next_door.title in found.words
    assert found.url == ""


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("who", "number"),
    [("chief", 2), ("second_chief", 2), ("group_leader", 2), ("community", 2), ("handler", 0), ("official", 0)],
)
def test_exactly_the_open_cases_of_the_community_are_near(world, next_door, who, number):
    own = file_case(world, description="楼道灯不亮")
    over = file_case(world, description="已经撤回")
    do(world, over, Action.WITHDRAW, world.chief)
    file_case(world, by=world.others["chief"], unit=world.units["other_neighbourhood"])
    near = set(Grievance.objects.near(fresh(getattr(world, who, None) or world.users[who])))
    assert near == ({own, next_door} if number else set())


@pytest.mark.django_db
def test_another_streets_chief_does_not_join_it(world, next_door):
    answer = api(world.others["chief"]).post(
        f"/api/v1/cases/{next_door.number}/join/", {"submission_id": str(uuid.uuid4())}
    )
    assert answer.status_code == 404


@pytest.mark.django_db
def test_the_join_page_of_ones_own_case_offers_only_what_is_taken(world, client):
    case = file_case(world, household=world.household)
    client.force_login(world.chief)
    address = reverse("join", args=[case.number])
    assert client.get(address).context["form"] is None  # no other door: said at once
    other = Household.objects.create(unit=world.units["neighbourhood"], label="1栋1单元102")
    form = client.get(address).context["form"]
    assert form["household"].value() == str(other.pk)
    given = {"submission_id": form["submission_id"].value(), "household": form["household"].value(), "note": ""}
    assert client.post(address, given).status_code == 302


@pytest.mark.django_db
def test_the_phone_joins_with_a_form_as_its_outbox_sends_it(world, next_door):
    answer = api(world.chief).post(
        f"/api/v1/cases/{next_door.number}/join/", {"submission_id": str(uuid.uuid4())}, format="multipart"
    )
    assert (answer.status_code, answer.json()["number"]) == (201, next_door.number)
