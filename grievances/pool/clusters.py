"""From cases to clusters: likely pairs by rare shared features, then groups whose members are alike on average. Pure.

No case is compared with all others. Within a community, cases that share one of their rarest features are compared
with the next few that have it, in the order of time; between communities, cases that name the same place are.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import nsmallest
from itertools import groupby

from grievances.pool.likeness import ALIKE, Rareness, Weighed, likeness
from grievances.pool.words import Told, features

# Two who say the same may be neighbours who talked; three are a matter.
FEWEST = 3
# By how many features of each kind (words, names of places) a case is looked up, and with how many that share one it is
# compared: the rarest find two who say the same, those that are rare and yet said by several find what many tell.
_RAREST, _TELLING, _NAMES, _NEXT = 4, 6, 3, 6
_NEXT_NAMED = 4
# A road runs through a few communities; what more of them name is no place (公交站, 单元路灯).
_A_FEW = 8
# Guard against chaining: two groups become one only if they are this alike on average, by at most so many members each.
_ON_AVERAGE, _SPOKESMEN = 0.7, 6

_KINDS = ("words", "names")
Edge = tuple[float, int, int]


class Block:
    """The cases of one part of the city, compared with each other; texts are taken apart when they are needed.

    The features of a whole district would be gigabytes: a community's are kept while its pairs are made, after that
    the last few thousand.
    """

    _KEPT = 4000

    def __init__(self, cases: Iterable[Told], rare: Rareness) -> None:
        self.rare = rare
        self.told = {one.key: one for one in cases}
        self._weighed: dict[int, Weighed] = {}

    def weighed(self, key: int) -> Weighed:
        """Return the case with its features."""
        found = self._weighed.get(key)
        if found is None:
            if len(self._weighed) >= self._KEPT:
                self._weighed.clear()
            told = self.told[key]
            found = self._weighed[key] = Weighed.of(told, features(told), self.rare)
        return found

    def likeness(self, one: int, other: int) -> float:
        """Return how alike the cases with these keys are."""
        return likeness(self.weighed(one), self.weighed(other), self.rare)

    def edges(self, alike: float = ALIKE) -> list[Edge]:
        """Return the pairs that are at least so alike, each once, the smaller key first."""
        found: dict[tuple[int, int], float] = {}
        named: dict[str, list[tuple]] = defaultdict(list)
        homes: dict[str, set[str]] = defaultdict(set)
        order = sorted(self.told.values(), key=lambda one: (one.community, one.key))
        for _community, members in groupby(order, key=lambda one: one.community):
            weighed = {one.key: Weighed.of(one, features(one), self.rare) for one in members}
            for pair in _near(weighed.values(), self.rare):
                if (score := likeness(weighed[pair[0]], weighed[pair[1]], self.rare)) >= alike:
                    found[pair] = score
            for one in weighed.values():
                for name in one.features.places:
                    homes[name].add(one.told.community)
                for name in _heaviest(one.features.places, self.rare.name, _NAMES):
                    named[name].append((*_when(one.told), one.told.community))
        self.rare.everywhere = {name for name, communities in homes.items() if len(communities) > _A_FEW}
        for pair in _elsewhere({name: told for name, told in named.items() if name not in self.rare.everywhere}):
            if (score := self.likeness(*pair)) >= alike:
                found[pair] = score
        return [(score, *pair) for pair, score in found.items()]


def find_clusters(cases: Iterable[Told], rare: Rareness, *, alike: float = ALIKE, fewest: int = FEWEST) -> list[dict]:
    """Return the clusters of `cases` as {key: how alike the rest it is}, the largest first.

    The order of `cases` makes no difference; no case is in two clusters.
    """
    block = Block(cases, rare)
    edges = block.edges(alike)
    best: dict[int, float] = defaultdict(float)
    for score, one, other in edges:
        best[one], best[other] = max(best[one], score), max(best[other], score)
    groups = _grouped(edges, block.likeness, alike * _ON_AVERAGE)
    found = [{key: best[key] for key in group} for group in groups if len(group) >= fewest]
    return sorted(found, key=lambda group: (-len(group), min(group)))


def _grouped(edges: Sequence[Edge], score: Callable[[int, int], float], on_average: float) -> list[list[int]]:
    """Return the groups that the likest pairs make first, as long as the groups they join are alike on average."""
    group_of: dict[int, list[int]] = {}
    refused: set[tuple[int, int, int, int]] = set()
    for _score, one, other in sorted(edges, key=lambda edge: (-edge[0], edge[1], edge[2])):
        first, second = (group_of.setdefault(key, [key]) for key in (one, other))
        if first is second:
            continue
        # The same two groups, grown by nobody since, are refused again without being compared.
        asked = (first[0], len(first), second[0], len(second))
        if asked in refused:
            continue
        if len(first) + len(second) > 2 and _mean(first, second, score) < on_average:
            refused.add(asked)
            continue
        merged = sorted(first + second)
        for key in merged:
            group_of[key] = merged
    return [group for key, group in group_of.items() if group[0] == key]


def _mean(first: Sequence[int], second: Sequence[int], score: Callable[[int, int], float]) -> float:
    spoken = [(one, other) for one in _spread(first) for other in _spread(second)]
    return sum(score(*pair) for pair in spoken) / len(spoken)


def _spread(group: Sequence[int]) -> list[int]:
    """Return at most a handful of members, evenly spread over the group."""
    step = max(len(group) / _SPOKESMEN, 1)
    return [group[int(at * step)] for at in range(min(len(group), _SPOKESMEN))]


def _near(cases: Iterable[Weighed], rare: Rareness) -> Iterator[tuple[int, int]]:
    """Yield likely pairs of one community, each once."""
    cases = sorted(cases, key=lambda one: _when(one.told))
    words, names = (Counter(name for one in cases for name in getattr(one.features, kind)) for kind in _KINDS)

    # What stands in one case alone finds nobody.
    rarest = {name: rare.word(name) for name, count in words.items() if count > 1}
    telling = {name: weight * math.log(words[name]) for name, weight in rarest.items()}
    naming = {name: rare.name(name) * math.log(count) for name, count in names.items() if count > 1}
    holders: dict[str, list[int]] = defaultdict(list)
    seen: set[tuple[int, int]] = set()
    for one in cases:
        key = one.told.key
        shared = one.features.words & rarest.keys()
        asked = {*_heaviest(shared, rarest.__getitem__, _RAREST), *_heaviest(shared, telling.__getitem__, _TELLING)}
        asked.update(_heaviest(one.features.names & naming.keys(), naming.__getitem__, _NAMES))
        for name in asked:
            for other in holders[name][-_NEXT:]:
                pair = (min(key, other), max(key, other))
                if pair not in seen:
                    seen.add(pair)
                    yield pair
            holders[name].append(key)


def _elsewhere(named: dict[str, list[tuple]]) -> Iterator[tuple[int, int]]:
    """Yield pairs of different communities that name the same place, each once."""
    seen: set[tuple[int, int]] = set()
    for name in sorted(named):
        holders = sorted(named[name])
        for at, (_day, key, community) in enumerate(holders):
            after = (other for _day, other, there in holders[at + 1 : at + 1 + 4 * _NEXT_NAMED] if there != community)
            for _count, other in zip(range(_NEXT_NAMED), after, strict=False):
                pair = (min(key, other), max(key, other))
                if pair not in seen:
                    seen.add(pair)
                    yield pair


def _heaviest(names: Iterable[str], weight: Callable[[str], float], count: int) -> list[str]:
    """Return the `count` names of the greatest weight; none that weighs nothing."""
    found = nsmallest(count, ((-weight(name), name) for name in names))
    return [name for heavy, name in found if heavy]


def _when(told: Told) -> tuple[int, int]:
    return (told.day.toordinal() if told.day else 0, told.key)
