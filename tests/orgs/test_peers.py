"""Classes of units: what may be compared with what."""

import pytest

from orgs.choices import Level
from orgs.peers import NAMES, peer_class


@pytest.mark.parametrize(
    ("level", "name", "expected"),
    [
        (Level.STREET, "花戏楼街道", "urban_street"),
        (Level.STREET, "花戏楼街道办事处", "urban_street"),
        (Level.STREET, "古井镇", "town"),
        (Level.STREET, "魏岗乡", "township"),
        (Level.STREET, "亳州经济开发区", "development_zone"),
        (Level.COMMUNITY, "白布社区", "neighbourhood_community"),
        (Level.COMMUNITY, "白布社区居委会", "neighbourhood_community"),
        (Level.COMMUNITY, "杏花村村委会", "village"),
        (Level.COMMUNITY, "大王村", "village"),
        (Level.DISTRICT, "谯城区", "urban_district"),
        (Level.DISTRICT, "涡阳县", "county"),
        (Level.DISTRICT, "海城市", "county_city"),
        (Level.DISTRICT, "亳芜产业园区", "development_zone"),
        (Level.CITY, "亳州市", ""),
        (Level.ZONE, "第一片", ""),
        (Level.GROUP, "第一组", ""),
        (Level.NEIGHBOURHOOD, "第一邻", ""),
    ],
)
def test_class_follows_from_level_and_ending(level, name, expected):
    assert peer_class(level, name) == expected
    assert not expected or expected in NAMES
