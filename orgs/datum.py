"""Datums of positions on the map: WGS-84, CGCS2000, GCJ-02. Pure: no database.

The product keeps every position in WGS-84. CGCS2000, the national datum, differs from it by centimetres and is taken
as the same. GCJ-02 (国测局坐标), which commercial Chinese maps are drawn in, is shifted by some hundred metres inside
China and by nothing outside. Everything is in degrees, latitude first.
"""

from math import cos, hypot, pi, radians, sin, sqrt

WGS84, CGCS2000, GCJ02 = "wgs84", "cgcs2000", "gcj02"

# The Krasovsky ellipsoid of 1940, on which the shift is computed: half axis in metres, first eccentricity squared.
_HALF_AXIS = 6_378_245.0
_ECCENTRICITY = 0.006_693_421_622_965_943
# The frame outside of which nothing is shifted.
_SOUTH, _NORTH, _WEST, _EAST = 0.8293, 55.8271, 72.004, 137.8347
_CENTRE_LAT, _CENTRE_LON = 35.0, 105.0
_EXACT = 1e-9  # degrees: a tenth of a millimetre


def is_shifted(lat: float, lon: float) -> bool:
    """Say whether GCJ-02 differs from WGS-84 there: inside the frame around China."""
    return _SOUTH <= lat <= _NORTH and _WEST <= lon <= _EAST


def wgs84_to_gcj02(lat: float, lon: float) -> tuple[float, float]:
    """Return the position as a map in GCJ-02 has it."""
    if not is_shifted(lat, lon):
        return lat, lon
    north, east = _shift(lat, lon)
    return lat + north, lon + east


def gcj02_to_wgs84(lat: float, lon: float) -> tuple[float, float]:
    """Return the position in WGS-84, found by approaching it: the way back has no formula."""
    if not is_shifted(lat, lon):
        return lat, lon
    found_lat, found_lon = lat, lon
    for _ in range(12):
        there_lat, there_lon = wgs84_to_gcj02(found_lat, found_lon)
        off_lat, off_lon = there_lat - lat, there_lon - lon
        found_lat, found_lon = found_lat - off_lat, found_lon - off_lon
        if abs(off_lat) < _EXACT and abs(off_lon) < _EXACT:
            break
    return found_lat, found_lon


def to_wgs84(lat: float, lon: float, datum: str) -> tuple[float, float]:
    """Return a position of `datum` in WGS-84. Raise ValueError for a datum there is none of."""
    if datum == GCJ02:
        return gcj02_to_wgs84(lat, lon)
    if datum in (WGS84, CGCS2000):
        return lat, lon
    raise ValueError(f"unknown datum {datum!r}")


def from_wgs84(lat: float, lon: float, datum: str) -> tuple[float, float]:
    """Return a position of WGS-84 in `datum`. Raise ValueError for a datum there is none of."""
    if datum == GCJ02:
        return wgs84_to_gcj02(lat, lon)
    if datum in (WGS84, CGCS2000):
        return lat, lon
    raise ValueError(f"unknown datum {datum!r}")


def metres_between(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return how far two near positions lie apart, in metres, on a sphere."""
    degree = 111_195.0
    middle = radians((one[0] + other[0]) / 2)
    return degree * hypot(one[0] - other[0], (one[1] - other[1]) * cos(middle))


def _shift(lat: float, lon: float) -> tuple[float, float]:
    """Return by how many degrees GCJ-02 lies north and east."""
    x, y = lon - _CENTRE_LON, lat - _CENTRE_LAT
    waves = (20 * sin(6 * pi * x) + 20 * sin(2 * pi * x)) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) + waves
    north += (20 * sin(pi * y) + 40 * sin(pi * y / 3)) * 2 / 3
    north += (160 * sin(pi * y / 12) + 320 * sin(pi * y / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) + waves
    east += (20 * sin(pi * x) + 40 * sin(pi * x / 3)) * 2 / 3
    east += (150 * sin(pi * x / 12) + 300 * sin(pi * x / 30)) * 2 / 3
    around = 1 - _ECCENTRICITY * sin(radians(lat)) ** 2
    meridian = _HALF_AXIS * (1 - _ECCENTRICITY) / around**1.5
    parallel = _HALF_AXIS / sqrt(around) * cos(radians(lat))
    return north * 180 / (meridian * pi), east * 180 / (parallel * pi)
