"""Voice notes: told by their first bytes, never by name or declared type, and kept as they came."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from grievances.models import GrievanceEvent, VoiceNote
from grievances.models.voices import VoiceFormat
from linjiang.common.errors import InvalidInput
from orgs.models import User

_HEAD = 64
_EBML = b"\x1a\x45\xdf\xa3"


@dataclass(frozen=True, slots=True)
class PreparedVoice:
    """A recording ready to be stored."""

    data: bytes
    format: VoiceFormat


def prepare_voice(upload: UploadedFile | None) -> PreparedVoice | None:
    """Look at the recording; raise InvalidInput on "voice" when it is too large or nothing a phone records."""
    if upload is None:
        return None
    if upload.size > settings.VOICE_MAX_BYTES:
        limit = settings.VOICE_MAX_BYTES // (1024 * 1024)
        raise InvalidInput({"voice": _("The voice note is larger than %(limit)s MB.") % {"limit": limit}})
    upload.seek(0)
    data = upload.read()
    kind = _format(data[:_HEAD])
    if kind is None:
        raise InvalidInput({"voice": _("This is not a voice note we can play (WebM, Ogg or MP4).")})
    return PreparedVoice(data=data, format=kind)


def attach_voice(*, event: GrievanceEvent, prepared: PreparedVoice | None, actor: User, now: datetime) -> None:
    """Store the voice note of an event in the caller's transaction."""
    if prepared is None:
        return
    note = VoiceNote(
        grievance=event.grievance,
        event=event,
        format=prepared.format,
        size=len(prepared.data),
        uploaded_by=actor,
        created_at=now,
    )
    note.file.save("voice", ContentFile(prepared.data), save=False)
    note.save()


def _format(head: bytes) -> VoiceFormat | None:
    if head.startswith(_EBML) and b"webm" in head:
        return VoiceFormat.WEBM
    if head.startswith(b"OggS"):
        return VoiceFormat.OGG
    return VoiceFormat.MP4 if head[4:8] == b"ftyp" else None
