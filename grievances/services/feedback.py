"""The fifth step: the household's word, call-backs, closing, reopening."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from grievances.choices import Action, Confirmation, Rating, Standing, Status
from grievances.models import Assignment, Feedback, Grievance, Reason
from grievances.services import clock
from grievances.services.desk import end_assignments, handlers_of
from grievances.services.filing import first_desk
from grievances.services.steps import Step, listed_reason, step
from linjiang.common.clock import local_day
from linjiang.common.errors import Conflict, InvalidInput
from linjiang.common.text import in_both_languages
from orgs.holders import holders_on_the_way_up
from orgs.models import User
from orgs.profile import profile
from orgs.services.system import system_user

REDO_REASON = "not_really_solved"


def record_feedback(
    *,
    actor: User,
    grievance: Grievance,
    rating: int,
    now: datetime,
    version: int | None = None,
    said_resolved: bool | None = None,
    comment: str = "",
    by_resident: bool = False,
) -> Grievance:
    """Record what the household said: satisfied closes the case; dissatisfied or not resolved has it handled again.

    `said_resolved` None follows the rating (three and more: resolved). Staff record an answer given in person;
    `by_resident` is the household itself through its link.
    """
    with step(
        actor=actor,
        grievance=grievance,
        action=Action.FEEDBACK,
        now=now,
        version=version,
        by_resident=by_resident,
        rating=rating,
    ) as case:
        said_resolved = _said(rating, said_resolved)
        _keep(case, rating, said_resolved, comment)
        if is_content(rating, said_resolved):
            case.set(
                closed_at=now,
                confirmation=Confirmation.RESIDENT if by_resident else Confirmation.TOLD,
                rating=rating,
                said_resolved=said_resolved,
                **clock.stopped(),
            )
            case.tell(
                [case.grievance.filed_by, *handlers_of(case.grievance, now)],
                "case_closed",
                rating=in_both_languages(Rating(rating).label),
            )
        else:
            _handle_again(case, rating, said_resolved)
        case.record(note=comment.strip(), data={"rating": rating, "said_resolved": said_resolved})
        return case.grievance


def rate_by_link(*, token: str, rating: int, said_resolved: bool, comment: str, now: datetime) -> Grievance:
    """Take the resident's one rating of this round through the link; raise Conflict when it was given already.

    A case that staff closed on the household's spoken word may still be rated: the household's own word replaces
    it, and a "not resolved" reopens the case.
    """
    grievance = Grievance.objects.get(token=token)
    actor = system_user()
    with transaction.atomic():
        grievance = Grievance.objects.select_for_update(of=("self",)).get(pk=grievance.pk)
        if grievance.feedback.filter(round=grievance.round, by=Standing.RESIDENT).exists():
            raise Conflict(_("You have rated this result already. Thank you."), code="already_rated")
        if grievance.status == Status.CLOSED:
            return _rate_closed(actor, grievance, rating, said_resolved, comment, now)
        return record_feedback(
            actor=actor,
            grievance=grievance,
            rating=rating,
            said_resolved=said_resolved,
            comment=comment,
            now=now,
            by_resident=True,
        )


def record_callback(
    *, actor: User, grievance: Grievance, note: str, now: datetime, version: int | None = None
) -> Grievance:
    """Record that the household was called and what came of it.

    It counts towards closing unanswered when the one before is some hours old: four calls in a minute are one.
    """
    with step(
        actor=actor, grievance=grievance, action=Action.RECORD_CALLBACK, now=now, version=version, note=note.strip()
    ) as case:
        gap = timedelta(hours=profile().cases["callback_gap_hours"])
        calls = case.grievance.events.filter(action=Action.RECORD_CALLBACK, at__gt=now - gap, data__counts=True)
        counts = not calls.exists()
        if counts:
            case.set(callbacks=case.grievance.callbacks + 1)
        case.record(note=note.strip(), data={"counts": counts}, is_public=False)
        return case.grievance


def close_unanswered(
    *,
    actor: User,
    grievance: Grievance,
    reason: Reason | str,
    now: datetime,
    version: int | None = None,
    note: str = "",
) -> Grievance:
    """Close a resolved case whose household could not be reached, after the recorded call-backs."""
    with step(
        actor=actor, grievance=grievance, action=Action.CLOSE_UNANSWERED, now=now, version=version, reason=reason
    ) as case:
        why = listed_reason(case.row, reason)
        case.set(closed_at=now, confirmation=Confirmation.UNANSWERED, **clock.stopped())
        case.tell([case.grievance.filed_by], "case_closed_unanswered")
        case.record(note=note, data={"reason": why.code, "reason_name": in_both_languages(why)})
        return case.grievance


def reopen(
    *,
    actor: User,
    grievance: Grievance,
    reason: Reason | str,
    now: datetime,
    version: int | None = None,
    note: str = "",
    by_resident: bool = False,
) -> Grievance:
    """Open a closed case again within the window; it goes back to the desk and counts as reopened."""
    with step(
        actor=actor,
        grievance=grievance,
        action=Action.REOPEN,
        now=now,
        version=version,
        by_resident=by_resident,
        reason=reason,
    ) as case:
        why = listed_reason(case.row, reason)
        _back_to_the_desk(case)
        case.record(note=note, data={"reason": why.code, "reason_name": in_both_languages(why)})
        return case.grievance


def is_content(rating: int, said_resolved: bool) -> bool:
    """Say whether the household lets the case be closed: resolved, and at least fairly satisfied."""
    return said_resolved and rating >= Rating.FAIRLY_SATISFIED


def _said(rating: int, said_resolved: bool | None) -> bool:
    if rating not in Rating.values:
        raise InvalidInput({"rating": _("Please choose one of the five answers.")})
    return rating >= Rating.FAIRLY_SATISFIED if said_resolved is None else said_resolved


def _keep(case: Step, rating: int, said_resolved: bool, comment: str) -> None:
    Feedback.objects.create(
        grievance=case.grievance,
        round=case.grievance.round,
        rating=rating,
        said_resolved=said_resolved,
        comment=comment.strip()[:2000],
        by=case.standing,
        recorded_by=case.actor,
        at=case.now,
    )


def _handle_again(case: Step, rating: int, said_resolved: bool) -> None:
    """Back to who handled it (重办): a new round with a full limit; what a chief settled goes one desk up."""
    grievance, now = case.grievance, case.now
    case.set(
        status=Status.ASSIGNED,
        rating=rating,
        said_resolved=said_resolved,
        round=grievance.round + 1,
        reopened_count=grievance.reopened_count + 1,
        resolved_at=None,
        resolved_by=None,
        assigned_at=now,
        acknowledged_at=None,
        **clock.handled_again(grievance, now=now),
    )
    if grievance.lead_agency_id is None:
        if grievance.holder_unit_id == grievance.unit_id:
            case.set(holder_unit=first_desk(grievance.unit, now=now)[0])
    else:
        partners = list(
            grievance.assignments.filter(ended_at__isnull=True, is_lead=False).values_list("agency_id", flat=True)
        )
        end_assignments(grievance, now=now)
        Assignment.objects.bulk_create(
            Assignment(
                grievance=grievance,
                agency_id=agency_id,
                is_lead=agency_id == grievance.lead_agency_id,
                round=grievance.round,
                assigned_by=case.actor,
                assigned_at=now,
                acknowledge_due_at=grievance.acknowledge_due_at,
            )
            for agency_id in (grievance.lead_agency_id, *partners)
        )
    case.tell(handlers_of(grievance, now), "case_redo")
    case.tell([*_one_level_up(grievance, now), grievance.filed_by], "case_again")


def _one_level_up(grievance: Grievance, now: datetime) -> list[User]:
    """Return who is over who did not solve it: the desk that gave it to an agency, else the next led unit above."""
    holder = grievance.holder_unit
    if holder is None:
        return []
    above = holders_on_the_way_up(holder, on=local_day(now), include_self=grievance.lead_agency_id is not None)
    return above[0][1] if above else []


def _back_to_the_desk(case: Step) -> None:
    grievance, now = case.grievance, case.now
    holder = grievance.holder_unit
    if holder is None or holder.pk == grievance.unit_id:
        holder, people = first_desk(grievance.unit, now=now)
    else:
        people = handlers_of(Grievance(holder_unit=holder), now)
    end_assignments(grievance, now=now)
    case.set(
        holder_unit=holder,
        lead_agency=None,
        round=grievance.round + 1,
        reopened_count=grievance.reopened_count + 1,
        closed_at=None,
        confirmation="",
        resolved_at=None,
        resolved_by=None,
        assigned_at=None,
        acknowledged_at=None,
        acknowledge_due_at=None,
        **clock.reported(grievance, now=now),
    )
    case.tell([*people, grievance.filed_by], "case_reopened")


def _rate_closed(actor, grievance, rating, said_resolved, comment, now) -> Grievance:
    said_resolved = _said(rating, said_resolved)
    if is_content(rating, said_resolved):
        with step(
            actor=actor, grievance=grievance, action=Action.RATE_LATER, now=now, by_resident=True, rating=rating
        ) as case:
            _keep(case, rating, said_resolved, comment)
            case.set(rating=rating, said_resolved=said_resolved, confirmation=Confirmation.RESIDENT)
            case.record(note=comment.strip(), data={"rating": rating, "said_resolved": said_resolved})
            return case.grievance
    with step(
        actor=actor, grievance=grievance, action=Action.REOPEN, now=now, by_resident=True, reason=REDO_REASON
    ) as case:
        _keep(case, rating, said_resolved, comment)
        case.set(rating=rating, said_resolved=said_resolved)
        _back_to_the_desk(case)
        case.record(note=comment.strip(), data={"rating": rating, "said_resolved": said_resolved})
        return case.grievance
