"""Two people on the same case: a cheap address that says whether it has changed since the page was drawn."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse
from django.utils.translation import gettext as _

from grievances import presentation
from grievances.models import GrievanceEvent
from linjiang.common.templatetags.lj import cn_datetime


def version(admin, request: HttpRequest, pk: int) -> HttpResponse:
    """Return the case's version and its newest event in words; 304 while it is the one asked with (`If-None-Match`).

    One statement beside the three that say who is asking.
    """
    last = (
        GrievanceEvent.objects.filter(grievance_id=pk, grievance__in=admin.get_queryset(request))
        .select_related("actor", "grievance")
        .order_by("-pk")
        .first()
    )
    if last is None:
        raise Http404(f"case {pk}")
    tag = f'"{last.grievance.version}"'
    if request.headers.get("If-None-Match") == tag:
        return HttpResponseNotModified(headers={"ETag": tag})
    title = presentation.event_title(last, presentation.names_for([last]))
    words = _("%(who)s %(when)s: %(what)s. What you see is older.")
    return JsonResponse(
        {
            "version": last.grievance.version,
            "mine": last.actor_id == request.user.pk,
            "words": words % {"who": last.actor, "when": cn_datetime(last.at), "what": title},
        },
        headers={"ETag": tag, "Cache-Control": "no-store"},
    )
