"""Reporting: the form, and the receipt with the household's link."""

import uuid

import segno
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_GET, require_http_methods

from grievances.choices import Standing
from grievances.forms.filing import FilingForm
from grievances.models import Grievance
from grievances.navigation import may_file
from grievances.policies import standings
from grievances.services.filing import file_grievance
from grievances.views.recently import remember, sent_lately
from linjiang.common.clock import now
from linjiang.common.errors import Conflict, InvalidInput, NotAllowed
from orgs.choices import DESK_ROLES, LEADER_ROLES, LEVEL_ORDER, Level, Role
from orgs.elder import elder_size_of
from orgs.models import Household, Unit, User
from orgs.seats import start_from_chosen
from orgs.services.households import kept_units
from orgs.tree import SEGMENT

_FILED_FROM = (*LEADER_ROLES, *DESK_ROLES, Role.OPERATOR)
_ABOVE_THE_STREET = [level for level, order in LEVEL_ORDER.items() if order < LEVEL_ORDER[Level.STREET]]
LEVELS_OFFERED = 2
LONGEST_VOICE_SECONDS = 60


# Not `no-store`: a step back must find the form as it was sent, so that sending it again is known as the same case.
@login_required
@cache_control(private=True, no_cache=True)
@require_http_methods(["GET", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    """Show the form and take it; a refresh, a double tap or a step back gives the case that was filed already."""
    if not may_file(request.user):
        raise NotAllowed(_("Cases are filed by neighbour chiefs, leaders, community and street staff."))
    start_from_chosen(request)
    units, households = offered(request.user)
    choices = {
        "units": units,
        "households": households,
        "preset": not _is_above_the_street(request.user),
        "on_the_spot": request.user.holds(*LEADER_ROLES, *DESK_ROLES),
    }
    if request.method == "GET":
        return _form_page(request, FilingForm(initial={"submission_id": uuid.uuid4(), "household": ""}, **choices))
    form = FilingForm(request.POST, request.FILES, **choices)
    if "submission_id" in form.errors:
        form.renewed()
        del form.errors["submission_id"]
        if not form.errors:
            form.add_error(None, _("The form was sent incompletely. Please send it once more."))
    if not form.is_valid():
        return _form_page(request, form, status=422)
    given = form.cleaned_data
    if number := sent_lately(request, given, submission_id=given["submission_id"], confirmed=given["again"]):
        form.ask_again(number)
        return _form_page(request, form, status=409, reported_as=number)
    try:
        case, is_new = file_grievance(actor=request.user, now=now(), **form.facts())
    except InvalidInput as error:
        form.blame(error)
        return _form_page(request, form, status=422)
    except Conflict as error:
        form.renewed()
        form.add_error(None, error.message)
        return _form_page(request, form, status=409)
    if not is_new and given["description"].strip() not in ("", case.description):
        form.renewed()
        form.add_error(
            None,
            _("The form was sent already, as %(number)s. To report this as well, send it once more.")
            % {"number": case.number},
        )
        return _form_page(request, form, status=409)
    response = redirect("receipt", number=case.number)
    remember(response, request.user, given, case)
    return response


@login_required
@never_cache
@require_GET
def receipt(request: HttpRequest, number: str) -> HttpResponse:
    """Say that it arrived, with whom it is and by when, and show the household's link; for the filer and the chief."""
    case = get_object_or_404(Grievance.objects.visible_to(request.user).with_names(), number=number)
    if not may_hand_link(request.user, case):
        raise Http404
    return render(request, "grievances/filing_receipt.html", {"case": case, **household_link(request, case)})


def may_hand_link(user: User, case: Grievance) -> bool:
    """Say whether `user` may be shown the household's link to pass it on: as few as can, and never who handles it."""
    return bool(standings(user, case) & {Standing.FILER, Standing.CHIEF, Standing.OPERATOR})


def household_link(request: HttpRequest, case: Grievance) -> dict:
    """Return `link_url`, the household's own address for the case, and `link_qr`, the same as a picture."""
    url = request.build_absolute_uri(reverse("resident", args=[case.token]))
    picture = segno.make(url, error="m").svg_data_uri(scale=6, border=2, dark="#0b2750", light="#ffffff")
    return {"link_url": url, "link_qr": picture}


def offered(user: User) -> tuple[list[Unit], list[Household]]:
    """Return the units a person may choose as the place, the likeliest first, and the doors of the chief's own.

    From each post: its unit and up to two levels below, from the street down, since nobody above has a desk; the
    service checks the scope once more. At most two statements.
    """
    kept = kept_units(user)
    households = list(Household.objects.filter(unit__in=kept, is_active=True).select_related("unit")) if kept else []
    posts = [post.unit for post in user.current_posts if post.role in _FILED_FROM]
    upper = [unit for unit in posts if unit not in kept]
    units = {unit.pk: unit for unit in kept}
    if upper:
        below = Unit.objects.within([unit.path for unit in upper]).filter(is_active=True)
        below = below.exclude(level__in=_ABOVE_THE_STREET)
        longest = {unit.path: len(unit.path) + LEVELS_OFFERED * SEGMENT for unit in upper}
        for unit in below.order_by("path"):
            if any(unit.path.startswith(path) and len(unit.path) <= limit for path, limit in longest.items()):
                units.setdefault(unit.pk, unit)
    return list(units.values()), households


def _is_above_the_street(user: User) -> bool:
    """Say whether the person files from above the street only: then no place is likelier than another."""
    levels = {post.unit.level for post in user.current_posts if post.role in _FILED_FROM}
    return levels <= set(_ABOVE_THE_STREET)


def _form_page(request: HttpRequest, form: FilingForm, *, status: int = 200, reported_as: str = "") -> HttpResponse:
    if elder_size_of(request):
        # In large print the keyboard and the jump to the field would hide what is asked.
        form.fields["description"].widget.attrs.pop("autofocus", None)
    fields = [form[name] for name in form.fields] if form.is_bound else []
    opened = {field.name for field in fields if field.errors or field.value() not in (None, "", [])}
    context = {
        "form": form,
        "opened": opened,
        "photos_lost": bool(request.FILES) and status != 200,
        "reported_as": reported_as,
        "longest_voice": LONGEST_VOICE_SECONDS,
    }
    return render(request, "grievances/filing.html", context, status=status)
