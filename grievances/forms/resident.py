"""The household's word on a result: given by itself through its link, or told to the chief."""

from django import forms
from django.utils.translation import gettext_lazy as _

from grievances.choices import Rating

# One face per level, the best first, for the large buttons.
RATING_ICONS = "laugh smile meh annoyed frown"
RESOLVED_ICONS = "thumbs-up thumbs-down"


class AnswerForm(forms.Form):
    """Five levels, solved or not, and what else the household wants to say."""

    rating = forms.TypedChoiceField(
        label=_("How satisfied are you with the result?"),
        coerce=int,
        choices=Rating.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Please choose one of the five answers."),
            "invalid_choice": _("Please choose one of the five answers."),
        },
    )
    said_resolved = forms.TypedChoiceField(
        label=_("Is the problem solved?"),
        coerce=lambda value: value == "yes",
        choices=[("yes", _("Yes, it is solved")), ("no", _("No, not yet"))],
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Please say whether it is solved."),
            "invalid_choice": _("Please say whether it is solved."),
        },
    )
    comment = forms.CharField(
        label=_("Anything else?"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("If it is not solved, say what is still missing."),
    )

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, label_suffix="", **kwargs)


class ResidentForm(AnswerForm):
    """The same through the link; `round` tells a form sent twice from a second rating after more work."""

    round = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=30_000)


class ToldForm(AnswerForm):
    """The same as told to the chief; `version` is the state of the case the chief was looking at."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2_000_000_000)

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["rating"].label = _("What did the household say of the result?")
        self.fields["said_resolved"].label = _("Does the household say it is solved?")
        self.fields["comment"].label = _("What else did they say?")
        self.fields["comment"].help_text = _("In their own words, if you can.")
