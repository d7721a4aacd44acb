"""How often pairs found alike are the same matter to who reads them. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

Pair = tuple[int, int, bool]


@dataclass(frozen=True, slots=True)
class Found:
    """Of pairs read by people: how many are the same, how many were called so, how many rightly."""

    pairs: int
    same: int
    called: int
    right: int

    @property
    def precision(self) -> float:
        return self.right / self.called if self.called else 0.0

    @property
    def recall(self) -> float:
        return self.right / self.same if self.same else 0.0

    @property
    def balance(self) -> float:
        """The harmonic mean of both."""
        return 2 * self.right / (self.called + self.same) if self.called + self.same else 0.0


def measure(pairs: Sequence[Pair], is_same: Callable[[int, int], bool]) -> Found:
    """Return how well `is_same` agrees with the people who read `pairs`."""
    called = [(same, bool(is_same(one, other))) for one, other, same in pairs]
    return Found(
        pairs=len(pairs),
        same=sum(same for same, _said in called),
        called=sum(said for _same, said in called),
        right=sum(same and said for same, said in called),
    )


def choose(pairs: Sequence[Pair], score: Callable[[int, int], float]) -> float:
    """Return the threshold with the best balance on `pairs`: the middle between two scores that part them best."""
    scored = {(one, other): score(one, other) for one, other, _same in pairs}
    values = sorted(set(scored.values()))
    steps = [(low + high) / 2 for low, high in pairwise(values)]
    return max(steps, key=lambda step: (measure(pairs, lambda *pair: scored[pair] >= step).balance, step))


def halves(pairs: Sequence[Pair]) -> tuple[list[Pair], list[Pair]]:
    """Return every other pair, in the order of their keys: one half to choose by, one to measure on."""
    ordered = sorted(pairs)
    return ordered[::2], ordered[1::2]
