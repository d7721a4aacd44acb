"""Which part of the tree a person may import into."""

from collections.abc import Collection

from django.utils.translation import gettext as _

from linjiang.common.errors import NotAllowed
from orgs import tree
from orgs.models import User
from orgs.scopes import EVERYTHING, Scope


def import_scope(actor: User, roles: Collection[str]) -> Scope:
    """Return the subtrees of `actor`'s current posts in `roles`; everything for automation and superusers.

    Raise NotAllowed for a person who holds none of the roles.
    """
    if actor.is_system or (actor.is_superuser and actor.is_active):
        return EVERYTHING
    paths: list[str] = []
    for path in sorted(post.unit.path for post in actor.current_posts if post.unit and post.role in roles):
        if not paths or not tree.covers(paths[-1], path):
            paths.append(path)
    if not paths:
        raise NotAllowed(_("Your posts do not include importing this list."))
    return Scope(tuple(paths))
