"""Who may do what to a case, and why not: one answer for pages, desk, API and services.

The workflow table names standings; here a person's posts in force are turned into standings, and guards are checked.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from grievances import joint
from grievances.choices import CARD_OF, Action, Card, Source, Standing, Status
from grievances.models import Assignment, Escalation, Grievance, Publication
from grievances.workflow import Guard, actions_from, transition
from linjiang.common.decisions import ALLOWED, Decision, denied, idle
from orgs import tree
from orgs.choices import DESK_ROLES, LEADER_ROLES, Role
from orgs.models import Post, User
from orgs.profile import profile
from orgs.scopes import scope_of

_AREA_STANDING = {
    Role.SUPERVISOR: Standing.SUPERVISOR,
    Role.OFFICIAL: Standing.OFFICIAL,
    Role.OPERATOR: Standing.OPERATOR,
}


@dataclass(frozen=True, slots=True)
class _Question:
    """What a guard is asked about."""

    user: User
    action: str
    grievance: Grievance
    at: datetime
    by_resident: bool


_HANDLED = (Status.ASSIGNED, Status.IN_PROGRESS, Status.RESOLVED)


def standings(user, grievance: Grievance) -> frozenset[Standing]:
    """Return how `user` stands to the case through posts in force; empty for a stranger.

    Needs `grievance.holder_unit`; asks the database only for agency handlers of another lead (co-handlers).
    """
    if user.is_system:
        return frozenset({Standing.SYSTEM})
    found: set[Standing] = set()
    for post in user.current_posts:
        if post.role == Role.HANDLER:
            found |= _agency_standing(post.agency_id, grievance)
        else:
            found |= _unit_standing(post, grievance)
    if user.pk == grievance.filed_by_id and (found or scope_of(user).covers(grievance.unit_path)):
        found.add(Standing.FILER)
    return frozenset(found)


def _unit_standing(post: Post, grievance: Grievance) -> set[Standing]:
    found: set[Standing] = set()
    path = post.unit.path
    if post.role in (*LEADER_ROLES, *DESK_ROLES) and post.unit_id == grievance.holder_unit_id:
        handled_here = grievance.lead_agency_id is None and grievance.status in _HANDLED
        found.add(Standing.HANDLER if handled_here else Standing.DESK)
    if not any(tree.covers(seen, grievance.unit_path) for seen in post.unit.seen_paths):
        return found
    holder_path = grievance.holder_unit.path if grievance.holder_unit_id else grievance.unit_path
    if post.role == Role.CHIEF:
        found.add(Standing.CHIEF)
    elif post.role in (Role.GROUP_LEADER, Role.ZONE_LEADER):
        found.add(Standing.LEADER)
    elif post.role in DESK_ROLES and tree.covers(path, holder_path):
        found.add(Standing.ASSIGNER)
    elif post.role in _AREA_STANDING:
        found.add(_AREA_STANDING[post.role])
    return found


def _agency_standing(agency_id: int, grievance: Grievance) -> set[Standing]:
    if grievance.lead_agency_id == agency_id:
        return {Standing.HANDLER}
    co_handles = Assignment.objects.filter(grievance=grievance, agency_id=agency_id, ended_at__isnull=True)
    return {Standing.CO_HANDLER} if co_handles.exists() else set()


def decide(user, action: str, grievance: Grievance, *, at: datetime, by_resident: bool = False) -> Decision:
    """Say whether `user` may do `action` to the case at `at`.

    `by_resident`: the holder of the case's link acts; `user` is then the automation's.
    """
    row = transition(grievance.status, action)
    if row is None:
        return denied(
            _("This step is not open: the case is “%(status)s”.") % {"status": grievance.get_status_display()}
        )
    standing = frozenset({Standing.RESIDENT}) if by_resident else standings(user, grievance)
    if not row.by & standing and not _joins_next_door(user, action, grievance, by_resident=by_resident):
        who = _(", ").join(str(Standing(name).label) for name in Standing if name in row.by and name != Standing.SYSTEM)
        return denied(_("This step is for %(who)s.") % {"who": who})
    for guard in row.guards:
        answer = _GUARDS[guard](_Question(user, action, grievance, at, by_resident))
        if not answer:
            return answer
    return ALLOWED


def _joins_next_door(user, action: str, grievance: Grievance, *, by_resident: bool) -> bool:
    """Say whether the case is next door's: joined by whoever files in the community, though not theirs to see."""
    if action != Action.JOIN or by_resident or user.is_system:
        return False
    return Grievance.objects.near(user).filter(pk=grievance.pk).exists()


def available_actions(user, grievance: Grievance, *, at: datetime) -> list[tuple[Action, Decision]]:
    """Return every step of the case's present status that concerns `user`, allowed or with the reason why not.

    Steps meant for other people entirely are left out: a page shows what could be this person's to do.
    """
    mine = standings(user, grievance)
    return [
        (action, decide(user, action, grievance, at=at))
        for action in actions_from(grievance.status)
        if transition(grievance.status, action).by & mine
    ]


def cards_to_answer(user, grievance: Grievance) -> list[Escalation]:
    """Return the cards that wait for an answer and were shown to the agency or the desk of `user`."""
    return [card for card in grievance.cards if card.awaits_answer and _was_shown(user, card)]


def cards_to_withdraw(user, grievance: Grievance) -> list[Escalation]:
    """Return the cards in force that `user` may withdraw (撤销).

    A supervisor over the place may, and the desk above the one that was shown it; above an agency that is the desk
    that gave it the case. Nobody withdraws a card that was shown to themselves.
    """
    return [
        card
        for card in grievance.cards
        if card.in_force and not _was_shown(user, card) and _is_above(user, card, grievance)
    ]


# Which cards a step is about, for one person.
CARDS_OF = {Action.ANSWER_CARD: cards_to_answer, Action.WITHDRAW_CARD: cards_to_withdraw}


def _was_shown(user, card: Escalation) -> bool:
    posts = user.current_posts
    if card.agency_id:
        return card.agency_id in {post.agency_id for post in posts}
    return card.unit_id in {post.unit_id for post in posts if post.role in (*LEADER_ROLES, *DESK_ROLES)}


def _is_above(user, card: Escalation, grievance: Grievance) -> bool:
    shown = card.unit.path if card.unit else grievance.unit_path
    for post in user.current_posts:
        if post.role == Role.SUPERVISOR:
            if any(tree.covers(seen, grievance.unit_path) for seen in post.unit.seen_paths):
                return True
        elif (
            post.role in DESK_ROLES
            and tree.covers(post.unit.path, shown)
            and (card.agency_id or post.unit.path != shown)
        ):
            return True
    return False


def may_see_contact(user, grievance: Grievance) -> Decision:
    """Say whether `user` may be shown the resident's full contact data (the showing is recorded)."""
    needed = {
        Standing.FILER,
        Standing.CHIEF,
        Standing.DESK,
        Standing.ASSIGNER,
        Standing.HANDLER,
        Standing.OPERATOR,
    }
    if standings(user, grievance) & needed:
        return ALLOWED
    return denied(_("Only those who handle this case may see how to reach the resident."))


def acting_standing(user, action: str, grievance: Grievance, *, by_resident: bool = False) -> Standing:
    """Return the standing in which an allowed step is taken, for the timeline."""
    if by_resident:
        return Standing.RESIDENT
    mine = standings(user, grievance) & transition(grievance.status, action).by
    if not mine and action == Action.JOIN:  # from next door, as what the person is there
        return Standing.CHIEF if user.holds(Role.CHIEF) else Standing.LEADER
    return next(name for name in Standing if name in mine)


def _not_suspended(ask: _Question) -> Decision:
    return denied(_("The case is suspended; resume it first.")) if ask.grievance.suspended else ALLOWED


def _suspended(ask: _Question) -> Decision:
    return ALLOWED if ask.grievance.suspended else idle(_("The case is not suspended."))


def _extension_pending(ask: _Question) -> Decision:
    pending = ask.grievance.pending_extension
    if pending is None:
        return idle(_("No extension was asked for."))
    if pending.asked_by_id == ask.user.pk:
        return denied(_("Somebody else decides on an extension you asked for."))
    return ALLOWED


def _no_extension_pending(ask: _Question) -> Decision:
    if ask.grievance.pending_extension:
        return denied(_("An extension was asked for already."))
    if ask.grievance.extensions.filter(granted=True).count() >= profile().cases["max_extensions"]:
        return denied(_("No further extension: the limit of extensions for one case is reached."))
    return ALLOWED


def _suspension_pending(ask: _Question) -> Decision:
    pending = ask.grievance.pending_suspension
    if pending is None:
        return idle(_("No suspension was asked for."))
    if pending.asked_by_id == ask.user.pk:
        return denied(_("Somebody else decides on a suspension you asked for."))
    # Approved by the level above who asked; for an agency that is the desk that gave it the case.
    holder = (pending.unit or ask.grievance.holder_unit).path
    for post in ask.user.current_posts:
        if post.role not in (*DESK_ROLES, Role.SUPERVISOR) or not tree.covers(post.unit.path, holder):
            continue
        if pending.unit is None or len(post.unit.path) < len(holder):
            return ALLOWED
    return denied(_("A suspension is decided by the level above the one that asked for it."))


def _no_suspension_pending(ask: _Question) -> Decision:
    if ask.grievance.pending_suspension:
        return denied(_("A suspension was asked for already."))
    return ALLOWED


def _card_pending(ask: _Question) -> Decision:
    if cards_to_answer(ask.user, ask.grievance):
        return ALLOWED
    if any(card.awaits_answer for card in ask.grievance.cards):
        return denied(_("Only who was shown a card answers it."))
    return idle(_("No card waits for an answer."))


def _card_in_force(ask: _Question) -> Decision:
    if cards_to_withdraw(ask.user, ask.grievance):
        return ALLOWED
    if any(card.in_force for card in ask.grievance.cards):
        return denied(_("A card is withdrawn by a supervisor or by the level above who was shown it."))
    return idle(_("No card is in force."))


def _before_limit(ask: _Question) -> Decision:
    if ask.grievance.due_at and ask.at >= ask.grievance.due_at:
        return denied(_("An extension is asked for before the limit, not after it."))
    return ALLOWED


def _not_resolver(ask: _Question) -> Decision:
    if ask.by_resident:
        return ALLOWED
    posts = ask.user.current_posts
    same_agency = ask.grievance.lead_agency_id and any(post.agency_id == ask.grievance.lead_agency_id for post in posts)
    same_desk = not ask.grievance.lead_agency_id and any(
        post.unit_id and post.unit_id == ask.grievance.holder_unit_id for post in posts
    )
    if ask.user.pk == ask.grievance.resolved_by_id or same_agency or same_desk:
        return denied(_("Who handled a case does not confirm its result; the household or somebody else does."))
    return ALLOWED


def _called_back(ask: _Question) -> Decision:
    needed = profile().cases["callbacks_needed"]
    if ask.grievance.callbacks < needed:
        return denied(
            _("Record %(needed)s call-backs, %(gap)s hours apart, before closing unanswered; so far %(done)s count.")
            % {"needed": needed, "gap": profile().cases["callback_gap_hours"], "done": ask.grievance.callbacks}
        )
    return ALLOWED


def _reopen_window(ask: _Question) -> Decision:
    days = profile().cases["reopen_days"]
    if ask.grievance.closed_at and ask.at > ask.grievance.closed_at + timedelta(days=days):
        return denied(_("Closed more than %(days)s days ago; please file a new case.") % {"days": days})
    return ALLOWED


def _has_superior(ask: _Question) -> Decision:
    if ask.grievance.holder_unit_id and tree.depth(ask.grievance.holder_unit.path) > _STREET_DEPTH:
        return ALLOWED
    return denied(_("There is no desk above this one to refer to."))


def _return_window(ask: _Question) -> Decision:
    if ask.grievance.acknowledge_due_at and ask.at > ask.grievance.acknowledge_due_at:
        return denied(_("The time for returning has passed; acknowledge it and, if need be, ask for reassignment."))
    return ALLOWED


def _not_rejected_by_same(ask: _Question) -> Decision:
    before = ask.grievance.events.filter(action=Action.REJECT, actor=ask.user)
    if before.exists():
        return denied(_("You did not accept this case before; after the appeal somebody else decides."))
    return ALLOWED


def _not_just_urged(ask: _Question) -> Decision:
    card = CARD_OF[Action(ask.action)]
    pause = timedelta(hours=profile().cases["urge_pause_hours" if card == Card.URGE else "card_pause_hours"])
    shown = [one for one in ask.grievance.urgings if one.card == card and one.rung is None]
    by_hand = [one for one in shown if one.withdrawn_by_id is None]
    last = by_hand[-1] if by_hand else None
    if last is not None and last.at > ask.at - pause:
        return denied(
            _("The same was sent at %(time)s already. Give them a little time.")
            % {"time": timezone.localtime(last.at).strftime("%H:%M")}
        )
    return ALLOWED


def _not_a_residents(ask: _Question) -> Decision:
    if ask.grievance.source == Source.RESIDENT and ask.grievance.filed_by_id != ask.user.pk:
        return denied(_("A resident told this; it is not taken back by others. Report it or solve it."))
    return ALLOWED


def _may_be_shown(ask: _Question) -> Decision:
    if ask.grievance.is_private:
        return denied(_("Who told this asked for it to be kept private."))
    if not ask.grievance.said_resolved:
        return denied(_("Only what the household called solved is shown to the neighbourhood."))
    return ALLOWED


def _is_shown(ask: _Question) -> Decision:
    if Publication.objects.filter(grievance=ask.grievance, withdrawn_at__isnull=True).exists():
        return ALLOWED
    return idle(_("The case is not on the public page."))


_STREET_DEPTH = 3

_GUARDS = {
    Guard.NOT_SUSPENDED: _not_suspended,
    Guard.SUSPENDED: _suspended,
    Guard.EXTENSION_PENDING: _extension_pending,
    Guard.NO_EXTENSION_PENDING: _no_extension_pending,
    Guard.SUSPENSION_PENDING: _suspension_pending,
    Guard.NO_SUSPENSION_PENDING: _no_suspension_pending,
    Guard.CARD_PENDING: _card_pending,
    Guard.CARD_IN_FORCE: _card_in_force,
    Guard.BEFORE_LIMIT: _before_limit,
    Guard.NOT_RESOLVER: _not_resolver,
    Guard.CALLED_BACK: _called_back,
    Guard.REOPEN_WINDOW: _reopen_window,
    Guard.HAS_SUPERIOR: _has_superior,
    Guard.RETURN_WINDOW: _return_window,
    Guard.NOT_REJECTED_BY_SAME: _not_rejected_by_same,
    Guard.NOT_JUST_URGED: _not_just_urged,
    Guard.NOT_A_RESIDENTS: _not_a_residents,
    Guard.MAY_BE_SHOWN: _may_be_shown,
    Guard.IS_SHOWN: _is_shown,
    **joint.GUARDS,
}
