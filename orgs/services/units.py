"""Making and changing units; the tree's paths are given out here and nowhere else."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from linjiang.common.errors import Conflict, InvalidInput, NotAllowed
from linjiang.common.text import clean
from orgs import tree
from orgs.choices import LEVEL_ORDER, Role
from orgs.models import Unit, User
from orgs.services.areas import import_scope

LONGEST_NAME = Unit._meta.get_field("name").max_length


@transaction.atomic
def create_unit(*, actor: User, level: str, name: str, parent: Unit | None = None, code: str | None = None) -> Unit:
    """Create and return a unit below `parent` (None: a city).

    Locks the parent's row, so that two callers never get the same path.
    Raise InvalidInput for an empty or overlong name, a name that another unit below the parent has already, or a
    level that is not below the parent's.
    """
    name = _checked(name)
    if parent and LEVEL_ORDER[level] <= LEVEL_ORDER[parent.level]:
        raise InvalidInput({"level": _("A unit lies below its parent's level.")})
    if parent:
        parent = Unit.objects.select_for_update().get(pk=parent.pk)
    _refuse_taken(name, parent, code)
    if parent:
        parent.children_made += 1
        parent.save(update_fields=["children_made"])
        path = tree.child_path(parent.path, parent.children_made)
    else:
        path = tree.child_path("", Unit.objects.filter(parent__isnull=True).count() + 1)
    with _name_once(name, parent):
        return Unit.objects.create(parent=parent, path=path, level=level, name=name, code=code)


@transaction.atomic
def rename_unit(*, actor: User, unit: Unit, name: str) -> Unit:
    """Give the unit a new name; cases and paths keep pointing to it.

    Locks the parent's row and then the unit's. Raise InvalidInput for a name as `create_unit` does.
    """
    name = _checked(name)
    rows = Unit.objects.select_for_update().filter(pk__in=[pk for pk in (unit.parent_id, unit.pk) if pk])
    locked = {row.pk: row for row in rows.order_by("path")}
    unit, parent = locked[unit.pk], locked.get(unit.parent_id)
    if name != unit.name:
        _refuse_taken(name, parent, unit.code)
    unit.name = name
    with _name_once(name, parent):
        unit.save(update_fields=["name"])
    return unit


@transaction.atomic
def move_unit(*, actor: User, unit: Unit, parent: Unit) -> Unit:
    """Move the unit with everything below it to another parent and return it.

    Cases keep the path they were filed under, so the old parents' figures stay as they are and the new ones' begin with
    what is filed from now on. The unit and its people keep their own past (`former_paths`), and the new parents' people
    see it (`adopted_paths`). Locks the rows of both parents, of the units above them and of the unit.
    Raise NotAllowed outside the area of a system administrator, InvalidInput for a parent that cannot be one.
    """
    rows = _locked_for_move(unit, parent)
    unit, parent = rows[unit.pk], rows[parent.pk]
    area = import_scope(actor, (Role.SYSTEM_ADMIN,))
    if not (area.covers(unit.path) and area.covers(parent.path)):
        raise NotAllowed(_("This unit lies outside your area."))
    if unit.parent_id is None or unit.parent_id == parent.pk or tree.covers(unit.path, parent.path):
        raise InvalidInput({"parent": _("Please choose another unit, one that does not lie below this one.")})
    if LEVEL_ORDER[unit.level] <= LEVEL_ORDER[parent.level]:
        raise InvalidInput({"parent": _("A unit lies below its parent's level.")})
    _refuse_taken(unit.name, parent, unit.code)
    old = unit.path
    parent.children_made += 1
    parent.save(update_fields=["children_made"])
    Unit.objects.filter(pk=unit.pk).update(parent=parent)
    _take_along(old, tree.child_path(parent.path, parent.children_made))
    _hand_over_past(rows.values(), old, parent.path)
    return Unit.objects.get(pk=unit.pk)


def former_parents(unit: Unit) -> list[Unit]:
    """Return the units that `unit` lay in before it moved to its present parent, the first one first.

    They are found where they lie today; what moved along with a unit above it lay in the same parent all the time.
    """
    found: dict[int, Unit] = {}
    for path in unit.former_paths:
        above = tree.parent_path(path)
        for parent in Unit.objects.filter(Q(path=above) | Q(former_paths__contains=[above])).exclude(pk=unit.parent_id):
            found.setdefault(parent.pk, parent)
    return list(found.values())


def _locked_for_move(unit: Unit, parent: Unit) -> dict[int, Unit]:
    """Lock both units and all above them, from the top down, and return them as they are then."""
    ways = tree.ancestor_paths(unit.path, include_self=True) + tree.ancestor_paths(parent.path, include_self=True)
    rows = {row.pk: row for row in Unit.objects.select_for_update().filter(path__in=ways).order_by("path")}
    if unit.pk not in rows or parent.pk not in rows:
        raise Conflict(_("The unit was moved meanwhile. Please look again."))
    return rows


def _take_along(old: str, new: str) -> None:
    """Give the subtree its new paths, each unit remembering where it lay; one statement."""
    table = Unit._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET path = %s || substr(path, %s), former_paths = former_paths || to_jsonb(path::text)"  # noqa: S608
            " WHERE path >= %s AND path < %s",
            [new, len(old) + 1, old, old + "~"],
        )


def _hand_over_past(above: Iterable[Unit], old: str, new_parent: str) -> None:
    """Have the units above see the past of what moved in below, and no longer that of what moved away."""
    moved = Unit.objects.subtree(new_parent).exclude(former_paths=[])
    past = {path for unit in moved if old in _prefixes(unit.former_paths, old) for path in unit.seen_paths[1:]}
    for unit in above:
        if tree.covers(old, unit.path):
            continue
        kept = [path for path in unit.adopted_paths if path not in past]
        if tree.covers(unit.path, new_parent):
            kept += sorted(_widest(path for path in past if not tree.covers(unit.path, path)))
        if kept != unit.adopted_paths:
            Unit.objects.filter(pk=unit.pk).update(adopted_paths=kept)


def _prefixes(paths: Iterable[str], old: str) -> set[str]:
    return {path[: len(old)] for path in paths}


def _widest(paths: Iterable[str]) -> list[str]:
    """Return the paths without those that lie below another."""
    found: list[str] = []
    for path in sorted(paths):
        if not found or not tree.covers(found[-1], path):
            found.append(path)
    return found


def _checked(name: str) -> str:
    name = clean(name)
    if not name:
        raise InvalidInput({"name": _("Please give the unit a name.")})
    if len(name) > LONGEST_NAME:
        raise InvalidInput({"name": _("This is longer than %(count)s characters.") % {"count": LONGEST_NAME}})
    return name


def _refuse_taken(name: str, parent: Unit | None, code: str | None) -> None:
    """Raise InvalidInput when a sibling has the name; official divisions are told apart by their codes."""
    if parent and not code and Unit.objects.filter(parent=parent, name=name).exists():
        raise _taken(name, parent)


def _taken(name: str, parent: Unit | None) -> InvalidInput:
    words = _("There is already a unit called “%(name)s” in %(parent)s. Please choose another name.")
    return InvalidInput({"name": words % {"name": name, "parent": parent or "—"}})


@contextmanager
def _name_once(name: str, parent: Unit | None) -> Iterator[None]:
    """Turn the database's refusal of a second unit of the name (made by an import meanwhile) into InvalidInput."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        diagnosis = getattr(error.__cause__, "diag", None)
        if getattr(diagnosis, "constraint_name", "") != "unit_name_once_below_parent":
            raise
        raise _taken(name, parent) from error
