"""Who is calling, when a reverse proxy stands in front."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse


class ClientAddressMiddleware:
    """Set REMOTE_ADDR to the address that the one trusted proxy saw (production only).

    The proxy appends that address to X-Forwarded-For, so only the last entry is its word; whatever stands before
    may be invented by the caller. Sign-in locks and throttles then count callers, not the proxy.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        forwarded = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
        if forwarded:
            request.META["REMOTE_ADDR"] = forwarded
        return self.get_response(request)
