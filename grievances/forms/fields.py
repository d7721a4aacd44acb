"""Form fields of more than one page."""

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.urls import reverse
from django.utils.html import format_html
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


class PhotosChoice(forms.ModelMultipleChoiceField):
    """Some of the photos of a case, chosen by looking at them."""

    def label_from_instance(self, photo) -> str:
        """Draw the small picture; the step it came with says what it shows."""
        step = photo.event.get_action_display() if photo.event else ""
        url = reverse("photo", args=[photo.uuid, "small"])
        return format_html('<img class="choice__photo" src="{}" alt="" loading="lazy">{}', url, step)
