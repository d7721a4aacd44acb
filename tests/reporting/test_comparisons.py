"""Against the period before and the year before; and every measure by category, source and agency."""

import json
from datetime import date
from io import StringIO

import pytest
from django.core.management import call_command
from django.urls import reverse

from reporting.measures import KINDS
from reporting.periods import Period, preceding, year_before
from reporting.services.rates import closure_rates, compared_with
from tests.factories import NOON, World, category, make_world
from tests.reporting.rows import put, put_closed, put_everything, put_rated
from tests.reporting.test_dashboard import LATER, as_user, cases, listed, page

TODAY = date(2026, 11, 25)


def days(since: str, until: str) -> Period:
    return Period(date.fromisoformat(since), date.fromisoformat(until))


@pytest.mark.parametrize(
    ("period", "span", "before"),
    [
        (days("2026-10-01", "2026-10-31"), "", days("2026-09-01", "2026-09-30")),  # a month
        (days("2026-07-01", "2026-09-30"), "", days("2026-04-01", "2026-06-30")),  # a quarter
        (days("2025-01-01", "2025-12-31"), "", days("2024-01-01", "2024-12-31")),  # a leap year before
        (days("2026-11-16", "2026-11-22"), "", days("2026-11-09", "2026-11-15")),  # a week
        (days("2026-11-23", "2026-11-25"), "week", days("2026-11-16", "2026-11-18")),  # the week so far
        (days("2026-11-01", "2026-11-25"), "month", days("2026-10-01", "2026-10-25")),  # the month so far
        (days("2026-11-01", "2026-11-25"), "", days("2026-10-01", "2026-10-25")),
        (days("2026-10-01", "2026-11-25"), "quarter", days("2026-07-01", "2026-08-25")),
        (days("2026-01-01", "2026-11-25"), "year", days("2025-01-01", "2025-11-25")),
        (days("2026-11-03", "2026-11-12"), "", days("2026-10-24", "2026-11-02")),  # any ten days
        (days("1990-01-01", "1990-01-31"), "", None),
    ],
)
def test_the_period_before(period, span, before):
    assert preceding(period, today=TODAY, span=span) == before


def test_the_beginning_of_a_long_month_is_compared_with_all_of_a_short_one():
    march = days("2026-03-01", "2026-03-30")
    assert preceding(march, today=march.until, span="month") == days("2026-02-01", "2026-02-28")


@pytest.mark.parametrize(
    ("period", "before"),
    [
        (days("2026-11-01", "2026-11-25"), days("2025-11-01", "2025-11-25")),
        (days("2024-02-29", "2024-02-29"), days("2023-02-28", "2023-02-28")),
        (days("2025-02-01", "2025-02-28"), days("2024-02-01", "2024-02-29")),
        (days("1990-05-01", "1990-05-02"), None),
    ],
)
def test_the_year_before(period, before):
    assert year_before(period) == before


def test_a_year_is_compared_once():
    assert list(compared_with(days("2025-01-01", "2025-12-31"), today=TODAY)) == ["period", "year_before"]


@pytest.fixture
def world(db, time_machine) -> World:
    time_machine.move_to(LATER)
    return make_world()


def put_three_marches(world: World) -> None:
    """Put four cases into a March, two into the February before and five into the March of the year before."""
    for count, closed, moment in ((4, 3, NOON), (2, 2, NOON.replace(month=2)), (5, 1, NOON.replace(year=2025))):
        for number in range(count):
            (put_closed if number < closed else put)(world, reported_at=moment)


def test_figures_show_how_far_they_moved(world):
    put_three_marches(world)
    client = as_user(world.official)
    client.cookies["django_language"] = "en"
    url = reverse("unit_dashboard", args=[world.units["street"].pk])
    answer = client.get(url, {"since": "2026-03-01", "until": "2026-03-31"})
    found = {figure.key: [move.words for move in figure.moves] for figure in answer.context["figures"]}
    assert found["closure_rate"] == [
        "−25.00 points on the period before",
        "+55.00 points on the year before",
    ]
    assert found["accepted"] == ["+100.0 % on the period before", "−20.0 % on the year before"]
    assert found["resolution_rate"] == []  # nobody was asked: nothing to compare
    assert "1 Feb 2026 – 28 Feb 2026" in answer.context["compared_words"]


def moves_of(world: World, since: str, until: str) -> dict[str, list[str]]:
    client = as_user(world.official)
    client.cookies["django_language"] = "en"
    url = reverse("unit_dashboard", args=[world.units["street"].pk])
    answer = client.get(url, {"since": since, "until": until})
    return {figure.key: [move.words for move in figure.moves] for figure in answer.context["figures"]}


def test_a_period_without_cases_is_called_one_without_data(world):
    put_closed(world, reported_at=NOON)
    put(world, reported_at=NOON.replace(month=2))
    found = moves_of(world, "2026-03-01", "2026-03-31")
    assert found["closure_rate"] == ["+100.00 points on the period before", "no data for the year before"]
    assert found["accepted"] == ["unchanged on the period before"]  # the first figure said it for all
    # There were cases in the February before, and none of them was closed: that is a zero, not a gap.
    assert found["closed"] == ["none in the period before"]
    assert found["resolution_rate"] == []


def test_a_measure_that_the_other_period_lacks_is_called_one_without_data(world):
    put_rated(world, 5, reported_at=NOON)
    put(world, reported_at=NOON.replace(month=2))
    assert moves_of(world, "2026-03-01", "2026-03-31")["satisfaction"] == ["no data for the period before"]


def test_the_api_tells_the_other_periods_and_the_change(world):
    put_three_marches(world)
    client = as_user(world.official)
    query = {"since": "2026-03-01", "until": "2026-03-31", "compare": "true"}
    found = client.get(reverse("api_closure_rates"), query).json()
    before, year = found["compared"]["preceding"], found["compared"]["year_before"]
    assert (before["since"], before["until"], year["since"]) == ("2026-02-01", "2026-02-28", "2025-03-01")
    assert before["measures"]["accepted"]["value"] == 2
    assert before["change"]["closure_rate"] == {"points": -25.0, "share": None}
    assert year["change"]["accepted"] == {"points": None, "share": -0.2}
    assert year["change"]["resolution_rate"] == {"points": None, "share": None}


def test_every_measure_by_category_source_and_agency(world):
    put_everything(world)
    put_rated(world, 5, category=category(), lead_agency=world.agency)
    client = as_user(world.city_official)
    whole = closure_rates(unit=world.units["city"], since=NOON.date(), until=NOON.date())
    for dimension in ("category", "source", "agency"):
        query = {"since": "2026-03-04", "until": "2026-03-04", "by": dimension}
        parts = client.get(reverse("api_closure_rates"), query).json()["parts"]
        assert {key for part in parts for key in part["measures"]} >= set(KINDS)
        for key in ("accepted", "closed"):
            assert sum(part["measures"][key]["value"] for part in parts) == whole[key]["value"]
        out = StringIO()
        call_command("closure_rates", unit="3416", since="2026-03-04", until="2026-03-04", by=dimension, stdout=out)
        assert all(part["name"] in out.getvalue() for part in parts)
        out = StringIO()
        arguments = {"unit": "3416", "since": "2026-03-04", "until": "2026-03-04", "by": dimension, "format": "json"}
        call_command("closure_rates", stdout=out, **arguments)
        assert [part["measures"] for part in json.loads(out.getvalue())["parts"]] == [p["measures"] for p in parts]
    assert client.get(reverse("api_closure_rates"), {"by": "chief"}).status_code == 400


@pytest.mark.parametrize("dimension", ["category", "source", "agency"])
def test_each_number_of_a_part_has_exactly_its_cases_behind_it(world, dimension):
    put_everything(world)
    client = as_user(world.city_official)
    answer = page(world, world.city_official, "district", by=dimension)
    table = answer.context["parts_table"]
    assert len(table.rows) > (0 if dimension == "source" else 1)
    for row in table.rows:
        for cell in row.cells:
            if cell.key in ("accepted", "closed"):
                assert listed(client.get(cell.above_url)) == int(cell.value), (row.name, cell.key)
            elif cell.below not in ("", "0"):
                assert listed(client.get(cell.below_url)) == int(cell.below), (row.name, cell.key)


def test_parts_there_are_none_of_are_not_found(world):
    assert page(world, world.official, by="chief").status_code == 404
    for query in ({"source": "pigeon"}, {"agency": "x"}, {"agency": "999999"}):
        assert cases(world, world.official, **query).status_code == 404, query
    assert cases(world, world.official, agency="none").status_code == 200
