"""The measures as a table: what each number counts, and what it is divided by. Pure: no database.

A case is counted once per name in `COUNTED`; a measure is made of such counts. Counts of several units or days may be
added up, so whatever yields them (a scan of the cases, a tally) gives the same measures. The conditions behind the
names are in `reporting.conditions`; docs/measures.md says it for people.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from reporting.durations import percentiles_hours

# Everything that is counted. All lie inside `accepted`.
COUNTED = (
    "accepted",
    "closed",
    "closed_with_limit",
    "on_time",
    "overdue",
    "assigned",
    "acknowledged_in_time",
    "valid_feedback",
    "said_resolved",
    "satisfied",
    "fairly_satisfied",
    "reopened",
    "closed_or_reopened",
    "heard",
    "settled_lowest",
)
# What depends on the case alone and can be kept as a sum. What is overdue depends on the moment it is asked.
TALLIED = tuple(name for name in COUNTED if name != "overdue")
WEIGHTED = "fairly_satisfied"


@dataclass(frozen=True, slots=True)
class Counts:
    """How many cases of a place and a period fall under each name, and how long the closed ones took (by bucket)."""

    cases: Counter[str] = field(default_factory=Counter)
    took: Counter[int] = field(default_factory=Counter)

    def of(self, *names: str) -> int:
        """Return how many cases fall under any of `names` (which never overlap)."""
        return sum(self.cases[name] for name in names)


def total(counts: Iterable[Counts]) -> Counts:
    """Return the sum of several places' or days' counts."""
    cases: Counter[str] = Counter()
    took: Counter[int] = Counter()
    for one in counts:
        cases.update(one.cases)
        took.update(one.took)
    return Counts(cases, took)


@dataclass(frozen=True, slots=True)
class Measure:
    """A number with what it is made of. `value` is None when there is nothing to divide by: shown as "—".

    A plain count has the count as numerator and value, and no denominator. `numerator` is not whole where part of it
    is weighted.
    """

    numerator: int | float | None
    denominator: int | None
    value: int | float | None

    def as_dict(self) -> dict[str, int | float | None]:
        return {"numerator": self.numerator, "denominator": self.denominator, "value": self.value}


@dataclass(frozen=True, slots=True)
class TimeToClose:
    """How long the `cases` closed ones took from reporting to closing, in hours; None when none is closed."""

    cases: int
    median_hours: float | None
    p90_hours: float | None

    def as_dict(self) -> dict[str, int | float | None]:
        """Return the object of the other measures (value: the median, denominator: the closed cases) and more."""
        return {
            "numerator": None,
            "denominator": self.cases,
            "value": self.median_hours,
            "median_hours": self.median_hours,
            "p90_hours": self.p90_hours,
            "n": self.cases,
        }


@dataclass(frozen=True, slots=True)
class Kind:
    """A measure's definition: the counts above and below the line, and its words.

    `hint` says in one sentence what is counted; `above` and `below` name the two lists of cases.
    """

    key: str
    label: str
    numerator: tuple[str, ...]
    denominator: tuple[str, ...]
    hint: str
    above: str
    below: str = ""

    @property
    def is_count(self) -> bool:
        return not self.denominator

    def of(self, counts: Counts, *, weight: float) -> Measure:
        """Return the measure; a fairly satisfied household counts `weight` of a satisfied one."""
        above = sum((weight if name == WEIGHTED else 1) * counts.cases[name] for name in self.numerator)
        above = _whole(above)
        if self.is_count:
            return Measure(above, None, above)
        below = counts.of(*self.denominator)
        return Measure(above, below, above / below if below else None)


def _whole(number: float) -> int | float:
    rounded = round(number, 6)
    return int(rounded) if rounded == int(rounded) else rounded


_ACCEPTED = _("accepted cases")
_CLOSED = _("closed cases")
_HEARD = _("cases with the household's answer")

KINDS = {
    kind.key: kind
    for kind in (
        Kind(
            "accepted",
            pgettext_lazy("measure", "Accepted"),
            ("accepted",),
            (),
            _("Reported in the period; without those rejected, withdrawn or merged into another case."),
            _ACCEPTED,
        ),
        Kind(
            "closed",
            pgettext_lazy("measure", "Closed"),
            ("closed",),
            (),
            _("Accepted cases that are closed by now."),
            _CLOSED,
        ),
        Kind(
            "closure_rate",
            _("Closure rate"),
            ("closed",),
            ("accepted",),
            _("Closed cases among all accepted ones."),
            _CLOSED,
            _ACCEPTED,
        ),
        Kind(
            "on_time_rate",
            _("On-time rate"),
            ("on_time",),
            ("closed_with_limit", "overdue"),
            _("Resolved within the limit, among closed cases and open ones past their limit."),
            _("cases resolved within the limit"),
            _("closed cases and open ones past their limit"),
        ),
        Kind(
            "response_rate",
            _("Response rate"),
            ("acknowledged_in_time",),
            ("assigned",),
            _("Acknowledged by the agency within the limit, among assigned cases."),
            _("cases acknowledged within the limit"),
            _("cases assigned to an agency"),
        ),
        Kind(
            "resolution_rate",
            _("Resolution rate"),
            ("said_resolved",),
            ("valid_feedback",),
            _("The household says it is resolved, among households that answered."),
            _("cases the household calls resolved"),
            _HEARD,
        ),
        Kind(
            "satisfaction",
            _("Satisfaction"),
            ("satisfied", "fairly_satisfied"),
            ("valid_feedback",),
            _("Satisfied households, fairly satisfied ones counted in part, among those that answered."),
            _("cases whose household is satisfied or fairly satisfied"),
            _HEARD,
        ),
        Kind(
            "reopen_rate",
            _("Reopen rate"),
            ("reopened",),
            ("closed_or_reopened",),
            _("Handled again at least once, among cases closed or handled again."),
            _("cases handled again"),
            _("cases closed or handled again"),
        ),
        Kind(
            "feedback_coverage",
            _("Feedback coverage"),
            ("heard",),
            ("closed",),
            _("Closed on the household's own answer, among closed cases."),
            _("cases closed on the household's answer"),
            _CLOSED,
        ),
        Kind(
            "settled_lowest",
            _("Settled at the lowest level"),
            ("settled_lowest",),
            ("closed",),
            _("Resolved by a chief, group or zone leader, among closed cases."),
            _("cases resolved by chiefs, group or zone leaders"),
            _CLOSED,
        ),
    )
}
TIME_TO_CLOSE = "time_to_close"
TIME_TO_CLOSE_LABEL = _("Time to close")
TIME_TO_CLOSE_HINT = _("From reporting to closing: half of the closed cases took no longer than this.")

# A closure rate alone invites closing on paper: these stand beside it wherever it is shown.
BESIDE_CLOSURE_RATE = ("resolution_rate", "feedback_coverage", "reopen_rate")


def measures_of(counts: Counts, *, weight: float) -> dict[str, Measure | TimeToClose]:
    """Return every measure by its key, in the order of the table, time to close last."""
    measures: dict[str, Measure | TimeToClose] = {key: kind.of(counts, weight=weight) for key, kind in KINDS.items()}
    median, ninety = percentiles_hours(counts.took, (0.5, 0.9))
    measures[TIME_TO_CLOSE] = TimeToClose(cases=counts.took.total(), median_hours=median, p90_hours=ninety)
    return measures
