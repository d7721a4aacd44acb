"""Charts as pictures to keep: SVG that stands by itself, with its title, place and days, and no style sheet. Pure.

The browser makes PNG of it (`static/js/pictures.js`) with the reader's own fonts, so Chinese needs no font on the
server. Every attribute is a presentation attribute: neither the page's security policy nor a copy elsewhere changes it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from reporting.charts.tiles import Map
from reporting.charts.words import fitted, width_of

WIDTH = 960
_FONT = "'PingFang SC', 'Noto Sans CJK SC', 'Microsoft YaHei', system-ui, sans-serif"
_INK, _SOFT, _LINE, _ACCENT, _TINT, _RED = "#131c2b", "#515e73", "#dde3ec", "#17498c", "#c7dbf4", "#a8231c"
_SHADES = {1: ("#17498c", "#ffffff"), 2: ("#9dbfea", _INK), 3: ("#c7dbf4", _INK), 4: ("#e1ecf9", _INK)}
_LEFT, _RIGHT, _TOP, _BOTTOM = 32, 32, 104, 48


@dataclass(frozen=True, slots=True)
class Bar:
    """A line of a bar chart: `size` is the bar, `inner` the part of it that is told apart, `number` the text behind."""

    label: str
    size: float
    number: str
    inner: float = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Heading:
    """What a picture says of itself: what it shows, of where and when, and how it is read."""

    title: str
    place: str
    note: str = ""
    foot: str = ""


def bars_picture(heading: Heading, bars: Sequence[Bar], *, inner_is_over: bool = False) -> str:
    """Return a picture of horizontal bars; the inner part is red where it is what is past a limit."""
    tall = 52
    labels = min(max((width_of(bar.label, 16) for bar in bars), default=0) + 16, 260)
    numbers = max((width_of(bar.number, 16) for bar in bars), default=0) + 16
    room = WIDTH - _LEFT - _RIGHT - labels - numbers
    most = max((bar.size for bar in bars), default=0) or 1
    drawn = []
    for place, bar in enumerate(bars):
        y = _TOP + place * tall
        x = _LEFT + labels
        wide, inner = room * bar.size / most, room * bar.inner / most
        drawn.append(_text(fitted(bar.label, labels - 8, 16), _LEFT, y + 21))
        drawn.append(_rect(x, y + 4, wide, 24, _TINT if bar.inner or inner_is_over else _ACCENT))
        if bar.inner:
            drawn.append(_rect(x, y + 4, inner, 24, _RED if inner_is_over else _ACCENT))
        drawn.append(_text(bar.number, x + wide + 8, y + 21, weight=600))
        if bar.note:
            drawn.append(_text(bar.note, x, y + 44, size=13, fill=_SOFT))
    return _framed(heading, _TOP + len(bars) * tall + _BOTTOM, drawn)


def columns_picture(heading: Heading, columns: Sequence[tuple[str, int, int]]) -> str:
    """Return a picture of upright bars: a label, a number and the part of it that is told apart."""
    high, room = 300, WIDTH - _LEFT - _RIGHT
    most = max((whole for _label, whole, _part in columns), default=0) or 1
    slot = room / max(len(columns), 1)
    every = max(1, -(-len(columns) * 90 // room))
    ground = _TOP + 24 + high
    drawn = [_rect(_LEFT, ground, room, 1, _LINE)]
    for place, (label, whole, part) in enumerate(columns):
        x, wide = _LEFT + place * slot + slot * 0.1, slot * 0.8
        for count, fill in ((whole, _TINT), (part, _ACCENT)):
            tall = high * count / most
            drawn.append(_rect(x, ground - tall, wide, tall, fill))
        middle = x + wide / 2
        if whole and slot >= 34:
            drawn.append(_text(f"{whole:,}", middle, ground - high * whole / most - 6, size=13, anchor="middle"))
        if place % every == 0:
            drawn.append(_text(label, middle, ground + 22, size=13, fill=_SOFT, anchor="middle"))
    return _framed(heading, ground + 36 + _BOTTOM, drawn)


def tiles_picture(heading: Heading, tiles: Map) -> str:
    """Return a picture of a treemap; it is drawn as wide as it was laid out."""
    drawn = []
    for tile in tiles.tiles:
        fill, ink = _SHADES[tile.shade]
        box = tile.box
        drawn.append(_rect(_LEFT + box.x, _TOP + box.y, box.width, box.height, fill))
        if tile.label:
            drawn.append(_text(tile.label, _LEFT + tile.text_x, _TOP + tile.label_y, size=14, fill=ink))
        if tile.number:
            at = (_LEFT + tile.text_x, _TOP + tile.number_y)
            drawn.append(_text(tile.number, *at, size=18, fill=ink, weight=600))
    return _framed(heading, _TOP + tiles.height + _BOTTOM, drawn)


def _framed(heading: Heading, height: float, drawn: Sequence[str]) -> str:
    height = round(height)
    head = [
        _text(heading.title, _LEFT, 40, size=22, weight=600),
        _text(heading.place, _LEFT, 66, size=14, fill=_SOFT),
        _text(heading.note, _LEFT, 88, size=14, fill=_SOFT) if heading.note else "",
        _text(heading.foot, _LEFT, height - 18, size=12, fill=_SOFT) if heading.foot else "",
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
        f' font-family="{_FONT}" role="img"><title>{escape(heading.title)}</title>'
        f"{_rect(0, 0, WIDTH, height, '#ffffff')}{''.join(head)}{''.join(drawn)}</svg>"
    )


def _rect(x: float, y: float, width: float, height: float, fill: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{max(height, 0):.1f}" fill="{fill}"/>'


def _text(
    text: str, x: float, y: float, *, size: int = 16, fill: str = _INK, weight: int = 400, anchor: str = "start"
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" fill="{fill}"'
        f' text-anchor="{anchor}">{escape(text)}</text>'
    )
