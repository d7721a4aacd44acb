"""Every step by name, for pages, desk and API that offer whatever the policy allows: `perform(action=…, …)`.

`FIELDS` lists, per action, the arguments a person may fill in, in the order a form shows them.
"""

from collections.abc import Callable
from datetime import datetime

from grievances.choices import Action
from grievances.models import Grievance
from grievances.services import (
    cards,
    desk,
    feedback,
    filing,
    handling,
    helping,
    pauses,
    publishing,
    remarks,
    whistles,
)
from orgs.models import User

VERBS: dict[Action, Callable[..., Grievance]] = {
    Action.REPORT: filing.report,
    Action.RESOLVE_ON_SPOT: filing.resolve_on_spot,
    Action.WITHDRAW: filing.withdraw,
    Action.ASSIGN: desk.assign,
    Action.REFER_UP: desk.refer_up,
    Action.REFER_DOWN: desk.refer_down,
    Action.SETTLE_HERE: desk.settle_here,
    Action.REJECT: desk.reject,
    Action.MERGE: desk.merge,
    Action.REASSIGN: desk.reassign,
    Action.GRANT_EXTENSION: pauses.grant_extension,
    Action.REFUSE_EXTENSION: pauses.refuse_extension,
    Action.ASK_SUSPENSION: pauses.ask_suspension,
    Action.SUSPEND: pauses.suspend,
    Action.REFUSE_SUSPENSION: pauses.refuse_suspension,
    Action.RESUME: pauses.resume,
    Action.CLASSIFY: desk.classify,
    Action.APPEAL: desk.appeal,
    Action.ACKNOWLEDGE: handling.acknowledge,
    Action.RETURN: handling.return_case,
    Action.RESOLVE: handling.resolve,
    Action.ASK_EXTENSION: handling.ask_extension,
    Action.FEEDBACK: feedback.record_feedback,
    Action.RECORD_CALLBACK: feedback.record_callback,
    Action.CLOSE_UNANSWERED: feedback.close_unanswered,
    Action.REOPEN: feedback.reopen,
    Action.COMMENT: remarks.comment,
    Action.ADD_PHOTO: remarks.add_photo,
    Action.URGE: cards.urge,
    Action.YELLOW_CARD: cards.yellow_card,
    Action.RED_CARD: cards.red_card,
    Action.ANSWER_CARD: cards.answer_card,
    Action.WITHDRAW_CARD: cards.withdraw_card,
    Action.PUBLISH: publishing.publish,
    Action.UNPUBLISH: publishing.unpublish,
    Action.BLOW_WHISTLE: whistles.blow_whistle,
    Action.ARRIVE: whistles.arrive,
    Action.RELEASE_CALL: whistles.release_call,
    Action.RECORD_JOINT: whistles.record_joint,
    Action.ADD_CO_HANDLER: helping.add_co_handler,
    Action.RELEASE_CO_HANDLER: helping.release_co_handler,
    Action.REPORT_PART: helping.report_part,
    Action.INTERNAL_NOTE: remarks.internal_note,
}

FIELDS: dict[Action, tuple[str, ...]] = {
    Action.REPORT: ("note",),
    Action.RESOLVE_ON_SPOT: ("result", "photos"),
    Action.WITHDRAW: ("reason", "note"),
    Action.ASSIGN: ("agency", "co_agencies", "note"),
    Action.REFER_UP: ("note",),
    Action.REFER_DOWN: ("unit", "note"),
    Action.SETTLE_HERE: ("note",),
    Action.REJECT: ("reason", "note"),
    Action.MERGE: ("into", "note"),
    Action.REASSIGN: ("agency", "co_agencies", "note"),
    Action.GRANT_EXTENSION: ("note",),
    Action.REFUSE_EXTENSION: ("note",),
    Action.ASK_SUSPENSION: ("reason", "review_on", "note"),
    Action.SUSPEND: ("note",),
    Action.REFUSE_SUSPENSION: ("note",),
    Action.RESUME: ("note",),
    Action.CLASSIFY: ("category", "urgency", "note"),
    Action.APPEAL: ("note",),
    Action.ACKNOWLEDGE: ("note",),
    Action.RETURN: ("reason", "note"),
    Action.RESOLVE: ("result", "photos"),
    Action.ASK_EXTENSION: ("days", "reason", "note"),
    Action.FEEDBACK: ("rating", "said_resolved", "comment"),
    Action.RECORD_CALLBACK: ("note",),
    Action.CLOSE_UNANSWERED: ("reason", "note"),
    Action.REOPEN: ("reason", "note"),
    Action.COMMENT: ("note", "is_public"),
    Action.ADD_PHOTO: ("photos", "note"),
    Action.URGE: ("note",),
    Action.YELLOW_CARD: ("note",),
    Action.RED_CARD: ("note",),
    Action.ANSWER_CARD: ("cards", "note"),
    Action.WITHDRAW_CARD: ("cards", "note"),
    Action.PUBLISH: ("public_title", "public_text", "before", "after"),
    Action.UNPUBLISH: ("note",),
    Action.BLOW_WHISTLE: ("agencies", "place", "meet_at", "note"),
    Action.ARRIVE: ("note", "photos"),
    Action.RELEASE_CALL: ("calls", "note"),
    Action.RECORD_JOINT: ("note",),
    Action.ADD_CO_HANDLER: ("agencies", "note"),
    Action.RELEASE_CO_HANDLER: ("agencies", "note"),
    Action.REPORT_PART: ("note", "photos"),
    Action.INTERNAL_NOTE: ("note",),
}


def perform(
    *, action: str, actor: User, grievance: Grievance, now: datetime, version: int | None = None, **given
) -> Grievance:
    """Carry out `action` by its verb with the arguments the person gave; raises what the verb raises."""
    return VERBS[Action(action)](actor=actor, grievance=grievance, now=now, version=version, **given)
