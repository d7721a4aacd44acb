"""The panels of a dashboard: every number of steps, ages, cards and hot spots is the length of the list behind it."""

import random
import re
from collections import Counter
from datetime import timedelta
from html import unescape
from statistics import median

import pytest
from django.test import Client
from django.urls import reverse

from grievances.choices import Action, Card, SettledBy, Status
from grievances.models import Escalation, Grievance
from orgs.services.system import system_user
from reporting.ageing import AGES
from reporting.conditions import BETWEEN_STEPS
from reporting.durations import bucket_of
from reporting.models import DurationTally
from reporting.periods import Period
from reporting.services import case_lists
from reporting.services.ageing import aged
from reporting.services.card_counts import COUNTED, cards_in_force
from reporting.services.funnel import funnel
from reporting.services.rates import closure_rates
from reporting.services.rebuilding import Area, rebuild
from reporting.services.tallies import fold_all
from reporting.services.verifying import verify
from tests.factories import NOON, World, category, make_world
from tests.grievances.scenes import case_in, do
from tests.reporting.recount import PERIODS
from tests.reporting.rows import put, put_closed, put_everything
from tests.reporting.test_dashboard import Links, as_user, statements

pytestmark = pytest.mark.django_db

DAYS = {"since": "2026-03-04", "until": "2026-03-04"}
LATER = NOON + timedelta(days=30)
NAMES = ("funnel", "ageing", "hotspots", "cards", "burden")
UNITS = ("city", "district", "street", "community", "zone", "group", "neighbourhood")
HOUR = timedelta(hours=1)


@pytest.fixture
def world(time_machine) -> World:
    time_machine.move_to(LATER)
    return make_world()


def panel(client: Client, world: World, name: str, unit: str = "street", **query):
    url = reverse("dashboard_panel", args=[world.units[unit].pk, name])
    return client.get(url, {**DAYS, "fragment": "1", **query})


def put_random(world: World, seed: int, number: int = 60) -> None:
    """Save cases as they may stand at any moment: some found only, some far, some back, over three months."""
    dice = random.Random(seed)
    places = ("neighbourhood", "second_neighbourhood", "other_neighbourhood", "group", "community", "street")
    for _count in range(number):
        reported = LATER - timedelta(hours=dice.uniform(0, 24 * 60))
        found = reported - timedelta(hours=dice.choice((0, 0, 0.2, 5, 50)))
        status = dice.choice(list(Status))
        case = {"unit": dice.choice(places), "status": status, "reported_at": reported}
        if status == Status.DISCOVERED:
            case |= {"reported_at": None, "discovered_at": found}
        if status in (Status.ASSIGNED, Status.IN_PROGRESS) or dice.random() < 0.5:
            case |= {"assigned_at": reported + dice.uniform(0, 30) * HOUR, "lead_agency": world.agency}
        if status in (Status.RESOLVED, Status.CLOSED):
            case |= {"resolved_at": reported + dice.uniform(30, 90) * HOUR, "settled_by": SettledBy.AGENCY}
        if status == Status.CLOSED:
            case |= {"closed_at": case["resolved_at"] + dice.uniform(0, 90) * HOUR, "confirmation": "told"}
        if status == Status.MERGED:
            case["merged_into"] = put(world)
        if status in (Status.REPORTED, Status.ASSIGNED) and dice.random() < 0.3:
            case["suspended_at"] = reported
        case["category"] = dice.choice((None, category()))
        one = put(world, **{key: value for key, value in case.items() if key != "discovered_at"})
        Grievance.objects.filter(pk=one.pk).update(discovered_at=found)


# Each number and its list


def listed(client: Client, url: str) -> int:
    """Return how many cases the list holds, over all its pages."""
    answer = client.get(url)
    assert answer.status_code == 200, url
    seen = [case.pk for case in answer.context["cases"]]
    while answer.context["next_url"]:
        answer = client.get(answer.context["next_url"])
        seen += [case.pk for case in answer.context["cases"]]
    assert len(seen) == len(set(seen)) == answer.context["count"]
    return len(seen)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_number_of_a_panel_is_the_length_of_its_list(world, seed, monkeypatch):
    monkeypatch.setattr(case_lists, "PAGE_SIZE", 7)
    put_random(world, seed)
    rebuild_log(world)
    put_cards(world, seed)
    client = as_user(world.city_official)
    checked = 0
    for unit in ("city", "street", "community", "group"):
        for name in ("funnel", "ageing", "hotspots", "cards"):
            html = panel(client, world, name, unit, since="2026-02-10", until="2026-04-20").content.decode()
            html = re.sub(r'<span class="visually-hidden">[^<]*</span>', "", html)
            links = Links()
            links.feed(html)
            for href, number in set(links.found):
                assert listed(client, href) == number, (unit, name, unescape(href))
                checked += 1
    assert checked > 60


def rebuild_log(world: World) -> None:
    """The log holds each case as it was put; discovering was moved after that, so count it anew."""
    del world
    rebuild(Area())


def put_cards(world: World, seed: int) -> None:
    dice = random.Random(seed)
    for case in Grievance.objects.all():
        for _count in range(dice.choice((0, 0, 1, 2))):
            answered = dice.choice((None, NOON))
            Escalation.objects.create(
                grievance=case,
                card=dice.choice((Card.YELLOW, Card.RED, Card.URGE)),
                agency=dice.choice((None, world.agency, world.second_agency)),
                unit=dice.choice((world.units["street"], world.units["community"])),
                by=system_user(),
                at=NOON,
                answered_at=answered,
                lifted_at=dice.choice((None, None, NOON)) if answered else None,
            )


# Steps


@pytest.mark.parametrize("folded", [False, True])
def test_the_steps_are_what_the_cases_rows_say(world, folded):
    put_random(world, 5)
    put_everything(world)
    if folded:
        rebuild_log(world)
    else:
        # Nothing is folded: everything is told by the log, but for what the log was not told of discovering.
        Grievance.objects.exclude(reported_at=None).update(discovered_at=NOON - 500 * HOUR)
        forget_log_and_write_it_anew()
    for unit in UNITS:
        for name, period in PERIODS.items():
            assert_steps(world, unit, name, period)


def forget_log_and_write_it_anew() -> None:
    from grievances.models import MeasuredChange
    from grievances.services import changes

    MeasuredChange.objects.all().delete()
    for case in Grievance.objects.all():
        changes.record(None, case)


def assert_steps(world: World, unit: str, name: str, period: Period) -> None:
    found = funnel(unit=world.units[unit], period=period, now=LATER)
    for step, number in found.reached.items():
        rows = case_lists.cases_reached(unit=world.units[unit], period=period, step=step)
        assert rows.count() == number, (unit, name, step)
    numbers = list(found.reached.values())
    assert numbers == sorted(numbers, reverse=True)
    for step, (begin, end, _when) in BETWEEN_STEPS.items():
        rows = case_lists.cases_timed(unit=world.units[unit], period=period, step=step)
        took = Counter(bucket_of((b - a).total_seconds()) for a, b in rows.values_list(begin, end))
        assert +found.took[step] == took, (unit, name, step)


def test_steps_of_real_cases_carried_out_by_people(world, time_machine):
    time_machine.move_to(NOON)
    for status in (Status.REPORTED, Status.ASSIGNED, Status.RESOLVED, Status.CLOSED, Status.REJECTED):
        case_in(world, status)
    case_in(world, Status.DISCOVERED)
    slow = case_in(world, Status.REPORTED)
    slow = do(world, slow, Action.ASSIGN, world.community, at=NOON + 10 * HOUR)
    found = funnel(unit=world.units["street"], period=PERIODS["a day"], now=NOON + 20 * HOUR)
    assert found.reached == {"discovered": 6, "reported": 5 + 0, "assigned": 4, "resolved": 2, "fed_back": 1}
    hours = [0, 0, 0, 10]
    assert found.took["assign"].total() == 4
    assert found.median_hours("assign") == pytest.approx(median(hours), abs=0.01)
    assert found.median_hours("feedback") == 0


def test_a_case_sent_back_has_come_less_far_and_is_not_measured_beyond(world):
    put(world, status=Status.REPORTED, assigned_at=NOON + HOUR)  # returned by the agency
    put(world, status=Status.ASSIGNED, assigned_at=NOON + HOUR, reopened_count=1)
    found = funnel(unit=world.units["street"], period=PERIODS["a day"], now=LATER)
    assert list(found.reached.values()) == [2, 2, 1, 0, 0]
    assert found.took["assign"].total() == 1
    assert found.median_hours("resolve") is None


def test_solved_on_the_spot_is_resolved_and_was_given_to_nobody(world):
    put(world, status=Status.RESOLVED, resolved_at=NOON + HOUR, settled_by=SettledBy.CHIEF)
    found = funnel(unit=world.units["street"], period=PERIODS["a day"], now=LATER)
    assert list(found.reached.values()) == [1, 1, 1, 1, 0]
    assert {step: took.total() for step, took in found.took.items()} == {
        "report": 1,
        "assign": 0,
        "resolve": 0,
        "feedback": 0,
    }


def test_tallies_of_steps_are_kept_compared_and_put_right(world):
    put_closed(world, hours=30, assigned_at=NOON + 2 * HOUR)
    fold_all()
    assert verify(Area()) == []
    assert set(DurationTally.objects.filter(dimension="step").values_list("key", flat=True)) == set(BETWEEN_STEPS)
    DurationTally.objects.filter(dimension="step", key="assign", depth=3, span="y").update(cases=9)
    assert len(verify(Area())) == 1
    rebuild(Area())
    assert verify(Area()) == []


def test_unreported_cases_stand_before_the_others_in_the_list_and_pages_go_both_ways(world, monkeypatch):
    monkeypatch.setattr(case_lists, "PAGE_SIZE", 3)
    cases = [put(world, reported_at=NOON + number * HOUR) for number in range(4)]
    drafts = [put(world, status=Status.DISCOVERED, reported_at=None) for _number in range(5)]
    expected = [case.pk for case in (*drafts[::-1], *cases[::-1])]
    rows = case_lists.cases_reached(unit=world.units["street"], period=PERIODS["a day"], step="discovered")
    pages = [case_lists.page_of(rows)]
    while pages[-1].older:
        pages.append(case_lists.page_of(rows, after=pages[-1].older))
    assert [case.pk for page in pages for case in page.cases] == expected
    back = [pages[-1]]
    while back[-1].newer:
        back.append(case_lists.page_of(rows, before=back[-1].newer))
    assert [case.pk for page in back[::-1] for case in page.cases] == expected


# Ages


def test_a_case_on_the_border_of_two_ages_is_the_older_one(world):
    for days in (0, 1, 3, 7, 15, 30):
        put(world, reported_at=LATER - timedelta(days=days))
        put(world, reported_at=LATER - timedelta(days=days) + timedelta(seconds=1), due_at=LATER + HOUR)
    found = {one.age.over: (one.cases, one.late) for one in aged(unit=world.units["street"], now=LATER)}
    assert found == {0: (3, 0), 1: (2, 0), 3: (2, 0), 7: (2, 0), 15: (2, 1), 30: (1, 1)}


def test_ages_are_of_open_cases_whenever_reported_and_add_up(world):
    put_random(world, 9)
    ages = aged(unit=world.units["city"], now=LATER)
    open_cases = case_lists.cases_now(unit=world.units["city"], name="open", now=LATER)
    late = case_lists.cases_now(unit=world.units["city"], name="overdue", now=LATER)
    assert sum(one.cases for one in ages) == open_cases.count() > 0
    assert sum(one.late for one in ages) == late.count() > 0
    assert [one.age for one in ages] == list(AGES)


# Cards


def card(world: World, case: Grievance, kind: str, **columns) -> Escalation:
    columns.setdefault("agency", world.agency)
    columns.setdefault("unit", world.units["community"])
    return Escalation.objects.create(grievance=case, card=kind, by=system_user(), at=NOON, **columns)


def test_cards_in_force_are_counted_by_who_was_shown_them_a_case_once(world):
    first, second = put(world), put(world)
    card(world, first, Card.YELLOW)
    card(world, first, Card.YELLOW, unit=world.units["street"])
    card(world, first, Card.RED, agency=None)
    card(world, second, Card.YELLOW, answered_at=NOON)  # answered late: it stays, and is answered
    card(world, second, Card.YELLOW, answered_at=NOON, lifted_at=NOON)
    card(world, second, Card.URGE)
    card(world, put(world, unit="other_neighbourhood"), Card.RED)
    whole, desk, agency = cards_in_force(unit=world.units["street"])
    assert list(whole.cases.values()) == [2, 1, 1, 1]
    assert (desk.name, list(desk.cases.values())) == (world.units["community"].name, [0, 0, 1, 1])
    assert (agency.name, list(agency.cases.values())) == (world.agency.name, [2, 1, 0, 0])
    assert cards_in_force(unit=world.units["second_neighbourhood"]) == []


def test_a_lifted_card_leaves_the_panel_and_a_list_of_nobodys_cards_is_not_found(world):
    one = card(world, put(world), Card.RED)
    client = as_user(world.official)
    assert "card_red" in panel(client, world, "cards").content.decode()
    one.answered_at = one.lifted_at = NOON
    one.save()
    assert "card_red" not in panel(client, world, "cards").content.decode()
    url = reverse("counted_cases", args=[world.units["street"].pk])
    for query in ({"to": "a999999"}, {"to": "x1"}, {"to": "a" + "9" * 30}, {"to": "a"}):
        assert client.get(url, {**DAYS, "measure": "card_red", **query}).status_code == 404, query
    assert client.get(url, {**DAYS, "measure": "accepted", "to": f"a{world.agency.pk}"}).status_code == 404
    assert client.get(url, {**DAYS, "measure": "card_blue"}).status_code == 404
    assert set(COUNTED) == {"yellow", "yellow_unanswered", "red", "red_unanswered"}


# The panels as pages


@pytest.mark.parametrize("name", NAMES)
def test_a_panel_is_a_section_for_the_page_and_a_page_without_scripts(world, name):
    put_everything(world)
    client = as_user(world.city_official)
    section = panel(client, world, name).content.decode()
    assert section.lstrip().startswith("<section")
    assert "<html" not in section
    whole = panel(client, world, name, fragment="").content.decode()
    assert "<html" in whole
    assert f'id="{name}-title"' in whole
    assert not re.search(r"\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", whole + section)
    for unit in UNITS:
        assert panel(client, world, name, unit).status_code == 200, unit


@pytest.mark.parametrize("name", NAMES)
def test_a_place_without_cases_says_so_in_words(world, name):
    html = panel(as_user(world.official), world, name).content.decode()
    assert "panel__empty" in html


def test_panels_pictures_and_files_are_for_who_has_the_dashboard(world):
    put_everything(world)
    addresses = [("dashboard_panel", name) for name in NAMES]
    addresses += [("dashboard_picture", name) for name in ("trend", "parts", "funnel", "ageing", "burden")]
    addresses += [("dashboard_export", kind) for kind in ("xlsx", "docx")]
    for address, name in addresses:
        for user, unit, status in (
            (world.official, "street", 200),
            (world.official, "other_street", 404),
            (world.official, "city", 404),
            (world.group_leader, "group", 200),
            (world.group_leader, "zone", 404),
            (world.chief, "neighbourhood", 403),
            (world.handler, "street", 403),
            (world.others["official"], "street", 404),
        ):
            url = reverse(address, args=[world.units[unit].pk, name])
            assert as_user(user).get(url, DAYS).status_code == status, (address, name, user.name, unit)
        assert Client().get(reverse(address, args=[world.units["street"].pk, name])).status_code == 302


def test_wrong_choices_in_an_address_are_answered_in_words(world):
    put(world)
    client = as_user(world.official)
    street = world.units["street"].pk
    for address, good in (("dashboard_panel", "funnel"), ("dashboard_picture", "parts"), ("dashboard_export", "xlsx")):
        assert client.get(reverse(address, args=[street, "nonsense"]), DAYS).status_code == 404
        bad = client.get(reverse(address, args=[street, good]), {"since": "2026-13-01", "until": "2026-01-01"})
        assert bad.status_code == 400
        assert "2026-01-31" in bad.content.decode()  # the example in the words of the field
        assert client.get(reverse(address, args=[street, good]), {"period": "this_century"}).status_code == 400
    for address, good in (("dashboard_picture", "parts"), ("dashboard_export", "docx")):
        assert client.get(reverse(address, args=[street, good]), {**DAYS, "by": "colour"}).status_code == 404
    assert client.get(reverse("unit_dashboard", args=[street]), {**DAYS, "by": "colour"}).status_code == 404


@pytest.mark.parametrize("name", NAMES)
def test_a_panel_takes_few_statements_and_no_more_with_more_rows(world, name):
    client = as_user(world.city_official)
    url = reverse("dashboard_panel", args=[world.units["district"].pk, name])
    url += "?since=2026-03-01&until=2026-03-31&fragment=1"
    put_everything(world)
    card(world, put(world), Card.RED)
    few = statements(client, url)
    for seed in (1, 2):
        put_random(world, seed, number=20)
        put_cards(world, seed)
    assert statements(client, url) <= max(few, 15)
    assert few <= 15


# Pictures and files


def test_pictures_are_drawn_of_the_very_numbers(world):
    put_everything(world)
    client = as_user(world.official)
    accepted = closure_rates(unit=world.units["street"], since=NOON.date(), until=NOON.date())["accepted"]["value"]
    for name in ("trend", "funnel", "parts"):
        answer = client.get(reverse("dashboard_picture", args=[world.units["street"].pk, name]), DAYS)
        assert answer["Content-Type"].startswith("image/svg+xml")
        svg = answer.content.decode()
        assert world.units["street"].name in svg
        numbers = [int(text) for text in re.findall(r"<text[^>]*>(\d+)</text>", svg)]
        assert accepted in numbers or sum(numbers) == accepted, name
