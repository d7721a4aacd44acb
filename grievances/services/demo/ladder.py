"""The ladder of a case of the past: each rung at the moment it fell due, as the sweep would have found it."""

from datetime import datetime
from typing import TYPE_CHECKING

from grievances.choices import Action, Stage, Standing, Tell
from grievances.models import Escalation
from grievances.services.cards import answer_due
from grievances.services.clock import next_alarm, next_rungs
from grievances.services.rulebook import rulebook
from orgs.models import Unit

if TYPE_CHECKING:
    from grievances.services.demo.story import Story


def climb(story: "Story", at: datetime) -> None:
    """Fire the rungs that fell due before `at`, each at its own moment."""
    case, rules = story.case, rulebook()
    while due := [one for one in next_rungs(case, rules) if one[2] <= at]:
        stage, rung, moment = min(due, key=lambda one: one[2])
        fired_at = max(moment, story.events[-1].at)
        unit = _unit(story, rung.tell[0])
        due_at = case.due_at if stage == Stage.RESOLVE else case.stage_due_at
        story.escalations.append(
            Escalation(
                card=rung.card,
                stage=stage,
                rung=rung.number,
                due_at=due_at,
                unit=unit,
                agency=case.lead_agency,
                by=story.system,
                at=fired_at,
                answer_due_at=answer_due(rung.card, now=fired_at, rules=rules),
            )
        )
        data = {
            "rung": rung.number,
            "stage": stage,
            "card": rung.card,
            "to": unit.name,
            "holder": str(case.lead_agency or case.holder_unit),
            "told": [_unit(story, tell).name for tell in rung.tell[1:]],
            "due_at": due_at.isoformat(),
        }
        story.record(Action.ESCALATE, fired_at, story.system, Standing.SYSTEM, case.status, "", data, False)
        if stage == Stage.RESOLVE:
            case.rung = rung.number
        else:
            case.stage_rung = rung.number
        case.version += 1
    case.next_alarm_at = None if case.suspended else next_alarm(case, rules)


def _unit(story: "Story", tell: str) -> Unit:
    place, holder = story.place, story.case.holder_unit
    if tell == Tell.STREET:
        return place.street
    if tell == Tell.DISTRICT:
        return story.district
    if tell == Tell.HOLDER or story.case.lead_agency_id:
        return holder
    ladder = [place.leaf, place.group, place.zone, place.community, place.street]
    return ladder[min(ladder.index(holder) + 1, len(ladder) - 1)]
