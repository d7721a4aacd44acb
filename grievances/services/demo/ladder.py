"""The ladder of an overdue case of the past: each rung at the moment it fell due, as the sweep would have found it."""

from datetime import datetime
from typing import TYPE_CHECKING

from grievances import deadlines
from grievances.choices import RUNNING, Action, Card, Rung, Standing
from grievances.models import Escalation
from orgs.models import Unit
from orgs.profile import profile

if TYPE_CHECKING:
    from grievances.services.demo.story import Story


def climb(story: "Story", at: datetime) -> None:
    """Fire the rungs that fell due before `at`, each at its own moment."""
    case = story.case
    while case.next_alarm_at and case.next_alarm_at <= at and case.status in RUNNING:
        rung, due = case.rung + 1, case.next_alarm_at
        fired_at = max(due, story.events[-1].at)
        unit = (case.holder_unit, _superior(story), story.place.street)[rung - 1]
        story.escalations.append(
            Escalation(
                card=Card.REMIND if rung == Rung.HOLDER else Card.URGE,
                rung=rung,
                due_at=case.due_at,
                unit=unit,
                agency=case.lead_agency if rung == Rung.HOLDER else None,
                by=story.system,
                at=fired_at,
            )
        )
        data = {"rung": int(rung), "to": unit.name, "due_at": case.due_at.isoformat()}
        story.record(Action.ESCALATE, fired_at, story.system, Standing.SYSTEM, case.status, "", data, False)
        case.rung, case.version = rung, case.version + 1
        last = rung >= max(Rung)
        hours = profile().cases["rung_hours"]
        case.next_alarm_at = (
            None if last else deadlines.rung_due_at(due_at=case.due_at, rung=rung + 1, rung_hours=hours)
        )


def _superior(story: "Story") -> Unit:
    if story.case.lead_agency_id:
        return story.case.holder_unit
    ladder = [story.place.leaf, story.place.group, story.place.zone, story.place.community, story.place.street]
    return ladder[min(ladder.index(story.case.holder_unit) + 1, len(ladder) - 1)]
