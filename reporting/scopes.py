"""Who sees dashboards, and of which units."""

from orgs import tree
from orgs.choices import Role
from orgs.models import Unit
from orgs.scopes import EVERYTHING, NOTHING, Scope, scope_of

# Who answers for a place that others work in. Chiefs and handlers see their own cases and are not measured by figures:
# a chief's neighbourhood is five to fifteen households, and its numbers would be that one person's.
DASHBOARD_ROLES = (
    Role.GROUP_LEADER,
    Role.ZONE_LEADER,
    Role.COMMUNITY,
    Role.STREET,
    Role.SUPERVISOR,
    Role.OFFICIAL,
)


def dashboard_scope_of(user) -> Scope:
    """Return the subtrees whose dashboards `user` may open; empty for everybody without such a post."""
    if scope_of(user).is_empty:
        return NOTHING
    if user.is_superuser:
        return EVERYTHING
    paths: list[str] = []
    for unit in sorted(_units(user), key=lambda unit: unit.path):
        if not paths or not tree.covers(paths[-1], unit.path):
            paths.append(unit.path)
    return Scope(tuple(paths))


def dashboard_units_of(user) -> list[Unit]:
    """Return the top units of `dashboard_scope_of(user)`: where a dashboard begins, the widest first."""
    scope = dashboard_scope_of(user)
    if scope == EVERYTHING:
        return list(Unit.objects.filter(parent__isnull=True))
    found = {unit.path: unit for unit in _units(user) if unit.path in scope.paths}
    return sorted(found.values(), key=lambda unit: (len(unit.path), unit.path))


def _units(user) -> list[Unit]:
    return [post.unit for post in user.current_posts if post.role in DASHBOARD_ROLES]
