"""Filters, pages and lists over HTTP, and what they cost."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from grievances.models import Category
from orgs.models import Agency, Household
from orgs.services.system import system_user
from orgs.services.units import create_unit
from tests.factories import NOON, category, file_case, make_user, make_world
from tests.grievances.api_client import ROOT, api, assert_error, numbers, step

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world()


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
