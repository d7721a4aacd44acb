"""The first page: what is to do today."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from grievances.choices import Source, Status
from grievances.models import Grievance
from grievances.views.takeover import taken_over
from linjiang.common.clock import now
from notifications.notices import notices_in_force
from orgs import tree
from orgs.choices import DESK_ROLES, LEADER_ROLES, Role
from orgs.models import Household, Post, Unit, User
from orgs.profile import profile
from orgs.seats import start_from_chosen
from orgs.services.households import kept_units

SHOWN = 20
NOTICES_SHOWN = 3
_WORKS_ON_CASES = (*DESK_ROLES, Role.HANDLER, Role.SUPERVISOR, Role.OPERATOR)


@login_required
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Show chiefs and leaders their day; send everybody else to the page their work begins on."""
    user = request.user
    chosen = start_from_chosen(request)
    leads = user.holds(*LEADER_ROLES) if chosen is None else chosen.role in LEADER_ROLES
    if leads:
        return render(request, "grievances/home.html", _day_of(user, chosen))
    if chosen is not None and chosen.role == Role.OFFICIAL:
        return redirect("dashboard")
    if user.holds(*_WORKS_ON_CASES):
        return redirect("inbox")
    if user.holds(Role.OFFICIAL):
        return redirect("dashboard")
    if user.opens_desk:
        return redirect("admin:index")
    return render(request, "grievances/home_no_post.html")


def _day_of(user: User, chosen: Post | None) -> dict:
    moment = now()
    unit_ids = {post.unit_id for post in user.current_posts if post.unit_id}
    posts = [post for post in user.current_posts if post.role in LEADER_ROLES]
    visible = Grievance.objects.visible_to(user).with_names()
    waiting = list(visible.waiting_for(user).due_first()[: SHOWN + 1])
    mine = Grievance.objects.waiting_for(user).values("pk")
    if chosen is not None:  # what waits at the post chosen first; the rest stays in sight below it
        waiting.sort(key=lambda case: not case.unit_path.startswith(chosen.unit.path))
    others = list(visible.live().exclude(pk__in=mine).due_first()[: SHOWN + 1])
    return {
        "now": moment,
        "notices": list(notices_in_force(user, now=moment)[:NOTICES_SHOWN]),
        "taken_over": taken_over(user, now=moment),
        "greeting": _greeting(localtime(moment).hour),
        "places": _places([post.unit for post in posts]),
        "todo": [_task(user, case, unit_ids) for case in waiting[:SHOWN]],
        "more_todo": len(waiting) > SHOWN,
        "cases": others[:SHOWN],
        "more_cases": len(others) > SHOWN,
        "neighbourhoods": neighbourhood_sizes(kept_units(user)),
    }


def _greeting(hour: int) -> str:
    if 5 <= hour < 12:
        return _("Good morning")
    return _("Good afternoon") if 12 <= hour < 18 else _("Good evening")


def _places(units: list[Unit]) -> list[str]:
    """Return each unit with the units it lies in, from the community down. One statement."""
    wanted = {path for unit in units for path in tree.ancestor_paths(unit.path)}
    names = dict(Unit.objects.filter(path__in=wanted).values_list("path", "name"))
    community = 4
    return [
        " · ".join(
            [*(names[path] for path in tree.ancestor_paths(unit.path)[community - 1 :] if path in names), unit.name]
        )
        for unit in units
    ]


def neighbourhood_sizes(units: list[Unit]) -> list[dict]:
    """Return each neighbourhood with its number of households and whether that is within the city's rule.

    Where none is entered yet the roster's number stands in.
    """
    rule = profile().sizes["neighbourhood"]
    counts: dict[int, int] = {}
    if units:
        for unit_id in Household.objects.filter(unit__in=units, is_active=True).values_list("unit_id", flat=True):
            counts[unit_id] = counts.get(unit_id, 0) + 1
    return [
        {"unit": unit, "count": count, "fits": rule.fits(count), "low": rule.low, "high": rule.high}
        for unit in units
        for count in [counts.get(unit.pk, 0) or unit.households_declared or 0]
    ]


def _task(user: User, case: Grievance, unit_ids: set[int]) -> dict:
    """Return a case in which it is the person's turn, with what to do in words."""
    if case.status == Status.DISCOVERED and case.source == Source.RESIDENT:
        words, icon = _("A resident told you: report it or solve it"), "message-circle"
    elif case.status == Status.DISCOVERED:
        words, icon = _("Found, not yet reported"), "send"
    elif case.status == Status.RESOLVED:
        words = _("Solved: tell the household the answer")
        if case.resolved_by_id == user.pk or (case.lead_agency_id is None and case.holder_unit_id in unit_ids):
            words = _("Solved by you: let the household answer")
        return {"case": case, "words": words, "icon": "message-circle", "answer": True}
    elif case.status == Status.REPORTED:
        words, icon = _("Reported to you: settle it or pass it on"), "inbox"
    elif case.status == Status.ASSIGNED:
        words, icon = _("To be handled again"), "rotate-ccw"
    else:
        words, icon = _("You are handling it"), "hourglass"
    return {"case": case, "words": words, "icon": icon, "answer": False}
