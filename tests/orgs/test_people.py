"""Who may set a new password for whom."""

import pytest
from django.urls import reverse

from linjiang.common.errors import InvalidInput, NotAllowed
from orgs.choices import Role
from orgs.services.people import may_reset_password, reset_password
from tests.factories import World, fresh, make_post, make_user, make_world

pytestmark = pytest.mark.django_db
NEW = "shu-mu-qiao-9"


@pytest.fixture
def world() -> World:
    return make_world()


def test_a_desk_helps_exactly_those_below_it(world):
    people = {name: fresh(user) for name, user in world.users.items()}
    people |= {f"other {name}": fresh(user) for name, user in world.others.items()}

    def helped_by(name: str) -> set[str]:
        return {other for other, user in people.items() if may_reset_password(actor=people[name], user=user)}

    leaders = {"chief", "second_chief", "group_leader", "zone_leader"}
    assert helped_by("community") == leaders
    assert helped_by("street") == leaders | {"handler", "second_handler"}
    for name in ("chief", "group_leader", "handler", "official", "supervisor", "operator"):
        assert helped_by(name) == set(), name


def test_somebody_who_also_serves_elsewhere_is_not_the_desk_s_to_help(world):
    assert may_reset_password(actor=fresh(world.community), user=fresh(world.chief))
    world.chief.posts.create(role=Role.GROUP_LEADER, unit=world.units["other_group"], since="2026-01-01")
    assert not may_reset_password(actor=fresh(world.community), user=fresh(world.chief))


def test_an_administrator_is_reset_by_nobody(world):
    security = make_post(Role.SECURITY_ADMIN, unit=world.units["city"]).user
    system = make_post(Role.SYSTEM_ADMIN, unit=world.units["city"]).user
    assert may_reset_password(actor=security, user=fresh(world.chief))
    for actor, user in ((security, system), (security, security), (world.street, security)):
        with pytest.raises(NotAllowed):
            reset_password(actor=actor, user=user, password=NEW)


def test_the_new_password_works_and_a_weak_one_is_refused(world):
    for weak in ("123", "83749261", world.chief.phone):
        with pytest.raises(InvalidInput):
            reset_password(actor=world.community, user=world.chief, password=weak)
    reset_password(actor=world.community, user=world.chief, password=NEW)
    assert fresh(world.chief).check_password(NEW)


def test_somebody_without_a_post_is_the_security_administrator_s(world):
    with pytest.raises(NotAllowed):
        reset_password(actor=world.street, user=make_user(), password=NEW)


def test_the_desk_sets_it_on_the_post_s_page(world, client):
    client.force_login(world.community, backend="django.contrib.auth.backends.ModelBackend")
    address = reverse("admin:orgs_post_new_password", args=[world.chief.posts.get().pk])
    assert client.get(address).status_code == 200
    assert client.post(address, {"password": "12345678"}).status_code == 400
    assert client.post(address, {"password": NEW}).status_code == 302
    assert fresh(world.chief).check_password(NEW)
    mine = reverse("admin:orgs_post_new_password", args=[world.community.posts.get().pk])
    assert client.get(mine).status_code == 403
    theirs = reverse("admin:orgs_post_new_password", args=[world.others["chief"].posts.get().pk])
    assert client.get(theirs).status_code == 404
