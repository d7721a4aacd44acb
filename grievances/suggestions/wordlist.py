"""The word list: words people use for each category, until a city has enough cases of its own. Pure."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace

from grievances.suggestions.bayes import Guess, Model, Sample, train

# A word that really stands there says more than likeness; one that holds another says it instead of that one.
_WORD_COUNTS = 0.7
# A list says each word once or twice, so one rare word must not decide alone; measured in `docs/suggestions.md`.
_SMOOTHING, _SHARPNESS = 0.5, 16.0


class WordList:
    """Finds categories by their words, the longest first, and by likeness to the words where none of them stands."""

    def __init__(self, words: Iterable[tuple[str, Hashable]], names: Sequence[Sample] = ()) -> None:
        """`words` are matched as they stand; `names` are names of what belongs to a class, for likeness alone."""
        given = [(word.lower(), label) for word, label in words if word]
        self._words = sorted(given, key=lambda one: (-len(one[0]), one[0]))
        self.seeds: list[Sample] = [*given, *names]
        model = train([], self.seeds)
        self._alike: Model | None = model and replace(model, smoothing=_SMOOTHING, sharpness=_SHARPNESS)

    def guess(self, text: str) -> list[Guess]:
        """Return classes with shares, the likeliest first; nothing when no word of the text is known."""
        alike = self._alike.guess(text) if self._alike else []
        found = self._standing(text.lower())
        if not found:
            return alike
        whole = sum(found.values())
        shares = {label: (1 - _WORD_COUNTS) * share for label, share in alike}
        for label, weight in found.items():
            shares[label] = shares.get(label, 0.0) + _WORD_COUNTS * weight / whole
        return sorted(shares.items(), key=lambda guess: -guess[1])

    def sure(self, text: str) -> list[Guess]:
        """Return the guesses, none where no listed word stands in `text` and all likeness may be chance."""
        has_ground = self._standing(text.lower()) or (self._alike and self._alike.spoken_for(text))
        return self.guess(text) if has_ground else []

    def _standing(self, text: str) -> dict[Hashable, float]:
        """Return the classes whose words stand in `text`, by the length of the words."""
        found: dict[Hashable, float] = {}
        for word, label in self._words:
            if word in text:
                text = text.replace(word, "\n")
                found[label] = found.get(label, 0.0) + len(word)
        return found
