"""What neighbours may read of a case they hear of from next door: no number, no door, no name."""

import uuid

import pytest
from django.urls import reverse

from grievances.choices import Action
from grievances.models import Grievance
from grievances.privacy import title_for_neighbours
from grievances.services.alike import open_alike
from grievances.services.joining import join
from grievances.telling import told
from notifications.models import Message
from orgs.models import Contact
from tests.factories import NOON, World, category, file_case, fresh, make_world
from tests.grievances.api_client import api
from tests.grievances.scenes import do

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def next_door(world: World, title: str, **given) -> Grievance:
    """Return an open case of the neighbourhood beside the chief's, whose title somebody typed."""
    return file_case(world, by=world.second_chief, unit=world.units["second_neighbourhood"], description=title, **given)


@pytest.mark.parametrize(
    "title",
    [
        "路灯坏了，请打13812345678",
        "路灯坏了 １３８ １２３４ ５６７８",
        "彭大爷门口的路灯坏了",
        "王秀英家门口的路灯坏了",
        "老李家门口的路灯坏了",
        "3栋2单元501门口的路灯坏了",
        "3-2-501门口的路灯坏了",
        "５０１室门口的路灯坏了",
    ],
)
def test_a_title_that_tells_whose_it_is_is_not_read_next_door(world, client, title):
    case = next_door(world, title, category=category())
    assert case.title == title
    safe = f"{case.category} · {case.unit}"
    assert title_for_neighbours(case) == safe
    url = "/api/v1/suggestions/"
    asked = {"text": title, "unit": world.units["neighbourhood"].pk}
    told_of = f"{case.category.name_en} · {case.unit}"
    assert [one["title"] for one in api(world.chief).get(url, asked).json()["alike"]] == [told_of]
    assert [one["title"] for one in api(world.second_chief).get(url, {"text": title}).json()["alike"]] == [title]
    client.force_login(world.chief)
    page = client.get(reverse("join", args=[case.number])).content.decode()
    assert f"{case.category.name} · {case.unit}" in page
    assert title not in page
    client.force_login(world.second_chief)
    assert title in client.get(reverse("join", args=[case.number])).content.decode()


@pytest.mark.parametrize(
    "title",
    [
        "三号楼门口的路灯坏了", "2026-11-25 起路灯不亮", "大家门口的路灯坏了",
        "周围都没有路灯", "高压线掉下来了", "楼下电动车乱停",
    ],
)  # fmt: skip
def test_places_days_and_things_stay(world, title):
    assert title_for_neighbours(next_door(world, title)) == title


def test_the_resident_s_own_name_and_door_are_known(world):
    household = world.household
    household.contact = Contact.objects.create(name="欧阳明", phone="13812345678")
    household.label = "荷花院"
    household.save()
    for title in ("欧阳 明说路灯坏了", "荷花院的路灯坏了"):
        case = file_case(world, description=title, household=household)
        assert title_for_neighbours(case) == case.unit.name


def test_what_becomes_of_it_is_told_without_the_title_too(world):
    title = "彭大爷门口的路灯坏了"
    case = next_door(world, title, category=category())
    join(actor=fresh(world.chief), grievance=case, submission_id=uuid.uuid4(), now=NOON)
    case = do(world, case, Action.ASSIGN, world.community)
    for action in (Action.ACKNOWLEDGE, Action.RESOLVE):
        case = do(world, case, action, world.handler)
    [entry] = Message.objects.filter(recipient=world.chief, kind="joined_resolved")
    words = told([entry], fresh(world.chief))[entry.pk].words
    assert title not in words
    assert str(case.category) in words


def test_finding_what_is_alike_stays_one_statement(world, django_assert_num_queries):
    for _turn in range(3):
        next_door(world, "彭大爷门口的路灯坏了", category=category())
    user = fresh(world.chief)
    user.current_posts  # noqa: B018 (read once)
    with django_assert_num_queries(1):
        found = open_alike("彭大爷门口的路灯坏了", user=user, unit=world.units["neighbourhood"])
        assert len({title_for_neighbours(one.case) for one in found}) == 1
