"""What a text is compared by: pairs of characters, words, and the names of places it holds. Pure."""

import re
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from grievances.search import TOKEN, fold
from grievances.suggestions.features import READ

_LONGEST = 20
# The two characters before a word that ends the names of roads, estates and schools, and that word: 丽发新城,
# 银杉路, 文昌阁站. Where a name begins cannot be told without a dictionary; its end is enough to tell two apart.
_ENDS = (
    "小区|花园|社区|市场|大厦|家园|新城|公园|广场|学校|小学|中学|医院|幼儿园|大道|大街|"
    "路|街|巷|村|城|苑|站|园|府|桥|湖|厂|湾|港|河|渠|坊"
)
_NAME = re.compile(f"(?=([\u4e00-\u9fff]{{2}}(?:{_ENDS})))")


@dataclass(frozen=True, slots=True)
class Told:
    """A case as it is compared: `key` orders and names it.

    `place` is where in the words of who told it, `community` the path of the community it was told in; each may be "".
    """

    key: int
    title: str
    text: str
    place: str = ""
    community: str = ""
    category: int | None = None
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Features:
    """The features of one case: pairs and words of its beginning, those of them that are no
    name of a place, those of its title; names of places in what was said
    (weighed), and with those of the place given (which tells whether two communities may have one matter, no more: many
    matters have one address)."""

    words: frozenset[str]
    matter: frozenset[str]
    title: frozenset[str]
    names: frozenset[str]
    places: frozenset[str]


def features(told: Told) -> Features:
    """Return what `told` is compared by; only the beginning of a long text is read, where the matter stands."""
    title, body = fold(told.title), fold(" ".join(told.text.split()))
    # A title is most often the beginning of the text: said twice, it is read once.
    whole = (body if body.startswith(title.rstrip("…")) else f"{title}\n{body}")[:READ]
    names = frozenset(_NAME.findall(whole))
    named = frozenset(pair for name in names for pair in map("".join, pairwise(name)))
    words = _pairs(whole)
    places = names | frozenset(_NAME.findall(fold(told.place)))
    return Features(words, words - named, _pairs(title), names, places)


def _pairs(text: str) -> frozenset[str]:
    found: set[str] = set()
    for paired, word in TOKEN.findall(text):
        if paired:
            found.update(map("".join, pairwise(paired)))
        elif not word.isdigit():
            found.add(word[:_LONGEST])
    return frozenset(found)
