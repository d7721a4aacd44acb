"""Steps on many cases: foretold, then each case by itself, reported one by one."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from grievances.admin.cases import MAX_AT_ONCE
from grievances.choices import Action, Status
from grievances.models import Grievance
from grievances.services.verbs import perform
from orgs.choices import Role
from tests.factories import NOON, category, file_case, fresh, make_post, make_world

pytestmark = pytest.mark.django_db

LIST = "admin:grievances_grievance_changelist"
BULK = "admin:grievances_bulk"


@pytest.fixture
def world():
    with time_machine.travel(NOON + timedelta(hours=1), tick=False):
        made = make_world()
        city = made.units["city"]
        for role in (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN):
            made.users[role] = make_post(role, unit=city).user
        yield made


def theirs(world, **fields):
    """File a case in the other street."""
    return file_case(world, by=world.others["chief"], unit=world.units["other_neighbourhood"], **fields)


def at_community(world, **fields):
    """File a case and pass it up until the community has it."""
    case = file_case(world, **fields)
    for who in ("group_leader", "zone_leader"):
        act(world, case, Action.REFER_UP, who)
    return Grievance.objects.get(pk=case.pk)


def act(world, case, action, who, **given):
    case = Grievance.objects.get(pk=case.pk)
    return perform(action=action, actor=fresh(world.users[who]), grievance=case, now=NOON, **given)


def bulk_url(action, *cases):
    return f"{reverse(BULK, args=[action])}?ids={','.join(str(case.pk) for case in cases)}"


def marks(*cases):
    return [f"{case.pk}:{Grievance.objects.get(pk=case.pk).version}" for case in cases]


def test_bulk_assign_foretells_and_then_assigns_each_by_itself(world, client):
    ready, another, given = at_community(world), at_community(world), at_community(world)
    act(world, given, Action.ASSIGN, "community", agency=world.agency)
    client.force_login(world.community)
    url = bulk_url("assign", ready, another, given)
    preview = client.get(url)
    assert [(line.case.pk, line.ok) for line in preview.context["lines"]] == [
        (ready.pk, True),
        (another.pk, True),
        (given.pk, False),
    ]
    assert preview.context["lines"][2].reason
    checked = client.post(url, {"agency": world.agency.pk, "check": "1"})
    assert checked.status_code == 200
    assert Grievance.objects.get(pk=ready.pk).status == Status.REPORTED
    seen = marks(ready, another, given)
    act(world, another, Action.CLASSIFY, "community", category=category())
    report = client.post(url, {"agency": world.agency.pk, "note": "请尽快", "apply": "1", "seen": seen})
    assert (report.context["done"], report.context["left"]) == (1, 2)
    assert Grievance.objects.get(pk=ready.pk).status == Status.ASSIGNED
    assert Grievance.objects.get(pk=another.pk).status == Status.REPORTED
    assert given.events.count() == Grievance.objects.get(pk=given.pk).events.count()


def test_bulk_assign_without_an_agency_is_400_and_changes_nothing(world, client):
    case = at_community(world)
    client.force_login(world.community)
    response = client.post(bulk_url("assign", case), {"agency": "", "note": "请尽快", "apply": "1"})
    assert response.status_code == 400
    assert "请尽快" in response.content.decode()
    assert Grievance.objects.get(pk=case.pk).status == Status.REPORTED


def test_bulk_steps_reach_only_cases_in_scope(world, client):
    ours, other = at_community(world), theirs(world)
    client.force_login(world.street)
    response = client.get(bulk_url("urge", ours, other))
    assert [line.case.pk for line in response.context["lines"]] == [ours.pk]
    client.post(bulk_url("urge", other), {"note": "快", "apply": "1"})
    assert not other.escalations.exists()
    client.post(bulk_url("urge", ours), {"note": "快", "apply": "1", "seen": marks(ours)})
    assert ours.escalations.get().note == "快"


def test_choosing_in_the_list_leads_to_the_bulk_page(world, client):
    case = at_community(world)
    client.force_login(world.street)
    data = {"action": "urge_chosen", "_selected_action": [case.pk], "index": 0}
    assert client.post(reverse(LIST), data)["Location"] == bulk_url("urge", case)


def test_bulk_addresses_made_up_by_hand_are_no_error(world, client):
    client.force_login(world.street)
    for ids in ("", "abc", "9" * 40, ",".join(str(number) for number in range(MAX_AT_ONCE * 2))):
        assert client.get(reverse(BULK, args=["assign"]), {"ids": ids}).status_code == 200, ids[:20]
    assert client.get(reverse(BULK, args=["red_card"])).status_code == 404
