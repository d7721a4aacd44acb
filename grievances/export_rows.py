"""The columns of an exported list of cases, and a case as its row. What reaches a resident is masked or left out."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from grievances.choices import Confirmation, Rating, Source, Status, Urgency
from grievances.models import Category, Grievance
from grievances.querysets import GrievanceQuerySet
from linjiang.common.sheets import Column, Kind
from linjiang.common.text import hide_numbers
from orgs import tree
from orgs.choices import LEVEL_ORDER, Level
from orgs.models import Unit
from orgs.profile import profile

_LEVELS = (Level.STREET, Level.COMMUNITY, Level.ZONE, Level.GROUP, Level.NEIGHBOURHOOD)


@dataclass(slots=True)
class Names:
    """Names of units, categories and closed lists, each read once for a whole export, in its language."""

    units: dict[str, str] = field(default_factory=dict)
    categories: dict[int, tuple[str, str]] = field(default_factory=dict)
    labels: dict[type[models.Choices], dict] = field(default_factory=dict)

    def label(self, choices: type[models.Choices], value: object) -> str:
        """Return the word for a value of a closed list; Django's own look-up takes most of an export's time."""
        words = self.labels.get(choices)
        if words is None:
            words = self.labels[choices] = {key: str(label) for key, label in choices.choices}
        return words.get(value, "")

    def learn(self, cases: Iterable[Grievance]) -> None:
        """Read the units above the cases that are not known yet, and once all categories."""
        wanted = {path for case in cases for path in tree.ancestor_paths(case.unit_path, include_self=True)}
        if missing := wanted - self.units.keys():
            self.units |= dict.fromkeys(missing, "") | dict(
                Unit.objects.filter(path__in=missing).values_list("path", "name")
            )
        if not self.categories:
            for one in Category.objects.select_related("parent"):
                self.categories[one.pk] = (str(one.parent), str(one)) if one.parent else (str(one), "")

    def unit(self, path: str, level: str) -> str:
        depth = LEVEL_ORDER[level]
        above = tree.ancestor_paths(path, include_self=True)
        return self.units.get(above[depth - 1], "") if len(above) >= depth else ""


@dataclass(frozen=True, slots=True)
class ExportColumn:
    """A column; `masked` says in words what of it is hidden, "" for nothing."""

    title: Callable[[], str]
    value: Callable[[Grievance, Names], object]
    kind: Kind = Kind.TEXT
    width: float = 14
    masked: str = ""

    @property
    def column(self) -> Column:
        return Column(self.title(), self.kind, self.width)


_NUMBERS = gettext_lazy("telephone and identity numbers in the words are starred")
_NAME = gettext_lazy("the family name with a star")


def _said(name: str, width: float) -> ExportColumn:
    """Return the column of a field in which people wrote."""
    title = {"title": _title, "description": _description, "place": _place, "result": _result}[name]
    return ExportColumn(title, lambda case, _names: hide_numbers(getattr(case, name)), width=width, masked=_NUMBERS)


def _title() -> str:
    return _("Title")


def _description() -> str:
    return _("What is the matter")


def _place() -> str:
    return _("Place")


def _result() -> str:
    return _("Result")


def _level(level: Level) -> ExportColumn:
    return ExportColumn(lambda: profile().level_name(level), lambda case, names: names.unit(case.unit_path, level))


def _moment(title: Callable[[], str], name: str) -> ExportColumn:
    return ExportColumn(title, lambda case, _names: getattr(case, name), Kind.MOMENT, 16)


def _category(part: int) -> Callable[[Grievance, Names], str]:
    return lambda case, names: names.categories.get(case.category_id, ("", ""))[part]


def _person(case: Grievance, _names: Names) -> str:
    contact = case.contact or (case.household.contact if case.household else None)
    return contact.masked_name if contact else ""


def _holder(case: Grievance, _names: Names) -> str:
    return str(case.lead_agency or case.holder_unit or "")


def _solved(case: Grievance, _names: Names) -> str:
    return "" if case.said_resolved is None else _("yes") if case.said_resolved else _("no")


# A telephone number is no column at all: it is shown case by case, for a purpose, and each time on record.
COLUMNS: tuple[ExportColumn, ...] = (
    ExportColumn(lambda: _("Number"), lambda case, _names: case.number, width=20),
    _said("title", 30),
    _said("description", 50),
    ExportColumn(lambda: _("Category"), _category(0)),
    ExportColumn(lambda: _("Subcategory"), _category(1), width=18),
    ExportColumn(lambda: _("Urgency"), lambda case, names: names.label(Urgency, case.urgency), width=12),
    ExportColumn(lambda: _("Source"), lambda case, names: names.label(Source, case.source), width=12),
    ExportColumn(lambda: _("Status"), lambda case, names: names.label(Status, case.status), width=10),
    *(_level(level) for level in _LEVELS),
    _said("place", 20),
    ExportColumn(lambda: _("Told by"), _person, width=8, masked=_NAME),
    ExportColumn(lambda: _("Held by"), _holder, width=20),
    _moment(lambda: _("discovered at"), "discovered_at"),
    _moment(lambda: _("reported at"), "reported_at"),
    _moment(lambda: _("assigned at"), "assigned_at"),
    _moment(lambda: _("acknowledged at"), "acknowledged_at"),
    _moment(lambda: _("Resolve by"), "due_at"),
    _moment(lambda: _("resolved at"), "resolved_at"),
    _moment(lambda: _("closed at"), "closed_at"),
    _said("result", 40),
    ExportColumn(lambda: _("Household's word"), lambda case, names: names.label(Rating, case.rating), width=12),
    ExportColumn(lambda: _("Called solved"), _solved, width=8),
    ExportColumn(lambda: _("Confirmed"), lambda case, names: names.label(Confirmation, case.confirmation), width=16),
    ExportColumn(lambda: _("Handled again"), lambda case, _names: case.reopened_count, Kind.WHOLE, 8),
)


def columns() -> list[Column]:
    """Return the columns in the reader's language."""
    return [one.column for one in COLUMNS]


def for_export(cases: GrievanceQuerySet) -> GrievanceQuerySet:
    """Join and read what the columns need, and nothing else."""
    joins = ("lead_agency", "holder_unit", "contact", "household__contact")
    return cases.select_related(*joins).defer("token", "submission_id")


def rows(cases: Iterable[Grievance], names: Names) -> Iterator[list[object]]:
    """Yield the cases as rows in the order of `COLUMNS`. At most two statements."""
    cases = list(cases)
    names.learn(cases)
    for case in cases:
        yield [one.value(case, names) for one in COLUMNS]
