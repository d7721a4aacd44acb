"""The sweep: what is due fires once, the oldest first, in batches; who holds the case is told, past vacant posts."""

from datetime import datetime, timedelta

import pytest

from grievances.choices import Action, Stage, Status
from grievances.models import Escalation, Grievance
from grievances.services.escalation import escalate_overdue
from notifications.models import Message
from orgs.choices import Role
from orgs.services.posts import end_post
from orgs.services.system import system_user
from tests.factories import NOON, SHANGHAI, World, file_case, make_post, make_world
from tests.grievances.scenes import HOUR, case_in, climb, do, suspend

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
LATE = NOON + 300 * DAY


@pytest.fixture
def world() -> World:
    return make_world()


def march(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=SHANGHAI)


def sweep(at) -> int:
    return escalate_overdue(actor=system_user(), now=at)


def told(case, stage: str, rung: int) -> set[str]:
    """Return the names of those who got the message of a rung."""
    messages = Message.objects.filter(key__startswith=f"rung:{case.pk}:{stage}:", key__contains=f":{rung}:")
    return {name for name, key in messages.values_list("recipient__name", "key") if int(key.split(":")[4]) == rung}


def test_nothing_fires_before_the_first_rung_and_one_at_it(world):
    case = file_case(world)
    assert case.next_alarm_at == march(5, 10, 36)
    assert sweep(case.next_alarm_at - SECOND) == 0
    assert sweep(case.next_alarm_at) == 1
    assert sweep(case.next_alarm_at) == 0
    assert told(case, Stage.ASSIGN, 1) == {"group_leader"}


def test_it_climbs_holder_superior_street_district(world):
    case = case_in(world, Status.IN_PROGRESS)
    steps = (
        (march(12, 9, 12), 1, {"承办人"}),
        (march(13, 12), 2, {"承办人", "community"}),
        (march(16, 12), 3, {"承办人", "street"}),
        (march(18, 12), 4, {"承办人", "市领导"}),
    )
    for at, rung, people in steps:
        assert sweep(at - SECOND) == 0
        assert sweep(at) == 1
        assert told(case, Stage.RESOLVE, rung) == people
    case.refresh_from_db()
    assert case.next_alarm_at is None
    assert sweep(LATE) == 0


def test_a_late_sweep_fires_every_rung_it_missed_once_and_in_order(world):
    file_case(world)
    assert sweep(LATE) == 8
    climbed = list(Escalation.objects.order_by("pk").values_list("stage", "rung"))
    assert climbed == [(stage, rung) for stage in ("assign", "resolve") for rung in (1, 2, 3, 4)]
    assert sweep(LATE) == 0


@pytest.mark.parametrize("status", [Status.CLOSED, Status.WITHDRAWN, Status.REJECTED, Status.MERGED, Status.DISCOVERED])
def test_a_case_that_waits_for_nobody_does_not_ring(world, status):
    case = case_in(world, status)
    sweep(LATE)
    assert not Escalation.objects.filter(grievance=case).exists()


def test_a_suspended_case_rings_on_its_day_of_review_and_not_again(world):
    case = suspend(world, case_in(world, Status.IN_PROGRESS))
    assert case.next_alarm_at == march(24, 8, 30)
    assert sweep(march(24, 8, 30) - SECOND) == 0
    assert sweep(march(24, 8, 30)) == 1
    assert told(case, Stage.REVIEW, 1) == {"承办人", "community"}
    assert set(Message.objects.filter(key__startswith="rung").values_list("kind", flat=True)) == {"review_due"}
    assert sweep(LATE) == 0


def test_a_new_deadline_begins_a_new_ladder(world):
    case = case_in(world, Status.IN_PROGRESS)
    do(world, case, Action.ASK_EXTENSION, world.handler, at=NOON)
    assert sweep(case.due_at) == 2
    case = do(world, case, Action.GRANT_EXTENSION, world.community, at=case.due_at)
    assert (case.rung, case.due_at) == (0, march(18, 12))
    # 80 % of ten working days: Monday the 16th at noon.
    assert sweep(march(16, 12) - SECOND) == 0
    assert sweep(march(18, 12)) == 2
    assert Escalation.objects.filter(grievance=case, rung=1).count() == 2


def test_the_sweep_takes_the_oldest_first_and_all_of_them_in_small_batches(world):
    cases = [file_case(world, now=march(4, 9) + number * HOUR / 10) for number in range(7)]
    at = Grievance.objects.latest("next_alarm_at").next_alarm_at
    assert escalate_overdue(actor=system_user(), now=at, batch=2) == 7
    order = list(Escalation.objects.order_by("pk").values_list("grievance_id", flat=True))
    assert order == [case.pk for case in cases]


def test_the_sweep_takes_as_many_statements_for_many_as_for_few(world, django_assert_max_num_queries):
    for number in range(12):
        file_case(world, now=NOON + number * HOUR)
    with django_assert_max_num_queries(12):
        sweep(LATE)


def test_a_case_at_the_street_calls_on_the_district_s_supervisor(world):
    supervisor = make_post(Role.SUPERVISOR, unit=world.units["district"], name="区督办员").user
    case = file_case(world)
    for _rung in range(3):
        case = do(world, case, Action.REFER_UP, world.street)
    assert case.holder_unit == world.units["street"]
    climb(case.due_at + 10 * DAY)
    assert told(case, Stage.ASSIGN, 1) == {"street"}
    assert told(case, Stage.ASSIGN, 2) == {"street", supervisor.name}
    assert told(case, Stage.ASSIGN, 3) == {"street"}
    assert told(case, Stage.ASSIGN, 4) == {"street", supervisor.name}
    units = set(Escalation.objects.values_list("unit__name", flat=True))
    assert units == {"花戏楼街道"}
    district = case.events.filter(action=Action.ESCALATE, data__stage="assign", data__rung=4).get()
    assert district.data["told"] == ["谯城区"]


def test_a_holder_who_left_is_passed_over_from_the_first_rung(world):
    case = file_case(world)
    end_post(actor=system_user(), post=world.group_leader.posts.get())
    given = case_in(world, Status.IN_PROGRESS)
    end_post(actor=system_user(), post=world.handler.posts.get())
    climb(case.due_at)
    assert told(case, Stage.ASSIGN, 1) == {"zone_leader"}
    assert told(given, Stage.RESOLVE, 1) == {"community"}
