"""Voice notes of cases, handed out like photos: only to those who may see the case."""

import re
import uuid as uuids

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from grievances.models import Grievance, VoiceNote
from grievances.views.photos import MAX_AGE

_RANGE = re.compile(r"bytes=(\d{1,9})-(\d{0,9})")


@login_required
@require_safe
def voice(request: HttpRequest, uuid: uuids.UUID) -> HttpResponse:
    """Serve a recording of a case the person may see; some phones play only what they can ask for in parts."""
    note = get_object_or_404(VoiceNote, uuid=uuid)
    if not Grievance.objects.visible_to(request.user).filter(pk=note.grievance_id).exists():
        raise Http404
    try:
        with note.file.open("rb") as stored:
            data = stored.read()
    except FileNotFoundError as error:
        raise Http404 from error
    response = _part(request.headers.get("Range", ""), data)
    response["Content-Type"] = f"audio/{note.format}"
    response["Content-Disposition"] = f'inline; filename="{note.uuid.hex}.{note.format}"'
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = f"private, max-age={MAX_AGE}"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _part(wanted: str, data: bytes) -> HttpResponse:
    found = _RANGE.fullmatch(wanted)
    if found is None:
        return HttpResponse(data)
    first, last = int(found[1]), min(int(found[2] or len(data)), len(data) - 1)
    if first > last:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{len(data)}"})
    return HttpResponse(
        data[first : last + 1], status=206, headers={"Content-Range": f"bytes {first}-{last}/{len(data)}"}
    )
