"""manage.py escalate_overdue: what it lists is what it then fires."""

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from grievances.models import Escalation, Grievance
from grievances.services.verbs import perform
from tests.factories import NOON, category, file_case, make_world

pytestmark = pytest.mark.django_db


def _run(**options) -> str:
    out = io.StringIO()
    call_command("escalate_overdue", stdout=out, **options)
    return out.getvalue()


@pytest.fixture
def case() -> Grievance:
    world = make_world()
    case = file_case(world, category=category())
    return perform(action="assign", actor=world.street, grievance=case, now=NOON, agency=world.agency)


def test_a_dry_run_lists_who_would_be_told_and_why_and_fires_nothing(case):
    at = (case.due_at + timedelta(hours=30)).isoformat()
    text = _run(now=at, dry_run=True)
    assert text.count(case.number) == 2  # the holder, and a day later the superior
    assert "承办人" in text
    assert "30.0 h" in text
    assert "2 would fire" in text
    assert not Escalation.objects.exists()
    assert _run(now=at).strip() == "2 fired"
    assert "0 would fire" in _run(now=at, dry_run=True)


def test_nothing_is_due_before_the_limit(case):
    at = (case.due_at - timedelta(minutes=1)).isoformat()
    assert "0 would fire" in _run(now=at, dry_run=True)


def test_a_moment_that_is_none():
    with pytest.raises(CommandError, match="tomorrow"):
        _run(now="tomorrow")
