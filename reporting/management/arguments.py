"""What the commands of figures take: a unit, a day."""

from datetime import date

from django.core.management.base import CommandError
from django.db.models import Q
from django.utils.translation import gettext as _

from orgs.models import Unit


def unit_given(given: str) -> Unit:
    """Return the unit by official code (short or with its trailing zeros), else by path, else by id."""
    code = given.strip()
    by_code = Q(code=code)
    if code.isdigit() and len(code) == 12:
        # 12-digit division codes and the short ones of upper levels name the same unit.
        by_code |= Q(code__in=[code[:width] for width in (4, 6, 9) if not code[width:].strip("0")])
    for condition in (by_code, Q(path=code)):
        if unit := Unit.objects.filter(condition).order_by("path").first():
            return unit
    if code.isdigit() and int(code) < 2**63 and (unit := Unit.objects.filter(pk=int(code)).first()):
        return unit
    raise CommandError(_("--unit %(given)s: no unit has this division code, path or id") % {"given": given})


def day_given(option: str, given: str) -> date:
    """Return the day of an option; raise CommandError that names it."""
    try:
        return date.fromisoformat(given)
    except ValueError as error:
        words = _("%(option)s %(given)s: give a day as 2026-01-31")
        raise CommandError(words % {"option": option, "given": given}) from error


def not_kept(given: str) -> str:
    """Return what is said of a unit so far down that no tallies are kept of it."""
    words = _("--unit %(given)s: it lies below the units that have tallies; its cases are counted directly")
    return words % {"given": given}
