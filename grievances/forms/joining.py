"""Joining a case: for which household, and anything to add."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from grievances.services.joining import NOTE_LENGTH
from orgs.models import Household


class JoiningForm(forms.Form):
    """Me too: one tap on a door; `households` are those that can still be joined for."""

    submission_id = forms.UUIDField(
        widget=forms.HiddenInput,
        error_messages={
            "required": gettext_lazy("The form was sent incompletely. Please send it once more."),
            "invalid": gettext_lazy("The form was sent incompletely. Please send it once more."),
        },
    )
    household = forms.ChoiceField(
        label=gettext_lazy("Which household has it too?"),
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": gettext_lazy("There is no such household in your area.")},
    )
    note = forms.CharField(
        label=gettext_lazy("Anything to add?"),
        max_length=NOTE_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Seen by those who work on the case, not by the other households."),
    )

    def __init__(self, *args, households: list[Household], own: bool = False, **kwargs) -> None:
        """`own`: the person filed the case, so that only another household can be added."""
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        self._households = {str(household.pk): household for household in households}
        if households:
            doors = [(key, household.label) for key, household in self._households.items()]
            self.fields["household"].choices = doors if own else [("", _("None in particular")), *doors]
        else:
            del self.fields["household"]

    def facts(self) -> dict:
        """Return the arguments of the verb; only after `is_valid`."""
        given = dict(self.cleaned_data)
        given["household"] = self._households.get(given.get("household") or "")
        return given
