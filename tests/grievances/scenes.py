"""Ways to bring a case to each status, through the verbs alone."""

from datetime import datetime, timedelta

from django.db.models import Min

from grievances.choices import Action, Status
from grievances.models import Grievance
from grievances.services.escalation import escalate_overdue
from grievances.services.verbs import perform
from orgs.services.system import system_user
from tests.factories import NOON, World, category, file_case, reason

HOUR = timedelta(hours=1)


def case_in(world: World, status: str) -> Grievance:
    """Return a case filed at `NOON` by the world's chief that stands in `status`."""
    return _WAYS[status](world)


def do(world: World, case: Grievance, action: str, actor, *, at=NOON, **given) -> Grievance:
    """Carry out one step with what the table requires filled in."""
    return perform(action=action, actor=actor, grievance=case, now=at, **(arguments(world, action) | given))


def suspend(world: World, case: Grievance, *, at=NOON, **given) -> Grievance:
    """Have the agency ask for a suspension and the community, which gave it the case, approve it."""
    case = do(world, case, Action.ASK_SUSPENSION, world.handler, at=at, **given)
    return do(world, case, Action.SUSPEND, world.community, at=at)


def called(world: World, case: Grievance, *agencies, at=NOON, **given) -> Grievance:
    """Have the community call agencies (the second one, unless said otherwise) to the spot."""
    agencies = list(agencies) or [world.second_agency]
    return do(world, case, Action.BLOW_WHISTLE, world.community, at=at, agencies=agencies, **given)


def climb(until: datetime) -> None:
    """Sweep at every moment at which a rung of any case is due, as the worker does, up to `until`."""
    while moment := Grievance.objects.filter(next_alarm_at__lte=until).aggregate(at=Min("next_alarm_at"))["at"]:
        escalate_overdue(actor=system_user(), now=moment)


def arguments(world: World, action: str) -> dict:
    """Return arguments with which the step succeeds in the world."""
    return {
        Action.RESOLVE_ON_SPOT: {"result": "当场拧紧了灯泡"},
        Action.WITHDRAW: {"reason": reason("withdraw")},
        Action.ASSIGN: {"agency": world.agency},
        Action.REASSIGN: {"agency": world.second_agency},
        Action.REFER_DOWN: {"unit": world.units["group"]},
        Action.REJECT: {"reason": reason("reject")},
        Action.RETURN: {"reason": reason("return")},
        Action.RESOLVE: {"result": "已更换灯泡"},
        Action.ASK_EXTENSION: {"days": 3, "reason": reason("extend")},
        Action.REFUSE_EXTENSION: {"note": "请按期办结"},
        Action.ASK_SUSPENSION: {"reason": reason("suspend"), "review_on": (NOON + timedelta(days=20)).date()},
        Action.REFUSE_SUSPENSION: {"note": "请按期办结"},
        Action.ANSWER_CARD: {"note": "人手不足，已增派两人"},
        Action.WITHDRAW_CARD: {"note": "时限设错了"},
        Action.FEEDBACK: {"rating": 5},
        Action.RECORD_CALLBACK: {"note": "无人接听"},
        Action.CLOSE_UNANSWERED: {"reason": reason("close_unanswered")},
        Action.REOPEN: {"reason": reason("reopen")},
        Action.APPEAL: {"note": "请再看一下"},
        Action.COMMENT: {"note": "已到现场"},
        Action.YELLOW_CARD: {"note": "超期"},
        Action.RED_CARD: {"note": "仍未办"},
        Action.CLASSIFY: {"category": category()},
        Action.PUBLISH: {"public_title": "路灯亮了", "public_text": "灯泡换好了，晚上看得见路。"},
        Action.UNPUBLISH: {"note": "写错了"},
        Action.BLOW_WHISTLE: {"agencies": [world.second_agency], "place": "三号楼门口", "note": "一起看现场"},
        Action.RELEASE_CALL: {"note": "现场已经处理好"},
        Action.RECORD_JOINT: {"note": "由城管中队牵头，供水站明天接好水管"},
        Action.ADD_CO_HANDLER: {"agencies": [world.second_agency]},
        Action.RELEASE_CO_HANDLER: {"agencies": [world.second_agency], "note": "不需要再配合"},
        Action.REPORT_PART: {"note": "水管已接好"},
        Action.INTERNAL_NOTE: {"note": "当事人情绪激动，上门注意方式"},
    }.get(action, {})


def _reported(world: World) -> Grievance:
    return file_case(world)


def _assigned(world: World) -> Grievance:
    return do(world, _reported(world), Action.ASSIGN, world.community)


def _in_progress(world: World) -> Grievance:
    return do(world, _assigned(world), Action.ACKNOWLEDGE, world.handler)


def _resolved(world: World) -> Grievance:
    return do(world, _in_progress(world), Action.RESOLVE, world.handler)


def _merged(world: World) -> Grievance:
    return do(world, _reported(world), Action.MERGE, world.community, into=_reported(world))


_WAYS = {
    Status.DISCOVERED: lambda world: file_case(world, keep_as_draft=True),
    Status.REPORTED: _reported,
    Status.ASSIGNED: _assigned,
    Status.IN_PROGRESS: _in_progress,
    Status.RESOLVED: _resolved,
    Status.CLOSED: lambda world: do(world, _resolved(world), Action.FEEDBACK, world.chief),
    Status.REJECTED: lambda world: do(world, _reported(world), Action.REJECT, world.community),
    Status.WITHDRAWN: lambda world: do(world, _reported(world), Action.WITHDRAW, world.chief),
    Status.MERGED: _merged,
}
