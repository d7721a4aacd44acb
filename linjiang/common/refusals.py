"""The page of a request that was refused before any view saw it."""

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from linjiang.common.templatetags.lj import thousands

# A Chinese character takes three bytes.
_BYTES_A_CHARACTER = 3


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say that too much was typed (413); of anything else unreadable, what to do (400)."""
    if not isinstance(exception, RequestDataTooBig):
        return render(request, "400.html", status=400)
    most = thousands(settings.DATA_UPLOAD_MAX_MEMORY_SIZE // _BYTES_A_CHARACTER // 10_000 * 10_000)
    reason = _(
        "The text is far too long: more than about %(most)s characters. Go back one page, where it still stands,"
        " shorten it and send it again. Nothing was saved."
    ) % {"most": most}
    return render(request, "400.html", {"code": 413, "reason": reason}, status=413)
