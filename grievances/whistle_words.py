"""What pages say of agencies called to the spot and of co-handlers: lines of the case page, titles of the timeline."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from grievances.choices import Action
from grievances.models import Assignment, GrievanceEvent, Whistle, WhistleCall
from linjiang.common.templatetags.lj import cn_datetime

WAITED, LATE, CAME, CAME_LATE = "waited", "late", "came", "came_late"
# Not needed any more; over before its time was; over, and it did not come.
RELEASED, OVER, ABSENT = "released", "over", "absent"
_ICONS = {
    WAITED: "clock",
    LATE: "circle-alert",
    CAME: "circle-check",
    CAME_LATE: "circle-check",
    RELEASED: "undo-2",
    OVER: "circle",
    ABSENT: "circle-x",
}


@dataclass(frozen=True, slots=True)
class CallLine:
    """One called agency: how it stands with it, in a word, who said so and what."""

    pk: int
    agency: str
    state: str
    icon: str
    word: str
    who: str
    note: str


@dataclass(frozen=True, slots=True)
class WhistleLine:
    """One whistle as pages show it. `lead` is who answers for the case."""

    pk: int
    place: str
    due_at: datetime
    reason: str
    blown: str
    is_open: bool
    late: int
    record: str
    recorded: str
    calls: list[CallLine]


def whistle_lines(whistles: Iterable[Whistle], *, at: datetime) -> list[WhistleLine]:
    """Return the whistles of a case, the newest first."""
    return [_whistle(one, at) for one in sorted(whistles, key=lambda one: -one.pk)]


def _whistle(whistle: Whistle, at: datetime) -> WhistleLine:
    calls = list(whistle.calls.all())
    recorded = ""
    if whistle.recorded_by is not None:
        recorded = _("%(who)s, %(when)s") % {"who": whistle.recorded_by, "when": cn_datetime(whistle.ended_at)}
    return WhistleLine(
        pk=whistle.pk,
        place=whistle.place,
        due_at=whistle.meet_at,
        reason=whistle.reason,
        blown=_("%(unit)s, %(who)s, %(when)s")
        % {"unit": whistle.unit, "who": whistle.by, "when": cn_datetime(whistle.at)},
        is_open=whistle.ended_at is None,
        late=sum(call.is_late(at=at) for call in calls if call.released_by_id is None),
        record=whistle.record,
        recorded=recorded,
        calls=[call_line(call, at=at) for call in calls],
    )


def call_line(call: WhistleCall, *, at: datetime) -> CallLine:
    """Put one call into words."""
    who, note = "", ""
    if call.arrived_at is not None:
        state = CAME_LATE if call.is_late(at=at) else CAME
        wording = _("on the spot %(when)s, late") if state == CAME_LATE else _("on the spot %(when)s")
        word = wording % {"when": cn_datetime(call.arrived_at)}
        who, note = str(call.arrived_by), call.note
    elif call.released_by_id is not None:
        state, word, who, note = RELEASED, _("need not come"), str(call.released_by), call.release
    elif not call.is_open and call.closed_at < call.due_at:
        state, word = OVER, _("had not come by then")
    elif not call.is_open:
        state, word = ABSENT, _("did not come")
    elif call.is_late(at=at):
        state, word = LATE, _("late: was expected by %(when)s") % {"when": cn_datetime(call.due_at)}
    else:
        state, word = WAITED, _("expected by %(when)s") % {"when": cn_datetime(call.due_at)}
    return CallLine(pk=call.pk, agency=call.agency.name, state=state, icon=_ICONS[state], word=word, who=who, note=note)


@dataclass(frozen=True, slots=True)
class PartLine:
    """One co-handler and its part: done or not, who said so, what was done."""

    agency: str
    is_done: bool
    who: str
    note: str


def part_lines(helping: Sequence[Assignment], *, waited_for: Collection[int] = ()) -> list[PartLine]:
    """Return the co-handlers in force, in the order they came, without those who are `waited_for` on the spot: they
    stand there."""
    return [
        PartLine(
            agency=one.agency.name,
            is_done=one.done_at is not None,
            who=_("%(who)s, %(when)s") % {"who": one.done_by, "when": cn_datetime(one.done_at)} if one.done_at else "",
            note=one.done_note,
        )
        for one in helping
        if one.agency_id not in waited_for
    ]


def joint_title(event: GrievanceEvent, facts: dict) -> str:
    """Say in one sentence what a step of several agencies did."""
    agencies = _(", ").join(map(str, event.data.get("agencies") or ()))
    facts = {**facts, "agencies": agencies, "due": _moment(event.data.get("meet_at"))}
    if event.action == Action.BLOW_WHISTLE:
        return _("Called %(agencies)s to %(place)s, to be there by %(due)s") % {"place": "", **facts}
    if event.action == Action.ARRIVE:
        late = event.data.get("late")
        return (_("%(agencies)s arrived on the spot, late") if late else _("%(agencies)s arrived on the spot")) % facts
    if event.action == Action.RECORD_JOINT:
        absent = _(", ").join(map(str, event.data.get("absent") or ()))
        words = _("Joint record with %(agencies)s") % facts
        return _("%(what)s; %(absent)s did not come") % {"what": words, "absent": absent} if absent else words
    wording = {
        Action.RELEASE_CALL: _("%(agencies)s need not come to the spot"),
        Action.ADD_CO_HANDLER: _("%(agencies)s helps from now on"),
        Action.RELEASE_CO_HANDLER: _("%(agencies)s helps no more"),
        Action.REPORT_PART: _("%(agencies)s has done its part"),
    }[Action(event.action)]
    return wording % facts


JOINT = (
    Action.BLOW_WHISTLE,
    Action.ARRIVE,
    Action.RELEASE_CALL,
    Action.RECORD_JOINT,
    Action.ADD_CO_HANDLER,
    Action.RELEASE_CO_HANDLER,
    Action.REPORT_PART,
)


def _moment(written: str | None) -> str:
    try:
        return cn_datetime(datetime.fromisoformat(written))
    except (TypeError, ValueError):
        return "—"
