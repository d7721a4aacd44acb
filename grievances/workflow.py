"""The workflow as a table: (status, action) → where it leads, who may, what must be given. Pure.

Change the workflow here and nowhere else. Guards that need the case's data are named and live in `policies`.
Sources: the five steps of the neighbour-chief system (发现、反映、交办、解决、反馈).
"""

from dataclasses import dataclass
from enum import StrEnum

from grievances.choices import LIVE, Action, ReasonKind, Standing, Status


class Guard(StrEnum):
    """Further conditions on the case or the actor, checked by the policy."""

    NOT_SUSPENDED = "not_suspended"
    SUSPENDED = "suspended"
    EXTENSION_PENDING = "extension_pending"
    NO_EXTENSION_PENDING = "no_extension_pending"
    SUSPENSION_PENDING = "suspension_pending"
    NO_SUSPENSION_PENDING = "no_suspension_pending"
    CARD_PENDING = "card_pending"
    CARD_IN_FORCE = "card_in_force"
    BEFORE_LIMIT = "before_limit"
    NOT_RESOLVER = "not_resolver"
    CALLED_BACK = "called_back"
    REOPEN_WINDOW = "reopen_window"
    HAS_SUPERIOR = "has_superior"
    RETURN_WINDOW = "return_window"
    NOT_REJECTED_BY_SAME = "not_rejected_by_same"
    NOT_JUST_URGED = "not_just_urged"
    NOT_A_RESIDENTS = "not_a_residents"
    MAY_BE_SHOWN = "may_be_shown"
    IS_SHOWN = "is_shown"
    NO_WHISTLE_OPEN = "no_whistle_open"
    IS_CALLED = "is_called"
    CALL_OPEN = "call_open"
    SOMEBODY_ARRIVED = "somebody_arrived"
    HAS_CO_HANDLER = "has_co_handler"
    PART_OPEN = "part_open"
    IS_STAFF = "is_staff"


@dataclass(frozen=True, slots=True)
class Transition:
    """One row. `to` None keeps the status. `required` names the service's arguments that must not be empty."""

    to: Status | None
    by: frozenset[Standing]
    guards: tuple[Guard, ...] = ()
    required: tuple[str, ...] = ()
    reason: ReasonKind | None = None


def _row(to, *by, guards=(), required=(), reason=None) -> Transition:
    if reason:
        required = ("reason", *required)
    return Transition(to, frozenset(by), tuple(guards), tuple(required), reason)


_DESK = (Standing.DESK, Standing.ASSIGNER)
_FILERS = (Standing.FILER, Standing.CHIEF)
_ANYONE = (
    Standing.FILER,
    Standing.CHIEF,
    Standing.LEADER,
    Standing.DESK,
    Standing.ASSIGNER,
    Standing.HANDLER,
    Standing.CO_HANDLER,
    Standing.SUPERVISOR,
    Standing.OPERATOR,
)

TABLE: dict[tuple[Status, Action], Transition] = {
    # 发现
    # What a resident told and the chief did not take up is passed on by the platform (`services.door`).
    (Status.DISCOVERED, Action.REPORT): _row(Status.REPORTED, *_FILERS, *_DESK, Standing.SYSTEM),
    (Status.DISCOVERED, Action.RESOLVE_ON_SPOT): _row(Status.RESOLVED, *_FILERS, required=("result",)),
    (Status.DISCOVERED, Action.WITHDRAW): _row(
        Status.WITHDRAWN, *_FILERS, guards=[Guard.NOT_A_RESIDENTS], reason=ReasonKind.WITHDRAW
    ),
    # 反映
    (Status.REPORTED, Action.ASSIGN): _row(Status.ASSIGNED, Standing.ASSIGNER, required=("agency",)),
    (Status.REPORTED, Action.REFER_UP): _row(None, *_DESK, guards=[Guard.HAS_SUPERIOR]),
    (Status.REPORTED, Action.REFER_DOWN): _row(None, *_DESK, required=("unit",)),
    (Status.REPORTED, Action.SETTLE_HERE): _row(Status.IN_PROGRESS, *_DESK),
    (Status.REPORTED, Action.REJECT): _row(
        Status.REJECTED, Standing.ASSIGNER, guards=[Guard.NOT_REJECTED_BY_SAME], reason=ReasonKind.REJECT
    ),
    (Status.REPORTED, Action.MERGE): _row(Status.MERGED, *_DESK, required=("into",)),
    (Status.REPORTED, Action.WITHDRAW): _row(Status.WITHDRAWN, Standing.FILER, reason=ReasonKind.WITHDRAW),
    # 交办
    (Status.ASSIGNED, Action.ACKNOWLEDGE): _row(Status.IN_PROGRESS, Standing.HANDLER),
    (Status.ASSIGNED, Action.RETURN): _row(
        Status.REPORTED, Standing.HANDLER, guards=[Guard.RETURN_WINDOW], reason=ReasonKind.RETURN
    ),
    (Status.ASSIGNED, Action.REASSIGN): _row(Status.ASSIGNED, Standing.ASSIGNER, required=("agency",)),
    # 办理
    (Status.IN_PROGRESS, Action.RESOLVE): _row(
        Status.RESOLVED, Standing.HANDLER, guards=[Guard.NOT_SUSPENDED], required=("result",)
    ),
    (Status.IN_PROGRESS, Action.ASK_EXTENSION): _row(
        None,
        Standing.HANDLER,
        guards=[Guard.NOT_SUSPENDED, Guard.NO_EXTENSION_PENDING, Guard.BEFORE_LIMIT],
        required=("days",),
        reason=ReasonKind.EXTEND,
    ),
    (Status.IN_PROGRESS, Action.GRANT_EXTENSION): _row(None, Standing.ASSIGNER, guards=[Guard.EXTENSION_PENDING]),
    (Status.IN_PROGRESS, Action.REFUSE_EXTENSION): _row(
        None, Standing.ASSIGNER, guards=[Guard.EXTENSION_PENDING], required=("note",)
    ),
    (Status.IN_PROGRESS, Action.ASK_SUSPENSION): _row(
        None,
        Standing.HANDLER,
        Standing.ASSIGNER,
        guards=[Guard.NOT_SUSPENDED, Guard.NO_SUSPENSION_PENDING],
        required=("review_on",),
        reason=ReasonKind.SUSPEND,
    ),
    (Status.IN_PROGRESS, Action.SUSPEND): _row(
        None, Standing.ASSIGNER, Standing.SUPERVISOR, guards=[Guard.SUSPENSION_PENDING]
    ),
    (Status.IN_PROGRESS, Action.REFUSE_SUSPENSION): _row(
        None, Standing.ASSIGNER, Standing.SUPERVISOR, guards=[Guard.SUSPENSION_PENDING], required=("note",)
    ),
    (Status.IN_PROGRESS, Action.RESUME): _row(None, Standing.ASSIGNER, Standing.HANDLER, guards=[Guard.SUSPENDED]),
    (Status.IN_PROGRESS, Action.RETURN): _row(
        Status.REPORTED, Standing.HANDLER, guards=[Guard.NOT_SUSPENDED], reason=ReasonKind.RETURN
    ),
    (Status.IN_PROGRESS, Action.REASSIGN): _row(
        Status.ASSIGNED, Standing.ASSIGNER, guards=[Guard.NOT_SUSPENDED], required=("agency",)
    ),
    # 反馈; `feedback` itself decides between CLOSED and ASSIGNED (重办)
    (Status.RESOLVED, Action.FEEDBACK): _row(
        Status.CLOSED,
        Standing.RESIDENT,
        Standing.CHIEF,
        Standing.FILER,
        Standing.LEADER,
        Standing.DESK,
        Standing.ASSIGNER,
        Standing.OPERATOR,
        guards=[Guard.NOT_RESOLVER],
        required=("rating",),
    ),
    (Status.RESOLVED, Action.RECORD_CALLBACK): _row(
        None,
        *_DESK,
        Standing.CHIEF,
        Standing.LEADER,
        Standing.OPERATOR,
        guards=[Guard.NOT_RESOLVER],
        required=("note",),
    ),
    (Status.RESOLVED, Action.CLOSE_UNANSWERED): _row(
        Status.CLOSED,
        Standing.ASSIGNER,
        Standing.OPERATOR,
        guards=[Guard.NOT_RESOLVER, Guard.CALLED_BACK],
        reason=ReasonKind.CLOSE_UNANSWERED,
    ),
    (Status.CLOSED, Action.RATE_LATER): _row(
        None, Standing.RESIDENT, guards=[Guard.REOPEN_WINDOW], required=("rating",)
    ),
    (Status.CLOSED, Action.REOPEN): _row(
        Status.REPORTED,
        Standing.RESIDENT,
        *_FILERS,
        Standing.ASSIGNER,
        Standing.OPERATOR,
        guards=[Guard.REOPEN_WINDOW],
        reason=ReasonKind.REOPEN,
    ),
    # 公开: only what the household called solved, in words of its own
    (Status.CLOSED, Action.PUBLISH): _row(
        None, Standing.ASSIGNER, guards=[Guard.MAY_BE_SHOWN], required=("public_title", "public_text")
    ),
    (Status.CLOSED, Action.UNPUBLISH): _row(None, Standing.ASSIGNER, guards=[Guard.IS_SHOWN], required=("note",)),
    (Status.REJECTED, Action.APPEAL): _row(Status.REPORTED, *_FILERS, Standing.RESIDENT, required=("note",)),
}

# On any live status.
for _status in LIVE:
    TABLE[_status, Action.COMMENT] = _row(None, *_ANYONE, Standing.OFFICIAL, required=("note",))
    TABLE[_status, Action.ADD_PHOTO] = _row(None, *_ANYONE, Standing.RESIDENT, required=("photos",))
    TABLE[_status, Action.JOIN] = _row(None, *_FILERS, *_DESK, Standing.LEADER, Standing.OPERATOR, Standing.RESIDENT)
for _status in (Status.REPORTED, Status.ASSIGNED, Status.IN_PROGRESS):
    TABLE[_status, Action.URGE] = _row(
        None,
        Standing.ASSIGNER,
        Standing.SUPERVISOR,
        Standing.OPERATOR,
        Standing.OFFICIAL,
        guards=[Guard.NOT_JUST_URGED],
    )
    for _card in (Action.YELLOW_CARD, Action.RED_CARD):
        TABLE[_status, _card] = _row(None, Standing.SUPERVISOR, guards=[Guard.NOT_JUST_URGED], required=("note",))
    TABLE[_status, Action.CLASSIFY] = _row(None, *_DESK, required=("category",))
    # 吹哨: several agencies to the spot; the lead stays accountable, without one the desk does
    TABLE[_status, Action.BLOW_WHISTLE] = _row(
        None,
        Standing.ASSIGNER,
        guards=[Guard.NOT_SUSPENDED, Guard.NO_WHISTLE_OPEN],
        required=("agencies", "place", "note"),
    )
    TABLE[_status, Action.ARRIVE] = _row(None, Standing.HANDLER, Standing.CO_HANDLER, guards=[Guard.IS_CALLED])
    TABLE[_status, Action.RELEASE_CALL] = _row(None, Standing.ASSIGNER, guards=[Guard.CALL_OPEN], required=("note",))
    TABLE[_status, Action.RECORD_JOINT] = _row(
        None, Standing.ASSIGNER, Standing.HANDLER, guards=[Guard.SOMEBODY_ARRIVED], required=("note",)
    )
for _status in (Status.ASSIGNED, Status.IN_PROGRESS):
    # 协办
    TABLE[_status, Action.ADD_CO_HANDLER] = _row(None, Standing.ASSIGNER, required=("agencies",))
    TABLE[_status, Action.RELEASE_CO_HANDLER] = _row(
        None, Standing.ASSIGNER, guards=[Guard.HAS_CO_HANDLER], required=("agencies", "note")
    )
    TABLE[_status, Action.REPORT_PART] = _row(None, Standing.CO_HANDLER, guards=[Guard.PART_OPEN], required=("note",))
_WITHDRAWN = _row(None, Standing.ASSIGNER, Standing.SUPERVISOR, guards=[Guard.CARD_IN_FORCE], required=("note",))
for _status in LIVE:
    TABLE[_status, Action.ANSWER_CARD] = _row(
        None, Standing.HANDLER, *_DESK, guards=[Guard.CARD_PENDING], required=("note",)
    )
    TABLE[_status, Action.WITHDRAW_CARD] = _WITHDRAWN
    # 内部备注: written and read by those who work on the case, by no chief and no resident
    TABLE[_status, Action.INTERNAL_NOTE] = _row(
        None,
        *_DESK,
        Standing.HANDLER,
        Standing.CO_HANDLER,
        Standing.SUPERVISOR,
        guards=[Guard.IS_STAFF],
        required=("note",),
    )
    TABLE[_status, Action.ESCALATE] = _row(None, Standing.SYSTEM)
    TABLE[_status, Action.RECOMPUTE] = _row(None, Standing.SYSTEM)
# That a card was a mistake may be found when the case is over.
TABLE[Status.CLOSED, Action.WITHDRAW_CARD] = _WITHDRAWN


def transition(status: str, action: str) -> Transition | None:
    """Return the row for `action` on a case in `status`; None when the step is not open there."""
    return TABLE.get((Status(status), Action(action)))


def actions_from(status: str) -> list[Action]:
    """Return the actions the table has for `status`, in the order a person would look for them."""
    return [action for action in Action if (Status(status), action) in TABLE]
