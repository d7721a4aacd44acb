"""Real transactions side by side: nothing is filed, numbered, assigned, rated or escalated twice."""

import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event

import pytest
from django.db import connection, transaction

from grievances.choices import Status
from grievances.models import Assignment, Escalation, Feedback, Grievance, Joining, WhistleCall
from grievances.services.escalation import escalate_overdue
from grievances.services.feedback import rate_by_link
from grievances.services.joining import join, join_as_visitor
from grievances.services.verbs import perform
from grievances.services.whistles import remind_late
from linjiang.common.errors import LinjiangError
from notifications.models import Message
from notifications.services import deliver_due
from orgs.services.system import system_user
from tests.factories import NOON, World, file_case, fresh, make_world
from tests.grievances.scenes import called, case_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world() -> World:
    return make_world()


def at_once(count: int, work: Callable[[int], object]) -> list:
    """Run `work(0)` … `work(count - 1)` in threads that start together; return results, errors in their place."""
    barrier = Barrier(count)

    def run(number: int):
        try:
            barrier.wait(timeout=20)
            return work(number)
        except LinjiangError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def test_the_same_submission_is_filed_once(world):
    submission = uuid.uuid4()
    chief = world.chief
    cases = at_once(8, lambda _number: file_case(world, by=fresh(chief), submission_id=submission).pk)
    assert len(set(cases)) == 1
    assert Grievance.objects.count() == 1
    assert Grievance.objects.get().events.count() == 2
    assert Message.objects.filter(kind="case_reported").count() == 1


def test_cases_filed_together_get_different_numbers(world):
    chief = world.chief
    at_once(8, lambda _number: [file_case(world, by=fresh(chief)) for _again in range(5)])
    numbers = list(Grievance.objects.values_list("number", flat=True))
    assert len(numbers) == 40
    assert len(set(numbers)) == 40
    assert {number[:11] for number in numbers} == {"LJ20260304-"}


def test_two_who_assign_the_same_version_do_not_overwrite_each_other(world):
    case = case_in(world, Status.REPORTED)
    people = [world.community, world.street]
    agencies = [world.agency, world.second_agency]
    answers = at_once(
        2,
        lambda number: perform(
            action="assign",
            actor=fresh(people[number]),
            grievance=case,
            now=NOON,
            version=case.version,
            agency=agencies[number],
        ),
    )
    refusals = [answer for answer in answers if isinstance(answer, LinjiangError)]
    assert len(refusals) == 1
    assert refusals[0].status == 409
    assert Assignment.objects.filter(is_lead=True, ended_at__isnull=True).count() == 1


def test_the_link_takes_one_rating(world):
    case = case_in(world, Status.RESOLVED)
    answers = at_once(
        6,
        lambda number: rate_by_link(token=case.token, rating=5 - number % 2, said_resolved=True, comment="", now=NOON),
    )
    assert sum(isinstance(answer, Grievance) for answer in answers) == 1
    assert all(answer.code == "already_rated" for answer in answers if isinstance(answer, LinjiangError))
    assert Feedback.objects.count() == 1


def test_many_sweepers_fire_each_rung_once(world):
    cases = [file_case(world) for _number in range(30)]
    actor = system_user()
    at = cases[0].due_at + timedelta(days=9)
    fired = at_once(4, lambda _number: escalate_overdue(actor=actor, now=at, batch=3))
    rungs = Counter(Escalation.objects.values_list("grievance_id", "stage", "rung"))
    assert sum(fired) == 240  # four rungs of assigning and four of resolving each
    assert len(rungs) == 240
    assert set(rungs.values()) == {1}


def test_many_deliverers_send_each_message_once(world, caplog):
    for _number in range(20):
        file_case(world)
    waiting = Message.objects.filter(sent_at__isnull=True).count()
    with caplog.at_level("INFO", logger="linjiang.messages"):
        sent = at_once(4, lambda _number: deliver_due(now=NOON, batch=3))
    assert waiting == 20
    assert sum(sent) == 20
    assert len([record for record in caplog.records if record.name == "linjiang.messages"]) == 20


def test_a_step_that_waited_for_another_sees_whom_the_case_was_given_to(world):
    case = case_in(world, Status.REPORTED)
    community, street = world.community, world.street
    held, waiting = Event(), Event()

    def assign(_number: int) -> None:
        with transaction.atomic():
            perform(action="assign", actor=fresh(community), grievance=case, now=NOON, agency=world.agency)
            held.set()
            waiting.wait(timeout=20)
            time.sleep(0.3)

    def comment(_number: int) -> Grievance:
        held.wait(timeout=20)
        person = fresh(street)
        waiting.set()
        return perform(action="comment", actor=person, grievance=case, now=NOON, note="已知悉")

    _assigned, seen = at_once(2, lambda number: (assign, comment)[number](number))
    assert seen.lead_agency == world.agency
    assert seen.holder_unit == world.units["community"]


def test_a_household_that_joins_from_many_phones_at_once_counts_once(world):
    case, household = file_case(world), world.household
    people = [world.chief, world.group_leader, world.zone_leader, world.community]
    answers = at_once(
        8,
        lambda number: join(
            actor=fresh(people[number % 4]), grievance=case, submission_id=uuid.uuid4(), household=household, now=NOON
        ),
    )
    assert sorted(is_new for _joining, is_new in answers) == [False] * 7 + [True]
    case.refresh_from_db()
    assert (case.joined_count, case.joinings.count()) == (1, 1)
    assert case.events.filter(action="join").count() == 1


def test_one_submission_sent_for_two_cases_at_once_joins_one(world):
    cases, submission, leader = [file_case(world), file_case(world)], uuid.uuid4(), world.group_leader
    answers = at_once(
        8,
        lambda number: join(actor=fresh(leader), grievance=cases[number % 2], submission_id=submission, now=NOON),
    )
    assert len({joining.pk for joining, _new in answers}) == 1
    assert Joining.objects.count() == 1
    assert sum(Grievance.objects.values_list("joined_count", flat=True)) == 1


def test_visitors_who_join_at_once_all_count(world):
    case = file_case(world)
    at_once(8, lambda number: join_as_visitor(grievance=case, visitor=f"{number % 4}" * 64, now=NOON))
    case.refresh_from_db()
    assert (case.joined_count, case.joinings.count(), case.version) == (4, 4, 5)


def test_joining_beside_a_merge_loses_nobody(world):
    case, into = file_case(world), file_case(world)

    def work(number: int):
        if number == 3:
            return perform(action="merge", actor=fresh(world.community), grievance=case, into=into, now=NOON)
        return join_as_visitor(grievance=case, visitor=f"{number}" * 64, now=NOON)

    answers = at_once(8, work)
    case.refresh_from_db()
    into.refresh_from_db()
    refused = [answer for answer in answers if isinstance(answer, LinjiangError)]
    assert case.status == Status.MERGED
    assert (case.joined_count, into.joined_count) == (0, 7 - len(refused))
    assert Joining.objects.filter(grievance=into).count() == into.joined_count


def test_two_who_merge_crosswise_at_once_leave_one_case_open(world):
    cases, people = [file_case(world), file_case(world)], [world.community, world.street]
    answers = at_once(
        2,
        lambda number: perform(
            action="merge", actor=fresh(people[number]), grievance=cases[number], into=cases[1 - number], now=NOON
        ),
    )
    assert sum(isinstance(answer, LinjiangError) for answer in answers) == 1
    assert Counter(Grievance.objects.values_list("status", flat=True)) == {Status.MERGED: 1, Status.REPORTED: 1}


def test_sweepers_side_by_side_remind_each_late_agency_once(world):
    cases = [called(world, file_case(world), world.agency, world.second_agency) for _number in range(6)]
    late = NOON + timedelta(days=2)
    counts = at_once(4, lambda _number: remind_late(actor=system_user(), now=late, batch=2))
    assert sum(counts) == 12
    assert WhistleCall.objects.filter(late_at=late, alarm_at=None).count() == 12
    assert Message.objects.filter(kind="whistle_late").count() == 12
    for case in cases:
        assert case.events.filter(action="escalate").count() == 2
        assert Grievance.objects.get(pk=case.pk).version == case.version + 2


def test_an_agency_arrives_once_and_the_sweep_passes_over_a_case_somebody_holds(world):
    case = called(world, case_in(world, Status.IN_PROGRESS))
    late = NOON + timedelta(days=2)
    handler = world.second_handler

    def arrive(_number: int):
        return perform(action="arrive", actor=fresh(handler), grievance=case, now=late, version=case.version)

    results = at_once(4, arrive)
    assert sum(not isinstance(one, LinjiangError) for one in results) == 1
    assert case.events.filter(action="arrive").count() == 1
    other = called(world, case_in(world, Status.IN_PROGRESS))
    with transaction.atomic():
        Grievance.objects.select_for_update().get(pk=other.pk)
        assert at_once(1, lambda _number: remind_late(actor=system_user(), now=late)) == [0]
    assert remind_late(actor=system_user(), now=late) == 1


def test_two_whistles_at_one_moment_are_one(world):
    case = file_case(world)
    blown = at_once(4, lambda _number: called(world, case))
    assert sum(not isinstance(one, LinjiangError) for one in blown) == 1
    assert WhistleCall.objects.count() == 1
