"""Finding the streets and communities a roster names, within the area of the person who imports it."""

from collections import defaultdict
from functools import cache

from django.utils.translation import gettext as _

from linjiang.common.text import listed
from orgs.choices import Level
from orgs.models import Unit
from orgs.scopes import Scope
from orgs.services.roster_sheets import RosterRow, squeeze

_STREET_ENDINGS = ("街道办事处", "街道办", "街道", "镇人民政府", "乡人民政府", "镇", "乡")
_VILLAGE_ENDINGS = ("村民委员会", "村委会", "村委员会", "村")
_COMMUNITY_ENDINGS = ("社区居民委员会", "社区居委会", "居民委员会", "居委会", "社区")


@cache
def street_forms(name: str) -> tuple[str, ...]:
    """Return the ways a street's name may match, the strictest first."""
    return (name, _without(name, _STREET_ENDINGS))


@cache
def community_forms(name: str) -> tuple[str, ...]:
    """Return the ways a community's name may match, the strictest first.

    花园社区居委会 → 花园社区 → 花园. A village (花园村委会 → 花园村) matches a bare 花园 as well, and then both are
    meant: the caller reports it.
    """
    for endings, kind in ((_COMMUNITY_ENDINGS, "社区"), (_VILLAGE_ENDINGS, "村")):
        bare = _without(name, endings)
        if bare != name:
            bare = _without(bare, ("村",)) if kind == "村" else bare
            return (name, bare + kind, bare)
    return (name, name, name)


def _without(name: str, endings: tuple[str, ...]) -> str:
    for ending in endings:
        if name.endswith(ending) and len(name) > len(ending):
            return name.removesuffix(ending)
    return name


class Places:
    """The communities of an area by the names of their street and themselves. Two statements to make."""

    def __init__(self, scope: Scope) -> None:
        communities = Unit.objects.filter(scope.units_q(), level=Level.COMMUNITY).order_by("path")
        self._communities: dict[int, list[Unit]] = defaultdict(list)
        for unit in communities:
            self._communities[unit.parent_id].append(unit)
        self._streets = list(Unit.objects.filter(pk__in=self._communities).select_related("parent").order_by("path"))
        self._found: dict[tuple[str, str, str], tuple[Unit | None, str, str]] = {}

    def community(self, row: RosterRow) -> tuple[Unit | None, str, str]:
        """Return the community of the row, or None with the column to blame and the reason."""
        key = (row.district, row.street, row.community)
        if key not in self._found:
            self._found[key] = self._find(*key)
        return self._found[key]

    def _find(self, district: str, street: str, community: str) -> tuple[Unit | None, str, str]:
        streets = [unit for unit in self._streets if not district or _in_district(unit, district)]
        streets = _matching(streets, street, street_forms)
        if not streets:
            reason = _("There is no street “%(name)s” in your area. Import the divisions first, or correct the name.")
            return None, "street", reason % {"name": street}
        found = [(above, _matching(self._communities[above.pk], community, community_forms)) for above in streets]
        candidates = [unit for _above, units in found for unit in units]
        if not candidates:
            reason = _("There is no community “%(name)s” in %(street)s.")
            return None, "community", reason % {"name": community, "street": streets[0].name}
        if len(candidates) > 1:
            reason = _("“%(name)s” could be any of %(choices)s. Please give the full name.")
            choices = listed(f"{_street_of(unit, streets).name}{unit.name}" for unit in candidates[:4])
            if len(streets) > 1 and len({unit.parent_id for unit in candidates}) > 1:
                reason = _("“%(name)s” could be any of %(choices)s. Please add a column 区县.")
                choices = listed(f"{above.parent or ''}{above.name}" for above in streets[:4])
            return None, "community", reason % {"name": community, "choices": choices}
        unit = candidates[0]
        if not unit.is_active:
            return None, "community", _("“%(name)s” is no longer in use.") % {"name": unit.name}
        return unit, "", ""


def _in_district(street: Unit, name: str) -> bool:
    above = squeeze(street.parent.name) if street.parent else ""
    return above == name or above.rstrip("区县市旗") == name.rstrip("区县市旗") != ""


def _street_of(community: Unit, streets: list[Unit]) -> Unit:
    return next(street for street in streets if street.pk == community.parent_id)


def _matching(units: list[Unit], name: str, forms) -> list[Unit]:
    """Return the units that match `name` in the strictest form in which any does."""
    wanted = forms(name)
    for strictness in range(len(wanted)):
        found = [unit for unit in units if _same(forms(squeeze(unit.name)), wanted, strictness)]
        if found:
            return found
    return []


def _same(known: tuple[str, ...], wanted: tuple[str, ...], strictness: int) -> bool:
    if known[strictness] != wanted[strictness]:
        return False
    # Two names that both say what they are, 花园村 and 花园社区, are two places.
    return strictness < 2 or known[1] == known[2] or wanted[1] == wanted[2]
