"""Tables of measures: one row per unit, category, source or agency."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from reporting.measures import Measure, TimeToClose
from reporting.views.figures import COLUMNS, Figure, drawn, hint_of, label_of


@dataclass(frozen=True, slots=True)
class Row:
    """A row of figures; without a url it leads nowhere.

    `where` tells units of one name apart; `share` and `closed_share` are bars in per cent of the longest; `spark` are
    the outlines of a small chart of the row over the period (`charts.sparks`).
    """

    name: str
    url: str
    found: Mapping[str, Measure | TimeToClose]
    cells: list[Figure]
    level_name: str = ""
    is_own: bool = False
    where: str = ""
    share: float | None = None
    closed_share: float | None = None
    spark: tuple[str, str] | None = None

    @property
    def drawn(self) -> SafeString:
        """The cells as HTML."""
        return drawn(self.cells)


@dataclass(frozen=True, slots=True)
class Table:
    """A table ready to show. `key` is its anchor, `first` heads the first column; `unsort_url` undoes the sorting."""

    key: str
    title: str
    first: str
    rows: Sequence[Row]
    columns: list[dict]
    unsort_url: str = ""
    unsort_label: str = ""

    @property
    def is_sortable(self) -> bool:
        return bool(self.columns and self.columns[0]["url"])


def is_sorted(sort: str) -> bool:
    """Say whether `sort` names a column, with "-" before it for the lowest first."""
    return sort.removeprefix("-") in COLUMNS


def ordered(rows: list[Row], sort: str) -> list[Row]:
    """Order by a measure, highest first, "-" lowest first; a row without a value comes last; else as they are."""
    if not is_sorted(sort):
        return rows
    key = sort.removeprefix("-")
    valued = [row for row in rows if row.found[key].as_dict()["value"] is not None]
    valued.sort(key=lambda row: row.found[key].as_dict()["value"], reverse=not sort.startswith("-"))
    return valued + [row for row in rows if row.found[key].as_dict()["value"] is None]


def columns(sort: str, base_url: str, anchor: str) -> list[dict]:
    """Return the heads; `base_url` (with its query) sorts by a column, "" leaves them plain."""
    heads = []
    for key in COLUMNS:
        current = {key: "descending", f"-{key}": "ascending"}.get(sort, "") if base_url else ""
        turned = f"-{key}" if current == "descending" else key
        url = f"{base_url}&sort={turned}#{anchor}" if base_url else ""
        heads.append({"label": label_of(key), "hint": hint_of(key), "url": url, "current": current})
    return heads
