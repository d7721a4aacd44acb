"""The whistle (吹哨): agencies called to the spot, arrivals, releases, the joint record, and reminding who is late."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from grievances.choices import Action, Card, Stage, Standing
from grievances.deadlines import Clock
from grievances.joint import calls_to, open_calls
from grievances.models import Grievance, GrievanceEvent, Whistle, WhistleCall
from grievances.services.desk import check_serving, desk_of, make_helpers
from grievances.services.photos import attach_photos, prepare_photos
from grievances.services.rulebook import rulebook
from grievances.services.steps import Step, step
from grievances.services.urgency import is_urgent
from linjiang.common.clock import local_day
from linjiang.common.database import insert_rows
from linjiang.common.errors import InvalidInput
from linjiang.common.text import at_moment
from notifications import services as outbox
from orgs.holders import people_at_agencies, people_at_units
from orgs.models import Agency, User

PLACE_LENGTH = 120
# Further ahead nobody is called to a spot: it is a slip of the hand.
FURTHEST = timedelta(days=30)
BATCH = 500


def blow_whistle(
    *,
    actor: User,
    grievance: Grievance,
    agencies: Sequence[Agency],
    place: str,
    note: str,
    now: datetime,
    version: int | None = None,
    meet_at: datetime | None = None,
) -> Grievance:
    """Call the agencies to the spot of the case; `note` says what for.

    Each has until `meet_at`, without it as long as the limit of arriving says. The lead agency stays accountable; the
    others become co-handlers, and so see the case.
    """
    place, note = place.strip(), note.strip()
    with step(
        actor=actor,
        grievance=grievance,
        action=Action.BLOW_WHISTLE,
        now=now,
        version=version,
        agencies=agencies,
        place=place,
        note=note,
    ) as case:
        called = list({agency.pk: agency for agency in agencies}.values())
        check_serving(called, case.grievance, field="agencies")
        if len(place) > PLACE_LENGTH:
            raise InvalidInput({"place": _("At most %(count)s characters.") % {"count": PLACE_LENGTH}})
        if meet_at is not None and not now < meet_at <= now + FURTHEST:
            days = {"count": FURTHEST.days}
            raise InvalidInput({"meet_at": _("Choose a time to come, within %(count)s days.") % days})
        meet_at = meet_at or arrive_by(case.grievance, now=now)
        has_it = set(case.grievance.assignments.in_force().values_list("agency_id", flat=True))
        whistle = Whistle.objects.create(
            grievance=case.grievance,
            unit=desk_of(actor, case.grievance),
            by=actor,
            at=now,
            place=place,
            meet_at=meet_at,
            reason=note,
        )
        WhistleCall.objects.bulk_create(
            WhistleCall(
                whistle=whistle,
                agency=agency,
                due_at=meet_at,
                alarm_at=meet_at,
                made_helper=agency.pk not in has_it,
            )
            for agency in called
        )
        make_helpers(case, [agency.pk for agency in called if agency.pk not in has_it])
        names = [agency.name for agency in called]
        facts = {"place": place, "due": at_moment(meet_at), "note": note}
        people = people_at_agencies(
            {*(agency.pk for agency in called), case.grievance.lead_agency_id} - {None}, on=local_day(now)
        )
        for agency in called:
            case.tell(people.get(agency.pk, []), "whistle_called", agency=agency.name, **facts)
        case.tell(people.get(case.grievance.lead_agency_id, []), "whistle_led", agencies=names, **facts)
        case.record(
            note=note, data={"agencies": names, "place": place, "meet_at": meet_at.isoformat()}, is_public=False
        )
        return case.grievance


def arrive(
    *,
    actor: User,
    grievance: Grievance,
    now: datetime,
    version: int | None = None,
    note: str = "",
    photos: Sequence[UploadedFile] = (),
) -> Grievance:
    """Say that the actor's agency is on the spot (到场)."""
    prepared = prepare_photos(photos)
    with step(actor=actor, grievance=grievance, action=Action.ARRIVE, now=now, version=version) as case:
        calls = calls_to(actor, case.grievance)
        for call in calls:
            call.arrived_at = call.closed_at = now
            call.arrived_by, call.note, call.alarm_at = actor, note.strip(), None
        WhistleCall.objects.bulk_update(calls, ["arrived_at", "arrived_by", "note", "closed_at", "alarm_at"])
        names = [call.agency.name for call in calls]
        case.tell(_accountable(case, case.grievance.open_whistle), "whistle_arrived", agencies=names)
        late = any(call.is_late(at=now) for call in calls)
        event = case.record(note=note.strip(), data={"agencies": names, "late": late}, is_public=False)
        attach_photos(event=event, prepared=prepared, actor=actor, now=now)
        return case.grievance


def release_call(
    *,
    actor: User,
    grievance: Grievance,
    note: str,
    now: datetime,
    version: int | None = None,
    calls: Sequence[WhistleCall] | None = None,
) -> Grievance:
    """Say that called agencies need not come (撤销到场要求); the note says why.

    `calls` may be left out where only one is waited for. An agency that saw the case only for the call sees it no
    more; when nobody is waited for and nobody came, the whistle is over.
    """
    note = note.strip()
    with step(
        actor=actor, grievance=grievance, action=Action.RELEASE_CALL, now=now, version=version, note=note
    ) as case:
        offered = open_calls(case.grievance)
        if calls is None and len(offered) > 1:
            raise InvalidInput({"calls": _("Several agencies are waited for; please choose which to release.")})
        keys = {call.pk for call in (offered if calls is None else calls)}
        if not keys or keys - {call.pk for call in offered}:
            raise InvalidInput({"calls": _("Please choose from the agencies that are waited for.")})
        released = [call for call in offered if call.pk in keys]
        for call in released:
            call.closed_at, call.alarm_at, call.released_by, call.release = now, None, actor, note
        WhistleCall.objects.bulk_update(released, ["closed_at", "alarm_at", "released_by", "release"])
        _let_go(case.grievance, released, now)
        whistle = case.grievance.open_whistle
        if not any(call.is_open or call.arrived_at for call in whistle.calls.all()):
            whistle.ended_at = now
            whistle.save(update_fields=["ended_at"])
        names = [call.agency.name for call in released]
        people = people_at_agencies({call.agency_id for call in released}, on=local_day(now))
        case.tell([one for many in people.values() for one in many], "whistle_released", note=note)
        case.record(note=note, data={"agencies": names}, is_public=False)
        return case.grievance


def record_joint(
    *, actor: User, grievance: Grievance, note: str, now: datetime, version: int | None = None
) -> Grievance:
    """Write what was agreed on the spot (会商记录): the whistle is over.

    Who came stays a co-handler. Who did not is waited for no more, and counts as absent.
    """
    note = note.strip()
    with step(
        actor=actor, grievance=grievance, action=Action.RECORD_JOINT, now=now, version=version, note=note
    ) as case:
        whistle = case.grievance.open_whistle
        absent = open_calls(case.grievance)
        for call in absent:
            call.closed_at, call.alarm_at = now, None
        WhistleCall.objects.bulk_update(absent, ["closed_at", "alarm_at"])
        came = [call for call in whistle.calls.all() if call.arrived_at]
        whistle.record, whistle.recorded_by, whistle.ended_at = note, actor, now
        whistle.save(update_fields=["record", "recorded_by", "ended_at"])
        _let_go(case.grievance, absent, now)
        people = people_at_agencies({call.agency_id for call in came}, on=local_day(now))
        heard = [*(one for many in people.values() for one in many), *_accountable(case, whistle)]
        case.tell(heard, "whistle_recorded", note=note)
        data = {"agencies": [call.agency.name for call in came], "absent": [call.agency.name for call in absent]}
        case.record(note=note, data=data, is_public=False)
        return case.grievance


def remind_late(*, actor: User, now: datetime, batch: int = BATCH) -> int:
    """Remind the agencies that are not on the spot by their limit, and tell the desk; return how many.

    Each call once. Claims calls together with their cases by FOR UPDATE SKIP LOCKED, oldest first, a batch per
    transaction, so that sweepers share the work and never wait for a step that holds a case.
    """
    reminded = 0
    while True:
        with transaction.atomic():
            due = WhistleCall.objects.filter(alarm_at__lte=now).order_by("alarm_at", "pk")
            due = due.select_related("agency", "whistle__grievance", "whistle__unit").defer(
                "whistle__grievance__search"
            )
            calls = list(due.select_for_update(skip_locked=True, of=("self", "whistle__grievance"))[:batch])
            if calls:
                _remind(calls, actor, now)
                reminded += len(calls)
        if len(calls) < batch:
            return reminded


def _remind(calls: Sequence[WhistleCall], actor: User, now: datetime) -> None:
    """Mark the calls late; write events, messages and the cases' versions: one statement each."""
    keys = [call.pk for call in calls]
    WhistleCall.objects.filter(pk__in=keys).update(alarm_at=None, late_at=now)
    insert_rows(
        GrievanceEvent,
        ("grievance", "action", "at", "actor", "standing", "from_status", "to_status", "note", "data", "is_public"),
        [
            (
                call.whistle.grievance_id,
                Action.ESCALATE.value,
                now,
                actor.pk,
                Standing.SYSTEM.value,
                call.whistle.grievance.status,
                call.whistle.grievance.status,
                "",
                json.dumps(_facts_of_event(call), ensure_ascii=False),
                False,
            )
            for call in calls
        ],
    )
    today = local_day(now)
    handlers = people_at_agencies({call.agency_id for call in calls}, on=today)
    desks = people_at_units({call.whistle.unit_id for call in calls}, on=today)
    rows = []
    for call in calls:
        case = call.whistle.grievance
        facts = {
            "number": case.number,
            "title": case.title,
            "agency": call.agency.name,
            "place": call.whistle.place,
            "due": at_moment(call.due_at),
        }
        told = {person.pk: "whistle_late_seen" for person in desks.get(call.whistle.unit_id, [])}
        told |= {call.whistle.by_id: "whistle_late_seen"}
        told |= {person.pk: "whistle_late" for person in handlers.get(call.agency_id, [])}
        rows += [
            outbox.Queued(
                to=pk,
                kind=kind,
                facts=facts,
                url=case.get_absolute_url(),
                key=f"late:{call.pk}",
                urgent=is_urgent(case.urgency),
            )
            for pk, kind in told.items()
        ]
    outbox.queue_rows(rows, at=now)
    events = Counter(call.whistle.grievance_id for call in calls)
    for count in sorted(set(events.values())):  # nearly always 1: each version of a case is one event
        cases = Grievance.objects.filter(pk__in=[pk for pk, times in events.items() if times == count])
        cases.update(version=F("version") + count)


def _facts_of_event(call: WhistleCall) -> dict:
    return {
        "stage": Stage.ARRIVE.value,
        "card": Card.URGE.value,
        "holder": call.agency.name,
        "told": [call.whistle.unit.name],
        "due_at": call.due_at.isoformat(),
    }


def arrive_by(grievance: Grievance, *, now: datetime) -> datetime:
    """Return by when an agency called at `now` is to be on the spot where no other time is set: the limit's end."""
    rules = rulebook()
    limit = rules.limit(
        Stage.ARRIVE,
        urgency=grievance.urgency,
        category_id=grievance.category_id,
        unit_path=grievance.unit_path,
    )
    return Clock(now, limit).due_at(rules.calendar)


def _let_go(grievance: Grievance, calls: Sequence[WhistleCall], now: datetime) -> None:
    """End the co-handling of agencies that had the case for the call alone."""
    only = [call.agency_id for call in calls if call.made_helper]
    if only:
        grievance.assignments.helping().filter(agency_id__in=only).update(ended_at=now)


def _accountable(case: Step, whistle: Whistle) -> list[User]:
    """Return who answers for the case: the lead agency's people, the desk that blew the whistle, and who blew it."""
    today = local_day(case.now)
    lead = case.grievance.lead_agency_id
    handlers = people_at_agencies([lead], on=today).get(lead, []) if lead else []
    desk = people_at_units([whistle.unit_id], on=today).get(whistle.unit_id, [])
    return [*handlers, *desk, whistle.by]
