"""What those who handle a case do: acknowledge, return, resolve, ask for time."""

from collections.abc import Sequence
from datetime import datetime

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from grievances.choices import Action, SettledBy
from grievances.models import Extension, Grievance, Reason
from grievances.services import clock
from grievances.services.desk import end_assignments, keep_called
from grievances.services.filing import first_desk, settled_level
from grievances.services.passing import tell_of_passing
from grievances.services.photos import attach_photos, prepare_photos
from grievances.services.steps import Step, listed_reason, step
from linjiang.common.clock import local_day
from linjiang.common.errors import InvalidInput
from linjiang.common.text import in_both_languages
from orgs.holders import people_at_units
from orgs.models import User
from orgs.profile import profile


def acknowledge(
    *, actor: User, grievance: Grievance, now: datetime, version: int | None = None, note: str = ""
) -> Grievance:
    """Take the case on."""
    with step(actor=actor, grievance=grievance, action=Action.ACKNOWLEDGE, now=now, version=version) as case:
        case.set(acknowledged_at=now, **clock.taken_on(case.grievance))
        case.grievance.assignments.filter(is_lead=True, ended_at__isnull=True).update(acknowledged_at=now)
        case.tell(_desk_people(case), "case_acknowledged", agency=handler_name(case.grievance))
        case.record(note=note, data={"agency": handler_name(case.grievance)})
        return case.grievance


def return_case(
    *,
    actor: User,
    grievance: Grievance,
    reason: Reason | str,
    now: datetime,
    version: int | None = None,
    note: str = "",
) -> Grievance:
    """Hand the case back to the desk that gave it, with a listed reason; the deadline goes on."""
    with step(actor=actor, grievance=grievance, action=Action.RETURN, now=now, version=version, reason=reason) as case:
        why = listed_reason(case.row, reason)
        handler = handler_name(case.grievance)
        end_assignments(case.grievance, now=now, returned=why)
        _drop_pending_requests(case)
        if case.grievance.lead_agency_id is None:
            holder, people = first_desk(case.grievance.holder_unit, now=now)
            case.set(holder_unit=holder)
        else:
            people = _desk_people(case)
        case.set(lead_agency=None, acknowledged_at=None, **clock.back_at_desk(case.grievance, now=now))
        keep_called(case)
        tell_of_passing(case)
        case.tell(people, "case_returned", agency=handler, reason=in_both_languages(why))
        case.record(note=note, data={"agency": handler, "reason": why.code, "reason_name": in_both_languages(why)})
        return case.grievance


def resolve(
    *,
    actor: User,
    grievance: Grievance,
    result: str,
    now: datetime,
    version: int | None = None,
    photos: Sequence[UploadedFile] = (),
) -> Grievance:
    """Say what was done, with photos as proof; the case now waits for the household and its clock stops."""
    prepared = prepare_photos(photos)
    result = result.strip()
    with step(actor=actor, grievance=grievance, action=Action.RESOLVE, now=now, version=version, result=result) as case:
        by_agency = case.grievance.lead_agency_id is not None
        _drop_pending_requests(case)
        case.set(
            result=result,
            resolved_at=now,
            resolved_by=actor,
            settled_by=SettledBy.AGENCY if by_agency else settled_level(case.grievance.holder_unit.level),
            callbacks=0,
            **clock.resolved(case.grievance, now=now),
        )
        chiefs = people_at_units([case.grievance.unit_id], on=local_day(now)).get(case.grievance.unit_id, [])
        case.tell([*chiefs, case.grievance.filed_by], "case_resolved")
        event = case.record(note=result, data={"agency": handler_name(case.grievance)})
        attach_photos(event=event, prepared=prepared, actor=actor, now=now)
        return case.grievance


def ask_extension(
    *,
    actor: User,
    grievance: Grievance,
    days: int,
    reason: Reason | str,
    now: datetime,
    version: int | None = None,
    note: str = "",
) -> Grievance:
    """Ask for more days before the limit, in the days the limit is counted in; community or street staff decide."""
    with step(
        actor=actor,
        grievance=grievance,
        action=Action.ASK_EXTENSION,
        now=now,
        version=version,
        days=days,
        reason=reason,
    ) as case:
        why = listed_reason(case.row, reason)
        longest = profile().cases["max_extension_days"]
        if not 1 <= days <= longest:
            raise InvalidInput({"days": _("From 1 to %(count)s days.") % {"count": longest}})
        Extension.objects.create(grievance=case.grievance, asked_by=actor, asked_at=now, days=days, reason=why)
        case.tell(_desk_people(case), "extension_asked", agency=handler_name(case.grievance), days=days)
        case.record(
            note=note,
            data={
                "days": days,
                "counts": case.grievance.counts,
                "reason": why.code,
                "reason_name": in_both_languages(why),
            },
            is_public=False,
        )
        return case.grievance


def handler_name(grievance: Grievance) -> str:
    """Return the name of the agency or unit that handles the case."""
    place = grievance.lead_agency or grievance.holder_unit
    return place.name if place else ""


def _desk_people(case: Step) -> list[User]:
    holder = case.grievance.holder_unit_id
    return people_at_units([holder], on=local_day(case.now)).get(holder, [])


def _drop_pending_requests(case: Step) -> None:
    """A request that nobody needs any more counts as refused, so that no row waits for ever."""
    for requests in (case.grievance.extensions, case.grievance.suspensions):
        requests.filter(decided_at__isnull=True).update(decided_at=case.now, decided_by=case.actor, granted=False)
