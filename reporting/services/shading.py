"""Classes of a shaded map: pure."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

MOST = 5


@dataclass(frozen=True, slots=True)
class Shade:
    """A class of values from `low` to `high`, both included; `number` counts from 1, the lowest, `count` is how many
    units are in it. `tone` is how dark it is drawn, 1 to 5: few classes lie far apart."""

    number: int
    tone: int
    low: float
    high: float
    count: int


def shades(values: Iterable[float]) -> list[Shade]:
    """Return up to five classes of about as many units each; equal values are never parted."""
    ordered = sorted(values)
    if not ordered:
        return []
    wanted = min(MOST, len(set(ordered)))
    tops: list[float] = []
    for part in range(1, wanted + 1):
        top = ordered[max(0, round(part * len(ordered) / wanted) - 1)]
        if not tops or top > tops[-1]:
            tops.append(top)
    if tops[-1] != ordered[-1]:
        tops.append(ordered[-1])
    found, begin = [], 0
    for number, top in enumerate(tops, start=1):
        inside = [value for value in ordered[begin:] if value <= top]
        found.append(Shade(number, _tone(number, len(tops)), inside[0], inside[-1], len(inside)))
        begin += len(inside)
    return found


def _tone(number: int, of: int) -> int:
    return 1 + round((number - 1) * (MOST - 1) / (of - 1)) if of > 1 else (1 + MOST) // 2


def shade_of(value: float, classes: list[Shade]) -> Shade:
    """Return the class that holds `value`."""
    return classes[bisect_left([one.high for one in classes], value)]
