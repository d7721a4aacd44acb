"""The organisation at the desk: exact visible sets per post, and every change through the services."""

from datetime import timedelta

import pytest
import time_machine
from axes.models import AccessAttempt
from django.contrib.auth import authenticate
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from grievances.models import Category
from linjiang.desk import desk_site
from notifications.models import Message
from orgs.choices import Role
from orgs.models import Agency, ContactReveal, Household, Post, Unit, User
from tests.factories import NOON, fresh, make_post, make_user, make_world

pytestmark = pytest.mark.django_db

ADMINS = (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN)


@pytest.fixture
def world():
    with time_machine.travel(NOON + timedelta(hours=1), tick=False):
        made = make_world()
        for role in ADMINS:
            made.users[role] = make_post(role, unit=made.units["city"]).user
        yield made


def url(model, name="changelist", *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def listed(client, model, **parameters):
    response = client.get(url(model), parameters)
    assert response.status_code == 200, (model, response.status_code)
    return set(response.context["cl"].result_list)


def sees(client, model):
    """Return whether the list is open; closed ones answer 403, never an empty page."""
    status = client.get(url(model)).status_code
    assert status in (200, 403), (model, status)
    return status == 200


# Which lists are whose

LISTS = {
    "grievance": {"community", "street", "supervisor"},
    "message": {"community", "street", "supervisor", *ADMINS},
    "household": {"community", "street"},
    "unit": {"community", "street", Role.SYSTEM_ADMIN},
    "post": {"community", "street", Role.SYSTEM_ADMIN},
    "agency": {"community", "street", Role.SYSTEM_ADMIN},
    "user": {Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN},
    "category": {"community", "street", "supervisor", Role.SYSTEM_ADMIN},
    "reason": {"community", "street", "supervisor", Role.SYSTEM_ADMIN},
    "workcalendarday": {"community", "street", "supervisor", Role.SYSTEM_ADMIN},
    "stagelimit": {"community", "street", "supervisor", Role.SYSTEM_ADMIN},
    "ladder": {"community", "street", "supervisor", Role.SYSTEM_ADMIN},
    "rulechange": {Role.AUDIT_ADMIN, Role.SYSTEM_ADMIN},
    "accessattempt": {Role.SECURITY_ADMIN},
    "contactreveal": {Role.AUDIT_ADMIN},
    "export": {Role.AUDIT_ADMIN},
    "replytemplate": {"community", "street", "supervisor", Role.SYSTEM_ADMIN},
    "accesslog": {Role.AUDIT_ADMIN},
    "logentry": {Role.AUDIT_ADMIN},
}


def test_every_list_of_the_desk_is_open_to_exactly_its_posts(world, client):
    assert {model._meta.model_name for model in desk_site._registry} == set(LISTS)
    for who in ("community", "street", "supervisor", *ADMINS):
        client.force_login(world.users[who])
        for model in desk_site._registry:
            assert sees(client, model) == (who in LISTS[model._meta.model_name]), (who, model)


# The rules of time are set and taken back; everything else is only taken out of use.
RULES = {"workcalendarday", "stagelimit", "ladder"}


def test_nobody_deletes_and_only_the_named_add(world, client):
    adders = {
        "post": {"community", "street", Role.SYSTEM_ADMIN},
        "agency": {"street", Role.SYSTEM_ADMIN},
        "user": {Role.SYSTEM_ADMIN},
        "category": {Role.SYSTEM_ADMIN},
        "reason": {Role.SYSTEM_ADMIN},
        "replytemplate": {"community", "street", Role.SYSTEM_ADMIN},
        **{name: {Role.SYSTEM_ADMIN} for name in RULES},
    }
    for who in ("community", "street", "supervisor", *ADMINS):
        client.force_login(world.users[who])
        for model in desk_site._registry:
            expected = 200 if who in adders.get(model._meta.model_name, set()) else 403
            assert client.get(url(model, "add")).status_code == expected, (who, model)
            found = model._default_manager.order_by("-pk").first()
            takes_back = model._meta.model_name in RULES and who == Role.SYSTEM_ADMIN
            if found is not None and not takes_back:
                assert client.post(url(model, "delete", found.pk), {"post": "yes"}).status_code in (403, 404)
                assert model._default_manager.filter(pk=found.pk).exists()


def test_the_side_bar_offers_only_what_opens(world, client):
    for who in ("community", "street", "supervisor", *ADMINS):
        client.force_login(world.users[who])
        response = client.get(reverse("admin:index"), follow=True)
        assert response.status_code == 200, who
        for group in response.context["sidebar_navigation"]:
            for item in group["items"]:
                assert client.get(item["link"]).status_code == 200, (who, item["link"])


# Exact sets


def test_units_posts_households_and_agencies_are_those_of_the_own_subtree(world, client):
    top = {"street": world.units["street"], "community": world.units["community"]}
    for who, unit in top.items():
        client.force_login(world.users[who])
        below = set(Unit.objects.subtree(unit.path))
        assert listed(client, Unit) == below
        assert {post.pk for post in listed(client, Post)} == set(
            Post.objects.filter(unit__in=below).values_list("pk", flat=True)
        ) | set(Post.objects.filter(agency__unit__in=below).values_list("pk", flat=True))
        assert listed(client, Household) == {world.household}
        assert listed(client, Agency) == {world.agency, world.second_agency}
    client.force_login(world.others["street"])
    assert listed(client, Household) == set()
    assert listed(client, Agency) == {world.others["handler"].posts.get().agency}
    client.force_login(world.users[Role.SYSTEM_ADMIN])
    assert listed(client, Unit) == set(Unit.objects.all())
    assert listed(client, Agency) == set(Agency.objects.all())


def test_what_lies_elsewhere_is_not_found(world, client):
    client.force_login(world.others["street"])
    elsewhere = [
        (Unit, world.units["neighbourhood"]),
        (Post, world.chief.posts.get()),
        (Household, world.household),
        (Agency, world.agency),
    ]
    for model, thing in elsewhere:
        assert client.get(url(model, "change", thing.pk)).status_code == 404, model
        assert client.get(url(model, "history", thing.pk)).status_code == 404, model
    steps = {
        "admin:orgs_unit_rename": world.units["neighbourhood"],
        "admin:orgs_unit_add_below": world.units["group"],
        "admin:orgs_post_hand_over": world.chief.posts.get(),
        "admin:orgs_post_end": world.chief.posts.get(),
        "admin:orgs_household_reveal": world.household,
    }
    for name, thing in steps.items():
        assert client.post(reverse(name, args=[thing.pk]), {"name": "x"}).status_code == 404, name
        assert client.get(reverse(name, args=[10**9])).status_code == 404, name
    for model, thing in elsewhere:
        assert client.post(url(model, "delete", thing.pk), {"post": "yes"}).status_code == 404, model
    world.household.refresh_from_db()
    assert not ContactReveal.objects.exists()
    assert fresh(world.chief).holds(Role.CHIEF)


def test_autocomplete_finds_only_what_is_in_scope(world, client):
    client.force_login(world.street)
    parameters = {"app_label": "orgs", "model_name": "agency", "field_name": "unit", "term": "第一邻"}
    found = client.get(reverse("admin:autocomplete"), parameters).json()["results"]
    assert [int(one["id"]) for one in found] == [world.units["neighbourhood"].pk]
    client.force_login(world.users[Role.AUDIT_ADMIN])
    assert client.get(reverse("admin:autocomplete"), parameters).status_code == 403


def test_people_are_those_of_the_administrators_scope(world, client):
    street_admin = make_post(Role.SECURITY_ADMIN, unit=world.units["street"]).user
    free = make_user("新来的")
    client.force_login(street_admin)
    found = listed(client, User)
    assert world.chief in found
    assert world.handler in found
    assert free in found
    assert world.others["chief"] not in found
    assert client.get(url(User, "change", world.others["chief"].pk)).status_code == 404


def test_an_officials_wider_post_does_not_widen_what_staff_may_appoint(world, client):
    make = make_post(Role.OFFICIAL, unit=world.units["district"])
    Post.objects.filter(pk=make.pk).update(user=world.community)
    client.force_login(world.community)
    assert world.units["other_neighbourhood"] not in listed(client, Unit)
    data = {"role": "chief", "place": "薛阁社区/第一片/第一组/第一邻", "name": "新人", "phone": "13812345678"}
    assert client.post(url(Post, "add"), data).status_code == 400
    assert not User.objects.filter(phone="13812345678").exists()


def test_each_post_appoints_only_where_it_reaches(world, client):
    """Community staff of ours who hold the street post elsewhere may appoint staff there, not here."""
    elsewhere = make_post(Role.STREET, unit=world.units["other_street"])
    Post.objects.filter(pk=elsewhere.pk).update(user=world.community)
    client.force_login(world.community)
    person = {"name": "王新", "phone": "13812345678", "role": "community"}
    ours, theirs = world.units["community"], world.units["other_community"]
    assert client.post(f"{url(Post, 'add')}?unit={ours.pk}", person).status_code == 400
    assert client.post(url(Post, "add"), {**person, "place": "花戏社区"}).status_code == 400
    assert client.post(f"{url(Post, 'add')}?unit={theirs.pk}", person).status_code == 302
    assert {post.unit for post in User.objects.get(phone="13812345678").posts.all()} == {theirs}


# Units, agencies, people


def test_units_are_renamed_and_added_through_the_services(world, client):
    client.force_login(world.street)
    group = world.units["group"]
    rename = reverse("admin:orgs_unit_rename", args=[group.pk])
    assert client.post(rename, {"name": ""}).status_code == 400
    assert client.post(rename, {"name": " 东  组 "}).status_code == 302
    group.refresh_from_db()
    assert group.name == "东 组"
    add = reverse("admin:orgs_unit_add_below", args=[group.pk])
    assert client.post(add, {"level": "community", "name": "x"}).status_code == 400
    assert client.post(add, {"level": "neighbourhood", "name": "第三邻"}).status_code == 302
    assert Unit.objects.get(name="第三邻").path.startswith(group.path)
    again = client.post(add, {"level": "neighbourhood", "name": "第三邻"})
    assert again.status_code == 400
    assert again.context["form"].errors["name"]
    assert again.context["form"]["name"].value() == "第三邻"
    third = reverse("admin:orgs_unit_rename", args=[Unit.objects.get(name="第三邻").pk])
    assert client.post(third, {"name": "第二邻"}).status_code == 400
    assert client.post(third, {"name": "邻" * 65}).status_code == 400
    assert Unit.objects.filter(name="第三邻").exists()


def test_nothing_is_added_below_a_neighbourhood(world, client):
    client.force_login(world.street)
    leaf, group = world.units["neighbourhood"], world.units["group"]
    for unit, offered in ((leaf, False), (group, True)):
        address = reverse("admin:orgs_unit_add_below", args=[unit.pk])
        assert (address in client.get(url(Unit, "change", unit.pk)).content.decode()) == offered
        assert client.get(address).status_code == (200 if offered else 403)


def test_nobody_is_offered_to_close_their_own_account(world, client):
    keeper = world.users[Role.SECURITY_ADMIN]
    client.force_login(keeper)
    for person, offered in ((keeper, False), (world.chief, True)):
        address = reverse("admin:orgs_user_close_account", args=[person.pk])
        assert (address in client.get(url(User, "change", person.pk)).content.decode()) == offered
    assert client.post(reverse("admin:orgs_user_close_account", args=[keeper.pk])).status_code == 403
    assert fresh(keeper).is_active


def test_an_agency_is_kept_by_its_street_and_only_seen_by_the_community(world, client):
    data = {"name": "花戏楼物业", "kind": "property", "unit": world.units["street"].pk, "phone": "", "is_active": "on"}
    client.force_login(world.community)
    change = url(Agency, "change", world.agency.pk)
    assert client.get(change).status_code == 200
    assert client.post(change, data).status_code == 403
    client.force_login(world.street)
    assert client.post(change, data).status_code == 302
    world.agency.refresh_from_db()
    assert world.agency.name == "花戏楼物业"
    moved = client.post(change, {**data, "unit": world.units["other_street"].pk})
    assert moved.status_code == 400
    assert client.post(change, {**data, "name": ""}).status_code == 400


def test_system_administrators_register_and_security_administrators_keep_accounts(world, client):
    client.force_login(world.users[Role.SYSTEM_ADMIN])
    assert client.post(url(User, "add"), {"name": "周七", "phone": "123"}).status_code == 400
    assert client.post(url(User, "add"), {"name": "周七", "phone": "13812345680"}).status_code == 302
    person = User.objects.get(phone="13812345680")
    assert not person.has_usable_password()
    password = reverse("admin:orgs_user_reset_password", args=[person.pk])
    assert client.post(password, {"password": "correct horse 9"}).status_code == 403
    client.force_login(world.users[Role.SECURITY_ADMIN])
    assert client.get(url(User, "add")).status_code == 403
    assert client.post(password, {"password": "123"}).status_code == 400
    assert client.post(password, {"password": "correct horse 9"}).status_code == 302
    assert fresh(person).check_password("correct horse 9")
    assert client.post(reverse("admin:orgs_user_close_account", args=[person.pk])).status_code == 302
    assert not fresh(person).is_active
    assert client.post(reverse("admin:orgs_user_open_account", args=[person.pk])).status_code == 302
    assert fresh(person).is_active


def test_an_administrators_password_is_not_anothers_to_reset(world, client):
    client.force_login(world.users[Role.SECURITY_ADMIN])
    for who in (Role.AUDIT_ADMIN, Role.SECURITY_ADMIN):
        address = reverse("admin:orgs_user_reset_password", args=[world.users[who].pk])
        assert client.post(address, {"password": "correct horse 9"}).status_code == 403
        assert not fresh(world.users[who]).check_password("correct horse 9")
    boss = User.objects.create_superuser("13800000999", "correct horse 7")
    address = reverse("admin:orgs_user_reset_password", args=[boss.pk])
    assert client.post(address, {"password": "correct horse 9"}).status_code in (403, 404)


def test_a_lock_after_wrong_passwords_is_released(world, client, rf):
    for _attempt in range(6):
        client.post(reverse("sign_in"), {"username": world.chief.phone, "password": "wrong"})
    assert AccessAttempt.objects.filter(username=world.chief.phone).exists()
    client.force_login(world.users[Role.SECURITY_ADMIN])
    assert {attempt.username for attempt in listed(client, AccessAttempt)} == {world.chief.phone}
    client.post(reverse("admin:orgs_user_release_lock", args=[world.chief.pk]))
    assert not AccessAttempt.objects.filter(username=world.chief.phone).exists()
    assert authenticate(rf.post("/"), username=world.chief.phone, password="correct horse 8") == world.chief


# Statements


@pytest.mark.parametrize("model", [Unit, Post, Household, Agency, Message, Category])
def test_lists_take_few_statements_and_not_more_for_more_rows(world, client, model):
    def statements():
        client.force_login(world.street)
        with CaptureQueriesContext(connection) as made:
            assert client.get(url(model)).status_code == 200
        return len(made)

    before = statements()
    for number in range(8):
        Household.objects.create(unit=world.units["neighbourhood"], label=f"2栋{number}")
        Agency.objects.create(name=f"单位{number}", unit=world.units["street"])
        make_post(Role.ZONE_LEADER, unit=world.units["zone"])
        Message.objects.create(
            recipient=world.street, kind="case_urged", key=f"m{number}", created_at=NOON, not_before=NOON
        )
    assert statements() == before <= 15
