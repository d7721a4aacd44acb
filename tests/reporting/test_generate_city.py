"""The made-up city: its figures come out exactly, its rows agree with one another and with the product's own clock."""

from collections import Counter
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import F
from django.utils import timezone

from grievances.choices import RUNNING, Action, Status
from grievances.models import Category, Extension, Grievance, GrievanceEvent
from grievances.services import clock
from grievances.services.rulebook import rulebook
from grievances.services.synthetic import arrivals, city, tables
from grievances.services.synthetic.figures import FIGURES, counts_of
from grievances.services.synthetic.rules import read_rules
from grievances.services.synthetic.teller import confirmations
from grievances.services.synthetic.writer import MODELS
from grievances.workflow import transition
from linjiang.common.clock import now
from orgs.choices import Level, Role
from orgs.models import Household, Post, Unit, User
from orgs.rules import forget_rules
from orgs.services.system import system_user
from reporting.services.rates import closure_rates

SILENT = city.Telling(lambda _text: None, lambda _done, _total: None)
SMALL = {"neighbourhoods": 300, "telling": SILENT, "processes": 1}
EVENING = "2026-11-25T18:30:00+08:00"


def _make(**given):
    return city.generate_city(actor=system_user(), now=now(), **{"grievances": 1040, "seed": 7, **SMALL, **given})


def _year(unit=None):
    unit = unit or Unit.objects.get(level=Level.CITY)
    today = timezone.localdate()
    return closure_rates(unit=unit, since=today - timedelta(days=365), until=today - timedelta(days=1), now=now())


def _catalogue():
    found = []
    for query in (
        "SELECT schemaname, tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 2, 3",
        "SELECT conrelid::regclass::text, conname, contype, convalidated, condeferrable, condeferred,"
        " pg_get_constraintdef(oid) FROM pg_constraint ORDER BY 1, 2",
    ):
        with connection.cursor() as cursor:
            cursor.execute(query)
            found += cursor.fetchall()
    return set(found)


@pytest.mark.parametrize(("figures", "closed", "shown"), [("bozhou", 206_000, "99.04"), ("anshan", 2_794_400, "99.80")])
def test_published_figures(figures, closed, shown):
    counts = counts_of(FIGURES[figures], accepted=FIGURES[figures].accepted)
    assert counts.closed == closed
    assert f"{100 * counts.closed / counts.accepted:.2f}" == shown
    assert counts.heard + counts.disproved + counts.unanswered == counts.closed


def test_anshan_is_satisfied_by_95_percent():
    counts = counts_of(FIGURES["anshan"], accepted=2_800_000)
    assert f"{100 * counts.satisfaction(0.9):.2f}" == "95.00"


@pytest.mark.parametrize("accepted", [1, 30, 1040, 208_000])
def test_days_and_ends_add_up(accepted):
    counts = counts_of(FIGURES["anshan"], accepted=accepted, closed_share=Fraction(3, 4))
    days = arrivals.days_of(until=date(2026, 11, 25), days=365, accepted=accepted, open_cases=accepted - counts.closed)
    assert sum(day.count for day in days) == accepted
    assert all(0 <= day.open <= day.count for day in days)
    ends = Counter(end for day in days for end in confirmations(counts, day))
    assert [ends[kind] for kind in range(4)] == [counts.satisfied, counts.fairly, counts.disproved, counts.unanswered]
    assert all(len(confirmations(counts, day)) == day.closed for day in days)


def test_fewer_cases_at_the_spring_festival_and_on_sundays():
    assert arrivals.weight(date(2026, 2, 18)) < 0.5 * arrivals.weight(date(2026, 3, 18))
    assert arrivals.weight(date(2026, 9, 20)) < arrivals.weight(date(2026, 9, 21))


@pytest.mark.django_db
def test_the_rules_in_seconds_are_those_of_the_calendar():
    city.load_shipped_defaults(actor=system_user())
    categories = list(Category.objects.filter(parent__isnull=False))
    first = date(2025, 9, 1)
    rules = read_rules(first=first, until=date(2026, 2, 1), categories=categories)
    zone, calendar = ZoneInfo("Asia/Shanghai"), rulebook().calendar
    midnight = datetime(2025, 9, 1, tzinfo=zone)
    for turn in range(3000):
        start, seconds = turn * 7919 % (150 * 86_400), 1 + turn * 104_729 % 400_000
        wanted = calendar.add(midnight + timedelta(seconds=start), seconds)
        assert rules.add(start, seconds, True) == (wanted - midnight).total_seconds()
    assert datetime.fromisoformat(rules.text(3 * 86_400 + 61)) == midnight + timedelta(days=3, seconds=61)


@pytest.mark.django_db(transaction=True)
@time_machine.travel(EVENING, tick=False)
def test_a_small_city():
    before = _catalogue()
    made = _make(households=True, grievances=2080)
    assert _catalogue() == before
    assert (made.counts.accepted, made.counts.closed) == (2080, 2060)
    call_command("rebuild_tallies")
    call_command("verify_tallies")
    _judge_figures()
    _judge_organisation()
    _judge_timelines()
    _judge_clocks()
    _judge_words()
    with pytest.raises(CommandError, match="empty"):
        call_command("generate_city", grievances=10, neighbourhoods=10)


def _judge_figures():
    rates = _year()
    assert (rates["closure_rate"]["numerator"], rates["closure_rate"]["denominator"]) == (2060, 2080)
    assert 0.9 < rates["on_time_rate"]["value"] < 1
    assert rates["reopen_rate"]["numerator"] > 0
    assert Extension.objects.count() > 0
    assert set(Grievance.objects.values_list("settled_by", flat=True)) >= {"chief", "group", "zone", "agency"}
    assert Grievance.objects.filter(reported_at__gte=timezone.localtime().replace(hour=0, minute=0)).count() == 0
    assert Grievance.objects.values("description").distinct().count() > 1000


def _judge_organisation():
    leaves = Unit.objects.filter(level=Level.NEIGHBOURHOOD)
    assert leaves.count() == 300
    assert Post.objects.filter(role=Role.CHIEF, unit__in=leaves).values("unit").distinct().count() == 300
    for level in (Level.COMMUNITY, Level.ZONE, Level.GROUP):
        units = Unit.objects.filter(level=level)
        made = {unit.pk: unit.children_made for unit in units}
        found = Counter(Unit.objects.filter(parent__in=units).values_list("parent_id", flat=True))
        assert {key: count for key, count in made.items() if count} == found
    assert 300 * 5 <= Household.objects.count() <= 300 * 15
    assert not Grievance.objects.exclude(household__unit_id=F("unit_id")).exists()
    fresh = User.objects.create(phone="13900000000", name="新人")
    assert fresh.pk == User.objects.order_by("-pk").first().pk


def _judge_words():
    for case in Grievance.objects.select_related("household")[:200]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT search = %s::tsvector FROM grievances_grievance WHERE id = %s", [case.lexemes(), case.pk]
            )
            assert cursor.fetchone() == (True,)


def _judge_timelines():
    events: dict[int, list[GrievanceEvent]] = {}
    for event in GrievanceEvent.objects.order_by("pk"):
        events.setdefault(event.grievance_id, []).append(event)
    for case in Grievance.objects.prefetch_related("assignments", "feedback"):
        told = events[case.pk]
        assert [event.at for event in told] == sorted(event.at for event in told)
        assert case.version == len(told) - 1
        assert told[-1].to_status == case.status
        for earlier, event in pairwise(told):
            assert event.from_status == earlier.to_status
            row = transition(event.from_status, event.action)
            assert row is not None, (event.from_status, event.action)
            assert event.standing in row.by
        last = {event.action: event.at for event in told}
        if case.lead_agency_id:
            assert case.assigned_at == max(at for at in (last[Action.ASSIGN], _redone(told)) if at)
            lead = [one for one in case.assignments.all() if one.ended_at is None]
            assert [one.agency_id for one in lead] == [case.lead_agency_id]
            assert lead[0].acknowledged_at == case.acknowledged_at
        assert case.closed_at == (told[-1].at if case.status == Status.CLOSED else None)
        assert case.reopened_count == sum(
            1 for event in told if event.to_status == "ASSIGNED" and event.data.get("rating")
        )
        assert {one.rating for one in case.feedback.all()} >= ({case.rating} if case.rating else set())


def _redone(told):
    return next((event.at for event in told if event.action == Action.FEEDBACK and event.to_status == "ASSIGNED"), None)


def _judge_clocks():
    fields = ("limit", "counts", "soon_at", "due_at", "due_provisional", "rules_version", "next_alarm_at")
    stage = ("stage", "stage_started_at", "stage_limit", "stage_counts", "stage_due_at", "stage_rung")
    seen = set()
    for case in Grievance.objects.exclude(status=Status.CLOSED):
        seen.add(case.status)
        begun = clock.reported(case, now=case.reported_at)
        assert {name: getattr(case, name) for name in fields[:-1]} == {name: begun[name] for name in fields[:-1]}
        if case.status == Status.REPORTED:
            wanted = begun
        elif case.status == Status.ASSIGNED:
            wanted = clock.assigned(case, now=case.assigned_at)
            assert case.acknowledge_due_at == wanted["acknowledge_due_at"]
        elif case.status == Status.IN_PROGRESS:
            wanted = clock.taken_on(case)
        else:
            wanted = clock.resolved(case, now=case.resolved_at)
        for name in ("next_alarm_at", *stage):
            assert getattr(case, name) == wanted[name], (case.status, name)
    assert seen >= set(RUNNING)
    closed = Grievance.objects.filter(status=Status.CLOSED)
    assert not closed.filter(next_alarm_at__isnull=False).exists()
    for case in closed.filter(round=1, extensions__isnull=True)[:300]:
        begun = clock.reported(case, now=case.reported_at)
        assert {name: getattr(case, name) for name in fields[:-1]} == {name: begun[name] for name in fields[:-1]}


@pytest.mark.django_db(transaction=True)
@time_machine.travel(EVENING, tick=False)
def test_the_same_seed_makes_the_same_city_in_any_number_of_processes():
    found = []
    for processes in (1, 2):
        _empty()
        _make(processes=processes, grievances=208)
        rows = [list(model.objects.order_by("pk").values_list()) for model in MODELS.values()]
        found.append(rows)
    for one, two in zip(*found, strict=True):
        assert len(one) == len(two)
        assert one == two


def _empty():
    """Empty every table and begin its keys anew, so that two cities can be compared by their keys."""
    tables_of = ", ".join(f'"{name}"' for name in connection.introspection.django_table_names(only_existing=True))
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {tables_of} RESTART IDENTITY CASCADE")
    forget_rules()


@pytest.mark.django_db(transaction=True)
@time_machine.travel(EVENING, tick=False)
def test_ctrl_c_leaves_an_empty_database_with_all_its_indexes():
    before = _catalogue()

    def interrupted(_done, _total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _make(telling=city.Telling(lambda _text: None, interrupted))
    assert _catalogue() == before
    assert not any(model.objects.exists() for model in (*MODELS.values(), Unit, Post, Household))
    assert list(User.objects.values_list("is_system", flat=True)) == [True]
    _make(grievances=30)
    assert Grievance.objects.count() == 30


@pytest.mark.django_db(transaction=True)
def test_whatever_is_on_the_tables_is_put_back():
    """Also what no migration of today makes: a deferrable unique constraint, an expression, a condition."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX odd_one ON grievances_feedback (lower(comment), id DESC)")
        cursor.execute(
            "ALTER TABLE grievances_feedback ADD CONSTRAINT odd_key UNIQUE (id, at) DEFERRABLE INITIALLY DEFERRED"
        )
    before = _catalogue()
    try:
        with tables.bare(list(MODELS.values()), say=lambda _text: None):
            assert tables.catalogue([model._meta.db_table for model in MODELS.values()]) == ([], [])
        assert _catalogue() == before
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE grievances_feedback DROP CONSTRAINT odd_key")
            cursor.execute("DROP INDEX odd_one")


def test_nonsense_is_refused():
    for given in (
        {"grievances": 10_000_001},
        {"grievances": 5, "processes": 0},
        {"grievances": 5, "neighbourhoods": 0},
    ):
        with pytest.raises(CommandError, match="--"):
            call_command("generate_city", **given)
