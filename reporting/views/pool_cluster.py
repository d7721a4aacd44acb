"""One matter of the problem pool: its cases, how it grows, why, and what is done about it."""

from collections import Counter
from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from grievances.choices import LIVE, RUNNING, Action, ClusterAction, ClusterState, Source, Status
from grievances.models import Cluster, ClusterCase, Grievance
from grievances.policies import decide as decide_on_case
from grievances.pooling import decide, may_work_on, pool_scope_of
from grievances.services import pooling
from grievances.services.verbs import perform
from linjiang.common import clock
from linjiang.common.errors import Conflict, InvalidInput, LinjiangError, NotAllowed
from orgs.models import Unit
from orgs.tree import SEGMENT
from reporting.pool_forms import FORMS, StepForm
from reporting.views.pool import week_bars

_NAME_A_CASE = (ClusterAction.ADD, ClusterAction.TAKE_OUT)
_SHOWN, _EVENTS, _BULK = 50, 40, 200
_WEEKS, _BAR, _HEIGHT = 26, 24, 120
_COMMUNITY = 4 * SEGMENT
_VERBS = {
    ClusterAction.CONFIRM: pooling.confirm,
    ClusterAction.NOTE: pooling.note_root_cause,
    ClusterAction.PROJECT: pooling.make_project,
    ClusterAction.FINISH: pooling.finish_project,
    ClusterAction.RENAME: pooling.rename,
    ClusterAction.ADD: pooling.add_case,
    ClusterAction.TAKE_OUT: pooling.take_out_case,
    ClusterAction.MERGE: pooling.merge_clusters,
    ClusterAction.DISMISS: pooling.dismiss,
}
_ICONS = {
    ClusterAction.CONFIRM: "circle-check",
    ClusterAction.NOTE: "pencil",
    ClusterAction.PROJECT: "flag",
    ClusterAction.FINISH: "check-check",
    ClusterAction.RENAME: "tag",
    ClusterAction.ADD: "circle-plus",
    ClusterAction.MERGE: "merge",
    ClusterAction.DISMISS: "ban",
}
# What may be done with all cases of a project at once; each by its own verb, under its own rules.
_TOGETHER = {"assign": Action.ASSIGN, "urge": Action.URGE}
_BUTTONS = {
    "assign": gettext_lazy("Assign the reported cases to the lead agency"),
    "urge": gettext_lazy("Urge whoever holds the open cases"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """A step offered on the page, with its form."""

    action: ClusterAction
    label: str
    icon: str
    form: StepForm
    is_open: bool


@login_required
@require_safe
def cluster(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the cluster; 403 for who has no pool, 404 for one of which no case lies in the viewer's places."""
    return _page(request, _found(request, pk))


@login_required
@require_POST
def cluster_action(request: HttpRequest, pk: int, action: str) -> HttpResponse:
    """Take a step; 400 with the fields to mend, 403 and 409 with the reason: what was typed stays in its form."""
    found = _found(request, pk)
    if action in _TOGETHER:
        return _take_together(request, found, action)
    if action not in FORMS:
        raise Http404
    action = ClusterAction(action)
    form = FORMS[action](request.POST, cluster=found, user=request.user)
    if not form.is_valid():
        return _page(request, found, form, action, status=400)
    try:
        done = _VERBS[action](actor=request.user, cluster=found, now=clock.now(), **_given(request, form))
    except InvalidInput as error:
        for name, message in error.errors.items():
            form.add_error(name if name in form.fields else None, message)
        return _page(request, found, form, action, status=error.status)
    except (NotAllowed, Conflict) as error:
        return _again(request, found, action, error)
    messages.success(request, _("Done: %(what)s") % {"what": action.label})
    return redirect(done)


def _given(request: HttpRequest, form: StepForm) -> dict:
    given = form.arguments()
    if "number" in given and type(form) is FORMS[ClusterAction.TAKE_OUT]:
        number = given.pop("number")
        case = Grievance.objects.visible_to(request.user).filter(number=number).first()
        if case is None:
            raise InvalidInput({"number": _("There is no case with this number that you may see.")})
        given["case"] = case
    return given


def _again(request: HttpRequest, found: Cluster, action: ClusterAction, error: LinjiangError) -> HttpResponse:
    """Give the form back for the matter as it is now, with why the step was not taken and everything typed."""
    now = Cluster.objects.select_related("unit", "category", "lead_agency", "lead_unit").get(pk=found.pk)
    data = request.POST.copy()
    data["version"] = str(now.version)
    form = FORMS[action](data, cluster=now, user=request.user)
    form.is_valid()
    return _page(request, now, form, action, status=error.status, refusal=str(error.message))


def _found(request: HttpRequest, pk: int) -> Cluster:
    scope = pool_scope_of(request.user)
    if scope.is_empty:
        raise PermissionDenied(
            _("The problem pool is for leaders, community and street staff, supervisors, officials.")
        )
    clusters = Cluster.objects.within(scope).select_related(
        "unit", "category", "lead_agency", "lead_unit", "merged_into__unit", "merged_into__category"
    )
    return get_object_or_404(clusters, pk=pk if pk < 2**63 else 0)


def _take_together(request: HttpRequest, found: Cluster, name: str) -> HttpResponse:
    """Take one step on every case that the person may take it on, each by its own verb, and say how many were left."""
    may_work_on(request.user, found).require()
    if found.state != ClusterState.PROJECT or (name == "assign" and found.lead_agency is None):
        raise Conflict(_("This step is for a project that is under way."))
    action, now = _TOGETHER[name], clock.now()
    given = {"agency": found.lead_agency} if action == Action.ASSIGN else {}
    done, left = 0, Counter()
    statuses = (Status.REPORTED,) if action == Action.ASSIGN else RUNNING
    for case in _cases(request, found).filter(status__in=statuses).with_names()[:_BULK]:
        decision = decide_on_case(request.user, action, case, at=now)
        if not decision:
            left[str(decision.reason)] += 1
            continue
        try:
            perform(action=action, actor=request.user, grievance=case, now=now, note=found.title, **given)
            done += 1
        except LinjiangError as error:
            left[str(error.message)] += 1
    words = ngettext("%(count)s case done.", "%(count)s cases done.", done) % {"count": done}
    (messages.success if done else messages.warning)(request, words)
    for reason, count in left.most_common(3):
        text = ngettext("%(count)s case left: %(reason)s", "%(count)s cases left: %(reason)s", count)
        messages.warning(request, text % {"count": count, "reason": reason})
    return redirect(found)


def _cases(request: HttpRequest, found: Cluster):
    inside = ClusterCase.objects.in_force().filter(cluster=found)
    return Grievance.objects.visible_to(request.user).filter(pk__in=inside.values("grievance")).order_by("-reported_at")


def _page(
    request: HttpRequest,
    found: Cluster,
    bound: StepForm | None = None,
    action: ClusterAction | None = None,
    *,
    status: int = 200,
    refusal: str = "",
) -> HttpResponse:
    today = clock.local_day(clock.now())
    columns = ("grievance__status", "grievance__source", "unit_path", "grievance__reported_at")
    facts = list(found.memberships.in_force().values_list(*columns))
    visible = _cases(request, found)
    count_visible = visible.count()
    statuses = Counter(one[0] for one in facts)
    weeks = Counter((today - clock.local_day(one[3])).days // 7 for one in facts if one[3])
    places = Counter(one[2][:_COMMUNITY] for one in facts)
    names = dict(Unit.objects.filter(path__in=places).values_list("path", "name"))
    may_change = may_work_on(request.user, found)
    ended = sum(count for one, count in statuses.items() if one not in LIVE)
    context = {
        "cluster": found,
        "cases": list(visible.for_lists().select_related("unit")[:_SHOWN]),
        "now": clock.now(),
        "visible": count_visible,
        "hidden": max(len(facts) - count_visible, 0),
        "shown": min(count_visible, _SHOWN),
        "bars": week_bars(weeks, count=_WEEKS, width=_BAR, height=_HEIGHT),
        "most": max((weeks[ago] for ago in range(_WEEKS)), default=0),
        "chart": {"width": _WEEKS * _BAR, "height": _HEIGHT, "bar": _BAR - 6},
        "closed": ended,
        "open": len(facts) - ended,
        "sources": [(Source(name).label, count) for name, count in Counter(one[1] for one in facts).most_common()],
        "places": [(names.get(path, found.unit.name), count) for path, count in places.most_common(8)],
        "events": _events(request, found),
        "steps": _steps(request, found, bound, action) if may_change else [],
        "reason": "" if may_change else may_change.reason,
        "refusal": refusal,
        "take_out": bool(decide(request.user, ClusterAction.TAKE_OUT, found)),
        "together": _together(found, statuses) if may_change else [],
        "is_project": found.state in (ClusterState.PROJECT, ClusterState.DONE),
        "is_late": found.state == ClusterState.PROJECT and found.plan_on < today,
    }
    return render(request, "reporting/cluster.html", context, status=status)


def _events(request: HttpRequest, found: Cluster) -> list:
    """Return the newest lines of the history; the number of a case stands there for who may see the case."""
    events = list(found.events.select_related("by")[:_EVENTS])
    named = {one.detail for one in events if one.action in _NAME_A_CASE}
    seen = set()
    if named:
        seen.update(
            Grievance.objects.visible_to(request.user).filter(number__in=named).values_list("number", flat=True)
        )
    for one in events:
        if one.action in _NAME_A_CASE and one.detail not in seen:
            one.detail = ""
    return events


def _steps(request: HttpRequest, found: Cluster, bound: StepForm | None, action: ClusterAction | None) -> list[Step]:
    steps = []
    for one, form in FORMS.items():
        if one == ClusterAction.TAKE_OUT or not (decide(request.user, one, found) or one == action):
            continue
        label = _("Change the project") if one == found.state == ClusterState.PROJECT else one.label
        steps.append(
            Step(
                one,
                str(label),
                _ICONS[one],
                bound if one == action else form(cluster=found, user=request.user),
                one == action,
            )
        )
    return steps


def _together(found: Cluster, statuses: Counter) -> list[dict]:
    """Return the steps that can be taken on all cases of a project, with how many stand where it is possible."""
    if found.state != ClusterState.PROJECT:
        return []
    counts = {
        "assign": statuses[Status.REPORTED] if found.lead_agency_id else 0,
        "urge": sum(statuses[one] for one in RUNNING),
    }
    return [{"name": name, "label": _BUTTONS[name], "count": count} for name, count in counts.items() if count]
