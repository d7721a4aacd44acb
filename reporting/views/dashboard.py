"""The dashboard of a unit and a period."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import dateformat
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from grievances.models import Grievance
from linjiang.common import clock
from linjiang.common.templatetags.lj import thousands
from orgs.choices import Level
from orgs.models import Unit
from reporting.coverage import AGENCY, CATEGORY, DIMENSIONS, SOURCE
from reporting.forms import PERIOD_LABELS, PeriodForm
from reporting.measures import Counts, total
from reporting.periods import Period, Step
from reporting.scopes import dashboard_units_of
from reporting.services import rates
from reporting.services.case_lists import HERE, NONE, NUMERATOR, cases_behind, page_of
from reporting.services.parts import most_first, names_of
from reporting.services.reading import read
from reporting.views.figures import cells, compared_words, figures
from reporting.views.map import map_url
from reporting.views.peers import peer_grounds, peers_url
from reporting.views.places import (
    cases_url,
    crumbs,
    dashboard_url,
    day_words,
    period_form,
    period_query,
    unit_in_scope,
)
from reporting.views.screen import screen_url
from reporting.views.tables import Row, Table, columns, is_sorted, ordered

LATEST = 10
# The children of a group are neighbourhoods, each one chief's: they stand in the order of the place and cannot be
# put into the order of a measure, so that the table is no ranking of chiefs.
_UNSORTED = (Level.GROUP,)
# What the tab says, and the head of the table.
PART_TITLES = {
    CATEGORY: (gettext_lazy("Category"), gettext_lazy("What the cases are about")),
    SOURCE: (gettext_lazy("Source"), gettext_lazy("Where the cases come from")),
    AGENCY: (gettext_lazy("Agency"), gettext_lazy("Who handles the cases")),
}


@login_required
def own_dashboard(request: HttpRequest) -> HttpResponse:
    """Go to the dashboard of the viewer's widest unit."""
    units = dashboard_units_of(request.user)
    if not units:
        raise PermissionDenied(_("Figures are for leaders, community and street staff, supervisors and officials."))
    return redirect(dashboard_url(units[0], request.GET.urlencode()).removesuffix("?"))


@login_required
def dashboard(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Show the unit's measures beside those of the periods before, trend, child units, and parts `by` category, source
    or agency; days that cannot be used are said so (400)."""
    unit, scope = unit_in_scope(request, unit_id)
    form = period_form(request)
    period = form.chosen
    context = {
        "unit": unit,
        "form": _shown(form),
        "tabs": _period_tabs(unit, form),
        "places": [place for place in dashboard_units_of(request.user) if len(scope.paths) > 1],
    }
    if period is None:
        return render(request, "reporting/dashboard.html", context, status=400)
    query, now = period_query(form), clock.now()
    numbers = _numbers(request, unit, form, now)
    context |= {
        "period": period,
        "period_words": day_words(period),
        "query": query,
        "crumbs": crumbs(unit, scope, query),
        **numbers,
        "cases": [] if numbers["children"] else _latest(request.user, unit, period, now),
        "cases_url": cases_url(unit, period, "accepted"),
        "map_url": map_url(unit, query),
        "screen_url": screen_url(unit),
        "peers_url": peers_url(unit, query) if peer_grounds(unit, scope) else "",
        "now": now,
    }
    return render(request, "reporting/dashboard.html", context)


def _numbers(request: HttpRequest, unit: Unit, form: PeriodForm, now: datetime) -> dict:
    period, query = form.chosen, period_query(form)
    dimension = request.GET.get("by", CATEGORY)
    if dimension not in DIMENSIONS:
        raise Http404
    compared = rates.compared_with(period, today=clock.local_day(now), span=form.chosen_span)
    found = read(unit=unit, periods=compared, now=now, by_place=True, dimension=dimension, step=period.step)
    measured = {label: rates.measures(counts) for label, counts in found.totals.items()}
    places = _places(unit, found.places, period, query, request.GET.get("sort", ""))
    trend = rates.trend_of(found, period)
    return {
        "is_empty": not found.totals[rates.PERIOD].cases["accepted"],
        "figures": figures(measured, unit=unit, period=period),
        "compared_words": compared_words(compared),
        "standing": _standing(unit, period, found.standing),
        "trend": [_TrendRow(part, _part_words(part.period, period.step), unit) for part in trend],
        "step": period.step.value,
        "children": places.rows,
        "places_table": places,
        "parts_table": _parts(unit, dimension, found.keys, period),
        "part_tabs": _part_tabs(unit, query, dimension),
    }


# Period


def _shown(form: PeriodForm) -> PeriodForm:
    """Return the form with the days of the chosen period filled in, so that a named one can be changed by hand."""
    if form.chosen is None:
        return form
    days = {"since": form.chosen.since, "until": form.chosen.until}
    return PeriodForm(initial=days, today=form.today)


def _period_tabs(unit: Unit, form: PeriodForm) -> list[dict]:
    return [
        {
            "url": dashboard_url(unit, urlencode({"period": name})),
            "label": label,
            "active": form.chosen_name == name,
        }
        for name, label in PERIOD_LABELS.items()
    ]


# What stands open now


def _standing(unit: Unit, period: Period, counts: dict[str, int]) -> list[dict]:
    words = {
        "open": (_("Open cases"), "hourglass"),
        "overdue": (_("Past their limit"), "circle-alert"),
        "waiting": (_("Waiting for the household's answer"), "message-circle"),
        "suspended": (_("On hold"), "circle-pause"),
    }
    return [
        {
            "name": name,
            "label": label,
            "icon": icon,
            "value": thousands(counts[name]),
            "url": cases_url(unit, period, f"{name}_now"),
            "is_over": name == "overdue" and counts[name] > 0,
        }
        for name, (label, icon) in words.items()
    ]


# Trend


@dataclass(frozen=True, slots=True)
class _TrendRow:
    part: rates.Part
    label: str
    unit: Unit

    @property
    def accepted_url(self) -> str:
        return cases_url(self.unit, self.part.period, "accepted")

    @property
    def closed_url(self) -> str:
        return cases_url(self.unit, self.part.period, "closed")


def _part_words(part: Period, step: Step) -> str:
    if step is Step.YEAR:
        return dateformat.format(part.since, pgettext("date format", "Y"))
    if step is Step.MONTH:
        return dateformat.format(part.since, pgettext("date format", "M Y"))
    days = [dateformat.format(day, pgettext("date format", "j M")) for day in (part.since, part.until)]
    return days[0] if part.days == 1 else " – ".join(days)


# Child units and parts


def _places(unit: Unit, by_place: dict[str, Counts], period: Period, query: str, sort: str) -> Table:
    rows = _child_rows(unit, by_place, period, query)
    sortable = unit.level not in _UNSORTED
    if sortable:
        rows = ordered(rows, sort)
    level_name = rows[0].level_name if rows else ""
    return Table(
        key="places",
        title=_("By %(level)s") % {"level": level_name},
        first=level_name,
        rows=rows,
        columns=columns(sort, dashboard_url(unit, query) if sortable else "", "places"),
        unsort_url=f"{dashboard_url(unit, query)}#places" if sortable and is_sorted(sort) else "",
        unsort_label=_("In the order of the places"),
    )


def _child_rows(unit: Unit, by_place: dict[str, Counts], period: Period, query: str) -> list[Row]:
    """Return a row per child unit, one for what was filed at the unit itself and one for places no longer below it."""
    children = list(Unit.objects.filter(parent=unit).order_by("path"))
    left = dict(by_place)
    rows = []
    for child in children:
        found = [left.pop(path) for path in child.paths if path in left]
        if not found and not child.is_active:
            continue
        rates_found = rates.measures(total(found))
        row_cells = cells(rates_found, unit=child, period=period)
        rows.append(Row(child.name, dashboard_url(child, query), rates_found, row_cells, child.level_name))
    here = total(left.pop(path) for path in unit.paths if path in left)
    if children and here.cases["accepted"]:
        found = rates.measures(here)
        name = _("Filed at %(unit)s itself") % {"unit": unit.name}
        rows.append(Row(name, "", found, cells(found, unit=unit, period=period, place=HERE)))
    gone = total(left.values())
    if gone.cases["accepted"]:
        found = rates.measures(gone)
        rows.append(Row(_("Places that moved"), "", found, cells(found, unit=None, period=period)))
    return rows


def _parts(unit: Unit, dimension: str, parts: dict[str, Counts], period: Period) -> Table:
    listed = most_first(parts)
    names = names_of(dimension, [key for key, _counts in listed])
    most = max((counts.cases["accepted"] for _key, counts in listed), default=0)
    rows = []
    for key, counts in listed:
        found = rates.measures(counts)
        rows.append(
            Row(
                names[key],
                "",
                found,
                cells(found, unit=unit, period=period, **{dimension: key or NONE}),
                share=round(100 * counts.cases["accepted"] / most, 1),
                closed_share=round(100 * counts.cases["closed"] / most, 1),
            )
        )
    return Table("parts", PART_TITLES[dimension][1], PART_TITLES[dimension][0], rows, columns("", "", "parts"))


def _part_tabs(unit: Unit, query: str, chosen: str) -> list[dict]:
    return [
        {"url": f"{dashboard_url(unit, query)}&by={name}#parts", "label": title, "active": name == chosen}
        for name, (title, _long) in PART_TITLES.items()
    ]


def _latest(user, unit: Unit, period: Period, now: datetime) -> list[Grievance]:
    """Return the latest accepted cases of a place with nothing below it: there the cases are the next step down."""
    cases = cases_behind(unit=unit, period=period, measure="accepted", side=NUMERATOR, now=now)
    return page_of(cases.visible_to(user)).cases[:LATEST]
