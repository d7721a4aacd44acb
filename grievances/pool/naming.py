"""What a cluster is called until somebody names it: words that most of its titles share. Pure."""

from collections import Counter
from collections.abc import Sequence

_SHORTEST, _LONGEST = 4, 18
# Words that so many titles share are nobody's own; a title told by one person alone is shown to nobody else.
_SHARE, _FEWEST = 0.4, 3
_ENDS = " ，。、；：！？,.;:!?的了是在和与及“”\"'（）()…"


def common_words(titles: Sequence[str]) -> str:
    """Return the longest words that many of `titles` share, "" where there are none."""
    counts: Counter[str] = Counter()
    for title in titles:
        text = " ".join(title.split())
        counts.update(
            {
                text[start : start + length]
                for length in range(_SHORTEST, min(_LONGEST, len(text)) + 1)
                for start in range(len(text) - length + 1)
            }
        )
    enough = max(len(titles) * _SHARE, _FEWEST)
    shared = [(count * (len(words) - 2), words) for words, count in counts.items() if count >= enough]
    # The best first; of two as good the first in the order of letters, so that a name does not change by chance.
    for _worth, words in sorted(shared, key=lambda one: (-one[0], one[1])):
        if len(stripped := words.strip(_ENDS)) >= _SHORTEST:
            return stripped
    return ""
