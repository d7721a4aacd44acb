"""How often a case was handed back or given to another agency, from its timeline, in words for pages."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from grievances.choices import Action
from grievances.models import GrievanceEvent
from grievances.presentation import Names

ACTIONS = (Action.RETURN, Action.REASSIGN)
# From how many times on a page says so.
SHOWN_FROM = 2


@dataclass(frozen=True, slots=True)
class Times:
    """How often."""

    returned: int
    reassigned: int

    @property
    def total(self) -> int:
        return self.returned + self.reassigned


@dataclass(frozen=True, slots=True)
class Line:
    """One time: who had it, what became of it, why, when."""

    agency: str
    what: str
    why: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Passing:
    """What pages show of a case that was passed on."""

    words: str
    lines: list[Line] = field(default_factory=list)


def count(actions: Iterable[str]) -> Times:
    """Count the steps that pass a case on."""
    actions = list(actions)
    return Times(returned=actions.count(Action.RETURN), reassigned=actions.count(Action.REASSIGN))


def shown(events: Sequence[GrievanceEvent], names: Names) -> Passing | None:
    """Return what a page shows of the events of a case, the oldest first; None below two times."""
    passed = sorted((one for one in events if one.action in ACTIONS), key=lambda one: (one.at, one.pk))
    times = count(one.action for one in passed)
    if times.total < SHOWN_FROM:
        return None
    return Passing(words=words(times), lines=[_line(one, names) for one in passed])


def words(times: Times) -> str:
    """Say how often: handed back 2 times, reassigned once."""
    parts = []
    if times.returned:
        back = ngettext("handed back %(count)s time", "handed back %(count)s times", times.returned)
        parts.append(back % {"count": times.returned})
    if times.reassigned:
        other = ngettext("given to another %(count)s time", "given to another %(count)s times", times.reassigned)
        parts.append(other % {"count": times.reassigned})
    return _(", ").join(parts)


def _line(event: GrievanceEvent, names: Names) -> Line:
    data = event.data
    if event.action == Action.RETURN:
        reason = names.reasons.get(data.get("reason", ""), "")
        return Line(
            agency=data.get("agency", ""),
            what=_("handed it back"),
            why=_("; ").join(filter(None, [reason, event.note])),
            at=event.at,
        )
    gone_to = _("given to %(agency)s instead") % {"agency": data.get("agency", "")}
    return Line(agency=data.get("from", ""), what=gone_to, why=event.note, at=event.at)
