"""Areas of units: reading GeoJSON, matching, refusing, the command and the desk's page."""

import json
from io import StringIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from linjiang.common.errors import InvalidInput, NotAllowed
from orgs.choices import Level, Role
from orgs.datum import metres_between, wgs84_to_gcj02
from orgs.geometry import BadGeometry, area_of, bounds, centre, positions, simplified
from orgs.models import Boundary
from orgs.services import boundaries
from orgs.services.boundaries import import_boundaries, preview_boundaries
from orgs.services.system import system_user
from orgs.services.units import create_unit
from tests.factories import NOON, make_post, make_world

pytestmark = pytest.mark.django_db
SQUARE = [[115.70, 33.80], [115.80, 33.80], [115.80, 33.90], [115.70, 33.90], [115.70, 33.80]]


@pytest.fixture
def world():
    return make_world()


def feature(ring=SQUARE, **about) -> dict:
    return {"type": "Feature", "properties": about, "geometry": {"type": "Polygon", "coordinates": [ring]}}


def raw(*features) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": list(features)}).encode()


def load(*features, datum="wgs84", **how):
    return import_boundaries(actor=system_user(), raw=raw(*features), datum=datum, source="x.geojson", now=NOON, **how)


def reasons(*features, **how) -> list[str]:
    plan = preview_boundaries(actor=system_user(), raw=raw(*features), datum="wgs84", **how)
    return [one.reason for one in plan.unmatched]


# Geometry


@pytest.mark.parametrize(
    ("geometry", "words"),
    [
        (None, "not an area"),
        ({"type": "Point", "coordinates": [115, 33]}, "not an area"),
        ({"type": "Polygon", "coordinates": []}, "no positions"),
        ({"type": "MultiPolygon", "coordinates": [[]]}, "no positions"),
        ({"type": "Polygon", "coordinates": [SQUARE[:3]]}, "four positions"),
        ({"type": "Polygon", "coordinates": [SQUARE[:4]]}, "not closed"),
        ({"type": "Polygon", "coordinates": [[*SQUARE[:2], ["x", 1], *SQUARE[3:]]]}, "pair of numbers"),
        ({"type": "Polygon", "coordinates": [[*SQUARE[:2], [float("nan"), 1], *SQUARE[3:]]]}, "pair of numbers"),
        ({"type": "Polygon", "coordinates": [[*SQUARE[:2], [True, 1], *SQUARE[3:]]]}, "pair of numbers"),
        ({"type": "Polygon", "coordinates": [[[y, x] for x, y in SQUARE]]}, "exchanged"),
        ({"type": "Polygon", "coordinates": [[[x * 4000, y * 100_000] for x, y in SQUARE]]}, "not in degrees"),
        ({"type": "Polygon", "coordinates": [[[115, 33], [116, 34], [116, 33], [115, 34], [115, 33]]]}, "crosses"),
        ({"type": "Polygon", "coordinates": [[[115, 33], [116, 34], [115, 33], [115, 33]]]}, "encloses nothing"),
        ({"type": "Polygon", "coordinates": [SQUARE * 10_001]}, "more than 50000"),
    ],
)
def test_a_bad_area_is_refused_with_the_reason(geometry, words, english):
    with pytest.raises(BadGeometry, match=words):
        area_of(geometry)


def test_bounds_and_middle_of_an_area():
    area = area_of({"type": "MultiPolygon", "coordinates": [[SQUARE], [[[1, 1], [1.01, 1], [1, 1.01], [1, 1]]]]})
    assert bounds(area) == (1, 1, 115.8, 33.9)
    assert centre(area) == pytest.approx((33.85, 115.75))


def test_simplifying_keeps_corners_and_drops_what_nobody_sees():
    steps = 200
    south = [[115.70 + 0.1 * at / steps, 33.80 + (0.00001 if at % 2 else 0)] for at in range(steps)]
    area = area_of({"type": "Polygon", "coordinates": [[*south, *SQUARE[1:4], south[0]]]})
    thin = simplified(area, metres=20)
    assert len(list(positions(thin))) == 5
    assert bounds(thin) == pytest.approx(bounds(area), abs=1e-4)
    assert simplified(area, metres=0.1)[0][0] == area[0][0]


# Matching


def test_areas_go_to_units_by_code_also_written_in_twelve_digits(world):
    plan = load(feature(code="341602"), feature(xzqdm=341600000000), feature(code="999999"))
    assert [one.unit for one in plan.matched] == [world.units["district"], world.units["city"]]
    assert [one.number for one in plan.unmatched] == [3]
    row = Boundary.objects.get(unit=world.units["district"])
    assert (row.west, row.south, row.east, row.north) == (115.7, 33.8, 115.8, 33.9)
    assert (row.geometry, row.datum, row.source, row.imported_by) == ([[SQUARE]], "wgs84", "x.geojson", system_user())


def test_a_second_import_replaces_the_area(world):
    load(feature(code="341602"))
    moved = [[x + 1, y] for x, y in SQUARE]
    plan = load(feature(moved, code="341602"))
    assert (plan.new, plan.replaced) == (0, 1)
    assert Boundary.objects.get().west == pytest.approx(116.7)


def test_names_need_the_right_parent_where_two_units_share_one(world, english):
    assert reasons(feature(name="第一片"), match="name") == [
        "2 units are called “第一片”: please add the property “parent”"
    ]
    assert "below “无此社区”" in reasons(feature(name="第一片", parent="无此社区"), match="name")[0]
    plan = load(feature(name="第一片", parent="花戏社区"), match="name")
    assert plan.matched[0].unit == world.units["zone"]
    assert load(feature(名称="花戏楼街道", 上级="341602"), match="name").matched[0].unit == world.units["street"]


def test_what_does_not_match_is_said_and_why(world, english):
    found = reasons(
        feature(code="341602"),
        feature(code="341602000000"),
        feature(),
        feature(code="34x"),
        {"type": "Feature", "properties": {"code": "3416"}, "geometry": None},
        "odd",
    )
    assert [one.split(":")[0] for one in found] == [
        "谯城区 has an area already, feature 1",
        "it has no division code (property “code”)",
        "“34x” is no division code",
        "it is not an area (Polygon or MultiPolygon)",
        "it has no division code (property “code”)",
    ]
    assert not Boundary.objects.exists()


def test_an_area_in_gcj02_is_kept_in_wgs84(world):
    shifted = [list(reversed(wgs84_to_gcj02(lat, lon))) for lon, lat in SQUARE]
    load(feature(shifted, code="341602"), datum="gcj02")
    row = Boundary.objects.get()
    assert row.datum == "gcj02"
    for (lon, lat), (had_lon, had_lat) in zip(row.geometry[0][0], SQUARE, strict=True):
        assert metres_between((lat, lon), (had_lat, had_lon)) < 0.1


@pytest.mark.parametrize(
    "file", [b"", b"\xff\xfe", b"[1]", b"{}", b'{"type": "FeatureCollection", "features": []}', b"[" * 100_000]
)
def test_a_file_that_is_none_is_refused(world, file):
    with pytest.raises(InvalidInput) as error:
        preview_boundaries(actor=system_user(), raw=file, datum="wgs84")
    assert "file" in error.value.errors


def test_sizes_and_choices_are_limited(world, monkeypatch):
    with pytest.raises(InvalidInput):
        preview_boundaries(actor=system_user(), raw=raw(feature(code="3416")), datum="bd09")
    monkeypatch.setattr(boundaries, "MAX_FEATURES", 1)
    with pytest.raises(InvalidInput):
        load(feature(code="3416"), feature(code="341602"))
    monkeypatch.setattr(boundaries, "MAX_BYTES", 10)
    with pytest.raises(InvalidInput):
        load(feature(code="3416"))
    assert not Boundary.objects.exists()


def test_only_the_system_administrator_imports_and_only_below_the_own_post(world):
    for who in (world.street, world.city_official, make_post(Role.AUDIT_ADMIN, unit=world.units["city"]).user):
        with pytest.raises(NotAllowed):
            preview_boundaries(actor=who, raw=raw(feature(code="3416")), datum="wgs84")
    admin = make_post(Role.SYSTEM_ADMIN, unit=world.units["district"]).user
    plan = preview_boundaries(actor=admin, raw=raw(feature(code="3416"), feature(code="341602")), datum="wgs84")
    assert [one.unit for one in plan.matched] == [world.units["district"]]


# The command


def test_the_command_imports_and_says_what_it_left_out(world, tmp_path, english):
    file = tmp_path / "areas.geojson"
    file.write_bytes(raw(feature(code="341602"), feature(name="无", code="77")))
    said, complained = StringIO(), StringIO()
    call_command("import_boundaries", file, datum="wgs84", dry_run=True, stdout=said, stderr=complained)
    assert not Boundary.objects.exists()
    call_command("import_boundaries", file, datum="wgs84", stdout=said, stderr=complained)
    assert "new areas 1, replaced 0, left out 1" in said.getvalue()
    assert "feature 2, 无" in complained.getvalue()
    assert Boundary.objects.get().source == "areas.geojson"


def test_the_command_refuses_what_it_cannot_read(world, tmp_path):
    with pytest.raises(CommandError):
        call_command("import_boundaries", tmp_path / "nothing.geojson", datum="wgs84")
    (tmp_path / "bad.geojson").write_text("{")
    with pytest.raises(CommandError):
        call_command("import_boundaries", tmp_path / "bad.geojson", datum="wgs84")
    with pytest.raises(CommandError):
        call_command("import_boundaries", tmp_path / "bad.geojson")


# The desk


def desk(user) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def upload(*features, datum="wgs84") -> dict:
    file = SimpleUploadedFile("areas.geojson", raw(*features))
    return {"file": file, "datum": datum, "match": "code"}


def test_the_desk_shows_first_and_imports_then(world):
    client = desk(make_post(Role.SYSTEM_ADMIN, unit=world.units["city"]).user)
    page, go = reverse("admin:orgs_boundaries"), reverse("admin:orgs_boundaries_apply")
    assert client.get(page).status_code == 200
    answer = client.post(page, upload(feature(code="341602"), feature(code="77")))
    assert answer.status_code == 200
    assert not Boundary.objects.exists()
    assert "谯城区" in answer.content.decode()
    token = answer.context["token"]
    assert client.post(go, {"token": "other"}).status_code == 302
    assert not Boundary.objects.exists()
    assert client.post(go, {"token": token}).status_code == 302
    assert Boundary.objects.get().source == "areas.geojson"
    assert client.post(go, {"token": token}).status_code == 302  # the file is gone by now: nothing happens twice


def test_the_desk_refuses_bad_files_and_everybody_else(world):
    client = desk(make_post(Role.SYSTEM_ADMIN, unit=world.units["city"]).user)
    page = reverse("admin:orgs_boundaries")
    assert client.post(page, upload(feature(code="341602"), datum="")).status_code == 400
    assert (
        client.post(page, {"file": SimpleUploadedFile("a.json", b"{"), "datum": "wgs84", "match": "code"}).status_code
        == 400
    )
    for who in (world.street, make_post(Role.AUDIT_ADMIN, unit=world.units["city"]).user):
        assert desk(who).get(page).status_code == 403
        assert desk(who).post(reverse("admin:orgs_boundaries_apply")).status_code == 403


def test_a_moved_or_new_unit_without_code_is_matched_by_name_only(world):
    create_unit(actor=system_user(), level=Level.COMMUNITY, name="新社区", parent=world.units["street"], code=None)
    assert len(reasons(feature(name="新社区"))) == 1
    assert len(load(feature(name="新社区"), match="name").matched) == 1
