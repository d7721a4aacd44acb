"""The first two steps: discover and report."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from grievances.choices import Action, SettledBy, Source, Standing, Status, Urgency
from grievances.models import Category, Grievance, GrievanceEvent, Reason
from grievances.services import changes, clock
from grievances.services.numbers import next_number
from grievances.services.photos import attach_photos, prepare_photos
from grievances.services.steps import listed_reason, step
from grievances.services.urgency import is_urgent
from grievances.services.voices import attach_voice, prepare_voice
from linjiang.common.clock import local_day
from linjiang.common.errors import Conflict, InvalidInput, NotAllowed
from linjiang.common.statements import Insert
from linjiang.common.text import in_both_languages
from notifications import services as outbox
from orgs.choices import DESK_ROLES, LEADER_ROLES, LEVEL_ORDER, Datum, Level, Role
from orgs.datum import to_wgs84
from orgs.holders import holders_on_the_way_up, people_at_units
from orgs.models import Household, Unit, User
from orgs.scopes import scope_of
from orgs.services.contacts import make_contact

TITLE_LENGTH = 40
MAX_DESCRIPTION = 5000
_SOURCE = {Role.CHIEF: Source.CHIEF, Role.GROUP_LEADER: Source.LEADER, Role.ZONE_LEADER: Source.LEADER}
_insert_cases, _insert_events = Insert(Grievance), Insert(GrievanceEvent)
_FILING_ROLES = (*LEADER_ROLES, *DESK_ROLES, Role.OPERATOR)


def title_of(description: str) -> str:
    """Return the first sentence of `description`, cut to forty characters."""
    line = description.strip().splitlines()[0].strip() if description.strip() else ""
    for mark in "。！？!?；;":
        line = line.split(mark)[0]
    return line if len(line) <= TITLE_LENGTH else line[: TITLE_LENGTH - 1] + "…"


def file_grievance(
    *,
    actor: User,
    unit: Unit,
    description: str,
    now: datetime,
    submission_id: uuid.UUID | None = None,
    title: str = "",
    category: Category | None = None,
    urgency: str = "",
    household: Household | None = None,
    place: str = "",
    lat: float | None = None,
    lon: float | None = None,
    datum: str = Datum.WGS84,
    contact_name: str = "",
    contact_phone: str = "",
    photos: Sequence[UploadedFile] = (),
    voice: UploadedFile | None = None,
    solved_result: str = "",
    keep_as_draft: bool = False,
    on_behalf: bool = True,
    is_private: bool = False,
) -> tuple[Grievance, bool]:
    """File a case and report it in one go; return it and whether it is new.

    The same `submission_id` from the same actor gives the same case, however often and from however many processes
    it is sent. With a photo or a voice note it
    needs no words. `solved_result`: solved on the spot, what was done. `keep_as_draft`: discovered, not yet reported.
    `is_private`: whoever told it asked for that.
    `lat`, `lon`: degrees in `datum`; kept in WGS-84.
    Raise NotAllowed outside the actor's units, InvalidInput per field, Conflict for somebody else's submission id.
    """
    submission_id = submission_id or uuid.uuid4()
    description = description.strip() or _words_for(photos, voice)
    _check(actor, unit, description, household, category, urgency, solved_result)
    # A phone that sends photos again is answered before they are decoded; without photos the insert itself finds out.
    if (photos or voice) and (known := _already_filed(actor, submission_id)):
        return known, False
    prepared, recording = prepare_photos(photos), prepare_voice(voice)
    spot = next((photo.position for photo in prepared if photo.position), None)
    if spot and lat is None and lon is None:
        lat, lon = spot
        datum = Datum.WGS84  # what cameras write
    if lat is not None and lon is not None:
        lat, lon = to_wgs84(lat, lon, datum)
    urgency = urgency or (category.urgency if category else Urgency.WEEK)
    try:
        with transaction.atomic():
            case = Grievance(
                number=next_number(local_day(now)),
                submission_id=submission_id,
                status=_first_status(solved_result, keep_as_draft),
                title=(title.strip() or title_of(description))[:80],
                description=description,
                category=category,
                urgency=urgency,
                source=_source(actor, unit),
                unit=unit,
                unit_path=unit.path,
                household=household,
                contact=make_contact(name=contact_name, phone=contact_phone),
                place=place.strip()[:120],
                lat=lat,
                lon=lon,
                position_datum=datum,
                filed_by=actor,
                on_behalf=on_behalf,
                is_private=is_private,
                holder_unit=unit,
                discovered_at=now,
            )
            told = _put_on_its_way(case, actor, solved_result, now)
            kind = "case_told" if case.status == Status.DISCOVERED else "case_reported"
            case.search = case.lexemes()
            _insert_cases([case])
            changes.record(None, case)
            events = _insert_events(_first_events(case, actor, solved_result))
            attach_photos(event=events[0], prepared=prepared, actor=actor, now=now)
            attach_voice(event=events[0], prepared=recording, actor=actor, now=now)
            outbox.queue(
                outbox.message(
                    to=person,
                    kind=kind,
                    facts={"number": case.number, "title": case.title},
                    url=case.get_absolute_url(),
                    key=f"{kind}:{case.pk}",
                    at=now,
                    urgent=is_urgent(case.urgency),
                )
                for person in told
                if person.pk != actor.pk
            )
    except IntegrityError:
        # The same submission was filed before, or by another process at this very moment.
        if known := _already_filed(actor, submission_id):
            return known, False
        raise
    return case, True


def report(
    *, actor: User, grievance: Grievance, now: datetime, version: int | None = None, note: str = ""
) -> Grievance:
    """Pass a discovered case on to whoever leads the next unit up; its clock starts."""
    with step(actor=actor, grievance=grievance, action=Action.REPORT, now=now, version=version) as case:
        holder, people = first_desk(case.grievance.unit, now=now)
        case.set(
            reported_at=now,
            holder_unit=holder,
            **clock.reported(case.grievance, now=now),
        )
        case.tell(people, "case_reported")
        case.record(note=note, data={"to": holder.name})
        return case.grievance


def resolve_on_spot(
    *,
    actor: User,
    grievance: Grievance,
    result: str,
    now: datetime,
    version: int | None = None,
    photos: Sequence[UploadedFile] = (),
) -> Grievance:
    """Settle a discovered case at once; the household, not the solver, confirms it."""
    prepared = prepare_photos(photos)
    with step(
        actor=actor, grievance=grievance, action=Action.RESOLVE_ON_SPOT, now=now, version=version, result=result.strip()
    ) as case:
        case.set(
            reported_at=now,
            resolved_at=now,
            resolved_by=actor,
            result=result.strip(),
            settled_by=settled_level(case.grievance.unit.level),
            **clock.resolved_at_once(case.grievance, now=now),
        )
        event = case.record(note=result.strip())
        attach_photos(event=event, prepared=prepared, actor=actor, now=now)
        return case.grievance


def withdraw(
    *,
    actor: User,
    grievance: Grievance,
    reason: Reason | str,
    now: datetime,
    version: int | None = None,
    note: str = "",
) -> Grievance:
    """Take a case back before anybody works on it."""
    with step(
        actor=actor, grievance=grievance, action=Action.WITHDRAW, now=now, version=version, reason=reason
    ) as case:
        why = listed_reason(case.row, reason)
        case.set(**clock.stopped())
        case.record(note=note, data={"reason": why.code, "reason_name": in_both_languages(why)})
        return case.grievance


def first_desk(unit: Unit, *, now: datetime) -> tuple[Unit, list[User]]:
    """Return who a case of `unit` is reported to: the nearest led unit above, past vacant posts, and its people.

    A community's or street's own case stays with it. With nobody on the way up the case waits at `unit`, where
    everybody above sees it.
    """
    leaf = unit.level == Level.NEIGHBOURHOOD
    ladder = holders_on_the_way_up(unit, on=local_day(now), include_self=not leaf)
    return ladder[0] if ladder else (unit, [])


def settled_level(level: str) -> str:
    """Return which level a unit's own people count as having settled at."""
    return {
        Level.NEIGHBOURHOOD: SettledBy.CHIEF,
        Level.GROUP: SettledBy.GROUP,
        Level.ZONE: SettledBy.ZONE,
        Level.COMMUNITY: SettledBy.COMMUNITY,
    }.get(level, SettledBy.STREET)


def _check(actor, unit, description, household, category, urgency, solved_result) -> None:
    errors: dict[str, str] = {}
    if not description:
        errors["description"] = _("Please say in a sentence what is the matter.")
    elif len(description) > MAX_DESCRIPTION:
        errors["description"] = _("Please keep it under %(count)s characters.") % {"count": MAX_DESCRIPTION}
    if household is not None and household.unit_id != unit.pk:
        errors["household"] = _("This household belongs to another neighbourhood.")
    errors |= _category_errors(category)
    if urgency and urgency not in Urgency.values:
        errors["urgency"] = _("Please choose one of the listed urgencies.")
    if errors:
        raise InvalidInput(errors)
    if not actor.is_system:
        _check_filer(actor, unit, solved_result)


def _check_filer(actor: User, unit: Unit, solved_result: str) -> None:
    if not actor.holds(*_FILING_ROLES):
        raise NotAllowed(_("Cases are filed by neighbour chiefs, leaders, community and street staff."))
    if not scope_of(actor).covers(unit.path):
        raise InvalidInput({"unit": _("This unit is not one of yours.")}, code="out_of_scope")
    if LEVEL_ORDER[unit.level] < LEVEL_ORDER[Level.STREET]:
        # Above the street nobody has a desk, so nobody could take the case up.
        raise InvalidInput({"unit": _("Please choose the street, the community or a place below it.")})
    if solved_result.strip() and not actor.holds(*LEADER_ROLES, *DESK_ROLES):
        raise InvalidInput({"solved_result": _("Only who was on the spot can say that it was solved there.")})


def _category_errors(category: Category | None) -> dict[str, str]:
    if category is None:
        return {}
    if category.parent_id is None or not category.is_active:
        return {"category": _("Please choose one of the second-level categories.")}
    return {}


def _words_for(photos: Sequence[UploadedFile], voice: UploadedFile | None) -> str:
    """Return what stands where nothing was typed, in the city's language: the case is read by many."""
    if not photos and voice is None:
        return ""
    with translation.override(settings.LANGUAGE_CODE):
        return _("Spoken, see the voice note.") if voice is not None else _("See the photo.")


def _already_filed(actor: User, submission_id: uuid.UUID) -> Grievance | None:
    known = Grievance.objects.filter(submission_id=submission_id).first()
    if known is not None and known.filed_by_id != actor.pk:
        raise Conflict(_("This submission was already used. Please open the form again."), code="submission_taken")
    return known


def _source(actor: User, unit: Unit) -> str:
    for post in actor.current_posts:
        if post.role in _SOURCE and post.unit.path == unit.path[: len(post.unit.path)]:
            return _SOURCE[post.role]
    if actor.is_system:
        return Source.RESIDENT
    return Source.HOTLINE if actor.holds(Role.OPERATOR) else Source.STAFF


def _first_status(solved_result: str, keep_as_draft: bool) -> Status:
    if solved_result.strip():
        return Status.RESOLVED
    return Status.DISCOVERED if keep_as_draft else Status.REPORTED


def _put_on_its_way(case: Grievance, actor: User, solved_result: str, now: datetime) -> list[User]:
    """Fill in what the first status brings with it; return whom to tell."""
    if case.status == Status.DISCOVERED:
        # What a resident told waits for the chief, who has to hear of it; one's own draft needs no message.
        here = people_at_units([case.unit_id], on=local_day(now)) if actor.is_system else {}
        return here.get(case.unit_id, [])
    case.reported_at = now
    people: list[User] = []
    if case.status == Status.RESOLVED:
        case.resolved_at, case.resolved_by, case.result = now, actor, solved_result.strip()
        case.settled_by = settled_level(case.unit.level)
        columns = clock.resolved_at_once(case, now=now)
    else:
        case.holder_unit, people = first_desk(case.unit, now=now)
        columns = clock.reported(case, now=now)
    for field, value in columns.items():
        setattr(case, field, value)
    return people


def _first_events(case: Grievance, actor: User, solved_result: str) -> list[GrievanceEvent]:
    steps = [(Action.DISCOVER, "", Status.DISCOVERED, "", {})]
    if case.status == Status.REPORTED:
        steps.append((Action.REPORT, Status.DISCOVERED, Status.REPORTED, "", {"to": case.holder_unit.name}))
    elif case.status == Status.RESOLVED:
        steps.append((Action.RESOLVE_ON_SPOT, Status.DISCOVERED, Status.RESOLVED, solved_result.strip(), {}))
    return [
        GrievanceEvent(
            grievance=case,
            action=action,
            at=case.discovered_at,
            actor=actor,
            standing=_standing(case, actor),
            from_status=before,
            to_status=after,
            note=note,
            data=data,
        )
        for action, before, after, note, data in steps
    ]


def _standing(case: Grievance, actor: User) -> Standing:
    if not actor.is_system:
        return Standing.FILER
    return Standing.RESIDENT if case.source == Source.RESIDENT else Standing.SYSTEM
