"""Closed lists of the organisation; the words people see come from the city profile where it has them."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Level(models.TextChoices):
    """Levels of the tree, from the top down."""

    CITY = "city", _("City")
    DISTRICT = "district", _("District")
    STREET = "street", _("Street")
    COMMUNITY = "community", _("Community")
    ZONE = "zone", _("Zone")
    GROUP = "group", _("Group")
    NEIGHBOURHOOD = "neighbourhood", _("Neighbourhood")


LEVEL_ORDER = {level: depth for depth, level in enumerate(Level.values, start=1)}


class Datum(models.TextChoices):
    """What positions on a map are measured against; the product keeps WGS-84 and notes what a position came in."""

    WGS84 = "wgs84", _("WGS-84 (GPS)")
    CGCS2000 = "cgcs2000", _("CGCS2000 (national datum)")
    GCJ02 = "gcj02", _("GCJ-02 (commercial maps)")


class Role(models.TextChoices):
    """What a post lets its holder do; rights come from the post, never from the person."""

    CHIEF = "chief", _("Neighbour chief")
    GROUP_LEADER = "group_leader", _("Group leader")
    ZONE_LEADER = "zone_leader", _("Zone leader")
    COMMUNITY = "community", _("Community staff")
    STREET = "street", _("Street staff")
    HANDLER = "handler", _("Agency handler")
    SUPERVISOR = "supervisor", _("Supervisor")
    OFFICIAL = "official", _("Official")
    OPERATOR = "operator", _("Hotline operator")
    SYSTEM_ADMIN = "system_admin", _("System administrator")
    SECURITY_ADMIN = "security_admin", _("Security administrator")
    AUDIT_ADMIN = "audit_admin", _("Audit administrator")


LEADER_ROLES = (Role.CHIEF, Role.GROUP_LEADER, Role.ZONE_LEADER)
DESK_ROLES = (Role.COMMUNITY, Role.STREET)
ADMIN_ROLES = (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN)

# Roles whose holders see the cases of their unit's whole subtree.
CASE_ROLES = (*LEADER_ROLES, *DESK_ROLES, Role.SUPERVISOR, Role.OFFICIAL, Role.OPERATOR)

# At which level a role sits; roles that are not listed may sit anywhere.
ROLE_LEVEL = {
    Role.CHIEF: Level.NEIGHBOURHOOD,
    Role.GROUP_LEADER: Level.GROUP,
    Role.ZONE_LEADER: Level.ZONE,
    Role.COMMUNITY: Level.COMMUNITY,
    Role.STREET: Level.STREET,
}

# The role that leads a unit of this level: whom a case at that unit is addressed to.
LEADING_ROLE = {level: role for role, level in ROLE_LEVEL.items()}


class AgencyKind(models.TextChoices):
    """What kind of body resolves."""

    DEPARTMENT = "department", _("Department")
    ENFORCEMENT = "enforcement", _("Enforcement team")
    PROPERTY = "property", _("Property company")
    PARTNER = "partner", _("Partner organisation")


class ElderSize(models.IntegerChoices):
    """Elder mode (长辈版): how large the smallest letters are, in pixels; 0 is the ordinary look."""

    OFF = 0, _("Ordinary")
    SMALL = 18, _("Small")
    MEDIUM = 22, _("Medium")
    LARGE = 26, _("Large")
    LARGEST = 30, _("Very large")
