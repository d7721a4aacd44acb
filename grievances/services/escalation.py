"""The sweep over overdue cases: found by an indexed column, oldest first, each rung once per deadline."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from grievances import deadlines
from grievances.choices import Action, Card, Rung, Standing
from grievances.models import Escalation, Grievance, GrievanceEvent
from grievances.services import clock
from linjiang.common.clock import local_day
from notifications import services as outbox
from orgs import tree
from orgs.choices import LEVEL_ORDER, Level
from orgs.holders import people_at_agencies, people_to_call_on
from orgs.models import Unit, User
from orgs.profile import profile

_KIND = {Rung.HOLDER: "overdue_holder", Rung.SUPERIOR: "overdue_superior", Rung.STREET: "overdue_street"}
_CARD = {Rung.HOLDER: Card.REMIND, Rung.SUPERIOR: Card.URGE, Rung.STREET: Card.URGE}


def escalate_overdue(*, actor: User, now: datetime, batch: int = 500) -> int:
    """Fire every rung that is due at `now` and return how many fired.

    Claims `batch` cases at a time with FOR UPDATE SKIP LOCKED, so that many sweepers share the work and none waits;
    each batch is one transaction, so a killed sweeper leaves its batch as it was. What was fired is kept unique by
    (case, deadline, rung).
    """
    fired = 0
    while True:
        with transaction.atomic():
            cases = list(
                Grievance.objects.select_for_update(skip_locked=True, of=("self",))
                .select_related("holder_unit", "lead_agency")
                .filter(next_alarm_at__lte=now)
                .order_by("next_alarm_at", "pk")[:batch]
            )
            fired += _climb(cases, actor, now)
        if len(cases) < batch:
            return fired


@dataclass(frozen=True, slots=True)
class DueRung:
    """A rung that a sweep would fire, and whom it would address."""

    case: Grievance
    rung: int
    unit: Unit
    people: list[User]


def due_rungs(*, now: datetime, batch: int = 500) -> Iterator[DueRung]:
    """Yield what a sweep at `now` would fire, in its order; reads only, locks nothing."""
    due = (
        Grievance.objects.select_related("holder_unit", "lead_agency")
        .filter(next_alarm_at__lte=now)
        .order_by("next_alarm_at", "pk")
    )
    start = 0
    while cases := list(due[start : start + batch]):
        targets = _Targets(cases, now)
        for case in cases:
            for rung in _rungs(case, now):
                yield DueRung(case, rung, *targets.of(case, rung))
        start += batch


def _rungs(case: Grievance, now: datetime) -> list[int]:
    return deadlines.rungs_due(
        due_at=case.due_at, climbed=case.rung, last=max(Rung), rung_hours=profile().cases["rung_hours"], at=now
    )


def _climb(cases: Sequence[Grievance], actor: User, now: datetime) -> int:
    rungs = {case.pk: _rungs(case, now) for case in cases}
    targets = _Targets(cases, now)
    escalations, events, messages = [], [], []
    for case in cases:
        for rung in rungs[case.pk]:
            unit, people = targets.of(case, rung)
            escalations.append(
                Escalation(
                    grievance=case,
                    card=_CARD[rung],
                    rung=rung,
                    due_at=case.due_at,
                    unit=unit,
                    agency=case.lead_agency if rung == Rung.HOLDER else None,
                    by=actor,
                    at=now,
                )
            )
            events.append(_event(case, rung, unit, actor, now))
            messages += [_message(case, rung, person, now) for person in people]
        if rungs[case.pk]:
            case.rung = rungs[case.pk][-1]
            case.version += 1
        case.next_alarm_at = clock.next_alarm(due_at=case.due_at, rung=case.rung)
    Escalation.objects.bulk_create(escalations, ignore_conflicts=True)
    GrievanceEvent.objects.bulk_create(events)
    outbox.queue(messages)
    Grievance.objects.bulk_update(cases, ["rung", "version", "next_alarm_at"])
    return len(escalations)


def _event(case: Grievance, rung: int, unit: Unit, actor: User, now: datetime) -> GrievanceEvent:
    return GrievanceEvent(
        grievance=case,
        action=Action.ESCALATE,
        at=now,
        actor=actor,
        standing=Standing.SYSTEM,
        from_status=case.status,
        to_status=case.status,
        data={"rung": rung, "to": unit.name, "due_at": case.due_at.isoformat()},
        is_public=False,
    )


def _message(case: Grievance, rung: int, person: User, now: datetime):
    return outbox.message(
        to=person,
        kind=_KIND[rung],
        facts={"number": case.number, "title": case.title, "holder": str(case.lead_agency or case.holder_unit)},
        url=case.get_absolute_url(),
        key=f"{_KIND[rung]}:{case.pk}:{case.due_at.timestamp():.0f}",
        at=now,
    )


class _Targets:
    """Whom each rung of each case addresses, looked up for a whole batch in two statements."""

    def __init__(self, cases: Sequence[Grievance], now: datetime) -> None:
        day = local_day(now)
        paths = {path for case in cases for path in tree.ancestor_paths(case.holder_unit.path, include_self=True)}
        self._units = {unit.path: unit for unit in Unit.objects.filter(path__in=paths)} if paths else {}
        self._people = people_to_call_on(paths, on=day) if paths else {}
        agencies = {case.lead_agency_id for case in cases if case.lead_agency_id}
        self._handlers = people_at_agencies(agencies, on=day) if agencies else {}

    def of(self, case: Grievance, rung: int) -> tuple[Unit, list[User]]:
        """Return the unit a rung addresses and its people; it climbs past vacant posts, never down to the chief."""
        if case.lead_agency_id:
            holders = self._handlers.get(case.lead_agency_id, [])
        else:
            holders = self._people.get(case.holder_unit.path, [])
        if rung == Rung.HOLDER and holders:
            return case.holder_unit, holders
        # Whom an agency answers to is the desk that gave it the case; the street may be that very desk.
        itself = rung == Rung.STREET or case.lead_agency_id is not None
        for path in tree.ancestor_paths(case.holder_unit.path, include_self=itself)[::-1]:
            high_enough = rung != Rung.STREET or LEVEL_ORDER[self._units[path].level] <= LEVEL_ORDER[Level.STREET]
            if high_enough and self._people.get(path):
                return self._units[path], self._people[path]
        return case.holder_unit, holders
