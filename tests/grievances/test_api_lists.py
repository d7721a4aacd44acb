"""Who sees what over HTTP, at what cost; filters, pages, tokens, the description of the API."""

import uuid
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.authtoken.models import Token
from rest_framework.throttling import ScopedRateThrottle

from grievances.models import Category, Grievance
from grievances.services.verbs import perform
from notifications.models import Message
from orgs.models import Agency, Household, Unit
from orgs.services.system import system_user
from orgs.services.units import create_unit
from tests.factories import NOON, PASSWORD, category, file_case, fresh, make_user, make_world
from tests.grievances.test_api import api, assert_error

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/"
WRONG = "wrong"


@pytest.fixture
def world():
    return make_world()


def numbers(user, **params):
    response = api(user).get(f"{ROOT}cases/", params)
    assert response.status_code == 200, response.content
    return {one["number"] for one in response.json()["results"]}


def step(user, case, action, **given):
    return perform(action=action, actor=fresh(user), grievance=case, now=NOON + timedelta(hours=1), **given)


# Scope


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


def _addresses(patterns, prefix="/"):
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _addresses(pattern.url_patterns, prefix + str(pattern.pattern))
        elif isinstance(pattern, URLPattern):
            yield prefix + str(pattern.pattern)


def api_addresses():
    """Return every address of the API as the router has it, with made-up keys filled in."""
    known = [address for address in _addresses(get_resolver().url_patterns) if address.startswith("/api/v1/")]
    for old, new in {
        "<int:pk>": "1",
        "<slug:number>": "LJ20260304-00001",
        "<slug:action>": "assign",
        "<uuid:uuid>": str(uuid.uuid4()),
        "<slug:size>": "small",
    }.items():
        known = [address.replace(old, new) for address in known]
    return known


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


# Filters and pages


def test_filters(world):
    units = world.units
    late = file_case(world, now=NOON - timedelta(days=40), urgency="24h", description="旧的井盖")
    new = file_case(world, category=category(), description="新的路灯")
    beside = file_case(world, by=world.second_chief, unit=units["second_neighbourhood"])
    step(world.street, beside, "assign", agency=world.agency)
    everything = {late.number, new.number, beside.number}
    with time_machine.travel(NOON, tick=False):
        for params, wanted in [
            ({"status": "ASSIGNED"}, {beside.number}),
            ({"status": ["ASSIGNED", "REPORTED"]}, everything),
            ({"unit": units["neighbourhood"].pk}, {late.number, new.number}),
            ({"unit": units["street"].pk}, everything),
            ({"unit_code": "3416"}, everything),
            ({"category": category().code}, {new.number}),
            ({"category": category().parent.code}, {new.number}),
            ({"urgency": "24h"}, {late.number}),
            ({"overdue": "true"}, {late.number}),
            ({"overdue": "false"}, {new.number, beside.number}),
            ({"reported_after": "2026-03-04"}, {new.number, beside.number}),
            ({"reported_after": "2026-03-05"}, set()),
            ({"reported_before": "2026-03-03"}, {late.number}),
            ({"reported_before": "2026-03-04"}, everything),
            ({"reported_before": "2026-03-04T12:00:00+08:00"}, {late.number}),
            ({"reported_after": "2026-03-04T04:00:00Z"}, {new.number, beside.number}),
            ({"text": "井盖"}, {late.number}),
            ({"text": new.number}, {new.number}),
            ({"text": new.number.lower()}, {new.number}),
            ({"number": new.number}, {new.number}),
            ({"text": "没有"}, set()),
        ]:
            assert numbers(world.city_official, **params) == wanted, params
        assert numbers(world.handler, waiting_for_me="true") == {beside.number}
        assert numbers(world.group_leader, waiting_for_me="true") == {late.number, new.number}
        assert numbers(world.zone_leader, waiting_for_me="true") == set()
        assert numbers(world.zone_leader, waiting_for_me="false") == everything


def test_filters_that_cannot_be_used_are_errors(world):
    for params, field in [
        ({"status": "NONE"}, "status"),
        ({"unit": "x"}, "unit"),
        ({"unit": 10**30}, "unit"),
        ({"unit_code": "9999"}, "unit_code"),
        ({"unit_code": "34\x0016"}, "unit_code"),
        ({"category": "ZZ"}, "category"),
        ({"category": "\x00"}, "category"),
        ({"reported_after": "yesterday"}, "reported_after"),
        ({"reported_before": "2026-13-01"}, "reported_before"),
        ({"reported_before": "0001-01-01"}, "reported_before"),
        ({"reported_before": "9999-12-31"}, "reported_before"),
        ({"text": "x" * 101}, "text"),
        ({"text": "\x00"}, "text"),
        ({"number": "\x00"}, "number"),
        ({"order": "random"}, "order"),
        ({"page_size": "0"}, "page_size"),
        ({"page_size": "101"}, "page_size"),
        ({"page_size": "²"}, "page_size"),
        ({"cursor": "nonsense"}, "cursor"),
        ({"cursor": "n~~99999999999999999999"}, "cursor"),
        ({"cursor": "n~\x00~1"}, "cursor"),
    ]:
        assert_error(api(world.street).get(f"{ROOT}cases/", params), 400, "invalid", field)


def test_filters_do_not_tell_of_other_areas(world):
    other = world.units["other_street"].pk
    for address in ("cases/", "households/"):
        assert_error(api(world.street).get(ROOT + address, {"unit": other}), 400, "invalid", "unit")
    assert_error(api(world.street).get(f"{ROOT}units/", {"below": other}), 400, "invalid", "below")
    assert_error(api(world.street).get(f"{ROOT}agencies/", {"serves": other}), 400, "invalid", "serves")
    assert_error(api(world.street).get(f"{ROOT}units/tree/", {"root": other}), 404, "not_found")


@pytest.mark.parametrize("order", ["newest", "due"])
def test_pages_show_every_case_once_also_while_cases_are_added(world, order):
    cases = [file_case(world, urgency=urgency) for urgency in ("7d", "24h", "2h", "15d", "7d")]
    client, seen = api(world.street), []
    address = f"{ROOT}cases/?page_size=2&order={order}"
    while address:
        body = client.get(address).json()
        seen += [one["number"] for one in body["results"]]
        file_case(world, by=world.others["chief"], unit=world.units["other_neighbourhood"])
        last, address = address, body["next"]
    assert sorted(seen) == sorted(case.number for case in cases)
    if order == "due":
        assert seen[:2] == [cases[2].number, cases[1].number]
    back = client.get(client.get(last).json()["previous"]).json()
    assert [one["number"] for one in back["results"]] == seen[2:4]


def test_made_up_cursors_of_the_other_lists(world):
    for address in ["units/", "households/", "agencies/", "messages/"]:
        for cursor in (
            "x",
            "cD1hYmM=",
            "cD0xMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMw==",
            "cD0lMDA=",
            "bz0xMDAwMDAwMDAwMDAwJnA9MQ==",
            "cD3CsgI=",
        ):
            response = api(world.street).get(ROOT + address, {"cursor": cursor})
            assert response.status_code in (200, 404), (cursor, response.content)


def test_bad_parameters_of_the_other_lists(world):
    for address, params in [
        ("units/", {"parent": "x"}),
        ("units/", {"parent": 10**30}),
        ("units/", {"parent": "1.5"}),
        ("units/", {"parent": "NaN"}),
        ("units/", {"level": "planet"}),
        ("units/", {"q": "\x00"}),
        ("units/", {"below": "x"}),
        ("units/tree/", {"depth": "4"}),
        ("units/tree/", {"depth": "-1"}),
        ("units/tree/", {"root": "x"}),
        ("units/tree/", {"root": "9" * 30}),
        ("households/", {"unit": "x"}),
        ("agencies/", {"kind": "x"}),
        ("reasons/", {"kind": "x"}),
        ("closure-rates/", {"since": "x"}),
        ("closure-rates/", {"since": "2026-02-01", "until": "2026-01-01"}),
        ("closure-rates/", {"since": "0001-01-01"}),
        ("closure-rates/", {"unit": "x"}),
        ("closure-rates/", {"unit_code": "3" * 13}),
        ("closure-rates/", {"children": "maybe"}),
    ]:
        response = api(world.street).get(ROOT + address, params)
        assert_error(response, 400, "invalid", response.json()["field"])


def test_units_as_list_detail_and_tree(world):
    client = api(world.street)
    below = client.get(f"{ROOT}units/", {"below": world.units["zone"].pk, "level": "neighbourhood"}).json()["results"]
    assert [one["name"] for one in below] == ["第一邻", "第二邻"]
    assert client.get(f"{ROOT}units/", {"parent": world.units["street"].pk}).json()["results"][0]["name"] == "花戏社区"
    assert client.get(f"{ROOT}units/", {"q": "第二"}).json()["results"][0]["level"] == "neighbourhood"
    one = client.get(f"{ROOT}units/{world.units['group'].pk}/").json()
    assert [unit["name"] for unit in one["ancestors"]] == ["亳州市", "谯城区", "花戏楼街道", "花戏社区", "第一片"]
    assert [unit["name"] for unit in one["children"]] == ["第一邻", "第二邻"]
    (top,) = client.get(f"{ROOT}units/tree/", {"depth": "3"}).json()
    (community,) = top["children"]
    assert (top["name"], community["name"]) == ("花戏楼街道", "花戏社区")
    assert community["children"][0]["children"][0]["children"] == []
    (leaf,) = client.get(f"{ROOT}units/tree/", {"root": world.units["neighbourhood"].pk}).json()
    assert (leaf["name"], leaf["children"]) == ("第一邻", [])
    (city,) = api(make_user("根", is_superuser=True)).get(f"{ROOT}units/tree/").json()
    assert (city["level"], city["children"][0]["level"]) == ("city", "district")
    assert api(world.handler).get(f"{ROOT}units/tree/").json() == []


def test_agencies_that_serve_a_unit(world):
    Agency.objects.create(name="停办", kind="partner", unit=world.units["street"], is_active=False)
    client = api(world.street)
    served = client.get(f"{ROOT}agencies/", {"serves": world.units["neighbourhood"].pk, "active": "true"}).json()
    assert {one["name"] for one in served["results"]} == {"花戏楼城管中队", "花戏楼供水站"}
    (one,) = client.get(f"{ROOT}agencies/", {"kind": "enforcement"}).json()["results"]
    assert (one["name"], one["unit"]["name"], one["kind_name"]) == ("花戏楼城管中队", "花戏楼街道", "Enforcement team")


def test_categories_and_reasons_follow_the_language(world):
    english = api(world.chief).get(f"{ROOT}categories/").json()
    chinese = api(world.chief, **{"Accept-Language": "zh-hans"}).get(f"{ROOT}categories/").json()
    assert [one["code"] for one in english] == [one["code"] for one in chinese]
    assert english[0]["name"] != chinese[0]["name"]
    leaves = sum(len(one["children"]) for one in english)
    assert leaves == Category.objects.filter(parent__isnull=False, is_active=True).count()
    reject = api(world.chief).get(f"{ROOT}reasons/", {"kind": "reject"}).json()
    assert reject
    assert {one["kind"] for one in reject} == {"reject"}


def test_closure_rates_for_those_whose_posts_open_the_dashboard(world):
    first = file_case(world)
    step(world.street, first, "assign", agency=world.agency)
    file_case(world, by=world.second_chief, unit=world.units["second_neighbourhood"])
    params = {"since": "2026-03-01", "until": "2026-03-31"}
    body = api(world.street).get(f"{ROOT}closure-rates/", params).json()
    assert body["unit"]["name"] == "花戏楼街道"
    assert body["measures"]["accepted"]["value"] == 2
    assert body["measures"]["closure_rate"] == {"numerator": 0, "denominator": 2, "value": 0}
    assert body["measures"]["time_to_close"]["median_hours"] is None
    assert "children" not in body
    body = (
        api(world.city_official)
        .get(f"{ROOT}closure-rates/", {**params, "unit": world.units["group"].pk, "children": "true"})
        .json()
    )
    assert [(one["unit"]["name"], one["measures"]["accepted"]["value"]) for one in body["children"]] == [
        ("第一邻", 1),
        ("第二邻", 1),
    ]
    other = world.units["other_street"].pk
    assert_error(api(world.street).get(f"{ROOT}closure-rates/", {"unit": other}), 404, "not_found")
    assert_error(api(world.street).get(f"{ROOT}closure-rates/", {"unit": 999_999}), 404, "not_found")
    for key in ("chief", "handler", "operator"):
        assert_error(api(world.users[key]).get(f"{ROOT}closure-rates/"), 404, "not_found")
    by_code = api(world.city_official).get(f"{ROOT}closure-rates/", {"unit_code": "341602"}).json()
    assert by_code["unit"]["name"] == "谯城区"


def test_who_i_am(world):
    body = api(world.chief).get(f"{ROOT}me/").json()
    assert (body["name"], body["phone"], body["opens_desk"]) == ("chief", world.chief.phone, False)
    assert [(post["role"], post["unit"]["name"], post["acting"]) for post in body["posts"]] == [
        ("chief", "第一邻", False)
    ]
    assert api(world.handler).get(f"{ROOT}me/").json()["posts"][0]["agency"]["name"] == "花戏楼城管中队"


# Cost


def more_rows(world):
    for number in range(12):
        case = file_case(world, category=category(), household=world.household)
        step(world.street, case, "assign", agency=world.agency, co_agencies=[world.second_agency])
        Household.objects.create(unit=world.units["neighbourhood"], label=f"2栋{number}")
        create_unit(actor=system_user(), level="neighbourhood", name=f"新{number}邻", parent=world.units["group"])
        Agency.objects.create(name=f"站{number}", kind="partner", unit=world.units["street"])


@pytest.mark.parametrize(
    "address",
    [
        "cases/",
        "cases/?order=due&unit={unit}&text=灯&overdue=false",
        "cases/?waiting_for_me=true",
        "cases/{number}/",
        "units/",
        "units/{unit}/",
        "units/tree/?depth=3",
        "households/",
        "agencies/",
        "categories/",
        "reasons/",
        "messages/",
        "closure-rates/?children=true&since=2026-01-01&until=2026-12-31",
        "me/",
    ],
)
def test_statements_do_not_grow_with_rows(world, address):
    case = file_case(world, category=category())
    step(world.street, case, "assign", agency=world.agency, co_agencies=[world.second_agency])
    address = ROOT + address.format(number=case.number, unit=world.units["group"].pk)
    counts = []
    for user in (world.city_official, world.street):
        client = api(user)
        with CaptureQueriesContext(connection) as seen:
            assert client.get(address).status_code == 200
        counts.append(len(seen))
    more_rows(world)
    for note in range(6):
        step(world.street, case, "comment", note=f"第{note}次")
    for user, before in zip((world.city_official, world.street), counts, strict=True):
        client = api(user)
        with CaptureQueriesContext(connection) as seen:
            assert client.get(address).status_code == 200
        assert len(seen) <= before, [query["sql"] for query in seen]
        assert len(seen) <= 15, [query["sql"] for query in seen]


# Tokens


def get_token(client, phone, password=PASSWORD, **extra):
    sent = {"phone": phone, "password": password}
    return client.post(f"{ROOT}auth/token/", sent, content_type="application/json", **extra)


def test_a_token_for_phone_and_password(world):
    response = get_token(Client(), f" +86 {world.chief.phone} ")
    assert response.status_code == 200, response.content
    key = response.json()["token"]
    headers = {"Authorization": f"Token {key}"}
    assert Client(headers=headers).get(f"{ROOT}me/").json()["name"] == "chief"
    assert get_token(Client(headers={"Authorization": "Token stale"}), world.chief.phone).json()["token"] == key
    assert Client(headers=headers).delete(f"{ROOT}auth/token/").status_code == 204
    assert Client(headers=headers).get(f"{ROOT}me/").status_code == 401
    assert get_token(Client(), world.chief.phone).json()["token"] != key


def test_a_deactivated_persons_token_dies_with_the_account(world):
    client = api(world.chief)
    world.chief.is_active = False
    world.chief.save(update_fields=["is_active"])
    assert_error(client.get(f"{ROOT}me/"), 401, "authentication_failed")
    assert_error(get_token(Client(), world.chief.phone), 400, "wrong_password", "password")


def test_wrong_passwords_tell_nothing_and_lock_the_same_door_as_the_page(world):
    unknown = assert_error(get_token(Client(), "13000000000"), 400, "wrong_password", "password")
    for _again in range(4):
        known = assert_error(get_token(Client(), world.chief.phone, WRONG), 400, "wrong_password", "password")
    assert known["message"] == unknown["message"]
    assert_error(get_token(Client(), world.chief.phone, WRONG), 429, "locked_out")
    assert_error(get_token(Client(), world.chief.phone), 429, "locked_out")
    page = Client().post("/sign-in/", {"username": world.chief.phone, "password": PASSWORD})
    assert page.status_code == 429
    assert get_token(Client(), world.street.phone).status_code == 200
    assert not Token.objects.filter(user=world.chief).exists()


def test_the_system_user_has_no_way_in(world):
    system_user()
    for password in ("", "!", PASSWORD):
        assert get_token(Client(), "system", password).status_code == 400


def test_bad_token_requests():
    for body in [{}, {"phone": "1"}, {"phone": [], "password": {}}, {"phone": "1" * 41, "password": "x"}, [], "x", "{"]:
        response = Client().post(f"{ROOT}auth/token/", body, content_type="application/json")
        assert_error(response, 400, response.json()["code"], response.json()["field"])


def test_token_requests_are_throttled_by_address(world, monkeypatch):
    monkeypatch.setattr(ScopedRateThrottle, "THROTTLE_RATES", {"token": "3/min"})
    codes = [get_token(Client(), f"1300000000{number}", WRONG).status_code for number in range(4)]
    assert codes == [400, 400, 400, 429]
    assert_error(get_token(Client(), world.chief.phone), 429, "throttled")
    other = get_token(Client(), world.chief.phone, REMOTE_ADDR="10.0.0.9")
    assert other.status_code == 200


# Description and words


def test_the_description_is_complete_and_without_warnings(tmp_path):
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "schema.yaml"))
    text = (tmp_path / "schema.yaml").read_text("utf-8")
    for address in api_addresses():
        if "LJ2026" not in address and "photos" not in address and "units/1/" not in address:
            assert f"\n  {address}:\n" in text, address


def test_the_docs_need_a_sign_in_and_no_inline_script(world, client):
    client.force_login(world.street, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get("/api/docs/")
    assert page.status_code == 200
    assert "<script>" not in page.content.decode()
    assert "cdn" not in page.content.decode()
    script = client.get("/api/docs/?script=")
    assert script["Content-Type"].startswith("application/javascript")
    assert client.get("/api/schema/").status_code == 200


def test_errors_speak_the_readers_language(world):
    chinese = api(world.chief, **{"Accept-Language": "zh-hans"}).post(f"{ROOT}cases/", {}, format="json").json()
    english = api(world.chief).post(f"{ROOT}cases/", {}, format="json").json()
    assert chinese["field"] == english["field"] == "description"
    assert english["message"].isascii()
    assert not chinese["message"].isascii()


def test_nobody_in_particular_sees_nothing():
    assert not Grievance.objects.visible_to(AnonymousUser()).exists()
