"""Importing the areas of units from GeoJSON.

A city gets them from its natural resources bureau (自然资源局) or its civil affairs bureau (民政局); what is drawn from
another map service is usually in GCJ-02, which is why the datum is asked for and never guessed.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from linjiang.common.errors import InvalidInput
from linjiang.common.text import clean
from orgs import datum as datums
from orgs import geometry, tree
from orgs.choices import Datum, Role
from orgs.geometry import Area, BadGeometry
from orgs.models import Boundary, Unit, User
from orgs.scopes import Scope
from orgs.services.areas import import_scope

IMPORT_ROLES = (Role.SYSTEM_ADMIN,)
CODE, NAME = "code", "name"
MATCHES = (CODE, NAME)
MAX_BYTES = 20 * 1024 * 1024
MAX_FEATURES = 5_000
# What the properties are called in files of the bureaus.
CODE_KEYS = ("code", "division_code", "区划代码", "行政区划代码", "xzqdm", "XZQDM", "adcode")
NAME_KEYS = ("name", "NAME", "名称", "xzqmc", "XZQMC")
PARENT_KEYS = ("parent", "parent_name", "parent_code", "上级", "上级名称", "上级代码")
# Wider ones bear more simplifying: what is left out is below a pixel where the whole of it is seen.
_DETAIL = 1_500
_CODE_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Matched:
    """An area that goes to a unit; `replaces`: the unit has one already. `points` are its positions."""

    unit: Unit
    area: Area
    points: int
    replaces: bool


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A feature that is left out; `number` counts from 1."""

    number: int
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import would do."""

    matched: list[Matched] = field(default_factory=list)
    unmatched: list[Unmatched] = field(default_factory=list)

    @property
    def new(self) -> int:
        return sum(not one.replaces for one in self.matched)

    @property
    def replaced(self) -> int:
        return sum(one.replaces for one in self.matched)


def preview_boundaries(*, actor: User, raw: bytes, datum: str, match: str = CODE) -> Plan:
    """Return which of the file's areas go to which unit, and why the others do not; nothing is changed.

    Raise NotAllowed for a person without a system administrator's post, InvalidInput for a file that is no GeoJSON, too
    large, or a datum or match there is none of.
    """
    scope = import_scope(actor, IMPORT_ROLES)
    if datum not in Datum.values:
        raise InvalidInput({"datum": _("Please say which datum the file is in.")})
    if match not in MATCHES:
        raise InvalidInput({"match": _("Areas are matched by code or by name.")})
    return _plan(_features(raw), scope, datum, match)


@transaction.atomic
def import_boundaries(*, actor: User, raw: bytes, datum: str, source: str, now: datetime, match: str = CODE) -> Plan:
    """Give the units of the file their areas, in WGS-84, and return what was done; what matches no unit is left out.

    Raise as `preview_boundaries`, and InvalidInput when nothing in the file can be used.
    """
    plan = preview_boundaries(actor=actor, raw=raw, datum=datum, match=match)
    if not plan.matched:
        raise InvalidInput({"file": _("No area of this file can be used, so nothing was imported.")})
    save_areas(actor=actor, areas={one.unit.pk: one.area for one in plan.matched}, datum=datum, source=source, now=now)
    return plan


def save_areas(*, actor: User, areas: Mapping[int, Area], datum: str, source: str, now: datetime) -> None:
    """Save areas in WGS-84 by the key of their unit, in place of those they had; one statement per five hundred."""
    rows = [_row(unit_id, area) for unit_id, area in sorted(areas.items())]
    for row in rows:
        row.datum, row.source, row.imported_at, row.imported_by = datum, source[:200], now, actor
    columns = [one.name for one in Boundary._meta.fields if not one.primary_key]
    Boundary.objects.bulk_create(
        rows, batch_size=500, update_conflicts=True, unique_fields=["unit"], update_fields=columns
    )


def _row(unit_id: int, area: Area) -> Boundary:
    west, south, east, north = geometry.bounds(area)
    metres = datums.metres_between((south, west), (north, east)) / _DETAIL
    return Boundary(
        unit_id=unit_id,
        geometry=area,
        outline=geometry.simplified(area, metres=metres),
        west=west,
        south=south,
        east=east,
        north=north,
    )


def _features(raw: bytes) -> list[dict]:
    if len(raw) > MAX_BYTES:
        raise InvalidInput({"file": _("The file is larger than 20 MB. Please split it, or simplify the areas.")})
    try:
        found = json.loads(raw.decode("utf-8-sig"))
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise InvalidInput({"file": _("This is not a GeoJSON file in UTF-8.")}) from error
    features = found.get("features") if isinstance(found, dict) and found.get("type") == "FeatureCollection" else None
    if not isinstance(features, list) or not features:
        raise InvalidInput({"file": _("This GeoJSON holds no features (it must be a FeatureCollection).")})
    if len(features) > MAX_FEATURES:
        words = _("The file holds more than %(count)s areas. Please split it.") % {"count": MAX_FEATURES}
        raise InvalidInput({"file": words})
    return features


def _plan(features: list[dict], scope: Scope, datum: str, match: str) -> Plan:
    finder = (_ByCode if match == CODE else _ByName)(scope)
    plan, taken = Plan(), {}
    for number, feature in enumerate(features, start=1):
        about = feature.get("properties") if isinstance(feature, dict) else None
        about = about if isinstance(about, dict) else {}
        name = clean(_value(about, NAME_KEYS) or _value(about, CODE_KEYS))[:64]
        try:
            unit = finder.unit(about)
            if unit.pk in taken:
                raise _NotFound(_("%(name)s has an area already, feature %(number)s") % {
                    "name": unit.name, "number": taken[unit.pk]})  # fmt: skip
            area = geometry.area_of(feature.get("geometry"))
        except (_NotFound, BadGeometry) as error:
            plan.unmatched.append(Unmatched(number, name, str(error)))
            continue
        taken[unit.pk] = number
        if datum == Datum.GCJ02:
            area = geometry.mapped(area, datums.gcj02_to_wgs84)
        points = sum(1 for _one in geometry.positions(area))
        plan.matched.append(Matched(unit, area, points, unit.pk in finder.have_one))
    return plan


class _NotFound(Exception):
    """No unit for a feature; the message says why."""


def _value(about: dict, keys: tuple[str, ...]) -> str:
    found = next((about[key] for key in keys if about.get(key) not in (None, "")), "")
    return clean(found) if isinstance(found, str | int | float) else ""


class _Finder:
    """Looks units up among those the importer answers for."""

    def __init__(self, scope: Scope) -> None:
        self.units = list(Unit.objects.filter(scope.units_q(), is_active=True).order_by("path"))
        self.by_path = {unit.path: unit for unit in self.units}
        self.have_one = set(Boundary.objects.filter(unit__in=self.units).values_list("unit_id", flat=True))


class _ByCode(_Finder):
    def __init__(self, scope: Scope) -> None:
        super().__init__(scope)
        self.by_code = {_whole(unit.code): unit for unit in self.units if unit.code}

    def unit(self, about: dict) -> Unit:
        code = _value(about, CODE_KEYS)
        if not code:
            raise _NotFound(_("it has no division code (property “code”)"))
        if not (code.isascii() and code.isdigit() and len(code) <= _CODE_DIGITS):
            raise _NotFound(_("“%(code)s” is no division code") % {"code": code[:20]})
        if (unit := self.by_code.get(_whole(code))) is None:
            raise _NotFound(_("there is no unit with the code %(code)s here") % {"code": code})
        return unit


class _ByName(_Finder):
    def __init__(self, scope: Scope) -> None:
        super().__init__(scope)
        self.by_name: dict[str, list[Unit]] = defaultdict(list)
        for unit in self.units:
            self.by_name[clean(unit.name)].append(unit)

    def unit(self, about: dict) -> Unit:
        name, parent = _value(about, NAME_KEYS), _value(about, PARENT_KEYS)
        if not name:
            raise _NotFound(_("it has no name (property “name”)"))
        found = self.by_name.get(name, [])
        if not found:
            raise _NotFound(_("there is no unit called “%(name)s” here") % {"name": name[:40]})
        if parent:
            found = [unit for unit in found if self._lies_below(unit, parent)]
            if not found:
                words = {"name": name[:40], "parent": parent[:40]}
                raise _NotFound(_("there is no unit called “%(name)s” below “%(parent)s”") % words)
        if len(found) > 1:
            levels = Counter(unit.level for unit in found)
            words = {"name": name[:40], "count": sum(levels.values())}
            raise _NotFound(_("%(count)s units are called “%(name)s”: please add the property “parent”") % words)
        return found[0]

    def _lies_below(self, unit: Unit, parent: str) -> bool:
        above = self.by_path.get(unit.path[: -tree.SEGMENT])
        if above is None:
            return False
        return clean(above.name) == parent or bool(
            above.code and parent.isdigit() and _whole(above.code) == _whole(parent)
        )


def _whole(code: str) -> str:
    """Return the code in its twelve digits: 341602 is 341602000000."""
    return code.ljust(_CODE_DIGITS, "0")
