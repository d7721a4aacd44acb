"""The monthly bulletin: its numbers are the dashboard's, and it names places of one class, never people."""

import io
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse
from docx import Document

from grievances.choices import Action
from grievances.models import Escalation
from orgs.choices import Level
from orgs.models import User
from orgs.services.system import system_user
from orgs.services.units import create_unit
from reporting.services.bulletins import bulletin_facts
from reporting.services.rates import closure_rates
from reporting.views.bulletin import whole_month
from tests.factories import NOON, World, file_case, make_world
from tests.grievances.scenes import do

pytestmark = pytest.mark.django_db
MONTH = whole_month(date(2026, 3, 1))


@pytest.fixture
def world(time_machine) -> World:
    time_machine.move_to(NOON)
    return make_world()


def open_bulletin(user, unit, **query):
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client.get(reverse("bulletin", args=[unit.pk]), {"month": "2026-03", **query})


def closed(world, case):
    for action, who in (
        (Action.ASSIGN, world.community),
        (Action.ACKNOWLEDGE, world.handler),
        (Action.RESOLVE, world.handler),
        (Action.FEEDBACK, world.chief),
    ):
        case = do(world, case, action, who)
    return case


@pytest.mark.parametrize(
    ("who", "unit", "status"),
    [
        ("official", "street", 200), ("supervisor", "street", 200), ("street", "community", 200),
        ("community", "community", 200), ("community", "street", 404), ("official", "district", 404),
        ("official", "other_street", 404), ("street", "zone", 404), ("group_leader", "group", 404),
        ("chief", "neighbourhood", 403), ("handler", "street", 403), ("city_official", "city", 200),
    ],
)  # fmt: skip
def test_it_is_for_who_sees_the_figures_of_a_community_or_more(world, who, unit, status):
    assert open_bulletin(world.users[who], world.units[unit]).status_code == status


@pytest.mark.parametrize("month", ["2026-13", "2026-3", "x", "2027-01", "1889-01", "２０２６-03"])
def test_a_month_that_cannot_be_used_is_said_so(world, month):
    assert open_bulletin(world.official, world.units["street"], month=month).status_code == 400


def test_its_numbers_are_those_of_the_dashboard_with_what_they_are_divided_by(world):
    closed(world, file_case(world))
    file_case(world)
    file_case(world)
    street = world.units["street"]
    found = closure_rates(unit=street, since=MONTH.since, until=MONTH.until, now=NOON)["closure_rate"]
    assert (found["numerator"], found["denominator"]) == (1, 3)
    answer = open_bulletin(world.official, street)
    (overall, by_place, *_rest) = [block for block in answer.context["letter"].blocks if block.kind == "grid"]
    rows = {row[0]: row[1:] for row in overall.rows}
    assert ("33.33 %", "1", "3") in rows.values()
    community = by_place.rows[0]
    assert community[0] == world.units["community"].name
    assert "33.33 %\n(1/3)" in community


def test_a_rate_with_nothing_to_divide_by_is_no_zero(world):
    file_case(world)
    letter = open_bulletin(world.official, world.units["street"]).context["letter"]
    overall = next(block for block in letter.blocks if block.kind == "grid")
    assert ("—", "0", "0") in {row[1:] for row in overall.rows}


def test_open_overdue_and_cards_stand_beside_their_place(world):
    case = do(world, file_case(world), Action.ASSIGN, world.community)
    do(world, case, Action.YELLOW_CARD, world.supervisor)
    lifted = do(world, file_case(world), Action.ASSIGN, world.community)
    do(world, lifted, Action.RED_CARD, world.supervisor)
    Escalation.objects.filter(grievance=lifted).update(lifted_at=NOON, answered_at=NOON)
    late = case.due_at + (case.due_at - NOON)
    facts = bulletin_facts(unit=world.units["street"], month=MONTH, now=late)
    assert (facts.standing.open, facts.standing.overdue, facts.standing.yellow, facts.standing.red) == (2, 2, 1, 0)
    assert facts.places[0].standing == facts.standing
    other = bulletin_facts(unit=world.units["other_street"], month=MONTH, now=late)
    assert (other.standing.open, other.standing.yellow) == (0, 0)


def test_units_of_different_classes_stand_in_tables_of_their_own_in_the_order_of_the_place(world):
    village = create_unit(
        actor=system_user(), level=Level.COMMUNITY, name="花戏楼村", parent=world.units["street"], code=None
    )
    second = create_unit(
        actor=system_user(), level=Level.COMMUNITY, name="第二社区", parent=world.units["street"], code=None
    )
    closed(world, file_case(world))
    letter = open_bulletin(world.official, world.units["street"]).context["letter"]
    tables = [block for block in letter.blocks if block.kind == "grid"][1:3]
    names = [[row[0] for row in table.rows] for table in tables]
    assert names == [[world.units["community"].name, second.name], [village.name]]


def test_nobody_is_named_and_a_community_has_no_table_of_places(world):
    people = (world.chief, world.group_leader, world.zone_leader, world.handler, world.community)
    for person, name in zip(people, ("甘一", "甘二", "甘三", "甘四", "甘五"), strict=True):
        User.objects.filter(pk=person.pk).update(name=name)
    closed(world, file_case(world))
    for unit, who in (("street", "official"), ("community", "community")):
        text = open_bulletin(world.users[who], world.units[unit]).content.decode().split('<article class="letter">')[1]
        assert "甘" not in text
        for below in ("zone", "group", "neighbourhood"):
            assert world.units[below].name not in text
    facts = bulletin_facts(unit=world.units["community"], month=MONTH, now=NOON)
    assert facts.places == []


def test_cases_filed_at_the_unit_itself_keep_the_table_adding_up(world):
    file_case(world)
    file_case(world, by=world.street, unit=world.units["street"])
    facts = bulletin_facts(unit=world.units["street"], month=MONTH, now=NOON)
    assert sum(place.counts.cases["accepted"] for place in facts.places) == facts.counts.cases["accepted"] == 2
    assert facts.places[-1].peers == ""


def test_it_comes_as_word_and_costs_few_statements(world, django_assert_max_num_queries):
    closed(world, file_case(world))
    answer = open_bulletin(world.official, world.units["street"], **{"as": "word"})
    assert answer["Content-Disposition"].startswith("attachment;")
    document = Document(io.BytesIO(answer.content))
    assert len(document.tables) == 4
    assert world.units["street"].name in document.paragraphs[0].text
    client = Client()
    client.force_login(world.official, backend="django.contrib.auth.backends.ModelBackend")
    url = reverse("bulletin", args=[world.units["street"].pk])
    client.get(url)
    with django_assert_max_num_queries(15):
        client.get(url)


def test_the_dashboard_leads_to_it_where_there_is_one(world):
    client = Client()
    client.force_login(world.official, backend="django.contrib.auth.backends.ModelBackend")
    for unit, there in (("street", True), ("community", True), ("group", False)):
        page = client.get(reverse("unit_dashboard", args=[world.units[unit].pk])).content.decode()
        assert ("/bulletin/" in page) is there
