"""What a cluster is called until somebody names it: words that many of its titles share. Pure."""

import re
from collections import Counter
from collections.abc import Sequence

_SHORTEST, _LONGEST = 3, 18
# Words that so many titles share are nobody's own; what one person alone said is shown to nobody else.
_SHARE, _FEWEST = 0.4, 3
_CLAUSE = re.compile(r"[\s，。、；：！？,.;:!?“”\"'（）()…]+")
_ENDS = "的了是在和与及就又还被把到"
_BETWEEN = " · "


def common_words(titles: Sequence[str]) -> str:
    """Return the one or two longest pieces that many of `titles` share, "" where there are none."""
    counts: Counter[str] = Counter()
    for title in titles:
        counts.update(
            {
                clause[start : start + length]
                for clause in _CLAUSE.split(title)
                for length in range(_SHORTEST, min(_LONGEST, len(clause)) + 1)
                for start in range(len(clause) - length + 1)
            }
        )
    enough = max(len(titles) * _SHARE, _FEWEST)
    shared = [(-count * (len(words) - 1), words) for words, count in counts.items() if count >= enough]
    found: list[str] = []
    # The best first; of two as good the first in the order of letters, so that a name does not change by chance.
    for _worth, words in sorted(shared):
        piece = words.strip(_ENDS)
        if len(piece) >= _SHORTEST and not any(_overlap(piece, other) for other in found):
            found.append(piece)
        if len(found) == 2:
            break
    return _BETWEEN.join(found)


def _overlap(one: str, other: str) -> bool:
    """Say whether two pieces have two neighbouring characters in common."""
    return any(one[at : at + 2] in other for at in range(len(one) - 1))
