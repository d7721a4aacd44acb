"""What the pages of a unit share: may it be seen, where does it lie, which period was asked for."""

from dataclasses import dataclass
from functools import lru_cache

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils import dateformat
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from linjiang.common import clock
from orgs.models import Unit
from orgs.scopes import Scope
from reporting.forms import PeriodForm
from reporting.periods import Period
from reporting.scopes import dashboard_scope_of


def unit_in_scope(request: HttpRequest, unit_id: int) -> tuple[Unit, Scope]:
    """Return the unit and the viewer's scope; 403 for those who have no dashboard, 404 for a unit of somebody else."""
    scope = dashboard_scope_of(request.user)
    if scope.is_empty:
        raise PermissionDenied(_("Figures are for leaders, community and street staff, supervisors and officials."))
    unit = Unit.objects.filter(scope.units_q(), pk=unit_id).first() if unit_id < 2**63 else None
    if unit is None:
        raise Http404
    return unit, scope


@dataclass(frozen=True, slots=True)
class Crumb:
    """A unit on the way down; without `url` for units above the viewer's own."""

    name: str
    url: str


def crumbs(unit: Unit, scope: Scope, query: str) -> list[Crumb]:
    """Return the way from the city down to the unit's parent; one statement."""
    return [
        Crumb(above.name, dashboard_url(above, query) if scope.covers(above.path) else "")
        for above in Unit.objects.ancestors(unit.path)
    ]


def period_form(request: HttpRequest) -> PeriodForm:
    """Return the bound form of the period in the address."""
    return PeriodForm(request.GET, today=clock.local_day(clock.now()))


def period_query(form: PeriodForm) -> str:
    """Return the query string that keeps the period on the way to another unit."""
    if form.chosen_name:
        return urlencode({"period": form.chosen_name})
    return days_query(form.chosen)


def days_query(period: Period, **more: str) -> str:
    """Return the query string of fixed days and whatever else."""
    return f"{urlencode(more)}&{_days(period)}" if more else _days(period)


@lru_cache(maxsize=256)
def _days(period: Period) -> str:
    return urlencode({"since": period.since.isoformat(), "until": period.until.isoformat()})


def dashboard_url(unit: Unit, query: str) -> str:
    """Return the address of a unit's dashboard for the same period."""
    return f"{reverse('unit_dashboard', args=[unit.pk])}?{query}"


def cases_url(unit: Unit, period: Period, measure: str, side: str = "", **more: str) -> str:
    """Return the address of the cases behind one number; a page has a thousand of them."""
    sided = f"&side={side}" if side else ""
    others = _others(tuple(more.items())) if more else ""
    return f"{_cases_path(unit.pk)}?measure={measure}{sided}{others}&{_days(period)}"


@lru_cache(maxsize=4096)
def _others(more: tuple[tuple[str, str], ...]) -> str:
    return f"&{urlencode(more)}"


@lru_cache(maxsize=4096)
def _cases_path(unit_id: int) -> str:
    return reverse("counted_cases", args=[unit_id])


def day_words(period: Period) -> str:
    """Return the period in words, always with the year: a printed page must say which."""
    words = [dateformat.format(day, pgettext("date format", "j M Y")) for day in (period.since, period.until)]
    return words[0] if period.days == 1 else " – ".join(words)
