"""Making and changing units; the tree's paths are given out here and nowhere else."""

from django.db import transaction
from django.utils.translation import gettext as _

from linjiang.common.errors import InvalidInput
from linjiang.common.text import clean
from orgs import tree
from orgs.choices import LEVEL_ORDER
from orgs.models import Unit, User


@transaction.atomic
def create_unit(*, actor: User, level: str, name: str, parent: Unit | None = None, code: str | None = None) -> Unit:
    """Create and return a unit below `parent` (None: a city).

    Locks the parent's row, so that two callers never get the same path.
    Raise InvalidInput for an empty name or a level that is not below the parent's.
    """
    name = clean(name)
    if not name:
        raise InvalidInput({"name": _("Please give the unit a name.")})
    if parent and LEVEL_ORDER[level] <= LEVEL_ORDER[parent.level]:
        raise InvalidInput({"level": _("A unit lies below its parent's level.")})
    if parent:
        parent = Unit.objects.select_for_update().get(pk=parent.pk)
        parent.children_made += 1
        parent.save(update_fields=["children_made"])
        path = tree.child_path(parent.path, parent.children_made)
    else:
        path = tree.child_path("", Unit.objects.filter(parent__isnull=True).count() + 1)
    return Unit.objects.create(parent=parent, path=path, level=level, name=name, code=code)


@transaction.atomic
def rename_unit(*, actor: User, unit: Unit, name: str) -> Unit:
    """Give the unit a new name; cases and paths keep pointing to it. Locks the unit's row."""
    name = clean(name)
    if not name:
        raise InvalidInput({"name": _("Please give the unit a name.")})
    unit = Unit.objects.select_for_update().get(pk=unit.pk)
    unit.name = name
    unit.save(update_fields=["name"])
    return unit
