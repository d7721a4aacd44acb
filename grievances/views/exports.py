"""Lists as workbooks: a look at what comes before it is asked for, and a page of one's own exports."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from grievances.export_rows import COLUMNS
from grievances.filters import CaseFilter
from grievances.models import Export, Grievance
from grievances.querysets import RUNS_UNTIL, GrievanceQuerySet
from grievances.services import exporting
from linjiang.common import clock
from linjiang.common.downloads import stored_attachment
from linjiang.common.sheets import CONTENT_TYPE
from linjiang.common.text import Day

_SHOWN = 50


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def export_cases(request: HttpRequest) -> HttpResponse:
    """Offer the list of all cases, with its filters, search and order."""
    visible = Grievance.objects.visible_to(request.user)
    by_due = request.GET.get("order") == "due"
    chosen = CaseFilter(request.GET, visible.live() if by_due else visible, user=request.user, at=clock.now())
    order = [RUNS_UNTIL.asc(nulls_last=True), "pk"] if by_due else ["-pk"]
    back = f"{reverse('cases')}?{request.GET.urlencode()}"
    return offer(request, chosen.qs.order_by(*order), what=_("All cases"), back_url=back)


def offer(request: HttpRequest, cases: GrievanceQuerySet, *, what: str, back_url: str) -> HttpResponse:
    """Show what an export of the ordered list `cases` would hold, and on a POST make it.

    Called by the view of every list, which has narrowed `cases` to what the person may see. A short list is the answer
    itself, a long one is written in the background. Raise InvalidInput for a list too long or empty.
    """
    count = exporting.count_rows(cases)
    if request.method == "POST":
        return _make(request, cases, what, at_once=count <= exporting.AT_ONCE)
    context = {
        "what": what,
        "count": count,
        "is_too_long": count > exporting.MOST_ROWS,
        "most": exporting.MOST_ROWS,
        "at_once": count <= exporting.AT_ONCE,
        "columns": [(one.title(), one.masked) for one in COLUMNS],
        "back_url": back_url,
        "action": request.get_full_path(),
    }
    return render(request, "grievances/export_offer.html", context)


def _make(request: HttpRequest, cases: GrievanceQuerySet, what: str, *, at_once: bool) -> HttpResponse:
    now = clock.now()
    export = exporting.queue_export(
        actor=request.user, cases=cases, what=what, query=request.get_full_path(), now=now, at_once=at_once
    )
    if at_once:
        export = exporting.write_at_once(export, now=now)
        return _file(request, export)
    messages.success(request, _("The list is being written. You get a message when it is ready."))
    return redirect("exports")


@login_required
@never_cache
@require_safe
def own_exports(request: HttpRequest) -> HttpResponse:
    """List the person's own exports, the newest first."""
    now = clock.now()
    exports = list(request.user.exports.defer("keys").order_by("-pk")[:_SHOWN])
    return render(
        request,
        "grievances/exports.html",
        {"exports": exports, "now": now, "is_any_unfinished": any(one.is_unfinished for one in exports)},
    )


@login_required
@never_cache
@require_safe
def progress(request: HttpRequest) -> JsonResponse:
    """Return how far the person's latest exports are, for the script of the page."""
    rows = request.user.exports.order_by("-pk").values("pk", "state", "done", "total")[:_SHOWN]
    return JsonResponse({"exports": list(rows)})


@login_required
@never_cache
@require_safe
def download(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand the file to who asked for it; anybody else does not find it."""
    return _file(request, _own(request, pk))


@login_required
@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop an export of one's own."""
    exporting.cancel_export(actor=request.user, export=_own(request, pk), now=clock.now())
    return redirect("exports")


def _own(request: HttpRequest, pk: int) -> Export:
    return get_object_or_404(request.user.exports.defer("keys"), pk=min(pk, 2**63 - 1))


def _file(request: HttpRequest, export: Export) -> HttpResponse:
    file = exporting.open_export(actor=request.user, export=export, now=clock.now())
    name = f"{export.what}-{Day(clock.local_day(export.created_at))}.xlsx".replace("/", "-")
    return stored_attachment(file, name=name, content_type=CONTENT_TYPE)
