"""Arithmetic of the materialised path: pure, no database.

A path is one segment of four characters (0–9, A–Z) per level: "0001" is a city, "00010002" its second district.
Width is fixed, so a path's length tells its depth and a prefix is always an ancestor.
"""

SEGMENT = 4
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
MAX_CHILDREN = len(_DIGITS) ** SEGMENT - 1


def encode(position: int) -> str:
    """Return the segment of the `position`-th child (from 1); raise ValueError past 1,679,615."""
    if not 1 <= position <= MAX_CHILDREN:
        raise ValueError(f"a unit has 1 to {MAX_CHILDREN} children, not {position}")
    segment = ""
    while position:
        position, digit = divmod(position, len(_DIGITS))
        segment = _DIGITS[digit] + segment
    return segment.rjust(SEGMENT, "0")


def decode(segment: str) -> int:
    """Return the position that `segment` stands for."""
    return int(segment, len(_DIGITS))


def child_path(parent_path: str, position: int) -> str:
    """Return the path of the `position`-th child of the unit at `parent_path` ("" for the root)."""
    return parent_path + encode(position)


def parent_path(path: str) -> str:
    """Return the path one level up; "" above the root."""
    return path[:-SEGMENT]


def ancestor_paths(path: str, *, include_self: bool = False) -> list[str]:
    """Return the paths above `path`, top first."""
    end = len(path) + (1 if include_self else 0)
    return [path[:length] for length in range(SEGMENT, end, SEGMENT)]


def depth(path: str) -> int:
    """Return how many levels down `path` lies; the root's is 1."""
    return len(path) // SEGMENT


def covers(upper: str, lower: str) -> bool:
    """Say whether the unit at `upper` is the unit at `lower` or lies above it."""
    return lower.startswith(upper)
