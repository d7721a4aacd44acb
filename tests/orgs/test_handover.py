"""Handing over: the successor sees the open cases, the predecessor none; of two posts, where the pages start."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from grievances.models import Grievance
from orgs.choices import Role
from orgs.scopes import scope_of
from orgs.services.posts import appoint
from orgs.services.system import system_user
from tests.factories import World, file_case, fresh, make_user, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def take_over(world: World):
    successor = make_user("李四")
    appoint(actor=system_user(), user=successor, role=Role.CHIEF, unit=world.units["neighbourhood"])
    return successor


def seen_by(user) -> set[str]:
    return set(Grievance.objects.visible_to(fresh(user)).values_list("number", flat=True))


def test_the_successor_sees_the_open_cases_and_the_predecessor_none(client, world):
    now = timezone.now()
    numbers = {file_case(world, now=now - timedelta(days=1)).number for _number in range(3)}
    elsewhere = file_case(world, by=world.second_chief, unit=world.units["second_neighbourhood"], now=now)
    successor = take_over(world)
    assert seen_by(successor) == numbers
    assert seen_by(world.chief) == set()
    assert elsewhere.number not in seen_by(successor)
    client.force_login(world.chief)
    assert all(client.get(reverse("case", args=[number])).status_code == 404 for number in numbers)


def test_the_successor_is_told_for_fourteen_days(client, world, monkeypatch):
    now = timezone.now()
    for _number in range(2):
        file_case(world, now=now - timedelta(days=1))
    successor = take_over(world)
    client.force_login(successor)
    (told,) = client.get("/").context["taken_over"]
    assert (told["count"], told["name"]) == (2, world.chief.name)
    file_case(world, by=fresh(successor), now=timezone.now())
    assert client.get("/").context["taken_over"][0]["count"] == 2
    successor.posts.update(since=timezone.localdate() - timedelta(days=15))
    assert client.get("/").context["taken_over"] == []


def test_who_follows_nobody_is_told_nothing(client, world):
    client.force_login(world.chief)
    assert client.get("/").context["taken_over"] == []


def second_post(world: World) -> int:
    unit = world.units["other_second_neighbourhood"]
    return appoint(actor=system_user(), user=world.chief, role=Role.CHIEF, unit=unit, acting=True).pk


def test_one_tap_chooses_the_post_the_pages_start_from(client, world):
    client.force_login(world.chief)
    assert reverse("start_from") not in client.get("/").content.decode()
    chosen = second_post(world)
    scope = scope_of(fresh(world.chief))
    assert client.get(reverse("report")).context["form"].fields["unit"].choices
    assert client.get("/").context["neighbourhoods"][0]["unit"] == world.units["neighbourhood"]
    assert client.post(reverse("start_from"), {"post": chosen}).url == "/"
    page = client.get("/")
    assert page.context["neighbourhoods"][0]["unit"] == world.units["other_second_neighbourhood"]
    assert str(page.context["place_name"]) == "第二邻"
    assert scope_of(fresh(world.chief)) == scope


def test_a_post_of_somebody_else_or_one_that_ended_changes_nothing(client, world):
    chosen = second_post(world)
    client.force_login(world.chief)
    for wrong in ("", "x", str(world.second_chief.posts.get().pk)):
        client.post(reverse("start_from"), {"post": wrong})
        assert str(client.get("/").context["place_name"]) == "第一邻"
    client.post(reverse("start_from"), {"post": chosen})
    world.chief.posts.filter(pk=chosen).update(ended_at=timezone.now())
    assert str(client.get("/").context["place_name"]) == "第一邻"


def test_who_leads_and_works_at_a_desk_begins_where_chosen(client, world):
    post = appoint(actor=system_user(), user=world.chief, role=Role.COMMUNITY, unit=world.units["community"])
    client.force_login(world.chief)
    assert client.get("/").status_code == 200
    client.post(reverse("start_from"), {"post": post.pk})
    assert client.get("/").url == reverse("inbox")
