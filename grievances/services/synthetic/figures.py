"""What cities have published, and how a made-up year comes to read exactly that. Pure."""

from dataclasses import dataclass
from fractions import Fraction

# Bozhou: zones, groups and neighbourhoods below its communities.
ZONES, GROUPS, NEIGHBOURHOODS = 9_222, 26_812, 107_555


@dataclass(frozen=True, slots=True)
class Figures:
    """Shares of a year's cases: closed of accepted; of the closed ones, how the household's word was.

    `heard` of the closed ones are closed on the household's word, `fairly` of these with "fairly satisfied" (the others
    better); `disproved` is the share of heard and disproved ones that were sent back with a bad word and then closed
    unanswered, so that the bad word stands.
    """

    accepted: int
    closed_share: Fraction
    heard: Fraction
    fairly: Fraction
    disproved: Fraction


FIGURES = {
    # 208,000 accepted, 206,000 closed: 99.04 %.
    "bozhou": Figures(208_000, Fraction(206_000, 208_000), Fraction(90, 100), Fraction(15, 100), Fraction(1, 100)),
    # 2.8 million accepted, 99.8 % closed, satisfaction 95 %: 0.2 fairly satisfied at a weight of 0.9, and 0.03 who
    # stay dissatisfied: 1 − 0.1 × 0.2 − 0.03 = 0.95.
    "anshan": Figures(2_800_000, Fraction(998, 1000), Fraction(90, 100), Fraction(20, 100), Fraction(3, 100)),
}


@dataclass(frozen=True, slots=True)
class Counts:
    """How many cases end in each way, exactly. `told` are of the heard ones, closed on the spoken word."""

    accepted: int
    closed: int
    satisfied: int
    fairly: int
    disproved: int

    @property
    def heard(self) -> int:
        return self.satisfied + self.fairly

    @property
    def unanswered(self) -> int:
        return self.closed - self.heard - self.disproved

    def satisfaction(self, weight: float) -> float:
        """Return the satisfaction with so much weight on a fairly satisfied household."""
        return (self.satisfied + weight * self.fairly) / (self.heard + self.disproved)


def counts_of(figures: Figures, *, accepted: int, closed_share: Fraction | None = None) -> Counts:
    """Return the counts for `accepted` cases; every share is kept as nearly as whole cases allow."""
    closed = round(accepted * (figures.closed_share if closed_share is None else closed_share))
    words = round(closed * figures.heard)
    disproved = round(words * figures.disproved)
    fairly = round(words * figures.fairly)
    return Counts(accepted, closed, words - disproved - fairly, fairly, disproved)
