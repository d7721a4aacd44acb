"""Comparing a roster with the organisation: what is new, changed, handed over, and what cannot be done.

A plan is made from a few statements whatever the roster's length, and changes nothing; `roster` carries it out.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from django.utils.translation import gettext as _

from linjiang.common.database import subtree_q
from orgs import tree
from orgs.choices import LEADER_ROLES, Level, Role
from orgs.models import Post, Unit, User
from orgs.profile import profile
from orgs.scopes import EVERYTHING, Scope
from orgs.services.roster_headers import TITLES
from orgs.services.roster_places import Places
from orgs.services.roster_sheets import BadRow, Person, Reading, RosterRow, squeeze

_BELOW = ((Level.ZONE, "zone"), (Level.GROUP, "group"), (Level.NEIGHBOURHOOD, "neighbourhood"))
_SEATS = {
    "zone_leader": (Level.ZONE, Role.ZONE_LEADER),
    "group_leader": (Level.GROUP, Role.GROUP_LEADER),
    "chief": (Level.NEIGHBOURHOOD, Role.CHIEF),
}
# Up to so many communities are read by their own subtrees; more, by their streets' (fewer conditions).
_MANY_COMMUNITIES = 40


class Outcome(StrEnum):
    """What applying a row would do."""

    NEW = "new"
    CHANGED = "changed"
    HANDED_OVER = "handed_over"
    UNCHANGED = "unchanged"


@dataclass(slots=True, eq=False)
class Node:
    """A unit that the roster names; `unit` is None until it is created."""

    level: str
    name: str
    parent: "Node | None"
    unit: Unit | None
    households: int | None = None


@dataclass(slots=True, eq=False)
class Seat:
    """A post that the roster fills: who, where, and who sits there now."""

    node: Node
    role: str
    person: Person
    first: RosterRow
    before: list[Post] = field(default_factory=list)
    outcome: Outcome = Outcome.UNCHANGED


@dataclass(slots=True)
class Plan:
    """Everything that would be written, and what speaks against it (`bad`) or deserves a look (`warnings`)."""

    new_nodes: dict[str, list[Node]] = field(default_factory=lambda: {level: [] for level, _field in _BELOW})
    seats: dict[tuple[int, str], Seat] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    new_people: dict[str, str] = field(default_factory=dict)
    renamed: list[User] = field(default_factory=list)
    declared: list[Node] = field(default_factory=list)
    rows: list[tuple[RosterRow, Node, list[Seat]]] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)
    warnings: list[BadRow] = field(default_factory=list)

    def refuse(self, row: RosterRow, column: str, reason: str) -> None:
        self.bad.append(BadRow(row.sheet, row.row, TITLES[column], reason))

    def warn(self, row: RosterRow, column: str, reason: str) -> None:
        self.warnings.append(BadRow(row.sheet, row.row, TITLES[column], reason))


def make_plan(*, reading: Reading, scope: Scope, today: date, lock: bool) -> Plan:
    """Compare the roster with the organisation in `scope` and return what applying it would do.

    With `lock` the rows that could change are locked: people first, then units, then posts, each by key — the order
    in which `appoint` takes them — so that the plan still holds when it is carried out.
    """
    plan = Plan(bad=list(reading.bad))
    _load_people(plan, reading.rows, lock=lock)
    places = Places(scope)
    located = []
    for row in reading.rows:
        community, column, reason = places.community(row)
        if community is None:
            plan.refuse(row, column, reason)
        else:
            located.append((row, community))
    _judge_unusable(plan, reading.unusable, places)
    communities = {community.pk: community for _row, community in located}
    known = _load_units(communities.values(), lock=lock)
    _place_rows(plan, located, known)
    _load_posts(plan, today=today, lock=lock)
    _judge_people(plan, reading.rows, scope)
    for seat in plan.seats.values():
        seat.outcome = _outcome(plan, seat, today)
    return plan


def _judge_unusable(plan: Plan, rows: list[RosterRow], places: Places) -> None:
    """Say of rows that cannot be used anyway whether their place is unknown too, so that both are mended at once."""
    for row in rows:
        community, column, reason = places.community(row) if row.street else (None, "", "")
        if community is None and column and getattr(row, column):
            plan.refuse(row, column, reason)


def _load_people(plan: Plan, rows: list[RosterRow], *, lock: bool) -> None:
    phones = {person.phone for row in rows for person in (row.zone_leader, row.group_leader, row.chief) if person}
    people = User.objects.filter(phone__in=phones).order_by("pk")
    plan.users = {user.phone: user for user in (people.select_for_update() if lock else people)}


def _load_units(communities: Iterable[Unit], *, lock: bool) -> dict[int, Unit]:
    """Return the communities and all units below them, by key."""
    communities = list(communities)
    paths = {unit.path for unit in communities}
    if len(paths) > _MANY_COMMUNITIES:
        paths = {tree.parent_path(unit.path) for unit in communities}
    if not paths:
        return {}
    below = subtree_q(next(iter(paths)))
    for path in paths:
        below |= subtree_q(path)
    levels = (Level.COMMUNITY, Level.ZONE, Level.GROUP, Level.NEIGHBOURHOOD)
    units = Unit.objects.filter(below, level__in=levels).order_by("pk")
    return {unit.pk: unit for unit in (units.select_for_update() if lock else units)}


def _place_rows(plan: Plan, located: list[tuple[RosterRow, Unit]], known: dict[int, Unit]) -> None:
    children = {(unit.parent_id, squeeze(unit.name)): unit for unit in known.values()}
    nodes: dict[tuple[int, str], Node] = {}
    tops: dict[int, Node] = {}
    seen: dict[int, RosterRow] = {}
    for row, community in located:
        node = tops.setdefault(community.pk, Node(Level.COMMUNITY, community.name, None, known[community.pk]))
        chain: dict[str, Node] = {}
        for level, column in _BELOW:
            node = _child(plan, nodes, children, node, level, getattr(row, column))
            chain[level] = node
            if node.unit and (node.unit.level != level or not node.unit.is_active):
                reason = _("“%(name)s” is another kind of unit here, or no longer in use.")
                plan.refuse(row, column, reason % {"name": node.name})
                break
        else:
            _take_row(plan, row, chain, seen)


def _child(plan: Plan, nodes: dict, children: dict, parent: Node, level: str, name: str) -> Node:
    key = (id(parent), name)
    node = nodes.get(key)
    if node is None:
        unit = children.get((parent.unit.pk, name)) if parent.unit else None
        node = nodes[key] = Node(level, name, parent, unit)
        if unit is None:
            plan.new_nodes[level].append(node)
    return node


def _take_row(plan: Plan, row: RosterRow, chain: dict[str, Node], seen: dict[int, RosterRow]) -> None:
    node = chain[Level.NEIGHBOURHOOD]
    earlier = seen.setdefault(id(node), row)
    if earlier is not row:
        where = {"sheet": earlier.sheet, "row": earlier.row}
        if (earlier.chief, earlier.households) == (row.chief, row.households):
            plan.warn(row, "neighbourhood", _("Listed twice: also in sheet %(sheet)s, row %(row)s.") % where)
        else:
            plan.refuse(row, "neighbourhood", _("Already in sheet %(sheet)s, row %(row)s, and differs.") % where)
            return
    seats = [seat for column in _SEATS if (seat := _seat(plan, row, chain, column))]
    _declare(plan, row, node)
    plan.rows.append((row, node, seats))


def _seat(plan: Plan, row: RosterRow, chain: dict[str, Node], column: str) -> Seat | None:
    person = getattr(row, column)
    if person is None:
        return None
    level, role = _SEATS[column]
    seat = plan.seats.setdefault((id(chain[level]), role), Seat(chain[level], role, person, row))
    if seat.person.phone != person.phone:
        reason = _("%(name)s is named here, %(other)s in row %(row)s. Please leave one.")
        plan.refuse(row, column, reason % {"name": person.name, "other": seat.person.name, "row": seat.first.row})
    return seat


def _declare(plan: Plan, row: RosterRow, node: Node) -> None:
    if row.households is None:
        return
    rule = profile().sizes.get(Level.NEIGHBOURHOOD)
    if rule and not rule.fits(row.households):
        reason = _("%(count)s households; a neighbourhood should have %(low)s to %(high)s.")
        plan.warn(row, "households", reason % {"count": row.households, "low": rule.low, "high": rule.high})
    node.households = row.households
    if node.unit and node.unit.households_declared != row.households:
        plan.declared.append(node)


def _load_posts(plan: Plan, *, today: date, lock: bool) -> None:
    seats = {(seat.node.unit.pk, seat.role): seat for seat in plan.seats.values() if seat.node.unit}
    vacant = {node.unit.pk: row for row, node, _seats in plan.rows if node.unit and row.chief is None}
    wanted = {unit_id for unit_id, _role in seats} | set(vacant)
    posts = Post.objects.filter(unit_id__in=wanted, role__in=LEADER_ROLES, ended_at__isnull=True).order_by("pk")
    if lock:
        posts = posts.select_for_update(of=("self",))
    for post in posts.select_related("user"):
        seat = seats.get((post.unit_id, post.role))
        if seat and (not post.acting or post.user.phone == seat.person.phone):
            seat.before.append(post)
        if post.role == Role.CHIEF and post.unit_id in vacant and post.in_force(on=today):
            plan.warn(
                vacant[post.unit_id],
                "chief",
                _("No chief is given; %(name)s stays in office.") % {"name": post.user.name},
            )


def _judge_people(plan: Plan, rows: list[RosterRow], scope: Scope) -> None:
    """Find who is new and who is renamed; refuse a number under two names and accounts that are not to be touched."""
    names: dict[str, tuple[str, RosterRow]] = {}
    renamed: dict[str, tuple[RosterRow, str]] = {}
    for row in rows:
        for column in _SEATS:
            person = getattr(row, column)
            if person is None:
                continue
            name, first = names.setdefault(person.phone, (person.name, row))
            user = plan.users.get(person.phone)
            if name != person.name:
                reason = _("This number belongs to %(name)s in sheet %(sheet)s, row %(row)s.")
                plan.refuse(row, f"{column}_phone", reason % {"name": name, "sheet": first.sheet, "row": first.row})
            elif user is None:
                plan.new_people[person.phone] = person.name
            elif first is row and not user.is_active:
                plan.refuse(row, f"{column}_phone", _("The account with this number is deactivated."))
            elif squeeze(user.name) != person.name:
                renamed.setdefault(person.phone, (row, column))
    protected = _protected([plan.users[phone] for phone in renamed], scope)
    for phone, (row, column) in renamed.items():
        user = plan.users[phone]
        if user.pk in protected:
            reason = _("This number belongs to somebody of another name who also serves outside your area.")
            plan.refuse(row, f"{column}_phone", reason)
        else:
            reason = _("%(old)s is renamed: the number stays the same.") % {"old": user.name}
            plan.warn(row, column, reason)
            plan.renamed.append(user)


def _protected(users: list[User], scope: Scope) -> set[int]:
    """Return which of the people an import in `scope` may not rename: others depend on their name."""
    if scope == EVERYTHING or not users:
        return set()
    posts = Post.objects.filter(user__in=users, ended_at__isnull=True).select_related("unit", "agency__unit")
    outside = {post.user_id for post in posts if not scope.covers((post.unit or post.agency.unit).path)}
    return outside | {user.pk for user in users if user.is_superuser}


def _outcome(plan: Plan, seat: Seat, today: date) -> Outcome:
    present = [post for post in seat.before if post.in_force(on=today) or post.since > today]
    if not present:
        return Outcome.NEW
    if not any(post.user.phone == seat.person.phone and not post.acting for post in present):
        same = next((post for post in present if squeeze(post.user.name) == seat.person.name), None)
        if same and same.user.phone != seat.person.phone:
            reason = _("%(name)s has a new number, which makes a new account; the old one loses this post.")
            plan.warn(seat.first, "chief" if seat.role == Role.CHIEF else seat.role, reason % {"name": same.user.name})
        return Outcome.HANDED_OVER
    user = plan.users[seat.person.phone]
    others = any(post.user_id != user.pk for post in present)
    return Outcome.CHANGED if others or squeeze(user.name) != seat.person.name else Outcome.UNCHANGED


def row_outcome(row: RosterRow, node: Node, seats: list[Seat]) -> Outcome:
    """Return what applying does to the row's neighbourhood: its chief first, then anything else in the row."""
    chief = next((seat.outcome for seat in seats if seat.role == Role.CHIEF), Outcome.UNCHANGED)
    if node.unit is None or chief == Outcome.NEW:
        return Outcome.NEW
    if chief == Outcome.HANDED_OVER:
        return Outcome.HANDED_OVER
    declared = row.households is not None and row.households != node.unit.households_declared
    changed = declared or any(seat.outcome != Outcome.UNCHANGED for seat in seats)
    return Outcome.CHANGED if changed else Outcome.UNCHANGED
