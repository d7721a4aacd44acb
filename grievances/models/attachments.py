"""Photos of a case; re-encoded before they are stored, served only to those who may see the case."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


def photo_path(instance: "Attachment", filename: str) -> str:
    """Return where the picture is kept; the name the uploader gave plays no part."""
    return f"photos/{instance.created_at:%Y/%m/%d}/{instance.uuid.hex}.jpg"


def thumbnail_path(instance: "Attachment", filename: str) -> str:
    """Return where the small picture is kept."""
    return f"photos/{instance.created_at:%Y/%m/%d}/{instance.uuid.hex}-small.jpg"


class Attachment(models.Model):
    """A photo, stored as JPEG without EXIF. `event` says at which step it was added."""

    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    grievance = models.ForeignKey(
        "grievances.Grievance", on_delete=models.PROTECT, related_name="attachments", verbose_name=_("case")
    )
    event = models.ForeignKey(
        "grievances.GrievanceEvent", on_delete=models.PROTECT, null=True, related_name="attachments"
    )
    file = models.FileField(_("photo"), upload_to=photo_path)
    thumbnail = models.FileField(upload_to=thumbnail_path)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size = models.PositiveIntegerField(help_text=_("bytes"))
    sha256 = models.CharField(max_length=64)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("photo")
        verbose_name_plural = _("photos")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["grievance", "sha256"], name="attachment_same_photo_once")]

    def __str__(self) -> str:
        return self.uuid.hex
