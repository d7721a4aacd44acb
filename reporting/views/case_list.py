"""The cases behind one number of a dashboard."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _

from grievances.choices import Source
from grievances.models import Category, Grievance
from grievances.querysets import GrievanceQuerySet
from grievances.views.exports import offer
from linjiang.common import clock
from linjiang.common.errors import InvalidInput
from orgs import tree
from orgs.models import Agency, Unit
from reporting.coverage import CATEGORY, DIMENSIONS, SOURCE
from reporting.measures import KINDS, TIME_TO_CLOSE
from reporting.periods import Period
from reporting.services.card_counts import name_of
from reporting.services.case_lists import (
    DENOMINATOR,
    HERE,
    NONE,
    NUMERATOR,
    SIDES,
    cases_behind,
    filed_at,
    in_part,
    page_of,
)
from reporting.services.parts import names_of
from reporting.views.figures import hint_of, label_of
from reporting.views.headings import BEHIND
from reporting.views.places import (
    crumbs,
    dashboard_url,
    day_words,
    days_query,
    period_form,
    period_query,
    unit_in_scope,
)


@login_required
def counted_cases(request: HttpRequest, unit_id: int) -> HttpResponse:
    """List exactly the cases counted in a number: `measure`, `side`, the period, a top
    `category`, a `source` or an `agency`, `place=here` for those filed at the unit itself, `to` for who was shown
    a card.

    404 for a measure, side or category there is none of; 400 for days or marks that cannot be used.
    """
    unit, scope = unit_in_scope(request, unit_id)
    form = period_form(request)
    period = form.chosen
    if period is None:
        raise InvalidInput({name: messages[0] for name, messages in form.errors.items()})
    now = clock.now()
    asked = _asked(request)
    cases = _counted(unit, period, asked, now).visible_to(request.user)
    try:
        page = page_of(cases, after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    except ValueError as error:
        raise InvalidInput({"after": _("This page is not there. Please start from the first one.")}) from error
    back_query = period_query(form)
    here = _address(unit, period, asked)
    return render(
        request,
        "reporting/cases.html",
        {
            "unit": unit,
            "heading": asked.heading,
            "hint": asked.hint,
            "period_words": "" if asked.is_now else day_words(period),
            "category": asked.part_name,
            "count": cases.count(),
            "cases": _listed(page.cases, unit),
            "now": now,
            "tabs": _tabs(unit, period, asked),
            "crumbs": crumbs(unit, scope, back_query),
            "dashboard_url": dashboard_url(unit, back_query),
            "export_url": f"{reverse('counted_cases_export', args=[unit.pk])}?{request.GET.urlencode()}",
            "prev_url": f"{here}&before={page.newer}" if page.newer else "",
            "next_url": f"{here}&after={page.older}" if page.older else "",
        },
    )


@login_required
def export_counted(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Offer exactly the cases counted in a number as a workbook; refuses what `counted_cases` refuses."""
    unit, _scope = unit_in_scope(request, unit_id)
    form = period_form(request)
    period = form.chosen
    if period is None:
        raise InvalidInput({name: messages[0] for name, messages in form.errors.items()})
    asked = _asked(request)
    cases = _counted(unit, period, asked, clock.now()).visible_to(request.user).order_by("-reported_at", "-pk")
    words = [unit.name, asked.heading, asked.part_name, "" if asked.is_now else day_words(period)]
    return offer(
        request,
        cases,
        what=" · ".join(word for word in words if word),
        back_url=f"{reverse('counted_cases', args=[unit.pk])}?{request.GET.urlencode()}",
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    """Which number the cases of are wanted."""

    measure: str
    side: str
    dimension: str
    key: str
    part_name: str
    here: bool
    to: str = ""

    @property
    def is_now(self) -> bool:
        return self.measure in BEHIND and BEHIND[self.measure].is_now

    @property
    def heading(self) -> str:
        return BEHIND[self.measure].heading() if self.measure in BEHIND else label_of(self.measure)

    @property
    def hint(self) -> str:
        return str(BEHIND[self.measure].hint) if self.measure in BEHIND else hint_of(self.measure)


def _asked(request: HttpRequest) -> _Asked:
    measure = request.GET.get("measure", "accepted")
    side = request.GET.get("side", NUMERATOR)
    if side not in SIDES or measure not in (*KINDS, *BEHIND, TIME_TO_CLOSE):
        raise Http404
    to = request.GET.get("to", "")
    if to:
        return _Asked(measure, side, "", "", _card_holder(measure, to), here=False, to=to)
    dimension = next((one for one in DIMENSIONS if request.GET.get(one)), "")
    key = request.GET.get(dimension, "") if dimension else ""
    name = _part_name(dimension, key) if dimension else ""
    return _Asked(measure, side, dimension, key, name, here=request.GET.get("place") == HERE)


def _card_holder(measure: str, to: str) -> str:
    """Return who was shown the cards; Http404 when there is nobody of the key, or the number is not one of cards."""
    try:
        name = name_of(to) if measure in BEHIND and BEHIND[measure].takes_to else None
    except ValueError:
        name = None
    if name is None:
        raise Http404
    return name


def _part_name(dimension: str, key: str) -> str:
    """Return what the category, source or agency is called; Http404 when there is none of the key."""
    if dimension == SOURCE:
        if key not in Source.values:
            raise Http404
        return str(Source(key).label)
    if key == NONE:
        return names_of(dimension, [""])[""]
    if not (key.isascii() and key.isdigit() and len(key) < 18):
        raise Http404
    if dimension == CATEGORY:
        return str(get_object_or_404(Category, pk=int(key), parent__isnull=True))
    return str(get_object_or_404(Agency, pk=int(key)))


def _counted(unit: Unit, period: Period, asked: _Asked, now: datetime) -> GrievanceQuerySet:
    if asked.measure in BEHIND:
        cases = BEHIND[asked.measure].cases(unit, period, now, asked.to)
    else:
        cases = cases_behind(unit=unit, period=period, measure=asked.measure, side=asked.side, now=now)
    if asked.here:
        cases = filed_at(cases, unit)
    return in_part(cases, asked.dimension, asked.key) if asked.dimension else cases


class _Listed:
    """A case as a list of a wide area shows it: with its whole place, from below the area down."""

    def __init__(self, case: Grievance, unit_name: str) -> None:
        self.case = case
        self.unit_name = unit_name

    def __getattr__(self, name: str) -> object:
        return getattr(self.case, name)


def _listed(cases: list[Grievance], unit: Unit) -> list[_Listed]:
    """Return the page's cases with their places, named in one statement."""
    ways = {case.unit_path: tree.ancestor_paths(case.unit_path, include_self=True) for case in cases}
    names = dict(
        Unit.objects.filter(path__in={path for way in ways.values() for path in way}).values_list("path", "name")
    )
    listed = []
    for case in cases:
        way = [names[path] for path in ways[case.unit_path] if path in names and len(path) > len(unit.path)]
        listed.append(_Listed(case, " ".join(way) or case.unit_name))
    return listed


def _address(unit: Unit, period: Period, asked: _Asked, side: str = "") -> str:
    more = {asked.dimension: asked.key} if asked.dimension else {}
    if asked.here:
        more["place"] = HERE
    if asked.to:
        more["to"] = asked.to
    query = days_query(period, measure=asked.measure, side=side or asked.side, **more)
    return f"{reverse('counted_cases', args=[unit.pk])}?{query}"


def _tabs(unit: Unit, period: Period, asked: _Asked) -> list[dict]:
    """Return the two sides of a rate; nothing for a plain count."""
    kind = KINDS.get(asked.measure)
    if kind is None or kind.is_count:
        return []
    words = {NUMERATOR: kind.above, DENOMINATOR: kind.below}
    return [
        {"url": _address(unit, period, asked, side), "label": words[side], "active": side == asked.side}
        for side in SIDES
    ]
