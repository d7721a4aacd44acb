"""Made-up areas and positions for the demo city, so that its map can be seen; no real boundary looks like them."""

from datetime import datetime
from math import cos, pi, radians, sin
from random import Random

from grievances.models import Grievance
from orgs import geometry, tree
from orgs.choices import LEVEL_ORDER, Datum, Level
from orgs.models import Unit, User
from orgs.services.boundaries import save_areas

# A frame about the size of the city, in degrees, cut by slanting lines until each community has its piece.
_CITY = [[115.3, 32.9], [116.6, 32.85], [116.7, 34.0], [115.9, 34.1], [115.25, 33.8]]
_LEVELS = (Level.CITY, Level.DISTRICT, Level.STREET, Level.COMMUNITY)
_WITH_POSITION = 0.7
_SOURCE = "demo"

Corners = list[list[float]]


def draw_areas(*, actor: User, rng: Random, now: datetime) -> None:
    """Give every unit down to the community an area and a point inside it, and most cases a position near by."""
    units = list(Unit.objects.filter(level__in=_LEVELS).order_by("path"))
    below: dict[str, list[Unit]] = {}
    for unit in units:
        below.setdefault(unit.path[: -tree.SEGMENT], []).append(unit)
    pieces: dict[int, Corners] = {}
    _divide(_CITY, below.get("", []), below, pieces, rng)
    areas = {pk: [[[*corners, corners[0]]]] for pk, corners in pieces.items()}
    save_areas(actor=actor, areas=areas, datum=Datum.WGS84, source=_SOURCE, now=now)
    for unit in units:
        unit.lat, unit.lon = geometry.centre(areas[unit.pk])
    Unit.objects.bulk_update(units, ["lat", "lon"], batch_size=500)
    _place_cases({unit.path: unit for unit in units if unit.level == Level.COMMUNITY}, rng)


def _place_cases(communities: dict[str, Unit], rng: Random) -> None:
    """Put most cases of each group close to one another, as houses of a street are."""
    depth = LEVEL_ORDER[Level.COMMUNITY] * tree.SEGMENT
    spots: dict[str, tuple[float, float]] = {}
    placed = []
    for case in Grievance.objects.only("pk", "unit_path").order_by("pk"):
        community = communities.get(case.unit_path[:depth])
        if community is None or rng.random() > _WITH_POSITION:
            continue
        zone, group = (case.unit_path[: depth + below * tree.SEGMENT] for below in (1, 2))
        if zone not in spots:
            spots[zone] = _near((community.lat, community.lon), rng.uniform(0.005, 0.01), rng)
        if group not in spots:
            spots[group] = _near(spots[zone], rng.uniform(0.001, 0.003), rng)
        lat, lon = spots[group]
        case.lat = round(lat + rng.gauss(0, 0.0006), 6)
        case.lon = round(lon + rng.gauss(0, 0.0006) / cos(radians(lat)), 6)
        placed.append(case)
    Grievance.objects.bulk_update(placed, ["lat", "lon"], batch_size=500)


def _near(spot: tuple[float, float], far: float, rng: Random) -> tuple[float, float]:
    turn = rng.random() * 2 * pi
    return spot[0] + far * sin(turn), spot[1] + far * cos(turn)


def _divide(corners: Corners, units: list[Unit], below: dict[str, list[Unit]], pieces: dict, rng: Random) -> None:
    """Cut the convex piece among `units` by how many units lie below each, and go on inside each."""
    if len(units) == 1:
        pieces[units[0].pk] = corners
        if inside := below.get(units[0].path):
            _divide(corners, inside, below, pieces, rng)
        return
    half = len(units) // 2
    first, second = units[:half], units[half:]
    weight = sum(_size(unit, below) for unit in first) / sum(_size(unit, below) for unit in units)
    one, other = _cut(corners, weight, rng)
    _divide(one, first, below, pieces, rng)
    _divide(other, second, below, pieces, rng)


def _size(unit: Unit, below: dict[str, list[Unit]]) -> int:
    inside = below.get(unit.path, [])
    return sum(_size(one, below) for one in inside) if inside else 1


def _cut(corners: Corners, share: float, rng: Random) -> tuple[Corners, Corners]:
    """Cut a convex piece across its longer way, somewhat slanted, so that the first part has `share` of it."""
    west, south, east, north = geometry.bounds([[corners]])
    turn = (0 if east - west > north - south else pi / 2) + rng.uniform(-0.35, 0.35)
    along = (cos(turn), sin(turn))
    reach = [along[0] * lon + along[1] * lat for lon, lat in corners]
    low, high, whole = min(reach), max(reach), _area(corners)
    for _ in range(40):
        at = (low + high) / 2
        if _area(_part(corners, along, at)) < share * whole:
            low = at
        else:
            high = at
    return _part(corners, along, at), _part(corners, (-along[0], -along[1]), -at)


def _part(corners: Corners, along: tuple[float, float], at: float) -> Corners:
    """Return what of the convex piece lies before `at` on the way `along`."""
    kept: Corners = []
    for here, following in zip(corners, [*corners[1:], corners[0]], strict=True):
        a = along[0] * here[0] + along[1] * here[1] - at
        b = along[0] * following[0] + along[1] * following[1] - at
        if a <= 0:
            kept.append(here)
        if a * b < 0:
            share = a / (a - b)
            kept.append([round(one + share * (other - one), 7) for one, other in zip(here, following, strict=True)])
    return kept


def _area(corners: Corners) -> float:
    pairs = zip(corners, [*corners[1:], corners[0]], strict=True)
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairs)) / 2 if len(corners) > 2 else 0.0
