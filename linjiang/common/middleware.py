"""Turns what services raise into pages with the right status, so that no view needs its own error handling."""

import logging

from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from linjiang.common.errors import LinjiangError

log = logging.getLogger("linjiang.requests")
_TEMPLATES = {403: "403.html", 409: "409.html"}


class ErrorPagesMiddleware:
    """A refusal that a view lets through becomes its page: 400, 403 or 409 with the reason in the reader's language."""

    def __init__(self, get_response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer for a LinjiangError; anything else goes on to Django."""
        if isinstance(exception, LinjiangError):
            template = _TEMPLATES.get(exception.status, "400.html")
            return render(request, template, {"reason": exception.message}, status=exception.status)
        if isinstance(exception, (OperationalError, InterfaceError)):
            return _out_of_reach(request, exception)
        if isinstance(exception, PermissionDenied):
            return render(request, "403.html", {"reason": str(exception)}, status=403)
        return None


def _out_of_reach(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 503 while the database cannot be reached: nothing was changed, and trying again later is right.

    The page is drawn without the request, whose session and person would ask the database once more.
    """
    log.error("the database is out of reach: %s", exception)
    reason = _("The data cannot be reached just now. Nothing was changed; please try again in a minute.")
    if request.path.startswith("/api/"):
        body = {"code": "unavailable", "message": reason, "field": None, "errors": {}}
        return JsonResponse(body, status=503, headers={"Retry-After": "30"})
    page = render_to_string("500.html", {"code": 503, "reason": reason})
    return HttpResponse(page, status=503, headers={"Retry-After": "30"})
