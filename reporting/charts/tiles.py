"""The treemap of a dashboard: which parts get a tile, and what stands on each. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from reporting.charts.treemap import Box, squarified
from reporting.charts.words import fitted

GAP = 2.0
PAD = 8.0
LABEL, NUMBER = 14.0, 18.0
LINE = 1.35
SHADES = 4


@dataclass(frozen=True, slots=True)
class Part:
    """A part to draw: its name, how many cases, the number as text, and the address of its list."""

    name: str
    cases: int
    number: str
    url: str


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile ready to draw; `label` and `number` are "" where they do not fit. `shade` 1 is the darkest."""

    part: Part
    box: Box
    label: str
    number: str
    shade: int

    @property
    def text_x(self) -> float:
        return round(self.box.x + PAD, 1)

    @property
    def label_y(self) -> float:
        return round(self.box.y + PAD + LABEL, 1)

    @property
    def number_y(self) -> float:
        return round(self.label_y + NUMBER * LINE, 1) if self.label else round(self.box.y + PAD + NUMBER, 1)


@dataclass(frozen=True, slots=True)
class Map:
    """A treemap of a size; `left_out` is how many parts were too small for a tile, which stand in the table only."""

    width: int
    height: int
    tiles: list[Tile]
    left_out: int


def tiled(parts: Sequence[Part], *, width: int, height: int, least: float) -> Map:
    """Return the treemap of `parts` (most cases first) in `width` × `height`.

    A part with less than the share `least` of all cases gets no tile: nobody could read it.
    """
    parts = [part for part in parts if part.cases > 0]
    whole = sum(part.cases for part in parts)
    shown = [part for part in parts if part.cases >= least * whole]
    if not shown:
        return Map(width, height, [], len(parts))
    boxes = squarified([part.cases for part in shown], Box(0, 0, width, height))
    tiles = [_tile(part, box, rank) for rank, (part, box) in enumerate(zip(shown, boxes, strict=True))]
    return Map(width, height, tiles, len(parts) - len(shown))


def _tile(part: Part, box: Box, rank: int) -> Tile:
    box = Box(round(box.x, 1), round(box.y, 1), round(max(box.width - GAP, 1), 1), round(max(box.height - GAP, 1), 1))
    room = box.width - 2 * PAD
    label = fitted(part.name, room, LABEL)
    number = fitted(part.number, room, NUMBER, least=len(part.number))
    lines = (LABEL * LINE if label else 0) + (NUMBER * LINE if number else 0)
    if lines + 2 * PAD > box.height:
        # One line is better than two that are cut: the number, for the name stands in the tile's title.
        label = "" if number else label
        if box.height + PAD < NUMBER * LINE + 2 * PAD:
            number = ""
    return Tile(part, box, label, number, min(rank // 2 + 1, SHADES))
