"""The sweep over clocks that run: the due are found by an indexed column, oldest first, each rung once per deadline."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction

from grievances.choices import ANSWERED_CARDS, Action, Card, Stage, Standing, Tell
from grievances.deadlines import Rung
from grievances.models import Escalation, Grievance, GrievanceEvent
from grievances.services.cards import answer_due
from grievances.services.clock import next_rungs
from grievances.services.rulebook import Rulebook, rulebook
from grievances.services.targets import Targets, Told
from grievances.services.urgency import is_urgent
from linjiang.common.clock import local_day
from linjiang.common.database import insert_rows, update_rows
from linjiang.common.text import at_moment, in_both_languages
from notifications import services as outbox
from orgs.models import User

BATCH = 1000
# Whom the day of review calls on: who holds the case, and the desk that may let it go on.
_REVIEW = Rung(number=1, card=Card.REMIND, tell=(Tell.HOLDER, Tell.SUPERIOR))
_COLUMNS = (
    "pk",
    "number",
    "title",
    "status",
    "urgency",
    "category_id",
    "filed_by_id",
    "holder_unit_id",
    "holder_unit__path",
    "holder_unit__name",
    "lead_agency_id",
    "lead_agency__name",
    "clock_started_at",
    "limit",
    "counts",
    "paused",
    "due_at",
    "rung",
    "stage",
    "stage_started_at",
    "stage_limit",
    "stage_counts",
    "stage_due_at",
    "stage_rung",
    "suspended_at",
    "next_alarm_at",
)


class _Place:
    """What the addressees need to know of the holding unit."""

    __slots__ = ("name", "path", "pk")

    def __init__(self, pk: int, path: str, name: str) -> None:
        self.pk, self.path, self.name = pk, path, name

    def __str__(self) -> str:
        return self.name


class _Due:
    """A claimed case: the columns the ladder needs, under the names they have on the case."""

    __slots__ = (*(name for name in _COLUMNS if "__" not in name), "agency_name", "holder_unit")

    def __init__(self, row: Sequence) -> None:
        for name, value in zip(_COLUMNS, row, strict=True):
            if "__" not in name:
                setattr(self, name, value)
        self.holder_unit = _Place(self.holder_unit_id, row[8], row[9])
        self.agency_name = row[11]

    @property
    def suspended(self) -> bool:
        return self.suspended_at is not None

    @property
    def holder(self) -> str:
        return self.agency_name or self.holder_unit.name


@dataclass(frozen=True, slots=True)
class DueRung:
    """A rung that fires: of which case and stage, since when it is due, for which deadline, and whom it tells.

    `is_too_late`: it would say “due soon” of a limit that is past. It is recorded, and nobody is told.
    """

    case: _Due
    stage: str
    rung: Rung
    at: datetime
    due_at: datetime
    told: list[Told]
    is_too_late: bool


def escalate_overdue(*, actor: User, now: datetime, batch: int = BATCH) -> int:
    """Fire every rung that is due at `now` and return how many fired.

    Claims `batch` cases at a time with FOR UPDATE SKIP LOCKED, so that many sweepers share the work and none waits;
    each batch is one transaction, so a killed sweeper leaves its batch as it was. What was fired is kept unique by
    (case, stage, deadline, rung).
    """
    fired = 0
    while True:
        with transaction.atomic():
            cases = _claim(now, batch)
            if cases:
                rules = rulebook()
                rungs = _climb(cases, now, rules)
                _write(cases, rungs, actor, now, rules)
                fired += len(rungs)
        if len(cases) < batch:
            return fired


def due_rungs(*, now: datetime, batch: int = BATCH) -> Iterator[DueRung]:
    """Yield what a sweep at `now` would fire, in its order; reads only, locks nothing."""
    rules = rulebook()
    start = 0
    while rows := list(_due(now)[start : start + batch]):
        yield from _climb([_Due(row) for row in rows], now, rules)
        start += batch


def _due(now: datetime):
    return Grievance.objects.filter(next_alarm_at__lte=now).order_by("next_alarm_at", "pk").values_list(*_COLUMNS)


def _claim(now: datetime, batch: int) -> list[_Due]:
    rows = _due(now).select_for_update(skip_locked=True, of=("self",))[:batch]
    return [_Due(row) for row in rows]


def _climb(cases: Sequence[_Due], now: datetime, rules: Rulebook) -> list[DueRung]:
    """Take each case up its ladders as far as `now` reaches, and return what fires on the way, oldest first a case."""
    targets = Targets(cases, on=local_day(now))
    fired: list[DueRung] = []
    for case in cases:
        if case.suspended:
            fired.append(_fire(case, Stage.REVIEW, _REVIEW, case.next_alarm_at, targets, now))
            case.next_alarm_at = None
            continue
        upcoming = next_rungs(case, rules)
        while due := [one for one in upcoming if one[2] <= now]:
            stage, rung, at = min(due, key=lambda one: one[2])
            fired.append(_fire(case, stage, rung, at, targets, now))
            if stage == Stage.RESOLVE:
                case.rung = rung.number
            else:
                case.stage_rung = rung.number
            upcoming = next_rungs(case, rules)
        case.next_alarm_at = min((at for _stage, _rung, at in upcoming), default=None)
    return fired


def _fire(case: _Due, stage: str, rung: Rung, at: datetime, targets: Targets, now: datetime) -> DueRung:
    due_at = {Stage.RESOLVE: case.due_at, Stage.REVIEW: at}.get(stage, case.stage_due_at)
    told = targets.of(case, rung.tell)
    # A rung further up says that the limit is past; “due soon” beside it would be wrong.
    is_too_late = _says_soon(rung) and now >= due_at
    if is_too_late:
        told = [replace(one, people=[]) for one in told[:1]]
    return DueRung(case, stage, rung, at, due_at, told, is_too_late)


def _says_soon(rung: Rung) -> bool:
    """Say whether the rung only announces a limit to come; a card asks for an answer whenever it is shown."""
    return rung.share is not None and rung.share < 1 and rung.card not in ANSWERED_CARDS


def _write(cases: Sequence[_Due], rungs: Sequence[DueRung], actor: User, now: datetime, rules: Rulebook) -> None:
    """Write escalations, events, messages and the cases' columns: one statement each."""
    answers = {card: answer_due(card, now=now, rules=rules) for card in Card.values}
    insert_rows(
        Escalation,
        (
            "grievance",
            "card",
            "stage",
            "rung",
            "due_at",
            "unit",
            "agency",
            "by",
            "at",
            "note",
            "answer_due_at",
            "answer",
        ),
        [
            (
                one.case.pk,
                one.rung.card,
                one.stage,
                one.rung.number,
                one.due_at,
                one.told[0].unit.pk,
                one.case.lead_agency_id,
                actor.pk,
                now,
                "",
                answers[one.rung.card],
                "",
            )
            for one in rungs
        ],
        ignore_conflicts=True,
    )
    insert_rows(
        GrievanceEvent,
        ("grievance", "action", "at", "actor", "standing", "from_status", "to_status", "note", "data", "is_public"),
        [
            (
                one.case.pk,
                Action.ESCALATE.value,
                now,
                actor.pk,
                Standing.SYSTEM.value,
                one.case.status,
                one.case.status,
                "",
                json.dumps(_facts_of_event(one), ensure_ascii=False),
                False,
            )
            for one in rungs
        ],
    )
    _queue(rungs, now, answers)
    climbed: dict[int, int] = {}
    for one in rungs:
        climbed[one.case.pk] = climbed.get(one.case.pk, 0) + 1
    update_rows(
        Grievance,
        ("rung", "stage_rung", "next_alarm_at"),
        [(case.pk, climbed.get(case.pk, 0), case.rung, case.stage_rung, case.next_alarm_at) for case in cases],
        raise_by="version",
    )


def _facts_of_event(one: DueRung) -> dict:
    names = [told.unit.name for told in one.told if told.people]
    late = {"too_late": True} if one.is_too_late else {}
    return {
        "rung": one.rung.number,
        "stage": one.stage,
        "card": one.rung.card,
        "to": names[0] if names else one.told[0].unit.name,
        "holder": one.case.holder,
        "told": names[1:],
        "due_at": one.due_at.isoformat(),
        **late,
    }


def _queue(rungs: Sequence[DueRung], now: datetime, answers: dict[str, datetime | None]) -> None:
    stages = {stage: in_both_languages(Stage(stage).label) for stage in {one.stage for one in rungs}}
    rows = []
    for one in rungs:
        case = one.case
        facts = {
            "number": case.number,
            "title": case.title,
            "holder": case.holder,
            "stage": stages[one.stage],
            "due": at_moment(one.due_at),
        }
        if answers[one.rung.card]:
            facts["answer_by"] = at_moment(answers[one.rung.card])
        key = f"rung:{case.pk}:{one.stage}:{one.due_at.timestamp():.0f}:{one.rung.number}"
        rows += [
            outbox.Queued(
                to=person.pk,
                kind=_kind(one, told.tell),
                facts=facts,
                url=f"/cases/{case.number}/",
                key=key,
                urgent=is_urgent(case.urgency),
            )
            for told in one.told
            for person in told.people
        ]
    outbox.queue_rows(rows, at=now)


def _kind(one: DueRung, tell: str) -> str:
    """Return which message a rung sends to whom it tells."""
    if one.stage == Stage.REVIEW:
        return "review_due"
    mine = tell == Tell.HOLDER
    if one.rung.card in ANSWERED_CARDS:
        return f"rung_{one.rung.card}" if mine else f"rung_{one.rung.card}_seen"
    if _says_soon(one.rung):
        return "rung_soon" if mine else "rung_soon_seen"
    return "rung_past" if mine else "rung_past_seen"
