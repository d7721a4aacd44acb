"""What the bulletin of a unit and a month is made of: counts of the month, and what stands open and in force now."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Q
from django.db.models.functions import Substr
from django.utils.translation import gettext as _

from grievances.choices import Card
from grievances.models import Escalation, Grievance
from linjiang.common.database import subtree_q
from orgs.choices import LEVEL_ORDER, Level
from orgs.models import Unit
from orgs.peers import peer_class
from orgs.tree import SEGMENT
from reporting.conditions import now_conditions
from reporting.coverage import CATEGORY
from reporting.measures import Counts, total
from reporting.periods import Period
from reporting.services.card_counts import IN_FORCE
from reporting.services.parts import most_first, names_of
from reporting.services.rates import PERIOD
from reporting.services.reading import read

# A bulletin names places, never people: what lies below a community is led by one person each.
SMALLEST = Level.COMMUNITY


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands open at this moment: open cases, those past their limit, those with a card in force."""

    open: int = 0
    overdue: int = 0
    yellow: int = 0
    red: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """A unit right below, or ("" for `peers`) the cases filed at the unit itself and at places that moved away."""

    name: str
    peers: str
    counts: Counts
    standing: Standing


@dataclass(frozen=True, slots=True)
class BulletinFacts:
    """Everything a bulletin says. `places` stand in the order of the tree; empty for a community."""

    unit: Unit
    month: Period
    at: datetime
    counts: Counts
    standing: Standing
    places: list[Place] = field(default_factory=list)
    categories: list[tuple[str, Counts]] = field(default_factory=list)


def has_bulletin(unit: Unit) -> bool:
    """Say whether there is a bulletin of the unit: from the community upwards."""
    return LEVEL_ORDER[unit.level] <= LEVEL_ORDER[SMALLEST]


def bulletin_facts(*, unit: Unit, month: Period, now: datetime) -> BulletinFacts:
    """Return the facts of the unit's bulletin; the caller has checked that the unit may be seen."""
    shows_places = LEVEL_ORDER[unit.level] < LEVEL_ORDER[SMALLEST]
    found = read(unit=unit, periods={PERIOD: month}, now=now, by_place=shows_places, dimension=CATEGORY)
    standing = _standing(unit, now)
    parts = most_first(found.keys)
    names = names_of(CATEGORY, [key for key, _counts in parts])
    return BulletinFacts(
        unit=unit,
        month=month,
        at=now,
        counts=found.totals[PERIOD],
        standing=_sum(standing.values()),
        places=_places(unit, found.places, standing) if shows_places else [],
        categories=[(names[key], counts) for key, counts in parts],
    )


def _places(unit: Unit, by_place: dict[str, Counts], standing: dict[str, Standing]) -> list[Place]:
    counts, standing = dict(by_place), dict(standing)
    places = []
    for child in Unit.objects.filter(parent=unit).order_by("path"):
        mine = [counts.pop(path) for path in child.paths if path in counts]
        now = [standing.pop(path) for path in child.paths if path in standing]
        if mine or now or child.is_active:
            places.append(Place(child.name, peer_class(child.level, child.name), total(mine), _sum(now)))
    rest = Place(_("%(unit)s itself") % {"unit": unit.name}, "", total(counts.values()), _sum(standing.values()))
    if rest.counts.cases["accepted"] or rest.standing != Standing():
        places.append(rest)
    return places


def _standing(unit: Unit, now: datetime) -> dict[str, Standing]:
    """Return what stands open by the path of each unit right below (its own: filed right there). Two statements."""
    length = len(unit.path) + SEGMENT
    conditions = now_conditions(now=now)
    cases = Grievance.objects.below(unit).filter(conditions["open"]).order_by()
    opened = cases.values(lies_at=Substr("unit_path", 1, length)).annotate(
        open=Count("pk"), overdue=Count("pk", filter=conditions["overdue"])
    )
    below = Q()
    for path in unit.paths:
        below |= subtree_q(path, field="grievance__unit_path")
    cards = Escalation.objects.filter(below, IN_FORCE).order_by()
    shown = cards.values(lies_at=Substr("grievance__unit_path", 1, length)).annotate(
        yellow=Count("grievance", distinct=True, filter=Q(card=Card.YELLOW)),
        red=Count("grievance", distinct=True, filter=Q(card=Card.RED)),
    )
    found: dict[str, dict[str, int]] = {}
    for row in (*opened, *shown):
        found.setdefault(row.pop("lies_at"), {}).update(row)
    return {place: Standing(**numbers) for place, numbers in found.items()}


def _sum(parts) -> Standing:
    parts = list(parts)
    return Standing(**{name: sum(getattr(one, name) for one in parts) for name in Standing.__slots__})
