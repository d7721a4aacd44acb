"""The big screen: who sees it, what it counts, what it never says, what it costs, and when nothing has changed."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from grievances.choices import Action
from linjiang.common import clock
from tests.factories import file_case, make_world, work_statements
from tests.grievances.scenes import do
from tests.reporting.rows import put, put_closed, put_rated
from tests.test_permissions import ADMINISTRATORS, FIGURES_ELSEWHERE, FIGURES_OF_THE_STREET, PEOPLE, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world()


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def address(world, level="street", name="screen_now") -> str:
    return reverse(name, args=[world.units[level].pk])


def found(world, level="street", who=None):
    """Return what a screen that has not been asked for a while is made of."""
    from django.core.cache import cache

    cache.clear()
    return signed_in(who or world.city_official).get(address(world, level)).context["found"]


@pytest.mark.parametrize("name", ["screen", "screen_now"])
@pytest.mark.parametrize("who", [*PEOPLE, *ADMINISTRATORS])
def test_a_screen_is_for_whom_the_dashboard_is_for(world, name, who):
    expected = 200 if who in FIGURES_OF_THE_STREET else 404 if who in FIGURES_ELSEWHERE else 403
    # Somebody who may has just looked: what is kept is no way around the question.
    assert signed_in(world.city_official).get(address(world, name=name)).status_code == 200
    assert signed_in(person(world, who)).get(address(world, name=name)).status_code == expected


@pytest.mark.parametrize("level", ["group", "neighbourhood"])
def test_there_is_no_screen_of_single_chiefs(world, level):
    for name in ("screen", "screen_now"):
        assert signed_in(world.city_official).get(address(world, level, name)).status_code == 404


def test_the_counters(world):
    now = clock.now()
    put(world, reported_at=now)
    put(world, reported_at=now - timedelta(days=400))
    put_closed(world, reported_at=now - timedelta(hours=3), hours=3)
    put_closed(world, reported_at=now - timedelta(days=500))
    put_rated(world, 5, reported_at=now - timedelta(days=500))
    put(world, unit="other_neighbourhood", reported_at=now - timedelta(days=30))
    seen = found(world)
    assert (seen.closed_today, seen.open, seen.overdue) == (1, 2, 1)
    assert seen.reported_today == seen.trend[-1].accepted
    assert len(seen.trend) == 14
    assert (seen.closure_rate.numerator, seen.closure_rate.denominator) == (1, 2)
    assert seen.satisfaction.denominator == 0
    assert [(bar.name, bar.overdue, bar.open) for bar in seen.bars] == [("花戏社区", 1, 2)]
    assert [(bar.name, bar.overdue) for bar in found(world, "district").bars] == [("花戏楼街道", 1), ("薛阁街道", 1)]


def test_cards_in_force_are_counted_until_they_are_lifted(world):
    case = do(world, file_case(world, now=clock.now()), Action.ASSIGN, world.community)
    do(world, case, Action.YELLOW_CARD, world.supervisor)
    assert (found(world).yellow, found(world).red) == (1, 0)
    assert found(world, "other_street").yellow == 0
    case.escalations.update(lifted_at=clock.now(), answered_at=clock.now())
    assert found(world).yellow == 0


def test_steps_say_no_name_number_title_or_door_and_nothing_told_in_private(world):
    words = {"description": "王小二家门口漏水，电话13812345678", "title": "王小二家门口漏水", "place": "三栋后面"}
    case = file_case(world, now=clock.now(), household=world.household, contact_name="王小二",
                     contact_phone="13812345678", **words)  # fmt: skip
    file_case(world, now=clock.now(), is_private=True)
    page = signed_in(world.official).get(address(world)).content.decode()
    assert [(one.place, one.action) for one in found(world).steps] == [("花戏社区", Action.REPORT)]
    for secret in (
        "王小二",
        "13812345678",
        "漏水",
        "三栋",
        world.household.label,
        case.number,
        world.chief.name,
        "第一邻",
    ):
        assert secret not in page, secret
    assert "新反映" in page or "A case was reported" in page


def test_steps_of_other_places_are_not_told(world):
    file_case(world, now=clock.now())
    assert found(world, "other_street").steps == []
    assert len(found(world, "district").steps) == 1


def test_nothing_new_is_304_and_a_change_is_sent(world):
    from django.core.cache import cache

    client = signed_in(world.official)
    first = client.get(address(world))
    tag = first["ETag"]
    cache.clear()
    again = client.get(address(world), headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)
    assert again["X-As-Of"].count(":") == 2
    put(world, reported_at=clock.now())
    cache.clear()
    changed = client.get(address(world), headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed["ETag"] != tag
    assert "no-cache" in changed["Cache-Control"]
    assert "private" in changed["Cache-Control"]


def test_a_fragment_costs_few_statements_and_ten_screens_cost_one(world):
    case = do(world, file_case(world, now=clock.now()), Action.ASSIGN, world.community)
    do(world, case, Action.YELLOW_CARD, world.supervisor)
    client = signed_in(world.city_official)
    with CaptureQueriesContext(connection) as seen:
        assert client.get(address(world, "district")).status_code == 200
    assert len(work_statements(seen)) <= 15 + 4  # and who asks: session, person, posts, unit
    with CaptureQueriesContext(connection) as seen:
        for _ in range(9):
            assert client.get(address(world, "district")).status_code == 200
    # Who asks and whether they may: session, person, posts, unit.
    assert len(work_statements(seen)) <= 9 * 4


def test_each_language_and_each_place_has_its_own(world):
    client = signed_in(world.city_official)
    chinese = client.get(address(world), headers={"Accept-Language": "zh-hans"}).content
    english = client.get(address(world), headers={"Accept-Language": "en"}).content
    assert "Past their limit" in english.decode()
    assert chinese != english
    put(world, reported_at=clock.now())
    assert client.get(address(world, "other_street")).context["found"].open == 0
    assert client.get(address(world, "district")).context["found"].open == 1
