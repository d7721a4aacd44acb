"""Importing a roster of neighbour chiefs: look at it first, then apply it in one transaction."""

import secrets
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Greatest, Least
from django.utils.translation import gettext as _

from linjiang.common.clock import local_day, now
from linjiang.common.errors import Conflict, InvalidInput
from linjiang.common.text import listed
from orgs import tree
from orgs.choices import DESK_ROLES, Level, Role
from orgs.models import Post, Unit, User
from orgs.services.areas import import_scope
from orgs.services.roster_plan import Node, Outcome, Plan, Seat, make_plan, row_outcome
from orgs.services.roster_sheets import BadRow, Reading, read_roster

IMPORT_ROLES = (*DESK_ROLES, Role.SYSTEM_ADMIN)
_BATCH = 5000


@dataclass(frozen=True, slots=True)
class Counts:
    """How many seats, by what happens to them."""

    new: int = 0
    changed: int = 0
    handed_over: int = 0
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class RowChange:
    """A row that would change something: its place, what happens, who was chief and who is."""

    sheet: str
    row: int
    place: str
    outcome: Outcome
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class RosterPreview:
    """What applying a roster does. `chiefs` counts rows (one per neighbourhood), `leaders` zone and group leaders.

    `units` are the units to be made, by level; `people` the accounts to be made. `bad` must be empty before the roster
    can be applied; `warnings` deserve a look and stop nothing. `changes` lists every row that is not unchanged.
    """

    chiefs: Counts
    leaders: Counts
    units: dict[str, int]
    people: int
    bad: tuple[BadRow, ...]
    warnings: tuple[BadRow, ...]
    changes: tuple[RowChange, ...]
    skipped_sheets: tuple[str, ...]

    @property
    def new(self) -> int:
        return self.chiefs.new

    @property
    def changed(self) -> int:
        return self.chiefs.changed

    @property
    def handed_over(self) -> int:
        return self.chiefs.handed_over

    @property
    def unchanged(self) -> int:
        return self.chiefs.unchanged

    @property
    def bad_rows(self) -> int:
        """How many rows `bad` speaks of; one row may have several faults."""
        return len({(bad.sheet, bad.row) for bad in self.bad})

    @property
    def can_apply(self) -> bool:
        return not self.bad

    @property
    def is_idle(self) -> bool:
        """Whether everything the roster says is in place already."""
        return not self.changes


class InvalidRoster(InvalidInput):
    """The roster has bad rows and nothing of it was applied; `preview` names them."""

    def __init__(self, preview: RosterPreview) -> None:
        self.preview = preview
        count = preview.bad_rows
        super().__init__({"file": _("Nothing was applied: rows that need mending: %(count)s.") % {"count": count}})


def preview_roster(*, actor: User, file) -> RosterPreview:
    """Return what applying the workbook would do; changes nothing.

    Raise InvalidInput for a file that is no roster, NotAllowed for a person who may not import one.
    """
    scope = import_scope(actor, IMPORT_ROLES)
    reading = read_roster(file)
    plan = make_plan(reading=reading, scope=scope, today=local_day(now()), lock=False)
    return _preview(plan, reading)


@transaction.atomic
def apply_roster(*, actor: User, file) -> RosterPreview:
    """Make the organisation what the workbook says and return what was done; applying again changes nothing.

    Units that are missing are made, seats filled; another chief or leader ends the old post and starts the new one
    today. What the roster does not name stays. Locks the people, the communities and everything below them, and the
    posts, each by key. Raise InvalidRoster with nothing changed when any row is bad; InvalidInput and NotAllowed as
    `preview_roster`; Conflict when somebody else made the same unit or person at the same moment.
    """
    scope = import_scope(actor, IMPORT_ROLES)
    reading = read_roster(file)
    moment = now()
    plan = make_plan(reading=reading, scope=scope, today=local_day(moment), lock=True)
    preview = _preview(plan, reading)
    if plan.bad:
        raise InvalidRoster(preview)
    try:
        with transaction.atomic():
            _create_units(plan)
            _write_people(plan)
            _write_posts(plan, moment=moment, today=local_day(moment))
    except IntegrityError as error:
        raise Conflict(_("Somebody else changed the same posts just now. Please look at the preview again.")) from error
    return preview


def _preview(plan: Plan, reading: Reading) -> RosterPreview:
    outcomes = [(row, row_outcome(row, node, seats), seats) for row, node, seats in plan.rows]
    leaders = Counter(seat.outcome for seat in plan.seats.values() if seat.role != Role.CHIEF)
    return RosterPreview(
        chiefs=_counts(Counter(outcome for _row, outcome, _seats in outcomes)),
        leaders=_counts(leaders),
        units={level: len(nodes) for level, nodes in plan.new_nodes.items() if nodes},
        people=len(plan.new_people),
        bad=tuple(sorted(plan.bad, key=_position)),
        warnings=tuple(sorted(plan.warnings, key=_position)),
        changes=tuple(_change(row, outcome, seats) for row, outcome, seats in outcomes if outcome != Outcome.UNCHANGED),
        skipped_sheets=tuple(reading.skipped_sheets),
    )


def _position(bad: BadRow) -> tuple[str, int]:
    return (bad.sheet, bad.row)


def _counts(found: Counter) -> Counts:
    return Counts(**{outcome.value: found[outcome] for outcome in Outcome})


def _change(row, outcome: Outcome, seats: list[Seat]) -> RowChange:
    chief = next((seat for seat in seats if seat.role == Role.CHIEF), None)
    before = listed(post.user.name for post in chief.before) if chief else ""
    return RowChange(row.sheet, row.row, row.place, outcome, before, row.chief.name if row.chief else "")


def _create_units(plan: Plan) -> None:
    """Make the missing units level by level; a new unit knows its children's number from the start."""
    children: Counter[Node] = Counter(node.parent for nodes in plan.new_nodes.values() for node in nodes)
    grown: list[Unit] = []
    position: dict[Node, int] = {}
    for parent, count in children.items():
        if parent.unit:
            position[parent] = parent.unit.children_made
            parent.unit.children_made += count
            grown.append(parent.unit)
    for level in (Level.ZONE, Level.GROUP, Level.NEIGHBOURHOOD):
        nodes = plan.new_nodes[level]
        for node in nodes:
            place = position[node.parent] = position.get(node.parent, 0) + 1
            above = node.parent.unit
            node.unit = Unit(
                parent=above,
                path=tree.child_path(above.path, place),
                level=level,
                name=node.name,
                children_made=children[node],
                households_declared=node.households,
            )
        Unit.objects.bulk_create([node.unit for node in nodes], batch_size=_BATCH)
    for node in plan.declared:
        node.unit.households_declared = node.households
    Unit.objects.bulk_update(grown, ["children_made"], batch_size=_BATCH)
    Unit.objects.bulk_update([node.unit for node in plan.declared], ["households_declared"], batch_size=_BATCH)


def _write_people(plan: Plan) -> None:
    names = {seat.person.phone: seat.person.name for seat in plan.seats.values()}
    for user in plan.renamed:
        user.name = names[user.phone]
    User.objects.bulk_update(plan.renamed, ["name"], batch_size=_BATCH)
    new = [User(phone=phone, name=name, password=_no_password()) for phone, name in plan.new_people.items()]
    plan.users |= {user.phone: user for user in User.objects.bulk_create(new, batch_size=_BATCH)}


def _no_password() -> str:
    """Return what Django stores for "cannot sign in yet", made in a tenth of the time `make_password(None)` takes."""
    return UNUSABLE_PASSWORD_PREFIX + secrets.token_urlsafe(30)


def _write_posts(plan: Plan, *, moment: datetime, today: date) -> None:
    ending, starting = _posts(plan.seats.values(), plan.users, today)
    Post.objects.filter(pk__in=ending).update(
        ended_at=moment, until=Greatest(F("since"), Least(Coalesce(F("until"), today), today))
    )
    Post.objects.bulk_create(starting, batch_size=_BATCH)


def _posts(seats: Iterable[Seat], users: dict[str, User], today: date) -> tuple[list[int], list[Post]]:
    """Return the keys of the posts to end and the posts to start."""
    ending: list[int] = []
    starting: list[Post] = []
    for seat in seats:
        user = users[seat.person.phone]
        kept = [
            post
            for post in seat.before
            if post.user_id == user.pk and not post.acting and (post.until is None or post.until > today)
        ]
        ending += [post.pk for post in seat.before if post not in kept]
        if not kept:
            starting.append(Post(user=user, role=seat.role, unit=seat.node.unit, since=today))
    return ending, starting
