"""The product's addresses, and one page beside them that does the least a page can: the bare view."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from grievances.models import Grievance
from linjiang.urls import urlpatterns

BARE_ROWS = 50


def bare(request: HttpRequest) -> HttpResponse:
    """Read fifty rows by their key and write their numbers and titles."""
    rows = Grievance.objects.filter(pk__gt=0).order_by("pk")[:BARE_ROWS]
    lines = "".join(f"<li>{row.number} {row.title}</li>" for row in rows)
    return HttpResponse(f"<p>{request.user.name}</p><ul>{lines}</ul>")


urlpatterns = [*urlpatterns, path("benchmark/bare/", bare, name="bare")]
