"""Households, records of the audit and messages at the desk."""

from datetime import timedelta

import pytest
import time_machine
from axes.models import AccessLog
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from notifications.models import Message
from orgs.choices import Role
from orgs.models import Contact, ContactReveal, Household, Post
from orgs.services.contacts import reveal_contact
from tests.factories import NOON, file_case, make_post, make_world

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


def appoint(client, **given):
    data = {
        "role": "chief",
        "place": "花戏社区/第一片/第一组/第二邻",
        "name": "王新",
        "phone": "138 1234 5678",
        **given,
    }
    return client.post(url(Post, "add"), data)


def test_a_households_number_is_masked_and_its_reveal_is_read_by_the_audit(world, client):
    world.household.contact = Contact.objects.create(name="王桂芳", phone="13800001234")
    world.household.save()
    client.force_login(world.community)
    page = client.get(url(Household, "change", world.household.pk)).content.decode()
    assert "138****1234" in page
    assert "13800001234" not in page
    reveal = reverse("admin:orgs_household_reveal", args=[world.household.pk])
    assert client.post(reveal, {"purpose": " "}).status_code == 400
    assert "13800001234" in client.post(reveal, {"purpose": "约上门时间"}).content.decode()
    client.force_login(world.users[Role.AUDIT_ADMIN])
    assert {one.purpose for one in listed(client, ContactReveal)} == {"约上门时间"}
    page = client.get(url(ContactReveal, "change", ContactReveal.objects.get().pk)).content.decode()
    assert "13800001234" not in page


def test_records_are_those_of_the_auditors_people_and_read_only(world, client):
    contact = Contact.objects.create(phone="13800001234")
    reveal_contact(actor=world.community, contact=contact, purpose="a")
    reveal_contact(actor=world.others["community"], contact=contact, purpose="b")
    auditor = make_post(Role.AUDIT_ADMIN, unit=world.units["street"]).user
    AccessLog.objects.create(username=world.chief.phone)
    AccessLog.objects.create(username=world.others["chief"].phone)
    client.force_login(auditor)
    assert {one.purpose for one in listed(client, ContactReveal)} == {"a"}
    names = {one.username for one in listed(client, AccessLog)}
    assert world.chief.phone in names
    assert world.others["chief"].phone not in names
    record = ContactReveal.objects.get(purpose="a")
    assert client.post(url(ContactReveal, "change", record.pk), {"purpose": "c"}).status_code == 403


def test_what_was_done_at_the_desk_is_in_the_auditors_log(world, client):
    client.force_login(world.community)
    assert appoint(client, place="花戏社区/第一片", role="zone_leader").status_code == 302
    client.force_login(world.street)
    client.post(reverse("admin:orgs_unit_rename", args=[world.units["group"].pk]), {"name": "东组"})
    client.force_login(world.users[Role.AUDIT_ADMIN])
    text = client.get(url(LogEntry)).content.decode()
    assert "第一组 → 东组" in text
    assert {entry.user for entry in listed(client, LogEntry)} == {world.community, world.street}


def test_messages_are_ones_own(world, client):
    case = file_case(world)
    file_case(world, by=world.others["chief"], unit=world.units["other_neighbourhood"])
    mine = Message.objects.create(
        recipient=world.street,
        kind="case_reported",
        facts={"number": case.number},
        key="x",
        created_at=NOON,
        not_before=NOON,
    )
    client.force_login(world.street)
    assert listed(client, Message) == {mine}
    foreign = Message.objects.exclude(recipient=world.street).first()
    assert client.get(url(Message, "change", foreign.pk)).status_code == 404
    assert client.get(url(Message, "change", mine.pk)).status_code == 200
