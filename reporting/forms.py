"""Choosing a period."""

from datetime import date

from django import forms
from django.utils.translation import gettext_lazy as _

from reporting.periods import FIRST_DAY, LAST_DAY, NAMES, Period, named

DEFAULT_PERIOD = "this_year"
PERIOD_LABELS = {
    "this_week": _("This week"),
    "last_week": _("Last week"),
    "this_month": _("This month"),
    "last_month": _("Last month"),
    "this_quarter": _("This quarter"),
    "last_quarter": _("Last quarter"),
    "this_year": _("This year"),
    "last_year": _("Last year"),
}


class DayInput(forms.DateInput):
    """The browser's own calendar; the value goes over the wire as 2026-01-31 in every language."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class PeriodForm(forms.Form):
    """A named period, or the days from `since` to `until`; nothing given is this year."""

    period = forms.ChoiceField(choices=[(name, PERIOD_LABELS[name]) for name in NAMES], required=False)
    since = forms.DateField(
        label=_("From"),
        required=False,
        widget=DayInput,
        error_messages={"invalid": _("Please give a day, for example 2026-01-31.")},
    )
    until = forms.DateField(
        label=_("to"),
        required=False,
        widget=DayInput,
        error_messages={"invalid": _("Please give a day, for example 2026-01-31.")},
    )

    def __init__(self, *args, today: date, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean(self) -> dict:
        """Add `chosen`, the Period meant."""
        given = super().clean()
        since, until = given.get("since"), given.get("until")
        if self.errors:
            return given
        if since is None and until is None:
            given["chosen"] = named(given.get("period") or DEFAULT_PERIOD, today=self.today)
            return given
        for name, day in (("since", since), ("until", until)):
            if day is None:
                self.add_error(name, _("Please give the first and the last day."))
            elif not FIRST_DAY <= day <= LAST_DAY:
                self.add_error(name, _("Please give a day of the years 1990 to 2199."))
        if not self.errors:
            if until < since:
                self.add_error("until", _("The last day must not lie before the first."))
            else:
                given["chosen"] = Period(since, until)
        return given

    @property
    def chosen(self) -> Period | None:
        """The period, None when the input cannot be used."""
        return self.cleaned_data.get("chosen") if self.is_valid() else None

    @property
    def chosen_span(self) -> str:
        """The span a named period begins (week, month, quarter, year), "" for days given."""
        return self.chosen_name.partition("_")[2]

    @property
    def chosen_name(self) -> str:
        """The name of a named period, "" for days given."""
        if not self.is_valid() or self.cleaned_data.get("since"):
            return ""
        return self.cleaned_data.get("period") or DEFAULT_PERIOD
