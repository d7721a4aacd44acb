"""Exact visible sets: who sees which cases, from posts in force alone."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser

from grievances.choices import Action, Status
from grievances.models import Grievance
from orgs.services.posts import end_post
from orgs.services.system import system_user
from tests.factories import NOON, World, file_case, fresh, make_user, make_world
from tests.grievances.scenes import case_in, do, suspend

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def seen(user) -> set[str]:
    return set(Grievance.objects.visible_to(user).values_list("number", flat=True))


def test_each_role_sees_exactly_its_own(world):
    first = file_case(world).number
    second = file_case(world, by=world.second_chief, unit=world.units["second_neighbourhood"]).number
    elsewhere = file_case(world, by=world.others["chief"], unit=world.units["other_neighbourhood"]).number
    given = case_in(world, Status.ASSIGNED).number
    ours = {first, second, given}
    expected = {
        "chief": {first, given},
        "second_chief": {second},
        "handler": {given},
        "second_handler": set(),
        "city_official": ours | {elsewhere},
    }
    for name, user in world.users.items():
        assert seen(fresh(user)) == expected.get(name, ours), name
    for name, user in world.others.items():
        own = set() if name in ("second_chief", "handler") else {elsewhere}
        assert seen(fresh(user)) == own, name


@pytest.mark.parametrize("stranger", [None, AnonymousUser()])
def test_nobody_in_particular_sees_nothing(world, stranger):
    file_case(world)
    assert not Grievance.objects.visible_to(stranger).exists()
    assert not Grievance.objects.waiting_for(stranger).exists()


def test_without_a_post_nothing_is_seen_even_what_one_filed(world):
    file_case(world)
    assert seen(make_user()) == set()
    end_post(actor=system_user(), post=world.chief.posts.get())
    assert seen(fresh(world.chief)) == set()


def test_a_person_switched_off_sees_nothing(world):
    file_case(world)
    world.street.is_active = False
    world.street.save()
    assert seen(fresh(world.street)) == set()


def test_an_agency_stops_seeing_what_it_returned_or_lost_and_keeps_what_it_closed(world):
    closed = case_in(world, Status.CLOSED).number
    do(world, case_in(world, Status.ASSIGNED), Action.RETURN, world.handler)
    moved = do(world, case_in(world, Status.ASSIGNED), Action.REASSIGN, world.community).number
    assert seen(fresh(world.handler)) == {closed}
    assert seen(fresh(world.second_handler)) == {moved}


def test_a_co_handler_sees_and_comments_but_does_not_resolve(world):
    case = do(
        world,
        case_in(world, Status.REPORTED),
        Action.ASSIGN,
        world.community,
        co_agencies=[world.second_agency],
    )
    assert case.number in seen(fresh(world.second_handler))
    assert do(world, case, Action.COMMENT, fresh(world.second_handler)).version == case.version + 1


def test_whose_turn_it_is(world):
    reported, assigned = case_in(world, Status.REPORTED), case_in(world, Status.ASSIGNED)
    resolved, draft = case_in(world, Status.RESOLVED), case_in(world, Status.DISCOVERED)
    asked = do(world, case_in(world, Status.IN_PROGRESS), Action.ASK_EXTENSION, world.handler)

    def turn(name: str) -> set[str]:
        return set(Grievance.objects.waiting_for(fresh(world.users[name])).values_list("number", flat=True))

    assert turn("group_leader") == {reported.number}
    assert turn("handler") == {assigned.number, asked.number}
    assert turn("chief") == {resolved.number, draft.number}
    assert turn("community") == {asked.number}
    assert turn("street") == set()
    at_the_street = do(world, do(world, reported, Action.REFER_UP, world.community), Action.REFER_UP, world.community)
    at_the_street = do(world, at_the_street, Action.REFER_UP, world.community)
    assert at_the_street.holder_unit == world.units["street"]
    assert turn("street") == {reported.number}
    assert turn("official") == turn("supervisor") == turn("operator") == set()


def test_overdue_is_what_runs_past_its_deadline(world):
    late = file_case(world, now=NOON - timedelta(days=30))
    file_case(world)
    suspended = suspend(world, case_in(world, Status.IN_PROGRESS))
    at = NOON + timedelta(hours=1)
    assert set(Grievance.objects.overdue(at=at)) == {late}
    assert late.is_overdue(at=at)
    assert not suspended.is_overdue(at=suspended.due_at + timedelta(days=9))
