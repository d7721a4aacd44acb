"""Numbers ready to show: words, parts and the address of the cases behind each."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from linjiang.common.templatetags.lj import NOTHING, duration_hours, rate, thousands
from orgs.models import Unit
from reporting.measures import (
    KINDS,
    TIME_TO_CLOSE,
    TIME_TO_CLOSE_HINT,
    TIME_TO_CLOSE_LABEL,
    Measure,
    TimeToClose,
)
from reporting.periods import Period
from reporting.services.case_lists import DENOMINATOR, NUMERATOR
from reporting.services.rates import fairly_satisfied_weight
from reporting.views.places import cases_url

# The closure rate first and large, beside it what keeps it honest; then volume, then pace.
FIGURES = (
    "closure_rate",
    "resolution_rate",
    "feedback_coverage",
    "reopen_rate",
    "satisfaction",
    "accepted",
    "closed",
    "on_time_rate",
    "response_rate",
    "settled_lowest",
    TIME_TO_CLOSE,
)
# The same for the table of child units, volume first.
COLUMNS = (
    "accepted",
    "closed",
    "closure_rate",
    "resolution_rate",
    "feedback_coverage",
    "reopen_rate",
    "satisfaction",
    "on_time_rate",
    "response_rate",
    "settled_lowest",
    TIME_TO_CLOSE,
)

Found = Measure | TimeToClose


@dataclass(frozen=True, slots=True)
class Figure:
    """One number. `above`/`below`: numerator and denominator as text, "" for none; the urls lead to their cases."""

    key: str
    label: str
    value: str
    hint: str = ""
    above: str = ""
    above_url: str = ""
    below: str = ""
    below_url: str = ""
    note: str = ""
    main: bool = False

    @property
    def is_nothing(self) -> bool:
        """Say whether there is nothing to tell yet, and so no case behind it."""
        return self.value == NOTHING


def label_of(key: str) -> str:
    """Return the name of a measure in the reader's language."""
    return str(TIME_TO_CLOSE_LABEL if key == TIME_TO_CLOSE else KINDS[key].label)


def hint_of(key: str) -> str:
    """Return the sentence that says what a measure counts."""
    if key == "satisfaction":
        weight = f"{fairly_satisfied_weight():g}"
        return _("Satisfied households plus %(weight)s × fairly satisfied ones, among those that answered.") % {
            "weight": weight
        }
    return str(TIME_TO_CLOSE_HINT if key == TIME_TO_CLOSE else KINDS[key].hint)


def figures(found: Mapping[str, Found], *, unit: Unit, period: Period) -> list[Figure]:
    """Return the figures of a dashboard in the order of `FIGURES`."""
    return [_figure(key, found[key], unit, period) for key in FIGURES]


def cells(found: Mapping[str, Found], *, unit: Unit | None, period: Period, **more: str) -> list[Figure]:
    """Return a table row's figures in the order of `COLUMNS`; without a unit they lead nowhere.

    `more` goes into the addresses of the lists.
    """
    return [_figure(key, found[key], unit, period, **more) for key in COLUMNS]


def _figure(key: str, measure: Found, unit: Unit | None, period: Period, **more: str) -> Figure:
    def url(side: str) -> str:
        return cases_url(unit, period, key, side, **more) if unit else ""

    if isinstance(measure, TimeToClose):
        ninety = _("90 %% within %(time)s") % {"time": duration_hours(measure.p90_hours)}
        return Figure(
            key=key,
            label=label_of(key),
            value=duration_hours(measure.median_hours),
            hint=hint_of(key),
            note=ninety if measure.cases else "",
            above_url=url(NUMERATOR),
        )
    if measure.denominator is None:
        return Figure(key, label_of(key), thousands(measure.value), hint_of(key), above_url=url(NUMERATOR))
    return Figure(
        key=key,
        label=label_of(key),
        value=rate(measure.value),
        hint=hint_of(key),
        above=thousands(measure.numerator),
        above_url=url(NUMERATOR),
        below=thousands(measure.denominator),
        below_url=url(DENOMINATOR),
        main=key == "closure_rate",
    )
