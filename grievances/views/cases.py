"""The list of cases, and one case: what, where, who, its timeline, and what the viewer may do."""

from django.contrib.auth.decorators import login_required
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from grievances import guidance, joint, paging, passing, pending, presentation, stages
from grievances.choices import Action
from grievances.filters import CaseFilter
from grievances.letters.kinds import offered
from grievances.models import Cluster, Grievance, GrievanceEvent, Joining, Publication
from grievances.policies import available_actions, may_see_contact
from grievances.pooling import pool_scope_of
from grievances.views.filing import may_hand_link
from grievances.views.joining import may_join_here
from grievances.whistle_words import part_lines, whistle_lines
from linjiang.common import clock
from orgs.choices import LEVEL_ORDER, Level
from orgs.models import Unit
from orgs.scopes import scope_of
from orgs.tree import SEGMENT

_SHOWN_JOININGS = 30


@login_required
@require_safe
def cases(request: HttpRequest) -> HttpResponse:
    """List every case the person may see, newest first; `?order=due` lists the open ones, what is due first on top."""
    order = paging.due_first if request.GET.get("order") == "due" else paging.newest_first
    visible = Grievance.objects.visible_to(request.user)
    if order is paging.due_first:
        visible = visible.live()  # an ended case is due no more; sorting years of them would take a second
    context = case_list(request, visible, order=order)
    context |= {
        "title": _("All cases"),
        "list_url": reverse("cases"),
        "keep": [("order", "due")] if order is paging.due_first else [],
        "empty_title": _("No case yet"),
        "empty_text": _("Every case filed in your area will stand here."),
        "orders": _orders(request),
        "export_url": f"{reverse('cases_export')}?{request.GET.urlencode()}",
    }
    return render(request, "grievances/cases.html", context)


def case_list(request: HttpRequest, visible, *, order) -> dict:
    """Return the context of a filtered, paged list; what could not be used of the address is named in `problems`."""
    now = clock.now()
    chosen = CaseFilter(request.GET, visible, user=request.user, at=now)
    problems = chosen.problems
    try:
        page = order(chosen.qs, request.GET.get("at", ""), rows=Grievance.objects.for_lists())
    except paging.BadCursor:
        problems = [*problems, _("Page")]
        page = order(chosen.qs, rows=Grievance.objects.for_lists())
    return {
        "now": now,
        "filter": chosen,
        "cases": presentation.rows(page.cases, scope=scope_of(request.user), at=now),
        "problems": _(", ").join(problems),
        "prev_url": paging.with_cursor(request.GET, page.previous) if page.previous else "",
        "next_url": paging.with_cursor(request.GET, page.next) if page.next else "",
    }


def _orders(request: HttpRequest) -> list[dict]:
    params = request.GET.copy()
    params.pop("at", None)
    by_due = params.pop("order", [""])[-1] == "due"
    newest = f"?{params.urlencode()}"
    params["order"] = "due"
    return [
        {"url": newest, "label": _("Newest first"), "active": not by_due},
        {"url": f"?{params.urlencode()}", "label": _("Open, due first"), "active": by_due},
    ]


@login_required
@require_safe
def case(request: HttpRequest, number: str) -> HttpResponse:
    """Show the case; another unit's case is not found."""
    now = clock.now()
    found = Grievance.objects.visible_to(request.user).with_names()
    found = found.select_related("filed_by", "resolved_by", "contact", "household__contact", "merged_into")
    found = found.annotate(has_merged=Exists(Grievance.objects.filter(merged_into=OuterRef("pk"))))
    grievance = get_object_or_404(found, number=number)
    told = grievance.events.select_related("actor").prefetch_related("attachments", "voices").order_by("-at", "-pk")
    assignments = list(presentation.assignments_of(grievance))
    joint.seed(grievance, events=told, assignments=assignments)
    steps = available_actions(request.user, grievance, at=now)
    buttons, others = guidance.choices(grievance, steps)
    events = joint.readable(told, user=request.user, grievance=grievance)
    merged_into = grievance.merged_into
    visible = Grievance.objects.visible_to(request.user)
    context = {
        "case": grievance,
        "now": now,
        "place": presentation.place_of(grievance),
        "standing_words": presentation.where_it_stands(grievance),
        "stages": stages.lines(grievance, events, at=now),
        "buttons": buttons,
        "others": others,
        "remarks": guidance.remarks(grievance, steps),
        **_timeline(events),
        **joint_work(grievance, events, at=now),
        "assignments": assignments,
        "feedback": _feedback(grievance, events),
        "asked": pending.requests_of(grievance),
        "cards": pending.card_lines(grievance.cards, at=now),
        "contact": grievance.contact or (grievance.household.contact if grievance.household else None),
        "contact_decision": may_see_contact(request.user, grievance),
        "letters": offered(request.user, grievance),
        "may_join": may_join_here(request.user, grievance),
        "joinings": _joinings(grievance),
        "may_hand_link": may_hand_link(request.user, grievance),
        "merged_into_is_visible": merged_into is not None and visible.filter(pk=merged_into.pk).exists(),
        "cluster": _cluster(request.user, grievance),
        "shown_at": _shown_at(grievance, events),
        "merged": list(visible.filter(merged_into=grievance).order_by("pk")[:20]) if grievance.has_merged else [],
    }
    return render(request, "grievances/case.html", context)


def joint_work(case: Grievance, events: list[GrievanceEvent], *, at) -> dict:
    """Return what `components/joint_work.html` shows: calls to the spot, co-handlers' parts, how often it was passed
    on."""
    names = presentation.names_for([one for one in events if one.action in passing.ACTIONS])
    return {
        "whistles": whistle_lines(case.blown, at=at),
        "parts": part_lines(case.helping, waited_for={call.agency_id for call in joint.open_calls(case)}),
        "passed": passing.shown(events, names),
    }


def _shown_at(case: Grievance, events: list[GrievanceEvent]) -> int | None:
    """Return the key of the community on whose public page the case stands; asked for only where it was published."""
    if not any(event.action == Action.PUBLISH for event in events):
        return None
    if not Publication.objects.shown().filter(grievance=case).exists():
        return None
    community = case.unit_path[: LEVEL_ORDER[Level.COMMUNITY] * SEGMENT]
    return Unit.objects.filter(path=community).values_list("pk", flat=True).first()


def _cluster(user, case: Grievance) -> Cluster | None:
    """Return the matter told by many that the case belongs to, for who sees the problem pool."""
    if pool_scope_of(user).is_empty:
        return None
    return Cluster.objects.pooled().filter(memberships__grievance=case, memberships__removed_at=None).first()


def _joinings(case: Grievance) -> list[Joining]:
    """Return who joined, the newest first, as far as a page shows them; visitors of the link are only counted."""
    if not case.joined_count:
        return []
    return list(case.joinings.select_related("joined_by", "household").order_by("-at", "-pk")[:_SHOWN_JOININGS])


def _feedback(grievance: Grievance, events: list[GrievanceEvent]) -> list:
    """Return what the household said, the newest first; asked for only where the timeline tells of an answer."""
    if not any(event.action in (Action.FEEDBACK, Action.RATE_LATER, Action.REOPEN) for event in events):
        return []
    return list(grievance.feedback.select_related("recorded_by").order_by("-pk"))


def _timeline(events: list[GrievanceEvent]) -> dict:
    """Return the timeline, newest first, and the photos that came with the filing, which stand beside the words."""
    names = presentation.names_for(events)
    first = events[-1] if events else None
    return {
        "photos": [presentation.photo(one) for one in first.attachments.all()] if first else [],
        "voices": [one for event in events for one in event.voices.all()],
        "events": [
            presentation.entry(event, names, photos=() if event is first else event.attachments.all())
            for event in events
        ],
    }
