"""The rules of time in force: calendar, limits and ladders, read once and kept until their version changes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product

from django.utils.translation import gettext as _

from grievances.choices import Card, Stage, Tell
from grievances.deadlines import Limit, Rung, limit, parse_limit, parse_rung
from grievances.models import Category, Ladder, StageLimit
from linjiang.common.errors import InvalidInput
from orgs import tree
from orgs.profile import profile
from orgs.rules import read_calendar, rules_version
from orgs.worktime import WorkCalendar

# Columns of a category's own limits, by stage; hours round the clock.
CATEGORY_HOURS = {
    Stage.ASSIGN: "assign_hours",
    Stage.ACKNOWLEDGE: "acknowledge_hours",
    Stage.RESOLVE: "resolve_hours",
    Stage.FEEDBACK: "feedback_hours",
}
# How long an agency called to the spot has, for a city profile of before there was a whistle.
_ARRIVE = {"2h": "2h", "24h": "24h", "7d": "24h", "15d": "24h"}
# Stage, unit's path ("" for the city), category's key (None for any), urgency ("" for any).
_Key = tuple[str, str, int | None, str]


@dataclass(frozen=True)
class Rulebook:
    """Everything a deadline follows from, at one `version`. Ask it for limits and ladders; it asks no database."""

    version: int
    calendar: WorkCalendar
    limits: Mapping[_Key, Limit]
    ladders: Mapping[tuple[int | None, str], tuple[Rung, ...]]
    default_ladder: tuple[Rung, ...]
    parents: Mapping[int, int | None]
    own_limits: Mapping[tuple[str, int, str], Limit]
    profile_limits: Mapping[tuple[str, str], Limit]
    _paths: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_paths", frozenset(path for _stage, path, _category, _urgency in self.limits))

    def limit(self, stage: str, *, urgency: str, category_id: int | None, unit_path: str) -> Limit:
        """Return the limit of a stage for a case of this urgency, category and place.

        The desk's own limits first: the smallest unit's, there the narrowest category's, there the urgency's. Then the
        category's own hours, which belong to its usual urgency; then the profile's.
        """
        if key := self.desk_key(stage, urgency=urgency, category_id=category_id, unit_path=unit_path):
            return self.limits[key]
        own = self.own_limits.get((stage, category_id, urgency)) if category_id else None
        return own or self.profile_limits[stage, urgency]

    def desk_key(self, stage: str, *, urgency: str, category_id: int | None, unit_path: str) -> _Key | None:
        """Return which of the desk's own limits holds for such a case, as its key in `limits`; None without one."""
        if not self._paths:
            return None
        above = tree.ancestor_paths(unit_path, include_self=True) if unit_path else []
        places = [path for path in reversed(above) if path in self._paths]
        keys = product((stage,), [*places, ""], self._lineage(category_id), (urgency, ""))
        return next((key for key in keys if key in self.limits), None)

    def ladder(self, *, category_id: int | None, urgency: str) -> tuple[Rung, ...]:
        """Return the rungs for a case of this category and urgency."""
        if self.ladders:
            for category, asked in product(self._lineage(category_id), (urgency, "")):
                if found := self.ladders.get((category, asked)):
                    return found
        return self.default_ladder

    def _lineage(self, category_id: int | None) -> list[int | None]:
        lineage = [category_id] if category_id else []
        if category_id and (parent := self.parents.get(category_id)):
            lineage.append(parent)
        return [*lineage, None]


_kept: list[Rulebook] = []


def rulebook() -> Rulebook:
    """Return the rules in force; a change made by another process is seen within seconds (see `orgs.rules`)."""
    version = rules_version()
    if not _kept or _kept[0].version != version:
        _kept[:] = [_read(version)]
    return _kept[0]


def _read(version: int) -> Rulebook:
    calendar = read_calendar()
    categories = list(Category.objects.all())
    return Rulebook(
        version=version,
        calendar=calendar,
        limits={
            limit_key(row): limit(float(row.amount), row.counts, calendar)
            for row in StageLimit.objects.select_related("unit")
        },
        ladders={
            (row.category_id, row.urgency): tuple(
                parse_rung(number, rung.at, rung.card, rung.tell.split(","), calendar)
                for number, rung in enumerate(row.rungs.all(), start=1)
            )
            for row in Ladder.objects.prefetch_related("rungs")
        },
        default_ladder=profile_ladder(calendar),
        parents={one.pk: one.parent_id for one in categories},
        own_limits={
            (stage, one.pk, one.urgency): limit(hours, "hours", calendar)
            for one in categories
            for stage, column in CATEGORY_HOURS.items()
            if (hours := getattr(one, column))
        },
        profile_limits={
            (stage, urgency): parse_limit(text, calendar)
            for stage, by_urgency in ({Stage.ARRIVE.value: _ARRIVE} | profile().limits).items()
            for urgency, text in by_urgency.items()
        },
    )


def limit_key(row: StageLimit) -> _Key:
    """Return under which key a limit of the desk's stands in `Rulebook.limits`; needs its unit."""
    return row.stage, row.unit.path if row.unit else "", row.category_id, row.urgency


def profile_ladder(calendar: WorkCalendar) -> tuple[Rung, ...]:
    """Return the rungs of the city profile."""
    return tuple(
        parse_rung(number, row["at"], row["card"], row["tell"], calendar)
        for number, row in enumerate(profile().ladder, start=1)
    )


def checked_ladder(rungs: list[tuple[str, str, str]], calendar: WorkCalendar) -> tuple[Rung, ...]:
    """Return the rungs written as (when, card, who); raise InvalidInput with every one that is not right.

    Rungs are climbed one after the other, so each lies after the one before: shares rise, then times past the limit.
    """
    found: list[Rung] = []
    bad: list[str] = []
    for number, (at, card, tell) in enumerate(rungs, start=1):
        names = [name.strip() for name in tell.split(",") if name.strip()]
        rung, problem = None, ""
        try:
            rung = parse_rung(number, at, card, names, calendar)
        except ValueError:
            problem = _("“%(at)s” is not a time. Write 80%% (of the limit), +1wd (working days after it) or +4h.") % {
                "at": at
            }
        if rung and found and rung_order(rung, calendar) <= rung_order(found[-1], calendar):
            problem = _("“%(at)s” does not come after “%(before)s”.") % {"at": at, "before": rungs[number - 2][0]}
        if card not in Card.values:
            problem = _("“%(card)s” is no step of urging.") % {"card": card}
        if not names or set(names) - set(Tell.values):
            problem = _("Choose whom it tells.")
        if problem:
            bad.append(_("Rung %(number)s: %(problem)s") % {"number": number, "problem": problem})
        if rung:
            found.append(rung)
    if not rungs:
        bad.append(_("A ladder needs at least one rung."))
    if bad:
        raise InvalidInput({"rungs": "\n".join(bad)})
    return tuple(found)


def rung_order(rung: Rung, calendar: WorkCalendar) -> tuple[int, float]:
    """Return what rungs are sorted by: shares of the limit first, then times past it."""
    if rung.after is None:
        return 0, rung.share or 0
    return 1, rung.after.seconds * (86_400 / calendar.day_seconds if rung.after.counts == "workdays" else 1)
