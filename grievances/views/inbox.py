"""The inbox: whose turn it is, what is due first on top."""

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from grievances import paging
from grievances.choices import ENDED, Action
from grievances.models import Grievance, WhistleCall
from grievances.querysets import is_late, is_soon
from grievances.views.cases import case_list
from grievances.whistle_words import call_line
from linjiang.common import clock
from orgs.choices import DESK_ROLES, LEADER_ROLES, Role

_MOST_CALLS = 20
_MINE, _SOON, _OVERDUE, _OPEN, _DONE = "mine", "soon", "overdue", "open", "done"
_TABS = {
    _MINE: gettext_lazy("My turn"),
    _SOON: gettext_lazy("Due soon"),
    _OVERDUE: gettext_lazy("Overdue"),
    _OPEN: gettext_lazy("All open"),
    _DONE: gettext_lazy("Done"),
}
_EMPTY = {
    _MINE: (
        gettext_lazy("Nothing to do right now"),
        gettext_lazy("When a case needs your next step, it will stand here, what is due first on top."),
    ),
    _SOON: (
        gettext_lazy("Nothing is due soon"),
        gettext_lazy("Cases that have used most of their time will stand here."),
    ),
    _OVERDUE: (gettext_lazy("Nothing is overdue"), gettext_lazy("Cases past their limit will stand here.")),
    _OPEN: (
        gettext_lazy("No open case"),
        gettext_lazy("Cases somebody still has something to do for will stand here."),
    ),
    _DONE: (gettext_lazy("Nothing is done yet"), gettext_lazy("Closed cases will stand here, newest first.")),
}


@login_required
@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """List the person's cases under five tabs; an unknown tab shows the usual one."""
    now = clock.now()
    has_turn = request.user.holds(*LEADER_ROLES, *DESK_ROLES, Role.HANDLER)
    tab = request.GET.get("tab", "")
    if tab not in _TABS:
        tab = _MINE if has_turn else _OVERDUE
    visible = Grievance.objects.visible_to(request.user)
    tabs = _conditions(request.user, now)
    counts = visible.live().aggregate(**{name: Count("pk", filter=condition) for name, condition in tabs.items()})
    chosen = visible.filter(tabs[tab]).live() if tab != _DONE else visible.filter(status__in=ENDED)
    order = paging.newest_first if tab == _DONE else paging.due_first
    empty_title, empty_text = _EMPTY[tab]
    context = case_list(request, chosen, order=order)
    context |= {
        "title": _("Inbox"),
        "list_url": reverse("inbox"),
        "keep": [("tab", tab)],
        "tabs": [
            {
                "url": f"{reverse('inbox')}?tab={name}",
                "label": label,
                "count": counts.get(name),
                "active": name == tab,
            }
            for name, label in _TABS.items()
            if name != _MINE or has_turn
        ],
        "empty_title": empty_title,
        "empty_text": empty_text,
        "calls": open_calls_of(request.user, now) if tab == _MINE else [],
        "empty_icon": "circle-check" if tab in (_MINE, _SOON, _OVERDUE) else "inbox",
    }
    return render(request, "grievances/inbox.html", context)


def open_calls_of(user, now) -> list[dict]:
    """Return the calls to the spot that the person's agencies have not answered, the most pressing first."""
    agencies = [post.agency_id for post in user.current_posts if post.role == Role.HANDLER]
    if not agencies:
        return []
    calls = WhistleCall.objects.open().filter(agency_id__in=agencies).order_by("due_at", "pk")
    calls = calls.select_related("agency", "arrived_by", "whistle__grievance").defer("whistle__grievance__search")
    return [
        {
            "line": call_line(call, at=now),
            "title": call.whistle.grievance.title,
            "place": call.whistle.place,
            "url": call.whistle.grievance.get_absolute_url(),
            "arrive_url": reverse("case_action", args=[call.whistle.grievance.number, Action.ARRIVE.value]),
        }
        for call in calls[:_MOST_CALLS]
    ]


def _conditions(user, now) -> dict[str, Q]:
    """Return what each tab of live cases holds, as conditions that one statement can count."""
    return {
        _MINE: Grievance.objects.all().turn_of(user),
        _SOON: is_soon(now),
        _OVERDUE: is_late(now),
        _OPEN: Q(),
    }
