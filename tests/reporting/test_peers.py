"""Units of one class side by side: who is in the table, who may read it, and that it tells what dashboards tell."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from orgs.models import Unit
from reporting.services.tallies import fold_all
from tests.factories import World, make_world
from tests.reporting.recount import recount
from tests.reporting.rows import put, put_closed, put_everything
from tests.reporting.test_dashboard import DAYS, LATER, as_user, page
from tests.reporting.test_rates import DAY, Period

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(time_machine) -> World:
    time_machine.move_to(LATER)
    world = make_world()
    district = world.units["district"]
    for number, name in enumerate(("古井镇", "魏岗乡", "汤陵街道"), start=1):
        world.units[name] = Unit.objects.create(
            parent=district, path=f"{district.path}1{number:03}", level="street", name=name
        )
    return world


def peers(world: World, user, unit: str = "street", **query):
    return as_user(user).get(reverse("unit_peers", args=[world.units[unit].pk]), {**DAYS, **query})


def names(answer) -> list[str]:
    return [row.name for row in answer.context["table"].rows]


def test_only_units_of_the_same_class_stand_in_the_table_with_ones_own_marked(world):
    answer = peers(world, world.city_official)
    assert names(answer) == ["花戏楼街道", "薛阁街道", "汤陵街道"]
    assert [row.is_own for row in answer.context["table"].rows] == [True, False, False]
    assert names(peers(world, world.city_official, "古井镇")) == ["古井镇"]
    assert answer.content.decode().count('aria-current="true"') == 1


def test_the_table_tells_what_a_recount_tells_logged_and_folded(world):
    put_everything(world)
    put_closed(world, unit="汤陵街道")
    for _folded in (False, True):
        for row in peers(world, world.city_official).context["table"].rows:
            unit = Unit.objects.get(name=row.name)
            counts = recount(unit=unit, period=Period(DAY, DAY), now=LATER)
            assert row.found["accepted"].value == counts.of("accepted"), row.name
            assert row.found["closed"].value == counts.of("closed"), row.name
            assert row.found["time_to_close"].cases == counts.took.total(), row.name
            assert row.found["on_time_rate"].denominator == counts.of("closed_with_limit", "overdue"), row.name
        fold_all()


def test_it_is_sorted_by_any_measure(world):
    put(world)
    put_closed(world, unit="other_neighbourhood")
    assert names(peers(world, world.city_official, sort="closure_rate"))[0] == "薛阁街道"
    assert names(peers(world, world.city_official, sort="-closure_rate"))[0] == "花戏楼街道"
    cells = [cell.key for cell in peers(world, world.city_official).context["table"].rows[0].cells]
    assert {"closure_rate", "resolution_rate", "feedback_coverage", "reopen_rate"} <= set(cells)


def test_the_place_to_compare_within_is_one_above_that_the_reader_sees(world):
    answer = peers(world, world.city_official)
    assert [ground["label"] for ground in answer.context["grounds"]] == ["亳州市", "谯城区"]
    assert names(peers(world, world.city_official, within=world.units["district"].pk)) == names(answer)
    assert peers(world, world.city_official, within=world.units["other_street"].pk).status_code == 404
    communities = peers(world, world.street, "community")
    assert [ground["label"] for ground in communities.context["grounds"]] == ["花戏楼街道"]
    assert names(communities) == ["花戏社区"]


def test_who_sees_nothing_above_has_no_peers_and_no_link_to_them(world):
    for user, unit in ((world.street, "street"), (world.community, "community"), (world.official, "street")):
        assert peers(world, user, unit).status_code == 404
        assert page(world, user, unit).context["peers_url"] == ""
    assert peers(world, world.chief, "neighbourhood").status_code == 403
    assert Client().get(reverse("unit_peers", args=[1])).status_code == 302


def test_zones_groups_and_neighbourhoods_are_not_compared(world):
    for unit in ("city", "zone", "group", "neighbourhood"):
        assert peers(world, world.city_official, unit).status_code == 404, unit
        assert page(world, world.city_official, unit).context["peers_url"] == "", unit
    put(world)
    html = page(world, world.city_official, "street").content.decode()
    assert reverse("unit_peers", args=[world.units["street"].pk]) in html


def test_days_that_cannot_be_used_are_refused(world):
    assert peers(world, world.city_official, since="2026-03-09", until="2026-03-01").status_code == 400


def test_it_takes_as_many_statements_for_many_as_for_few(world):
    put_everything(world)
    client = as_user(world.city_official)
    url = reverse("unit_peers", args=[world.units["street"].pk]) + "?since=2026-03-01&until=2026-03-31"

    def statements() -> int:
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        return len(queries)

    few = statements()
    for number in range(6):
        unit = Unit.objects.create(
            parent=world.units["district"],
            path=f"{world.units['district'].path}2{number:03}",
            level="street",
            name=f"新{number}街道",
        )
        world.units[unit.name] = unit
        put_closed(world, unit=unit.name)
    assert statements() == few <= 14
