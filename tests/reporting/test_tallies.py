"""Tallies are what the cases say, whatever is folded when, by whom, and however it ends."""

from datetime import date, timedelta
from io import StringIO
from threading import Event, Thread

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.db.models import F
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from grievances.choices import Action
from grievances.models import Grievance, MeasuredChange
from grievances.services import changes
from grievances.services.feedback import rate_by_link
from linjiang.common.errors import LinjiangError
from notifications.models import Message
from orgs.choices import Role
from reporting.models import DurationTally, Tally
from reporting.services import tallies
from reporting.services.rates import closure_rates
from reporting.services.rebuilding import Area, rebuild
from reporting.services.tallies import fold, fold_all
from reporting.services.verifying import verify, verify_and_tell
from tests.factories import NOON, World, category, file_case, fresh, make_post, make_world
from tests.grievances.scenes import arguments, do
from tests.grievances.test_concurrency import at_once
from tests.reporting.recount import PERIODS, assert_numbers_true
from tests.reporting.rows import put, put_closed, put_everything, put_rated

LATER = NOON + timedelta(days=40)
UNITS = ("city", "district", "street", "other_street", "community", "zone", "group", "neighbourhood")


@pytest.fixture
def world() -> World:
    return make_world()


def units(world: World) -> list:
    return [world.units[name] for name in UNITS]


def put_over_time(world: World) -> None:
    """Put cases in every state on days of several months and years."""
    put_everything(world)
    for days in (-800, -400, -63, -30, -2, 1, 3, 27, 28):
        moment = NOON + timedelta(days=days)
        put_closed(world, reported_at=moment, hours=30, category=category(), lead_agency=world.agency)
        put(world, reported_at=moment, unit="other_neighbourhood")
        put_rated(world, 3, reported_at=moment, unit="community", lead_agency=world.second_agency)


# One after the other


@pytest.mark.django_db
def test_numbers_are_true_before_between_and_after_folding(world):
    put_over_time(world)
    assert not Tally.objects.exists()
    assert assert_numbers_true(units(world), now=LATER) == 40
    assert fold(batch=20) == 20
    assert MeasuredChange.objects.exists()
    assert_numbers_true(units(world), now=LATER)
    fold_all()
    assert not MeasuredChange.objects.exists()
    assert_numbers_true(units(world), now=LATER)
    assert verify(Area()) == []


@pytest.mark.django_db
def test_a_period_that_ends_today_takes_its_year_and_month_whole_and_says_the_same(world):
    put_over_time(world)
    fold_all()
    today = {"so far": type(PERIODS["a day"])(date(2026, 1, 1), date(2026, 4, 1))}
    assert_numbers_true(units(world), now=NOON + timedelta(days=28), periods=today)


@pytest.mark.django_db
def test_only_what_bears_on_figures_is_logged(world):
    case = file_case(world, keep_as_draft=True)
    assert MeasuredChange.objects.count() == 0  # not reported yet
    case = do(world, case, Action.REPORT, world.chief)
    assert list(MeasuredChange.objects.values_list("sign", "status")) == [(1, "REPORTED")]
    case = do(world, case, Action.COMMENT, world.chief)
    assert MeasuredChange.objects.count() == 1
    do(world, case, Action.ASSIGN, world.community)
    logged = MeasuredChange.objects.order_by("pk").values_list("sign", "status", "lead_agency")
    assert list(logged)[1:] == [(-1, "REPORTED", None), (1, "ASSIGNED", world.agency.pk)]


@pytest.mark.django_db
def test_a_step_that_fails_logs_nothing(world):
    case = file_case(world)
    before = MeasuredChange.objects.count()
    with transaction.atomic():
        do(world, case, Action.ASSIGN, world.community)
        assert MeasuredChange.objects.count() == before + 2
        transaction.set_rollback(True)
    assert MeasuredChange.objects.count() == before


@pytest.mark.django_db
def test_many_changes_are_logged_at_once(world, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(changes, "_BATCH", 4)
    cases = [put(world) for _number in range(5)]
    MeasuredChange.objects.all().delete()
    before = [changes.snapshot(case) for case in cases]
    for case in cases[1:]:
        case.due_at += timedelta(hours=1)
    with django_assert_num_queries(2):
        changes.record_many(zip(before, cases, strict=True))
    assert MeasuredChange.objects.count() == 8


@pytest.mark.usefixtures("english")
@pytest.mark.django_db
def test_an_injected_difference_is_found_told_once_and_put_right(world, caplog):
    put_over_time(world)
    fold_all()
    admin = make_post(Role.SYSTEM_ADMIN, unit=world.units["city"]).user
    street = world.units["street"]
    wrong = Tally.objects.filter(unit_path=street.path, span="d", dimension="", day=date(2026, 3, 4))
    assert wrong.update(closed=F("closed") + 2) == 1
    DurationTally.objects.filter(unit_path=world.units["city"].path, span="y", dimension="").first().delete()
    found = verify(Area())
    counts = [one for one in found if one.name == "closed"]
    assert [(one.unit_path, one.span, one.day, one.kept - one.right) for one in counts] == [
        (street.path, "d", date(2026, 3, 4), 2)
    ]
    assert {one.name.partition("[")[0] for one in found} == {"closed", "time_to_close"}

    assert verify_and_tell(now=NOON) == verify_and_tell(now=NOON) == len(found)
    assert Message.objects.filter(recipient=admin, kind="tallies_differ").count() == 1
    assert street.name in caplog.text

    out = StringIO()
    with pytest.raises(CommandError):
        call_command("verify_tallies", stdout=out)
    assert f"{street.name} ({street.path}) 2026-03-04 closed" in out.getvalue()
    call_command("rebuild_tallies", unit=street.path, since="2026-01-01", stdout=out)
    assert "1 rows put right" in out.getvalue()
    assert rebuild(Area()) == 1
    call_command("verify_tallies", stdout=out)
    assert_numbers_true(units(world), now=LATER)


@pytest.mark.django_db
def test_rebuilding_makes_tallies_out_of_nothing_and_keeps_what_is_not_folded(world):
    put_over_time(world)
    assert rebuild(Area()) > 100
    assert not MeasuredChange.objects.exists()
    assert_numbers_true(units(world), now=LATER)
    put_everything(world)
    Tally.objects.filter(unit_path=world.units["district"].path).delete()
    rebuild(Area(path=world.units["district"].path))
    assert MeasuredChange.objects.exists()
    assert_numbers_true(units(world), now=LATER)
    fold_all()
    assert verify(Area()) == []


@pytest.mark.usefixtures("english")
@pytest.mark.django_db
def test_rebuilding_a_unit_without_tallies_is_refused(world):
    with pytest.raises(CommandError, match="counted directly"):
        call_command("rebuild_tallies", unit=world.units["group"].path)


# Published figures, a thousandth and less of their size


@pytest.mark.django_db
def test_bozhous_and_anshans_published_figures_come_out_of_the_tallies(world):
    put_closed(world)
    case = Grievance.objects.get()
    for count, columns in ((206, {}), (2, {"status": "REPORTED", "closed_at": None, "confirmation": ""})):
        _copies(case, count, unit=world.units["street"], **columns)
    for count, columns in (
        (950, {"rating": 5, "said_resolved": True}),
        (50, {"rating": 2, "said_resolved": False}),
        (1794, {}),
        (6, {"status": "IN_PROGRESS", "closed_at": None, "confirmation": ""}),
    ):
        _copies(case, count, unit=world.units["other_street"], **columns)
    fold_all()
    bozhou, anshan = (
        closure_rates(unit=world.units[name], since=date(2026, 1, 1), until=date(2026, 12, 31), now=NOON)
        for name in ("street", "other_street")
    )
    # The case they were copied from is one of the street's.
    assert (bozhou["accepted"]["value"], bozhou["closed"]["value"]) == (209, 207)
    assert f"{(207 - 1) / (209 - 1):.2%}" == "99.04%"
    assert (anshan["accepted"]["value"], anshan["closed"]["value"]) == (2800, 2794)
    assert f"{anshan['closure_rate']['value']:.1%}" == "99.8%"
    assert f"{anshan['satisfaction']['value']:.0%}" == "95%"


_numbers = iter(range(10_000_000, 20_000_000))


def _copies(case: Grievance, count: int, *, unit, **columns) -> None:
    values = {f.attname: getattr(case, f.attname) for f in Grievance._meta.concrete_fields if f.name not in _OWN}
    rows = [
        Grievance(**values | columns | {"number": f"C-{next(_numbers)}", "unit_id": unit.pk, "unit_path": unit.path})
        for _number in range(count)
    ]
    Grievance.objects.bulk_create(rows)
    changes.record_many((None, row) for row in rows)


_OWN = ("id", "number", "submission_id", "token", "unit", "unit_path")


# Side by side

ACTORS = {
    Action.ASSIGN: "community",
    Action.REASSIGN: "community",
    Action.REFER_UP: "community",
    Action.SETTLE_HERE: "community",
    Action.REJECT: "community",
    Action.CLASSIFY: "community",
    Action.ACKNOWLEDGE: "handler",
    Action.RETURN: "handler",
    Action.RESOLVE: "handler",
    Action.SUSPEND: "street",
    Action.RESUME: "street",
    Action.REOPEN: "street",
    Action.APPEAL: "chief",
    Action.WITHDRAW: "chief",
    Action.REPORT: "chief",
    Action.RESOLVE_ON_SPOT: "chief",
    Action.FEEDBACK: "chief",
}
RATE = "rate"
# What carries a case onwards comes up more often, so that many a history reaches its end.
STEPS = (*ACTORS, RATE, *(Action.ASSIGN, Action.ACKNOWLEDGE, Action.RESOLVE, RATE) * 4)
MOVES = st.tuples(st.integers(0, 5), st.sampled_from(STEPS), st.integers(1, 5))
HISTORIES = st.lists(st.lists(MOVES, min_size=5, max_size=25), min_size=3, max_size=3)


def live(world: World, people: dict, cases: list[int], moves) -> int:
    """Carry out the moves that the workflow allows; return how many it did."""
    done = 0
    for which, step, rating in moves:
        case = Grievance.objects.get(pk=cases[which % len(cases)])
        now = NOON + timedelta(hours=done)
        try:
            if step == RATE:
                rate_by_link(token=case.token, rating=rating, said_resolved=rating > 2, comment="", now=now)
            else:
                given = arguments(world, step)
                if step == Action.FEEDBACK:
                    given["rating"] = rating
                do(world, case, step, fresh(people[ACTORS[step]]), at=now, **given)
            done += 1
        except LinjiangError:
            continue
    return done


@pytest.mark.django_db(transaction=True)
@settings(
    max_examples=6,
    deadline=None,
    # Threads never run twice alike: trying to make a failing example smaller would take long and find nothing.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(histories=HISTORIES)
def test_tallies_follow_any_histories_lived_side_by_side(shared_world, histories):
    world, people = shared_world
    stop = Event()

    def fold_meanwhile() -> None:
        while not stop.is_set():
            fold(batch=3)
        connection.close()

    def one_life(number: int) -> int:
        cases = [
            file_case(
                world,
                by=fresh(people["chief"]),
                now=NOON + timedelta(days=20 * day),
                category=category() if day else None,
                keep_as_draft=day == 3,
            ).pk
            for day in range(-1, 4)
        ]
        # One case belongs to everybody: its steps wait for one another.
        return live(world, people, [common.pk, *cases], histories[number])

    common = file_case(world, by=fresh(people["chief"]))
    folder = Thread(target=fold_meanwhile)
    folder.start()
    try:
        done = at_once(3, one_life)
    finally:
        stop.set()
        folder.join()
    assert all(isinstance(count, int) for count in done)
    assert verify(Area()) == []
    assert_numbers_true([world.units["street"], world.units["community"]], now=LATER, periods=_SOME_PERIODS)
    fold_all()
    assert verify(Area()) == []


_SOME_PERIODS = {name: PERIODS[name] for name in ("days across months", "a year")}


@pytest.fixture
def shared_world(world) -> tuple[World, dict]:
    """Return one world for all examples of a test: what holds for sums goes on holding when cases are added."""
    return world, dict(world.users)


@pytest.mark.django_db(transaction=True)
def test_many_folders_at_once_lose_and_double_nothing(world):
    put_over_time(world)
    count = MeasuredChange.objects.count()
    folded = at_once(6, lambda _number: sum(fold(batch=5) for _again in range(12)))
    folded.append(fold_all())
    assert sum(folded) == count
    assert_numbers_true(units(world), now=LATER)
    assert verify(Area()) == []


@pytest.mark.django_db(transaction=True)
def test_a_fold_killed_before_its_end_loses_and_doubles_nothing(world):
    put_over_time(world)
    count = MeasuredChange.objects.count()
    folded, killed = Event(), Event()
    pids, errors = [], []

    def fold_and_die() -> None:
        try:
            with transaction.atomic():
                pids.append(_pid())
                tallies.lock()
                tallies._fold(30)
                folded.set()
                killed.wait(timeout=20)
        except DatabaseError as error:
            errors.append(error)
        finally:
            folded.set()
            connection.close()

    victim = Thread(target=fold_and_die)
    victim.start()
    assert folded.wait(timeout=20)
    assert fold() == 0  # somebody else is at it
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", pids)
    killed.set()
    victim.join()
    assert errors
    assert MeasuredChange.objects.count() == count
    assert_numbers_true(units(world), now=LATER, periods=_SOME_PERIODS)
    assert fold_all() == count
    assert verify(Area()) == []


def _pid() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


@pytest.mark.django_db(transaction=True)
def test_rebuilding_while_others_file_and_fold_counts_every_case_once(world):
    put_over_time(world)
    chief = world.chief

    def work(number: int) -> None:
        if number == 0:
            rebuild(Area())
            rebuild(Area(path=world.units["street"].path, year=2026))
        elif number == 1:
            for _again in range(15):
                fold(batch=4)
        else:
            for _again in range(12):
                case = file_case(world, by=fresh(chief), category=category())
                do(world, case, Action.ASSIGN, fresh(world.users["community"]))

    at_once(4, work)
    assert_numbers_true(units(world), now=LATER, periods=_SOME_PERIODS)
    assert verify(Area()) == []
    fold_all()
    assert verify(Area()) == []
