"""What people may see of the organisation: exact sets, and nothing for nobody."""

import pytest
from django.contrib.auth.models import AnonymousUser

from orgs.choices import Role
from orgs.models import Household, Unit
from orgs.scopes import (
    EVERYTHING,
    NOTHING,
    agencies_visible_to,
    households_visible_to,
    scope_of,
    units_visible_to,
)
from orgs.services.posts import appoint
from orgs.services.system import system_user
from tests.factories import fresh, make_post, make_user, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world()


def test_each_role_sees_its_own_subtree(world):
    places = {
        "chief": "neighbourhood",
        "group_leader": "group",
        "zone_leader": "zone",
        "community": "community",
        "street": "street",
        "supervisor": "street",
        "official": "street",
        "operator": "street",
        "city_official": "city",
    }
    for person, place in places.items():
        top = world.units[place]
        assert scope_of(world.users[person]).paths == (top.path,)
        wanted = {unit.pk for unit in Unit.objects.all() if unit.path.startswith(top.path)}
        assert set(units_visible_to(world.users[person]).values_list("pk", flat=True)) == wanted


def test_a_handler_reaches_the_agency_and_no_unit(world):
    scope = scope_of(world.handler)
    assert (scope.paths, scope.agency_ids) == ((), (world.agency.pk,))
    assert not units_visible_to(world.handler).exists()
    assert list(agencies_visible_to(world.handler)) == [world.agency]


def test_nobody_sees_nothing(world):
    gone = make_post(Role.STREET, unit=world.units["street"]).user
    gone.is_active = False
    for user in (None, AnonymousUser(), make_user(), gone):
        assert scope_of(user) == NOTHING
        assert not units_visible_to(user).exists()
        assert not households_visible_to(user).exists()
        assert not agencies_visible_to(user).exists()


def test_superusers_see_everything(world):
    root = make_user(is_superuser=True)
    assert scope_of(root) == EVERYTHING
    assert units_visible_to(root).count() == Unit.objects.count()


def test_several_posts_add_up_and_none_lies_inside_another(world):
    units = world.units
    for unit in (units["other_neighbourhood"], units["second_neighbourhood"]):
        appoint(actor=system_user(), user=world.chief, role=Role.CHIEF, unit=unit)
    person = fresh(world.chief)
    assert set(scope_of(person).paths) == {
        units[name].path for name in ("neighbourhood", "second_neighbourhood", "other_neighbourhood")
    }
    appoint(actor=system_user(), user=world.chief, role=Role.GROUP_LEADER, unit=units["group"])
    assert set(scope_of(fresh(person)).paths) == {units["group"].path, units["other_neighbourhood"].path}


def test_households_of_ones_own_units_only(world):
    other = Household.objects.create(unit=world.units["other_neighbourhood"], label="8栋")
    beside = Household.objects.create(unit=world.units["second_neighbourhood"], label="2栋")
    assert list(households_visible_to(world.chief)) == [world.household]
    assert set(households_visible_to(world.group_leader)) == {world.household, beside}
    assert list(households_visible_to(world.others["street"])) == [other]
    assert not households_visible_to(world.handler).exists()


def test_agencies_that_serve_from_above_are_seen_from_below(world):
    assert set(agencies_visible_to(world.chief)) == {world.agency, world.second_agency}
    assert set(agencies_visible_to(world.community)) == {world.agency, world.second_agency}
    assert world.agency not in agencies_visible_to(world.others["street"])
    assert agencies_visible_to(world.city_official).count() == 3


def test_the_system_administrator_sees_units_but_no_household(world):
    admin = make_post(Role.SYSTEM_ADMIN, unit=world.units["street"]).user
    assert units_visible_to(admin).count() == Unit.objects.subtree(world.units["street"].path).count()
    assert not households_visible_to(admin).exists()
