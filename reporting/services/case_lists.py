"""The cases behind a number: the same conditions, one row per case counted."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import F, Q

from grievances.models import Grievance
from grievances.querysets import GrievanceQuerySet
from orgs.models import Unit
from reporting.conditions import ACCEPTED, BETWEEN_STEPS, REACHED, conditions, now_conditions, reported_in
from reporting.coverage import CATEGORY, SOURCE
from reporting.measures import KINDS, TIME_TO_CLOSE
from reporting.periods import Period
from reporting.services.funnel import DISCOVERED, found_not_reported
from reporting.services.rates import cases_reported

NUMERATOR, DENOMINATOR = "numerator", "denominator"
SIDES = (NUMERATOR, DENOMINATOR)
NONE = "none"
HERE = "here"
PAGE_SIZE = 50


def cases_behind(*, unit: Unit, period: Period, measure: str, side: str, now: datetime) -> GrievanceQuerySet:
    """Return the cases counted on one side of a measure for the unit and the period; KeyError for an unknown measure.

    A plain count has the same cases on both sides; time to close is measured over the closed ones.
    """
    kind = KINDS["closed" if measure == TIME_TO_CLOSE else measure]
    names = kind.denominator if side == DENOMINATOR and kind.denominator else kind.numerator
    known = conditions(now=now)
    wanted = Q()
    for name in names:
        wanted |= known[name]
    return cases_reported(unit=unit, period=period).filter(wanted)


def cases_reached(*, unit: Unit, period: Period, step: str) -> GrievanceQuerySet:
    """Return the cases of `funnel.Funnel.reached`; KeyError for a step there is none of.

    Those found in the period and not reported yet come with the first step, and only with it.
    """
    if step == DISCOVERED:
        return Grievance.objects.below(unit).filter((ACCEPTED & reported_in(period)) | found_not_reported(period))
    return cases_reported(unit=unit, period=period).filter(REACHED[step])


def cases_timed(*, unit: Unit, period: Period, step: str) -> GrievanceQuerySet:
    """Return the cases whose time before a step is in the funnel's median; KeyError for a step there is none of."""
    return cases_reported(unit=unit, period=period).filter(BETWEEN_STEPS[step][2])


def cases_now(*, unit: Unit, name: str, now: datetime) -> GrievanceQuerySet:
    """Return the cases counted by `rates.count_now` under `name`; KeyError for an unknown one."""
    return Grievance.objects.below(unit).filter(now_conditions(now=now)[name])


def in_category(cases: GrievanceQuerySet, category: str) -> GrievanceQuerySet:
    """Return those of a top category (its id, or "none" for cases not classified); ValueError for anything else."""
    if category == NONE:
        return cases.filter(category__isnull=True)
    number = int(category)
    return cases.filter(Q(category=number) | Q(category__parent=number))


def in_part(cases: GrievanceQuerySet, dimension: str, key: str) -> GrievanceQuerySet:
    """Return those of a top category, source or agency ("none": without); ValueError for a key that cannot be one."""
    if dimension == CATEGORY:
        return in_category(cases, key)
    if dimension == SOURCE:
        return cases.filter(source=key)
    return cases.filter(lead_agency__isnull=True) if key == NONE else cases.filter(lead_agency=int(key))


def filed_at(cases: GrievanceQuerySet, unit: Unit) -> GrievanceQuerySet:
    """Return those filed at the unit itself, not at a unit below it."""
    return cases.filter(unit_path=unit.path)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of cases, latest reported first, before them those not reported yet. A mark names a case; a page begins
    after or ends before one."""

    cases: list[Grievance]
    newer: str
    older: str


def page_of(cases: GrievanceQuerySet, *, after: str = "", before: str = "") -> Page:
    """Return the page of cases older than the mark `after`, or just newer than `before`; the first without a mark.

    Raise ValueError for a mark nobody gave out. The cost does not grow with the pages passed.
    """
    cases = cases.with_names()
    if before:
        rows = _beyond(cases, before, newer=True).order_by(F("reported_at").asc(nulls_last=True), "pk")
        rows = list(rows[: PAGE_SIZE + 1])
        more_newer, more_older = len(rows) > PAGE_SIZE, True
        rows = rows[:PAGE_SIZE][::-1]
    else:
        if after:
            cases = _beyond(cases, after, newer=False)
        # In this order the index of reported moments is walked backwards: what it has nothing for comes first.
        rows = list(cases.order_by(F("reported_at").desc(nulls_first=True), "-pk")[: PAGE_SIZE + 1])
        more_newer, more_older = bool(after), len(rows) > PAGE_SIZE
        rows = rows[:PAGE_SIZE]
    if not rows:
        return Page([], "", "")
    return Page(rows, _mark(rows[0]) if more_newer else "", _mark(rows[-1]) if more_older else "")


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
_UNREPORTED = "new"


def _mark(case: Grievance) -> str:
    if case.reported_at is None:
        return f"{_UNREPORTED}-{case.pk}"
    return f"{(case.reported_at - _EPOCH) // _TICK}-{case.pk}"


def _beyond(cases: GrievanceQuerySet, mark: str, *, newer: bool) -> GrievanceQuerySet:
    ticks, _dash, key = mark.partition("-")
    try:
        moment = None if ticks == _UNREPORTED else _EPOCH + int(ticks) * _TICK
        pk = int(key)
    except OverflowError as error:
        raise ValueError(mark) from error
    if not 0 < pk < 2**63:
        raise ValueError(mark)
    sign = "gt" if newer else "lt"
    if moment is None:
        same = Q(reported_at__isnull=True, **{f"pk__{sign}": pk})
        return cases.filter(same) if newer else cases.filter(same | Q(reported_at__isnull=False))
    # The first condition is what the index can use; the second settles cases reported in the same moment.
    beyond = Q(**{f"reported_at__{sign}e": moment}) & (Q(**{f"reported_at__{sign}": moment}) | Q(**{f"pk__{sign}": pk}))
    return cases.filter(beyond | Q(reported_at__isnull=True) if newer else beyond)
