"""Cases over time, ready to show."""

from dataclasses import dataclass

from django.utils import dateformat
from django.utils.translation import gettext_lazy, pgettext

from orgs.models import Unit
from reporting.periods import Period, Step
from reporting.services import rates
from reporting.services.reading import Reading
from reporting.views.places import cases_url

TREND_TITLE = gettext_lazy("Cases over time")


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of the trend: its part of the period, what it is called, and its lists."""

    part: rates.Part
    label: str
    unit: Unit

    @property
    def accepted_url(self) -> str:
        return cases_url(self.unit, self.part.period, "accepted")

    @property
    def closed_url(self) -> str:
        return cases_url(self.unit, self.part.period, "closed")


def trend_bars(unit: Unit, found: Reading, period: Period) -> list[Bar]:
    """Return the bars of the trend, those without cases too."""
    return [Bar(part, bar_words(part.period, period.step), unit) for part in rates.trend_of(found, period)]


def bar_words(part: Period, step: Step) -> str:
    """Return what a bar is called: a year, a month, a day or the days of a week."""
    if step is Step.YEAR:
        return dateformat.format(part.since, pgettext("date format", "Y"))
    if step is Step.MONTH:
        return dateformat.format(part.since, pgettext("date format", "M Y"))
    days = [dateformat.format(day, pgettext("date format", "j M")) for day in (part.since, part.until)]
    return days[0] if part.days == 1 else " – ".join(days)
