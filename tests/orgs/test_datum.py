"""Datums against published positions, and there and back again."""

import random

import pytest

from orgs.datum import from_wgs84, gcj02_to_wgs84, metres_between, to_wgs84, wgs84_to_gcj02

# Pairs that converters in many languages are tested with: WGS-84 and GCJ-02 in Shanghai, Shenzhen, Beijing.
PUBLISHED = [
    ((31.1774276, 121.5272106), (31.17530398364597, 121.531541859215)),
    ((22.543847, 113.912316), (22.540796131694766, 113.9171764808363)),
    ((39.911954, 116.377817), (39.91334545536069, 116.38404722455657)),
]


@pytest.mark.parametrize(("wgs84", "gcj02"), PUBLISHED)
def test_published_positions(wgs84, gcj02):
    assert wgs84_to_gcj02(*wgs84) == pytest.approx(gcj02, abs=1e-9)
    assert metres_between(gcj02_to_wgs84(*gcj02), wgs84) < 0.001


def test_there_and_back_is_the_same_place_all_over_china():
    dice = random.Random(7)
    for _ in range(2_000):
        here = dice.uniform(18, 53.5), dice.uniform(74, 134.5)
        there = wgs84_to_gcj02(*here)
        assert 10 < metres_between(here, there) < 2_000, here
        assert metres_between(gcj02_to_wgs84(*there), here) < 0.01, here


@pytest.mark.parametrize("place", [(51.5, -0.12), (-33.9, 151.2), (35.7, 139.7), (0.5, 110.0)])
def test_nothing_is_shifted_elsewhere(place):
    assert wgs84_to_gcj02(*place) == gcj02_to_wgs84(*place) == place


def test_cgcs2000_is_taken_as_wgs84_and_an_unknown_datum_is_refused():
    assert to_wgs84(33.8, 115.7, "cgcs2000") == from_wgs84(33.8, 115.7, "cgcs2000") == (33.8, 115.7)
    assert to_wgs84(*from_wgs84(33.8, 115.7, "gcj02"), "gcj02") == pytest.approx((33.8, 115.7), abs=1e-8)
    for convert in (to_wgs84, from_wgs84):
        with pytest.raises(ValueError, match="bd09"):
            convert(33.8, 115.7, "bd09")
