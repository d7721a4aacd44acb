"""The dashboard of a unit and a period."""

from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from grievances.models import Grievance
from linjiang.common import clock
from linjiang.common.replica import snapshot
from linjiang.common.templatetags.lj import thousands
from orgs.models import Unit
from reporting.coverage import CATEGORY, DIMENSIONS
from reporting.forms import PERIOD_LABELS, PeriodForm
from reporting.periods import Period
from reporting.scopes import dashboard_units_of
from reporting.services import rates
from reporting.services.bulletins import has_bulletin
from reporting.services.case_lists import NUMERATOR, cases_behind, page_of
from reporting.services.reading import read
from reporting.views.children import places_table
from reporting.views.exports import exports_of
from reporting.views.figures import compared_words, figures
from reporting.views.map import map_url
from reporting.views.panels import panels_of, picture_url
from reporting.views.parts import maps_of, part_tabs, parts_table
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
from reporting.views.trend import trend_bars

LATEST = 10


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
        "bulletin_url": reverse("bulletin", args=[unit.pk]) if has_bulletin(unit) else "",
        "places": [place for place in dashboard_units_of(request.user) if len(scope.paths) > 1],
    }
    if period is None:
        return render(request, "reporting/dashboard.html", context, status=400)
    query, now = period_query(form), clock.now()
    with snapshot():
        numbers = _numbers(request, unit, form, now)
        cases = [] if numbers["children"] else _latest(request.user, unit, period, now)
    context |= {
        "period": period,
        "period_words": day_words(period),
        "query": query,
        "crumbs": crumbs(unit, scope, query),
        **numbers,
        "cases": cases,
        "cases_url": cases_url(unit, period, "accepted"),
        "panels": panels_of(unit, query),
        "exports": exports_of(unit, period_query(form), request.GET.get("by", "")),
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
    places = places_table(unit, found, period, query, request.GET.get("sort", ""))
    parts = parts_table(unit, dimension, found.keys, period)
    return {
        "is_empty": not found.totals[rates.PERIOD].cases["accepted"],
        "figures": figures(measured, unit=unit, period=period),
        "compared_words": compared_words(compared),
        "standing": _standing(unit, period, found.standing),
        "trend": trend_bars(unit, found, period),
        "step": period.step.value,
        "trend_picture_url": picture_url("trend", unit, query),
        "children": places.rows,
        "places_table": places,
        "parts_table": parts,
        "part_tabs": part_tabs(unit, query, dimension),
        "maps": maps_of(parts),
        "parts_picture_url": picture_url("parts", unit, f"{query}&by={dimension}"),
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


def _latest(user, unit: Unit, period: Period, now: datetime) -> list[Grievance]:
    """Return the latest accepted cases of a place with nothing below it: there the cases are the next step down."""
    cases = cases_behind(unit=unit, period=period, measure="accepted", side=NUMERATOR, now=now)
    return page_of(cases.visible_to(user)).cases[:LATEST]
