"""Every measure counted by hand in a small world, through the same statements the pages use."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from grievances.choices import Confirmation, SettledBy, Status
from grievances.models import Grievance
from grievances.services.feedback import rate_by_link
from grievances.services.verbs import perform
from reporting.measures import KINDS, TIME_TO_CLOSE, Counts, total
from reporting.periods import Period
from reporting.services import rates as services
from reporting.services.rates import (
    closure_rates,
    count_by,
    count_by_place,
    count_cases,
    count_now,
    measures,
    trend_of,
)
from reporting.services.reading import read
from reporting.services.tallies import fold_all
from tests.factories import NOON, World, category, file_case, fresh, make_world, reason
from tests.reporting.rows import HOUR, put, put_closed, put_everything, put_rated

pytestmark = pytest.mark.django_db

DAY = date(2026, 3, 4)
LATER = NOON + timedelta(days=30)


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture(autouse=True, params=["logged", "folded"])
def _where_the_numbers_are(request, monkeypatch) -> None:
    """Read each number once from the log of changes and once from the tallies."""
    read = services.read

    def folded_read(**asked):
        fold_all()
        return read(**asked)

    if request.param == "folded":
        monkeypatch.setattr(services, "read", folded_read)


def rates(world: World, *, unit: str = "street", since: date = DAY, until: date = DAY, now: datetime = LATER) -> dict:
    return closure_rates(unit=world.units[unit], since=since, until=until, now=now)


def trend(world: World, period: Period) -> list[tuple[int, int]]:
    reading = services.read(unit=world.units["street"], periods={"period": period}, now=LATER, step=period.step)
    return [(part.accepted, part.closed) for part in trend_of(reading, period)]


def parts(found: dict) -> tuple:
    return found["numerator"], found["denominator"]


def test_without_cases_every_rate_is_none_and_never_nought_or_all(world):
    found = rates(world)
    for key, kind in KINDS.items():
        expected = (0, None, 0) if kind.is_count else (0, 0, None)
        assert tuple(found[key].values()) == expected, key
    assert found[TIME_TO_CLOSE] == {
        "numerator": None,
        "denominator": 0,
        "value": None,
        "median_hours": None,
        "p90_hours": None,
        "n": 0,
    }


def test_accepted_are_reported_cases_without_those_rejected_withdrawn_or_merged(world):
    for status in (Status.REPORTED, Status.ASSIGNED, Status.IN_PROGRESS, Status.RESOLVED):
        put(world, status=status)
    kept = put_closed(world)
    put(world, status=Status.REJECTED)
    put(world, status=Status.WITHDRAWN)
    put(world, status=Status.MERGED, merged_into=kept)
    put(world, status=Status.DISCOVERED, reported_at=None)
    found = rates(world)
    assert found["accepted"] == {"numerator": 5, "denominator": None, "value": 5}
    assert found["closed"] == {"numerator": 1, "denominator": None, "value": 1}
    assert found["closure_rate"] == {"numerator": 1, "denominator": 5, "value": 0.2}


def test_on_time_is_by_the_resolving_moment_and_counts_open_cases_past_their_limit_against(world):
    put_closed(world, hours=168)  # at the limit, to the second
    put_closed(world, hours=169)
    put_closed(world, hours=100, closed_at=NOON + 300 * HOUR)  # the household answered late: not the handler's time
    put_closed(world, due_at=None)  # older record without a limit
    put(world)  # open and past
    put(world, status=Status.IN_PROGRESS, suspended_at=NOON + HOUR)  # its clock stands still
    put(world, status=Status.RESOLVED, resolved_at=NOON + 500 * HOUR)  # waits for the household
    assert parts(rates(world)["on_time_rate"]) == (2, 4)
    assert parts(rates(world, now=NOON + HOUR)["on_time_rate"]) == (2, 3)


def test_response_is_acknowledged_in_time_among_cases_an_agency_has(world):
    due = {"acknowledge_due_at": NOON + 24 * HOUR, "assigned_at": NOON}
    put(world, status=Status.IN_PROGRESS, lead_agency=world.agency, acknowledged_at=NOON + 24 * HOUR, **due)
    put(world, status=Status.IN_PROGRESS, lead_agency=world.agency, acknowledged_at=NOON + 25 * HOUR, **due)
    put(world, status=Status.ASSIGNED, lead_agency=world.agency, **due)
    put(world, status=Status.IN_PROGRESS, assigned_at=NOON)  # settled by the desk itself
    assert parts(rates(world)["response_rate"]) == (1, 3)


def test_resolution_and_satisfaction_are_by_the_households_last_word(world):
    put_rated(world, 5)
    put_rated(world, 4)
    put_rated(world, 3)
    put(world, status=Status.ASSIGNED, rating=2, said_resolved=True, reopened_count=1)
    put(world, status=Status.IN_PROGRESS, rating=1, said_resolved=False, reopened_count=1)
    put(world, rating=5, said_resolved=True, reopened_count=1)  # reopened: the good word no longer holds
    put_closed(world, rating=1, said_resolved=False, reopened_count=1)  # closed unanswered after a bad word
    put_closed(world)  # nobody answered
    found = rates(world)
    assert parts(found["resolution_rate"]) == (4, 6)
    assert parts(found["satisfaction"]) == (2.9, 6)
    assert found["satisfaction"]["value"] == pytest.approx(2.9 / 6)


def test_coverage_counts_closed_cases_the_household_answered(world):
    put_rated(world, 5)
    put_closed(world, rating=4, said_resolved=True, confirmation=Confirmation.TOLD)
    put_closed(world, rating=1, said_resolved=False)  # the bad word was on an earlier result
    put_closed(world, confirmation=Confirmation.IMPORTED)
    put(world, status=Status.ASSIGNED, rating=1, said_resolved=False)
    assert parts(rates(world)["feedback_coverage"]) == (2, 4)


def test_reopened_cases_count_once_among_closed_or_reopened_ones(world):
    put_closed(world)
    put_closed(world, reopened_count=3)
    put(world, reopened_count=1)
    put(world)
    assert parts(rates(world)["reopen_rate"]) == (2, 3)


def test_settled_at_the_lowest_level_is_by_chief_group_or_zone(world):
    for level in SettledBy:
        put_closed(world, settled_by=level)
    put(world, status=Status.RESOLVED, resolved_at=NOON, settled_by=SettledBy.CHIEF)  # not closed yet
    assert parts(rates(world)["settled_lowest"]) == (3, 6)


def test_time_to_close_is_from_reporting_to_closing(world):
    for hours in (1, 2, 10, 20, 100):
        put_closed(world, hours=hours)
    put(world, status=Status.RESOLVED, resolved_at=NOON + HOUR)
    found = rates(world)[TIME_TO_CLOSE]
    assert found["n"] == found["denominator"] == 5
    assert found["median_hours"] == found["value"] == pytest.approx(10, rel=0.025)
    assert found["p90_hours"] == pytest.approx(68, rel=0.025)  # 20 + 0.6 × (100 − 20), as by the single durations


def test_a_case_belongs_to_the_local_day_it_was_reported_on(world):
    put(world, reported_at=datetime(2026, 3, 4, 23, 30, tzinfo=UTC))  # 07:30 of 5 March in the city
    put(world, reported_at=datetime(2026, 3, 3, 16, 0, tzinfo=UTC))  # the first moment of 4 March
    put(world, reported_at=datetime(2026, 3, 3, 15, 59, 59, tzinfo=UTC))  # the last second of 3 March
    next_day = date(2026, 3, 5)
    assert rates(world)["accepted"]["value"] == 1
    assert rates(world, since=next_day, until=next_day)["accepted"]["value"] == 1
    assert rates(world, since=date(2026, 3, 3), until=next_day)["accepted"]["value"] == 3
    assert trend(world, Period(date(2026, 3, 3), next_day)) == [(1, 0)] * 3


def test_only_the_units_own_subtree_counts(world):
    put(world)
    put(world, unit="second_neighbourhood")
    put(world, unit="other_neighbourhood")
    counted = {
        unit: rates(world, unit=unit)["accepted"]["value"]
        for unit in ("city", "street", "community", "group", "neighbourhood", "other_street")
    }
    assert counted == {"city": 3, "street": 2, "community": 2, "group": 2, "neighbourhood": 1, "other_street": 1}


def test_children_and_what_was_filed_at_the_unit_itself_add_up_to_the_unit(world):
    put_everything(world)
    period = Period(DAY, DAY)
    for unit in ("city", "street", "community", "group", "neighbourhood"):
        here = world.units[unit]
        places = count_by_place(unit=here, period=period, now=LATER)
        allowed = {child.path for child in here.children.all()} | {here.path}
        assert set(places) <= allowed
        whole = count_cases(unit=here, period=period, now=LATER)
        assert total(places.values()) == whole
    street = count_by_place(unit=world.units["street"], period=period, now=LATER)
    assert street[world.units["street"].path].cases["accepted"] == 1


def test_trend_and_categories_tell_the_same_cases_and_fill_the_gaps(world):
    kind = category()
    put_closed(world, category=kind)
    put(world, category=kind)
    put(world, reported_at=NOON + timedelta(days=2))
    period = Period(DAY, DAY + timedelta(days=2))
    assert trend(world, period) == [(2, 1), (0, 0), (1, 0)]
    categories = count_by("category", unit=world.units["street"], period=period, now=LATER)
    assert {key: counts.of("accepted") for key, counts in categories.items()} == {str(kind.parent_id): 2, "": 1}
    assert categories[str(kind.parent_id)].of("closed") == 1


@pytest.mark.parametrize(
    ("until", "bars"),
    [
        (date(2026, 4, 30), [0, 2, 1, 0, 0, 0, 0, 0, 0]),
        (date(2027, 2, 28), [3, *[0] * 11]),
        (date(2030, 1, 1), [3, 0, 0, 0, 0]),
    ],
)
def test_weeks_months_and_years_begin_where_people_begin_them(world, until, bars):
    put(world, reported_at=NOON)
    put(world, reported_at=datetime(2026, 3, 8, 15, 59, tzinfo=UTC))  # Sunday, one minute to midnight
    put(world, reported_at=datetime(2026, 3, 8, 16, 0, tzinfo=UTC))  # Monday
    found = trend(world, Period(date(2026, 3, 1), until))
    assert [accepted for accepted, _closed in found][: len(bars)] == bars


def test_what_stands_open_now_is_counted_whenever_it_was_reported(world):
    put_everything(world)
    put(world, reported_at=NOON - timedelta(days=400))
    now = count_now(unit=world.units["street"], now=LATER)
    # Open: eight of put_everything and the old one; overdue: those neither waiting nor suspended.
    assert now == {"open": 9, "overdue": 7, "waiting": 1, "suspended": 1}


def test_measures_follow_a_case_through_its_life(world):
    case = file_case(world, category=category())
    when = NOON
    steps = [
        ("assign", world.street, {"agency": world.agency}),
        ("acknowledge", world.handler, {}),
        ("resolve", world.handler, {"result": "已更换"}),
    ]
    for action, actor, given in steps:
        case = perform(action=action, actor=fresh(actor), grievance=case, now=when, **given)
    assert parts(rates(world)["closure_rate"]) == (0, 1)
    assert parts(rates(world)["response_rate"]) == (1, 1)

    case = rate_by_link(token=case.token, rating=1, said_resolved=False, comment="", now=when)
    found = rates(world)
    assert (parts(found["resolution_rate"]), parts(found["reopen_rate"])) == ((0, 1), (1, 1))

    for action, actor, given in steps[1:]:
        case = perform(action=action, actor=fresh(actor), grievance=case, now=when, **given)
    case = rate_by_link(token=case.token, rating=5, said_resolved=True, comment="", now=when)
    found = rates(world)
    assert (
        parts(found["closure_rate"]) == parts(found["resolution_rate"]) == parts(found["feedback_coverage"]) == (1, 1)
    )

    perform(action="reopen", actor=fresh(world.street), grievance=case, now=when, reason=reason("reopen"))
    found = rates(world)
    assert parts(found["closure_rate"]) == (0, 1)
    assert parts(found["resolution_rate"]) == parts(found["feedback_coverage"]) == (0, 0)
    assert parts(found["reopen_rate"]) == (1, 1)


def test_the_weight_of_fairly_satisfied_is_the_citys(world, monkeypatch):
    put_rated(world, 3)
    counts = count_cases(unit=world.units["street"], period=Period(DAY, DAY), now=LATER)
    monkeypatch.setattr("reporting.services.rates.fairly_satisfied_weight", lambda: 0.5)
    assert measures(counts)["satisfaction"].numerator == 0.5


def test_bozhous_published_rate_comes_out_of_its_counts():
    counts = Counts(cases=Counter(accepted=208_000, closed=206_000))
    found = KINDS["closure_rate"].of(counts, weight=0.9)
    assert (found.numerator, found.denominator) == (206_000, 208_000)
    assert round(found.value * 100, 2) == 99.04


def test_all_measures_take_six_statements(world):
    put_everything(world)
    with CaptureQueriesContext(connection) as queries:
        read(unit=world.units["street"], periods={"period": Period(DAY, DAY)}, now=LATER)
    # Tallies of counts and durations, whether the log holds anything and then what, open cases, overdue ones.
    assert len(queries) == 5
    assert Grievance.objects.count() > 15
