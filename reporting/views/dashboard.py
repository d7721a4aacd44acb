"""The dashboard of a unit and a period."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import dateformat
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from grievances.models import Category, Grievance
from linjiang.common import clock
from linjiang.common.templatetags.lj import thousands
from orgs.choices import Level
from orgs.models import Unit
from reporting.forms import PERIOD_LABELS, PeriodForm
from reporting.measures import Counts, Measure, TimeToClose, total
from reporting.periods import Period, Step
from reporting.scopes import dashboard_units_of
from reporting.services import rates
from reporting.services.case_lists import HERE, NUMERATOR, UNCLASSIFIED, cases_behind, page_of
from reporting.views.figures import COLUMNS, Figure, cells, figures, hint_of, label_of
from reporting.views.places import (
    cases_url,
    crumbs,
    dashboard_url,
    day_words,
    period_form,
    period_query,
    unit_in_scope,
)

LATEST = 10
# The children of a group are neighbourhoods, each one chief's: they stand in the order of the place and cannot be
# put into the order of a measure, so that the table is no ranking of chiefs.
_UNSORTED = (Level.GROUP,)


@login_required
def own_dashboard(request: HttpRequest) -> HttpResponse:
    """Go to the dashboard of the viewer's widest unit."""
    units = dashboard_units_of(request.user)
    if not units:
        raise PermissionDenied(_("Figures are for leaders, community and street staff, supervisors and officials."))
    return redirect(dashboard_url(units[0], request.GET.urlencode()).removesuffix("?"))


@login_required
def dashboard(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Show the unit's measures, trend, child units and categories; days that cannot be used are said so (400)."""
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
    numbers = _numbers(unit, period, query, request.GET.get("sort", ""), now)
    context |= {
        "period": period,
        "period_words": day_words(period),
        "query": query,
        "crumbs": crumbs(unit, scope, query),
        **numbers,
        "cases": [] if numbers["children"] else _latest(request.user, unit, period, now),
        "cases_url": cases_url(unit, period, "accepted"),
        "now": now,
    }
    return render(request, "reporting/dashboard.html", context)


def _numbers(unit: Unit, period: Period, query: str, sort: str, now: datetime) -> dict:
    by_place = rates.count_by_place(unit=unit, period=period, now=now)
    counts = total(by_place.values())
    trend, categories = rates.count_over_time_and_category(unit=unit, period=period)
    rows = _child_rows(unit, by_place, period, query)
    sortable = unit.level not in _UNSORTED
    if sortable:
        rows = _sorted(rows, sort)
    return {
        "is_empty": not counts.cases["accepted"],
        "figures": figures(rates.measures(counts), unit=unit, period=period),
        "standing": _standing(unit, period, rates.count_now(unit=unit, now=now)),
        "trend": [_TrendRow(part, _part_words(part.period, period.step), unit) for part in trend],
        "step": period.step.value,
        "children": rows,
        "child_level": rows[0].level_name if rows else "",
        "columns": _columns(unit, query, sort, sortable=sortable),
        "place_sort_url": f"{dashboard_url(unit, query)}#places",
        "is_sorted": sortable and sort.lstrip("-") in COLUMNS,
        "categories": _categories(unit, period, categories),
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


# Child units


@dataclass(frozen=True, slots=True)
class _ChildRow:
    """A row of the table of child units; without a unit: cases of places that are no longer there."""

    name: str
    url: str
    found: dict[str, Measure | TimeToClose]
    cells: list[Figure]
    level_name: str = ""


def _child_rows(unit: Unit, by_place: dict[str, Counts], period: Period, query: str) -> list[_ChildRow]:
    children = {child.path: child for child in Unit.objects.filter(parent=unit).order_by("path")}
    rows = []
    for path, child in children.items():
        counts = by_place.get(path)
        if counts is None and not child.is_active:
            continue
        found = rates.measures(counts or Counts())
        row_cells = cells(found, unit=child, period=period)
        rows.append(_ChildRow(child.name, dashboard_url(child, query), found, row_cells, child.level_name))
    here = by_place.get(unit.path)
    if children and here:
        found = rates.measures(here)
        name = _("Filed at %(unit)s itself") % {"unit": unit.name}
        rows.append(_ChildRow(name, "", found, cells(found, unit=unit, period=period, place=HERE)))
    gone = total(counts for path, counts in by_place.items() if path != unit.path and path not in children)
    if gone.cases["accepted"]:
        found = rates.measures(gone)
        rows.append(_ChildRow(_("Places that moved"), "", found, cells(found, unit=None, period=period)))
    return rows


def _sorted(rows: list[_ChildRow], sort: str) -> list[_ChildRow]:
    """Order by a measure, highest first, "-" lowest first; a row without a value comes last; else by place."""
    key = sort.removeprefix("-")
    if key not in COLUMNS:
        return rows
    valued = [row for row in rows if row.found[key].as_dict()["value"] is not None]
    valued.sort(key=lambda row: row.found[key].as_dict()["value"], reverse=not sort.startswith("-"))
    return valued + [row for row in rows if row.found[key].as_dict()["value"] is None]


def _columns(unit: Unit, query: str, sort: str, *, sortable: bool) -> list[dict]:
    columns = []
    for key in COLUMNS:
        current = {key: "descending", f"-{key}": "ascending"}.get(sort, "") if sortable else ""
        turned = f"-{key}" if current == "descending" else key
        columns.append(
            {
                "label": label_of(key),
                "hint": hint_of(key),
                "url": f"{dashboard_url(unit, query)}&sort={turned}#places" if sortable else "",
                "current": current,
            }
        )
    return columns


def _latest(user, unit: Unit, period: Period, now: datetime) -> list[Grievance]:
    """Return the latest accepted cases of a place with nothing below it: there the cases are the next step down."""
    cases = cases_behind(unit=unit, period=period, measure="accepted", side=NUMERATOR, now=now)
    return page_of(cases.visible_to(user)).cases[:LATEST]


# Categories


def _categories(unit: Unit, period: Period, counts: list[rates.CategoryCount]) -> list[dict]:
    names = {category.pk: str(category) for category in Category.objects.filter(parent__isnull=True)}
    most = max((one.accepted for one in counts), default=0)
    rows = []
    for one in counts:
        chosen = UNCLASSIFIED if one.category_id is None else str(one.category_id)
        rows.append(
            {
                "name": names.get(one.category_id, _("Not classified yet")),
                "accepted": one.accepted,
                "closed": one.closed,
                "accepted_url": cases_url(unit, period, "accepted", category=chosen),
                "closed_url": cases_url(unit, period, "closed", category=chosen),
                "width": round(100 * one.accepted / most, 1),
                "closed_width": round(100 * one.closed / most, 1),
            }
        )
    return rows
