"""Who holds a unit or an agency today: whom a case is addressed to, climbing past vacant posts."""

from collections.abc import Iterable
from datetime import date

from linjiang.common.statements import Prepared
from orgs import tree
from orgs.choices import LEADING_ROLE, LEVEL_ORDER, Role
from orgs.models import Post, Unit, User


def holders_on_the_way_up(unit: Unit, *, on: date, include_self: bool = False) -> list[tuple[Unit, list[User]]]:
    """Return the units above `unit` that somebody leads today, nearest first, with their people. One statement."""
    paths = tree.ancestor_paths(unit.path, include_self=include_self)
    posts = _leading_at(on, *paths, *_PATHS[len(paths) :])
    found: dict[int, tuple[Unit, list[User]]] = {}
    for post in posts:
        if LEADING_ROLE.get(post.unit.level) == post.role:
            found.setdefault(post.unit_id, (post.unit, []))[1].append(post.user)
    return list(found.values())


def people_at_units(unit_ids: Iterable[int], *, on: date) -> dict[int, list[User]]:
    """Return who leads each unit today, by the unit's id; units that nobody leads are left out. One statement."""
    people: dict[int, list[User]] = {}
    for post in _leading(on).filter(unit_id__in=set(unit_ids)):
        if LEADING_ROLE.get(post.unit.level) == post.role:
            people.setdefault(post.unit_id, []).append(post.user)
    return people


def people_to_call_on(paths: Iterable[str], *, on: date) -> dict[str, list[User]]:
    """Return who can be called on at each unit today, by the unit's path.

    That is who leads it; above the street, where nobody leads, its supervisors, and without one its officials. Units
    with nobody are left out. One statement.
    """
    posts = _current(on, (*LEADING_ROLE.values(), Role.SUPERVISOR, Role.OFFICIAL)).filter(unit__path__in=set(paths))
    people: dict[str, list[User]] = {}
    officials: dict[str, list[User]] = {}
    for post in posts:
        if LEADING_ROLE.get(post.unit.level, Role.SUPERVISOR) == post.role:
            people.setdefault(post.unit.path, []).append(post.user)
        elif post.role == Role.OFFICIAL and post.unit.level not in LEADING_ROLE:
            officials.setdefault(post.unit.path, []).append(post.user)
    return officials | people


def supervisors_over(path: str, *, on: date) -> list[User]:
    """Return the supervisors of the nearest unit above `path`, itself included, that has any. One statement."""
    posts = _current(on, (Role.SUPERVISOR,)).filter(unit__path__in=tree.ancestor_paths(path, include_self=True))
    by_path: dict[str, list[User]] = {}
    for post in posts:
        by_path.setdefault(post.unit.path, []).append(post.user)
    return by_path[max(by_path, key=len)] if by_path else []


def _leading(on: date):
    return _current(on, LEADING_ROLE.values())


def _current(on: date, roles):
    return (
        Post.objects.current(on=on)
        .filter(role__in=roles, user__is_active=True)
        .select_related("unit", "user")
        .order_by("pk")
    )


# As many paths as a unit can have above it and itself; none of these is a unit's.
_PATHS = tuple(f"-{number}" for number in range(max(LEVEL_ORDER.values()) + 1))
_leading_at = Prepared(
    lambda on, *paths: _leading(on).filter(unit__path__in=paths).order_by("-unit__path", "pk"), date.min, *_PATHS
)


def people_at_agencies(agency_ids: Iterable[int], *, on: date) -> dict[int, list[User]]:
    """Return each agency's handlers of today; agencies without one are left out. One statement."""
    posts = (
        Post.objects.current(on=on)
        .filter(agency_id__in=set(agency_ids), role=Role.HANDLER, user__is_active=True)
        .select_related("user")
        .order_by("pk")
    )
    people: dict[int, list[User]] = {}
    for post in posts:
        people.setdefault(post.agency_id, []).append(post.user)
    return people
