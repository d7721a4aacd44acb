"""A line of small bars for a row of a table: accepted cases, in front of them those of them closed. Pure."""

from collections.abc import Sequence

WIDTH, HEIGHT = 96, 24


def spark_paths(bars: Sequence[tuple[int, int]]) -> tuple[str, str]:
    """Return the outlines (`d` of an SVG path) of the accepted and of the closed bars, in `WIDTH` × `HEIGHT`.

    The tallest bar fills the height; a bar of one case is at least one unit tall, so that it can be told from none.
    """
    most = max((accepted for accepted, _closed in bars), default=0)
    if not most:
        return "", ""
    slot = WIDTH / len(bars)
    wide = slot * 0.8 if slot > 2 else slot
    drawn: tuple[list[str], list[str]] = ([], [])
    for place, bar in enumerate(bars):
        for outline, count in zip(drawn, bar, strict=True):
            if count > 0:
                tall = max(HEIGHT * count / most, 1)
                x, y = round(place * slot, 1), round(HEIGHT - tall, 1)
                outline.append(f"M{x:g} {y:g}h{round(wide, 1):g}V{HEIGHT}H{x:g}z")
    return "".join(drawn[0]), "".join(drawn[1])
