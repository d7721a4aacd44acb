"""Content security: one strict policy, widened only where a page that is not ours needs it."""

from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase


class PathPolicyMiddleware(CSPMiddleware):
    """Add the sources of CONTENT_SECURITY_POLICY_BY_PATH to the answers under each path."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        for start, needed in settings.CONTENT_SECURITY_POLICY_BY_PATH.items():
            if request.path_info.startswith(start):
                parts.update = {**needed, **(parts.update or {})}
        return parts
