"""Who sees the problem pool, and who works on a cluster of it."""

from django.utils.translation import gettext as _

from grievances.choices import ClusterAction, ClusterState
from grievances.models import Cluster
from linjiang.common.decisions import ALLOWED, Decision, denied, idle
from orgs import tree
from orgs.choices import DESK_ROLES, Role
from orgs.scopes import EVERYTHING, NOTHING, Scope, scope_of

# Who answers for a place in which others work, as for dashboards.
POOL_ROLES = (Role.GROUP_LEADER, Role.ZONE_LEADER, *DESK_ROLES, Role.SUPERVISOR, Role.OFFICIAL)
# Who judges whether it is one matter, why, and who is to solve it: over all of the place it covers.
_WORKERS = (*DESK_ROLES, Role.SUPERVISOR, Role.OFFICIAL)

# In which states each step may be taken; the rest is refused as a conflict of what was read with what is.
_IN = {
    ClusterAction.RENAME: tuple(set(ClusterState) - {ClusterState.MERGED}),
    ClusterAction.NOTE: tuple(set(ClusterState) - {ClusterState.MERGED}),
    ClusterAction.CONFIRM: (ClusterState.FOUND, ClusterState.DISMISSED),
    ClusterAction.DISMISS: (ClusterState.FOUND, ClusterState.CONFIRMED),
    ClusterAction.ADD: (ClusterState.FOUND, ClusterState.CONFIRMED, ClusterState.PROJECT),
    ClusterAction.TAKE_OUT: (ClusterState.FOUND, ClusterState.CONFIRMED, ClusterState.PROJECT),
    ClusterAction.MERGE: (ClusterState.FOUND, ClusterState.CONFIRMED, ClusterState.PROJECT),
    ClusterAction.PROJECT: (ClusterState.FOUND, ClusterState.CONFIRMED, ClusterState.PROJECT, ClusterState.DONE),
    ClusterAction.FINISH: (ClusterState.PROJECT,),
}


def pool_scope_of(user) -> Scope:
    """Return the subtrees whose clusters `user` sees; nothing for who answers for no place."""
    if scope_of(user).is_empty:
        return NOTHING
    if user.is_superuser:
        return EVERYTHING
    paths: list[str] = []
    posts = [post for post in user.current_posts if post.unit and post.role in POOL_ROLES]
    for path in sorted(path for post in posts for path in post.unit.seen_paths):
        if not paths or not tree.covers(paths[-1], path):
            paths.append(path)
    return Scope(tuple(paths))


def may_work_on(user, cluster: Cluster) -> Decision:
    """Say whether `user` may change the cluster at all: staff, supervisors and officials of all of its place."""
    if user.is_superuser:
        return ALLOWED
    for post in user.current_posts:
        if post.unit and post.role in _WORKERS and any(tree.covers(p, cluster.unit_path) for p in post.unit.seen_paths):
            return ALLOWED
    return denied(_("Staff, supervisors and officials of the whole place of a matter work on it."))


def decide(user, action: ClusterAction, cluster: Cluster) -> Decision:
    """Say whether `user` may take the step on the cluster as it stands."""
    allowed = may_work_on(user, cluster)
    if allowed and cluster.state not in _IN[action]:
        return idle(
            _("This step is not possible any more: the matter is “%(state)s” now.")
            % {"state": cluster.get_state_display()}
        )
    return allowed
