"""Yellow and red cards in force: how many cases have one, by the agency or desk that was shown it.

A card is in force until it is lifted: by an answer in time, or withdrawn. One answered late stays in force, until the
case is over: nobody can answer it then.
"""

from dataclasses import dataclass, replace

from django.db.models import Case, Count, Exists, F, OuterRef, Q, When

from grievances.choices import ANSWERED_CARDS, LIVE, Card
from grievances.models import Escalation, Grievance
from grievances.querysets import GrievanceQuerySet
from linjiang.common.database import subtree_q
from orgs.models import Agency, Unit
from reporting.conditions import either

IN_FORCE = Q(card__in=ANSWERED_CARDS, lifted_at__isnull=True, grievance__status__in=LIVE)
# What is counted: cases with a card of the colour, and with one that nobody has answered.
COUNTED = {
    "yellow": Q(card=Card.YELLOW),
    "yellow_unanswered": Q(card=Card.YELLOW, answered_at__isnull=True),
    "red": Q(card=Card.RED),
    "red_unanswered": Q(card=Card.RED, answered_at__isnull=True),
}
AGENCY, UNIT = "a", "u"


@dataclass(frozen=True, slots=True)
class Shown:
    """Cases by the names of `COUNTED`. `key`: "a" or "u" with the number of the agency or desk that was shown the
    cards, "" for all together."""

    key: str
    name: str
    cases: dict[str, int]


def cards_in_force(*, unit: Unit) -> list[Shown]:
    """Return the cases of the unit with cards in force: all together first, then by who was shown them, most red first.

    A case counts once in each line, also with several cards there.
    """
    cards = Escalation.objects.filter(IN_FORCE, _below(unit)).order_by()
    wanted = {name: Count("grievance", distinct=True, filter=one) for name, one in COUNTED.items()}
    # A card of an agency names the desk above it too: that one was not shown it.
    desk = Case(When(agency__isnull=True, then=F("unit_id")))
    lines = []
    for row in cards.values("agency_id", desk=desk).annotate(**wanted):
        key = f"{AGENCY}{row['agency_id']}" if row["agency_id"] else f"{UNIT}{row['desk'] or 0}"
        lines.append(Shown(key, "", {name: row[name] for name in wanted}))
    if not lines:
        return []
    names = _names([line.key for line in lines])
    lines = [replace(line, name=names.get(line.key, "")) for line in lines]
    lines.sort(key=lambda line: (-line.cases["red"], -line.cases["yellow"], line.name))
    return [Shown("", "", cards.aggregate(**wanted)), *lines]


def cases_by_card(*, unit: Unit) -> dict[str, int]:
    """Return the unit's cases with cards in force by the names of `COUNTED`: what `cards_in_force` says first."""
    cards = Escalation.objects.filter(IN_FORCE, _below(unit)).order_by()
    return cards.aggregate(**{name: Count("grievance", distinct=True, filter=one) for name, one in COUNTED.items()})


def _names(keys: list[str]) -> dict[str, str]:
    found = {}
    for kind, model in ((AGENCY, Agency), (UNIT, Unit)):
        numbers = [int(key[1:]) for key in keys if key[0] == kind]
        rows = model.objects.filter(pk__in=numbers).values_list("pk", "name") if numbers else ()
        found |= {f"{kind}{pk}": name for pk, name in rows}
    return found


def cases_with_cards(*, unit: Unit, name: str, to: str = "") -> GrievanceQuerySet:
    """Return the cases behind one number of `cards_in_force`; KeyError for a name there is none of, ValueError for a
    key nobody gave out."""
    cards = Escalation.objects.filter(IN_FORCE, COUNTED[name], grievance=OuterRef("pk"))
    if to:
        cards = cards.filter(_to(to))
    return Grievance.objects.below(unit).filter(Exists(cards))


def name_of(to: str) -> str | None:
    """Return what the agency or desk of a key is called, None when there is none; ValueError as above."""
    model = Agency if to[:1] == AGENCY else Unit
    _to(to)
    return model.objects.filter(pk=int(to[1:])).values_list("name", flat=True).first()


def _to(key: str) -> Q:
    kind, number = key[:1], key[1:]
    if kind not in (AGENCY, UNIT) or not (number.isascii() and number.isdigit() and len(number) < 18):
        raise ValueError(key)
    if kind == AGENCY:
        return Q(agency=int(number))
    return Q(agency__isnull=True, unit=int(number))


def _below(unit: Unit) -> Q:
    return either([subtree_q(path, field="grievance__unit_path") for path in unit.paths])
