"""The table of the units right below a unit."""

from django.utils.translation import gettext as _

from orgs.choices import Level
from orgs.models import Unit
from reporting.charts.sparks import spark_paths
from reporting.measures import total
from reporting.periods import Period
from reporting.services import rates
from reporting.services.case_lists import HERE
from reporting.services.reading import Reading
from reporting.views.figures import cells
from reporting.views.places import dashboard_url
from reporting.views.tables import Row, Table, columns, is_sorted, ordered

# The children of a group are neighbourhoods, each one chief's: they stand in the order of the place and cannot be
# put into the order of a measure, so that the table is no ranking of chiefs.
_UNSORTED = (Level.GROUP,)


def places_table(unit: Unit, found: Reading, period: Period, query: str, sort: str) -> Table:
    """Return a row per child unit with its trend, sorted by a measure where units may be; `found` was read by place."""
    rows = _child_rows(unit, found, period, query)
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


def _child_rows(unit: Unit, reading: Reading, period: Period, query: str) -> list[Row]:
    """Return a row per child unit, one for what was filed at the unit itself and one for places no longer below it."""
    children = list(Unit.objects.filter(parent=unit).order_by("path"))
    left = dict(reading.places)
    rows = []
    for child in children:
        found = [left.pop(path) for path in child.paths if path in left]
        if not found and not child.is_active:
            continue
        rates_found = rates.measures(total(found))
        row_cells = cells(rates_found, unit=child, period=period)
        spark = _spark(reading, child, period)
        rows.append(Row(child.name, dashboard_url(child, query), rates_found, row_cells, child.level_name, spark=spark))
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


def _spark(reading: Reading, unit: Unit, period: Period) -> tuple[str, str]:
    """Return the outlines of a unit's bars over the period (`charts.sparks`)."""
    bars = rates.bars_of([reading.sparks[path] for path in unit.paths if path in reading.sparks], period)
    return spark_paths(bars)
