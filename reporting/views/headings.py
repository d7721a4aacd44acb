"""The words of the numbers beside the measures: steps, ages, cards; and the lists behind them by their names."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from grievances.querysets import GrievanceQuerySet
from orgs.models import Unit
from reporting.ageing import AGES, Age
from reporting.conditions import NOW
from reporting.periods import Period
from reporting.services import case_lists
from reporting.services.ageing import cases_aged
from reporting.services.card_counts import COUNTED, cases_with_cards

# The five steps in order: what is counted, what the step is called, and which time lies before it.
STEPS = (
    ("discovered", gettext_lazy("Discover"), gettext_lazy("Found"), ""),
    ("reported", gettext_lazy("Report"), gettext_lazy("Reported"), "report"),
    ("assigned", gettext_lazy("Assign"), gettext_lazy("Given to who handles it"), "assign"),
    ("resolved", gettext_lazy("Resolve"), pgettext_lazy("step reached", "Resolved"), "resolve"),
    ("fed_back", gettext_lazy("Feedback"), gettext_lazy("Closed with the household"), "feedback"),
)
_BETWEEN = {
    "report": gettext_lazy("From discovering to reporting"),
    "assign": gettext_lazy("From reporting to assigning"),
    "resolve": gettext_lazy("From assigning to resolving"),
    "feedback": gettext_lazy("From resolving to feedback"),
}
_NOW_HEADINGS = {
    "open": gettext_lazy("Open cases"),
    "overdue": gettext_lazy("Past their limit"),
    "waiting": gettext_lazy("Waiting for the household's answer"),
    "suspended": gettext_lazy("On hold"),
}
CARD_WORDS = {
    "yellow": gettext_lazy("Yellow card in force"),
    "yellow_unanswered": gettext_lazy("Yellow card without an answer"),
    "red": gettext_lazy("Red card in force"),
    "red_unanswered": gettext_lazy("Red card without an answer"),
}
# The same above a column, where the panel says the rest.
CARD_HEADS = {
    "yellow": gettext_lazy("Yellow cards"),
    "yellow_unanswered": gettext_lazy("of these unanswered"),
    "red": gettext_lazy("Red cards"),
    "red_unanswered": gettext_lazy("of these unanswered"),
}


def age_words(age: Age) -> str:
    """Return an age in words: "1–3 days"."""
    if age.under is None:
        return ngettext("more than %(days)s day", "more than %(days)s days", age.over) % {"days": age.over}
    if not age.over:
        return ngettext("less than %(days)s day", "less than %(days)s days", age.under) % {"days": age.under}
    return _("%(from)s–%(to)s days") % {"from": age.over, "to": age.under}


@dataclass(frozen=True, slots=True)
class Behind:
    """A number that is no measure: its heading, what it counts, whether it holds for this moment whatever the period,
    and its cases of a unit, a period and a moment (`to`: who was shown a card)."""

    heading: Callable[[], str]
    is_now: bool
    cases: Callable[[Unit, Period, datetime, str], GrievanceQuerySet]
    hint: str = ""
    takes_to: bool = False


def _now(name: str) -> Behind:
    return Behind(
        lambda: str(_NOW_HEADINGS[name]),
        True,
        lambda unit, _period, now, _to: case_lists.cases_now(unit=unit, name=name, now=now),
    )


def _reached(step: str, words: str) -> Behind:
    return Behind(
        lambda: str(words),
        False,
        lambda unit, period, _now, _to: case_lists.cases_reached(unit=unit, period=period, step=step),
        hint=gettext_lazy("Cases that came as far as this step, by where they stand now."),
    )


def _took(step: str) -> Behind:
    return Behind(
        lambda: str(_BETWEEN[step]),
        False,
        lambda unit, period, _now, _to: case_lists.cases_timed(unit=unit, period=period, step=step),
        hint=gettext_lazy("Cases whose time between the two steps is known."),
    )


def _aged(age: Age, *, late: bool) -> Behind:
    def heading() -> str:
        words = {"age": age_words(age)}
        if late:
            return _("Open for %(age)s and past their limit") % words
        return _("Open for %(age)s") % words

    return Behind(heading, True, lambda unit, _period, now, _to: cases_aged(unit=unit, key=age.key, late=late, now=now))


def _card(name: str) -> Behind:
    return Behind(
        lambda: str(CARD_WORDS[name]),
        True,
        lambda unit, _period, _now, to: cases_with_cards(unit=unit, name=name, to=to),
        takes_to=True,
    )


BEHIND: dict[str, Behind] = {
    **{f"{name}_now": _now(name) for name in NOW},
    **{f"reached_{step}": _reached(step, words) for step, _name, words, _before in STEPS},
    **{f"took_{before}": _took(before) for _step, _name, _words, before in STEPS if before},
    **{f"aged_{age.key}": _aged(age, late=False) for age in AGES},
    **{f"aged_late_{age.key}": _aged(age, late=True) for age in AGES},
    **{f"card_{name}": _card(name) for name in COUNTED},
}
