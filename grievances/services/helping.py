"""Co-handlers (协办): added and released while the lead has the case, and what each says of its part."""

from collections.abc import Sequence
from datetime import datetime

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from grievances.choices import Action
from grievances.joint import open_calls, parts_of
from grievances.models import Assignment, Grievance
from grievances.services.desk import check_serving, handlers_of, make_helpers
from grievances.services.photos import attach_photos, prepare_photos
from grievances.services.steps import step
from linjiang.common.clock import local_day
from linjiang.common.errors import InvalidInput
from orgs.holders import people_at_agencies
from orgs.models import Agency, User


def add_co_handler(
    *,
    actor: User,
    grievance: Grievance,
    agencies: Sequence[Agency],
    now: datetime,
    version: int | None = None,
    note: str = "",
) -> Grievance:
    """Have more agencies help with a case that its lead keeps; no deadline moves."""
    with step(
        actor=actor, grievance=grievance, action=Action.ADD_CO_HANDLER, now=now, version=version, agencies=agencies
    ) as case:
        fresh = list({agency.pk: agency for agency in agencies}.values())
        check_serving(fresh, case.grievance, field="agencies")
        has_it = set(case.grievance.assignments.in_force().values_list("agency_id", flat=True))
        for agency in fresh:
            if agency.pk in has_it:
                raise InvalidInput({"agencies": _("%(agency)s has the case already.") % {"agency": agency.name}})
        make_helpers(case, [agency.pk for agency in fresh])
        people = people_at_agencies([agency.pk for agency in fresh], on=local_day(now))
        lead = str(case.grievance.lead_agency or case.grievance.holder_unit)
        for agency in fresh:
            case.tell(people.get(agency.pk, []), "co_handler_added", agency=agency.name, lead=lead)
        names = [agency.name for agency in fresh]
        case.tell(handlers_of(case.grievance, now), "co_handler_came", agencies=names)
        case.record(note=note.strip(), data={"agencies": names}, is_public=False)
        return case.grievance


def release_co_handler(
    *,
    actor: User,
    grievance: Grievance,
    agencies: Sequence[Agency],
    note: str,
    now: datetime,
    version: int | None = None,
) -> Grievance:
    """Release co-handlers from the case; the note says why. They see it no more."""
    note = note.strip()
    with step(
        actor=actor,
        grievance=grievance,
        action=Action.RELEASE_CO_HANDLER,
        now=now,
        version=version,
        agencies=agencies,
        note=note,
    ) as case:
        keys = {agency.pk for agency in agencies}
        released = [one for one in case.grievance.helping if one.agency_id in keys]
        if keys - {one.agency_id for one in released}:
            raise InvalidInput({"agencies": _("Please choose from the co-handlers of the case.")})
        waited_for = {call.agency_id for call in open_calls(case.grievance)} & keys
        if waited_for:
            raise InvalidInput({"agencies": _("Who is called to the spot is released from the call first.")})
        Assignment.objects.filter(pk__in=[one.pk for one in released]).update(ended_at=now)
        people = people_at_agencies(keys, on=local_day(now))
        case.tell([one for many in people.values() for one in many], "co_handler_released", note=note)
        case.record(note=note, data={"agencies": [one.agency.name for one in released]}, is_public=False)
        return case.grievance


def report_part(
    *,
    actor: User,
    grievance: Grievance,
    note: str,
    now: datetime,
    version: int | None = None,
    photos: Sequence[UploadedFile] = (),
) -> Grievance:
    """Say that the part of the actor's agency is done (协办完成) and how; the lead is told, who resolves the whole."""
    prepared = prepare_photos(photos)
    note = note.strip()
    with step(actor=actor, grievance=grievance, action=Action.REPORT_PART, now=now, version=version, note=note) as case:
        parts = parts_of(actor, case.grievance)
        for one in parts:
            one.done_at, one.done_by, one.done_note = now, actor, note
        Assignment.objects.bulk_update(parts, ["done_at", "done_by", "done_note"])
        names = [one.agency.name for one in parts]
        case.tell(handlers_of(case.grievance, now), "part_done", agencies=names, note=note)
        event = case.record(note=note, data={"agencies": names}, is_public=False)
        attach_photos(event=event, prepared=prepared, actor=actor, now=now)
        return case.grievance
