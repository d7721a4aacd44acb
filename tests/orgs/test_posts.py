"""Appointing, handing over, ending; what a post gives and how it is taken away."""

import threading
from datetime import date, timedelta

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction

from linjiang.common.errors import InvalidInput
from orgs.choices import ADMIN_ROLES, Role
from orgs.holders import holders_on_the_way_up, people_at_units
from orgs.models import Post
from orgs.scopes import scope_of
from orgs.services.posts import appoint, end_lapsed_posts, end_post
from orgs.services.system import system_user
from tests.factories import NOON, fresh, make_post, make_user, make_world

pytestmark = pytest.mark.django_db
TODAY = NOON.date()


@pytest.fixture
def world():
    return make_world()


@pytest.fixture(autouse=True)
def _noon():
    with time_machine.travel(NOON, tick=False):
        yield


def give(role, *, user=None, **seat):
    return appoint(actor=system_user(), user=user or make_user(), role=role, **seat)


def test_a_new_chief_ends_the_old_ones_post_and_rights_at_once(world):
    leaf = world.units["neighbourhood"]
    new = give(Role.CHIEF, unit=leaf).user
    assert scope_of(fresh(world.chief)).is_empty
    assert scope_of(fresh(new)).paths == (leaf.path,)
    old = Post.objects.get(user=world.chief)
    assert (old.ended_at, old.until) == (NOON, TODAY)
    assert not fresh(world.chief).holds(Role.CHIEF)


def test_an_acting_chief_stands_beside_the_regular_one(world):
    leaf = world.units["neighbourhood"]
    first = give(Role.CHIEF, unit=leaf, acting=True)
    assert Post.objects.filter(unit=leaf, role=Role.CHIEF, ended_at=None).count() == 2
    second = give(Role.CHIEF, unit=leaf, acting=True)
    first.refresh_from_db()
    assert first.ended_at
    assert second.ended_at is None
    assert Post.objects.filter(user=world.chief, ended_at=None).exists()


def test_the_same_appointment_again_is_the_same_post(world):
    post = give(Role.GROUP_LEADER, unit=world.units["group"], user=world.chief)
    assert give(Role.GROUP_LEADER, unit=world.units["group"], user=world.chief) == post
    both = Post.objects.filter(user=world.chief, ended_at=None).values_list("role", flat=True)
    assert set(both) == {Role.CHIEF, Role.GROUP_LEADER}


def test_an_ended_post_is_kept_and_gives_nothing(world):
    post = Post.objects.get(user=world.street)
    end_post(actor=system_user(), post=post)
    again = end_post(actor=system_user(), post=post)
    assert again.ended_at == NOON
    person = fresh(world.street)
    assert (person.current_posts, person.opens_desk) == ((), False)


@pytest.mark.parametrize(
    ("since", "until", "counts"),
    [
        (TODAY, None, True),
        (TODAY - timedelta(1), TODAY + timedelta(1), True),
        (TODAY - timedelta(1), TODAY, False),
        (TODAY + timedelta(1), None, False),
    ],
)
def test_a_post_counts_from_its_first_day_to_the_day_before_its_last(world, since, until, counts):
    post = make_post(Role.GROUP_LEADER, unit=world.units["group"], since=since, until=until)
    assert bool(fresh(post.user).current_posts) is counts
    assert post.in_force(on=TODAY) is counts
    assert (
        post.user in people_at_units([world.units["group"].pk], on=TODAY).get(world.units["group"].pk, [])
    ) is counts


def test_lapsed_posts_are_marked_once(world):
    Post.objects.filter(user=world.zone_leader).update(until=TODAY)
    assert fresh(world.zone_leader).current_posts == ()
    assert end_lapsed_posts(actor=system_user()) == 1
    assert end_lapsed_posts(actor=system_user()) == 0
    assert Post.objects.get(user=world.zone_leader).until == TODAY


def test_roles_sit_at_their_level(world):
    units = world.units
    for role, unit in [
        (Role.CHIEF, units["group"]),
        (Role.GROUP_LEADER, units["zone"]),
        (Role.ZONE_LEADER, units["community"]),
        (Role.COMMUNITY, units["street"]),
        (Role.STREET, units["district"]),
    ]:
        with pytest.raises(InvalidInput) as raised:
            give(role, unit=unit)
        assert raised.value.field == "unit"
    with pytest.raises(InvalidInput):
        give(Role.HANDLER, unit=units["street"])
    with pytest.raises(InvalidInput):
        give(Role.CHIEF, agency=world.agency)
    with pytest.raises(InvalidInput):
        give(Role.CHIEF, unit=units["neighbourhood"], since=TODAY + timedelta(1))
    with pytest.raises(InvalidInput):
        give(Role.ZONE_LEADER, unit=units["zone"], since=TODAY, until=TODAY - timedelta(1))


@pytest.mark.parametrize("first", ADMIN_ROLES)
def test_nobody_holds_two_of_the_three_administrator_roles(world, first):
    person = make_user()
    post = give(first, user=person, unit=world.units["city"])
    for other in set(ADMIN_ROLES) - {first}:
        with pytest.raises(InvalidInput) as raised:
            give(other, user=person, unit=world.units["street"])
        assert raised.value.field == "role"
    end_post(actor=system_user(), post=post)
    other = next(iter(set(ADMIN_ROLES) - {first}))
    assert give(other, user=person, unit=world.units["city"]).pk


def test_administrators_open_the_desk_and_see_no_case(world):
    for role in ADMIN_ROLES:
        person = fresh(give(role, unit=world.units["city"]).user)
        assert person.opens_desk
        assert person.is_staff
        assert scope_of(person).is_empty


def test_the_way_up_passes_vacant_posts(world):
    end_post(actor=system_user(), post=Post.objects.get(user=world.group_leader))
    ladder = holders_on_the_way_up(world.units["neighbourhood"], on=TODAY)
    assert [unit.name for unit, _people in ladder] == ["第一片", "花戏社区", "花戏楼街道"]
    assert ladder[0][1] == [world.zone_leader]
    world.zone_leader.is_active = False
    world.zone_leader.save()
    assert holders_on_the_way_up(world.units["neighbourhood"], on=TODAY)[0][0].name == "花戏社区"


def test_one_current_chief_is_a_rule_of_the_database(world):
    leaf = world.units["neighbourhood"]
    with pytest.raises(IntegrityError, match="post_one_current_chief"), transaction.atomic():
        Post.objects.create(user=make_user(), role=Role.CHIEF, unit=leaf, since=date(2026, 1, 1))
    with pytest.raises(IntegrityError, match="post_handler_at_agency"), transaction.atomic():
        Post.objects.create(user=make_user(), role=Role.HANDLER, unit=leaf, since=date(2026, 1, 1))


@pytest.mark.django_db(transaction=True)
def test_two_chiefs_appointed_at_once_follow_each_other():
    world = make_world()
    leaf = world.units["neighbourhood"]
    people = [make_user(f"新{number}") for number in range(4)]
    gate = threading.Barrier(len(people))
    failures = []

    def work(user):
        try:
            gate.wait(10)
            appoint(actor=system_user(), user=user, role=Role.CHIEF, unit=leaf)
        except Exception as error:  # noqa: BLE001 (the test looks at whatever was raised)
            failures.append(error)
        finally:
            connection.close()

    system_user()
    threads = [threading.Thread(target=work, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []
    posts = Post.objects.filter(unit=leaf, role=Role.CHIEF)
    assert posts.count() == 5
    assert posts.filter(ended_at=None).count() == 1


def test_a_held_seat_is_refused_where_nothing_may_be_replaced(world):
    leaf = world.units["neighbourhood"]
    with pytest.raises(InvalidInput) as raised:
        appoint(actor=system_user(), user=make_user("后来人"), role=Role.CHIEF, unit=leaf, replace=False)
    assert world.chief.name in raised.value.message
    assert fresh(world.chief).holds(Role.CHIEF)
    again = appoint(actor=system_user(), user=world.chief, role=Role.CHIEF, unit=leaf, replace=False)
    assert again == world.chief.posts.get()
    acting = appoint(
        actor=system_user(), user=make_user("代理"), role=Role.CHIEF, unit=leaf, acting=True, replace=False
    )
    assert acting.ended_at is None
