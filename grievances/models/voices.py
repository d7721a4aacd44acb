"""Voice notes: what a chief says instead of typing; served only to those who may see the case."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class VoiceFormat(models.TextChoices):
    """The containers phones record into, told by their first bytes."""

    WEBM = "webm", "WebM"
    OGG = "ogg", "Ogg"
    MP4 = "mp4", "MP4"


def voice_path(instance: "VoiceNote", _filename: str) -> str:
    """Return where the recording is kept; the name the uploader gave plays no part."""
    return f"voices/{instance.created_at:%Y/%m/%d}/{instance.uuid.hex}.{instance.format}"


class VoiceNote(models.Model):
    """A recording of at most a minute, kept as it came. `event` says at which step it was added."""

    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    grievance = models.ForeignKey(
        "grievances.Grievance", on_delete=models.PROTECT, related_name="voices", verbose_name=_("case")
    )
    event = models.ForeignKey("grievances.GrievanceEvent", on_delete=models.PROTECT, related_name="voices")
    file = models.FileField(_("voice note"), upload_to=voice_path)
    format = models.CharField(max_length=4, choices=VoiceFormat)
    size = models.PositiveIntegerField(help_text=_("bytes"))
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("voice note")
        verbose_name_plural = _("voice notes")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.uuid.hex
