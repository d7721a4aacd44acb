"""What chiefs are asked for: how a week's numbers are sorted, and what is said of many weeks. Pure.

Always of many: a place with fewer than `FEWEST` chiefs in a week has no number, and no number belongs to one person.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

# Numbers are kept down to this depth of the tree, the community: below it a few people stand behind each.
DEEPEST = 4
# Fewer chiefs than this in a place, and a number might tell who.
FEWEST = 10
CASES, MESSAGES, ANSWERS = KINDS = ("cases", "messages", "answers")
# How many of it a chief had in the week: the lower ends of the groups neighbourhoods are sorted into.
LOWER_ENDS = (0, 1, 2, 4, 8, 16)
GROUPS = tuple(f"from_{low}" for low in LOWER_ENDS)


def ranges() -> list[tuple[int, int | None]]:
    """Return the first and last number of each group; None: no end."""
    return [(low, high - 1) for low, high in pairwise(LOWER_ENDS)] + [(LOWER_ENDS[-1], None)]


@dataclass(frozen=True, slots=True)
class Load:
    """What one chief has in one week, on average, over `chief_weeks` (chiefs times weeks) of a place.

    `shares`: which part of the chief-weeks falls into each group of `ranges()`.
    """

    kind: str
    per_week: float
    chief_weeks: int
    shares: tuple[float, ...]


def loads(rows: Iterable[Mapping[str, int]]) -> list[Load]:
    """Return the loads in the order of `KINDS`, of sums (`kind`, `chiefs`, `total`, one of each of `GROUPS`) over weeks
    in which the place had at least `FEWEST` chiefs; a kind without chiefs is left out."""
    by_kind = {row["kind"]: row for row in rows if row["chiefs"]}
    return [
        Load(
            kind,
            by_kind[kind]["total"] / by_kind[kind]["chiefs"],
            by_kind[kind]["chiefs"],
            tuple(by_kind[kind][group] / by_kind[kind]["chiefs"] for group in GROUPS),
        )
        for kind in KINDS
        if kind in by_kind
    ]
