"""What a resident tells through the code on the door: one field, everything else may be left alone."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from grievances.forms.fields import PhotosField
from grievances.forms.sending import SentOnceForm
from grievances.services.filing import MAX_DESCRIPTION


class DoorForm(SentOnceForm):
    """A sentence or a photo; who wants an answer by phone leaves a number."""

    description = forms.CharField(
        label=gettext_lazy("What is the matter?"),
        max_length=MAX_DESCRIPTION,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("One sentence is enough: what, and where."),
    )
    photos = PhotosField(label=gettext_lazy("Photos"), required=False)
    contact_name = forms.CharField(
        label=gettext_lazy("Your name (may be left empty)"),
        max_length=64,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    contact_phone = forms.CharField(
        label=gettext_lazy("Your phone number (may be left empty)"),
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "tel"}),
        help_text=gettext_lazy("Seen only by those who handle the case; every look is recorded."),
    )
    is_private = forms.BooleanField(
        label=gettext_lazy("Please keep it private"),
        required=False,
        help_text=gettext_lazy("Neighbours are not shown it, and it is never published."),
    )
    # People do not see it; what fills in every field does.
    website = forms.CharField(
        label=gettext_lazy("Please leave this empty"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )

    def clean(self) -> dict:
        given = super().clean()
        if given.get("website"):
            self.add_error(None, _("It was not sent: a hidden field was filled in. Please send it once more."))
            self.data = self.data.copy()
            self.data["website"] = ""
        elif not given.get("description", "").strip() and not given.get("photos") and not self.errors:
            self.add_error("description", _("Please say in a sentence what is the matter."))
        return given

    def facts(self) -> dict:
        """Return the arguments of the verb."""
        return {name: value for name, value in self.cleaned_data.items() if name != "website"}


class MorePhotosForm(forms.Form):
    """More photos through the link, while the case is open."""

    # Not marked as required: the form is one field, and nobody has to send it.
    photos = PhotosField(label=gettext_lazy("More photos"), required=False)

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, label_suffix="", **kwargs)

    def clean_photos(self) -> list:
        """At least one photo has to come."""
        if not self.cleaned_data["photos"]:
            raise ValidationError(_("Please choose at least one photo."))
        return self.cleaned_data["photos"]
