"""Turns what services raise into pages with the right status, so that no view needs its own error handling."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from linjiang.common.errors import LinjiangError

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
        if isinstance(exception, PermissionDenied):
            return render(request, "403.html", {"reason": str(exception)}, status=403)
        return None
