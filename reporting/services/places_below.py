"""The units that a map or a big screen compares below one unit, and the figures and positions of each."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.db.models import Avg, Count
from django.db.models.functions import Substr

from grievances.models import Grievance
from linjiang.common.database import subtree_q
from orgs import tree
from orgs.choices import LEVEL_ORDER, Level
from orgs.models import Unit
from reporting.conditions import OPEN, now_conditions
from reporting.measures import Counts, Measure, total
from reporting.periods import Period
from reporting.services.reading import read_level

# A city is seen by its streets, as a district is. Neighbourhoods are one chief's each and are never put side by side
# here, so there is nothing below a group.
SHOWN_BELOW = {
    Level.CITY: Level.STREET,
    Level.DISTRICT: Level.STREET,
    Level.STREET: Level.COMMUNITY,
    Level.COMMUNITY: Level.ZONE,
    Level.ZONE: Level.GROUP,
}


def units_below(unit: Unit) -> list[Unit]:
    """Return the units to compare below `unit`, in the order of the place; those right below it where the level that
    is usually seen has none, but never neighbourhoods."""
    wanted = SHOWN_BELOW.get(unit.level)
    if wanted is None:
        return []
    below = Unit.objects.subtree(unit.path).filter(is_active=True).exclude(pk=unit.pk).select_related("parent")
    found = list(below.filter(level=wanted).order_by("path"))
    if found:
        return found
    return list(below.filter(parent=unit).exclude(level=Level.NEIGHBOURHOOD).order_by("path"))


def counts_below(unit: Unit, below: Sequence[Unit], *, period: Period, now: datetime) -> dict[int, Counts]:
    """Return the counts of each of `below` by its key, with its subtree and what was filed where it lay before."""
    found: dict[str, Counts] = {}
    for depth in sorted({one.depth for one in below}):
        found |= read_level(above=unit, depth=depth, period=period, now=now)
    return {one.pk: total(found[path] for path in one.paths if path in found) for one in below}


def overdue_below(unit: Unit, below: Sequence[Unit], *, now: datetime) -> dict[int, Measure]:
    """Return by key how many open cases of each unit are past their limit now, of how many; one statement."""
    open_ones = Grievance.objects.filter(OPEN, subtree_q(unit.path, field="unit_path"))
    late = now_conditions(now=now)["overdue"]
    rows = _by_place(open_ones, below).annotate(n=Count("pk"), late=Count("pk", filter=late))
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        sums[row["unit_place"]][0] += row["late"]
        sums[row["unit_place"]][1] += row["n"]
    found = {}
    for one in below:
        late_ones, all_open = (sum(part) for part in zip(*(sums[path] for path in one.paths), strict=True))
        found[one.pk] = Measure(late_ones, all_open, late_ones / all_open if all_open else None)
    return found


def middles_below(unit: Unit, below: Sequence[Unit]) -> dict[int, tuple[float, float]]:
    """Return by key the middle (latitude, longitude) of the positions of each unit's cases, where there are any."""
    with_position = Grievance.objects.filter(
        subtree_q(unit.path, field="unit_path"), lat__isnull=False, lon__isnull=False
    )
    middles = {
        row["unit_place"]: (row["mean_lat"], row["mean_lon"])
        for row in _by_place(with_position, below).annotate(mean_lat=Avg("lat"), mean_lon=Avg("lon"))
    }
    return {one.pk: middles[one.path] for one in below if one.path in middles}


def _by_place(cases, below: Sequence[Unit]):
    """Group cases by the path of the unit of `below` they were filed in; all of one depth but for odd trees."""
    depth = max((one.depth for one in below), default=LEVEL_ORDER[Level.CITY])
    return cases.order_by().values(unit_place=Substr("unit_path", 1, depth * tree.SEGMENT))
