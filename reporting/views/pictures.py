"""Charts of a dashboard as pictures (SVG); `static/js/pictures.js` makes PNG of them."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from linjiang.common import clock
from linjiang.common.errors import InvalidInput
from linjiang.common.replica import snapshot
from orgs.models import Unit
from orgs.profile import profile
from reporting.charts.pictures import WIDTH, Heading, bars_picture, columns_picture, tiles_picture
from reporting.coverage import CATEGORY, DIMENSIONS
from reporting.forms import PeriodForm
from reporting.services import rates
from reporting.services.reading import read
from reporting.views.panels import PANELS, Asked, bars_of
from reporting.views.parts import PART_TITLES, tiles_of
from reporting.views.places import day_words, period_form, unit_in_scope
from reporting.views.trend import TREND_TITLE, bar_words

TREND, PARTS = "trend", "parts"
PICTURES = (TREND, PARTS, *(name for name, panel in PANELS.items() if panel.has_picture))
_SIDE = 64


@login_required
def picture(request: HttpRequest, unit_id: int, name: str) -> HttpResponse:
    """Return a chart of the unit and the period as SVG that stands by itself.

    404 for a chart there is none of, 400 for days that cannot be used.
    """
    if name not in PICTURES:
        raise Http404
    unit, _scope = unit_in_scope(request, unit_id)
    form = period_form(request)
    if form.chosen is None:
        raise InvalidInput({field: messages[0] for field, messages in form.errors.items()})
    dimension = request.GET.get("by", CATEGORY)
    if dimension not in DIMENSIONS:
        raise Http404
    with snapshot():
        svg = _drawn(name, unit, form, dimension)
    answer = HttpResponse(svg, content_type="image/svg+xml; charset=utf-8")
    answer["Content-Disposition"] = f'inline; filename="{name}-{form.chosen.since}-{form.chosen.until}.svg"'
    return answer


def _drawn(name: str, unit: Unit, form: PeriodForm, dimension: str) -> str:
    period, now = form.chosen, clock.now()
    if name == TREND:
        found = read(unit=unit, periods={rates.PERIOD: period}, now=now, step=period.step)
        columns = [
            (bar_words(part.period, period.step), part.accepted, part.closed) for part in rates.trend_of(found, period)
        ]
        note = _("Accepted cases; dark: of these closed")
        return columns_picture(_heading(TREND_TITLE, unit, form, note), columns)
    if name == PARTS:
        found = read(unit=unit, periods={rates.PERIOD: period}, now=now, dimension=dimension)
        tiles = tiles_of(unit, dimension, found.keys, period, width=WIDTH - _SIDE, height=480)
        return tiles_picture(_heading(PART_TITLES[dimension][1], unit, form, _("Accepted cases")), tiles)
    over = name == "ageing"
    note = _("Open cases now; red: past their limit") if over else ""
    return bars_picture(
        _heading(PANELS[name].title, unit, form, note), bars_of(name, Asked(unit, form, now)), inner_is_over=over
    )


def _heading(title, unit: Unit, form: PeriodForm, note: str) -> Heading:
    return Heading(
        str(title),
        f"{unit.name} · {day_words(form.chosen)}",
        note,
        _("%(system)s, as of %(day)s") % {"system": profile().city_name, "day": form.today},
    )
