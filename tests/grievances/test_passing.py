"""Cases that are handed back and given to others again and again: counted, shown, told, and counted by agency."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import translation

from grievances.choices import Action, Status
from grievances.models import Grievance, Reason
from grievances.services.passing import passed_by_agency
from notifications.models import Message
from notifications.wording import put_into_words
from orgs.choices import Role
from tests.factories import NOON, World, make_post, make_world, reason
from tests.grievances.browsing import signed_in
from tests.grievances.scenes import HOUR, case_in, do, file_case

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def handed_back(world: World, case: Grievance, *, at=NOON, why=None, note="") -> Grievance:
    """Have the first agency take the case and hand it back."""
    case = do(world, case, Action.ASSIGN, world.community, at=at)
    return do(world, case, Action.RETURN, world.handler, at=at, reason=why or reason("return"), note=note)


def told() -> list[str]:
    messages = Message.objects.filter(kind="case_passed_on_often").order_by("recipient__name")
    return list(messages.values_list("recipient__name", flat=True))


def page(world, case: Grievance):
    with time_machine.travel(NOON + HOUR, tick=False):
        return signed_in(world.community).get(f"/cases/{case.number}/")


def test_once_is_not_worth_a_word(world):
    assert page(world, handed_back(world, case_in(world, Status.REPORTED))).context["passed"] is None


def test_from_twice_on_the_page_says_how_often_who_and_why(world):
    case = handed_back(world, case_in(world, Status.REPORTED), note="属于供水站")
    case = do(world, case, Action.ASSIGN, world.community)
    case = do(world, case, Action.REASSIGN, world.street, note="城管中队无此职责")
    shown = page(world, case).context["passed"]
    with translation.override("en"):
        from grievances import passing

        assert passing.words(passing.Times(2, 1)) == "handed back 2 times, given to another 1 time"
    assert [line.agency for line in shown.lines] == [world.agency.name, world.agency.name]
    assert "属于供水站" in shown.lines[0].why
    assert str(reason("return")) in shown.lines[0].why
    assert shown.lines[1].why == "城管中队无此职责"
    assert world.second_agency.name in shown.lines[1].what
    assert shown.words in page(world, case).content.decode()
    desk = signed_in(world.street).get(f"/desk/grievances/grievance/{case.pk}/change/")
    assert "城管中队无此职责" in desk.content.decode()


def test_the_nearest_supervisor_is_told_at_the_third_time_only(world):
    above = make_post(Role.SUPERVISOR, unit=world.units["district"], name="区督办员").user
    case = case_in(world, Status.REPORTED)
    case = handed_back(world, handed_back(world, case))
    assert told() == []
    case = do(world, case, Action.ASSIGN, world.community)
    case = do(world, case, Action.REASSIGN, world.community)
    assert told() == ["supervisor"]
    with translation.override("en"):
        words = put_into_words("case_passed_on_often", Message.objects.get(kind="case_passed_on_often").facts)
    assert "handed back 2 times, given to another 1 times" in words
    case = do(world, case, Action.RETURN, world.second_handler)
    assert told() == ["supervisor"]
    assert above.name not in told()


def test_without_a_supervisor_of_the_street_the_next_above_is_told(world):
    world.supervisor.posts.update(ended_at=NOON - HOUR)
    make_post(Role.SUPERVISOR, unit=world.units["district"], name="区督办员")
    case = case_in(world, Status.REPORTED)
    for _time in range(3):
        case = handed_back(world, case)
    assert told() == ["区督办员"]


def test_the_assignment_keeps_why_and_when(world):
    case = handed_back(world, case_in(world, Status.REPORTED))
    case = do(world, case, Action.ASSIGN, world.community)
    do(world, case, Action.REASSIGN, world.community, at=NOON + HOUR)
    first, second, third = case.assignments.order_by("pk")
    assert (first.returned_at, first.return_reason, first.reassigned_at) == (NOON, reason("return"), None)
    assert (second.returned_at, second.reassigned_at, second.ended_at) == (None, NOON + HOUR, NOON + HOUR)
    assert (third.agency, third.ended_at) == (world.second_agency, None)


def test_agencies_are_counted_by_what_they_passed_on_in_the_time(world, django_assert_num_queries):
    other_reason = Reason.objects.filter(kind="return").exclude(pk=reason("return").pk).first()
    case = handed_back(world, handed_back(world, case_in(world, Status.REPORTED)), why=other_reason)
    handed_back(world, file_case(world))
    taken = do(world, case_in(world, Status.ASSIGNED), Action.REASSIGN, world.community)
    do(world, taken, Action.RETURN, world.second_handler)
    late = handed_back(world, file_case(world), at=NOON + timedelta(days=9))
    cases = Grievance.objects.visible_to(world.street)
    with django_assert_num_queries(3):
        mine, theirs = passed_by_agency(cases=cases, since=NOON - HOUR, until=NOON + HOUR)
    assert (mine.agency, mine.returned, mine.reassigned, mine.cases) == (world.agency.name, 3, 1, 3)
    assert mine.reasons == [(reason("return"), 2), (other_reason, 1)]
    assert (theirs.agency_id, theirs.returned, theirs.reassigned, theirs.cases) == (world.second_agency.pk, 1, 0, 1)
    assert case.pk != late.pk
    [only] = passed_by_agency(cases=cases, since=NOON + HOUR, until=NOON + timedelta(days=30))
    assert (only.returned, only.cases) == (1, 1)


def test_nobody_is_counted_for_cases_out_of_scope(world):
    handed_back(world, case_in(world, Status.REPORTED))
    cases = Grievance.objects.visible_to(world.others["street"])
    assert passed_by_agency(cases=cases, since=NOON - HOUR, until=NOON + HOUR) == []
    below = Grievance.objects.visible_to(world.street).below(world.units["other_community"])
    assert passed_by_agency(cases=below, since=NOON - HOUR, until=NOON + HOUR) == []
