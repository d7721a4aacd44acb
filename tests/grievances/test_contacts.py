"""A resident's number: for those who handle the case, for a purpose, shown once, on record."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from grievances.choices import Status
from orgs.choices import Role
from orgs.models import Contact, ContactReveal
from tests.factories import NOON, file_case, make_post, make_world
from tests.grievances.api_client import api
from tests.grievances.browsing import signed_in
from tests.grievances.scenes import case_in, do

pytestmark = pytest.mark.django_db
NUMBER = "13812345678"


@pytest.fixture
def world():
    return make_world()


@pytest.fixture
def case(world):
    filed = file_case(world, contact_name="王大爷", contact_phone=NUMBER)
    return do(world, filed, "assign", world.community)


def path(case) -> str:
    return f"/cases/{case.number}/contact/"


def test_strangers_sign_in_first(client, case):
    assert client.post(path(case), {"why": "visit"}).status_code == 302
    assert not ContactReveal.objects.exists()


@pytest.mark.parametrize("person", ["chief", "community", "street", "handler", "operator"])
def test_who_handles_it_is_shown_the_number_once_and_it_is_recorded(world, case, person):
    browser = signed_in(getattr(world, person))
    asked = browser.get(path(case))
    assert asked.status_code == 200
    assert NUMBER not in asked.content.decode()
    shown = browser.post(path(case), {"why": "visit", "words": "约周六"})
    assert shown.status_code == 200
    assert NUMBER in shown.content.decode()
    assert "王大爷" in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    assert NUMBER not in browser.get(path(case)).content.decode()
    record = ContactReveal.objects.get()
    assert (record.user, record.about, record.contact) == (getattr(world, person), case.number, case.contact)
    assert record.purpose == "约时间上门: 约周六"


@pytest.mark.parametrize("person", ["supervisor", "official"])
def test_who_only_looks_on_is_told_why_not(world, case, person):
    browser = signed_in(getattr(world, person))
    for response in (browser.get(path(case)), browser.post(path(case), {"why": "visit"})):
        assert response.status_code == 403
        assert NUMBER not in response.content.decode()
    assert not ContactReveal.objects.exists()


def test_another_street_does_not_even_find_it(world, case):
    for person in (*world.others.values(), world.second_chief, world.second_handler):
        browser = signed_in(person)
        assert browser.get(path(case)).status_code == 404
        assert browser.post(path(case), {"why": "visit"}).status_code == 404
    assert not ContactReveal.objects.exists()


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"why": ""},
        {"why": "fun"},
        {"why": "other"},
        {"why": "other", "words": "  "},
        {"why": "visit", "words": "\x00"},
        {"why": "visit", "words": "x" * 201},
    ],
)
def test_without_a_purpose_nothing_is_shown(world, case, given):
    response = signed_in(world.street).post(path(case), given)
    assert response.status_code == 400
    assert NUMBER not in response.content.decode()
    assert not ContactReveal.objects.exists()


def test_ones_own_words_are_kept_as_they_are(world, case):
    signed_in(world.street).post(path(case), {"why": "other", "words": "送锦旗"})
    assert ContactReveal.objects.get().purpose == "送锦旗"


def test_the_households_number_serves_where_the_case_has_none(world):
    world.household.contact = Contact.objects.create(name="李", phone="13912345678")
    world.household.save()
    filed = file_case(world, household=world.household)
    shown = signed_in(world.chief).post(path(filed), {"why": "details"})
    assert "13912345678" in shown.content.decode()


def test_without_contact_data_there_is_nothing_to_show(world):
    assert signed_in(world.chief).get(path(case_in(world, Status.REPORTED))).status_code == 404


def looked(user, case, count: int, *, at) -> None:
    ContactReveal.objects.bulk_create(
        ContactReveal(contact=case.contact, user=user, purpose="回访", about=case.number, at=at)
        for _one in range(count)
    )


def test_many_looks_in_a_day_are_said_and_end_at_a_number(world, case):
    with time_machine.travel(NOON, tick=False):
        browser = signed_in(world.community)
        looked(world.community, case, 19, at=NOON)
        looked(world.community, case, 50, at=NOON - timedelta(days=1))
        looked(world.street, case, 50, at=NOON)
        assert not browser.get(path(case)).context["looks"].is_many
        assert browser.post(path(case), {"why": "visit"}).context["looks"].count == 20
        assert "20" in browser.get(path(case)).content.decode()
        desk = reverse("admin:grievances_contact", args=[case.pk])
        assert browser.get(desk).context["looks"].is_many
        looked(world.community, case, 80, at=NOON)
        for address in (path(case), desk):
            refused = browser.post(address, {"why": "visit"})
            assert refused.status_code == 403
            assert NUMBER not in refused.content.decode()
        answer = api(world.community).post(f"/api/v1/cases/{case.number}/contact/", {"purpose": "回访"}, format="json")
        assert answer.status_code == 403
        assert NUMBER not in answer.content.decode()
    assert ContactReveal.objects.filter(user=world.community, at__gte=NOON).count() == 100
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        assert NUMBER in signed_in(world.community).post(path(case), {"why": "visit"}).content.decode()


def test_a_purpose_is_needed_everywhere_and_the_audit_lists_it(world, case):
    browser = signed_in(world.street)
    desk = reverse("admin:grievances_contact", args=[case.pk])
    for address, data in ((path(case), {}), (path(case), {"why": "other", "words": " "}), (desk, {"why": ""})):
        assert browser.post(address, data).status_code == 400
    for data in ({}, {"purpose": ""}, {"purpose": "  "}):
        sent = api(world.street).post(f"/api/v1/cases/{case.number}/contact/", data, format="json")
        assert sent.status_code == 400
    assert not ContactReveal.objects.exists()
    assert browser.post(desk, {"why": "visit"}).status_code == 200
    audit = make_post(Role.AUDIT_ADMIN, unit=world.units["city"]).user
    listed = signed_in(audit).get(reverse("admin:orgs_contactreveal_changelist")).content.decode()
    assert case.number in listed
    assert "street" in listed
    assert NUMBER not in listed
