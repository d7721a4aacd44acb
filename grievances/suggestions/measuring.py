"""How often a guess is right, and how sharp shares may be: measured on texts that were not learnt from. Pure."""

import math
import random
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace

from grievances.suggestions.bayes import Guess, Model, Sample, shares_of, train

_SHARPNESS = (4, 6, 8, 10, 12, 15, 18, 22, 27, 33, 40, 50)
# Up to so many texts every one is held out once; of more, one part is.
_ALL_PARTS = 3000


@dataclass(slots=True)
class Measured:
    """Of `count` texts, how many had the right class first, and among the first three; also by class."""

    count: int = 0
    first: int = 0
    among_three: int = 0
    by_class: dict[Hashable, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0, 0]))
    # Share said, and whether it was right: for the first guess of every text.
    said: list[tuple[float, bool]] = field(default_factory=list)

    def add(self, label: Hashable, guesses: Sequence[Guess]) -> None:
        """Count one text of class `label`."""
        names = [name for name, _share in guesses[:3]]
        first, among = names[:1] == [label], label in names
        self.count, self.first, self.among_three = self.count + 1, self.first + first, self.among_three + among
        row = self.by_class[label]
        row[0], row[1], row[2] = row[0] + 1, row[1] + first, row[2] + among
        self.said.append((guesses[0][1] if guesses else 0.0, first))

    @property
    def top_1(self) -> float:
        return self.first / self.count if self.count else 0.0

    @property
    def top_3(self) -> float:
        return self.among_three / self.count if self.count else 0.0

    def right_above(self, share: float) -> tuple[int, int]:
        """Return of how many texts the first guess had at least `share`, and how many of those were right."""
        right = [yes for said, yes in self.said if said >= share]
        return len(right), sum(right)


def measure(samples: Sequence[Sample], guess: Callable[[str], Sequence[Guess]]) -> Measured:
    """Measure `guess` on texts it has not learnt from."""
    found = Measured()
    for text, label in samples:
        found.add(label, guess(text))
    return found


def learn(
    samples: Sequence[Sample], seeds: Sequence[Sample] = (), *, folds: int = 5, seed: int = 0, seen_in: int = 1
) -> tuple[Model | None, Measured]:
    """Train on all texts; measure and sharpen on parts that were held out in turn, each with a model of the rest."""
    order = list(samples)
    random.Random(seed).shuffle(order)  # noqa: S311 (the same parts every time)
    held: list[tuple[tuple[Hashable, ...], list[float], Hashable]] = []
    spoken_for: list[set[Hashable]] = []
    for part in range(folds if len(order) <= _ALL_PARTS else 1):
        rest = [one for number, one in enumerate(order) if number % folds != part]
        model = train(rest, seeds, seen_in=seen_in)
        if model is None:
            return None, Measured()
        held += [(model.classes, model.scores(text), label) for text, label in order[part::folds]]
        spoken_for += [model.spoken_for(text) for text, _label in order[part::folds]]
    sharpness = min(_SHARPNESS, key=lambda sharp: _surprise(held, sharp)) if held else _SHARPNESS[0]
    found = Measured()
    for (classes, scores, label), spoken in zip(held, spoken_for, strict=True):
        guesses = zip(classes, shares_of(scores, sharpness), strict=False)
        found.add(label, sorted(guesses, key=lambda guess: -guess[1]) if spoken else [])
    model = train(order, seeds, seen_in=seen_in)
    return (replace(model, sharpness=sharpness) if model else None), found


def _surprise(held, sharpness: float) -> float:
    """Return how surprised shares this sharp would have been by the truth (log loss)."""
    total = 0.0
    for classes, scores, label in held:
        shares = dict(zip(classes, shares_of(scores, sharpness), strict=False))
        total -= math.log(max(shares.get(label, 0.0), 1e-6))
    return total
