"""Whole days of cases as lines for COPY."""

from collections.abc import Callable
from random import Random

from grievances.search import lexemes
from grievances.services.synthetic.arrivals import Day, seconds_of_day
from grievances.services.synthetic.course import DISPROVED, FAIRLY, NO_ANSWER, OPEN, SATISFIED, Course
from grievances.services.synthetic.figures import Counts
from grievances.services.synthetic.setting import Setting
from grievances.services.synthetic.timing import DAY

# The columns of the lines `Course` makes; those of a case are the keys of its row.
COLUMNS = {
    "events": "id grievance_id action at actor_id standing from_status to_status note data is_public",
    "assignments": "id grievance_id agency_id round assigned_by_id assigned_at acknowledge_due_at acknowledged_at"
    " returned_at ended_at",
    "feedback": "id grievance_id round rating said_resolved by recorded_by_id at",
    "extensions": "id grievance_id asked_by_id asked_at days reason_id decided_by_id decided_at granted",
}
_SENTENCES_KEPT = 100_000
# How the token of a made-up case begins.
MADE_UP = "made-up-"


class Lines:
    """The lines of each table until they are written."""

    def __init__(self) -> None:
        self.cases: list[str] = []
        self.events: list[str] = []
        self.assignments: list[str] = []
        self.feedback: list[str] = []
        self.extensions: list[str] = []


class Teller:
    """Tells whole days of cases. The same setting and day give the same lines, in whatever process.

    `suffixes` ends the lines of each table.
    """

    def __init__(self, setting: Setting, *, suffixes: dict[str, str]) -> None:
        self.setting, self.rules, self.suffixes = setting, setting.rules, suffixes
        self.lines = Lines()
        self.rng = Random()  # noqa: S311  (made-up cases, not secrets)
        self._month = ""
        self._known: dict[str | int, str] = {}

    def tell(self, day: Day, *, full: Callable[[], None], every: int = 5000) -> None:
        """Tell the day's cases into `lines`, calling `full` after every so many."""
        setting = self.setting
        rng = self.rng = Random(f"{setting.seed}/{day.day}")  # noqa: S311  (made-up cases, not secrets)
        places = rng.choices(setting.places, cum_weights=setting.place_weights, k=day.count)
        topics = rng.choices(setting.topics, cum_weights=setting.topic_weights[day.day.month - 1], k=day.count)
        ends = [*confirmations(setting.counts, day), *[OPEN] * day.open]
        rng.shuffle(ends)
        self._month = lexemes(reported_on=day.day)
        midnight = (day.day - self.rules.first).days * DAY
        prefix = f"LJ{day.day:%Y%m%d}-"
        seconds = seconds_of_day(rng, day.count)
        for place in range(day.count):
            number = f"{prefix}{place + 1:05d}"
            Course(self, day.first + place, number, midnight + seconds[place]).happen(
                places[place], topics[place], ends[place]
            )
            if place % every == every - 1:
                full()

    def search(self, texts: tuple[str, ...], number: str, path: str, category: int) -> str:
        """Return what a case of the present day is found by (`Grievance.lexemes`); a sentence is worked out once."""
        known = self._known
        if len(known) > _SENTENCES_KEPT:
            known.clear()
        for text in texts:
            if text not in known:
                known[text] = lexemes(text)
        if path not in known:
            known[path] = lexemes(unit_path=path)
        if category not in known:
            known[category] = lexemes(category=category)
        words = " ".join([known[text] for text in texts])
        return f"{words} {known[path]} {known[category]} {self._month} {lexemes(number=number)}"


def confirmations(counts: Counts, day: Day) -> list[int]:
    """Return how the closed cases of a day were confirmed; over all days they add up exactly.

    Each share is a part of the one around it, so that none of a day's is larger than the day.
    """
    before, after = (_shares(counts, closed) for closed in (day.closed_before, day.closed_before + day.closed))
    said, heard, satisfied = (late - early for early, late in zip(before, after, strict=True))
    return [
        *[SATISFIED] * satisfied,
        *[FAIRLY] * (heard - satisfied),
        *[DISPROVED] * (said - heard),
        *[NO_ANSWER] * (day.closed - said),
    ]


def _shares(counts: Counts, closed: int) -> tuple[int, int, int]:
    words = counts.heard + counts.disproved
    said = words * closed // counts.closed if counts.closed else 0
    heard = counts.heard * said // words if words else 0
    return said, heard, counts.satisfied * heard // counts.heard if counts.heard else 0
