"""Which units are compared with which: only those of the same class, from the community upwards. Pure.

A street in town and a township of villages live under different conditions; side by side, their figures would say
nothing about the people at work. The class follows from the level and the ending of the official name.
"""

from django.utils.translation import gettext_lazy as _

from orgs.choices import Level

URBAN_STREET, TOWN, TOWNSHIP, DEVELOPMENT_ZONE = "urban_street", "town", "township", "development_zone"
NEIGHBOURHOOD_COMMUNITY, VILLAGE = "neighbourhood_community", "village"
URBAN_DISTRICT, COUNTY, COUNTY_CITY = "urban_district", "county", "county_city"

# Endings of names, the first that fits counts; "" fits any name.
ENDINGS = {
    Level.DISTRICT: (
        (("开发区", "园区", "新区"), DEVELOPMENT_ZONE),
        (("县", "旗"), COUNTY),
        (("市",), COUNTY_CITY),
        (("",), URBAN_DISTRICT),
    ),
    Level.STREET: (
        (("街道", "街道办事处", "街道办"), URBAN_STREET),
        (("镇", "镇人民政府"), TOWN),
        (("乡", "乡人民政府"), TOWNSHIP),
        (("",), DEVELOPMENT_ZONE),
    ),
    Level.COMMUNITY: (
        (("村", "村委会", "村民委员会"), VILLAGE),
        (("",), NEIGHBOURHOOD_COMMUNITY),
    ),
}
NAMES = {
    URBAN_DISTRICT: _("Urban districts"),
    COUNTY: _("Counties"),
    COUNTY_CITY: _("County-level cities"),
    URBAN_STREET: _("Urban streets"),
    TOWN: _("Towns"),
    TOWNSHIP: _("Townships"),
    DEVELOPMENT_ZONE: _("Development zones and others"),
    NEIGHBOURHOOD_COMMUNITY: _("Neighbourhood communities"),
    VILLAGE: _("Villages"),
}


def peer_class(level: str, name: str) -> str:
    """Return the class of a unit; "" for levels that are not compared: city, zone, group and neighbourhood.

    Zones, groups and neighbourhoods are led by one person each, and chiefs are not ranked.
    """
    for endings, found in ENDINGS.get(level, ()):
        if name.endswith(endings):
            return found
    return ""
