"""A treemap's layout: squarified, so that tiles are as near to squares as their sizes allow. Pure.

After Bruls, Huizing and van Wijk, "Squarified Treemaps" (2000): rows are laid along the shorter side of what is left,
and a row grows as long as its worst tile gets no narrower.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle; `x` and `y` are its upper left corner."""

    x: float
    y: float
    width: float
    height: float

    @property
    def area(self) -> float:
        return self.width * self.height

    @property
    def aspect(self) -> float:
        """How far it is from a square: the longer side over the shorter one."""
        short, long = sorted((self.width, self.height))
        return long / short if short else float("inf")


def squarified(values: Sequence[float], box: Box) -> list[Box]:
    """Return a tile of `box` for each of `values`, in their order, with areas in proportion; together they fill it.

    Values are positive and best given falling: tiles then go from the upper left to the lower right. Raise ValueError
    for a value that is not positive or a box without area.
    """
    if any(value <= 0 for value in values) or box.area <= 0:
        raise ValueError("values are positive and a box has an area")
    whole = sum(values)
    areas = [value * box.area / whole for value in values]
    tiles: list[Box] = []
    left, start = box, 0
    while start < len(areas):
        end = _row_end(areas, start, min(left.width, left.height))
        row, left = _laid(areas[start:end], left, is_last=end == len(areas))
        tiles += row
        start = end
    return tiles


def _row_end(areas: Sequence[float], start: int, side: float) -> int:
    """Return where the row that begins at `start` ends: before the tile that would make its worst one narrower."""
    end, total = start + 1, areas[start]
    worst = _worst(areas[start:end], total, side)
    while end < len(areas):
        longer = _worst(areas[start : end + 1], total + areas[end], side)
        if longer > worst:
            break
        worst, total, end = longer, total + areas[end], end + 1
    return end


def _worst(row: Sequence[float], total: float, side: float) -> float:
    depth = total / side
    return max(max(depth * depth / area, area / (depth * depth)) for area in row)


def _laid(row: Sequence[float], left: Box, *, is_last: bool) -> tuple[list[Box], Box]:
    """Lay a row along the shorter side of what is left; return its tiles and what is left then."""
    total = sum(row)
    upright = left.width >= left.height
    side = left.height if upright else left.width
    depth = (left.width if upright else left.height) if is_last else total / side
    tiles, at = [], 0.0
    for area in row:
        length = side * area / total
        if upright:
            tiles.append(Box(left.x, left.y + at, depth, length))
        else:
            tiles.append(Box(left.x + at, left.y, length, depth))
        at += length
    if upright:
        return tiles, Box(left.x + depth, left.y, left.width - depth, left.height)
    return tiles, Box(left.x, left.y + depth, left.width, left.height - depth)
