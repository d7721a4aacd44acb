"""A case of the past told step by step in memory, then written in bulk.

Every step asks the workflow table, so that no history can be told that the verbs would refuse. What the verbs do to
the columns is done here the same way; the ladder of an overdue case is climbed at the moments it fell due.
"""

from collections.abc import Iterable
from datetime import date, datetime

from grievances.choices import CARD_OF, Action, Confirmation, SettledBy, Source, Stage, Standing, Status
from grievances.models import (
    Assignment,
    Category,
    Escalation,
    Extension,
    Feedback,
    Grievance,
    GrievanceEvent,
    Reason,
    Suspension,
)
from grievances.services import clock
from grievances.services.cards import answer_due
from grievances.services.demo.ladder import climb
from grievances.services.demo.organisation import Place
from grievances.services.feedback import is_content
from grievances.services.filing import settled_level, title_of
from grievances.services.rulebook import rulebook
from grievances.workflow import transition
from linjiang.common.text import in_both_languages
from orgs.models import Agency, Contact, Household, Unit, User


class StoryEnd(Exception):
    """The next step lies after the moment at which the telling stops: the case stays where it is."""


class Story:
    """One case and the rows that belong to it, none of them saved yet. No step is told that lies after `until`."""

    def __init__(
        self, *, place: Place, district: Unit, agency: Agency, result: str, system: User, until: datetime
    ) -> None:
        self.place = place
        self.district = district
        self.agency = agency  # the right body for it
        self.result = result  # what will have been done
        self.system = system
        self.until = until
        self.case = Grievance()
        self.events: list[GrievanceEvent] = []
        self.assignments: list[Assignment] = []
        self.extensions: list[Extension] = []
        self.suspensions: list[Suspension] = []
        self.feedback: list[Feedback] = []
        self.escalations: list[Escalation] = []
        self.picture = ""

    def discover(
        self,
        *,
        at: datetime,
        filer: User,
        source: str,
        description: str,
        category: Category,
        household: Household | None = None,
        contact: Contact | None = None,
    ) -> None:
        """Begin: somebody has seen or heard of it."""
        leaf = self.place.leaf
        self.case = Grievance(
            status=Status.DISCOVERED,
            title=title_of(description),
            description=description,
            category=category,
            urgency=category.urgency,
            source=source,
            unit=leaf,
            unit_path=leaf.path,
            household=household,
            contact=contact,
            place=self.place.where,
            filed_by=filer,
            on_behalf=source != Source.RESIDENT,
            holder_unit=leaf,
            discovered_at=at,
        )
        self.record(Action.DISCOVER, at, filer, Standing.FILER, "", "", {}, True)

    def report(self, *, at: datetime, desk: Unit) -> None:
        """Pass it to the first desk; the clock starts."""
        case = self.case
        self._step(
            Action.REPORT,
            at,
            case.filed_by,
            Standing.FILER,
            data={"to": desk.name},
            reported_at=at,
            holder_unit=desk,
            **clock.reported(case, now=at),
        )
        case.version -= 1  # filing writes both of its events as one change

    def resolve_on_spot(self, *, at: datetime, result: str) -> None:
        """The filer settles it at once."""
        case = self.case
        self._step(
            Action.RESOLVE_ON_SPOT,
            at,
            case.filed_by,
            Standing.FILER,
            note=result,
            reported_at=at,
            resolved_at=at,
            resolved_by=case.filed_by,
            result=result,
            settled_by=settled_level(case.unit.level),
            **clock.resolved_at_once(case, now=at),
        )
        case.version -= 1

    def refer_up(self, *, at: datetime, actor: User, to: Unit) -> None:
        """The desk passes it to the next one above."""
        self._step(Action.REFER_UP, at, actor, Standing.DESK, data={"to": to.name}, holder_unit=to)

    def assign(self, *, at: datetime, actor: User, agency: Agency, desk: Unit, partners: Iterable[Agency] = ()) -> None:
        """Community or street staff give it to a lead agency and any co-handlers."""
        self._give(Action.ASSIGN, at, actor, agency, desk, tuple(partners))

    def reassign(self, *, at: datetime, actor: User, agency: Agency, desk: Unit) -> None:
        """Another lead takes it over."""
        self._reach(at)
        self._end_assignments(at)
        self._give(Action.REASSIGN, at, actor, agency, desk, ())

    def settle_here(self, *, at: datetime, actor: User, desk: Unit) -> None:
        """The desk handles it itself."""
        values = {"assigned_at": at, "acknowledged_at": at, "acknowledge_due_at": None, "lead_agency": None}
        values |= clock.taken_on(self.case)
        self._step(Action.SETTLE_HERE, at, actor, Standing.DESK, data={"to": desk.name}, holder_unit=desk, **values)

    def acknowledge(self, *, at: datetime, actor: User) -> None:
        """The handler takes it on."""
        self._reach(at)
        for assignment in self.assignments:
            if assignment.is_lead and assignment.ended_at is None:
                assignment.acknowledged_at = at
        data = {"agency": self._handler_name()}
        values = {"acknowledged_at": at, **clock.taken_on(self.case)}
        self._step(Action.ACKNOWLEDGE, at, actor, Standing.HANDLER, data=data, **values)

    def give_back(self, *, at: datetime, actor: User, reason: Reason, note: str) -> None:
        """The handler returns it to the desk."""
        handler = self._handler_name()
        self._reach(at)
        self._end_assignments(at, returned=True)
        data = {"agency": handler, "reason": reason.code, "reason_name": in_both_languages(reason)}
        values = {"lead_agency": None, "acknowledged_at": None, **clock.back_at_desk(self.case, now=at)}
        self._step(Action.RETURN, at, actor, Standing.HANDLER, note=note, data=data, **values)

    def ask_extension(self, *, at: datetime, actor: User, days: int, reason: Reason) -> None:
        """The handler asks for more days."""
        self._reach(at)
        self.extensions.append(Extension(asked_by=actor, asked_at=at, days=days, reason=reason))
        data = {"days": days, "reason": reason.code, "reason_name": in_both_languages(reason)}
        self._step(Action.ASK_EXTENSION, at, actor, Standing.HANDLER, data=data, is_public=False)

    def decide_extension(self, *, at: datetime, actor: User, granted: bool, note: str = "") -> None:
        """Staff grant or refuse it."""
        self._reach(at)
        extension = self.extensions[-1]
        extension.decided_by, extension.decided_at, extension.granted = actor, at, granted
        action = Action.GRANT_EXTENSION if granted else Action.REFUSE_EXTENSION
        values = clock.extended(self.case, days=extension.days) if granted else {}
        data = {"days": extension.days}
        self._step(action, at, actor, Standing.ASSIGNER, note=note, data=data, is_public=granted, **values)

    def ask_suspension(self, *, at: datetime, actor: User, reason: Reason, review_on: date) -> None:
        """The handler asks to stop the clock until a day of review."""
        self._reach(at)
        self.suspensions.append(Suspension(asked_by=actor, asked_at=at, reason=reason, review_on=review_on))
        data = self._suspension_facts()
        self._step(Action.ASK_SUSPENSION, at, actor, Standing.HANDLER, data=data, is_public=False)

    def suspend(self, *, at: datetime, actor: User) -> None:
        """The desk that gave the case approves it: the clock stops."""
        self._reach(at)
        asked = self.suspensions[-1]
        asked.decided_by, asked.decided_at, asked.granted = actor, at, True
        review_at = rulebook().calendar.opening(asked.review_on)
        values = {"suspended_at": at, "review_on": asked.review_on, **clock.held(self.case, review_at=review_at)}
        self._step(Action.SUSPEND, at, actor, Standing.ASSIGNER, data=self._suspension_facts(), **values)

    def resume(self, *, at: datetime, actor: User) -> None:
        """The clock goes on."""
        values = {**clock.resumed(self.case, now=at), "review_on": None}
        self._step(Action.RESUME, at, actor, Standing.ASSIGNER, **values)

    def resolve(self, *, at: datetime, actor: User, result: str) -> None:
        """The handler says what was done."""
        case = self.case
        agency = case.lead_agency_id is not None
        self._step(
            Action.RESOLVE,
            at,
            actor,
            Standing.HANDLER,
            note=result,
            data={"agency": self._handler_name()},
            result=result,
            resolved_at=at,
            resolved_by=actor,
            settled_by=SettledBy.AGENCY if agency else settled_level(case.holder_unit.level),
            callbacks=0,
            **clock.resolved(case, now=at),
        )

    def answer(
        self, *, at: datetime, by: User | None, rating: int, comment: str = "", said: bool | None = None
    ) -> None:
        """The household's word: through the link (`by` None) or told to `by`."""
        self._reach(at)
        said = rating >= 3 if said is None else said
        standing = Standing.RESIDENT if by is None else self._listener(by)
        actor = by or self.system
        self.feedback.append(
            Feedback(
                round=self.case.round,
                rating=rating,
                said_resolved=said,
                comment=comment,
                by=standing,
                recorded_by=actor,
                at=at,
            )
        )
        values = {"rating": rating, "said_resolved": said}
        if is_content(rating, said):
            told = Confirmation.RESIDENT if by is None else Confirmation.TOLD
            values |= {"closed_at": at, "confirmation": told, **clock.stopped()}
            self._step(Action.FEEDBACK, at, actor, standing, note=comment, data=dict(values_of(values)), **values)
        else:
            self._handle_again(at, actor, standing, comment, values)

    def call_back(self, *, at: datetime, actor: User, note: str) -> None:
        """Somebody tried to reach the household."""
        calls = self.case.callbacks + 1
        standing = Standing.CHIEF if actor is self.place.chief else Standing.ASSIGNER
        data = {"counts": True}  # the story leaves hours between calls
        self._step(Action.RECORD_CALLBACK, at, actor, standing, note=note, data=data, is_public=False, callbacks=calls)

    def close_unanswered(self, *, at: datetime, actor: User, reason: Reason) -> None:
        """Staff close it after the call-backs."""
        data = {"reason": reason.code, "reason_name": in_both_languages(reason)}
        values = {"closed_at": at, "confirmation": Confirmation.UNANSWERED, **clock.stopped()}
        self._step(Action.CLOSE_UNANSWERED, at, actor, Standing.ASSIGNER, data=data, **values)

    def reopen(self, *, at: datetime, actor: User, reason: Reason, desk: Unit) -> None:
        """A closed case goes back to the desk."""
        self._reach(at)
        self._end_assignments(at)
        values = {
            "holder_unit": desk,
            "lead_agency": None,
            "round": self.case.round + 1,
            "reopened_count": self.case.reopened_count + 1,
            "confirmation": "",
            **dict.fromkeys(
                ("closed_at", "resolved_at", "resolved_by", "assigned_at", "acknowledged_at", "acknowledge_due_at")
            ),
            **clock.reported(self.case, now=at),
        }
        data = {"reason": reason.code, "reason_name": in_both_languages(reason)}
        self._step(Action.REOPEN, at, actor, Standing.FILER, data=data, **values)

    def end(self, action: Action, *, at: datetime, actor: User, standing: str, reason: Reason, note: str = "") -> None:
        """Rejected or withdrawn, with a listed reason."""
        data = {"reason": reason.code, "reason_name": in_both_languages(reason)}
        self._step(action, at, actor, standing, note=note, data=data, **clock.stopped())

    def appeal(self, *, at: datetime, note: str, desk: Unit) -> None:
        """Who filed it asks the desk above to look again."""
        values = {"holder_unit": desk, **clock.reported(self.case, now=at)}
        self._step(Action.APPEAL, at, self.case.filed_by, Standing.FILER, note=note, data={"to": desk.name}, **values)

    def merge(self, *, at: datetime, actor: User, into: "Story") -> None:
        """It goes on as part of another live case, whose number must be known by now."""
        data = {"into": into.case.number}
        self._step(Action.MERGE, at, actor, Standing.DESK, data=data, merged_into=into.case, **clock.stopped())

    def comment(self, *, at: datetime, actor: User, standing: str, note: str) -> None:
        """A remark on the timeline."""
        self._step(Action.COMMENT, at, actor, standing, note=note, is_public=False)

    def urge(self, action: Action, *, at: datetime, actor: User, note: str) -> None:
        """A supervisor urges or shows a card."""
        case = self.case
        self._reach(at)
        card = CARD_OF[action]
        self.escalations.append(
            Escalation(
                card=card,
                stage=case.stage or Stage.RESOLVE,
                due_at=case.due_at,
                unit=case.holder_unit,
                agency=case.lead_agency,
                by=actor,
                at=at,
                note=note,
                answer_due_at=answer_due(card, now=at, rules=rulebook()),
            )
        )
        self._step(
            action, at, actor, Standing.SUPERVISOR, note=note, data={"to": self._handler_name()}, is_public=False
        )

    def finish(self) -> None:
        """Bring the ladder up to the moment the telling stops."""
        climb(self, self.until)

    def _suspension_facts(self) -> dict:
        asked = self.suspensions[-1]
        return {
            "reason": asked.reason.code,
            "reason_name": in_both_languages(asked.reason),
            "review_on": asked.review_on.isoformat(),
        }

    def _handler_name(self) -> str:
        return (self.case.lead_agency or self.case.holder_unit).name

    def _listener(self, person: User) -> Standing:
        if person is self.case.filed_by:
            return Standing.FILER
        return Standing.CHIEF if person is self.place.chief else Standing.ASSIGNER

    def _give(self, action, at, actor, agency, desk, partners) -> None:
        self._reach(at)
        case = self.case
        columns = clock.assigned(case, now=at)
        self.assignments += [
            Assignment(
                agency=one,
                is_lead=one is agency,
                round=case.round,
                assigned_by=actor,
                assigned_at=at,
                acknowledge_due_at=columns["acknowledge_due_at"],
            )
            for one in (agency, *partners)
        ]
        values = {"assigned_at": at, "acknowledged_at": None, **columns}
        data = {"agency": agency.name, "co_agencies": [one.name for one in partners]}
        self._step(action, at, actor, Standing.ASSIGNER, data=data, lead_agency=agency, holder_unit=desk, **values)

    def _handle_again(self, at, actor, standing, comment, values) -> None:
        case = self.case
        data = dict(values_of(values))
        values |= {
            "round": case.round + 1,
            "reopened_count": case.reopened_count + 1,
            "resolved_at": None,
            "resolved_by": None,
            "assigned_at": at,
            "acknowledged_at": None,
            **clock.handled_again(case, now=at),
        }
        lead = case.lead_agency
        self._step(Action.FEEDBACK, at, actor, standing, note=comment, data=data, to=Status.ASSIGNED, **values)
        if lead is not None:
            partners = [one.agency for one in self.assignments if one.ended_at is None and not one.is_lead]
            giver = self.assignments[-1].assigned_by
            self._end_assignments(at)
            self.assignments += [
                Assignment(
                    agency=one,
                    is_lead=one is lead,
                    round=case.round,
                    assigned_by=giver,
                    assigned_at=at,
                    acknowledge_due_at=case.acknowledge_due_at,
                )
                for one in (lead, *partners)
            ]

    def _end_assignments(self, at: datetime, *, returned: bool = False) -> None:
        for assignment in self.assignments:
            if assignment.ended_at is None:
                assignment.ended_at = at
                if returned:
                    assignment.returned_at = at

    def _step(self, action, at, actor, standing, *, note="", data=None, is_public=True, to=None, **values) -> None:
        self._reach(at)
        case, before = self.case, self.case.status
        row = transition(before, action)
        if row is None or standing not in row.by:
            message = f"{action} by {standing} is not open on a case that is {before}"
            raise ValueError(message)
        if at < self.events[-1].at:
            message = f"{action} at {at} comes before what happened at {self.events[-1].at}"
            raise ValueError(message)
        case.status = to or row.to or before
        for field, value in values.items():
            setattr(case, field, value)
        case.version += 1
        self.record(action, at, actor, standing, before, note, data or {}, is_public)

    def _reach(self, at: datetime) -> None:
        if at > self.until:
            raise StoryEnd
        climb(self, at)

    def record(self, action, at, actor, standing, before, note, data, is_public) -> None:
        """Append an event to the timeline; the case's columns are the caller's to change."""
        self.events.append(
            GrievanceEvent(
                action=action,
                at=at,
                actor=actor,
                standing=standing,
                from_status=before,
                to_status=self.case.status,
                note=note,
                data=data,
                is_public=is_public,
            )
        )


def values_of(values: dict) -> Iterable[tuple[str, object]]:
    """Return what the timeline keeps of a rating."""
    return ((key, values[key]) for key in ("rating", "said_resolved"))
