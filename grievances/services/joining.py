"""Me too: joining an open case instead of filing the same again."""

import uuid
from datetime import datetime

from django.db import IntegrityError
from django.db.models import F
from django.utils.translation import gettext as _

from grievances.choices import LIVE, Action, Status
from grievances.models import Grievance, GrievanceEvent, Joining
from grievances.services.steps import Step, step
from linjiang.common.errors import Conflict, InvalidInput
from orgs.models import Household, User
from orgs.scopes import scope_of
from orgs.services.system import system_user

NOTE_LENGTH = 500
_LONGEST_CHAIN = 5  # a case joined with one that was itself joined later


def join(
    *,
    actor: User,
    grievance: Grievance,
    submission_id: uuid.UUID,
    now: datetime,
    household: Household | None = None,
    note: str = "",
) -> tuple[Joining, bool]:
    """Join the case for a household, or for oneself without one; return the joining and whether it is new.

    The same submission, household or person again gives the joining that is there, whatever became of the case. A
    case that was merged is joined where it goes on, as far as the actor may join that. The row of the case is locked.
    Raise Conflict when it is not open any more (or for somebody else's submission id), NotAllowed with the reason,
    InvalidInput per field.
    """
    if known := _known(actor, submission_id):
        return known, False
    note = note.strip()
    if len(note) > NOTE_LENGTH:
        raise InvalidInput({"note": _("Please keep it under %(count)s characters.") % {"count": NOTE_LENGTH}})
    seen = Grievance.objects.joinable_by(actor)
    facts = {"joined_by": actor, "household": household, "note": note, "submission_id": submission_id}
    try:
        return _join(actor, _where_it_goes_on(grievance, seen), facts, now)
    except IntegrityError:
        # The same submission for another case, by another process at this very moment.
        if known := _known(actor, submission_id):
            return known, False
        raise


def join_as_visitor(
    *, grievance: Grievance, visitor: str, now: datetime, submission_id: uuid.UUID | None = None, note: str = ""
) -> tuple[Joining, bool]:
    """Join the case through its link; `visitor` is a hash (at most 64 signs) that knows a browser again, no more.

    Return the joining and whether it is new. Raise Conflict when neither the case nor the one it goes on in is open.
    """
    if not 0 < len(visitor) <= 64:
        raise ValueError("a visitor is known by a hash of 1 to 64 signs")
    case = _where_it_goes_on(grievance, Grievance.objects.all())
    if known := Joining.objects.filter(grievance=case, visitor=visitor).first():
        return known, False
    facts = {"visitor": visitor, "note": note.strip()[:NOTE_LENGTH], "submission_id": submission_id or uuid.uuid4()}
    return _join(system_user(), case, facts, now, by_resident=True)


def has_joined(user: User, grievance: Grievance) -> bool:
    """Say whether `user` joined the case, for whomever."""
    return Joining.objects.filter(grievance=grievance, joined_by=user).exists()


def why_not_open(grievance: Grievance) -> str:
    """Say why an ended case is not joined and what to do instead."""
    status = Grievance.objects.values_list("status", flat=True).get(pk=grievance.pk)
    if status == Status.CLOSED:
        return _(
            "This case is closed. If the problem is still there or has come back, have the case reopened; "
            "otherwise report it anew."
        )
    if status == Status.MERGED:
        return _("This case goes on in another one that is not yours to see. Please report the problem anew.")
    if status not in LIVE:
        return _("This case has ended without work on it. Please report the problem anew.")
    return _("Somebody else changed this case in the meantime. Please look at it again.")


def carry_over(case: Step, into: Grievance) -> int:
    """Take the joiners of a case that is being merged along to `into` and return how many came.

    The rows of both cases are locked by the caller. Who has a part in `into` already stays where they are.
    """
    source = case.grievance
    if not source.joined_count:
        return 0
    there = list(into.joinings.all())
    households = {into.household_id, *(one.household_id for one in there)}
    people = {into.filed_by_id, *(one.joined_by_id for one in there if one.household_id is None)}
    visitors = {one.visitor for one in there}
    coming = [
        one.pk
        for one in source.joinings.all()
        if (
            one.household_id not in households
            if one.household_id
            else (one.visitor not in visitors if one.visitor else one.joined_by_id not in people)
        )
    ]
    if not coming:
        return 0
    Joining.objects.filter(pk__in=coming).update(grievance=into)
    case.set(joined_count=source.joined_count - len(coming))
    Grievance.objects.filter(pk=into.pk).update(joined_count=F("joined_count") + len(coming), version=F("version") + 1)
    GrievanceEvent.objects.create(
        grievance=into,
        action=Action.JOIN,
        at=case.now,
        actor=case.actor,
        standing=case.standing,
        from_status=into.status,
        to_status=into.status,
        data={"count": into.joined_count + len(coming), "came_from": source.number},
    )
    return len(coming)


def _join(
    actor: User, grievance: Grievance, facts: dict, now: datetime, *, by_resident: bool = False
) -> tuple[Joining, bool]:
    try:
        with step(actor=actor, grievance=grievance, action=Action.JOIN, now=now, by_resident=by_resident) as case:
            if not by_resident:
                _check(actor, case.grievance, facts["household"])
            if there := _there(case.grievance, facts):
                return there, False
            joining = Joining.objects.create(grievance=case.grievance, at=now, **facts)
            count = case.grievance.joined_count + 1
            case.set(joined_count=count)
            case.record(data={"count": count})
            return joining, True
    except Conflict as error:
        if error.code == "step_not_open":
            raise Conflict(why_not_open(grievance), code=error.code) from error
        raise


def _check(actor: User, case: Grievance, household: Household | None) -> None:
    if household is None:
        if case.filed_by_id == actor.pk:
            raise InvalidInput({"household": _("You filed this case yourself. Which other household has it too?")})
        return
    if not household.is_active or not scope_of(actor).covers(household.unit.path):
        raise InvalidInput({"household": _("There is no such household in your area.")})
    if household.pk == case.household_id:
        raise InvalidInput({"household": _("The case was filed for this household already.")})


def _there(case: Grievance, facts: dict) -> Joining | None:
    """Return the joining of the same household, person or visitor; the lock on the case makes the answer last."""
    if visitor := facts.get("visitor"):
        same = {"visitor": visitor}
    elif household := facts.get("household"):
        same = {"household": household}
    else:
        same = {"joined_by": facts["joined_by"], "household": None}
    return case.joinings.filter(**same).first()


def _known(actor: User, submission_id: uuid.UUID) -> Joining | None:
    known = Joining.objects.select_related("grievance").filter(submission_id=submission_id).first()
    if known is not None and known.joined_by_id != actor.pk:
        raise Conflict(_("This submission was already used. Please open the form again."), code="submission_taken")
    return known


def _where_it_goes_on(grievance: Grievance, seen) -> Grievance:
    """Return the case that `grievance` was merged into, itself when it was not or when that is not to be seen."""
    found = grievance
    for _turn in range(_LONGEST_CHAIN):
        if found.status != Status.MERGED:
            return found
        further = seen.filter(pk=found.merged_into_id).first()
        if further is None:
            return found
        found = further
    return found
