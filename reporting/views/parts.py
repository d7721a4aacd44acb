"""A unit's cases divided by category, source or agency: a table, and the same as a treemap."""

from django.utils.translation import gettext_lazy

from linjiang.common.templatetags.lj import thousands
from orgs.models import Unit
from reporting.charts.tiles import Map, Part, tiled
from reporting.coverage import AGENCY, CATEGORY, SOURCE
from reporting.measures import Counts
from reporting.periods import Period
from reporting.services import rates
from reporting.services.case_lists import NONE, NUMERATOR
from reporting.services.parts import most_first, names_of
from reporting.views.figures import cells
from reporting.views.places import cases_url, dashboard_url
from reporting.views.tables import Row, Table, columns

# What the tab says, and the head of the table.
PART_TITLES = {
    CATEGORY: (gettext_lazy("Category"), gettext_lazy("What the cases are about")),
    SOURCE: (gettext_lazy("Source"), gettext_lazy("Where the cases come from")),
    AGENCY: (gettext_lazy("Agency"), gettext_lazy("Who handles the cases")),
}
# Two sizes, of which the style sheet shows the one that fits: letters stay as large as they are. With each the least
# share of all cases that still gets a tile one can read and hit.
WIDE, NARROW = (1120, 320, 0.012), (328, 420, 0.03)


def parts_table(unit: Unit, dimension: str, parts: dict[str, Counts], period: Period) -> Table:
    """Return the parts as a table, most cases first."""
    listed = most_first(parts)
    names = names_of(dimension, [key for key, _counts in listed])
    most = max((counts.cases["accepted"] for _key, counts in listed), default=0)
    rows = []
    for key, counts in listed:
        found = rates.measures(counts)
        rows.append(
            Row(
                names[key],
                "",
                found,
                cells(found, unit=unit, period=period, **{dimension: key or NONE}),
                share=round(100 * counts.cases["accepted"] / most, 1),
                closed_share=round(100 * counts.cases["closed"] / most, 1),
            )
        )
    return Table("parts", PART_TITLES[dimension][1], PART_TITLES[dimension][0], rows, columns("", "", "parts"))


def maps_of(table: Table) -> list[Map]:
    """Return the table of parts as treemaps, a wide and a narrow one; none where there is only one part to show."""
    if len(table.rows) < 2:
        return []
    drawn = [
        Part(row.name, row.found["accepted"].value, thousands(row.found["accepted"].value), row.cells[0].above_url)
        for row in table.rows
    ]
    return [tiled(drawn, width=width, height=height, least=least) for width, height, least in (WIDE, NARROW)]


def tiles_of(unit: Unit, dimension: str, parts: dict[str, Counts], period: Period, *, width: int, height: int) -> Map:
    """Return the parts as a treemap of a size."""
    listed = most_first(parts)
    names = names_of(dimension, [key for key, _counts in listed])
    drawn = [
        Part(
            names[key],
            counts.cases["accepted"],
            thousands(counts.cases["accepted"]),
            cases_url(unit, period, "accepted", NUMERATOR, **{dimension: key or NONE}),
        )
        for key, counts in listed
    ]
    return tiled(drawn, width=width, height=height, least=WIDE[2])


def part_tabs(unit: Unit, query: str, chosen: str) -> list[dict]:
    """Return the tabs that divide the cases another way."""
    return [
        {"url": f"{dashboard_url(unit, query)}&by={name}#parts", "label": title, "active": name == chosen}
        for name, (title, _long) in PART_TITLES.items()
    ]
