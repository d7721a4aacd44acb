"""What a person may see: the subtrees and agencies of the posts in force, nothing else.

Every list, detail, search, export, attachment and dashboard starts from `scope_of(user)`.
"""

from dataclasses import dataclass

from django.db.models import Q

from linjiang.common.database import subtree_q
from orgs import tree
from orgs.choices import ADMIN_ROLES, CASE_ROLES, Role
from orgs.models import Agency, Household, Unit, User


@dataclass(frozen=True, slots=True)
class Scope:
    """Subtrees (`paths`, none inside another) and agencies a person's current posts reach.

    `paths == ("",)` reaches everything: superusers only. An empty scope sees nothing.
    """

    paths: tuple[str, ...] = ()
    agency_ids: tuple[int, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not self.paths and not self.agency_ids

    def covers(self, path: str) -> bool:
        """Say whether the unit at `path` lies in the scope."""
        return any(tree.covers(upper, path) for upper in self.paths)

    def units_q(self, *, field: str = "path") -> Q:
        """Return the condition "lies in one of the subtrees" on the column `field`."""
        if not self.paths:
            return Q(pk__in=[])
        condition = Q()
        for path in self.paths:
            condition |= subtree_q(path, field=field)
        return condition


EVERYTHING = Scope(paths=("",))
NOTHING = Scope()


def scope_of(user) -> Scope:
    """Return the cases' scope of `user`; nobody in particular (None, anonymous, inactive) sees nothing."""
    return _scope(user, CASE_ROLES)


def administration_scope_of(user) -> Scope:
    """Return the scope in which `user` may see the organisation itself: cases' scope and administrator posts."""
    return _scope(user, (*CASE_ROLES, *ADMIN_ROLES))


def _scope(user, roles) -> Scope:
    if user is None or not user.is_authenticated or not user.is_active:
        return NOTHING
    if user.is_superuser:
        return EVERYTHING
    paths: list[str] = []
    posts = (post for post in user.current_posts if post.unit and post.role in roles)
    for path in sorted(path for post in posts for path in post.unit.seen_paths):
        if not paths or not tree.covers(paths[-1], path):
            paths.append(path)
    agencies = tuple(post.agency_id for post in user.current_posts if post.role == Role.HANDLER)
    return Scope(tuple(paths), agencies)


def units_visible_to(user: User):
    """Return the units in `user`'s scope."""
    return Unit.objects.filter(administration_scope_of(user).units_q())


def households_visible_to(user: User):
    """Return the households in `user`'s scope."""
    return Household.objects.filter(scope_of(user).units_q(field="unit__path"))


def agencies_visible_to(user: User):
    """Return the agencies that serve or lie in `user`'s scope, and the ones the person works for."""
    scope = administration_scope_of(user)
    serving = Q(unit__path__in=[upper for path in scope.paths for upper in tree.ancestor_paths(path)])
    return Agency.objects.filter(scope.units_q(field="unit__path") | serving | Q(pk__in=scope.agency_ids))
