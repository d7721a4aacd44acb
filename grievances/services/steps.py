"""The frame every verb shares: lock, re-read, decide, save narrowly, one event, messages, all in one transaction.

    with step(actor=…, grievance=…, action=…, version=…, now=…) as case:
        case.set(assigned_at=case.now)
        case.tell(people, "case_assigned", agency=agency.name)
        case.record(note=…, data={…})

The row of the case is locked (SELECT … FOR UPDATE) from entry to commit.
"""

import unicodedata
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from grievances.choices import RUNNING, Action, Standing, Status
from grievances.models import Grievance, GrievanceEvent, Reason, Whistle, WhistleCall
from grievances.policies import acting_standing, decide
from grievances.services import changes
from grievances.services.urgency import is_urgent
from grievances.workflow import Transition
from grievances.workflow import transition as table_row
from linjiang.common.errors import Conflict, InvalidInput, StaleVersion
from notifications import services as outbox
from notifications.models import Message
from orgs.models import User

_submission: ContextVar[str] = ContextVar("submission", default="")


@contextmanager
def submitted(submission_id: uuid.UUID, grievance: Grievance) -> Iterator[bool]:
    """Yield whether the step sent with this id was already taken on the case; within, events keep the id.

    The row stays locked until the end, so the same step sent twice at one moment is taken once.
    """
    with transaction.atomic():
        Grievance.objects.select_for_update(of=("self",)).get(pk=grievance.pk)
        token = _submission.set(str(submission_id))
        try:
            yield grievance.events.filter(data__submission_id=str(submission_id)).exists()
        finally:
            _submission.reset(token)


class Step:
    """One allowed step on one locked case; collects what to save and whom to tell."""

    def __init__(self, *, grievance: Grievance, action: Action, row: Transition, actor: User, standing, now: datetime):
        self.grievance = grievance
        self.action = action
        self.row = row
        self.actor = actor
        self.standing: Standing = standing
        self.now = now
        self.came_from = grievance.status
        self._began = (grievance.stage, grievance.stage_started_at)
        self._ended = _stage_facts(grievance)
        self._before = changes.snapshot(grievance)
        self.event: GrievanceEvent | None = None
        self._changed: set[str] = set()
        self._messages: list[Message] = []
        if row.to is not None:
            self.set(status=row.to)

    def set(self, **values) -> None:
        """Change fields of the case; only these are saved."""
        for field, value in values.items():
            setattr(self.grievance, field, value)
        self._changed |= set(values)

    def tell(self, people: Iterable[User], kind: str, **facts) -> None:
        """Queue a message about the case to each of `people` but the actor."""
        case = self.grievance
        facts = {"number": case.number, "title": case.title, **facts}
        told = {message.recipient_id for message in self._messages}
        for person in people:
            if person.pk == self.actor.pk or person.is_system or person.pk in told:
                continue
            told.add(person.pk)
            self._messages.append(
                outbox.message(
                    to=person,
                    kind=kind,
                    facts=facts,
                    url=case.get_absolute_url(),
                    key=f"{kind}:{case.pk}:{case.version}",
                    at=self.now,
                    urgent=is_urgent(case.urgency),
                )
            )

    def record(self, *, note: str = "", data: dict | None = None, is_public: bool = True) -> GrievanceEvent:
        """Save the case, its one event and what figures need of the change, queue the messages; called once, last."""
        case = self.grievance
        self._tell_joined()
        self._end_whistle()
        self.set(version=case.version + 1)
        # A stage that goes on under another limit has not ended.
        if self._ended and self._began != (case.stage, case.stage_started_at):
            data = {**(data or {}), "ended_stage": self._ended}
        if _submission.get():
            data = {**(data or {}), "submission_id": _submission.get()}
        if self._changed & case.SEARCHED:
            self.set(search=case.lexemes())
        case.save(update_fields=sorted(self._changed))
        changes.record(self._before, case)
        self.event = GrievanceEvent.objects.create(
            grievance=case,
            action=self.action,
            at=self.now,
            actor=self.actor,
            standing=self.standing,
            from_status=self.came_from,
            to_status=case.status,
            note=note,
            data=data or {},
            is_public=is_public,
        )
        outbox.queue(self._messages)
        # The guards read these before the step; whoever gets the case back reads them after it.
        for name in ("pending_extension", "pending_suspension", "urgings", "blown", "helping"):
            case.__dict__.pop(name, None)
        return self.event

    def _end_whistle(self) -> None:
        """A case that nobody works on any more calls nobody to the spot."""
        if self.came_from not in RUNNING or self.grievance.status in RUNNING:
            return
        blown = Whistle.objects.filter(grievance=self.grievance, ended_at__isnull=True)
        if blown.update(ended_at=self.now):
            calls = WhistleCall.objects.open().filter(whistle__grievance=self.grievance)
            calls.update(closed_at=self.now, alarm_at=None)

    def _tell_joined(self) -> None:
        """Tell those who joined the case what became of it, so that their households hear it too."""
        case = self.grievance
        if not case.joined_count or self.came_from == case.status:
            return
        kind = _JOINED_KINDS.get(case.status)
        if self.came_from in (Status.RESOLVED, Status.CLOSED) and case.status in RUNNING:
            kind = "joined_again"
        if kind:
            self.tell(joined_people(case), kind)


# What those who joined are told when a case comes to this status.
_JOINED_KINDS = {
    Status.RESOLVED: "joined_resolved",
    Status.CLOSED: "joined_closed",
    Status.REJECTED: "joined_ended",
    Status.WITHDRAWN: "joined_ended",
}


def joined_people(grievance: Grievance) -> list[User]:
    """Return the people in office who joined the case; visitors of the link have no account to be told at."""
    if not grievance.joined_count:
        return []
    return list(User.objects.filter(joinings__grievance=grievance).distinct().order_by("pk"))


def _stage_facts(case: Grievance) -> dict | None:
    """Return what the timeline keeps of a stage when it ends: which, since when, its limit and deadline."""
    if not case.stage or case.stage_due_at is None:
        return None
    return {
        "stage": case.stage,
        "started_at": case.stage_started_at.isoformat(),
        "due_at": case.stage_due_at.isoformat(),
        "limit": case.stage_limit,
        "counts": case.stage_counts,
    }


_JOINED = ("unit", "holder_unit", "lead_agency", "category")


def _joined_too_early(case: Grievance) -> bool:
    """Say whether the row changed hands while its lock was waited for.

    PostgreSQL then gives the row as it is now, but joins it to what it pointed to before: the new holder, agency or
    category comes back empty. The lock is held by now, so reading once more is enough.
    """
    return any(getattr(case, f"{name}_id") is not None and getattr(case, name) is None for name in _JOINED)


@contextmanager
def step(
    *,
    actor: User,
    grievance: Grievance,
    action: Action,
    now: datetime,
    version: int | None = None,
    by_resident: bool = False,
    **given,
) -> Iterator[Step]:
    """Lock the case and yield the allowed step; commit when the block ends, roll all back when it raises.

    `given` holds the arguments the table may require. Raise StaleVersion when the case is not at `version`,
    Conflict when the table has no such step for its status, NotAllowed with the reason, InvalidInput for what is
    missing.
    """
    with transaction.atomic():
        cases = Grievance.objects.select_related(*_JOINED)
        case = cases.select_for_update(of=("self",)).get(pk=grievance.pk)
        if _joined_too_early(case):
            case = cases.get(pk=case.pk)
        if version is not None and version != case.version:
            raise StaleVersion(current=case.version)
        row = table_row(case.status, action)
        answer = decide(actor, action, case, at=now, by_resident=by_resident)
        if row is None:
            raise Conflict(answer.reason, code="step_not_open")
        answer.require()
        missing = {name: _("Please fill this in.") for name in row.required if _is_nothing(given.get(name))}
        if missing:
            raise InvalidInput(missing, code="required")
        standing = acting_standing(actor, action, case, by_resident=by_resident)
        yield Step(grievance=case, action=action, row=row, actor=actor, standing=standing, now=now)


def _is_nothing(value: object) -> bool:
    """Say whether nothing was given: also words of which none can be seen."""
    if isinstance(value, str):
        return all(unicodedata.category(character)[0] in "CZ" for character in value)  # spaces, joiners, controls
    return value in (None, [], ())


def listed_reason(row: Transition, reason: Reason | str) -> Reason:
    """Return the listed reason (a Reason or its code) for the step; raise InvalidInput when it is not on its list."""
    code = reason.code if isinstance(reason, Reason) else reason
    found = Reason.objects.filter(kind=row.reason, code=code, is_active=True).first()
    if found is None:
        raise InvalidInput({"reason": _("Please choose a reason from the list.")})
    return found
