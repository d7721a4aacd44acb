"""Form fields of more than one page."""

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _


class PhotosInput(forms.FileInput):
    """Takes several pictures; on the phone it offers camera and album."""

    allow_multiple_selected = True

    def __init__(self, attrs: dict | None = None) -> None:
        super().__init__({"accept": "image/*", **(attrs or {})})


class PhotosField(forms.FileField):
    """A list of uploads, at most as many as one step may add; what they hold is checked by the photo service."""

    widget = PhotosInput

    def clean(self, data, initial=None) -> list[UploadedFile]:
        """Return the uploads; an empty list when none was chosen."""
        uploads = list(data) if isinstance(data, (list, tuple)) else [data] if data else []
        cleaned = [super(PhotosField, self).clean(upload, initial) for upload in uploads]
        if self.required and not cleaned:
            raise forms.ValidationError(_("Please choose at least one photo."))
        if len(cleaned) > settings.ATTACHMENT_MAX_COUNT:
            raise forms.ValidationError(
                _("At most %(count)s photos at a time.") % {"count": settings.ATTACHMENT_MAX_COUNT}
            )
        return cleaned
