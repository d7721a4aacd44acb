"""manage.py escalate_overdue: what it lists is what it then fires."""

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from grievances.models import Escalation, Grievance
from grievances.services.verbs import perform
from tests.factories import NOON, category, file_case, make_world

pytestmark = pytest.mark.django_db


def _run(**options) -> str:
    out = io.StringIO()
    with translation.override("en"):
        call_command("escalate_overdue", stdout=out, **options)
    return out.getvalue()


@pytest.fixture
def case() -> Grievance:
    world = make_world()
    case = file_case(world, category=category())
    return perform(action="assign", actor=world.street, grievance=case, now=NOON, agency=world.agency)


def test_a_dry_run_lists_who_would_be_told_and_why_and_fires_nothing(case):
    at = case.stage_due_at.isoformat()
    text = _run(now=at, dry_run=True)
    lines = [line for line in text.splitlines() if case.number in line]
    assert len(lines) == 2
    assert "Acknowledging Reminder (rung 1, 80 % of the limit, due since 2026-03-05 10:36" in lines[0]
    assert "Acknowledging Urge (rung 2, 100 % of the limit, due since 2026-03-05 12:00" in lines[1]
    assert all("Assigned at 花戏楼城管中队" in line for line in lines)
    assert "tells nobody, for it is too late to say “due soon”" in lines[0]
    assert "(承办人)" in lines[1]
    assert "(street)" in lines[1]
    assert "(street)" not in lines[0]
    assert "2 would fire at 2026-03-05 12:00" in text
    assert not Escalation.objects.exists()
    assert _run(now=at).strip() == "2 fired"
    assert "0 would fire" in _run(now=at, dry_run=True)


def test_before_the_limit_a_dry_run_says_whom_the_first_rung_tells(case):
    text = _run(now=case.next_alarm_at.isoformat(), dry_run=True)
    assert "(rung 1, 80 % of the limit" in text
    assert "(承办人)" in text


def test_a_rung_past_the_limit_says_by_how_much(case):
    text = _run(now=(case.stage_due_at + timedelta(days=1)).isoformat(), dry_run=True)
    assert "Yellow card (rung 3, 7 office hours past the limit, due since 2026-03-06 12:00" in text


def test_nothing_is_due_before_the_first_rung(case):
    at = (case.next_alarm_at - timedelta(minutes=1)).isoformat()
    assert "0 would fire" in _run(now=at, dry_run=True)


def test_a_moment_that_is_none():
    with pytest.raises(CommandError, match="tomorrow"):
        _run(now="tomorrow")


def test_moments_are_written_with_all_their_digits(case):
    assert "0 would fire at 0001-01-02 00:00" in _run(now="0001-01-02T00:00", dry_run=True)
