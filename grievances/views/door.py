"""The code on the door: a resident tells the chief something, without an account."""

import uuid

from axes.helpers import get_client_ip_address
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from grievances.forms.door import DoorForm
from grievances.services.door import tell
from grievances.views.filing import household_link
from grievances.views.resident import case_by_link, sealed
from grievances.views.visitors import remember_visitor
from linjiang.common.clock import local_day, now
from linjiang.common.errors import Conflict, InvalidInput, NotAllowed
from linjiang.common.throttle import within_limit
from orgs.holders import holders_on_the_way_up
from orgs.models import Door, Unit
from orgs.profile import profile

TELLS_PER_ADDRESS = 20  # neighbours behind one router share an address
TELLS_PER_DOOR = 60
HOUR = 3600


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def door(request: HttpRequest, token: str) -> HttpResponse:
    """Show the form of the neighbourhood whose code was scanned, and take what is told."""
    found = Door.objects.select_related("unit__parent").filter(token=token, unit__is_active=True).first()
    if found is None:
        return sealed(render(request, "grievances/door_gone.html", status=404))
    unit = found.unit
    if request.method != "POST":
        return _page(request, unit, DoorForm(initial={"submission_id": uuid.uuid4()}))
    if request.user.is_authenticated:
        raise NotAllowed(_("You are signed in: please use “Report” and say for which household."))
    form = DoorForm(request.POST, request.FILES)
    if "submission_id" in form.errors:
        form.renewed()
        form.add_error(None, _("The form was sent incompletely. Please send it once more."))
        return _page(request, unit, form, status=422)
    if not form.is_valid():
        return _page(request, unit, form, status=422)
    if not _may_tell(request, token):
        form.add_error(None, _("Too many tries in a short time. Please wait an hour, then send it once more."))
        return _page(request, unit, form, status=429)
    try:
        case, _new = tell(unit=unit, now=now(), **form.facts())
    except InvalidInput as error:
        form.blame(error)
        return _page(request, unit, form, status=422)
    except Conflict as error:
        form.renewed()
        form.add_error(None, error.message)
        return _page(request, unit, form, status=409)
    response = redirect("door_receipt", token=case.token)
    remember_visitor(request, response, told=case)
    return response


@never_cache
@require_safe
def receipt(request: HttpRequest, token: str) -> HttpResponse:
    """Say that it arrived, what happens next, and how to follow it: the number and the link, also as a code."""
    case = case_by_link(token)
    context = {"case": case, "place_name": _place(case.unit), "near_id": Unit.objects.community_of(case.unit)}
    context |= household_link(request, case)
    return sealed(render(request, "grievances/door_receipt.html", context))


def _may_tell(request: HttpRequest, token: str) -> bool:
    address = get_client_ip_address(request) or ""
    return within_limit("door", token, limit=TELLS_PER_DOOR, seconds=HOUR) and within_limit(
        "door-address", address, limit=TELLS_PER_ADDRESS, seconds=HOUR
    )


def _place(unit: Unit) -> str:
    return f"{profile().city_name} {unit.name}"


def _page(request: HttpRequest, unit: Unit, form: DoorForm, *, status: int = 200) -> HttpResponse:
    held = holders_on_the_way_up(unit, on=local_day(now()), include_self=True)
    context = {
        "form": form,
        "unit": unit,
        "place_name": _place(unit),
        # Who reads it: the chief, where there is one; else whoever is next on the way up.
        "reader": held[0][1][0].name if held else "",
        "reader_unit": held[0][0] if held else unit,
        "has_chief": bool(held) and held[0][0].pk == unit.pk,
        "photos_lost": bool(request.FILES) and status != 200,
        "near_id": Unit.objects.community_of(unit),
        "signed_in": request.user.is_authenticated,
        "report_url": reverse("report"),
    }
    return sealed(render(request, "grievances/door.html", context, status=status))
