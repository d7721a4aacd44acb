"""Open cases close by that look like what somebody is about to report, so that it is joined and not filed again."""

import math
from collections import Counter
from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef, Q

from grievances.models import Grievance, Joining
from grievances.suggestions.features import pairs
from linjiang.common.database import subtree_q
from orgs.choices import LEVEL_ORDER, Level
from orgs.models import Unit, User
from orgs.tree import SEGMENT, depth

SHOWN = 3
# The newest open cases of a community are few; more are not compared.
COMPARED = 300
# How much of what was typed, by rareness, must stand in the other case; and how many pairs of characters at least.
ALIKE = 0.35
SHARED = 2
# About 200 m: one degree of latitude is 111 km.
_NEAR_DEGREES = 200 / 111_000


@dataclass(frozen=True, slots=True)
class Alike:
    """A case that looks the same; `joined`: the viewer joined it, `own`: filed it; `seen`: it is theirs to open."""

    case: Grievance
    likeness: float
    joined: bool
    own: bool
    seen: bool


def open_alike(
    text: str,
    *,
    user: User,
    unit: Unit,
    lat: float | None = None,
    lon: float | None = None,
    beside: Grievance | None = None,
) -> list[Alike]:
    """Return at most three open cases that share the rarer words of `text`, the likest first; never `beside`.

    Of those that `user` sees or may join. Of the unit's community; with a position also of the street within about
    200 m. One statement: the open cases of a community are a short range of the index of open cases
    (`grievance_live_due`), compared here.
    """
    typed = pairs(text)
    if len(typed) < SHARED or depth(unit.path) <= LEVEL_ORDER[Level.DISTRICT]:
        return []
    others = [case for case in _open_cases(user, unit, lat, lon) if beside is None or case.pk != beside.pk]
    theirs = [pairs(f"{case.title}\n{case.description}") for case in others]
    seen = Counter(name for words in theirs for name in words & typed)
    # What half the community's cases say tells nothing; what no other says would tell most.
    rare = {name: math.log((len(others) + 2) / (seen[name] + 0.5)) for name in typed}
    whole = sum(rare.values())
    found = []
    for case, words in zip(others, theirs, strict=True):
        shared = words & typed
        # A short report that stands in what was typed nearly whole is alike too, if less.
        likeness = max(sum(rare[name] for name in shared) / whole, len(shared) / len(words) / 2 if words else 0)
        if len(shared) >= SHARED and likeness >= ALIKE:
            found.append(Alike(case, likeness, case.has_joined, case.filed_by_id == user.pk, case.is_seen))
    return sorted(found, key=lambda one: (-one.likeness, -one.case.pk))[:SHOWN]


def _open_cases(user: User, unit: Unit, lat: float | None, lon: float | None):
    area = _around(unit, Level.COMMUNITY)
    if lat is not None and lon is not None:
        across = _NEAR_DEGREES / max(math.cos(math.radians(lat)), 0.01)
        near = Q(lat__range=(lat - _NEAR_DEGREES, lat + _NEAR_DEGREES), lon__range=(lon - across, lon + across))
        area = _around(unit, Level.STREET) & (area | near)
    joined = Joining.objects.filter(grievance=OuterRef("pk"), joined_by=user)
    return (
        # The area first: its open cases are a short range of an index, and the two rights are asked of those alone.
        Grievance.objects.live()
        .filter(is_private=False)
        .filter(area)
        .annotate(is_seen=Exists(Grievance.objects.visible_to(user).filter(pk=OuterRef("pk"))))
        .filter(Q(is_seen=True) | Exists(Grievance.objects.near(user).filter(pk=OuterRef("pk"))))
        .select_related("unit", "household__contact", "contact", "category")
        .only(
            *("number", "title", "description", "status", "place", "filed_by_id", "joined_count", "unit__name"),
            *("category__name", "category__name_en"),
            *("suspended_at", "household__label", "household__contact__name", "contact__name"),
        )
        .annotate(has_joined=Exists(joined))
        # Not by the key alone: the index of keys, walked from its end, would pass a whole city's cases.
        .order_by((F("pk") + 0).desc())[:COMPARED]
    )


def _around(unit: Unit, level: Level) -> Q:
    """Return the condition "filed below the unit's `level`", also where the unit lay before it moved."""
    condition = Q()
    for path in (unit.path, *unit.former_paths):
        condition |= subtree_q(path[: LEVEL_ORDER[level] * SEGMENT], field="unit_path")
    return condition
