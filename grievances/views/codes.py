"""Sheets of door codes to print: a whole community on A4, a card per neighbourhood."""

from collections.abc import Iterable

import segno
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from linjiang.common.clock import local_day, now
from linjiang.common.errors import NotAllowed
from orgs import tree
from orgs.choices import DESK_ROLES, LEVEL_ORDER, Level, Role
from orgs.models import Post, Unit, User
from orgs.scopes import units_visible_to
from orgs.services.doors import doors_of, may_print_codes, renew_door

# A community has about eighty neighbourhoods; more on one page would keep the printer busy for an hour.
MOST_CARDS = 400
_COMMUNITY = LEVEL_ORDER[Level.COMMUNITY]


@login_required
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """List the communities whose codes the person prints; with one only, go there."""
    if not request.user.holds(*DESK_ROLES):
        raise NotAllowed(_("Codes are printed by the staff of the community or the street."))
    units = Unit.objects.within([post.unit.path for post in request.user.current_posts if post.role in DESK_ROLES])
    communities = list(units.filter(level=Level.COMMUNITY, is_active=True).select_related("parent").order_by("path"))
    if len(communities) == 1:
        return redirect("codes", unit_id=communities[0].pk)
    return render(request, "grievances/codes_overview.html", {"communities": communities})


@login_required
@never_cache
@require_safe
def codes(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Show the cards of a community, zone, group or neighbourhood, ready to print; others' units are not found."""
    unit = _printable(request.user, unit_id)
    leaves = Unit.objects.subtree(unit.path).filter(level=Level.NEIGHBOURHOOD, is_active=True)
    leaves = list(leaves.order_by("path")[: MOST_CARDS + 1])
    if len(leaves) > MOST_CARDS:
        raise Http404
    doors = doors_of(actor=request.user, units=leaves, now=now())
    names = _names_above(leaves)
    chiefs = _chiefs(leaves)
    context = {
        "unit": unit,
        "cards": [
            {
                "unit": leaf,
                "above": " · ".join(
                    names[path] for path in tree.ancestor_paths(leaf.path)[_COMMUNITY - 1 :] if path in names
                ),
                "chief": chiefs.get(leaf.pk, ""),
                "qr": _picture(request.build_absolute_uri(reverse("door", args=[doors[leaf.pk].token]))),
            }
            for leaf in leaves
        ],
    }
    return render(request, "grievances/codes.html", context)


@login_required
@require_POST
def renew(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Make a neighbourhood's code anew: the sheets on its doors lead nowhere from then on."""
    unit = _printable(request.user, unit_id)
    if unit.level != Level.NEIGHBOURHOOD:
        raise Http404
    renew_door(actor=request.user, unit=unit, now=now())
    messages.success(
        request, _("%(unit)s has a new code. Please print it and replace the old sheets.") % {"unit": unit}
    )
    return redirect("codes", unit_id=unit.pk)


def _printable(user: User, unit_id: int) -> Unit:
    unit = get_object_or_404(units_visible_to(user), pk=unit_id, is_active=True)
    if not may_print_codes(user, unit) or LEVEL_ORDER[unit.level] < _COMMUNITY:
        raise Http404
    return unit


def _names_above(units: Iterable[Unit]) -> dict[str, str]:
    paths = {path for unit in units for path in tree.ancestor_paths(unit.path)}
    return dict(Unit.objects.filter(path__in=paths).values_list("path", "name"))


def _chiefs(units: Iterable[Unit]) -> dict[int, str]:
    posts = Post.objects.current(on=local_day(now())).filter(role=Role.CHIEF, unit__in=units).order_by("-acting", "pk")
    return dict(posts.values_list("unit_id", "user__name"))


def _picture(url: str) -> str:
    return segno.make(url, error="m").svg_data_uri(scale=4, border=1, dark="#000000", light="#ffffff")
