"""What a browser sent a moment ago, remembered in a signed cookie: a step back must not file the same words twice.

A cookie, not the database: filing is the one thing a thousand chiefs do in the same minute.
"""

import uuid
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from grievances.models import Grievance
from orgs.models import User

COOKIE = "lately"
SECONDS = 30 * 60
_SALT = "grievances.views.recently"


@dataclass(frozen=True, slots=True)
class Lately:
    """What was filed last: the fingerprint of what was said, the form it was sent with, the case it became."""

    print: str
    submission_id: str
    number: str


def fingerprint(user: User, given: dict) -> str:
    """Return what tells the same report from another: who, where, for which door and in which words."""
    household, unit = given["household"], given["unit"]
    said = [user.pk, unit.pk if unit else "", household.pk if household else "", given["description"].strip()]
    return salted_hmac(_SALT, "\n".join(map(str, said)), algorithm="sha256").hexdigest()


def remember(response: HttpResponse, user: User, given: dict, case: Grievance) -> None:
    """Note on the answer that `case` came of what was `given`; the note lasts half an hour."""
    response.set_signed_cookie(
        COOKIE,
        f"{fingerprint(user, given)}|{given['submission_id']}|{case.number}",
        salt=_SALT,
        max_age=SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def sent_lately(request: HttpRequest, given: dict, *, submission_id: uuid.UUID, confirmed: str) -> str:
    """Return the number of the case the same words became a moment ago, sent with another form; "" when there is none.

    `confirmed` is the number the person was told of and sent the words again all the same.
    """
    if not given["description"].strip():
        return ""  # photos and voices without words are not compared; the form's own id still files once
    value = request.get_signed_cookie(COOKIE, default="", salt=_SALT, max_age=SECONDS)
    if value.count("|") != 2:
        return ""
    lately = Lately(*value.split("|"))
    if lately.print != fingerprint(request.user, given) or lately.submission_id == str(submission_id):
        return ""
    return "" if lately.number == confirmed else lately.number
