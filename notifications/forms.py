"""The form of writing a notice."""

from django import forms
from django.utils.translation import gettext_lazy as _

from notifications.choices import Audience
from orgs.models import Unit


class NoticeForm(forms.Form):
    """Title, text and to whom; the unit is asked for only where the person writes for several."""

    unit = forms.ModelChoiceField(queryset=Unit.objects.none(), label=_("From"), empty_label=None)
    title = forms.CharField(label=_("Title"), max_length=80)
    text = forms.CharField(label=_("What people should know"), max_length=4000, widget=forms.Textarea)
    audience = forms.ChoiceField(
        label=_("For"), choices=Audience.choices, initial=Audience.CHIEFS, widget=forms.RadioSelect
    )
    until = forms.DateField(
        label=_("Holds until"), required=False, widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("After this day it is shown no longer. May stay empty."),
    )  # fmt: skip
    important = forms.BooleanField(
        label=_("Important"), required=False, help_text=_("Everybody gets one message about it. Use it seldom.")
    )

    def __init__(self, *args, units: list[Unit], **kwargs) -> None:
        super().__init__(*args, label_suffix="", **kwargs)
        if len(units) == 1:
            del self.fields["unit"]
        else:
            self.fields["unit"].queryset = Unit.objects.filter(pk__in=[unit.pk for unit in units])
