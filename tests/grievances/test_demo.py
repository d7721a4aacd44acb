"""The demo city: legal histories, true inboxes, the same city for the same seed, and never in a real one."""

import io
from collections import Counter
from datetime import datetime

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import override_settings

from grievances.choices import Confirmation, Status
from grievances.models import Assignment, Category, Escalation, Extension, Feedback, Grievance, GrievanceEvent
from grievances.services.demo import PASSWORD, city, demo_accounts, load_demo, resident_link
from grievances.services.demo.organisation import DISTRICT_AGENCIES, STREET_AGENCIES
from grievances.services.demo.texts import topics
from grievances.services.escalation import due_rungs, escalate_overdue
from grievances.services.filing import file_grievance
from grievances.services.numbers import format_number
from grievances.workflow import TABLE
from linjiang.common.clock import local_day
from linjiang.common.errors import Conflict
from notifications.models import Message
from orgs import tree
from orgs.choices import Level, Role
from orgs.models import Boundary, Household, Post, Unit, User
from orgs.profile import profile
from orgs.services.system import system_user
from tests.factories import SHANGHAI

# Each test runs in a savepoint inside the module's transaction: what it changes is gone before the next.
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=SHANGHAI)


def _load(seed: int = 7):
    return load_demo(actor=system_user(), now=NOW, seed=seed, past=300, live=40)


@pytest.fixture(scope="module")
def demo(django_db_setup, django_db_blocker, tmp_path_factory):
    """Load a small demo city once for the module; nothing of it stays."""
    with (
        django_db_blocker.unblock(),
        time_machine.travel(NOW, tick=False),
        override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("media")),
        transaction.atomic(),
    ):
        yield _load()
        transaction.set_rollback(True)


def _fingerprint() -> list[tuple]:
    return list(
        Grievance.objects.order_by("number").values_list(
            "number", "status", "description", "discovered_at", "closed_at", "due_at", "holder_unit__path", "version"
        )
    )


def test_every_event_is_a_step_of_the_workflow_table():
    wrong = []
    for event in GrievanceEvent.objects.exclude(from_status=""):
        row = TABLE.get((event.from_status, event.action))
        may_lead_to = {row.to or event.from_status} if row else set()
        if event.action == "feedback":
            may_lead_to.add(Status.ASSIGNED)
        if row is None or event.to_status not in may_lead_to or event.standing not in row.by:
            wrong.append((event.grievance.number, event.from_status, event.action, event.standing, event.to_status))
    assert wrong == []


def test_timelines_begin_with_discovery_run_forward_and_end_in_the_cases_status():
    for case in Grievance.objects.prefetch_related("events"):
        events = list(case.events.all())
        assert events[0].action == "discover", case.number
        assert [event.from_status for event in events[1:]] == [event.to_status for event in events[:-1]], case.number
        assert events[-1].to_status == case.status, case.number
        assert events[0].at == case.discovered_at
        assert events[-1].at <= NOW


def test_cases_of_every_kind():
    assert set(Grievance.objects.values_list("status", flat=True)) == set(Status.values)
    confirmed = set(Grievance.objects.filter(status=Status.CLOSED).values_list("confirmation", flat=True))
    assert confirmed == {Confirmation.RESIDENT, Confirmation.TOLD, Confirmation.UNANSWERED}
    assert Grievance.objects.overdue(at=NOW).count() >= 4
    assert Grievance.objects.filter(suspended_at__isnull=False, status=Status.IN_PROGRESS).exists()
    assert Extension.objects.filter(decided_at__isnull=True).exists()
    assert Grievance.objects.live().filter(reopened_count__gt=0).exists()
    assert Grievance.objects.live().filter(events__action="appeal").exists()
    assert Escalation.objects.filter(rung=3).exists()
    assert Feedback.objects.filter(rating__lte=2).exists()
    assert Grievance.objects.filter(attachments__isnull=False).exists()


def test_rows_beside_the_case_agree_with_it():
    handled = Grievance.objects.filter(
        status__in=(Status.ASSIGNED, Status.IN_PROGRESS, Status.RESOLVED, Status.CLOSED), lead_agency__isnull=False
    )
    leads = dict(
        Assignment.objects.filter(is_lead=True, ended_at__isnull=True).values_list("grievance_id", "agency_id")
    )
    assert leads == dict(handled.values_list("pk", "lead_agency_id"))
    danger = Grievance.objects.filter(category__photo_required=True)
    assert danger.exists()
    assert not danger.filter(attachments__isnull=True).exists()
    for case in Grievance.objects.filter(status=Status.CLOSED).exclude(confirmation=Confirmation.UNANSWERED):
        assert case.feedback.filter(round=case.round, rating=case.rating).exists(), case.number


def test_the_ladder_is_climbed_up_to_now():
    assert list(due_rungs(now=NOW)) == []
    assert escalate_overdue(actor=system_user(), now=NOW) == 0


def test_the_real_divisions_are_peopled_within_the_size_rules(demo):
    levels = Counter(Unit.objects.values_list("level", flat=True))
    assert (levels[Level.CITY], levels[Level.DISTRICT], levels[Level.STREET], levels[Level.COMMUNITY]) == (
        1,
        4,
        96,
        1360,
    )
    leaves = Unit.objects.filter(level=Level.NEIGHBOURHOOD)
    sizes = Counter(Household.objects.values_list("unit_id", flat=True))
    assert set(sizes) == set(leaves.values_list("pk", flat=True))
    assert all(profile().sizes[Level.NEIGHBOURHOOD].fits(size) for size in sizes.values())
    streets = Unit.objects.filter(parent__code="341602")
    assert all(leaves.filter(path__startswith=street.path).exists() for street in streets)
    assert demo.cases == Grievance.objects.count()


def test_one_sign_in_per_role_and_no_other():
    accounts = demo_accounts()
    assert {account.role for account in accounts} == set(Role.values)
    phones = {account.phone for account in accounts}
    assert all(User.objects.get(phone=phone).check_password(PASSWORD) for phone in phones)
    others = User.objects.exclude(phone__in=phones)
    assert others.filter(is_active=True).exists()
    assert not any(user.has_usable_password() for user in others)


def test_inboxes_of_the_demo_people():
    turns = {}
    for account in demo_accounts():
        user = User.objects.get(phone=account.phone)
        turns.setdefault(account.role, Counter(Grievance.objects.waiting_for(user).values_list("status", flat=True)))
    assert turns[Role.CHIEF][Status.RESOLVED] >= 2
    assert turns[Role.CHIEF][Status.DISCOVERED] == 1
    for role in (Role.GROUP_LEADER, Role.ZONE_LEADER, Role.COMMUNITY, Role.STREET):
        assert turns[role][Status.REPORTED] >= 1, role
    assert turns[Role.HANDLER][Status.ASSIGNED] >= 1
    assert turns[Role.HANDLER][Status.IN_PROGRESS] >= 2
    chief = Post.objects.get(user__phone=demo_accounts()[0].phone)
    assert chief.unit.households.count() >= 5
    token = resident_link().rstrip("/").rsplit("/", 1)[1]
    assert Grievance.objects.get(token=token).status == Status.RESOLVED


def test_messages_are_delivered_and_work_goes_on():
    assert Message.objects.exists()
    assert not Message.objects.filter(sent_at__isnull=True).exists()
    chief = User.objects.get(phone=demo_accounts()[0].phone)
    unit = chief.current_posts[0].unit
    last = Grievance.objects.filter(number__startswith=format_number(local_day(NOW), 0)[:-5]).count()
    case, new = file_grievance(actor=chief, unit=unit, description="楼下的灯又不亮了", now=NOW)
    assert new
    assert case.number == format_number(local_day(NOW), last + 1)


def test_the_same_seed_gives_the_same_city():
    first = _fingerprint()
    point = transaction.savepoint()
    _empty()
    _load()
    assert _fingerprint() == first
    transaction.savepoint_rollback(point)
    _empty()
    _load(seed=8)
    assert _fingerprint() != first


def _empty() -> None:
    """Take every row out, so that a city can be loaded again in the module's transaction."""
    tables = [name for name in connection.introspection.table_names() if name.startswith(("orgs_", "griev", "notif"))]
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # checks that still wait would keep the tables
        cursor.execute("TRUNCATE {} CASCADE".format(", ".join(tables)))


def test_a_second_load_does_nothing():
    before = (Unit.objects.count(), Grievance.objects.count())
    with pytest.raises(Conflict):
        _load()
    out = io.StringIO()
    call_command("demo", stdout=out)
    assert "already" in out.getvalue()
    assert (Unit.objects.count(), Grievance.objects.count()) == before


def test_a_load_that_breaks_leaves_nothing(monkeypatch):
    _empty()

    def broken(*_args, **_kwargs):
        raise RuntimeError

    monkeypatch.setattr(city.Present, "live", broken)
    with pytest.raises(RuntimeError):
        _load()
    assert not Unit.objects.exists()
    assert not Category.objects.exists()
    assert not User.objects.filter(is_system=False).exists()


def test_production_refuses_the_demo(settings):
    settings.SESSION_COOKIE_SECURE = True
    with pytest.raises(CommandError, match="production"):
        call_command("demo")


def test_accounts_are_printed():
    out = io.StringIO()
    call_command("demo", accounts=True, stdout=out)
    text = out.getvalue()
    assert PASSWORD in text
    assert all(account.phone in text and account.role_zh in text for account in demo_accounts())
    assert "/r/" in text


def test_every_topic_has_a_category_a_body_and_an_answer_to_everything_said():
    known = set(Category.objects.filter(parent__isnull=False).values_list("code", flat=True))
    assert {topic.code for topic in topics()} <= known
    assert {topic.agency for topic in topics()} <= {*STREET_AGENCIES, *DISTRICT_AGENCIES}
    assert [topic.code for topic in topics() if len(topic.say) != len(topic.done)] == []


def test_every_place_has_an_area_inside_the_one_above_and_most_cases_a_position():
    areas = {row.unit.path: row for row in Boundary.objects.select_related("unit")}
    places = Unit.objects.filter(level__in=(Level.CITY, Level.DISTRICT, Level.STREET, Level.COMMUNITY))
    assert set(areas) == set(places.values_list("path", flat=True))
    slack = 1e-6
    for path, row in areas.items():
        assert row.south - slack <= row.unit.lat <= row.north + slack
        assert row.west - slack <= row.unit.lon <= row.east + slack
        if above := areas.get(path[: -tree.SEGMENT]):
            assert above.west - slack <= row.west
            assert row.east <= above.east + slack
            assert above.south - slack <= row.south
            assert row.north <= above.north + slack
    with_position = Grievance.objects.filter(lat__isnull=False, lon__isnull=False).count()
    assert 0.5 < with_position / Grievance.objects.count() < 0.9
