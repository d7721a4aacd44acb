"""Photos of cases: handed out only by a view that has asked who may see the case, never by address of the file."""

import uuid as uuids

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from grievances.models import Attachment, Grievance

SIZES = ("small", "full")
# A photo never changes under its address; the browser of who was shown it may keep it for a day, nobody between.
MAX_AGE = 24 * 3600


@login_required
@require_safe
def photo(request: HttpRequest, uuid: uuids.UUID, size: str) -> HttpResponse:
    """Serve a photo of a case the person may see; any other is not found."""
    attachment = get_object_or_404(Attachment, uuid=uuid)
    if not Grievance.objects.visible_to(request.user).filter(pk=attachment.grievance_id).exists():
        raise Http404
    return photo_response(attachment, size, request=request)


def photo_response(attachment: Attachment, size: str, *, request: HttpRequest | None = None) -> HttpResponse:
    """Return the picture ("small" or "full"); the caller has checked that the viewer may see its case.

    With the `request`, a browser that has it already is told so (304). Raise Http404 for another size or a file
    that is gone from the store.
    """
    if size not in SIZES:
        raise Http404
    etag = f'"{attachment.sha256}-{size}"'
    response = get_conditional_response(request, etag=etag) if request is not None else None
    if response is None:
        stored = attachment.thumbnail if size == "small" else attachment.file
        try:
            content = stored.open("rb")
        except FileNotFoundError as error:
            raise Http404 from error
        response = FileResponse(content, content_type="image/jpeg", filename=f"{attachment.uuid.hex}-{size}.jpg")
        response["Content-Disposition"] = f'inline; filename="{attachment.uuid.hex}-{size}.jpg"'
    response["ETag"] = etag
    response["Cache-Control"] = f"private, max-age={MAX_AGE}"
    response["X-Content-Type-Options"] = "nosniff"
    return response
