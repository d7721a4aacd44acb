"""What a resident's number is needed for."""

from django import forms
from django.utils.translation import gettext_lazy as _

OTHER = "other"
PURPOSES = [
    ("visit", _("Agree on a visit")),
    ("details", _("Ask for details")),
    ("answer", _("Tell the result and ask whether it is solved")),
    (OTHER, _("Something else")),
]


class PurposeForm(forms.Form):
    """A listed purpose, or one in one's own words."""

    why = forms.ChoiceField(
        label=_("What do you need the number for?"),
        choices=PURPOSES,
        widget=forms.RadioSelect,
        error_messages={"required": _("Please say what you need the number for.")},
    )
    words = forms.CharField(label=_("In your own words"), required=False, max_length=200)

    def clean(self) -> dict:
        """Something else has to be said in words."""
        cleaned = super().clean()
        if cleaned.get("why") == OTHER and not cleaned.get("words"):
            self.add_error("words", _("Please say in a few words what for."))
        return cleaned

    def purpose(self) -> str:
        """Return what goes on record; only after `is_valid`."""
        listed = str(dict(PURPOSES)[self.cleaned_data["why"]])
        words = self.cleaned_data["words"]
        if self.cleaned_data["why"] == OTHER:
            return words
        return f"{listed}: {words}" if words else listed
