"""Quiet hours: what is not urgent waits until the morning, what runs round the clock does not."""

from datetime import datetime

import pytest

from grievances.choices import Action, Status
from grievances.services.escalation import escalate_overdue
from notifications.inbox import inbox_of, unread_count
from notifications.models import Message
from notifications.quiet import earliest
from notifications.services import deliver_due, message, queue
from orgs.profile import profile
from orgs.services.system import system_user
from tests.factories import SHANGHAI, World, file_case, make_user, make_world
from tests.grievances.scenes import case_in, do


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def set_quiet(monkeypatch, begin: str, end: str) -> None:
    monkeypatch.setitem(profile().messages, "quiet_from", begin)
    monkeypatch.setitem(profile().messages, "quiet_until", end)


@pytest.fixture(autouse=True)
def _quiet_nights(monkeypatch, _no_quiet_hours) -> None:
    set_quiet(monkeypatch, "21:00", "07:30")


@pytest.mark.parametrize(
    ("moment", "goes_out"),
    [
        ("2026-03-04 12:00", "2026-03-04 12:00"),
        ("2026-03-04 20:59:59", "2026-03-04 20:59:59"),
        ("2026-03-04 21:00", "2026-03-05 07:30"),
        ("2026-03-04 23:59:59", "2026-03-05 07:30"),
        ("2026-03-05 00:00", "2026-03-05 07:30"),
        ("2026-03-05 07:29:59", "2026-03-05 07:30"),
        ("2026-03-05 07:30", "2026-03-05 07:30"),
        ("2026-12-31 22:00", "2027-01-01 07:30"),
    ],
)
def test_when_a_message_that_can_wait_goes_out(moment, goes_out):
    assert earliest(at(moment)) == at(goes_out)


@pytest.mark.parametrize(
    ("begin", "end", "moment", "goes_out"),
    [
        ("12:00", "14:30", "2026-03-04 13:00", "2026-03-04 14:30"),  # a noon rest
        ("12:00", "14:30", "2026-03-04 14:30", "2026-03-04 14:30"),
        ("12:00", "14:30", "2026-03-04 02:00", "2026-03-04 02:00"),
        ("00:00", "00:00", "2026-03-04 02:00", "2026-03-04 02:00"),  # none at all
        ("00:00", "06:00", "2026-03-04 00:00", "2026-03-04 06:00"),
    ],
)
def test_other_quiet_hours(monkeypatch, begin, end, moment, goes_out):
    set_quiet(monkeypatch, begin, end)
    assert earliest(at(moment)) == at(goes_out)


def test_it_is_the_city_s_night_wherever_the_moment_was_written():
    assert earliest(datetime.fromisoformat("2026-03-04T14:00+00:00")) == at("2026-03-05 07:30")


@pytest.fixture
def world(db) -> World:
    return make_world()


@pytest.mark.parametrize(("urgency", "is_urgent"), [("2h", True), ("24h", True), ("7d", False), ("15d", False)])
def test_a_report_at_night(world, urgency, is_urgent):
    night = at("2026-03-04 23:00")
    file_case(world, urgency=urgency, now=night)
    letter = Message.objects.get(kind="case_reported")
    assert letter.is_urgent == is_urgent
    assert deliver_due(now=night) == int(is_urgent)
    assert unread_count(world.group_leader, now=night) == int(is_urgent)
    assert deliver_due(now=at("2026-03-05 07:30")) == 1 - int(is_urgent)
    assert unread_count(world.group_leader, now=at("2026-03-05 07:30")) == 1


@pytest.mark.parametrize(("urgency", "waits"), [("2h", False), ("7d", True)])
def test_a_step_at_night(world, urgency, waits):
    night = at("2026-03-04 23:00")
    case = file_case(world, urgency=urgency, now=night)
    do(world, case, Action.ASSIGN, world.community, at=night)
    letter = Message.objects.get(kind="case_assigned")
    assert letter.not_before == (at("2026-03-05 07:30") if waits else night)


@pytest.mark.parametrize(("urgency", "waits"), [("24h", False), ("7d", True)])
def test_a_rung_at_night(world, urgency, waits):
    file_case(world, urgency=urgency, now=at("2026-03-04 12:00"))
    night = at("2026-03-05 22:00")
    escalate_overdue(actor=system_user(), now=night)
    rungs = Message.objects.filter(key__startswith="rung:")
    assert rungs.exists()
    assert {letter.not_before for letter in rungs} == {at("2026-03-06 07:30") if waits else night}


def test_what_waits_for_the_morning_is_not_in_the_inbox_yet(world):
    night = at("2026-03-04 23:00")
    do(world, case_in(world, Status.IN_PROGRESS), Action.URGE, world.street, at=night)
    kinds = [letter.kind for letter in inbox_of(world.handler, now=night)]
    assert kinds == ["case_assigned"]
    morning = inbox_of(world.handler, now=at("2026-03-05 07:30"))
    assert [letter.kind for letter in morning] == ["case_urged", "case_assigned"]


@pytest.mark.django_db
def test_nothing_held_is_lost_and_the_morning_brings_it_in_order():
    user = make_user()
    times = ("2026-03-04 20:00", "2026-03-04 22:00", "2026-03-05 01:00", "2026-03-05 08:00")
    for number, moment in enumerate(times):
        facts = {"number": f"LJ20260304-{number:05}", "title": "路灯不亮"}
        queue([message(to=user, kind="case_reported", facts=facts, url="/", key=str(number), at=at(moment))])
    assert deliver_due(now=at("2026-03-05 07:29")) == 1
    assert deliver_due(now=at("2026-03-05 07:30")) == 2
    assert deliver_due(now=at("2026-03-05 08:00")) == 1
