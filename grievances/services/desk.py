"""What community and street desks and leaders do with a reported case: the third step, and everything around it."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from grievances.choices import Action
from grievances.models import Assignment, Category, Grievance, Reason, WhistleCall
from grievances.services import clock
from grievances.services.joining import carry_over
from grievances.services.passing import tell_of_passing
from grievances.services.recomputing import recomputed_columns
from grievances.services.steps import Step, joined_people, listed_reason, step
from linjiang.common.clock import local_day
from linjiang.common.errors import InvalidInput
from linjiang.common.text import in_both_languages
from orgs import tree
from orgs.choices import DESK_ROLES, LEADER_ROLES
from orgs.holders import holders_on_the_way_up, people_at_agencies, people_at_units
from orgs.models import Agency, Unit, User


def assign(
    *,
    actor: User,
    grievance: Grievance,
    agency: Agency,
    now: datetime,
    version: int | None = None,
    co_agencies: Sequence[Agency] = (),
    note: str = "",
) -> Grievance:
    """Give the case to a lead agency and any co-handlers; they acknowledge or return it in time."""
    with step(actor=actor, grievance=grievance, action=Action.ASSIGN, now=now, version=version, agency=agency) as case:
        _give(case, agency, co_agencies, note)
        return case.grievance


def reassign(
    *,
    actor: User,
    grievance: Grievance,
    agency: Agency,
    now: datetime,
    version: int | None = None,
    co_agencies: Sequence[Agency] = (),
    note: str = "",
) -> Grievance:
    """Take the case from its present lead and give it to another; the deadline goes on."""
    with step(
        actor=actor, grievance=grievance, action=Action.REASSIGN, now=now, version=version, agency=agency
    ) as case:
        if case.grievance.lead_agency_id == agency.pk:
            raise InvalidInput({"agency": _("This agency has the case already.")})
        taken_from = case.grievance.lead_agency
        end_assignments(case.grievance, now=now, reassigned=True)
        _give(case, agency, co_agencies, note, taken_from=taken_from)
        return case.grievance


def refer_up(
    *, actor: User, grievance: Grievance, now: datetime, version: int | None = None, note: str = ""
) -> Grievance:
    """Pass the case to the next led unit above, past vacant posts."""
    with step(actor=actor, grievance=grievance, action=Action.REFER_UP, now=now, version=version) as case:
        ladder = holders_on_the_way_up(case.grievance.holder_unit, on=local_day(now))
        if not ladder:
            raise InvalidInput({"unit": _("Nobody holds a desk above this one at present.")})
        unit, people = ladder[0]
        case.set(holder_unit=unit)
        case.tell(people, "case_referred")
        case.record(note=note, data={"to": unit.name})
        return case.grievance


def refer_down(
    *, actor: User, grievance: Grievance, unit: Unit, now: datetime, version: int | None = None, note: str = ""
) -> Grievance:
    """Pass the case down to a unit between the present desk and the neighbourhood it was filed in."""
    with step(actor=actor, grievance=grievance, action=Action.REFER_DOWN, now=now, version=version, unit=unit) as case:
        held = case.grievance.holder_unit
        on_the_way = tree.covers(unit.path, case.grievance.unit_path) and unit.path.startswith(held.path)
        if not on_the_way or unit.pk == held.pk:
            raise InvalidInput({"unit": _("Choose a unit between this desk and the neighbourhood of the case.")})
        people = people_at_units([unit.pk], on=local_day(now)).get(unit.pk, [])
        if not people:
            raise InvalidInput({"unit": _("Nobody holds a post there at present.")})
        case.set(holder_unit=unit)
        case.tell(people, "case_referred")
        case.record(note=note, data={"to": unit.name})
        return case.grievance


def settle_here(
    *, actor: User, grievance: Grievance, now: datetime, version: int | None = None, note: str = ""
) -> Grievance:
    """Handle the case at this desk itself, without an agency."""
    with step(actor=actor, grievance=grievance, action=Action.SETTLE_HERE, now=now, version=version) as case:
        unit = desk_of(actor, case.grievance)
        case.set(
            holder_unit=unit,
            lead_agency=None,
            assigned_at=now,
            acknowledged_at=now,
            acknowledge_due_at=None,
            **clock.taken_on(case.grievance),
        )
        case.record(note=note, data={"to": unit.name})
        return case.grievance


def reject(
    *,
    actor: User,
    grievance: Grievance,
    reason: Reason | str,
    now: datetime,
    version: int | None = None,
    note: str = "",
) -> Grievance:
    """Not accept the case, with a listed reason; who filed it may appeal."""
    with step(actor=actor, grievance=grievance, action=Action.REJECT, now=now, version=version, reason=reason) as case:
        why = listed_reason(case.row, reason)
        # An appeal goes to the desk above the one that decided.
        case.set(holder_unit=desk_of(actor, case.grievance), **clock.stopped())
        case.tell([case.grievance.filed_by], "case_rejected", reason=in_both_languages(why))
        case.record(note=note, data={"reason": why.code, "reason_name": in_both_languages(why)})
        return case.grievance


def appeal(
    *,
    actor: User,
    grievance: Grievance,
    note: str,
    now: datetime,
    version: int | None = None,
    by_resident: bool = False,
) -> Grievance:
    """Ask the desk above the one that rejected to look again; the clock starts anew."""
    with step(
        actor=actor,
        grievance=grievance,
        action=Action.APPEAL,
        now=now,
        version=version,
        by_resident=by_resident,
        note=note.strip(),
    ) as case:
        ladder = holders_on_the_way_up(case.grievance.holder_unit, on=local_day(now))
        unit, people = ladder[0] if ladder else (case.grievance.holder_unit, [])
        case.set(holder_unit=unit, **clock.reported(case.grievance, now=now))
        case.tell(people, "case_appealed")
        case.record(note=note.strip(), data={"to": unit.name})
        return case.grievance


def merge(
    *, actor: User, grievance: Grievance, into: Grievance, now: datetime, version: int | None = None, note: str = ""
) -> Grievance:
    """End the case as part of another live one, which both parties can follow from here; its joiners go along.

    The rows of both cases are locked, in the order of their keys.
    """
    with (
        _both_locked(grievance, into),
        step(actor=actor, grievance=grievance, action=Action.MERGE, now=now, version=version, into=into) as case,
    ):
        target = Grievance.objects.visible_to(actor).filter(pk=into.pk).first()
        if target is None or target.pk == case.grievance.pk or not target.is_live:
            raise InvalidInput({"into": _("Choose another case that is still open.")})
        case.set(merged_into=target, **clock.stopped())
        case.tell([case.grievance.filed_by], "case_merged", into=target.number)
        case.tell(joined_people(case.grievance), "joined_merged", into=target.number)
        came = carry_over(case, target)
        case.record(note=note, data={"into": target.number, **({"joined": came} if came else {})})
        return case.grievance


@contextmanager
def _both_locked(one: Grievance, other: Grievance) -> Iterator[None]:
    """Lock both rows, the older case first, so that two who merge crosswise wait for one another."""
    with transaction.atomic():
        keys = sorted(case.pk for case in (one, other) if case is not None)
        list(Grievance.objects.filter(pk__in=keys).order_by("pk").select_for_update().values_list("pk"))
        yield


def classify(
    *,
    actor: User,
    grievance: Grievance,
    category: Category,
    now: datetime,
    version: int | None = None,
    urgency: str = "",
    note: str = "",
) -> Grievance:
    """Set category and urgency; limits are counted anew from when the case's clocks began."""
    with step(
        actor=actor, grievance=grievance, action=Action.CLASSIFY, now=now, version=version, category=category
    ) as case:
        if category.parent_id is None:
            raise InvalidInput({"category": _("Please choose one of the second-level categories.")})
        urgency = urgency or category.urgency
        before = case.grievance.due_at
        case.set(category=category, urgency=urgency)
        case.set(**recomputed_columns(case.grievance))
        data = {"category": category.code, "urgency": urgency}
        if case.grievance.due_at != before:
            data |= {"due_at": case.grievance.due_at.isoformat(), "due_before": before.isoformat() if before else ""}
        case.record(note=note, data=data, is_public=False)
        return case.grievance


def desk_of(actor: User, grievance: Grievance) -> Unit:
    """Return the unit in whose name the actor acts: the holding one if it is theirs, else their nearest above."""
    covering = [
        post.unit
        for post in actor.current_posts
        if post.unit and post.role in (*LEADER_ROLES, *DESK_ROLES) and tree.covers(post.unit.path, grievance.unit_path)
    ]
    above = [unit for unit in covering if tree.covers(unit.path, grievance.holder_unit.path)]
    return max(above or covering or [grievance.holder_unit], key=lambda unit: len(unit.path))


def end_assignments(
    grievance: Grievance, *, now: datetime, returned: Reason | None = None, reassigned: bool = False
) -> None:
    """End every assignment in force: handed back for the reason `returned`, `reassigned` to another, or just over."""
    values = {"ended_at": now}
    if returned is not None:
        values |= {"returned_at": now, "return_reason": returned}
    if reassigned:
        values["reassigned_at"] = now
    grievance.assignments.in_force().update(**values)


def make_helpers(case: Step, agency_ids: Iterable[int]) -> None:
    """Make the agencies co-handlers of the case."""
    Assignment.objects.bulk_create(
        Assignment(
            grievance=case.grievance,
            agency_id=agency_id,
            is_lead=False,
            round=case.grievance.round,
            assigned_by=case.actor,
            assigned_at=case.now,
        )
        for agency_id in agency_ids
    )


def keep_called(case: Step) -> None:
    """Keep agencies that are called to the spot in sight of a case whose assignments were just ended or given anew."""
    calls = WhistleCall.objects.filter(
        whistle__grievance=case.grievance, whistle__ended_at__isnull=True, released_by__isnull=True
    )
    called = set(calls.values_list("agency_id", flat=True))
    if not called:
        return
    gone = called - set(case.grievance.assignments.in_force().values_list("agency_id", flat=True))
    make_helpers(case, sorted(gone))
    calls.filter(agency_id__in=gone).update(made_helper=True)


def check_serving(agencies: Iterable[Agency], grievance: Grievance, *, field: str) -> None:
    """Raise InvalidInput at `field` for an agency that is out of use or does not serve the place of the case."""
    for one in agencies:
        if not one.is_active or not tree.covers(one.unit.path, grievance.unit_path):
            raise InvalidInput({field: _("%(agency)s does not serve this place.") % {"agency": one.name}})


def handlers_of(grievance: Grievance, now: datetime) -> list[User]:
    """Return who handles the case today: the lead agency's people, else those of the holding unit."""
    day = local_day(now)
    if grievance.lead_agency_id:
        return people_at_agencies([grievance.lead_agency_id], on=day).get(grievance.lead_agency_id, [])
    return people_at_units([grievance.holder_unit_id], on=day).get(grievance.holder_unit_id, [])


def _give(
    case: Step, agency: Agency, co_agencies: Sequence[Agency], note: str, *, taken_from: Agency | None = None
) -> None:
    grievance, now = case.grievance, case.now
    partners = [partner for partner in co_agencies if partner.pk != agency.pk]
    check_serving((agency, *partners), grievance, field="agency")
    columns = clock.assigned(grievance, now=now)
    # An agency may help already because it was called to the spot.
    grievance.assignments.in_force().filter(agency__in=(agency, *partners)).update(ended_at=now)
    Assignment.objects.bulk_create(
        Assignment(
            grievance=grievance,
            agency=one,
            is_lead=one is agency,
            round=grievance.round,
            assigned_by=case.actor,
            assigned_at=now,
            acknowledge_due_at=columns["acknowledge_due_at"],
        )
        for one in (agency, *partners)
    )
    case.set(
        lead_agency=agency,
        holder_unit=desk_of(case.actor, grievance),
        assigned_at=now,
        acknowledged_at=None,
        **columns,
    )
    people = people_at_agencies([one.pk for one in (agency, *partners)], on=local_day(now))
    for one in (agency, *partners):
        case.tell(people.get(one.pk, []), "case_assigned", agency=one.name)
    data = {"agency": agency.name, "co_agencies": [one.name for one in partners]}
    if case.action == Action.REASSIGN:
        keep_called(case)
        data["from"] = taken_from.name if taken_from else ""
        tell_of_passing(case)
    case.record(note=note, data=data)
