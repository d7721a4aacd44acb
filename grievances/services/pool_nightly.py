"""The night's search of the problem pool: which cases of the last half year are one matter told by many.

District by district, so that memory does not grow with the city; a district in which nothing was reported since the
last search is passed over. It adds cases and clusters and counts them, and changes nothing that people wrote.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from time import monotonic

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Left, Mod

from grievances.choices import POOLED, ClusterAction, ClusterState, Status
from grievances.models import Cluster, ClusterCase, ClusterEvent, Grievance, PoolRun
from grievances.pool.clusters import FEWEST, find_clusters
from grievances.pool.identity import plan
from grievances.pool.likeness import Rareness
from grievances.pool.naming import common_words
from grievances.pool.words import Told, features
from grievances.services.pool_counting import COUNTED, common_path, recount
from grievances.suggestions.features import READ
from linjiang.common.clock import local_day
from linjiang.common.database import subtree_q
from orgs.choices import LEVEL_ORDER, Level
from orgs.models import Unit
from orgs.tree import SEGMENT

WINDOW = timedelta(days=180)
# From how many cases the rareness of words is counted: more do not make it truer.
COUNTED_FROM = 30_000
_DISTRICT, _COMMUNITY = (LEVEL_ORDER[level] * SEGMENT for level in (Level.DISTRICT, Level.COMMUNITY))
_NOT_TOLD = (Status.DISCOVERED, Status.WITHDRAWN, Status.REJECTED)
_ROWS = 2000
_NAMED_BY = 60


def find(*, now: datetime, everything: bool = False, progress: Callable[[str], None] = lambda _line: None) -> PoolRun:
    """Search the pool and return what it took; `everything` passes over no district. Safe to run twice.

    Each district is written in a transaction of its own: what was done before an accident stays.
    """
    began = monotonic()
    window = Grievance.objects.filter(reported_at__gte=now - WINDOW, reported_at__lte=now).exclude(status__in=_NOT_TOLD)
    last = None if everything else PoolRun.objects.first()
    new = window.filter(reported_at__gt=last.at) if last else window
    rare = None
    read = found = grown = 0
    for district in _districts(new):
        if rare is None:
            rare = _rareness(window)
        told, privately = _told(window.filter(subtree_q(district, field="unit_path")))
        groups = find_clusters(told.values(), rare)
        made, more = _keep(district, groups, told, privately, now=now)
        read, found, grown = read + len(told), found + made, grown + more
        progress(f"{district}: {len(told)} → {len(groups)}")
    _recount_all(now)
    return PoolRun.objects.create(at=now, cases=read, found=found, grown=grown, seconds=monotonic() - began)


def _districts(cases: QuerySet) -> list[str]:
    """Return the paths of the districts with any of `cases`; by index, one look each."""
    paths = Unit.objects.filter(level=Level.DISTRICT).order_by("path").values_list("path", "former_paths")
    every = dict.fromkeys(path for own, former in paths for path in (own, *former))
    return [path for path in every if cases.filter(subtree_q(path, field="unit_path")).exists()]


def _rareness(window: QuerySet) -> Rareness:
    every = max(window.count() // COUNTED_FROM, 1)
    sample = window.alias(turn=Mod("pk", every)).filter(turn=0) if every > 1 else window
    return Rareness.of(features(one) for one, _private in _read(sample.order_by("pk")))


def _told(cases: QuerySet) -> tuple[dict[int, Told], set[int]]:
    """Return the cases by key, and the keys of those told in private."""
    told, privately = {}, set()
    for one, is_private in _read(cases):
        told[one.key] = one
        if is_private:
            privately.add(one.key)
    return told, privately


def _read(cases: QuerySet) -> Iterator[tuple[Told, bool]]:
    columns = ("pk", "title", "text", "place", "unit_path", "category_id", "reported_at", "is_private")
    rows = cases.annotate(text=Left("description", 2 * READ)).values_list(*columns)
    for pk, title, text, place, path, category, at, is_private in rows.iterator(chunk_size=_ROWS):
        yield Told(pk, title, text, place, path[:_COMMUNITY], category, local_day(at)), is_private


@transaction.atomic
def _keep(district: str, groups, told, privately: set[int], *, now: datetime) -> tuple[int, int]:
    """Write what is new and return how many clusters are, and how many cases joined older ones."""
    # Whoever works on one of them waits for the commit, and finds it grown but not changed.
    here = Cluster.objects.filter(subtree_q(district, field="unit_path")).exclude(state=ClusterState.MERGED)
    clusters = {one.pk: one for one in here.select_for_update(of=("self",)).select_related("unit", "category")}
    belongs, taken_out = {}, set()
    rows = ClusterCase.objects.filter(subtree_q(district, field="unit_path"))
    for case, cluster, removed_at in rows.values_list("grievance_id", "cluster_id", "removed_at").iterator():
        if removed_at is None:
            belongs[case] = cluster
        else:
            taken_out.add((cluster, case))
    # Wider than the district by hand, or done: such a cluster takes in nothing by itself.
    closed = {pk for pk in belongs.values() if pk not in clusters or clusters[pk].state == ClusterState.DONE}
    planned = plan(groups, belongs=belongs, closed=closed, taken_out=taken_out, fewest=FEWEST)
    paths = dict(Grievance.objects.filter(pk__in=_cases_of(planned)).values_list("pk", "unit_path"))
    made = _make(planned.new, told, paths, now=now)
    everything = [*zip(made, planned.new, strict=True), *((clusters[pk], more) for pk, more in planned.added.items())]
    ClusterCase.objects.bulk_create(
        [
            ClusterCase(cluster=cluster, grievance_id=case, unit_path=paths[case], likeness=score, added_at=now)
            for cluster, cases in everything
            for case, score in sorted(cases.items())
        ],
        batch_size=_ROWS,
    )
    ClusterEvent.objects.bulk_create(
        [
            ClusterEvent(
                cluster=cluster,
                at=now,
                action=ClusterAction.GROW if cluster.pk in clusters else ClusterAction.FIND,
                detail=str(len(cases)),
            )
            for cluster, cases in everything
        ],
        batch_size=_ROWS,
    )
    touched = [cluster for cluster, _cases in everything]
    recount(touched, now=now)
    _name(touched, told, privately)
    Cluster.objects.bulk_update(touched, [*COUNTED, "name"], batch_size=_ROWS)
    return len(made), sum(len(more) for more in planned.added.values())


def _cases_of(planned) -> set[int]:
    return {case for cases in (*planned.new, *planned.added.values()) for case in cases}


def _make(groups, told, paths: dict[int, str], *, now: datetime) -> list[Cluster]:
    wholes = [common_path(min(paths[case] for case in group), max(paths[case] for case in group)) for group in groups]
    units = {unit.path: unit for unit in Unit.objects.filter(path__in=set(wholes))}
    root = Unit.objects.filter(parent__isnull=True).order_by("path").first()
    made = []
    for group, whole in zip(groups, wholes, strict=True):
        unit = units.get(whole, root)
        counted = Counter(told[case].category for case in sorted(group) if told[case].category is not None)
        category = counted.most_common(1)[0][0] if counted else None
        made.append(Cluster(unit=unit, unit_path=unit.path, category_id=category, found_at=now))
    return Cluster.objects.bulk_create(made, batch_size=_ROWS)


def _name(clusters: list[Cluster], told, privately: set[int]) -> None:
    """Name what nobody named by the words its titles share; what was told in private lends no words."""
    nameless = {one.pk: one for one in clusters if not one.named_by_hand}
    titles: dict[int, list[str]] = defaultdict(list)
    rows = ClusterCase.objects.in_force().filter(cluster__in=nameless).order_by("-grievance")
    for cluster, case in rows.values_list("cluster_id", "grievance_id").iterator():
        if case in told and case not in privately and len(titles[cluster]) < _NAMED_BY:
            titles[cluster].append(told[case].title)
    for pk, cluster in nameless.items():
        cluster.name = common_words(titles[pk])


def _recount_all(now: datetime) -> None:
    """Bring counts to this day: the last four weeks pass also where nothing was told."""
    keys = list(Cluster.objects.filter(state__in=POOLED).order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(keys), _ROWS):
        with transaction.atomic():
            some = Cluster.objects.select_for_update(of=("self",)).filter(pk__in=keys[start : start + _ROWS])
            changed = recount(some.order_by("pk").select_related("unit"), now=now)
            Cluster.objects.bulk_update(changed, COUNTED, batch_size=_ROWS)
