"""Computing deadlines anew when what they follow from has changed: category, urgency, limits, calendar."""

from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Max, Sum

from grievances.choices import LIVE, Action, Standing
from grievances.models import Grievance, GrievanceEvent
from grievances.services import changes, clock
from grievances.services.rulebook import rulebook
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
