"""Making and changing units; the tree's paths are given out here and nowhere else."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from linjiang.common.errors import InvalidInput
from linjiang.common.text import clean
from orgs import tree
from orgs.choices import LEVEL_ORDER
from orgs.models import Unit, User

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
