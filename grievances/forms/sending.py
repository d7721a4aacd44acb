"""What forms that file a case share: sent twice it is one case, and what the service refuses stands at its field."""

import uuid

from django import forms
from django.core.exceptions import ValidationError

from linjiang.common.errors import InvalidInput


class SentOnceForm(forms.Form):
    """A form that carries the id of its submission."""

    submission_id = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)

    def blame(self, error: InvalidInput) -> None:
        """Put what the service found onto the fields."""
        for name, message in error.errors.items():
            self.add_error(name if name in self.fields else None, ValidationError(message))

    def renewed(self) -> None:
        """Give the form, kept as typed, a new submission id: what it holds now is another case."""
        self.data = self.data.copy()
        self.data["submission_id"] = str(uuid.uuid4())
