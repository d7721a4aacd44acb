"""What each role is offered, in how few statements."""

from datetime import date

import pytest
from django.test import RequestFactory
from django.urls import resolve, reverse

from grievances.navigation import navigation
from orgs.choices import Role
from orgs.services.posts import appoint
from orgs.services.system import system_user
from tests.factories import World, fresh, make_user, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def frame(user, path: str = "/") -> dict:
    request = RequestFactory().get(path)
    request.user = fresh(user)
    request.resolver_match = resolve(path)
    return navigation(request)


def names(user) -> list[str]:
    addresses = {
        reverse(name): name
        for name in (
            "home",
            "inbox",
            "cases",
            "households",
            "messages",
            "dashboard",
            "admin:index",
            "notices",
            "codes_overview",
            "pool",
        )
    }
    return [addresses[item["url"]] for item in frame(user)["nav_items"]]


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("chief", ["home", "cases", "households", "messages", "notices"]),
        ("group_leader", ["home", "cases", "messages", "dashboard", "pool", "notices"]),
        ("zone_leader", ["home", "cases", "messages", "dashboard", "pool", "notices"]),
        ("community", ["inbox", "cases", "messages", "admin:index", "codes_overview", "dashboard", "pool", "notices"]),
        ("street", ["inbox", "cases", "messages", "admin:index", "codes_overview", "dashboard", "pool", "notices"]),
        ("supervisor", ["inbox", "cases", "messages", "admin:index", "dashboard", "pool"]),
        ("operator", ["inbox", "cases", "messages"]),
        ("handler", ["inbox", "cases", "messages"]),
        ("official", ["dashboard", "cases", "messages", "pool", "notices"]),
        ("city_official", ["dashboard", "cases", "messages", "pool", "notices"]),
    ],
)
def test_each_role_is_offered_its_own(world, role, expected):
    assert names(world.users[role]) == expected


def test_two_kinds_of_posts_join_what_they_offer(world):
    appoint(actor=system_user(), user=world.chief, role=Role.HANDLER, agency=world.agency, since=date(2026, 1, 1))
    assert names(world.chief) == ["home", "cases", "households", "messages", "inbox", "notices"]
    appoint(actor=system_user(), user=world.handler, role=Role.OFFICIAL, unit=world.units["street"])
    assert names(world.handler) == ["inbox", "cases", "messages", "dashboard", "pool", "notices"]


def test_nobody_without_a_post_is_offered_cases():
    assert names(make_user()) == ["messages"]


@pytest.mark.parametrize(
    ("role", "files"), [("chief", True), ("street", True), ("operator", True), ("handler", False), ("official", False)]
)
def test_reporting_is_the_main_action_of_who_may_file(world, role, files):
    assert bool(frame(world.users[role])["main_action"]) is files


@pytest.mark.parametrize(
    ("role", "path", "marked"),
    [
        ("chief", "/households/", "/households/"),
        ("chief", "/cases/LJ20261122-00001/", "/cases/"),
        ("street", "/cases/inbox/", "/cases/inbox/"),
        ("official", "/dashboard/3/", "/dashboard/"),
        ("chief", "/password/", None),
    ],
)
def test_the_page_one_is_on_is_marked(world, role, path, marked):
    items = frame(world.users[role], path)["nav_items"]
    assert [item["url"] for item in items if item["active"]] == ([marked] if marked else [])


def test_what_is_offered_can_be_opened(client, world):
    for user in world.users.values():
        client.force_login(user)
        offered = frame(user)
        addresses = [item["url"] for item in offered["nav_items"]]
        if offered["main_action"]:
            addresses.append(offered["main_action"]["url"])
        for url in addresses:
            assert client.get(url, follow=True).status_code == 200, (user, url)


def test_the_frame_costs_two_statements_and_only_when_drawn(world, django_assert_num_queries):
    user = fresh(world.chief)
    request = RequestFactory().get("/")
    request.user, request.resolver_match = user, resolve("/")
    with django_assert_num_queries(0):
        offered = navigation(request)
    with django_assert_num_queries(2):
        assert list(offered["nav_items"])
        assert offered["main_action"]["url"]
        assert str(offered["place_name"]) == "第一邻"
        assert str(offered["user_role"])
        assert not offered["notices_url"]
        assert offered["unread_count"] == 0
