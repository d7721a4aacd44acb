"""Which part of the organisation a person may administer: by the posts in the roles that a page is for, no others."""

from collections.abc import Collection

from django.db.models import Exists, OuterRef, Q, QuerySet

from orgs import tree
from orgs.models import Agency, Post, User
from orgs.scopes import EVERYTHING, NOTHING, Scope


def may(user, *roles: str) -> bool:
    """Say whether `user` holds one of `roles` today; superusers may set a machine up."""
    return user.is_superuser or user.holds(*roles)


def scope_in(user, roles: Collection[str]) -> Scope:
    """Return the subtrees of `user`'s current posts in `roles` only.

    A person who also holds another post, say an official's over the whole district, may look there but not appoint.
    """
    if user.is_superuser and user.is_active:
        return EVERYTHING
    paths: list[str] = []
    for path in sorted(post.unit.path for post in user.current_posts if post.unit_id and post.role in roles):
        if not paths or not tree.covers(paths[-1], path):
            paths.append(path)
    return Scope(tuple(paths)) if paths else NOTHING


def posts_within(queryset: QuerySet[Post], scope: Scope) -> QuerySet[Post]:
    """Return the posts at units of the scope and at agencies that belong to units of the scope."""
    return queryset.filter(scope.units_q(field="unit__path") | scope.units_q(field="agency__unit__path"))


def agencies_serving(queryset: QuerySet[Agency], scope: Scope) -> QuerySet[Agency]:
    """Return the agencies of the scope's units and of the units above them, which serve it too."""
    above = [path for covered in scope.paths for path in tree.ancestor_paths(covered)]
    return queryset.filter(scope.units_q(field="unit__path") | Q(unit__path__in=above))


def people_within(queryset: QuerySet[User], scope: Scope, *, also_without_post: bool = False) -> QuerySet[User]:
    """Return the people who hold or held a post in the scope.

    `also_without_post`: and those who never held any, so that somebody can appoint them.
    """
    if scope.is_empty:
        return queryset.none()
    theirs = Post.objects.filter(user=OuterRef("pk"))
    condition = Q(Exists(posts_within(theirs, scope)))
    if also_without_post:
        condition |= ~Q(Exists(theirs))
    return queryset.filter(condition, is_system=False)
