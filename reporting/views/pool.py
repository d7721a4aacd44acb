"""The problem pool (问题池): matters told by many, of every source, for whoever answers for a place."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, F, OuterRef
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from grievances.choices import POOLED, ClusterState, Source
from grievances.models import Category, Cluster, ClusterCase, Grievance, PoolRun
from grievances.pooling import pool_scope_of
from linjiang.common import clock
from orgs.choices import LEVEL_ORDER, Level
from orgs.models import Unit
from orgs.scopes import Scope
from orgs.tree import SEGMENT
from reporting.coverage import CATEGORY, SOURCE
from reporting.services.parts import names_of

SHOWN = 20
WEEKS = 12
# The heads of the list count the cases of as many days as a night searches.
DAYS = 180
# A whole city's are a second of the database; an hour old they tell the same.
_KEPT_SECONDS = 3600
_LAST_PAGE = 500
_SORTS = {
    "size": (gettext_lazy("Most cases"), ("-count", "-pk")),
    "growth": (gettext_lazy("Growing most"), (F("recent") - F("before"), "-count", "-pk")),
    "last": (gettext_lazy("Told last"), ("-last_told", "-pk")),
}
_PERIODS = {"30": gettext_lazy("Last 30 days"), "90": gettext_lazy("Last 90 days")}


@dataclass(slots=True)
class Row:
    """A cluster as the list shows it."""

    cluster: Cluster
    bars: list[dict]
    sources: int = 0
    places: int = 0


@dataclass(slots=True)
class _Facts:
    weeks: Counter = field(default_factory=Counter)
    sources: set = field(default_factory=set)
    places: set = field(default_factory=set)


@login_required
@require_safe
def pool(request: HttpRequest) -> HttpResponse:
    """List the clusters of the viewer's places; 403 for who answers for none, 404 for a unit of somebody else."""
    scope = pool_scope_of(request.user)
    if scope.is_empty:
        raise PermissionDenied(
            _("The problem pool is for leaders, community and street staff, supervisors, officials.")
        )
    today = clock.local_day(clock.now())
    unit, units = _unit(request, scope)
    tops = {str(one.pk): one for one in Category.objects.filter(parent__isnull=True).order_by("code")}
    found = _filtered(request, scope, unit, tops, today)
    sort = _one_of(request, "sort", _SORTS) or "size"
    order = _SORTS[sort][1]
    first, *rest = order
    ordered = found.order_by(first.desc() if sort == "growth" else first, *rest)
    page = _page_number(request)
    begin = (page - 1) * SHOWN
    # One more tells whether there is a next page.
    shown = list(ordered.select_related("unit", "category", "lead_agency", "lead_unit")[begin : begin + SHOWN + 1])
    context = {
        "unit": unit,
        "rows": _rows(shown[:SHOWN], today),
        "count": found.count(),
        "heads": _heads(unit, today),
        "filters": _filters(request, unit, units, tops),
        "sorts": _sorts(request, sort),
        "keep": [("sort", sort)] if sort != "size" else [],
        "is_filtered": any(request.GET.get(name) for name in ("category", "state", "source", "period")),
        "run": PoolRun.objects.first(),
        "prev_url": _with(request, page=str(page - 1)) if page > 1 else "",
        "next_url": _with(request, page=str(page + 1)) if len(shown) > SHOWN and page < _LAST_PAGE else "",
    }
    return render(request, "reporting/pool.html", context)


def _unit(request: HttpRequest, scope: Scope) -> tuple[Unit, list[Unit]]:
    """Return the unit asked for, and those to choose from: the tops of the scope and what lies right below them."""
    tops = Unit.objects.filter(path__in=scope.paths) if scope.paths != ("",) else Unit.objects.filter(parent=None)
    given = request.GET.get("unit", "")
    if given:
        number = int(given) if given.isascii() and given.isdecimal() and len(given) < 10 else 0
        unit = Unit.objects.filter(scope.units_q(), pk=number).first()
    else:
        unit = tops.order_by("path").first()
    if unit is None:
        raise Http404
    below = Unit.objects.filter(parent=unit, level__in=list(Level.values)[: LEVEL_ORDER[Level.COMMUNITY]])
    return unit, list((tops | below | Unit.objects.filter(pk=unit.pk)).order_by("path"))


def _filtered(request: HttpRequest, scope: Scope, unit: Unit, tops: dict[str, Category], today: date):
    here = Scope(tuple(unit.paths))
    found = Cluster.objects.within(here).filter(state__in=_states(request))
    if not all(scope.covers(path) for path in unit.paths):
        found = found.within(scope)
    if category := _one_of(request, "category", tops):
        found = found.filter(category__parent=tops[category])
    if period := _one_of(request, "period", _PERIODS):
        found = found.filter(last_told__gt=today - timedelta(days=int(period)))
    if source := _one_of(request, "source", Source.values):
        told = ClusterCase.objects.in_force().filter(cluster=OuterRef("pk"), grievance__source=source)
        found = found.filter(Exists(told))
    return found


def _states(request: HttpRequest) -> tuple[str, ...]:
    chosen = _one_of(request, "state", ClusterState.values)
    return (chosen,) if chosen and chosen != ClusterState.MERGED else POOLED


def _rows(clusters: list[Cluster], today: date) -> list[Row]:
    facts: dict[int, _Facts] = defaultdict(_Facts)
    length = LEVEL_ORDER[Level.COMMUNITY] * SEGMENT
    columns = ("cluster_id", "grievance__source", "unit_path", "grievance__reported_at")
    for pk, source, path, at in ClusterCase.objects.in_force().filter(cluster__in=clusters).values_list(*columns):
        one = facts[pk]
        one.sources.add(source)
        one.places.add(path[:length])
        if at:
            one.weeks[(today - clock.local_day(at)).days // 7] += 1
    return [
        Row(one, week_bars(facts[one.pk].weeks), len(facts[one.pk].sources), len(facts[one.pk].places))
        for one in clusters
    ]


def week_bars(weeks: Counter, *, count: int = WEEKS, width: int = 8, height: int = 32) -> list[dict]:
    """Return a bar for each of the last `count` weeks, the oldest first: x, y, height, cases; none is a line of 1."""
    most = max([weeks[ago] for ago in range(count)], default=0) or 1
    bars = []
    for at, ago in enumerate(range(count - 1, -1, -1)):
        tall = max(round(weeks[ago] / most * height), 1)
        bars.append({"x": at * width, "y": height - tall, "height": tall, "cases": weeks[ago], "ago": ago})
    return bars


def _heads(unit: Unit, today: date) -> list[dict]:
    """Return how many cases of the unit there are by category and by source, whether alike or not: the whole pool."""
    counted = cache.get_or_set(f"pool-heads:{unit.pk}:{today}", lambda: _counted(unit), _KEPT_SECONDS)
    heads = []
    for at, dimension, title in ((0, CATEGORY, _("By category")), (1, SOURCE, _("By source"))):
        counts: Counter[str] = Counter()
        for *keys, count in counted:
            counts[keys[at]] += count
        names = names_of(dimension, counts)
        parts = sorted(counts.items(), key=lambda part: (-part[1], part[0]))
        heads.append(
            {
                "title": title,
                "parts": [
                    {"name": names[key], "count": count, "url": f"?{_part(unit, dimension, key)}"}
                    for key, count in parts
                ],
            }
        )
    return heads


def _counted(unit: Unit) -> list[tuple[str, str, int]]:
    """Return (top category, source, cases) of the last DAYS days; one statement, read from an index alone."""
    since = clock.now() - timedelta(days=DAYS)
    told = Grievance.objects.below(unit).filter(reported_at__gt=since)
    rows = told.values_list("category_id", "source").annotate(cases=Count("pk")).order_by()
    parents = dict(Category.objects.values_list("pk", "parent_id"))
    return [(str(parents.get(category) or category or ""), source, cases) for category, source, cases in rows]


def _part(unit: Unit, dimension: str, key: str) -> str:
    return urlencode({"unit": unit.pk, dimension: key})


def _filters(request: HttpRequest, unit: Unit, units: list[Unit], tops: dict[str, Category]) -> list[dict]:
    states = [state for state in ClusterState if state != ClusterState.MERGED]
    offered = [
        ("unit", _("Place"), [(str(one.pk), one.name) for one in units], str(unit.pk)),
        ("category", _("Category"), [("", _("All")), *((key, str(one)) for key, one in tops.items())], None),
        ("state", _("State"), [("", _("All in the pool")), *((one.value, one.label) for one in states)], None),
        ("source", _("Source"), [("", _("All")), *Source.choices], None),
        ("period", _("Told"), [("", _("Any time")), *_PERIODS.items()], None),
    ]
    return [
        {
            "name": name,
            "label": label,
            "options": [
                {"value": value, "label": words, "selected": value == (chosen or request.GET.get(name, ""))}
                for value, words in options
            ],
        }
        for name, label, options, chosen in offered
    ]


def _sorts(request: HttpRequest, chosen: str) -> list[dict]:
    return [
        {"url": _with(request, sort=name), "label": label, "active": name == chosen}
        for name, (label, _order) in _SORTS.items()
    ]


def _with(request: HttpRequest, **changed: str) -> str:
    params = request.GET.copy()
    params.pop("page", None)
    for name, value in changed.items():
        params[name] = value
    return f"?{params.urlencode()}"


def _one_of(request: HttpRequest, name: str, allowed) -> str:
    """Return what the address says, "" for what there is not: an old or mistyped link shows everything."""
    value = request.GET.get(name, "")
    return value if value in allowed else ""


def _page_number(request: HttpRequest) -> int:
    given = request.GET.get("page", "1")
    number = int(given) if given.isascii() and given.isdecimal() and len(given) < 6 else 0
    if not 1 <= number <= _LAST_PAGE:
        raise Http404
    return number
