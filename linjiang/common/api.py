"""The API's one shape of an error: {"code", "message", "field", "errors"}."""

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

from linjiang.common.errors import LinjiangError
from linjiang.common.rest import BodyTooLarge


def error_response(exception: Exception, context: dict) -> Response | None:
    """Return the answer for what a view raised: a stable code, a message, the field to blame, all fields' messages."""
    if isinstance(exception, LinjiangError):
        set_rollback()
        errors = getattr(exception, "errors", {exception.field: exception.message} if exception.field else {})
        body = {
            "code": exception.code,
            "message": str(exception.message),
            "field": exception.field,
            "errors": {field: [str(message)] for field, message in errors.items()},
        }
        if hasattr(exception, "current"):
            body["current_version"] = exception.current
        return Response(body, status=exception.status)
    if isinstance(exception, RequestDataTooBig):
        exception = BodyTooLarge()
    elif isinstance(exception, SuspiciousOperation):  # too many fields or files
        exception = exceptions.ParseError()
    response = exception_handler(exception, context)
    if response is None:
        return None
    response.data = _body(exception, response)
    return response


def _body(exception: Exception, response: Response) -> dict:
    if isinstance(exception, exceptions.ValidationError) and isinstance(exception.detail, dict):
        errors = {field: _messages(value) for field, value in exception.detail.items()}
        field = next(iter(errors))
        return {
            "code": "invalid",
            "message": errors[field][0],
            "field": None if field == "non_field_errors" else field,
            "errors": errors,
        }
    code = getattr(exception, "default_code", "error")
    if isinstance(exception, Http404):
        # Its own words name the model, in English.
        return {"code": "not_found", "message": str(exceptions.NotFound.default_detail), "field": None, "errors": {}}
    if isinstance(exception, PermissionDenied):
        code = "permission_denied"
    detail = response.data.get("detail") if isinstance(response.data, dict) else response.data
    return {"code": code, "message": _messages(detail)[0], "field": None, "errors": {}}


def _messages(value) -> list[str]:
    if isinstance(value, dict):
        return [message for part in value.values() for message in _messages(part)] or [""]
    if isinstance(value, (list, tuple)):
        return [message for part in value for message in _messages(part)] or [""]
    return [str(value)]
