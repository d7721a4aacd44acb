"""Work of several agencies on one case: whose calls and parts are whose, and the guards of those steps."""

from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _

from grievances.choices import Action
from grievances.models import Assignment, Grievance, GrievanceEvent, WhistleCall
from grievances.workflow import Guard
from linjiang.common.decisions import ALLOWED, Decision, denied, idle
from orgs import tree
from orgs.choices import DESK_ROLES, Role


def open_calls(grievance: Grievance) -> list[WhistleCall]:
    """Return the calls of the case's whistle that wait for somebody to arrive."""
    whistle = grievance.open_whistle
    return [call for call in whistle.calls.all() if call.is_open] if whistle else []


def calls_to(user, grievance: Grievance) -> list[WhistleCall]:
    """Return the open calls that the agencies of `user` are to answer by arriving."""
    return [call for call in open_calls(grievance) if call.agency_id in _agencies(user)]


def parts_of(user, grievance: Grievance) -> list[Assignment]:
    """Return the co-handlings of the agencies of `user` that are not reported done."""
    return [one for one in grievance.helping if one.agency_id in _agencies(user) and one.done_at is None]


def reads_notes(user, grievance: Grievance) -> bool:
    """Say whether `user` reads the internal notes (内部备注) of the case, which they may see.

    Community and street staff and supervisors over its place do, its agencies' handlers, and a leader at whose desk it
    is. A post as neighbour chief never opens them, nor do officials and operators.
    """
    if user.is_superuser or user.is_system:
        return True
    for post in user.current_posts:
        if post.role == Role.HANDLER:
            if post.agency_id == grievance.lead_agency_id or _helps(post.agency_id, grievance):
                return True
        elif post.role in (*DESK_ROLES, Role.SUPERVISOR):
            if any(tree.covers(seen, grievance.unit_path) for seen in post.unit.seen_paths):
                return True
        elif post.role in (Role.GROUP_LEADER, Role.ZONE_LEADER) and post.unit_id == grievance.holder_unit_id:
            return True
    return False


def readable(events: Iterable[GrievanceEvent], *, user, grievance: Grievance) -> list[GrievanceEvent]:
    """Return the events of the timeline that `user` reads: every one, or all but the internal notes."""
    events = list(events)
    if any(event.action == Action.INTERNAL_NOTE for event in events) and not reads_notes(user, grievance):
        return [event for event in events if event.action != Action.INTERNAL_NOTE]
    return events


def seed(
    grievance: Grievance, *, events: Sequence[GrievanceEvent], assignments: Sequence[Assignment] | None = None
) -> None:
    """Let the case know what a page has read anyway of its whistles and co-handlers: no guard reads it again."""
    if not any(event.action == Action.BLOW_WHISTLE for event in events):
        grievance.blown = []
    if assignments is not None:
        helping = [one for one in assignments if not one.is_lead and one.ended_at is None]
        grievance.helping = sorted(helping, key=lambda one: one.pk)


def _agencies(user) -> set[int]:
    return {post.agency_id for post in user.current_posts if post.role == Role.HANDLER}


def _helps(agency_id: int, grievance: Grievance) -> bool:
    return any(one.agency_id == agency_id for one in grievance.helping)


# The guards; `ask` is the question of the policy: user, grievance, action, at.


def _no_whistle_open(ask) -> Decision:
    if ask.grievance.open_whistle is None:
        return ALLOWED
    return denied(_("Agencies are called to the spot already; write the joint record first, or release them."))


def _is_called(ask) -> Decision:
    if calls_to(ask.user, ask.grievance):
        return ALLOWED
    return idle(_("Your agency is not called to the spot, or has arrived already."))


def _call_open(ask) -> Decision:
    return ALLOWED if open_calls(ask.grievance) else idle(_("Nobody is waited for on the spot."))


def _somebody_arrived(ask) -> Decision:
    whistle = ask.grievance.open_whistle
    if whistle is None:
        return idle(_("Nobody is called to the spot."))
    if any(call.arrived_at for call in whistle.calls.all()):
        return ALLOWED
    return denied(_("Nobody has arrived yet; the joint record is written when they have met."))


def _has_co_handler(ask) -> Decision:
    return ALLOWED if ask.grievance.helping else idle(_("The case has no co-handler."))


def _part_open(ask) -> Decision:
    if parts_of(ask.user, ask.grievance):
        return ALLOWED
    return idle(_("Your agency has reported its part already."))


def _is_staff(ask) -> Decision:
    if reads_notes(ask.user, ask.grievance):
        return ALLOWED
    return denied(_("Internal notes are for the staff who work on the case."))


GUARDS = {
    Guard.NO_WHISTLE_OPEN: _no_whistle_open,
    Guard.IS_CALLED: _is_called,
    Guard.CALL_OPEN: _call_open,
    Guard.SOMEBODY_ARRIVED: _somebody_arrived,
    Guard.HAS_CO_HANDLER: _has_co_handler,
    Guard.PART_OPEN: _part_open,
    Guard.IS_STAFF: _is_staff,
}
