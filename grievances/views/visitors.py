"""Browsers without an account, known again by a signed cookie and nothing else."""

import hashlib
import secrets

from django.http import HttpRequest, HttpResponse

from grievances.models import Grievance

_COOKIE = "lj_visitor"
_AGE = 180 * 24 * 3600
_SALT = "grievances.visitors"
_REMEMBERED = 12  # cases this browser told


def visitor_of(request: HttpRequest) -> str:
    """Return a hash that knows this browser again, "" for one that was never here."""
    name = _read(request)[0]
    return hashlib.sha256(name.encode()).hexdigest() if name else ""


def told_here(request: HttpRequest, case: Grievance) -> bool:
    """Say whether this browser told the case itself."""
    return str(case.pk) in _read(request)[1:]


def remember_visitor(request: HttpRequest, response: HttpResponse, *, told: Grievance | None = None) -> str:
    """Give the browser its cookie, with the case it just told, and return its hash."""
    name, *cases = _read(request)
    name = name or secrets.token_urlsafe(12)
    if told is not None:
        cases = [*cases, str(told.pk)][-_REMEMBERED:]
    value = " ".join([name, *cases])
    response.set_signed_cookie(
        _COOKIE, value, salt=_SALT, max_age=_AGE, httponly=True, samesite="Lax", secure=request.is_secure()
    )
    return hashlib.sha256(name.encode()).hexdigest()


def _read(request: HttpRequest) -> list[str]:
    value = request.get_signed_cookie(_COOKIE, default="", salt=_SALT, max_age=_AGE)
    return value.split(" ") if value else [""]
