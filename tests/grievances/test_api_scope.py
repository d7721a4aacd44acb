"""Who sees what over HTTP, and that strangers see nothing."""

import pytest
from django.test import Client

from grievances.models import Grievance
from notifications.models import Message
from orgs.models import Household, Unit
from tests.factories import file_case, make_user, make_world
from tests.grievances.api_client import ROOT, api, api_addresses, assert_error, numbers, step

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world()


def test_what_is_not_found_is_not_acted_on_either(world):
    case = file_case(world)
    for user in (world.others["street"], world.others["chief"], world.second_handler, make_user("无职")):
        for address in ("actions/comment/", "actions/urge/", "contact/"):
            refused = api(user).post(
                f"{ROOT}cases/{case.number}/{address}", {"note": "x", "purpose": "x"}, format="json"
            )
            assert_error(refused, 404, "not_found")
        assert numbers(user, number=case.number) == set()
    assert case.events.count() == 2


def test_exactly_the_cases_of_ones_posts_in_list_detail_and_search(world):
    units = world.units
    mine = file_case(world, description="甲处路灯")
    beside = file_case(world, by=world.second_chief, unit=units["second_neighbourhood"], description="乙处路灯")
    given = step(world.street, file_case(world, description="丙处路灯"), "assign", agency=world.agency)
    theirs = file_case(world, by=world.others["chief"], unit=units["other_neighbourhood"], description="丁处路灯")
    ours, everything = {mine, beside, given}, {mine, beside, given, theirs}
    sees = {
        world.chief: {mine, given},
        world.second_chief: {beside},
        world.handler: {given},
        world.second_handler: set(),
        world.city_official: everything,
        make_user("无职"): set(),
        make_user("根", is_superuser=True): everything,
    }
    roles = ("group_leader", "zone_leader", "community", "street", "supervisor", "official", "operator")
    sees |= {world.users[role]: ours for role in roles} | {world.others[role]: {theirs} for role in roles}
    sees |= {world.others["handler"]: set(), world.others["second_chief"]: set(), world.others["chief"]: {theirs}}
    for user, cases in sees.items():
        wanted = {case.number for case in cases}
        assert numbers(user) == wanted, user.name
        assert numbers(user, text="处路灯", order="due") == wanted, user.name
        for case in everything:
            response = api(user).get(f"{ROOT}cases/{case.number}/")
            assert response.status_code == (200 if case in cases else 404), (user.name, case.title)


def test_exactly_the_units_households_and_agencies_of_ones_posts(world):
    units = world.units
    elsewhere = Household.objects.create(unit=units["other_neighbourhood"], label="9栋")
    street = set(Unit.objects.subtree(units["street"].path).values_list("pk", flat=True))
    wanted = {
        world.chief: ({units["neighbourhood"].pk}, {world.household.pk}),
        world.street: (street, {world.household.pk}),
        world.handler: (set(), set()),
        world.city_official: (set(Unit.objects.values_list("pk", flat=True)), {world.household.pk, elsewhere.pk}),
        make_user("无职"): (set(), set()),
    }
    for user, (seen_units, households) in wanted.items():
        client = api(user)
        listed = client.get(f"{ROOT}units/", {"page_size": 200}).json()["results"]
        assert {one["id"] for one in listed} == seen_units, user.name
        assert {one["id"] for one in client.get(f"{ROOT}households/").json()["results"]} == households
        for unit in Unit.objects.all():
            status = client.get(f"{ROOT}units/{unit.pk}/").status_code
            assert status == (200 if unit.pk in seen_units else 404)
    agencies = {one["name"] for one in api(world.street).get(f"{ROOT}agencies/").json()["results"]}
    assert agencies == {"花戏楼城管中队", "花戏楼供水站"}
    assert {one["name"] for one in api(world.handler).get(f"{ROOT}agencies/").json()["results"]} == {"花戏楼城管中队"}


def test_messages_are_ones_own(world):
    file_case(world)
    (message,) = api(world.group_leader).get(f"{ROOT}messages/").json()["results"]
    assert api(world.zone_leader).get(f"{ROOT}messages/").json()["results"] == []
    other = api(world.zone_leader).post(f"{ROOT}messages/read/", {"id": message["id"]}, format="json")
    assert other.json() == {"marked": 0}
    own = api(world.group_leader).post(f"{ROOT}messages/read/", {}, format="json")
    assert own.json() == {"marked": 1}
    assert Message.objects.get(pk=message["id"]).read_at is not None


def test_strangers_are_asked_to_sign_in_everywhere(world):
    addresses = api_addresses()
    assert len(addresses) >= 17
    assert Client().get("/api/schema/").status_code == 401
    for address in addresses:
        assert "<" not in address
        for method in ("get", "post", "put", "patch", "delete"):
            if (address, method) == ("/api/v1/auth/token/", "post"):
                continue
            response = getattr(Client(), method)(address)
            assert response.status_code == 401, (method, address, response.status_code)
            assert response.json()["code"] == "not_authenticated"
    assert Client().get("/api/docs/").status_code == 302


def test_addresses_that_are_none_answer_in_json():
    for address in ("/api/", "/api/v1/", "/api/v1/nothing/", "/api/v1/cases", "/api/v1/cases/a%00b/", "/api/v2/cases/"):
        for method in ("get", "post", "delete"):
            response = getattr(Client(), method)(address)
            assert_error(response, 404, "not_found")


def test_methods_that_are_not_offered(world):
    case = file_case(world)
    client = api(world.street)
    for address in (f"cases/{case.number}/", "units/", "categories/", "me/", "closure-rates/"):
        for method in ("put", "patch", "delete"):
            assert_error(getattr(client, method)(ROOT + address), 405, "method_not_allowed")
    assert Grievance.objects.filter(pk=case.pk).exists()
