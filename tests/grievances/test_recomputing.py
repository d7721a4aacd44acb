"""Open deadlines follow the rules: what moved and why is recorded, what did not is left alone."""

from datetime import datetime, timedelta

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grievances.choices import Action, Stage, Status
from grievances.deadlines import HOURS, WORKDAYS
from grievances.models import Category, Grievance, StageLimit
from grievances.presentation import event_title
from grievances.services.escalation import escalate_overdue
from grievances.services.recomputing import recompute_deadlines, recomputed_columns
from linjiang.common.errors import LinjiangError
from orgs.rules import note_rule_change
from orgs.services.calendar import load_year, set_day
from orgs.services.system import system_user
from tests.factories import NOON, SHANGHAI, World, category, file_case, make_world
from tests.grievances.browsing import signed_in
from tests.grievances.scenes import HOUR, case_in, do, suspend
from tests.grievances.test_concurrency import at_once

DAY = timedelta(days=1)


@pytest.fixture
def world(db) -> World:
    return make_world()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def march(day: int, hour: int = 12, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=SHANGHAI)


def changed() -> None:
    note_rule_change(actor=system_user(), now=NOON, why="Limits were changed")


def set_limit(amount: int, counts: str = WORKDAYS, stage: str = Stage.RESOLVE) -> None:
    StageLimit.objects.update_or_create(stage=stage, defaults={"amount": amount, "counts": counts})
    changed()


def recompute(now=NOON) -> int:
    return recompute_deadlines(actor=system_user(), now=now)


def off(year: int, *days: str) -> list:
    return [(datetime.fromisoformat(f"{year}-{day}").date(), False, "元旦") for day in days]


def test_loading_a_year_makes_provisional_deadlines_exact(world):
    crossing = file_case(world, now=at("2026-12-28 10:00"))
    before = file_case(world, now=at("2026-12-14 10:00"))
    assert (crossing.due_provisional, crossing.due_at) == (True, at("2027-01-06 10:00"))
    load_year(actor=system_user(), year=2027, days=off(2027, "01-01", "01-04"), source="notice", now=NOON)
    assert recompute(now=at("2026-12-29 10:00")) == 1
    crossing.refresh_from_db()
    assert (crossing.due_provisional, crossing.due_at) == (False, at("2027-01-08 10:00"))
    event = crossing.events.last()
    assert (event.action, event.is_public) == (Action.RECOMPUTE, False)
    assert datetime.fromisoformat(event.data["due_before"]) == at("2027-01-06 10:00")
    assert datetime.fromisoformat(event.data["due_at"]) == at("2027-01-08 10:00")
    assert "2027" in event.data["why"]["zh"]
    assert before.events.count() == 2


def test_a_year_without_a_holiday_in_the_way_only_loses_its_mark(world):
    case = file_case(world, now=at("2026-12-28 10:00"))
    load_year(actor=system_user(), year=2027, days=off(2027, "05-01"), source="notice", now=NOON)
    assert recompute() == 0
    case.refresh_from_db()
    assert (case.due_provisional, case.due_at, case.events.count()) == (False, at("2027-01-06 10:00"), 2)


def test_a_changed_limit_moves_every_open_case_and_no_ended_one(world):
    cases = {status: case_in(world, status) for status in (Status.REPORTED, Status.IN_PROGRESS, Status.CLOSED)}
    set_limit(3)
    assert recompute() == 2
    due = {status: Grievance.objects.get(pk=case.pk).due_at for status, case in cases.items()}
    assert due == {Status.REPORTED: march(9), Status.IN_PROGRESS: march(9), Status.CLOSED: march(13)}
    moved = Grievance.objects.get(pk=cases[Status.IN_PROGRESS].pk)
    assert moved.version == cases[Status.IN_PROGRESS].version + 1
    assert (moved.rung, moved.next_alarm_at) == (0, march(6, 17, 18))


def test_the_timeline_says_of_which_stage_the_deadline_moved_from_when_to_when(world):
    case = case_in(world, Status.REPORTED)

    def words(language: str = "en") -> str:
        with translation.override(language), time_machine.travel(NOON, tick=False):
            return event_title(case.events.last())

    set_limit(3)
    recompute()
    assert words() == "Resolving: the deadline moved from 13 Mar 12:00 to 9 Mar 12:00. Reason: Limits were changed"
    set_limit(2, stage=Stage.ASSIGN)
    recompute()
    assert words() == "Assigning: the deadline moved from 5 Mar 12:00 to 6 Mar 12:00. Reason: Limits were changed"
    set_limit(4)
    set_limit(3, stage=Stage.ASSIGN)
    recompute()
    assert words().startswith(
        "Resolving: the deadline moved from 9 Mar 12:00 to 10 Mar 12:00; "
        "Assigning: the deadline moved from 6 Mar 12:00 to 9 Mar 12:00. Reason: "
    )
    assert all(moment in words("zh-hans") for moment in ("3月9日 12:00", "3月10日 12:00", "3月6日 12:00"))
    with time_machine.travel(NOON, tick=False):
        assert "3月10日 12:00" in signed_in(world.street).get(case.get_absolute_url()).content.decode()


def test_a_resolved_case_keeps_the_deadline_it_met(world):
    case = case_in(world, Status.RESOLVED)
    set_limit(1)
    set_limit(4, stage=Stage.FEEDBACK)
    recompute()
    case.refresh_from_db()
    assert (case.due_at, case.stage_due_at) == (march(13), march(10))


def test_a_category_s_hours(world):
    kind = category()
    case = file_case(world, category=kind)
    Category.objects.filter(pk=kind.pk).update(resolve_hours=30, assign_hours=2)
    changed()
    assert recompute() == 1
    case.refresh_from_db()
    assert (case.due_at, case.stage_due_at) == (NOON + 30 * HOUR, NOON + 2 * HOUR)


def test_acknowledging_carries_its_deadline_in_two_columns(world):
    case = case_in(world, Status.ASSIGNED)
    set_limit(2, stage=Stage.ACKNOWLEDGE)
    assert recompute() == 1
    case.refresh_from_db()
    assert case.stage_due_at == case.acknowledge_due_at == march(6)


def test_a_suspended_case_moves_when_it_goes_on_by_the_new_rules(world):
    case = suspend(world, case_in(world, Status.IN_PROGRESS), at=march(5))
    review = case.next_alarm_at
    set_limit(48, HOURS)
    assert recompute() == 1
    case.refresh_from_db()
    assert (case.due_at, case.next_alarm_at, case.suspended) == (march(6), review, True)
    case = do(world, case, Action.RESUME, world.community, at=march(6))
    assert case.due_at == march(7)


def test_extensions_and_past_pauses_are_counted_again(world):
    case = do(world, case_in(world, Status.IN_PROGRESS), Action.ASK_EXTENSION, world.handler, days=2)
    case = do(world, case, Action.GRANT_EXTENSION, world.community)
    case = suspend(world, case, at=march(5, 9))
    case = do(world, case, Action.RESUME, world.community, at=march(6, 9))
    assert case.due_at == march(18)
    set_day(actor=system_user(), day=march(5).date(), is_working=False, name="停电", now=NOON)
    # The 5th counts neither for the limit nor for the pause.
    assert recompute() == 1
    case.refresh_from_db()
    assert (case.paused, case.due_at) == (1800, march(18, 15))


def test_it_may_run_twice_and_does_nothing_where_nothing_changed(world, django_assert_num_queries):
    case = file_case(world)
    set_limit(3)
    assert (recompute(), recompute()) == (1, 0)
    assert case.events.filter(action=Action.RECOMPUTE).count() == 1
    with django_assert_num_queries(5):  # actor, version, claim, two brackets
        recompute()


def test_small_batches_reach_every_case(world):
    for number in range(5):
        file_case(world, now=NOON + number * HOUR)
    set_limit(3)
    seen = []
    assert recompute_deadlines(actor=system_user(), now=NOON, batch=2, say=seen.append) == 5
    assert seen == [2, 4, 5]


def test_a_rung_that_fired_for_a_deadline_does_not_fire_for_it_again(world):
    case = case_in(world, Status.IN_PROGRESS)
    assert escalate_overdue(actor=system_user(), now=march(12, 14, 30)) == 1
    set_limit(8)
    recompute()
    set_limit(7)
    recompute()
    case.refresh_from_db()
    assert case.due_at == march(13)
    escalate_overdue(actor=system_user(), now=march(12, 14, 30))
    assert case.events.filter(action=Action.ESCALATE, data__rung=1).count() == 1


STEPS = st.lists(
    st.tuples(st.sampled_from(["hold", "go_on", "extend", "return", "redo", "class", "resolve"]), st.integers(0, 60)),
    max_size=7,
)


def walk(world: World, steps) -> Grievance:
    """Return a case after whichever of the steps were open to it, hours apart."""
    case, now = case_in(world, Status.IN_PROGRESS), NOON
    for name, hours in steps:
        now += hours * HOUR
        try:
            case = _take(world, case, name, now)
        except LinjiangError:
            continue
    return Grievance.objects.get(pk=case.pk)


def _take(world: World, case: Grievance, name: str, now: datetime) -> Grievance:
    def step(action, actor, **given):
        return do(world, case, action, actor, at=now, **given)

    if name == "hold":
        case = step(Action.ASK_SUSPENSION, world.handler, review_on=(now + 20 * DAY).date())
        return step(Action.SUSPEND, world.community)
    if name == "go_on":
        return step(Action.RESUME, world.community)
    if name == "extend":
        case = step(Action.ASK_EXTENSION, world.handler)
        return step(Action.GRANT_EXTENSION, world.community)
    if name == "return":
        case = step(Action.RETURN, world.handler)
        case = step(Action.ASSIGN, world.community)
        return step(Action.ACKNOWLEDGE, world.handler)
    if name == "redo":
        case = step(Action.RESOLVE, world.handler)
        case = step(Action.FEEDBACK, world.chief, rating=1)
        return step(Action.ACKNOWLEDGE, world.handler)
    if name == "class":
        return step(Action.CLASSIFY, world.community, urgency="24h")
    return step(Action.RESOLVE, world.handler)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_after_any_history_the_same_rules_change_nothing(world, steps):
    point = transaction.savepoint()
    case = walk(world, steps)
    assert recomputed_columns(case) == {}
    transaction.savepoint_rollback(point)


@pytest.mark.django_db(transaction=True)
class TestBesideOthers:
    def test_the_sweep_and_two_recomputings_at_once(self):
        world = make_world()
        for number in range(12):
            file_case(world, now=NOON + number * HOUR / 10)
        set_limit(3)
        actor = system_user()
        late = NOON + 60 * DAY

        def work(number):
            if number < 2:
                return recompute_deadlines(actor=actor, now=NOON, batch=3)
            return escalate_overdue(actor=actor, now=late, batch=3)

        moved = at_once(3, work)
        assert sum(moved[:2]) + recompute() == 12
        escalate_overdue(actor=actor, now=late)
        assert not Grievance.objects.exclude(rung=4, stage_rung=4, next_alarm_at=None).exists()
        for case in Grievance.objects.all():
            fired = list(
                case.escalations.filter(stage=Stage.RESOLVE, due_at=case.due_at).values_list("rung", flat=True)
            )
            assert sorted(fired) == [1, 2, 3, 4]

    def test_a_case_that_somebody_changes_meanwhile_is_left_to_the_next_run(self):
        world = make_world()
        case = file_case(world)
        set_limit(3)
        actor = system_user()
        with transaction.atomic():
            Grievance.objects.select_for_update().get(pk=case.pk)

            def elsewhere(_number):
                try:
                    return recompute_deadlines(actor=actor, now=NOON)
                finally:
                    connection.close()

            assert at_once(1, elsewhere) == [0]
        assert recompute() == 1
