"""The characters and pairs of characters of a text, counted: Chinese needs no dictionary that way. Pure."""

from collections import Counter
from itertools import pairwise

from grievances.search import FULL, HALF, TOKEN

# What matters stands at the beginning; a long text says it again.
READ = 180
_LONGEST = 20
_FOLD = str.maketrans(FULL, HALF)


def features(text: str) -> Counter[str]:
    """Return how often each character, pair of characters and word of letters or digits stands in `text`."""
    found: Counter[str] = Counter()
    for paired, word in TOKEN.findall(text[:READ].translate(_FOLD).lower()):
        if paired:
            found.update(paired)
            found.update(map("".join, pairwise(paired)))
        elif not word.isdigit():
            found[word[:_LONGEST]] += 1
    return found


def pairs(text: str) -> frozenset[str]:
    """Return the pairs of characters and the words of `text` alone, which tell matters apart."""
    return frozenset(name for name in features(text) if len(name) > 1)
