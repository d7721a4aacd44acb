"""Units of one class side by side."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from linjiang.common import clock
from linjiang.common.errors import InvalidInput
from orgs import tree
from orgs.models import Unit
from orgs.peers import NAMES, peer_class
from orgs.scopes import Scope
from reporting.measures import total
from reporting.services import rates
from reporting.services.reading import read_level
from reporting.views.figures import cells
from reporting.views.places import crumbs, dashboard_url, day_words, period_form, period_query, unit_in_scope
from reporting.views.tables import Row, Table, columns, is_sorted, ordered


def peers_url(unit: Unit, query: str, *, above: Unit | None = None) -> str:
    """Return the address of the unit's peers, below `above` or the widest unit the viewer may see."""
    within = f"&{urlencode({'within': above.pk})}" if above else ""
    return f"{reverse('unit_peers', args=[unit.pk])}?{query}{within}"


def peer_grounds(unit: Unit, scope: Scope) -> list[str]:
    """Return the paths above the unit within which its peers may be compared, the widest first; none for units that
    are not compared, and for who sees nothing above the unit."""
    if not peer_class(unit.level, unit.name):
        return []
    return [path for path in tree.ancestor_paths(unit.path) if scope.covers(path)]


@login_required
def peers(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Show the measures of all units of the unit's class below one of the units above it (`within`, else the widest
    in the viewer's scope); 404 where there is nothing to compare."""
    unit, scope = unit_in_scope(request, unit_id)
    form = period_form(request)
    if form.chosen is None:
        raise InvalidInput({name: messages[0] for name, messages in form.errors.items()})
    grounds = list(Unit.objects.filter(path__in=peer_grounds(unit, scope)).order_by("path"))
    if not grounds:
        raise Http404
    asked = request.GET.get("within", "")
    above = next((one for one in grounds if str(one.pk) == asked), None) if asked else grounds[0]
    if above is None:
        raise Http404
    query = period_query(form)
    return render(
        request,
        "reporting/peers.html",
        {
            "unit": unit,
            "above": above,
            "period": form.chosen,
            "period_words": day_words(form.chosen),
            "crumbs": crumbs(unit, scope, query),
            "dashboard_url": dashboard_url(unit, query),
            "grounds": [
                {"label": one.name, "url": peers_url(unit, query, above=one), "active": one == above} for one in grounds
            ],
            "table": _table(unit, above, form, request.GET.get("sort", "")),
        },
    )


def _table(unit: Unit, above: Unit, form, sort: str) -> Table:
    period, query = form.chosen, period_query(form)
    kind = peer_class(unit.level, unit.name)
    counts = read_level(above=above, depth=unit.depth, period=period, now=clock.now())
    rows = []
    for peer in Unit.objects.subtree(above.path).filter(level=unit.level).select_related("parent").order_by("path"):
        if peer.depth != unit.depth or peer_class(peer.level, peer.name) != kind:
            continue
        kept = [counts[path] for path in peer.paths if path in counts]
        if not kept and not peer.is_active:
            continue
        found = rates.measures(total(kept))
        row_cells = cells(found, unit=peer, period=period)
        where = peer.parent.name if peer.parent_id != above.pk else ""
        own = peer.pk == unit.pk
        rows.append(Row(peer.name, dashboard_url(peer, query), found, row_cells, is_own=own, where=where))
    here = peers_url(unit, query, above=above)
    return Table(
        key="peers",
        title=_("%(class)s of %(place)s") % {"class": NAMES[kind], "place": above.name},
        first=unit.level_name,
        rows=ordered(rows, sort),
        columns=columns(sort, here, "peers"),
        unsort_url=f"{here}#peers" if is_sorted(sort) else "",
        unsort_label=_("In the order of the places"),
    )
