"""What a letter about a case is made of, read in a few statements."""

from dataclasses import dataclass
from datetime import datetime

from grievances.choices import Action, Card
from grievances.models import Assignment, Escalation, Feedback, Grievance
from grievances.presentation import place_of
from linjiang.common.clock import local_day
from linjiang.common.text import Day
from orgs import tree
from orgs.choices import DESK_ROLES, LEVEL_ORDER, Level, Role
from orgs.models import Contact, Unit, User


@dataclass(frozen=True, slots=True)
class Material:
    """A case with what its letters say. `person` and `phone` are as they may be shown: masked unless revealed."""

    case: Grievance
    at: datetime
    place: str
    issuer: str
    person: str = ""
    phone: str = ""
    is_revealed: bool = False


@dataclass(frozen=True, slots=True)
class Given:
    """To whom the case was given: the lead's assignment, the co-handlers, what the desk wrote with it."""

    lead: Assignment
    helpers: tuple[str, ...]
    note: str


def material(case: Grievance, *, at: datetime, issuer: str = "", revealed: Contact | None = None) -> Material:
    """Return what every letter needs; the desk that holds the case issues it unless `issuer` says otherwise.

    `revealed` is the contact as `reveal_contact` handed it out for this letter.
    """
    contact = contact_of(case)
    return Material(
        case=case,
        at=at,
        place=place_of(case),
        issuer=issuer or unit_title(case.holder_unit or case.unit),
        person=revealed.name if revealed else contact.masked_name if contact else "",
        phone=revealed.phone if revealed else contact.masked_phone if contact and contact.phone else "",
        is_revealed=revealed is not None,
    )


def contact_of(case: Grievance) -> Contact | None:
    """Return whom to call about the case; needs the joins of `contact` and `household__contact`."""
    return case.contact or (case.household.contact if case.household else None)


def given(case: Grievance) -> Given | None:
    """Return the assignment in force; None while no agency has the case. Two statements."""
    found = list(case.assignments.select_related("agency", "assigned_by").filter(ended_at__isnull=True))
    lead = next((one for one in found if one.is_lead), None)
    if lead is None:
        return None
    events = case.events.filter(action__in=(Action.ASSIGN, Action.REASSIGN), at=lead.assigned_at)
    note = events.values_list("note", flat=True).first() or ""
    return Given(lead, tuple(str(one.agency) for one in found if not one.is_lead), note)


def last_word(case: Grievance) -> Feedback | None:
    """Return what the household said last of the present round."""
    return case.feedback.filter(round=case.round).order_by("-pk").first()


def unit_title(unit: Unit) -> str:
    """Return how a unit signs: from the street down for what lies in one, else its name. At most one statement."""
    street = LEVEL_ORDER[Level.STREET]
    if tree.depth(unit.path) <= street:
        return unit.name
    names = Unit.objects.ancestors(unit.path, include_self=True).values_list("path", "name")
    return "".join(name for path, name in names if tree.depth(path) >= street)


def issuer_of(card: Escalation, case: Grievance) -> str:
    """Return who issues a card's letter: the unit of who showed it, of one the platform showed the street (yellow) or
    the district (red)."""
    if card.rung is None and (unit := _unit_of(card.by, case)):
        return unit_title(unit)
    level = Level.DISTRICT if card.card == Card.RED else Level.STREET
    path = tree.ancestor_paths(case.unit_path, include_self=True)[: LEVEL_ORDER[level]][-1]
    return Unit.objects.filter(path=path).values_list("name", flat=True).first() or case.unit.name


def _unit_of(user: User, case: Grievance) -> Unit | None:
    posts = [post for post in user.current_posts if post.role in (Role.SUPERVISOR, *DESK_ROLES)]
    return next((post.unit for post in posts if tree.covers(post.unit.path, case.unit_path)), None)


def full_day(moment: datetime) -> str:
    """Return the day with its year, as letters write it: 2026年11月28日."""
    return str(Day(local_day(moment)))
