"""The big screen of a unit: one page that stays on a wall and asks for its numbers again and again."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import dateformat, timezone
from django.utils.safestring import mark_safe
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext_lazy as _

from grievances.choices import Action
from grievances.presentation import ICONS, WARNINGS
from linjiang.common import clock
from linjiang.common.templatetags.lj import rate, thousands
from orgs.models import Unit
from reporting.services.places_below import SHOWN_BELOW
from reporting.services.screen import Screen, screen_of
from reporting.views.places import unit_in_scope

EVERY_SECONDS = 12
KEPT_SECONDS = 5
# The picture of the trend is about as many units wide and high as it has pixels at 1920 × 1080.
_CHART_WIDTH, _CHART_TOP, _CHART_HEIGHT = 766, 34, 136
_WORDS = {
    Action.REPORT: _("A case was reported"),
    Action.RESOLVE_ON_SPOT: _("Solved on the spot"),
    Action.ASSIGN: _("Given to an agency"),
    Action.SETTLE_HERE: _("Handled at the desk itself"),
    Action.ACKNOWLEDGE: _("An agency took it on"),
    Action.RESOLVE: _("Said to be done"),
    Action.FEEDBACK: _("The household has answered"),
    Action.CLOSE_UNANSWERED: _("Closed without an answer"),
    Action.REOPEN: _("Opened again"),
    Action.YELLOW_CARD: _("Yellow card"),
    Action.RED_CARD: _("Red card"),
}


def screen_url(unit: Unit) -> str:
    """Return the address of the unit's big screen; "" for units that have none."""
    return reverse("screen", args=[unit.pk]) if unit.level in SHOWN_BELOW else ""


@login_required
def screen(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Show the screen; 404 for a group or neighbourhood, whose numbers would be single chiefs'."""
    unit = _unit(request, unit_id)
    shown = _shown(unit)
    context = {"unit": unit, "shown": shown, "every": EVERY_SECONDS, "now_url": reverse("screen_now", args=[unit.pk])}
    return render(request, "reporting/screen.html", context)


@login_required
def fragment(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Return the part of the screen that changes; 304 when it is what the asker has. `X-As-Of` says of when it is."""
    shown = _shown(_unit(request, unit_id))
    tag = f'"{shown.tag}"'
    if request.headers.get("If-None-Match") == tag:
        answer: HttpResponse = HttpResponseNotModified()
    else:
        answer = HttpResponse(shown.html)
    answer["ETag"] = tag
    answer["X-As-Of"] = shown.as_of
    answer["Cache-Control"] = "private, no-cache"
    return answer


@dataclass(frozen=True, slots=True)
class _Shown:
    """The fragment, its tag, which changes only with what is in it, and the time of day it is of."""

    html: str
    tag: str
    as_of: str


def _unit(request: HttpRequest, unit_id: int) -> Unit:
    unit, _scope = unit_in_scope(request, unit_id)
    if unit.level not in SHOWN_BELOW:
        raise Http404
    return unit


def _shown(unit: Unit) -> _Shown:
    """Return the fragment, kept for a few seconds: the screens of one place cost one. It holds nothing of a person,
    so whoever may see the unit may see it."""
    key = f"screen:{unit.pk}:{get_language()}"
    kept = cache.get(key)
    if kept is None:
        now = clock.now()
        html = render_to_string("reporting/screen_now.html", _context(screen_of(unit=unit, now=now)))
        tag = hashlib.sha256(html.encode()).hexdigest()[:32]
        kept = (html, tag, f"{timezone.localtime(now):%H:%M:%S}")
        cache.set(key, kept, KEPT_SECONDS)
    html, tag, as_of = kept
    return _Shown(mark_safe(html), tag, as_of)  # noqa: S308  (rendered by the template above)


def _context(found: Screen) -> dict:
    most = max((bar.overdue for bar in found.bars), default=1)
    return {
        "found": found,
        "closure_rate": rate(found.closure_rate.value),
        "satisfaction": rate(found.satisfaction.value),
        "bars": [(bar, round(100 * bar.overdue / most, 1)) for bar in found.bars],
        "trend": _columns(found),
        "trend_sum": (
            thousands(sum(part.accepted for part in found.trend)),
            thousands(sum(part.closed for part in found.trend)),
        ),
        "steps": [
            {
                "at": _time(one.at),
                "words": _WORDS[one.action],
                "icon": ICONS[one.action],
                "is_warning": one.action in WARNINGS,
                "place": one.place,
                "category": one.category,
            }
            for one in found.steps
        ],
    }


def _time(at: datetime) -> str:
    return f"{timezone.localtime(at):%H:%M}"


def _columns(found: Screen) -> list[dict]:
    """Return the bars of the trend as the picture needs them: x, width, and heights from the bottom."""
    most = max((part.accepted for part in found.trend), default=0) or 1
    step = _CHART_WIDTH / len(found.trend)
    columns = []
    for at, part in enumerate(found.trend):
        all_high = round(_CHART_HEIGHT * part.accepted / most, 1)
        done_high = round(_CHART_HEIGHT * part.closed / most, 1)
        columns.append(
            {
                "day": dateformat.format(part.period.since, pgettext("date format", "j M")),
                "accepted": part.accepted,
                "closed": part.closed,
                "x": round(at * step + 5, 1),
                "middle": round((at + 0.5) * step, 1),
                "width": round(step - 10, 1),
                "all_high": all_high,
                "all_top": round(_CHART_TOP + _CHART_HEIGHT - all_high, 1),
                "done_high": done_high,
                "done_top": round(_CHART_TOP + _CHART_HEIGHT - done_high, 1),
                "number_top": round(_CHART_TOP + _CHART_HEIGHT - all_high - 8, 1),
                "is_labelled": at % 3 == 1 and at < len(found.trend) - 1,  # there is no room at the ends
            }
        )
    return columns
