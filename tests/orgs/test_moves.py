"""A unit that moves keeps its past: figures stay where they were, and its people go on seeing their cases."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from grievances.choices import Action
from grievances.models import Grievance
from linjiang.common.errors import InvalidInput, NotAllowed
from orgs.choices import Level, Role
from orgs.models import Unit
from orgs.scopes import scope_of
from orgs.services.system import system_user
from orgs.services.units import create_unit, former_parents, move_unit
from reporting.periods import Period
from reporting.services.rates import count_by_place, count_cases
from reporting.services.rebuilding import Area
from reporting.services.tallies import fold_all
from reporting.services.verifying import verify
from tests.factories import NOON, World, file_case, fresh, make_post, make_world
from tests.grievances.scenes import do

pytestmark = pytest.mark.django_db

YEAR = Period(date(2026, 1, 1), date(2026, 12, 31))
LATER = NOON + timedelta(days=3)


@pytest.fixture
def world() -> World:
    return make_world()


def move(world: World, unit: str = "community", to: str = "other_street") -> Unit:
    moved = move_unit(actor=system_user(), unit=fresh_unit(world, unit), parent=fresh_unit(world, to))
    for key, one in world.units.items():
        world.units[key] = Unit.objects.get(pk=one.pk)
    return moved


def fresh_unit(world: World, key: str) -> Unit:
    return Unit.objects.get(pk=world.units[key].pk)


def accepted(world: World, key: str) -> int:
    return count_cases(unit=fresh_unit(world, key), period=YEAR, now=LATER).of("accepted")


def sees(user, case: Grievance) -> bool:
    return Grievance.objects.visible_to(fresh(user)).filter(pk=case.pk).exists()


def file_at_neighbourhood(world: World) -> Grievance:
    return file_case(world, unit=fresh_unit(world, "neighbourhood"), by=fresh(world.chief), now=LATER)


def test_figures_stay_where_they_were_and_the_unit_keeps_its_own(world):
    old = file_case(world)
    path = world.units["community"].path
    move(world)
    assert world.units["neighbourhood"].path.startswith(world.units["other_street"].path)
    assert world.units["neighbourhood"].former_paths[0].startswith(path)
    new = file_at_neighbourhood(world)
    for _folded in (False, True):
        found = {key: accepted(world, key) for key in ("city", "street", "other_street", "community", "neighbourhood")}
        assert found == {"city": 2, "street": 1, "other_street": 1, "community": 2, "neighbourhood": 2}
        below = count_by_place(unit=world.units["community"], period=YEAR, now=LATER)
        zone = world.units["zone"]
        assert sum(below[path].of("accepted") for path in zone.paths) == 2
        fold_all()
    assert verify(Area()) == []
    assert list(Grievance.objects.below(world.units["community"]).order_by("pk")) == [old, new]
    assert list(Grievance.objects.below(world.units["other_street"])) == [new]


def test_who_may_see_the_past(world):
    old = file_case(world)
    move(world)
    new = file_at_neighbourhood(world)
    seen = {
        "community": (True, True),
        "chief": (True, True),
        "street": (True, False),  # the old street keeps what happened there and sees nothing of what comes
    }
    for name, expected in seen.items():
        assert (sees(world.users[name], old), sees(world.users[name], new)) == expected, name
    for name in ("street", "official"):  # the new street sees both
        assert sees(world.others[name], old), name
        assert sees(world.others[name], new), name
    for name in ("community", "chief"):
        assert not sees(world.others[name], old), name


def test_the_people_go_on_with_an_open_case(world):
    case = file_case(world)
    move(world)
    case = do(world, case, Action.ASSIGN, fresh(world.community))
    assert case.lead_agency == world.agency


def test_moving_back_leaves_nothing_behind(world):
    old = file_case(world)
    move(world)
    move(world, to="street")
    assert world.units["other_street"].adopted_paths == []
    assert not sees(world.others["street"], old)
    assert sees(world.users["street"], old)
    assert accepted(world, "community") == accepted(world, "street") == 1
    assert len(world.units["community"].former_paths) == 2
    assert len(set(Unit.objects.values_list("path", flat=True))) == Unit.objects.count()


def test_a_move_within_a_move_keeps_every_past(world):
    old = file_case(world)
    move(world, "group", "other_community")
    move(world, "other_community", "street")
    assert sees(world.others["community"], old)
    assert sees(world.users["street"], old)
    assert accepted(world, "group") == 1
    assert accepted(world, "other_community") == 0


def test_paths_are_never_given_out_twice(world):
    path = world.units["community"].path
    move(world)
    new = create_unit(actor=system_user(), level=Level.COMMUNITY, name="新社区", parent=world.units["street"])
    assert new.path != path


def test_what_cannot_be_a_parent_is_refused(world):
    for unit, to in (("community", "street"), ("community", "zone"), ("street", "community"), ("city", "district")):
        before = Unit.objects.get(pk=world.units[unit].pk).path
        with pytest.raises(InvalidInput):
            move(world, unit, to)
        assert Unit.objects.get(pk=world.units[unit].pk).path == before


def test_only_a_system_administrator_of_both_places_may_move(world):
    admin = make_post(Role.SYSTEM_ADMIN, unit=world.units["street"]).user
    boss = make_post(Role.SYSTEM_ADMIN, unit=world.units["district"]).user
    unit, parent = world.units["community"], world.units["other_street"]
    for person in (world.community, world.street, admin):
        with pytest.raises(NotAllowed):
            move_unit(actor=fresh(person), unit=unit, parent=parent)
    assert move_unit(actor=fresh(boss), unit=unit, parent=parent).parent == parent
    assert scope_of(fresh(world.community)).covers(unit.path)


def test_a_unit_is_moved_at_the_desk_by_system_administrators_alone(world, client):
    unit, parent = world.units["community"], world.units["other_street"]
    url = reverse("admin:orgs_unit_move", args=[unit.pk])
    client.force_login(world.street, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(url).status_code in (302, 403)
    boss = make_post(Role.SYSTEM_ADMIN, unit=world.units["district"]).user
    client.force_login(boss, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.get(url)
    assert answer.status_code == 200
    assert parent in answer.context["form"].fields["parent"].queryset
    assert unit.parent not in answer.context["form"].fields["parent"].queryset
    assert client.post(url, {"parent": unit.parent_id}).status_code == 400
    assert client.post(url, {"parent": parent.pk}).status_code == 302
    assert Unit.objects.get(pk=unit.pk).parent == parent


def move_page(world: World, client, key: str):
    user = make_post(Role.SYSTEM_ADMIN, unit=world.units["city"]).user
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    client.cookies["django_language"] = "en"
    return client.get(reverse("admin:orgs_unit_move", args=[world.units[key].pk]))


def test_the_page_says_whose_figures_keep_the_past_after_one_move_and_after_two(world, client):
    street, other = world.units["street"], world.units["other_street"]
    third = create_unit(actor=system_user(), level=Level.STREET, name="第三街道", parent=world.units["district"])
    intro = move_page(world, client, "community").context["intro"]
    assert f"until now stays in the figures of {street};" in intro
    move(world)
    intro = move_page(world, client, "community").context["intro"]
    assert f"while it lay in {street} stays in the figures there" in intro
    assert f"everything else filed until now in those of {other};" in intro
    world.units["third"] = third
    move(world, to="third")
    intro = move_page(world, client, "community").context["intro"]
    assert f"while it lay in {street}, {other} stays" in intro
    assert f"in those of {third};" in intro


def test_who_moved_along_with_the_unit_above_never_left_its_parent(world):
    move(world)
    assert former_parents(world.units["community"]) == [world.units["street"]]
    assert world.units["zone"].former_paths
    assert former_parents(world.units["zone"]) == []
    move(world, to="street")
    assert former_parents(world.units["community"]) == [world.units["other_street"]]


def test_a_former_parent_that_moved_itself_is_found_where_it_lies_now(world):
    Unit.objects.filter(pk=world.units["zone"].pk).update(name="甲片")
    move(world, "zone", "other_community")
    move(world, "community", "other_street")
    assert former_parents(world.units["zone"]) == [world.units["community"]]


def test_a_district_cannot_be_moved_and_the_page_says_so(world, client):
    page = move_page(world, client, "district")
    assert page.status_code == 200
    assert "cannot be moved" in page.context["notice"]
    assert "form" not in page.context
    url = reverse("admin:orgs_unit_move", args=[world.units["district"].pk])
    assert client.post(url, {"parent": world.units["city"].pk}).status_code == 400
    assert fresh_unit(world, "district").parent_id == world.units["city"].pk


def test_a_street_of_the_only_district_has_nowhere_to_go(world, client):
    assert "nowhere to move" in move_page(world, client, "street").context["notice"]
