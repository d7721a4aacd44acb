"""Done near me (身边办成的事): a community's public page of what was done there, and its figures."""

import uuid as uuids
from datetime import date

from axes.helpers import get_client_ip_address
from django.core.paginator import Paginator
from django.db.models import Prefetch, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from grievances.choices import Side
from grievances.models import Attachment, Publication, PublicationPhoto
from grievances.views.photos import photo_response
from linjiang.common import clock
from linjiang.common.database import subtree_q
from linjiang.common.throttle import within_limit
from orgs.choices import Level
from orgs.models import Unit
from orgs.profile import profile
from reporting.measures import KINDS
from reporting.services.rates import closure_rates

SHOWN = 12
# What is taken down must be gone soon, from browsers too; the page holds forms of its own and is nobody else's copy.
MAX_AGE = 300
LOOKS_PER_ADDRESS = 600  # in an hour; a whole building may share an address
# The closure rate never stands without what keeps it honest.
_FIGURES = ("accepted", "closed", "closure_rate", "resolution_rate", "feedback_coverage", "reopen_rate")


@require_safe
@cache_control(private=True, max_age=MAX_AGE)
def near(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Show what staff of the community chose to publish, newest first, under this year's figures; no account needed."""
    if not within_limit("near", get_client_ip_address(request) or "", limit=LOOKS_PER_ADDRESS, seconds=3600):
        reason = _("Too many tries in a short time. Please wait an hour.")
        return render(request, "429.html", {"reason": reason}, status=429)
    unit = get_object_or_404(Unit, pk=unit_id, level=Level.COMMUNITY, is_active=True)
    today = clock.local_day(clock.now())
    pages = Paginator(_published(unit), SHOWN)
    page = pages.get_page(request.GET.get("page"))
    context = {
        "unit": unit,
        "year": today.year,
        "place_name": f"{profile().city_name} {unit.name}",
        "figures": _figures(unit, today),
        "cases": [_case(one) for one in page.object_list],
        "prev_url": f"?page={page.previous_page_number()}" if page.has_previous() else "",
        "next_url": f"?page={page.next_page_number()}" if page.has_next() else "",
    }
    return render(request, "reporting/near.html", context)


@require_safe
def photo(request: HttpRequest, uuid: uuids.UUID, size: str) -> HttpResponse:
    """Serve a photo that staff chose for a page anybody may read; every other photo is not found."""
    shown = Publication.objects.shown()
    chosen = PublicationPhoto.objects.filter(publication__in=shown).values("attachment_id")
    response = photo_response(get_object_or_404(Attachment, pk__in=chosen, uuid=uuid), size, request=request)
    response["Cache-Control"] = f"private, max-age={MAX_AGE}"
    return response


def _published(unit: Unit):
    below = Q()
    for path in unit.paths:
        below |= subtree_q(path, field="grievance__unit_path")
    shown = Publication.objects.shown().filter(below).select_related("grievance__category")
    photos = PublicationPhoto.objects.select_related("attachment").order_by("pk")
    return shown.prefetch_related(Prefetch("photos", photos)).order_by("-published_at", "-pk")


def _case(one: Publication) -> dict:
    """Return what the page draws of one case; of the sides those that have photos."""
    photos = list(one.photos.all())
    sides = [
        {"label": label, "photos": [photo.attachment for photo in photos if photo.side == side]}
        for side, label in ((Side.BEFORE, _("Before")), (Side.AFTER, _("After")))
    ]
    return {"words": one, "sides": [side for side in sides if side["photos"]]}


def _figures(unit: Unit, today: date) -> list[dict]:
    found = closure_rates(unit=unit, since=date(today.year, 1, 1), until=today)
    return [{"key": key, "label": KINDS[key].label, "hint": KINDS[key].hint, **found[key]} for key in _FIGURES]
