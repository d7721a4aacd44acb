"""Importing the official divisions: from the city down to communities and villages.

The codes are those of the National Bureau of Statistics (统计用区划代码); a code identifies a unit for good.
"""

import csv
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from linjiang.common.errors import Conflict, InvalidInput
from linjiang.common.text import clean, listed
from orgs import tree
from orgs.choices import LEVEL_ORDER, Level, Role
from orgs.models import Unit, User
from orgs.services.areas import import_scope

COLUMNS = ("code", "level", "name", "parent_code")
_CODE_DIGITS = Unit._meta.get_field("code").max_length
_NAME_LENGTH = Unit._meta.get_field("name").max_length


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that cannot be used; `line` counts from 1, the header being line 1."""

    line: int
    reason: str


class InvalidDivisions(InvalidInput):
    """The file cannot be used; `lines` says why, line by line. Nothing was changed."""

    def __init__(self, lines: Iterable[BadLine]) -> None:
        self.lines = tuple(sorted(lines, key=lambda bad: bad.line))
        super().__init__(
            {
                "file": "\n".join(
                    _("Line %(line)s: %(reason)s") % {"line": bad.line, "reason": bad.reason} for bad in self.lines
                )
            }
        )


@dataclass(frozen=True, slots=True)
class DivisionCounts:
    """What an import did; `created_by_level` and `units_by_level` are keyed by level, from the top down."""

    created: int
    renamed: int
    unchanged: int
    created_by_level: dict[str, int]
    units_by_level: dict[str, int]


@dataclass(slots=True)
class _Line:
    number: int
    code: str
    level: str
    name: str
    parent_code: str


@transaction.atomic
def import_divisions(*, actor: User, text: str) -> DivisionCounts:
    """Make the tree hold every unit of the CSV `text` (columns code, level, name, parent_code; rows in any order).

    Units are known by their code: a new code is created, a new name renames, units that the file does not name
    stay as they are. Locks the units the file names and their parents, in the order of their keys.
    Raise InvalidDivisions, naming every bad line, with nothing changed; NotAllowed for a person without a system
    administrator's post; Conflict when another import created the same units at the same moment.
    """
    scope = import_scope(actor, (Role.SYSTEM_ADMIN,))
    lines = _read(text)
    codes = {line.code for line in lines} | {line.parent_code for line in lines if line.parent_code}
    existing = {unit.code: unit for unit in Unit.objects.select_for_update().filter(code__in=codes).order_by("pk")}
    bad = _check(lines, existing, _parents(existing), scope)
    if bad:
        raise InvalidDivisions(bad)
    renamed = _rename(lines, existing)
    new = [line for line in lines if line.code not in existing]
    try:
        with transaction.atomic():
            _create(new, existing)
    except IntegrityError as error:
        raise Conflict(_("Somebody else imported the same units just now. Please try again.")) from error
    return DivisionCounts(
        created=len(new),
        renamed=renamed,
        unchanged=len(lines) - len(new) - renamed,
        created_by_level=_by_level(new),
        units_by_level=_by_level(lines),
    )


def _by_level(lines: list[_Line]) -> dict[str, int]:
    counts = Counter(line.level for line in lines)
    return {level: counts[level] for level in Level.values if counts[level]}


def _read(text: str) -> list[_Line]:
    if "\x00" in text:
        raise InvalidDivisions([BadLine(1, _("This is not a CSV file."))])
    reader = csv.reader(text.removeprefix("\ufeff").splitlines(keepends=True))
    try:
        header = [clean(name).lower() for name in next(reader, [])]
        missing = [column for column in COLUMNS if column not in header]
        if missing:
            reason = _("the header lacks the columns %(columns)s") % {"columns": listed(missing)}
            raise InvalidDivisions([BadLine(1, reason)])
        places = [header.index(column) for column in COLUMNS]
        lines = []
        for row in reader:
            cells = [clean(row[place]) if place < len(row) else "" for place in places]
            if any(cells):
                lines.append(_Line(reader.line_num, *cells))
    except csv.Error as error:
        raise InvalidDivisions([BadLine(reader.line_num, str(error))]) from error
    if not lines:
        raise InvalidDivisions([BadLine(1, _("the file names no unit"))])
    return lines


def _parents(existing: dict[str, Unit]) -> dict[int, str]:
    """Return the code of each known unit's parent, by the parent's key."""
    ids = {unit.parent_id for unit in existing.values() if unit.parent_id}
    return dict(Unit.objects.filter(pk__in=ids).values_list("pk", "code"))


def _check(lines: list[_Line], existing: dict[str, Unit], parents: dict[int, str], scope) -> list[BadLine]:
    levels = {unit.code: unit.level for unit in existing.values()}
    levels |= {line.code: line.level for line in lines if line.code not in existing}
    first: dict[str, int] = {}
    by_code = {line.code: line for line in reversed(lines)}
    bad: list[BadLine] = []
    for line in lines:
        reason = _fault(line, levels) or _fault_with_known(line, existing.get(line.code), parents)
        if not reason and line.code in first:
            reason = _("the code %(code)s is already on line %(line)s") % {"code": line.code, "line": first[line.code]}
        if not reason and not _in_scope(line, by_code, existing, scope):
            reason = _("this unit lies outside your area")
        first.setdefault(line.code, line.number)
        if reason:
            bad.append(BadLine(line.number, reason))
    return bad


def _fault(line: _Line, levels: dict[str, str]) -> str:
    if not (line.code.isascii() and line.code.isdigit() and len(line.code) <= _CODE_DIGITS):
        return _("“%(code)s” is not a division code: up to 12 digits") % {"code": line.code}
    if line.level not in LEVEL_ORDER:
        return _("“%(level)s” is not a level; levels are %(levels)s") % {
            "level": line.level,
            "levels": listed(Level.values),
        }
    if not line.name:
        return _("the name is missing")
    if len(line.name) > _NAME_LENGTH:
        return _("the name is longer than %(count)s characters") % {"count": _NAME_LENGTH}
    return _fault_with_parent(line, levels)


def _fault_with_parent(line: _Line, levels: dict[str, str]) -> str:
    if not line.parent_code:
        return "" if line.level == Level.CITY else _("only a city has no parent; parent_code is missing")
    if line.parent_code not in levels:
        return _("the parent %(code)s is neither in the file nor known") % {"code": line.parent_code}
    above = LEVEL_ORDER.get(levels[line.parent_code], 0)
    if LEVEL_ORDER[line.level] <= above:
        return _("a %(level)s cannot lie below a %(parent)s") % {
            "level": line.level,
            "parent": levels[line.parent_code],
        }
    return ""


def _fault_with_known(line: _Line, unit: Unit | None, parents: dict[int, str]) -> str:
    if unit is None:
        return ""
    if unit.level != line.level:
        return _("%(code)s is known as a %(level)s") % {"code": unit.code, "level": unit.level}
    known_parent = parents.get(unit.parent_id) or ""
    if known_parent != line.parent_code:
        return _("%(code)s lies below %(parent)s; an import does not move units") % {
            "code": unit.code,
            "parent": known_parent or "—",
        }
    return ""


def _in_scope(line: _Line, by_code: dict[str, _Line], existing: dict[str, Unit], scope) -> bool:
    """Say whether the nearest known unit at or above the line lies in the actor's area."""
    code, steps = line.code, 0
    while code not in existing and code in by_code and steps < len(LEVEL_ORDER):
        code, steps = by_code[code].parent_code, steps + 1
    return scope.covers(existing[code].path if code in existing else "")


def _rename(lines: list[_Line], existing: dict[str, Unit]) -> int:
    changed = []
    for line in lines:
        unit = existing.get(line.code)
        if unit and unit.name != line.name:
            unit.name = line.name
            changed.append(unit)
    Unit.objects.bulk_update(changed, ["name"], batch_size=1000)
    return len(changed)


def _create(lines: list[_Line], units: dict[str, Unit]) -> None:
    """Create the units level by level, so that every parent has its key and path before its children."""
    grown: dict[int, Unit] = {}
    children = Counter(line.parent_code for line in lines)
    taken: Counter = Counter()
    roots = Unit.objects.filter(parent__isnull=True).count()
    for level in Level.values:
        batch = []
        for line in lines:
            if line.level != level:
                continue
            parent = units.get(line.parent_code)
            taken[line.parent_code] += 1
            position = taken[line.parent_code] + (parent.children_made if parent else roots)
            path = tree.child_path(parent.path if parent else "", position)
            batch.append(Unit(parent=parent, path=path, level=level, name=line.name, code=line.code))
            if parent:
                grown[parent.pk] = parent
        units |= {unit.code: unit for unit in Unit.objects.bulk_create(batch, batch_size=2000)}
    for unit in grown.values():
        unit.children_made += children[unit.code]
    Unit.objects.bulk_update(grown.values(), ["children_made"], batch_size=1000)
