"""Starting, holding and stopping a case's clocks: the only code that computes its deadline columns.

Two clocks may run at once: that of resolving, from the report until the case is resolved, and that of the stage it is
in (assigning, acknowledging, feedback). Every function returns the columns to save, so that a verb changes the case in
one UPDATE; `next_alarm_at` is the earliest rung of whichever clocks run.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from grievances.choices import RUNNING, Action, Stage, Status
from grievances.deadlines import SOON, Clock, Limit, Rung, day_seconds, measure, next_rung
from grievances.models import Grievance, GrievanceEvent
from grievances.services.rulebook import Rulebook, rulebook

_NO_STAGE = {
    "stage": "",
    "stage_started_at": None,
    "stage_limit": None,
    "stage_counts": "",
    "stage_soon_at": None,
    "stage_due_at": None,
    "stage_rung": 0,
}


def reported(case: Grievance, *, now: datetime) -> dict:
    """Return the columns of a case that begins, or begins anew, at a desk: full limits, nothing climbed."""
    return _with_alarm(case, Status.REPORTED, {**_resolving(case, now), **_entering(case, Stage.ASSIGN, now)})


def handled_again(case: Grievance, *, now: datetime) -> dict:
    """Return the columns of a case sent back to who handled it: a full limit, and again to be acknowledged."""
    again = {**_resolving(case, now), **_entering(case, Stage.ACKNOWLEDGE, now)}
    return _with_alarm(case, Status.ASSIGNED, {**again, "acknowledge_due_at": again["stage_due_at"]})


def assigned(case: Grievance, *, now: datetime) -> dict:
    """Return the columns of a case given to an agency: it is to be acknowledged, resolving goes on."""
    stage = _entering(case, Stage.ACKNOWLEDGE, now)
    return _with_alarm(case, Status.ASSIGNED, {**stage, "acknowledge_due_at": stage["stage_due_at"]})


def taken_on(case: Grievance) -> dict:
    """Return the columns of a case that somebody works on: only resolving runs."""
    return _with_alarm(case, Status.IN_PROGRESS, dict(_NO_STAGE))


def back_at_desk(case: Grievance, *, now: datetime) -> dict:
    """Return the columns of a case handed back to a desk: to be assigned again, resolving goes on."""
    return _with_alarm(case, Status.REPORTED, {**_entering(case, Stage.ASSIGN, now), "acknowledge_due_at": None})


def resolved(case: Grievance, *, now: datetime) -> dict:
    """Return the columns of a case that waits for the household: resolving stands still, feedback runs."""
    return _with_alarm(case, Status.RESOLVED, _entering(case, Stage.FEEDBACK, now))


def resolved_at_once(case: Grievance, *, now: datetime) -> dict:
    """Return the columns of a case solved on the spot: the limit it would have had, and feedback running."""
    return _with_alarm(case, Status.RESOLVED, {**_resolving(case, now), **_entering(case, Stage.FEEDBACK, now)})


def stopped() -> dict:
    """Return the columns of clocks at rest: no alarm; the deadline of resolving stays for the on-time rate."""
    return {**_NO_STAGE, "next_alarm_at": None}


def held(case: Grievance, *, review_at: datetime) -> dict:
    """Return the columns of a suspended case: nothing runs but the day of review."""
    return {"next_alarm_at": review_at}


def resumed(case: Grievance, *, now: datetime) -> dict:
    """Return the columns after a suspension: the deadline is later by exactly the counted time the clock stood still.

    What was climbed stays climbed: those rungs fired for the limit that goes on.
    """
    if case.limit is None:
        return _with_alarm(case, case.status, {"suspended_at": None})
    rules = rulebook()
    paused = case.paused + round(measure(case.suspended_at, now, case.counts, rules.calendar))
    moved = _deadline(Clock(case.clock_started_at, Limit(case.limit, case.counts), paused), rules)
    return _with_alarm(case, case.status, {**moved, "suspended_at": None})


def extended(case: Grievance, *, days: int) -> dict:
    """Return the columns after an extension by `days`, in the days the limit is counted in; the ladder begins anew."""
    rules = rulebook()
    longer = Limit(case.limit, case.counts).longer(days * day_seconds(case.counts, rules.calendar))
    moved = _deadline(Clock(case.clock_started_at, longer, case.paused), rules)
    return _with_alarm(case, case.status, {**moved, "rung": 0})


def recomputed(
    case: Grievance,
    *,
    extra_days: int,
    pauses: Iterable[tuple[datetime, datetime]],
    climbed: Callable[[str, datetime], int],
    rules: Rulebook | None = None,
) -> dict:
    """Return the columns that change when category, urgency, limits or calendar did; {} when nothing does.

    `extra_days` are the extensions granted since the clock began, `pauses` the suspensions since then that are over.
    A deadline that moves has its ladder begin anew, above what was `climbed` for that very stage and deadline should it
    come back; one that stays keeps what was climbed. `rules` are those in force unless others are asked about.
    """
    rules = rules or rulebook()
    found: dict = {"rules_version": rules.version}
    if case.due_at is not None and case.clock_started_at is not None and case.status in RUNNING:
        plain = _limit(case, Stage.RESOLVE, rules)
        whole = plain.longer(extra_days * day_seconds(plain.counts, rules.calendar))
        paused = sum(round(measure(begin, end, whole.counts, rules.calendar)) for begin, end in pauses)
        found |= _deadline(Clock(case.clock_started_at, whole, paused), rules)
        found["rung"] = case.rung if found["due_at"] == case.due_at else climbed(Stage.RESOLVE, found["due_at"])
    if case.stage and case.stage_started_at is not None:
        found |= _entering(case, case.stage, case.stage_started_at, rules)
        stays = found["stage_due_at"] == case.stage_due_at
        found["stage_rung"] = case.stage_rung if stays else climbed(case.stage, found["stage_due_at"])
        if case.stage == Stage.ACKNOWLEDGE:
            found["acknowledge_due_at"] = found["stage_due_at"]
    if not case.suspended:
        found = _with_alarm(case, case.status, found, rules)
    return {name: value for name, value in found.items() if getattr(case, name) != value}


def pauses_of(case: Grievance) -> list[tuple[datetime, datetime]]:
    """Return the suspensions since the clock of resolving began that are over, from the timeline. One statement."""
    return pauses_of_many([case]).get(case.pk, [])


def pauses_of_many(cases: Iterable[Grievance]) -> dict[int, list[tuple[datetime, datetime]]]:
    """Return the same of many cases, by the case's key; those without any are left out. One statement."""
    began = {case.pk: case.clock_started_at for case in cases}
    events = GrievanceEvent.objects.filter(grievance__in=began, action__in=(Action.SUSPEND, Action.RESUME))
    found: dict[int, list[tuple[datetime, datetime]]] = {}
    since: dict[int, datetime] = {}
    for pk, action, at in events.order_by("at", "pk").values_list("grievance", "action", "at"):
        if began[pk] is None or at < began[pk]:
            continue
        if action == Action.SUSPEND:
            since[pk] = at
        elif pk in since:
            found.setdefault(pk, []).append((since.pop(pk), at))
    return found


def next_alarm(case: Grievance, rules: Rulebook | None = None) -> datetime | None:
    """Return when the next rung of the clocks that run is due, from the case's columns; None when none runs."""
    upcoming = [moment for _stage, _rung, moment in next_rungs(case, rules or rulebook())]
    return min(upcoming, default=None)


def next_rungs(case: Grievance, rules: Rulebook) -> list[tuple[str, Rung, datetime]]:
    """Return the next rung of each clock that runs, as (stage, rung, when)."""
    if case.suspended:
        return []
    found = []
    ladder = rules.ladder(category_id=case.category_id, urgency=case.urgency)
    if case.status in RUNNING and case.due_at is not None and case.limit is not None:
        clock = Clock(case.clock_started_at, Limit(case.limit, case.counts), case.paused)
        if upcoming := next_rung(ladder, case.rung, clock, case.due_at, rules.calendar):
            found.append((Stage.RESOLVE, *upcoming))
    if case.stage and case.stage_due_at is not None:
        clock = Clock(case.stage_started_at, Limit(case.stage_limit, case.stage_counts))
        if upcoming := next_rung(ladder, case.stage_rung, clock, case.stage_due_at, rules.calendar):
            found.append((case.stage, *upcoming))
    return found


def _resolving(case: Grievance, now: datetime) -> dict:
    rules = rulebook()
    clock = Clock(now, _limit(case, Stage.RESOLVE, rules))
    return {"clock_started_at": now, "rung": 0, **_deadline(clock, rules)}


def _deadline(clock: Clock, rules: Rulebook) -> dict:
    due_at = clock.due_at(rules.calendar)
    return {
        "limit": clock.limit.seconds,
        "counts": clock.limit.counts,
        "paused": clock.paused,
        "soon_at": clock.at_share(SOON, rules.calendar),
        "due_at": due_at,
        "due_provisional": not rules.calendar.knows(clock.started_at, due_at),
        "rules_version": rules.version,
    }


def _entering(case: Grievance, stage: str, start: datetime, rules: Rulebook | None = None) -> dict:
    rules = rules or rulebook()
    limit = _limit(case, stage, rules)
    clock = Clock(start, limit)
    return {
        "stage": stage,
        "stage_started_at": start,
        "stage_limit": limit.seconds,
        "stage_counts": limit.counts,
        "stage_soon_at": clock.at_share(SOON, rules.calendar),
        "stage_due_at": clock.due_at(rules.calendar),
        "stage_rung": 0,
    }


def _limit(case: Grievance, stage: str, rules: Rulebook) -> Limit:
    return rules.limit(stage, urgency=case.urgency, category_id=case.category_id, unit_path=case.unit_path)


def _with_alarm(case: Grievance, status: str, columns: dict, rules: Rulebook | None = None) -> dict:
    """Add `next_alarm_at` as it will be when `columns` and `status` are on the case."""
    after = _Future(case, {**columns, "status": status})
    return {**columns, "next_alarm_at": next_alarm(after, rules)}


class _Future:
    """A case as it will be: the new columns over the row's own."""

    def __init__(self, case: Grievance, columns: dict) -> None:
        self._case, self._columns = case, columns

    def __getattr__(self, name: str) -> object:
        return self._columns[name] if name in self._columns else getattr(self._case, name)

    @property
    def suspended(self) -> bool:
        return self.suspended_at is not None
