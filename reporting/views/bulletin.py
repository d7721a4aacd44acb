"""The monthly bulletin of a unit: on a page that prints on A4, and as a Word file."""

import re
from datetime import date

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from linjiang.common import clock
from linjiang.common.downloads import word_attachment
from linjiang.common.errors import InvalidInput
from orgs.models import Unit
from reporting.bulletin import bulletin_letter, month_words
from reporting.periods import DAY, FIRST_DAY, Period
from reporting.services.bulletins import bulletin_facts, has_bulletin
from reporting.services.rates import measures
from reporting.views.places import dashboard_url, unit_in_scope

_MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)
_SHOWN = 12


@login_required
@require_safe
def bulletin(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Show the bulletin of `month` (2026-10, else the last whole month), or send it as Word (`as=word`).

    403 and 404 as for dashboards, 404 for places below a community, 400 for a month that cannot be used.
    """
    unit, _scope = unit_in_scope(request, unit_id)
    if not has_bulletin(unit):
        raise Http404
    now = clock.now()
    today = clock.local_day(now)
    month = _month(request.GET.get("month", ""), today)
    letter = bulletin_letter(bulletin_facts(unit=unit, month=month, now=now), measured=measures)
    if request.GET.get("as") == "word":
        return word_attachment(letter, name=f"{unit.name}-{letter.title}")
    chosen = month.since.strftime("%Y-%m")
    return render(
        request,
        "reporting/bulletin.html",
        {
            "letter": letter,
            "heading": _("Monthly bulletin"),
            "subtitle": unit.name,
            "back_url": dashboard_url(unit, urlencode({"since": month.since, "until": month.until})),
            "back_label": _("Dashboard"),
            "word_url": f"{_address(unit, chosen)}&as=word",
            "months": _months(today),
            "chosen": chosen,
        },
    )


def _address(unit: Unit, month: str) -> str:
    return f"{reverse('bulletin', args=[unit.pk])}?{urlencode({'month': month})}"


def _month(typed: str, today: date) -> Period:
    """Return the month typed as 2026-10, the last whole one for nothing; InvalidInput for anything else."""
    first = (today.replace(day=1) - DAY).replace(day=1)
    if typed:
        found = _MONTH.fullmatch(typed)
        try:
            first = date(int(found[1]), int(found[2]), 1) if found else None
        except ValueError:
            first = None
        if first is None or not FIRST_DAY <= first <= today:
            raise InvalidInput({"month": _("Please give a month up to this one, for example 2026-01.")})
    return whole_month(first)


def whole_month(first: date) -> Period:
    """Return the month that begins on `first`."""
    return Period(first, (first + 31 * DAY).replace(day=1) - DAY)


def _months(today: date) -> list[tuple[str, str]]:
    """Return the months to choose from, this one first, as values and words."""
    found, first = [], today.replace(day=1)
    for _place in range(_SHOWN):
        found.append((first.strftime("%Y-%m"), month_words(whole_month(first))))
        first = (first - DAY).replace(day=1)
    return found
