"""What is counted of a cluster: cases, households, days, and the smallest unit that covers them."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Count, Max, Min, Q

from grievances.models import Cluster, ClusterCase
from linjiang.common.clock import local_day
from orgs.models import Unit
from orgs.tree import SEGMENT

# Growth compares the last four weeks with the four before them.
WEEKS = timedelta(weeks=4)
COUNTED = ("count", "households", "recent", "before", "first_told", "last_told", "unit", "unit_path")


def recount(clusters: Iterable[Cluster], *, now: datetime) -> list[Cluster]:
    """Set the counted fields of `clusters` (not saved) and return those that changed. Two statements."""
    by_pk = {one.pk: one for one in clusters}
    rows = (
        ClusterCase.objects.in_force()
        .filter(cluster__in=by_pk)
        .values("cluster")
        .annotate(
            cases=Count("pk"),
            doors=Count("grievance__household", distinct=True),
            # Two paths with the same beginning have all paths between them in common with it.
            low=Min("unit_path"),
            high=Max("unit_path"),
            first=Min("grievance__reported_at"),
            last=Max("grievance__reported_at"),
            late=Count("pk", filter=Q(grievance__reported_at__gt=now - WEEKS)),
            earlier=Count(
                "pk", filter=Q(grievance__reported_at__gt=now - 2 * WEEKS, grievance__reported_at__lte=now - WEEKS)
            ),
        )
        .order_by()
    )
    found = {row["cluster"]: row for row in rows}
    paths = {pk: common_path(row["low"], row["high"]) for pk, row in found.items()}
    units = {unit.path: unit for unit in Unit.objects.filter(path__in=set(paths.values()))}
    return [one for pk, one in by_pk.items() if _set(one, found.get(pk), units.get(paths.get(pk, "")))]


def common_path(low: str, high: str) -> str:
    """Return the path of the smallest unit over both."""
    same = next((at for at, (one, other) in enumerate(zip(low, high, strict=False)) if one != other), len(low))
    length = min(same, len(low), len(high))
    return low[: length - length % SEGMENT]


def _set(cluster: Cluster, row: dict | None, unit: Unit | None) -> bool:
    was = [getattr(cluster, name) for name in COUNTED if name != "unit"]
    if row is None:
        cluster.count = cluster.households = cluster.recent = cluster.before = 0
    else:
        cluster.count, cluster.households = row["cases"], row["doors"]
        cluster.recent, cluster.before = row["late"], row["earlier"]
        cluster.first_told, cluster.last_told = (
            local_day(row[name]) if row[name] else None for name in ("first", "last")
        )
        # Units that moved have no unit at the path of an old case: the cluster stays where it was.
        if unit is not None and unit.path != cluster.unit_path:
            cluster.unit, cluster.unit_path = unit, unit.path
    return was != [getattr(cluster, name) for name in COUNTED if name != "unit"]
