"""Hot spots: the score by hand, what is told of, and that both numbers lead to their cases."""

from collections import Counter
from datetime import date, timedelta
from math import log, sqrt

import pytest
from django.urls import reverse

from grievances.models import Category
from orgs.models import Unit
from reporting.hotspots import FEWEST, hottest, score
from reporting.periods import Period
from reporting.services.hotspots import cells_of, hot_spots
from reporting.services.tallies import fold_all
from tests.factories import NOON, World, category, make_world
from tests.reporting.rows import put, put_closed
from tests.reporting.test_dashboard import as_user

MARCH = Period(date(2026, 3, 1), date(2026, 3, 31))
FEBRUARY = Period(date(2026, 2, 1), date(2026, 2, 28))
LATER = NOON + timedelta(days=60)


# The score


def test_the_score_is_the_signed_root_of_the_likelihood_ratio():
    assert score(10, 30) == -score(30, 10)
    assert score(30, 10) == pytest.approx(sqrt(2 * (30 * log(1.5) + 10 * log(0.5))))
    assert score(7, 7) == score(0, 0) == 0
    assert score(8, 0) == pytest.approx(sqrt(2 * 8 * log(2)))


def test_the_same_rise_says_more_of_many_than_of_few():
    assert score(3, 1) == pytest.approx(1.0, abs=0.05)
    assert score(30, 10) == pytest.approx(3.23, abs=0.01)
    assert score(300, 100) > 10


def test_periods_of_unlike_length_are_compared_by_the_day():
    assert score(31, 28, days=31, days_before=28) == pytest.approx(0, abs=1e-6)
    assert score(20, 10, days=20, days_before=10) == pytest.approx(0, abs=1e-6)
    assert score(20, 10, days=10, days_before=20) > score(20, 10)


@pytest.mark.parametrize("wrong", [(-1, 0, 1, 1), (0, -1, 1, 1), (1, 1, 0, 1), (1, 1, 1, 0)])
def test_what_cannot_be_compared_is_refused(wrong):
    now, before, days, days_before = wrong
    with pytest.raises(ValueError, match="not negative"):
        score(now, before, days=days, days_before=days_before)


def test_few_cases_chance_and_what_falls_are_no_hot_spots():
    now = {"few": FEWEST - 1, "alike": 100, "falls": 20, "rises": 40, "new": FEWEST, "by chance": 12}
    before = {"few": 0, "alike": 100, "falls": 60, "rises": 10, "by chance": 8}
    found = hottest(now, before, days=30, days_before=30)
    assert [(spot.key, spot.now, spot.before) for spot in found] == [("rises", 40, 10), ("new", FEWEST, 0)]


def test_at_most_so_many_are_told_the_largest_first_where_scores_are_alike():
    now = {f"k{number}": 20 for number in range(9)} | {"most": 50}
    found = hottest(now, {}, days=7, days_before=7, shown=3)
    assert [spot.key for spot in found] == ["most", "k0", "k1"]


# Read from the cases


@pytest.fixture
def world(time_machine) -> World:
    time_machine.move_to(LATER)
    return make_world()


def kinds() -> list[Category]:
    return [category(), Category.objects.filter(parent__isnull=False).exclude(parent=category().parent).first()]


def put_two_months(world: World) -> None:
    first, second = kinds()
    for number in range(8):
        put(world, category=first, reported_at=NOON + timedelta(hours=number))
    put_closed(world, category=first, reported_at=NOON - timedelta(days=20))
    for moment in (NOON, NOON - timedelta(days=20)):
        for number in range(6):
            put(world, category=second, unit="other_neighbourhood", reported_at=moment + timedelta(hours=number))
    put(world, reported_at=NOON)  # not classified


@pytest.mark.django_db
@pytest.mark.parametrize("folded", [False, True])
def test_cells_hold_the_cases_of_each_child_and_top_category(world, folded):
    put_two_months(world)
    if folded:
        fold_all()
    first, second = (str(kind.parent_id) for kind in kinds())
    district, street, other = (world.units[name] for name in ("district", "street", "other_street"))
    cells = cells_of(district, [street, other], {"now": MARCH, "before": FEBRUARY}, now=LATER)
    assert cells["now"] == Counter({(street.pk, first): 8, (other.pk, second): 6})
    assert cells["before"] == Counter({(street.pk, first): 1, (other.pk, second): 6})


@pytest.mark.django_db
def test_a_group_is_looked_at_as_a_whole_so_that_no_chief_is_named_hot(world):
    put_two_months(world)
    for unit in ("group", "neighbourhood", "zone", "community", "street"):
        spots = hot_spots(unit=world.units[unit], period=MARCH, before=FEBRUARY, now=LATER)
        assert [(spot.hot.now, spot.hot.before) for spot in spots] == [(8, 1)], unit
    below = {"group": "group", "neighbourhood": "neighbourhood", "zone": "group", "community": "zone"}
    for unit, told in below.items():
        spots = hot_spots(unit=world.units[unit], period=MARCH, before=FEBRUARY, now=LATER)
        assert spots[0].unit == world.units[told]


@pytest.mark.django_db
def test_cases_of_a_child_that_moved_are_its_own(world):
    put_two_months(world)
    street = world.units["street"]
    Unit.objects.filter(pk=street.pk).update(path=street.path[:-1] + "Z", former_paths=[street.path])
    spots = hot_spots(unit=world.units["district"], period=MARCH, before=FEBRUARY, now=LATER)
    assert [(spot.unit, spot.hot.now) for spot in spots] == [(street, 8)]


@pytest.mark.django_db
def test_both_numbers_of_a_hot_spot_open_their_cases(world):
    put_two_months(world)
    client = as_user(world.city_official)
    url = reverse("dashboard_panel", args=[world.units["district"].pk, "hotspots"])
    row = client.get(url, {"since": "2026-03-01", "until": "2026-03-31"}).context["rows"][0]
    assert (row["now"], row["before"]) == ("8", "1")
    assert len(client.get(row["now_url"]).context["cases"]) == 8
    assert len(client.get(row["before_url"]).context["cases"]) == 1
