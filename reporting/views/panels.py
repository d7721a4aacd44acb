"""Parts of a dashboard that are asked for one by one: by `static/js/dashboard.js` for the page, or as a page of their
own where no scripts run."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linjiang.common import clock
from linjiang.common.errors import InvalidInput
from linjiang.common.replica import snapshot
from linjiang.common.templatetags.lj import duration_hours, rate, thousands
from orgs.models import Unit
from reporting.burden import DEEPEST, FEWEST, Load, ranges
from reporting.charts.pictures import Bar
from reporting.coverage import CATEGORY
from reporting.forms import PeriodForm
from reporting.periods import Period, preceding
from reporting.services.ageing import aged
from reporting.services.burden import burden_of, weeks_of
from reporting.services.card_counts import COUNTED, cards_in_force
from reporting.services.funnel import funnel
from reporting.services.hotspots import hot_spots
from reporting.services.parts import names_of
from reporting.views.headings import CARD_HEADS, CARD_WORDS, STEPS, age_words
from reporting.views.places import (
    cases_url,
    crumbs,
    dashboard_url,
    day_words,
    period_form,
    period_query,
    unit_in_scope,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose panel, for which period, at which moment; whether it becomes part of a page."""

    unit: Unit
    form: PeriodForm
    now: datetime
    is_part: bool = False

    @property
    def period(self) -> Period:
        return self.form.chosen

    def cases(self, measure: str, **more: str) -> str:
        """Return the address of the cases behind a number."""
        return cases_url(self.unit, self.period, measure, **more)


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel: what it is called, and what its template `reporting/panels/<name>.html` is given."""

    title: Promise
    context: Callable[[Asked], dict]
    has_picture: bool = False


@login_required
def panel(request: HttpRequest, unit_id: int, name: str) -> HttpResponse:
    """Show one panel of a unit's dashboard as a page, with `fragment=1` its section alone.

    404 for a panel there is none of, 400 for days that cannot be used.
    """
    if name not in PANELS:
        raise Http404
    unit, scope = unit_in_scope(request, unit_id)
    form = period_form(request)
    if form.chosen is None:
        raise InvalidInput({field: messages[0] for field, messages in form.errors.items()})
    is_part = bool(request.GET.get("fragment"))
    asked = Asked(unit, form, clock.now(), is_part)
    query = period_query(form)
    with snapshot():
        found = PANELS[name].context(asked)
    context = {"panel": shown(name, unit, query), "unit": unit, "period_words": day_words(form.chosen), **found}
    template = f"reporting/panels/{name}.html"
    if is_part:
        return render(request, template, context)
    context |= {
        "crumbs": crumbs(unit, scope, query),
        "dashboard_url": dashboard_url(unit, query),
        "template": template,
    }
    return render(request, "reporting/panel.html", context)


def shown(name: str, unit: Unit, query: str) -> dict:
    """Return what a panel's place on the dashboard says: its name, title, and where it and its picture are."""
    return {
        "name": name,
        "title": PANELS[name].title,
        "url": f"{reverse('dashboard_panel', args=[unit.pk, name])}?{query}",
        "picture_url": picture_url(name, unit, query) if PANELS[name].has_picture else "",
    }


def picture_url(name: str, unit: Unit, query: str) -> str:
    """Return the address of a chart as a picture."""
    return f"{reverse('dashboard_picture', args=[unit.pk, name])}?{query}"


def panels_of(unit: Unit, query: str) -> dict[str, dict]:
    """Return the places of all panels by name."""
    return {name: shown(name, unit, query) for name in PANELS}


# Funnel


def funnel_rows(asked: Asked) -> list[dict]:
    """Return a line per step: how many came as far, which part of the first step that is, how long it took before."""
    found = funnel(unit=asked.unit, period=asked.period, now=asked.now)
    first = found.reached[STEPS[0][0]]
    rows = []
    for step, label, words, before in STEPS:
        cases = found.reached[step]
        measured = found.took[before].total() if before else 0
        rows.append(
            {
                "label": label,
                "words": words,
                "cases": cases,
                "number": thousands(cases),
                "share": round(100 * cases / first, 1) if first else 0,
                "rate": rate(cases / first) if first else "",
                "url": asked.cases(f"reached_{step}"),
                "median": duration_hours(found.median_hours(before)) if before else "",
                "measured": thousands(measured),
                "measured_url": asked.cases(f"took_{before}") if measured else "",
            }
        )
    return rows


def _funnel(asked: Asked) -> dict:
    rows = funnel_rows(asked)
    return {"rows": rows, "is_empty": not rows[0]["cases"]}


# Ageing


def ageing_rows(asked: Asked) -> list[dict]:
    """Return a line per age of open cases: how many, how many of them past their limit."""
    found = aged(unit=asked.unit, now=asked.now)
    most = max(one.cases for one in found)
    return [
        {
            "label": age_words(one.age),
            "cases": one.cases,
            "late": one.late,
            "number": thousands(one.cases),
            "late_number": thousands(one.late),
            "share": round(100 * one.cases / most, 1) if most else 0,
            "late_share": round(100 * one.late / most, 1) if most else 0,
            "url": asked.cases(f"aged_{one.age.key}"),
            "late_url": asked.cases(f"aged_late_{one.age.key}"),
        }
        for one in found
    ]


def _ageing(asked: Asked) -> dict:
    rows = ageing_rows(asked)
    return {
        "rows": rows,
        "is_empty": not any(row["cases"] for row in rows),
        "all": thousands(sum(row["cases"] for row in rows)),
        "all_url": asked.cases("open_now"),
    }


# Hot spots


def hot_rows(asked: Asked) -> tuple[list[dict], Period | None]:
    """Return a line per hot spot and the period it is compared with; None where there is no such period."""
    before = preceding(asked.period, today=asked.form.today, span=asked.form.chosen_span)
    if before is None:
        return [], None
    spots = hot_spots(unit=asked.unit, period=asked.period, before=before, now=asked.now)
    names = names_of(CATEGORY, {spot.category for spot in spots})
    rows = [
        {
            "category": names[spot.category],
            "unit": spot.unit.name,
            "now": thousands(spot.hot.now),
            "before": thousands(spot.hot.before),
            "now_url": cases_url(spot.unit, asked.period, "accepted", category=spot.category),
            "before_url": cases_url(spot.unit, before, "accepted", category=spot.category),
        }
        for spot in spots
    ]
    return rows, before


def _hotspots(asked: Asked) -> dict:
    rows, before = hot_rows(asked)
    return {"rows": rows, "before_words": day_words(before) if before else ""}


# Cards

_CARD_LINES = 8


def card_rows(asked: Asked) -> list[dict]:
    """Return a line for all cards in force and one per agency or desk that was shown some."""
    return [
        {
            "name": line.name or _("All together"),
            "is_all": not line.key,
            "cells": [
                {
                    "name": name,
                    "words": CARD_WORDS[name],
                    "number": thousands(line.cases[name]),
                    "is_nought": not line.cases[name],
                    "url": asked.cases(f"card_{name}", **({"to": line.key} if line.key else {})),
                }
                for name in COUNTED
            ],
        }
        for line in cards_in_force(unit=asked.unit)
    ]


def _cards(asked: Asked) -> dict:
    rows = card_rows(asked)
    # Part of a page is the whole and those with most cards; the panel's own page has all.
    shown_rows = rows[:_CARD_LINES] if asked.is_part else rows
    return {
        "rows": shown_rows,
        "left_out": len(rows) - len(shown_rows),
        "heads": [CARD_HEADS[name] for name in COUNTED],
    }


# Burden

_LOAD_WORDS = {
    "cases": (gettext_lazy("Cases"), gettext_lazy("reported from the neighbourhood")),
    "messages": (gettext_lazy("Messages and notices"), gettext_lazy("sent to the chief")),
    "answers": (gettext_lazy("Answers asked"), gettext_lazy("messages the chief has to act on")),
}


def load_rows(asked: Asked) -> list[dict]:
    """Return a line per kind of load: the average a week, and how the chiefs' weeks spread over it."""
    return [_load_row(load) for load in burden_of(unit=asked.unit, period=asked.period)]


def _load_row(load: Load) -> dict:
    label, words = _LOAD_WORDS[load.kind]
    return {
        "kind": load.kind,
        "label": label,
        "words": words,
        "per_week": f"{load.per_week:.1f}" if load.per_week >= 1 else f"{load.per_week:.2f}",
        "value": load.per_week,
        "groups": [
            {"label": range_words(low, high), "share": round(100 * share, 1), "rate": rate(share)}
            for (low, high), share in zip(ranges(), load.shares, strict=True)
        ],
    }


def range_words(low: int, high: int | None) -> str:
    """Return a group of `burden.ranges` in words: "2–3", "16 or more"."""
    if high is None:
        return _("%(number)s or more") % {"number": low}
    return str(low) if low == high else f"{low}–{high}"


def _burden(asked: Asked) -> dict:
    weeks = weeks_of(asked.period)
    return {
        "rows": load_rows(asked) if weeks else [],
        "has_week": weeks is not None,
        "is_too_low": asked.unit.depth > DEEPEST,
        "fewest": FEWEST,
    }


PANELS = {
    "funnel": Panel(gettext_lazy("The five steps"), _funnel, has_picture=True),
    "ageing": Panel(gettext_lazy("How long open cases have waited"), _ageing, has_picture=True),
    "hotspots": Panel(gettext_lazy("Rising fastest"), _hotspots),
    "cards": Panel(gettext_lazy("Cards in force"), _cards),
    "burden": Panel(gettext_lazy("What chiefs are asked for"), _burden, has_picture=True),
}


def bars_of(name: str, asked: Asked) -> list[Bar]:
    """Return what the picture of a panel draws; KeyError for a panel without one."""
    return _BARS[name](asked)


def _funnel_bars(asked: Asked) -> list[Bar]:
    return [Bar(str(row["label"]), row["cases"], row["number"], note=_took_words(row)) for row in funnel_rows(asked)]


def _took_words(row: dict) -> str:
    return _("%(time)s since the step before (median)") % {"time": row["median"]} if row["measured_url"] else ""


def _ageing_bars(asked: Asked) -> list[Bar]:
    return [
        Bar(
            row["label"],
            row["cases"],
            row["number"],
            inner=row["late"],
            note=_("%(cases)s past their limit") % {"cases": row["late_number"]} if row["late"] else "",
        )
        for row in ageing_rows(asked)
    ]


def _burden_bars(asked: Asked) -> list[Bar]:
    return [Bar(str(row["label"]), row["value"], row["per_week"], note=str(row["words"])) for row in load_rows(asked)]


_BARS = {"funnel": _funnel_bars, "ageing": _ageing_bars, "burden": _burden_bars}
