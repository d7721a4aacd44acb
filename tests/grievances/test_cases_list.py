"""The list of all cases: exact visible sets, filters, order."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from grievances.choices import Status
from grievances.filters import CaseFilter
from grievances.models import Grievance
from tests.factories import NOON, category, file_case, make_world
from tests.grievances.browsing import numbers, signed_in
from tests.grievances.scenes import case_in, suspend

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _noon():
    with time_machine.travel(NOON, tick=False):
        yield


def test_each_role_sees_exactly_its_cases():
    world = make_world()
    here = file_case(world)
    next_door = file_case(world, by=world.second_chief, unit=world.units["second_neighbourhood"])
    given = case_in(world, Status.ASSIGNED)
    there = file_case(world, by=world.others["chief"], unit=world.units["other_neighbourhood"])
    street = {here.number, next_door.number, given.number}
    expected = {
        world.chief: {here.number, given.number},
        world.second_chief: {next_door.number},
        world.group_leader: street,
        world.zone_leader: street,
        world.community: street,
        world.street: street,
        world.supervisor: street,
        world.official: street,
        world.operator: street,
        world.handler: {given.number},
        world.second_handler: set(),
        world.city_official: street | {there.number},
        world.others["street"]: {there.number},
        world.others["handler"]: set(),
    }
    for person, cases in expected.items():
        assert set(numbers(signed_in(person).get("/cases/"))) == cases, person


@pytest.fixture
def shelf():
    """Five cases that differ in everything a filter asks for."""
    world = make_world()
    lamp = file_case(world, description="路灯坏了", category=category(), urgency="7d")
    drain = file_case(world, description="下水道堵了", urgency="24h", now=NOON - timedelta(days=3))
    next_door = file_case(
        world, by=world.second_chief, unit=world.units["second_neighbourhood"], description="噪声", urgency="15d"
    )
    held = suspend(world, case_in(world, Status.IN_PROGRESS))
    closed = case_in(world, Status.CLOSED)
    return world, {"lamp": lamp, "drain": drain, "next_door": next_door, "held": held, "closed": closed}


_FILTERED = (
    ({}, {"lamp", "drain", "next_door", "held", "closed"}),
    ({"q": "下水道"}, {"drain"}),
    ({"q": "  路灯坏了 "}, {"lamp", "held", "closed"}),
    ({"q": "没有这样的事"}, set()),
    ({"status": "REPORTED"}, {"lamp", "drain", "next_door"}),
    ({"status": "open"}, {"lamp", "drain", "next_door", "held"}),
    ({"status": "overdue"}, {"drain"}),
    ({"status": "suspended"}, {"held"}),
    ({"urgency": "15d"}, {"next_door"}),
    ({"until": "2026-03-02"}, {"drain"}),
    ({"since": "2026-03-02"}, {"lamp", "next_door", "held", "closed"}),
    ({"since": "2026-03-01", "until": "2026-03-01"}, {"drain"}),
)


def test_filters(shelf):
    world, cases = shelf
    browser = signed_in(world.street)
    for given, expected in _FILTERED:
        response = browser.get("/cases/", given)
        assert set(numbers(response)) == {cases[name].number for name in expected}, given
        assert response.context["problems"] == ""


def test_a_number_is_found_whole_by_its_start_and_by_its_end(shelf):
    world, cases = shelf
    browser = signed_in(world.street)
    number = cases["drain"].number
    assert numbers(browser.get("/cases/", {"q": number.lower()})) == [number]
    assert numbers(browser.get("/cases/", {"q": number[:10]})) == [number]


def test_place_and_category_narrow_the_list(shelf):
    world, cases = shelf
    browser = signed_in(world.street)
    second = world.units["second_neighbourhood"]
    assert numbers(browser.get("/cases/", {"unit": second.pk})) == [cases["next_door"].number]
    assert numbers(browser.get("/cases/", {"category": category().pk})) == [cases["lamp"].number]
    other = browser.get("/cases/", {"unit": world.units["other_street"].pk})
    assert other.context["problems"] == "地点"
    assert len(numbers(other)) == len(cases)


def test_places_offered_are_one_level_down_and_the_way_up():
    world = make_world()

    def offered(unit) -> list[str]:
        given = {"unit": unit.pk} if unit else {}
        form = CaseFilter(given, Grievance.objects.all(), user=world.street, at=NOON).form
        return [label.strip() for _pk, label in form.fields["unit"].widget.choices][1:]

    assert offered(None) == ["花戏社区"]
    assert offered(world.units["zone"]) == ["花戏楼街道", "花戏社区", "第一片", "第一组"]


def test_newest_first_or_due_first(shelf):
    world, cases = shelf
    browser = signed_in(world.street)
    assert numbers(browser.get("/cases/")) == [case.number for case in Grievance.objects.order_by("-pk")]
    by_due = numbers(browser.get("/cases/", {"order": "due"}))
    assert by_due[0] == cases["drain"].number
    assert by_due[-1] == cases["held"].number
    assert cases["closed"].number not in by_due


def test_the_place_leaves_out_what_the_reader_knows(shelf):
    world, cases = shelf
    rows = {row.number: row.unit_name for row in signed_in(world.street).get("/cases/").context["cases"]}
    assert rows[cases["lamp"].number] == "花戏社区 第一片 第一组 第一邻"
    rows = {row.number: row.unit_name for row in signed_in(world.chief).get("/cases/").context["cases"]}
    assert rows[cases["lamp"].number] == "第一邻"


def test_nothing_found_offers_to_clear_the_filters(shelf):
    world, _cases = shelf
    page = signed_in(world.street).get("/cases/", {"q": "没有这样的事"}).content.decode()
    assert "没有符合的问题" in page
    assert "清除条件" in page


def test_statements_do_not_grow_with_rows(monkeypatch):
    monkeypatch.setattr("grievances.filters.KEPT_SECONDS", 3600)
    monkeypatch.setattr("orgs.rules.KEPT_SECONDS", 3600)
    world = make_world()
    filters = {"q": "灯", "status": "open", "urgency": "7d", "since": "2026-01-01"}

    def statements() -> list[int]:
        counts = []
        for name in ("street", "handler", "city_official"):
            for given in ({}, {"order": "due"}, filters):
                browser = signed_in(getattr(world, name))
                with CaptureQueriesContext(connection) as queries:
                    assert browser.get("/cases/", given).status_code == 200
                counts.append(len(queries))
        return counts

    for status in Status:
        case_in(world, status)
    statements()  # reads what a process keeps for some seconds: rules, categories
    few = statements()
    for _number in range(25):
        case_in(world, Status.ASSIGNED)
    assert statements() == few
    assert max(few) <= 15
