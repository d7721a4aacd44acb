"""The REST API: who may call it, how its answers look, how it is described."""

from django.utils.translation import gettext_lazy as _

REST_FRAMEWORK = {
    # The token first: its challenge makes the answer to a stranger 401 instead of 403.
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["linjiang.common.rest.SmallJSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "linjiang.common.api.error_response",
    "NUM_PROXIES": 0,  # REMOTE_ADDR is already the caller's, see linjiang.common.proxy
    # Signing in: one address may be a whole office behind one router. Filing: a chief types, a hotline pushes.
    # Suggestions: asked a few times while a sentence is typed, and quietly left out when there are none.
    "DEFAULT_THROTTLE_RATES": {"token": "30/min", "filing": "120/min", "suggestions": "60/min"},
}

SPECTACULAR_SETTINGS = {
    "TITLE": _("Linjiang API"),
    "DESCRIPTION": _(
        "Cases, units, categories and closure rates of the neighbour-chief system. Sign in with a token "
        "(POST /api/v1/auth/token/) or the session of the pages. Whatever lies outside your posts is not found (404); "
        "what your posts do not allow is refused (403) with the reason. Every error has a code, a message in your "
        "language (Accept-Language), the field to blame and the messages of all fields."
    ),
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "persistAuthorization": True, "displayOperationId": False},
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "CaseStatus": "grievances.choices.Status",
        "CaseAction": "grievances.choices.Action",
        "Urgency": "grievances.choices.Urgency",
        "Level": "orgs.choices.Level",
        "Role": "orgs.choices.Role",
        "AgencyKind": "orgs.choices.AgencyKind",
        "ReasonKind": "grievances.choices.ReasonKind",
    },
}
