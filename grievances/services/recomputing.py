"""Computing deadlines anew when what they follow from has changed: category, urgency, limits, calendar."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F, Max, QuerySet, Sum

from grievances.choices import LIVE, RUNNING, Action, Stage, Standing
from grievances.deadlines import Limit
from grievances.models import Extension, Grievance, GrievanceEvent
from grievances.services import changes, clock
from grievances.services.rulebook import Rulebook, rulebook
from orgs.models import RuleChange, User
from orgs.rules import forget_rules


def recomputed_columns(case: Grievance) -> dict:
    """Return the deadline columns of the case that differ under the rules in force; up to four statements."""

    def climbed(stage: str, due_at: datetime) -> int:
        return case.escalations.filter(stage=stage, due_at=due_at).aggregate(top=Max("rung"))["top"] or 0

    began = case.clock_started_at
    if began is None:
        return clock.recomputed(case, extra_days=0, pauses=(), climbed=climbed)
    granted = case.extensions.filter(granted=True, decided_at__gte=began)
    extra = granted.aggregate(days=Sum("days"))["days"] or 0
    return clock.recomputed(case, extra_days=extra, pauses=clock.pauses_of(case), climbed=climbed)


# No more open cases than this are looked at before a rule is saved, those soonest due first.
LOOKED_AT = 5000
_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Outlook:
    """What rules not yet in force would do to open cases.

    `overdue` counts the cases whose limit would be past at once and is not now, `numbers` are the first of them, `soon`
    counts those that would then be due within a working day and are not now. `is_partial`: more cases are open than
    were looked at, so both are the least.
    """

    overdue: int = 0
    numbers: tuple[str, ...] = ()
    soon: int = 0
    is_partial: bool = False


def look_ahead(rules: Rulebook, *, stages: Collection[str], now: datetime) -> Outlook:
    """Return what limits as in `rules` would do to the open cases in these stages. At most six statements.

    Cases on hold are left out: their time stands still.
    """
    found: dict[int, tuple[str, datetime]] = {}
    is_partial = False
    horizon = rules.calendar.add(now, rules.calendar.day_seconds)
    for stage in stages:
        column = "due_at" if stage == Stage.RESOLVE else "stage_due_at"
        cases = list(_in_stage(stage).filter(**{f"{column}__gt": now}).order_by(column, "pk")[: LOOKED_AT + 1])
        is_partial |= len(cases) > LOOKED_AT
        for case, due_at in _deadlines(_concerned(cases[:LOOKED_AT], stage, rules), column, rules):
            if due_at <= now or due_at <= horizon < getattr(case, column):
                found[case.pk] = min((case.number, due_at), found.get(case.pk, (case.number, due_at)))
    overdue = sorted(number for number, due_at in found.values() if due_at <= now)
    return Outlook(len(overdue), tuple(overdue[:_SHOWN]), len(found) - len(overdue), is_partial)


def _in_stage(stage: str) -> QuerySet[Grievance]:
    cases = Grievance.objects.filter(suspended_at__isnull=True).defer("search", "description")
    return cases.filter(status__in=RUNNING) if stage == Stage.RESOLVE else cases.filter(status__in=LIVE, stage=stage)


def _concerned(cases: Iterable[Grievance], stage: str, rules: Rulebook) -> list[Grievance]:
    """Return the cases for which `rules` have another limit of the stage than the rules in force."""
    present = rulebook()

    def limits(case: Grievance) -> list[Limit]:
        about = {"urgency": case.urgency, "category_id": case.category_id, "unit_path": case.unit_path}
        return [book.limit(stage, **about) for book in (present, rules)]

    return [case for case in cases if len(set(limits(case))) > 1]


def _deadlines(cases: Sequence[Grievance], column: str, rules: Rulebook) -> Iterator[tuple[Grievance, datetime]]:
    """Yield each case with its deadline under `rules`, extensions and past pauses counted. Two statements."""
    granted = Extension.objects.filter(
        grievance__in=cases, granted=True, decided_at__gte=F("grievance__clock_started_at")
    )
    extra = dict(granted.values_list("grievance").annotate(Sum("days")))
    pauses = clock.pauses_of_many(cases)
    for case in cases:
        columns = clock.recomputed(
            case,
            extra_days=extra.get(case.pk, 0),
            pauses=pauses.get(case.pk, ()),
            climbed=lambda _stage, _due_at: 0,
            rules=rules,
        )
        yield case, columns.get(column, getattr(case, column))


def recompute_deadlines(
    *, actor: User, now: datetime, batch: int = 200, say: Callable[[int], None] | None = None
) -> int:
    """Bring every open case to the rules in force and return how many deadlines moved.

    Cases are claimed with FOR UPDATE SKIP LOCKED in batches, a transaction each, so it may be killed, run twice and run
    beside the sweep; whoever changes a case meanwhile computes under the same rules. A case whose deadline moves gets
    an event that says from when to when and why. `say` is told how many cases were looked at.
    """
    forget_rules()
    rules = rulebook()
    moved = looked_at = 0
    while True:
        with transaction.atomic():
            cases = list(
                Grievance.objects.select_for_update(skip_locked=True, of=("self",))
                .filter(status__in=LIVE)
                .exclude(rules_version=rules.version)
                .order_by("due_at", "pk")[:batch]
            )
            moved += _bring_up_to_date(cases, actor, now, rules.version)
        looked_at += len(cases)
        if say is not None and cases:
            say(looked_at)
        if len(cases) < batch:
            return moved


def _bring_up_to_date(cases: Sequence[Grievance], actor: User, now: datetime, version: int) -> int:
    reasons = _Reasons(cases, version)
    events, fields = [], {"rules_version"}
    measured = [changes.snapshot(case) for case in cases]
    for case in cases:
        known = case.rules_version
        columns = recomputed_columns(case) | {"rules_version": version}
        before = {name: getattr(case, name) for name in ("due_at", "stage_due_at")}
        for name, value in columns.items():
            setattr(case, name, value)
        fields |= set(columns)
        if any(getattr(case, name) != moment for name, moment in before.items()):
            case.version += 1
            fields.add("version")
            events.append(_event(case, before, actor, now, reasons.since(known)))
    if cases:
        Grievance.objects.bulk_update(cases, sorted(fields))
        GrievanceEvent.objects.bulk_create(events)
        changes.record_many(zip(measured, cases, strict=True))
    return len(events)


class _Reasons:
    """Why the rules are others than a case was computed under, in both languages; one statement for a batch."""

    shown = 8

    def __init__(self, cases: Sequence[Grievance], version: int) -> None:
        oldest = min((case.rules_version for case in cases), default=version)
        changes = RuleChange.objects.filter(pk__gt=oldest, pk__lte=version).order_by("-pk")
        self._changes = list(changes.values_list("pk", "why")) if cases else []

    def since(self, known: int) -> dict[str, str]:
        """Return what changed after version `known`, the newest first, the last few of many."""
        whys = [why for pk, why in self._changes if pk > known and why][: self.shown]
        return {key: join.join(why[key] for why in whys) for key, join in (("zh", "；"), ("en", "; "))} if whys else {}


def _event(case: Grievance, before: dict, actor: User, now: datetime, why: dict) -> GrievanceEvent:
    moments = {
        key: moment.isoformat() if moment else ""
        for key, moment in (
            ("due_at", case.due_at),
            ("due_before", before["due_at"]),
            ("stage_due_at", case.stage_due_at),
            ("stage_due_before", before["stage_due_at"]),
        )
    }
    return GrievanceEvent(
        grievance=case,
        action=Action.RECOMPUTE,
        at=now,
        actor=actor,
        standing=Standing.SYSTEM,
        from_status=case.status,
        to_status=case.status,
        data={**moments, "stage": case.stage, "why": why},
        is_public=False,
    )
