"""Which of tonight's clusters are those of the nights before. Pure.

The machine only ever adds: what people named, confirmed, dismissed or took out stays as they left it.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

Group = Mapping[int, float]


@dataclass(slots=True)
class Plan:
    """What is to be written: cases added to clusters that are there, and clusters that are new, as {case: score}."""

    added: dict[int, dict[int, float]] = field(default_factory=dict)
    new: list[dict[int, float]] = field(default_factory=list)


def plan(
    groups: Sequence[Group],
    *,
    belongs: Mapping[int, int],
    closed: Collection[int],
    taken_out: Collection[tuple[int, int]],
    fewest: int,
) -> Plan:
    """Return what makes tonight's `groups` part of what is kept.

    `belongs`: the cluster of each case; `closed`: clusters that take no more cases (done); `taken_out`: (cluster, case)
    that people parted. A group belongs to the cluster most of its cases are in, the older one of two. Cases that
    belong nowhere join it; without one they are a new cluster where they are at least `fewest`.
    """
    found = Plan()
    parted = set(taken_out)
    out = {case for _cluster, case in parted}
    for group in groups:
        known = Counter(belongs[case] for case in group if case in belongs and belongs[case] not in closed)
        free = {case: score for case, score in group.items() if case not in belongs}
        if known:
            cluster = min(known, key=lambda one: (-known[one], one))
            joining = {case: score for case, score in free.items() if (cluster, case) not in parted}
            if joining:
                found.added.setdefault(cluster, {}).update(joining)
            continue
        # What people took out of a cluster is not made a new one with its like on the next night.
        fresh = {case: score for case, score in free.items() if case not in out}
        if len(fresh) >= fewest:
            found.new.append(fresh)
    return found
