"""The ladder: who is told, when, in which order, and that each rung fires once per deadline."""

from datetime import timedelta

import pytest

from grievances.choices import Action, Rung, Status
from grievances.models import Escalation
from grievances.services.escalation import escalate_overdue
from notifications.models import Message
from orgs.choices import Role
from orgs.services.posts import end_post
from orgs.services.system import system_user
from tests.factories import NOON, World, file_case, make_post, make_world
from tests.grievances.scenes import HOUR, case_in, do

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


@pytest.fixture
def world() -> World:
    return make_world()


def sweep(at) -> int:
    return escalate_overdue(actor=system_user(), now=at)


def told(case, rung: int) -> set[str]:
    """Return the names of those who got the message of a rung."""
    kind = {1: "overdue_holder", 2: "overdue_superior", 3: "overdue_street"}[rung]
    return set(Message.objects.filter(kind=kind, facts__number=case.number).values_list("recipient__name", flat=True))


def test_nothing_fires_before_the_deadline_and_one_rung_at_it(world):
    case = file_case(world)
    assert sweep(case.due_at - SECOND) == 0
    assert sweep(case.due_at) == 1
    assert sweep(case.due_at) == 0
    assert told(case, Rung.HOLDER) == {"group_leader"}


def test_it_climbs_holder_superior_street_a_day_apart(world):
    case = file_case(world)
    for days, rung, people in ((0, 1, {"group_leader"}), (1, 2, {"zone_leader"}), (2, 3, {"street"})):
        assert sweep(case.due_at + days * DAY - SECOND) == 0
        assert sweep(case.due_at + days * DAY) == 1
        assert told(case, rung) == people
    case.refresh_from_db()
    assert case.next_alarm_at is None
    assert sweep(case.due_at + 90 * DAY) == 0
    assert "chief" not in set(
        Message.objects.filter(kind__startswith="overdue").values_list("recipient__name", flat=True)
    )


def test_a_late_sweep_fires_every_rung_it_missed_once(world):
    case = file_case(world)
    assert sweep(case.due_at + 30 * DAY) == 3
    assert list(Escalation.objects.values_list("rung", flat=True)) == [1, 2, 3]
    assert sweep(case.due_at + 30 * DAY) == 0


def test_it_climbs_past_a_vacant_post(world):
    case = file_case(world)
    end_post(actor=system_user(), post=world.zone_leader.posts.get())
    sweep(case.due_at + DAY)
    assert told(case, Rung.SUPERIOR) == {"community"}


def test_an_agency_is_reminded_and_then_the_desk_that_gave_it_the_case(world):
    case = case_in(world, Status.IN_PROGRESS)
    sweep(case.due_at + 2 * DAY)
    assert told(case, Rung.HOLDER) == {"承办人"}
    assert told(case, Rung.SUPERIOR) == {"community"}
    assert told(case, Rung.STREET) == {"street"}


@pytest.mark.parametrize(
    "status", [Status.RESOLVED, Status.CLOSED, Status.WITHDRAWN, Status.REJECTED, Status.MERGED, Status.DISCOVERED]
)
def test_a_case_that_waits_for_nobody_here_does_not_ring(world, status):
    case = case_in(world, status)
    sweep(NOON + 300 * DAY)
    assert not Escalation.objects.filter(grievance=case).exists()


def test_a_suspended_case_does_not_ring(world):
    case = do(world, case_in(world, Status.IN_PROGRESS), Action.SUSPEND, world.community)
    assert sweep(NOON + 300 * DAY) == 0
    assert case.next_alarm_at is None


def test_resuming_moves_the_deadline_by_the_pause(world):
    case = case_in(world, Status.IN_PROGRESS)
    due = case.due_at
    case = do(world, case, Action.SUSPEND, world.community, at=NOON + HOUR)
    case = do(world, case, Action.RESUME, world.community, at=NOON + 6 * HOUR)
    assert case.due_at == due + 5 * HOUR
    assert case.next_alarm_at == case.due_at


def test_a_new_deadline_begins_a_new_ladder(world):
    case = case_in(world, Status.IN_PROGRESS)
    do(world, case, Action.ASK_EXTENSION, world.handler, at=NOON)
    assert sweep(case.due_at) == 1
    case = do(world, case, Action.GRANT_EXTENSION, world.community, at=case.due_at)
    assert sweep(case.due_at - SECOND) == 0
    assert sweep(case.due_at) == 1
    assert Escalation.objects.filter(grievance=case, rung=1).count() == 2


def test_the_sweep_takes_the_oldest_first_and_all_of_them_in_small_batches(world):
    cases = [file_case(world, now=NOON + number * HOUR) for number in range(7)]
    assert escalate_overdue(actor=system_user(), now=cases[-1].due_at, batch=2) == 7
    order = list(Escalation.objects.order_by("pk").values_list("grievance_id", flat=True))
    assert order == [case.pk for case in cases]


def test_the_sweep_takes_as_many_statements_for_many_as_for_few(world, django_assert_max_num_queries):
    for number in range(12):
        file_case(world, now=NOON + number * HOUR)
    with django_assert_max_num_queries(12):
        sweep(NOON + 300 * DAY)


def test_a_case_at_the_street_calls_on_the_supervisor_above_and_then_on_the_street_again(world):
    supervisor = make_post(Role.SUPERVISOR, unit=world.units["district"], name="区督办员").user
    case = file_case(world)
    for _rung in range(3):
        case = do(world, case, Action.REFER_UP, world.street)
    assert case.holder_unit == world.units["street"]
    sweep(case.due_at + 2 * DAY)
    assert told(case, Rung.HOLDER) == {"street"}
    assert told(case, Rung.SUPERIOR) == {supervisor.name}
    assert told(case, Rung.STREET) == {"street"}
    units = dict(Escalation.objects.values_list("rung", "unit__name"))
    assert units == {1: "花戏楼街道", 2: "谯城区", 3: "花戏楼街道"}


def test_with_nobody_above_the_holder_is_told_again(world):
    case = file_case(world)
    for _rung in range(3):
        case = do(world, case, Action.REFER_UP, world.street)
    sweep(case.due_at + 2 * DAY)
    assert told(case, Rung.SUPERIOR) == {"street"}


def test_a_holder_who_left_is_passed_over_already_at_the_deadline(world):
    case = file_case(world)
    end_post(actor=system_user(), post=world.group_leader.posts.get())
    given = case_in(world, Status.IN_PROGRESS)
    end_post(actor=system_user(), post=world.handler.posts.get())
    sweep(case.due_at)
    assert told(case, Rung.HOLDER) == {"zone_leader"}
    assert told(given, Rung.HOLDER) == {"community"}
