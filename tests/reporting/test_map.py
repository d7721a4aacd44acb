"""The map: who sees it, what it shades, where things are drawn, which hosts may be asked."""

from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from grievances.choices import Status
from grievances.models import Grievance
from linjiang.common import clock
from linjiang.settings.maps import Tiles, policy, tiles
from orgs.datum import gcj02_to_wgs84, metres_between, wgs84_to_gcj02
from orgs.services.boundaries import save_areas
from orgs.services.system import system_user
from reporting.services.shading import shade_of, shades
from reporting.views import map as map_views
from tests.factories import NOON, file_case, make_world
from tests.reporting.rows import put, put_closed
from tests.test_permissions import ADMINISTRATORS, FIGURES_ELSEWHERE, FIGURES_OF_THE_STREET, PEOPLE, person

pytestmark = pytest.mark.django_db
SQUARE = [[115.70, 33.80], [115.80, 33.80], [115.80, 33.90], [115.70, 33.90], [115.70, 33.80]]
DAYS = "since=2026-03-01&until=2026-03-31"
GCJ = Tiles(("https://tiles.example.cn/{z}/{x}/{y}.png",), "gcj02", "https://tiles.example.cn", "示例", 18)


@pytest.fixture
def world():
    return make_world()


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def address(world, name="unit_map", level="street", query=DAYS) -> str:
    return f"{reverse(name, args=[world.units[level].pk])}?{query}"


def rows(world, query=DAYS, level="district", who=None) -> dict:
    answer = signed_in(who or world.city_official).get(address(world, level=level, query=query))
    assert answer.status_code == 200
    return {row.unit.name: row for row in answer.context["rows"]}


# Scope and parameters


@pytest.mark.parametrize("name", ["unit_map", "unit_map_areas", "unit_map_cases"])
@pytest.mark.parametrize("who", [*PEOPLE, *ADMINISTRATORS])
def test_a_map_is_for_whom_the_dashboard_is_for(world, name, who):
    expected = 200 if who in FIGURES_OF_THE_STREET else 404 if who in FIGURES_ELSEWHERE else 403
    client = signed_in(person(world, who))
    assert client.get(address(world, name, query=f"{DAYS}&box=115,33,116,34")).status_code == expected


@pytest.mark.parametrize("level", ["group", "neighbourhood"])
def test_there_is_no_map_of_single_chiefs(world, level):
    client = signed_in(world.city_official)
    for name in ("unit_map", "unit_map_areas", "unit_map_cases"):
        assert client.get(address(world, name, level)).status_code == 404
    assert (
        reverse("unit_map", args=[world.units[level].pk])
        not in client.get(address(world, "unit_dashboard", level)).content.decode()
    )


def test_odd_parameters_are_refused(world):
    client = signed_in(world.official)
    assert client.get(address(world, query="measure=nothing")).status_code == 404
    assert client.get(address(world, query="since=x&until=y")).status_code == 400
    assert client.get(reverse("unit_map", args=[2**70])).status_code == 404


@pytest.mark.parametrize(
    "box", ["", "1,2,3", "a,b,c,d", "nan,1,2,3", "inf,1,2,3", "116,33,115,34", "115,-91,116,34", "1,2,3,4,5"]
)
def test_an_odd_box_is_refused(world, box):
    assert signed_in(world.official).get(address(world, "unit_map_cases", query=f"{DAYS}&box={box}")).status_code == 400


# What is shaded


def test_numbers_are_those_of_the_dashboard(world):
    put_closed(world)
    put_closed(world)
    put(world)
    put(world, unit="other_neighbourhood")
    found = rows(world)
    assert [(name, row.value, row.parts) for name, row in found.items()] == [
        ("花戏楼街道", "66.67 %", "2 / 3"),
        ("薛阁街道", "0.00 %", "0 / 1"),
    ]
    assert rows(world, f"{DAYS}&measure=accepted")["花戏楼街道"].value == "3"
    assert [row.value for row in rows(world, "since=2025-01-01&until=2025-01-02").values()] == ["—", "—"]


def test_a_city_is_shaded_by_streets(world):
    put_closed(world)
    assert list(rows(world, level="city")) == ["花戏楼街道", "薛阁街道"]


def test_overdue_now_counts_open_cases_whenever_reported(world):
    long_ago = clock.now() - timedelta(days=400)
    put(world, reported_at=long_ago)
    put(world, reported_at=clock.now())
    put(world, reported_at=long_ago, status=Status.RESOLVED)
    row = rows(world, f"{DAYS}&measure=overdue_now")["花戏楼街道"]
    assert (row.value, row.parts) == ("1", "1 / 3")
    listed = signed_in(world.city_official).get(row.cases_url)
    assert listed.context["count"] == 1


def test_classes_hold_about_as_many_each_and_part_no_equals():
    found = shades([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    assert [(one.low, one.high, one.count) for one in found] == [(1, 2, 2), (3, 4, 2), (5, 6, 2), (7, 8, 2), (9, 10, 2)]
    assert [(one.low, one.high, one.count) for one in shades([0, 0, 0, 0, 0, 3])] == [(0, 0, 5), (3, 3, 1)]
    assert shades([]) == []
    assert [shade_of(value, found).number for value in (1, 2, 3, 10)] == [1, 1, 2, 5]
    for values in ([0.5], [1, 1], [0, 9, 9, 9, 9, 9, 9, 9], list(range(23))):
        classes = shades(values)
        assert sum(one.count for one in classes) == len(values)
        for one in values:
            assert shade_of(one, classes).low <= one <= shade_of(one, classes).high
    assert [one.tone for one in shades([1, 2])] == [1, 5]
    assert [one.tone for one in shades([1, 2, 3])] == [1, 3, 5]


# Where it is drawn


def test_area_then_point_then_the_middle_of_cases_then_the_table_alone(world):
    street, other = world.units["street"], world.units["other_street"]
    drawn = {name: row.drawn for name, row in rows(world).items()}
    assert drawn == {"花戏楼街道": "nowhere", "薛阁街道": "nowhere"}
    file_case(world, lat=33.80, lon=115.70)
    file_case(world, lat=33.90, lon=115.80)
    row = rows(world)["花戏楼街道"]
    assert (row.drawn, row.lat, row.lon) == ("middle", pytest.approx(33.85), pytest.approx(115.75))
    other.lat, other.lon = 33.7, 115.6
    other.save(update_fields=["lat", "lon"])
    assert rows(world)["薛阁街道"].drawn == "point"
    save_areas(actor=system_user(), areas={street.pk: [[SQUARE]]}, datum="wgs84", source="x", now=NOON)
    assert rows(world)["花戏楼街道"].drawn == "area"


def test_outlines_and_points_follow_the_datum_of_the_tiles(world, settings):
    save_areas(
        actor=system_user(), areas={world.units["community"].pk: [[SQUARE]]}, datum="wgs84", source="x", now=NOON
    )
    case = file_case(world, lat=33.85, lon=115.75)
    client, box = signed_in(world.official), "box=115.6,33.7,115.9,34"
    key = str(world.units["community"].pk)

    def seen():
        areas = client.get(address(world, "unit_map_areas")).json()
        cases = client.get(address(world, "unit_map_cases", query=f"{DAYS}&{box}")).json()
        assert [one["number"] for one in cases["cases"]] == [case.number]
        return areas["below"][key][0][0][0], (cases["cases"][0]["lat"], cases["cases"][0]["lon"])

    assert seen() == (SQUARE[0], (33.85, 115.75))
    settings.MAP_TILES = GCJ
    corner, spot = seen()
    assert corner == pytest.approx(list(reversed(wgs84_to_gcj02(33.80, 115.70))), abs=1e-6)
    assert spot == pytest.approx(wgs84_to_gcj02(33.85, 115.75), abs=1e-5)


def test_a_position_sent_in_gcj02_is_kept_in_wgs84_and_remembered(world):
    lat, lon = wgs84_to_gcj02(33.85, 115.75)
    case = Grievance.objects.get(pk=file_case(world, lat=lat, lon=lon, datum="gcj02").pk)
    assert case.position_datum == "gcj02"
    assert metres_between((case.lat, case.lon), (33.85, 115.75)) < 0.1
    assert Grievance.objects.get(pk=file_case(world, lat=33.85, lon=115.75).pk).position_datum == "wgs84"
    assert gcj02_to_wgs84(lat, lon) == pytest.approx((33.85, 115.75), abs=1e-6)


# Cases


def cases(world, user, query=f"{DAYS}&box=115,33,116,34", level="street") -> dict:
    return signed_in(user).get(address(world, "unit_map_cases", level, query)).json()


def test_cases_are_those_the_viewer_may_see_inside_the_box_and_the_days(world):
    ours = file_case(world, lat=33.85, lon=115.75)
    theirs = file_case(world, by=world.others["chief"], unit=world.units["other_neighbourhood"], lat=33.85, lon=115.75)
    file_case(world)
    file_case(world, lat=31.0, lon=115.75)
    assert [one["number"] for one in cases(world, world.official)["cases"]] == [ours.number]
    everywhere = {one["number"] for one in cases(world, world.city_official, level="district")["cases"]}
    assert everywhere == {ours.number, theirs.number}
    assert cases(world, world.official, "since=2025-01-01&until=2025-01-02&box=115,33,116,34")["cases"] == []


def test_at_most_so_many_cases_and_it_is_said(world, monkeypatch):
    monkeypatch.setattr(map_views, "MOST_CASES", 2)
    made = [file_case(world, lat=33.85, lon=115.75).number for _ in range(3)]
    found = cases(world, world.official)
    assert (found["cut"], [one["number"] for one in found["cases"]]) == (True, made[:0:-1])
    assert cases(world, world.official, f"{DAYS}&box=1,1,2,2") == {"cases": [], "cut": False}


# Security policy


def image_sources(answer) -> list[str]:
    policy = dict(part.strip().split(" ", 1) for part in answer["Content-Security-Policy"].split(";"))
    return policy["img-src"].split()


def test_only_the_host_of_the_tiles_may_be_asked_and_only_by_the_map(world, settings):
    client = signed_in(world.official)
    own = ["'self'", "data:", "blob:"]
    assert image_sources(client.get(address(world))) == own
    settings.CONTENT_SECURITY_POLICY_BY_PATH = {"/map/": policy(GCJ)}
    assert image_sources(client.get(address(world))) == [*own, "https://tiles.example.cn"]
    assert image_sources(client.get(address(world, "unit_dashboard"))) == own


def test_settings_of_tiles():
    assert tiles() == Tiles()
    assert policy(tiles()) == {}
    sky = tiles(template="tianditu", key="0123456789abcdef")
    assert policy(sky) == {"img-src": ["https://t0.tianditu.gov.cn"]}
    assert sky.datum == "cgcs2000"
    assert all("tk=0123456789abcdef" in url and "{z}" in url for url in sky.urls)
    own = tiles(template="http://10.0.0.8:8080/{z}/{x}/{y}.png", datum="gcj02")
    assert (own.host, own.datum) == ("http://10.0.0.8:8080", "gcj02")


@pytest.mark.parametrize(
    "given",
    [
        {"template": "tianditu"},
        {"template": "tianditu", "key": "x; script-src *"},
        {"template": "https://{s}.example.cn/{z}/{x}/{y}.png"},
        {"template": "https://tiles.example.cn/{z}/{x}.png"},
        {"template": "/tiles/{z}/{x}/{y}.png"},
        {"template": "https://a.cn; script-src */{z}/{x}/{y}"},
        {"template": "https://a.cn/{z}/{x}/{y}", "datum": "bd09"},
    ],
)
def test_settings_that_cannot_work_are_refused(given):
    with pytest.raises(ImproperlyConfigured):
        tiles(**given)


# Cost


def test_the_map_costs_the_same_for_few_and_many(world):
    client = signed_in(world.city_official)

    def statements() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get(address(world, level="district")).status_code == 200
        return len([one for one in seen if not one["sql"].startswith(("SAVEPOINT", "RELEASE"))])

    put_closed(world)
    statements()
    few = statements()
    for unit in ("other_neighbourhood", "second_neighbourhood"):
        for _ in range(3):
            put(world, unit=unit, lat=33.8, lon=115.7)
    assert statements() <= few <= 15


def test_the_table_holds_everything_without_scripts(world):
    put_closed(world)
    page = signed_in(world.city_official).get(address(world, level="district")).content.decode()
    assert "100.00 %" in page
    assert "1 / 1" in page
    assert reverse("unit_dashboard", args=[world.units["street"].pk]) in page
