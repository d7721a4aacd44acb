"""Areas as GeoJSON has them: checking, measuring, simplifying. Pure: no database.

A position is `[longitude, latitude]` in degrees; a ring is closed (its last position is its first); a polygon is its
outer ring and then its holes; an area is a list of polygons (the coordinates of a MultiPolygon).
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from math import cos, hypot, isfinite, radians

from django.utils.translation import gettext as _

Position = list[float]
Ring = list[Position]
Area = list[list[Ring]]

MAX_POSITIONS = 50_000
_SHAPES = {"Polygon", "MultiPolygon"}
_DECIMALS = 7  # a centimetre


class BadGeometry(ValueError):
    """An area that cannot be drawn; the message says why, for people."""


def area_of(geometry: object) -> Area:
    """Return the area of a GeoJSON geometry. Raise BadGeometry."""
    if not isinstance(geometry, dict) or geometry.get("type") not in _SHAPES:
        raise BadGeometry(_("it is not an area (Polygon or MultiPolygon)"))
    coordinates = geometry.get("coordinates")
    polygons = [coordinates] if geometry["type"] == "Polygon" else coordinates
    if not isinstance(polygons, list) or not polygons:
        raise BadGeometry(_("it has no positions"))
    area, left = [], MAX_POSITIONS
    for polygon in polygons:
        if not isinstance(polygon, list) or not polygon:
            raise BadGeometry(_("it has no positions"))
        rings = []
        for ring in polygon:
            rings.append(_ring(ring, left))
            left -= len(ring)
        area.append(rings)
    return area


def _ring(given: object, left: int) -> Ring:
    if not isinstance(given, list) or len(given) < 4:
        raise BadGeometry(_("a ring needs at least four positions, the last being the first again"))
    if len(given) > left:
        raise BadGeometry(_("it has more than %(count)s positions; please simplify it") % {"count": MAX_POSITIONS})
    ring = [_position(one) for one in given]
    if ring[0] != ring[-1]:
        raise BadGeometry(_("a ring is not closed: its last position must be its first"))
    tidy = [ring[0], *(here for before, here in itertools.pairwise(ring) if here != before)]
    if _crosses_itself(tidy):
        raise BadGeometry(_("its outline crosses itself"))
    if len(tidy) < 4 or abs(_doubled(tidy)) < 1e-12:
        raise BadGeometry(_("a ring encloses nothing"))
    return tidy


def _position(given: object) -> Position:
    if not isinstance(given, list) or len(given) < 2 or not all(_is_number(one) for one in given[:2]):
        raise BadGeometry(_("a position is not a pair of numbers"))
    lon, lat = float(given[0]), float(given[1])
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        if -180 <= lat <= 180 and -90 <= lon <= 90:
            raise BadGeometry(_("latitude and longitude are exchanged: longitude comes first"))
        raise BadGeometry(_("positions are not in degrees; please export longitude and latitude, not metres"))
    return [round(lon, _DECIMALS), round(lat, _DECIMALS)]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _crosses_itself(ring: Ring) -> bool:
    """Say whether two sides that are no neighbours meet: sides from west to east, each against those it overlaps."""
    last = len(ring) - 2
    sides = sorted((min(ring[at][0], ring[at + 1][0]), at) for at in range(last + 1))
    open_sides: list[int] = []
    for west, at in sides:
        open_sides = [one for one in open_sides if max(ring[one][0], ring[one + 1][0]) >= west]
        for other in open_sides:
            if abs(at - other) in (1, last):
                continue
            if _meet(ring[at], ring[at + 1], ring[other], ring[other + 1]):
                return True
        open_sides.append(at)
    return False


def _meet(a: Position, b: Position, c: Position, d: Position) -> bool:
    if max(a[1], b[1]) < min(c[1], d[1]) or max(c[1], d[1]) < min(a[1], b[1]):
        return False
    return _side(a, b, c) * _side(a, b, d) < 0 and _side(c, d, a) * _side(c, d, b) < 0


def _side(a: Position, b: Position, c: Position) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def positions(area: Area) -> Iterator[Position]:
    """Yield every position of the area."""
    for polygon in area:
        for ring in polygon:
            yield from ring


def mapped(area: Area, change: Callable[[float, float], tuple[float, float]]) -> Area:
    """Return the area with every position changed; `change` takes and returns latitude, longitude."""

    def moved(position: Position) -> Position:
        lat, lon = change(position[1], position[0])
        return [round(lon, _DECIMALS), round(lat, _DECIMALS)]

    return [[[moved(one) for one in ring] for ring in polygon] for polygon in area]


def bounds(area: Area) -> tuple[float, float, float, float]:
    """Return the west, south, east and north end of the area."""
    lons, lats = zip(*positions(area), strict=True)
    return min(lons), min(lats), max(lons), max(lats)


def centre(area: Area) -> tuple[float, float]:
    """Return the latitude and longitude of the middle of the largest polygon."""
    ring = max((polygon[0] for polygon in area), key=lambda one: abs(_doubled(one)))
    west, south = ring[0]
    lon = lat = 0.0
    for a, b in itertools.pairwise(ring):
        cross = (a[0] - west) * (b[1] - south) - (b[0] - west) * (a[1] - south)
        lon += (a[0] + b[0] - 2 * west) * cross
        lat += (a[1] + b[1] - 2 * south) * cross
    return south + lat / (3 * _doubled(ring)), west + lon / (3 * _doubled(ring))


def _doubled(ring: Sequence[Position]) -> float:
    """Return twice the signed area of the ring, in square degrees."""
    west, south = ring[0]
    return sum((a[0] - west) * (b[1] - south) - (b[0] - west) * (a[1] - south) for a, b in itertools.pairwise(ring))


def simplified(area: Area, *, metres: float) -> Area:
    """Return the area for display: no side strays further than `metres` (Douglas–Peucker), and no ring disappears."""
    west, south, _east, north = bounds(area)
    across = cos(radians((south + north) / 2)) or 1e-9
    tolerance = metres / 111_195

    def thinned(ring: Ring) -> Ring:
        # A ring has no ends: it is cut where it is farthest from its beginning.
        flat = [((lon - west) * across, lat - south) for lon, lat in ring]
        far = max(range(len(flat)), key=lambda at: hypot(flat[at][0] - flat[0][0], flat[at][1] - flat[0][1]))
        kept = sorted(
            {0, far, len(ring) - 1} | _kept(flat, 0, far, tolerance) | _kept(flat, far, len(ring) - 1, tolerance)
        )
        return [ring[at] for at in kept] if len(kept) >= 4 else ring

    return [[thinned(ring) for ring in polygon] for polygon in area]


def _kept(flat: list[tuple[float, float]], first: int, last: int, tolerance: float) -> set[int]:
    kept: set[int] = set()
    waiting = [(first, last)]
    while waiting:
        begin, end = waiting.pop()
        if end - begin < 2:
            continue
        away, at = max((_distance(flat[one], flat[begin], flat[end]), one) for one in range(begin + 1, end))
        if away > tolerance:
            kept.add(at)
            waiting += [(begin, at), (at, end)]
    return kept


def _distance(point: tuple[float, float], a: tuple[float, float], b: tuple[float, float]) -> float:
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = dx * dx + dy * dy
    share = 0.0 if not length else max(0.0, min(1.0, ((point[0] - a[0]) * dx + (point[1] - a[1]) * dy) / length))
    return hypot(point[0] - a[0] - share * dx, point[1] - a[1] - share * dy)
