"""Which places and kinds of case rise fastest against the period before: pure.

The score of a cell (a category in a child unit) is the signed root of the likelihood ratio of two Poisson counts: how
much better "it came more often than before" explains the two numbers than "as often as before" does. With as many days
in both periods, n now and m before,

    score = ± sqrt(2 · (n · ln(n / e) + m · ln(m / e))),   e = (n + m) / 2

and about 2 is what chance alone brings once in forty cells, 3 once in a thousand. From 1 to 3 it is 1.0, from 10 to 30
it is 3.2: the same threefold rise, but only the second one is told.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import log, sqrt
from typing import Generic, TypeVar

Key = TypeVar("Key")

# Fewer cases than this in the period are no hot spot, whatever there was before; nor is what chance may well bring.
FEWEST = 5
LEAST_SCORE = 2.0
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Hot(Generic[Key]):
    """A cell that rises: how many cases now and before, and the score."""

    key: Key
    now: int
    before: int
    score: float


def score(now: int, before: int, *, days: int = 1, days_before: int = 1) -> float:
    """Return how surprising `now` cases in `days` are after `before` cases in `days_before`; negative for fewer.

    Raise ValueError for a negative count or a period without days.
    """
    if now < 0 or before < 0 or days < 1 or days_before < 1:
        raise ValueError("counts are not negative and periods have days")
    both = now + before
    if not both:
        return 0.0
    expected = both * days / (days + days_before)
    expected_before = both - expected
    gain = _gain(now, expected) + _gain(before, expected_before)
    size = sqrt(max(0.0, 2 * gain))
    return size if now >= expected else -size


def _gain(count: int, expected: float) -> float:
    return count * log(count / expected) if count else 0.0


def hottest(
    now: Mapping[Key, int], before: Mapping[Key, int], *, days: int, days_before: int, shown: int = SHOWN
) -> list[Hot[Key]]:
    """Return the cells that rise fastest, at most `shown`, the most surprising first; of like scores the larger, then
    by key."""
    cells: Iterable[Hot[Key]] = (
        Hot(key, count, before.get(key, 0), score(count, before.get(key, 0), days=days, days_before=days_before))
        for key, count in now.items()
        if count >= FEWEST
    )
    rising = [cell for cell in cells if cell.score >= LEAST_SCORE]
    rising.sort(key=lambda cell: (-round(cell.score, 6), -cell.now, str(cell.key)))
    return rising[:shown]
