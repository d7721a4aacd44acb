"""Complement naive Bayes over weighted characters and pairs, kept as plain counts. Pure.

After Rennie, Shih, Teevan, Karger: "Tackling the Poor Assumptions of Naive Bayes Text Classifiers" (2003). Each class
is judged by how unlike all other classes' words its own are, which suits many classes of unequal size. A text's
weights are 1 + log(count), times log(texts / texts with the feature), scaled to length 1.
"""

import json
import math
import zlib
from array import array
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat

from grievances.suggestions.features import features, pairs

Sample = tuple[str, Hashable]
Guess = tuple[Hashable, float]
_LONGEST_LIST = 60_000
# One pair alone may be chance ("天气不错" and "暖气不热" share one): so many speak for a class, or one that is its own.
_SPEAKING, _OWN = 2, 1.0
# In a text of so many pairs the single characters together are no chance.
_LONG = 30


@dataclass(frozen=True, slots=True)
class Feature:
    """What is known of one feature: its rareness, its weight in all texts, and in those of single classes."""

    rareness: float
    everywhere: float
    classes: array  # of places in `Model.classes`
    weights: array


@dataclass(frozen=True, slots=True)
class Model:
    """Counts of features by class. `sharpness` turns scores into shares that come true about as often as they say.

    `smoothing` is how much of a feature every class is taken to have had: the more, the less a rare one decides.
    """

    classes: tuple[Hashable, ...]
    masses: tuple[float, ...]
    known: dict[str, Feature]
    sharpness: float = 12.0
    smoothing: float = 0.05

    def scores(self, text: str) -> list[float]:
        """Return a score for each class, in the order of `classes`; none at all when no feature is known."""
        given = _weighted(features(text), {name: one.rareness for name, one in self._among(text)})
        if not given:
            return []
        whole, reach = sum(self.masses), sum(given.values())
        smooth = self.smoothing * len(self.known)
        scores = [reach * math.log(whole - mass + smooth) for mass in self.masses]
        for name, value in given.items():
            one = self.known[name]
            top = one.everywhere + self.smoothing
            for place, weight in zip(one.classes, one.weights, strict=True):
                scores[place] += value * math.log(top / max(top - weight, self.smoothing))
        return scores

    def guess(self, text: str) -> list[Guess]:
        """Return every class with its share (they sum to 1), the likeliest first; nothing for unknown words."""
        scores = self.scores(text)
        shares = shares_of(scores, self.sharpness)
        return sorted(zip(self.classes, shares, strict=False), key=lambda guess: -guess[1])

    def sure(self, text: str) -> list[Guess]:
        """Return the guesses, none where single characters or one chance pair are all that speaks for any class."""
        return self.guess(text) if self.spoken_for(text) else []

    def spoken_for(self, text: str) -> set[Hashable]:
        """Return the classes that have several pairs of `text`, all of a very short one, or one pair that is theirs."""
        given = pairs(text)
        if len(given) >= _LONG:
            return set(self.classes)
        count: Counter[int] = Counter()
        found: set[int] = set()
        for name in given & self.known.keys():
            one = self.known[name]
            count.update(one.classes)
            for place, weight in zip(one.classes, one.weights, strict=True):
                if weight * weight >= _OWN * one.everywhere:
                    found.add(place)
        needed = min(_SPEAKING, len(given))
        found.update(place for place, number in count.items() if number >= needed)
        return {self.classes[place] for place in found}

    def _among(self, text: str) -> list[tuple[str, Feature]]:
        return [(name, self.known[name]) for name in features(text) if name in self.known]

    def packed(self) -> bytes:
        """Return the model as bytes, for `unpacked`; classes must be numbers or texts."""
        kept = {
            name: [round(one.rareness, 3), round(one.everywhere, 4), list(one.classes), _rounded(one.weights)]
            for name, one in self.known.items()
        }
        data = {"classes": self.classes, "masses": _rounded(self.masses), "sharpness": self.sharpness, "known": kept}
        return zlib.compress(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode(), 6)


def unpacked(data: bytes) -> Model:
    """Return the model that was packed; raise ValueError for anything else."""
    try:
        facts = json.loads(zlib.decompress(data))
        known = {
            name: Feature(rareness, everywhere, array("H", classes), array("f", weights))
            for name, (rareness, everywhere, classes, weights) in facts["known"].items()
        }
        return Model(tuple(facts["classes"]), tuple(facts["masses"]), known, facts["sharpness"])
    except (zlib.error, KeyError, TypeError) as error:
        raise ValueError("this is no packed model") from error


def train(samples: Sequence[Sample], seeds: Sequence[Sample] = (), *, seen_in: int = 1) -> Model | None:
    """Learn from texts with their classes; None when there is nothing to tell apart.

    `seeds` are words that are known to belong to a class: they speak until enough texts do. A feature that fewer than
    `seen_in` texts have is left out, unless a seed has it.
    """
    classes = tuple(sorted({label for _text, label in [*samples, *seeds]}, key=str))
    if len(classes) < 2:
        return None
    rareness = _rareness(samples, seeds, seen_in)
    place = {label: number for number, label in enumerate(classes)}
    weights: dict[str, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    masses = [0.0] * len(classes)
    for text, label in [*samples, *seeds]:
        for name, value in _weighted(features(text), rareness).items():
            weights[name][place[label]] += value
            masses[place[label]] += value
    known = {
        name: Feature(rareness[name], sum(by_class.values()), array("H", by_class), array("f", by_class.values()))
        for name, by_class in weights.items()
    }
    return Model(classes, tuple(masses), known)


def shares_of(scores: Sequence[float], sharpness: float) -> list[float]:
    """Turn scores into shares that sum to 1."""
    if not scores:
        return []
    best = max(scores)
    powers = [math.exp(sharpness * (score - best)) for score in scores]
    whole = sum(powers)
    return [power / whole for power in powers]


def _rareness(samples: Iterable[Sample], seeds: Iterable[Sample], seen_in: int) -> dict[str, float]:
    """Return log(texts / texts with the feature) of the features that are kept, the most frequent ones if too many."""
    frequent, seeded, texts = Counter(), Counter(), 0
    for counter, group in ((frequent, samples), (seeded, seeds)):
        for text, _label in group:
            counter.update(features(text).keys())
            texts += 1
    kept = [(name, count) for name, count in frequent.items() if count >= seen_in or name in seeded]
    kept += [(name, 0) for name in seeded if name not in frequent]
    if len(kept) > _LONGEST_LIST:
        kept = sorted(kept, key=lambda one: (one[0] not in seeded, -one[1]))[:_LONGEST_LIST]
    return {name: math.log((texts + 1) / (count + seeded[name])) for name, count in kept}


def _weighted(counts: Counter[str], rareness: dict[str, float]) -> dict[str, float]:
    raw = {name: (1 + math.log(count)) * rareness[name] for name, count in counts.items() if name in rareness}
    length = math.sqrt(sum(value * value for value in raw.values()))
    return {name: value / length for name, value in raw.items()} if length else {}


def _rounded(values: Iterable[float]) -> list[float]:
    return list(map(round, values, repeat(4)))
