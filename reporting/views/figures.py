"""Numbers ready to show: words, parts and the address of the cases behind each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from html import escape

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

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
from reporting.services.rates import PERIOD, PRECEDING, YEAR_BEFORE, change, fairly_satisfied_weight
from reporting.views.places import cases_url, day_words

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

# What is said of another period: how far a number moved, that there is nothing to compare with, that it was zero.
_MOVED = {
    PRECEDING: (
        gettext_noop("%(change)s on the period before"),
        gettext_noop("no data for the period before"),
        gettext_noop("none in the period before"),
    ),
    YEAR_BEFORE: (
        gettext_noop("%(change)s on the year before"),
        gettext_noop("no data for the year before"),
        gettext_noop("none in the year before"),
    ),
}


@dataclass(frozen=True, slots=True)
class Move:
    """How far a number moved against another period's: in words, and the icon that shows the direction."""

    words: str
    icon: str


@dataclass(frozen=True, slots=True)
class Figure:
    """One number. `above`/`below`: numerator and denominator as text, "" for none; the urls lead to their cases."""

    key: str
    label: str = ""
    value: str = ""
    hint: str = ""
    above: str = ""
    above_url: str = ""
    below: str = ""
    below_url: str = ""
    note: str = ""
    main: bool = False
    moves: tuple[Move, ...] = ()

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


def figures(measured: Mapping[str, Mapping[str, Found]], *, unit: Unit, period: Period) -> list[Figure]:
    """Return the figures of a dashboard in the order of `FIGURES`; `measured` holds the measures of each period that
    `rates.compared_with` named."""
    found = measured[PERIOD]
    shown = [_named(_figure(key, found[key], unit, period), found[key]) for key in FIGURES]
    return [replace(figure, moves=_moves(figure.key, measured)) for figure in shown]


def _moves(key: str, measured: Mapping[str, Mapping[str, Found]]) -> tuple[Move, ...]:
    """Return the moves of a measure that has a value.

    Where another period holds no case at all, the first figure says so for all; where it only lacks this measure, or
    has a zero there, the figure itself does.
    """
    now = measured[PERIOD][key]
    if now.as_dict()["value"] is None:
        return ()
    return tuple(
        _move(key, now, measured[label], *said)
        for label, said in _MOVED.items()
        if label in measured and (key == FIGURES[0] or measured[label]["accepted"].as_dict()["value"])
    )


def _move(
    key: str, now: Found, other: Mapping[str, Found], moved_words: str, no_data_words: str, none_words: str
) -> Move:
    moved = change(now, other[key])
    size = moved.points if moved.points is not None else moved.share
    if size is None:
        is_zero = other[key].as_dict()["value"] is not None
        return Move(_(none_words if is_zero else no_data_words), "minus")
    if size == 0:
        text = _("unchanged")
    elif moved.points is not None:
        text = _("%(number)s points") % {"number": f"{moved.points:+.2f}".replace("-", "−")}
    else:
        text = f"{100 * moved.share:+.1f} %".replace("-", "−")
    icon = "trending-up" if size > 0 else "trending-down" if size < 0 else "minus"
    return Move(_(moved_words) % {"change": text}, icon)


def compared_words(compared: Mapping[str, Period]) -> str:
    """Return the sentence that names the days of the other periods; "" when there are none."""
    words = {label: day_words(period) for label, period in compared.items()}
    if PRECEDING in words and YEAR_BEFORE in words:
        return _("Compared with %(before)s (the period before) and %(year)s (the year before).") % {
            "before": words[PRECEDING],
            "year": words[YEAR_BEFORE],
        }
    if YEAR_BEFORE in words:
        return _("Compared with %(year)s (the year before).") % {"year": words[YEAR_BEFORE]}
    return ""


def cells(found: Mapping[str, Found], *, unit: Unit | None, period: Period, **more: str) -> list[Figure]:
    """Return a table row's figures in the order of `COLUMNS`, whose heads say what they are; without a unit they lead
    nowhere. `more` goes into the addresses of the lists.
    """
    return [_figure(key, found[key], unit, period, **more) for key in COLUMNS]


def drawn(figures: Iterable[Figure]) -> SafeString:
    """Return the cells of a table's row as HTML: a page has hundreds, and a template for each is most of its time."""
    return mark_safe("".join(map(_cell, figures)))  # noqa: S308  (numbers, and addresses that are escaped)


def _cell(figure: Figure) -> str:
    value = escape(figure.value)
    if figure.above_url and not figure.is_nothing:
        value = f'<a class="number" href="{escape(figure.above_url)}">{value}</a>'
    parts = ""
    if figure.below and figure.below != "0":
        below = escape(figure.below)
        if figure.below_url:
            below = f'<a class="number" href="{escape(figure.below_url)}">{below}</a>'
        parts = f' <span class="table__parts">{escape(figure.above)} / {below}</span>'
    nothing = _("no data")
    title = f' title="{escape(nothing)}"' if figure.is_nothing else ""
    return f'<td class="table__cell--number"{title}>{value}{parts}</td>'


def _named(figure: Figure, measure: Found) -> Figure:
    """Return the figure with its name, what it counts and, of durations, how long nine of ten took."""
    note = ""
    if isinstance(measure, TimeToClose) and measure.cases:
        note = _("90 %% within %(time)s") % {"time": duration_hours(measure.p90_hours)}
    return replace(figure, label=label_of(figure.key), hint=hint_of(figure.key), note=note)


def _figure(key: str, measure: Found, unit: Unit | None, period: Period, **more: str) -> Figure:
    above_url = cases_url(unit, period, key, NUMERATOR, **more) if unit else ""
    if isinstance(measure, TimeToClose):
        return Figure(key, value=duration_hours(measure.median_hours), above_url=above_url)
    if measure.denominator is None:
        return Figure(key, value=thousands(measure.value), above_url=above_url)
    return Figure(
        key,
        value=rate(measure.value),
        above=thousands(measure.numerator),
        above_url=above_url,
        below=thousands(measure.denominator),
        below_url=cases_url(unit, period, key, DENOMINATOR, **more) if unit else "",
        main=key == "closure_rate",
    )
