"""The first page of each role, and the chief's households."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from grievances.services.verbs import perform
from orgs.models import Contact, Household
from orgs.services.contacts import reveal_contact
from orgs.services.households import change_household
from tests.factories import World, category, file_case, fresh, make_user, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def open_home(client, user):
    client.force_login(user)
    return client.get("/")


def resolved(world: World, **fields):
    now = timezone.now()
    case = file_case(world, now=now - timedelta(days=1), category=category(), **fields)
    case = perform(action="assign", actor=world.street, grievance=case, now=now, agency=world.agency)
    case = perform(action="acknowledge", actor=world.handler, grievance=case, now=now)
    return perform(action="resolve", actor=world.handler, grievance=case, now=now, result="已更换灯泡")


@pytest.mark.parametrize(
    ("role", "target"),
    [
        ("community", "inbox"),
        ("street", "inbox"),
        ("handler", "inbox"),
        ("supervisor", "inbox"),
        ("operator", "inbox"),
        ("official", "dashboard"),
    ],
)
def test_everybody_begins_where_the_work_is(client, world, role, target):
    assert open_home(client, world.users[role]).url == reverse(target)


def test_who_holds_no_post_is_told_whom_to_ask(client):
    response = open_home(client, make_user())
    assert response.status_code == 200
    assert "没有任职" in response.content.decode()


def test_a_chief_sees_what_to_do_and_what_is_on_the_way(client, world):
    done = resolved(world, description="路灯坏了")
    found = file_case(world, now=timezone.now(), keep_as_draft=True, description="水龙头漏水")
    running = file_case(world, now=timezone.now(), description="下水道堵了")
    other = file_case(
        world, by=world.second_chief, unit=world.units["second_neighbourhood"], now=timezone.now(), description="别家事"
    )
    response = open_home(client, world.chief)
    assert {task["case"].number for task in response.context["todo"]} == {done.number, found.number}
    assert [case.number for case in response.context["cases"]] == [running.number]
    page = response.content.decode()
    assert reverse("answer", args=[done.number]) in page
    assert "7天内" in page
    assert other.title not in page
    assert reverse("report") in page


def test_the_predecessor_sees_nothing_any_more(client, world):
    file_case(world, now=timezone.now(), keep_as_draft=True)
    world.chief.posts.update(ended_at=timezone.now())
    assert "没有任职" in open_home(client, fresh(world.chief)).content.decode()


def test_statements_do_not_grow_with_the_cases(client, world):
    file_case(world, now=timezone.now())
    file_case(world, now=timezone.now(), keep_as_draft=True)
    client.force_login(world.chief)
    with CaptureQueriesContext(connection) as few:
        client.get("/")
    for _number in range(12):
        file_case(world, now=timezone.now())
        file_case(world, now=timezone.now(), keep_as_draft=True, household=world.household)
    with CaptureQueriesContext(connection) as many:
        client.get("/")
    assert len(many) == len(few) <= 15


# Households


def test_a_small_neighbourhood_is_a_hint_not_an_error(client, world):
    client.force_login(world.chief)
    page = client.get("/households/").content.decode()
    assert "一般是 5 到 15 户" in page
    for number in range(5):
        Household.objects.create(unit=world.units["neighbourhood"], label=f"2栋{number}")
    assert "一般是 5 到 15 户" not in client.get("/households/").content.decode()


def test_adding_and_changing_a_household(client, world):
    client.force_login(world.chief)
    unit = world.units["neighbourhood"]
    given = {"label": "１栋1单元102", "members": "3", "contact_name": "李大爷", "contact_phone": "139 1234 5678"}
    assert client.post(f"/households/add/{unit.pk}/", given).status_code == 302
    household = Household.objects.get(label="1栋1单元102")
    assert household.contact.phone == "13912345678"
    page = client.get("/households/").content.decode()
    assert "139****5678" in page
    assert "13912345678" not in page
    assert client.post(f"/households/{household.pk}/", {"label": "1栋1单元102", "moved_out": "on"}).status_code == 302
    household.refresh_from_db()
    assert not household.is_active
    assert household.contact.phone == "13912345678"


def test_a_contact_is_deleted_unless_it_was_ever_shown(client, world):
    chief, household = fresh(world.chief), world.household
    household = change_household(actor=chief, household=household, label="101", contact_phone="13912345678")
    first = household.contact
    household = change_household(actor=chief, household=household, label="101", contact_phone="13912345679")
    assert not Contact.objects.filter(pk=first.pk).exists()
    reveal_contact(actor=chief, contact=household.contact, purpose="回访")
    second = household.contact
    household = change_household(actor=chief, household=household, label="101", forget_contact=True)
    assert household.contact is None
    assert Contact.objects.filter(pk=second.pk).exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"label": ""},
        {"label": "\x00"},
        {"label": "长" * 65},
        {"label": "1栋1单元101"},
        {"members": "-1"},
        {"members": "9" * 40},
        {"members": "三"},
        {"contact_phone": "12345"},
        {"note": "x" * 201},
    ],
)
def test_wrong_input_is_named_and_kept(client, world, wrong):
    client.force_login(world.chief)
    given = {"label": "9栋", "members": "2", "contact_phone": "", "note": "独居老人"} | wrong
    response = client.post(f"/households/add/{world.units['neighbourhood'].pk}/", given)
    assert response.status_code == 422
    assert response.context["form"].errors.keys() == wrong.keys()
    kept = next(name for name in ("note", "label") if name not in wrong)
    assert given[kept] in response.content.decode()
    assert Household.objects.count() == 1


def test_only_the_own_neighbourhood(client, world):
    client.force_login(world.second_chief)
    assert client.get(f"/households/{world.household.pk}/").status_code == 404
    assert client.post(f"/households/{world.household.pk}/", {"label": "x"}).status_code == 404
    assert client.get(f"/households/add/{world.units['neighbourhood'].pk}/").status_code == 404
    assert client.get(f"/households/{10**30}/").status_code == 404
    client.force_login(world.street)
    assert client.get("/households/").status_code == 403
    client.force_login(world.chief)
    assert client.get(f"/households/{world.household.pk}/").status_code == 200
