"""Fitting words into a drawing, without asking a font: pure.

A Chinese sign is as wide as its size; of other letters a mean width that is rather too wide is taken, so that what fits
here fits in every font of the stack.
"""

import unicodedata

_NARROW = 0.62
_CUT = "…"


def width_of(text: str, size: float) -> float:
    """Return about how wide `text` is in letters of `size`, in the same unit."""
    return sum(size if unicodedata.east_asian_width(sign) in "WF" else size * _NARROW for sign in text)


def fitted(text: str, width: float, size: float, *, least: int = 2) -> str:
    """Return `text`, cut with "…" where it is wider than `width`; "" when not even `least` signs fit."""
    if width_of(text, size) <= width:
        return text
    kept = text
    while kept and width_of(kept.rstrip() + _CUT, size) > width:
        kept = kept[:-1]
    kept = kept.rstrip()
    return kept + _CUT if len(kept) >= least else ""
