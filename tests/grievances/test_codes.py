"""Sheets of door codes: who prints which, what stands on a card, how many statements."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from linjiang.common.errors import NotAllowed
from orgs.models import Door, User
from orgs.services.doors import doors_of, renew_door
from tests.factories import NOON, World, make_world
from tests.test_permissions import ADMINISTRATORS, PEOPLE, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def as_(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.mark.parametrize("who", [*PEOPLE, *ADMINISTRATORS])
@pytest.mark.parametrize("level", ["community", "neighbourhood", "street", "district"])
def test_staff_above_print_the_codes_of_a_community_and_below(world, who, level):
    answer = as_(person(world, who)).get(reverse("codes", args=[world.units[level].pk]))
    may = who in ("community", "street") and level in ("community", "neighbourhood")
    assert answer.status_code == (200 if may else 404)


@pytest.mark.parametrize("who", [*PEOPLE, *ADMINISTRATORS])
def test_the_list_of_communities_is_for_desks(world, who):
    answer = as_(person(world, who)).get(reverse("codes_overview"))
    assert answer.status_code == (302 if who in ("community", "street", "other street") else 403)
    if who == "other street":
        assert str(world.units["other_community"].pk) in answer["Location"]


@pytest.mark.parametrize("who", [*PEOPLE, *ADMINISTRATORS])
def test_only_staff_above_make_a_code_anew(world, who):
    leaf = world.units["neighbourhood"]
    old = doors_of(actor=world.community, units=[leaf], now=NOON)[leaf.pk].token
    answer = as_(person(world, who)).post(reverse("codes_renew", args=[leaf.pk]))
    may = who in ("community", "street")
    assert answer.status_code == (302 if may else 404)
    assert (Door.objects.get().token != old) is may


def test_the_services_refuse_what_pages_do_not_offer(world):
    leaf = world.units["neighbourhood"]
    for actor in (world.chief, world.others["street"], world.official):
        with pytest.raises(NotAllowed):
            doors_of(actor=actor, units=[leaf], now=NOON)
        with pytest.raises(NotAllowed):
            renew_door(actor=actor, unit=leaf, now=NOON)
    assert not Door.objects.exists()


def test_a_card_names_place_and_chief_and_holds_a_code_of_its_own(world):
    client = as_(world.community)
    page = client.get(reverse("codes", args=[world.units["community"].pk])).content.decode()
    assert len(re.findall('class="code-card"', page)) == 2
    assert "花戏社区 · 第一片 · 第一组" in page
    assert "chief" in page
    assert len(set(re.findall(r'class="code-card__qr" src="([^"]+)"', page))) == 2
    assert Door.objects.count() == 2
    again = client.get(reverse("codes", args=[world.units["community"].pk])).content.decode()
    assert set(re.findall(r'src="(data:[^"]+)"', again)) == set(re.findall(r'src="(data:[^"]+)"', page))


def test_phone_numbers_stay_off_the_sheet(world):
    page = as_(world.community).get(reverse("codes", args=[world.units["community"].pk])).content.decode()
    assert world.chief.phone not in page


def test_a_sheet_costs_the_same_for_many_cards(world, django_assert_max_num_queries):
    client, url = as_(world.community), reverse("codes", args=[world.units["community"].pk])
    client.get(url)
    with django_assert_max_num_queries(10):
        client.get(url)
