"""The clocks of a case through its verbs: what starts, what stops, and to the minute when a stage is due."""

from datetime import date, datetime, timedelta

import pytest

from grievances.choices import Action, Stage, Status
from grievances.models import Category
from grievances.services.escalation import escalate_overdue
from linjiang.common.errors import InvalidInput, NotAllowed
from orgs.services.calendar import set_day
from orgs.services.system import system_user
from tests.factories import NOON, SHANGHAI, World, category, file_case, make_world
from tests.grievances.scenes import HOUR, case_in, do, suspend

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


@pytest.fixture
def world() -> World:
    return make_world()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def march(day: int, hour: int = 12, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=SHANGHAI)


def stage_of(case) -> tuple:
    return case.stage, case.stage_started_at, case.stage_due_at


def ended_stage(case) -> dict:
    """Return what the newest event keeps of the stage that it ended."""
    return case.events.last().data.get("ended_stage", {})


@pytest.mark.parametrize(
    ("urgency", "filed", "assign", "resolve"),
    [
        ("2h", "2026-03-06 20:00", "2026-03-06 20:30", "2026-03-06 22:00"),  # Friday evening
        ("2h", "2026-03-07 23:30", "2026-03-08 00:00", "2026-03-08 01:30"),  # over midnight on a Saturday
        ("24h", "2026-03-07 09:00", "2026-03-07 13:00", "2026-03-08 09:00"),
        ("24h", "2026-02-16 22:00", "2026-02-17 02:00", "2026-02-17 22:00"),  # the eve of Spring Festival
        ("7d", "2026-03-04 12:00", "2026-03-05 12:00", "2026-03-13 12:00"),
        ("7d", "2026-02-13 17:00", "2026-02-14 17:00", "2026-03-02 17:00"),  # a make-up Saturday, 15–23 off
        ("7d", "2026-04-03 10:00", "2026-04-07 10:00", "2026-04-15 10:00"),  # Qingming, 4–6 April off
        ("7d", "2026-03-07 10:00", "2026-03-09 18:00", "2026-03-17 18:00"),  # reported on a Saturday
        ("15d", "2026-03-04 09:00", "2026-03-05 09:00", "2026-03-25 09:00"),
        ("15d", "2026-04-28 15:00", "2026-04-29 15:00", "2026-05-21 15:00"),  # 1–5 May off, the 9th worked
        ("15d", "2026-09-24 15:00", "2026-09-28 15:00", "2026-10-22 15:00"),  # 25–27 off, 1–7 off, the 10th worked
    ],
)
def test_when_assigning_and_resolving_are_due(world, urgency, filed, assign, resolve):
    case = file_case(world, urgency=urgency, now=at(filed))
    assert stage_of(case) == (Stage.ASSIGN, at(filed), at(assign))
    assert case.due_at == at(resolve)
    assert case.acknowledge_due_at is None
    assert not case.due_provisional


def test_each_stage_begins_when_the_one_before_ends(world):
    case = file_case(world, now=march(4))
    assert (case.clock_started_at, case.due_at) == (march(4), march(13))
    case = do(world, case, Action.ASSIGN, world.community, at=march(5, 9))
    assert stage_of(case) == (Stage.ACKNOWLEDGE, march(5, 9), march(6, 9))
    assert case.acknowledge_due_at == march(6, 9)
    kept = ended_stage(case)
    assert (kept["stage"], datetime.fromisoformat(kept["due_at"])) == (Stage.ASSIGN, march(5))
    assert (kept["limit"], kept["counts"]) == (7 * 3600, "workdays")
    case = do(world, case, Action.ACKNOWLEDGE, world.handler, at=march(5, 15))
    assert stage_of(case) == ("", None, None)
    assert ended_stage(case)["stage"] == Stage.ACKNOWLEDGE
    case = do(world, case, Action.RESOLVE, world.handler, at=march(10, 9))
    assert stage_of(case) == (Stage.FEEDBACK, march(10, 9), march(13, 9))
    assert case.due_at == march(13)  # stays, for the on-time rate
    case = do(world, case, Action.FEEDBACK, world.chief, at=march(11, 9))
    assert stage_of(case) == ("", None, None)
    assert ended_stage(case)["stage"] == Stage.FEEDBACK
    assert (case.next_alarm_at, case.due_at) == (None, march(13))


def test_a_draft_has_no_clock_until_it_is_reported(world):
    case = file_case(world, keep_as_draft=True, now=march(4))
    assert (case.clock_started_at, case.due_at, case.next_alarm_at, case.stage) == (None, None, None, "")
    case = do(world, case, Action.REPORT, world.chief, at=march(6, 9))
    assert stage_of(case) == (Stage.ASSIGN, march(6, 9), march(9, 9))
    assert case.due_at == march(17, 9)


def test_solved_on_the_spot_only_feedback_runs(world):
    case = file_case(world, solved_result="拧紧了", now=march(4))
    assert stage_of(case) == (Stage.FEEDBACK, march(4), march(9))
    assert case.due_at == march(13)


def test_a_desk_that_settles_itself_ends_assigning(world):
    case = do(world, file_case(world, now=march(4)), Action.SETTLE_HERE, world.community, at=march(5, 9))
    assert stage_of(case) == ("", None, None)
    assert case.due_at == march(13)


def test_referring_up_neither_stops_nor_restarts_assigning(world):
    case = do(world, file_case(world, now=march(4)), Action.REFER_UP, world.group_leader, at=march(4, 16))
    assert stage_of(case) == (Stage.ASSIGN, march(4), march(5))


def test_a_returned_case_is_assigned_anew_while_resolving_goes_on(world):
    case = do(world, case_in(world, Status.ASSIGNED), Action.RETURN, world.handler, at=march(5, 9))
    assert stage_of(case) == (Stage.ASSIGN, march(5, 9), march(6, 9))
    assert (case.clock_started_at, case.due_at) == (march(4), march(13))
    assert case.acknowledge_due_at is None
    case = do(world, case, Action.ASSIGN, world.community, at=march(5, 16))
    assert stage_of(case) == (Stage.ACKNOWLEDGE, march(5, 16), march(6, 16))
    assert case.due_at == march(13)


@pytest.mark.parametrize(
    ("hold", "go_on", "due"),
    [
        ((5, 9), (5, 11), (13, 16, 30)),  # two office hours; over the noon break
        ((5, 9), (9, 9), (17, 12)),  # two working days, a weekend between
        ((7, 9), (8, 20), (13, 12)),  # a weekend counts nothing
        ((5, 18), (6, 8), (13, 12)),  # nor does a night
    ],
)
def test_a_suspension_moves_a_limit_of_working_days_by_the_working_time_it_held(world, hold, go_on, due):
    case = suspend(world, case_in(world, Status.IN_PROGRESS), at=march(*hold))
    assert case.suspended
    case = do(world, case, Action.RESUME, world.community, at=march(*go_on))
    assert case.due_at == march(*due)
    assert not case.suspended


def test_a_suspension_moves_a_limit_of_hours_by_the_clock_and_two_add_up(world):
    case = file_case(world, urgency="24h", now=march(6, 20))
    case = do(world, case, Action.SETTLE_HERE, world.community, at=march(6, 21))
    for hours in (1, 10):
        case = do(world, case, Action.ASK_SUSPENSION, world.community, at=march(6, 21) + hours * HOUR)
        case = do(world, case, Action.SUSPEND, world.street, at=march(6, 21) + hours * HOUR)
        case = do(world, case, Action.RESUME, world.community, at=march(6, 21) + (hours + 5) * HOUR)
    assert case.due_at == march(7, 20) + 10 * HOUR
    assert case.paused == 10 * 3600


def test_what_was_climbed_before_a_suspension_stays_climbed(world):
    case = case_in(world, Status.IN_PROGRESS)
    assert escalate_overdue(actor=system_user(), now=case.next_alarm_at) == 1
    case = suspend(world, case, at=march(12, 10))
    case = do(world, case, Action.RESUME, world.community, at=march(16, 10))
    assert (case.rung, case.due_at) == (1, march(17))
    assert case.next_alarm_at == case.due_at


def test_an_extension_moves_a_limit_by_days_of_its_own_kind(world):
    case = case_in(world, Status.IN_PROGRESS)
    case = do(world, case, Action.ASK_EXTENSION, world.handler, days=3)
    case = do(world, case, Action.GRANT_EXTENSION, world.community)
    assert case.due_at == march(18)
    quick = do(world, file_case(world, urgency="24h"), Action.ASSIGN, world.community)
    quick = do(world, quick, Action.ACKNOWLEDGE, world.handler)
    quick = do(world, quick, Action.ASK_EXTENSION, world.handler, days=3)
    quick = do(world, quick, Action.GRANT_EXTENSION, world.community)
    assert quick.due_at == NOON + 4 * DAY


def test_extensions_are_limited_in_number_and_length_and_asked_before_the_limit(world):
    case = case_in(world, Status.IN_PROGRESS)
    for days in (0, 16):
        with pytest.raises(InvalidInput) as refusal:
            do(world, case, Action.ASK_EXTENSION, world.handler, days=days)
        assert list(refusal.value.errors) == ["days"]
    with pytest.raises(NotAllowed):
        do(world, case, Action.ASK_EXTENSION, world.handler, at=case.due_at)
    for _time in range(2):
        case = do(world, case, Action.ASK_EXTENSION, world.handler, at=case.due_at - SECOND, days=15)
        case = do(world, case, Action.GRANT_EXTENSION, world.community, at=case.due_at)
    with pytest.raises(NotAllowed):
        do(world, case, Action.ASK_EXTENSION, world.handler)


def test_a_refused_extension_moves_nothing_and_is_not_counted(world):
    case = case_in(world, Status.IN_PROGRESS)
    for _time in range(3):
        case = do(world, case, Action.ASK_EXTENSION, world.handler)
        case = do(world, case, Action.REFUSE_EXTENSION, world.community)
    assert case.due_at == march(13)


def test_a_refused_suspension_never_held_the_clock(world):
    case = do(world, case_in(world, Status.IN_PROGRESS), Action.ASK_SUSPENSION, world.handler, at=march(5))
    alarm = case.next_alarm_at
    case = do(world, case, Action.REFUSE_SUSPENSION, world.community, at=march(6))
    assert (case.due_at, case.next_alarm_at, case.paused) == (march(13), alarm, 0)


def test_who_decides_on_a_suspension_stands_above_who_asked(world):
    asked = do(world, case_in(world, Status.IN_PROGRESS), Action.ASK_SUSPENSION, world.community)
    with pytest.raises(NotAllowed):
        do(world, asked, Action.SUSPEND, world.community)
    assert do(world, asked, Action.SUSPEND, world.street).suspended


def test_a_new_class_counts_from_the_beginning_and_is_recorded(world):
    case = do(world, file_case(world, now=march(4)), Action.ASSIGN, world.community, at=march(5, 9))
    case = do(world, case, Action.CLASSIFY, world.community, at=march(5, 10), category=category(), urgency="24h")
    assert (case.clock_started_at, case.due_at) == (march(4), march(5))
    assert stage_of(case) == (Stage.ACKNOWLEDGE, march(5, 9), march(5, 13))
    assert case.acknowledge_due_at == march(5, 13)
    event = case.events.last()
    assert (event.action, event.data["urgency"]) == (Action.CLASSIFY, "24h")
    # The stage goes on under its new limit: none ended.
    assert "ended_stage" not in event.data


def test_a_category_s_own_hours_hold_for_its_usual_urgency_alone(world):
    quick = Category.objects.filter(resolve_hours__isnull=False, urgency="2h", parent__isnull=False).first()
    case = do(world, case_in(world, Status.REPORTED), Action.CLASSIFY, world.community, category=quick)
    assert case.due_at == NOON + quick.resolve_hours * HOUR
    case = do(world, case, Action.CLASSIFY, world.community, category=quick, urgency="24h")
    assert case.due_at == NOON + DAY


@pytest.mark.parametrize(
    ("status", "action", "actor", "stage"),
    [
        (Status.CLOSED, Action.REOPEN, "chief", Stage.ASSIGN),
        (Status.REJECTED, Action.APPEAL, "chief", Stage.ASSIGN),
        (Status.RESOLVED, Action.FEEDBACK, "community", Stage.ACKNOWLEDGE),
    ],
)
def test_reopened_appealed_and_sent_back_begin_anew(world, status, action, actor, stage):
    given = {"rating": 1} if action == Action.FEEDBACK else {}
    case = do(world, case_in(world, status), action, getattr(world, actor), at=march(9, 9), **given)
    assert (case.clock_started_at, case.due_at, case.rung, case.paused) == (march(9, 9), march(18, 9), 0, 0)
    assert stage_of(case) == (stage, march(9, 9), march(10, 9))
    assert case.acknowledge_due_at == (march(10, 9) if stage == Stage.ACKNOWLEDGE else None)


def test_a_deadline_past_the_known_years_is_provisional(world):
    case = file_case(world, now=at("2026-12-28 10:00"))
    assert case.due_provisional
    assert case.due_at == at("2027-01-06 10:00")  # Monday to Friday
    assert not file_case(world, now=at("2026-12-21 10:00")).due_provisional


def test_a_day_set_by_the_city_counts_at_once(world):
    set_day(actor=system_user(), day=date(2026, 3, 5), is_working=False, name="停电", now=NOON)
    assert file_case(world, now=march(4)).stage_due_at == march(6)
