"""How alike two cases are, from 0 to 1, by the rareness of what they share. Pure."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from grievances.pool.words import Features, Told

# Chosen on one half of pairs read by people, measured on the other (docs/pool.md).
ALIKE = 0.138
# What a whole likeness is made of: the text, its title once more, the places it names.
_TEXT, _TITLE, _NAMES = 1.0, 0.5, 0.75
# What stands in more than one case of e² (7.4) tells nothing.
_COMMON = 2.0
# A small city's words are weighed as if it had this many cases, else nothing in them would be rare.
_FEWEST = 1000
# Beside the words: told in one community, of one category or another one, and how far apart in time.
_SAME_PLACE, _SAME_CATEGORY, _OTHER_CATEGORY, _APART = 0.04, 0.02, -0.03, -0.04
_LONG = 180
# One estate has many matters: without so much of the rest in common its name says nothing.
_SAID = 0.025


@dataclass(slots=True)
class Rareness:
    """How rare each feature is among the cases counted; what was never counted is as rare as can be."""

    cases: int
    words: Counter[str]
    names: Counter[str]
    # Names that stand in many communities (公交站) and so tell of no place; two communities have one matter only where
    # both tell of the same road or estate.
    everywhere: set[str] = field(default_factory=set)
    _of_words: dict[str, float] = field(default_factory=dict)
    _of_names: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, counted: Iterable[Features]) -> "Rareness":
        """Count the features of `counted`, a sample of the city's cases or all of them."""
        cases, words, names = 0, Counter(), Counter()
        for one in counted:
            cases += 1
            words.update(one.words | one.title)
            names.update(one.places)
        return cls(cases, words, names)

    def word(self, name: str) -> float:
        """Return the weight of a pair or a word, 0 for what everybody says."""
        found = self._of_words.get(name)
        return self._weight(self._of_words, self.words, name) if found is None else found

    def name(self, name: str) -> float:
        """Return the weight of the name of a place."""
        found = self._of_names.get(name)
        return self._weight(self._of_names, self.names, name) if found is None else found

    def _weight(self, known: dict[str, float], counts: Counter[str], name: str) -> float:
        seen = max(counts.get(name, 1), 1)
        known[name] = max(math.log(max(self.cases, _FEWEST) / seen) - _COMMON, 0.0) ** 2
        return known[name]


@dataclass(frozen=True, slots=True)
class Weighed:
    """A case with its features and what they weigh together."""

    told: Told
    features: Features
    text: float
    title: float
    names: float

    @classmethod
    def of(cls, told: Told, features: Features, rare: Rareness) -> "Weighed":
        return cls(
            told,
            features,
            math.fsum(map(rare.word, features.words)),
            math.fsum(map(rare.word, features.title)),
            math.fsum(map(rare.name, features.names)),
        )


def likeness(one: Weighed, other: Weighed, rare: Rareness) -> float:
    """Return how alike two cases are; the same both ways round."""
    apart = one.told.community and other.told.community and one.told.community != other.told.community
    if apart and not (one.features.places & other.features.places) - rare.everywhere:
        return 0.0
    if _shared(one.features.matter & other.features.matter, one.text, other.text, rare.word) < _SAID:
        return 0.0
    found = _TEXT * _shared(one.features.words & other.features.words, one.text, other.text, rare.word)
    named = _shared(one.features.names & other.features.names, one.names, other.names, rare.name)
    found += _TITLE * _shared(one.features.title & other.features.title, one.title, other.title, rare.word)
    found = (found + _NAMES * named) / (_TEXT + _TITLE + _NAMES)
    return min(max(found + _beside_words(one.told, other.told), 0.0), 1.0) if found else 0.0


def _shared(shared: frozenset[str], first: float, second: float, weight) -> float:
    if not shared or not first or not second:
        return 0.0
    # Exact, so that the sum of the same weights is the same number in whatever order they come.
    return math.fsum(map(weight, shared)) / math.sqrt(first * second)


def _beside_words(one: Told, other: Told) -> float:
    found = _SAME_PLACE if one.community and one.community == other.community else 0.0
    if one.category is not None and other.category is not None:
        found += _SAME_CATEGORY if one.category == other.category else _OTHER_CATEGORY
    if one.day and other.day:
        found += _APART * min(abs((one.day - other.day).days) / _LONG, 1.0)
    return found
