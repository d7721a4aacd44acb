"""What a chief or leader who took office lately took over, and from whom."""

from datetime import datetime, timedelta

from django.db.models import Count, Q

from grievances.models import Grievance
from linjiang.common.clock import local_day
from linjiang.common.database import subtree_q
from orgs.choices import Role
from orgs.models import Post, User

TOLD_FOR = timedelta(days=14)


def taken_over(user: User, *, now: datetime) -> list[dict]:
    """Return `count`, `name`, `unit` and `since` of each neighbourhood taken over within the last days.

    Counted are the cases still open that were there before. Whoever was appointed to a seat that nobody held before
    took over from nobody. No statement for those longer in office.
    """
    today = local_day(now)
    new = [
        post
        for post in user.current_posts
        if post.role == Role.CHIEF and not post.acting and today - post.since <= TOLD_FOR
    ]
    found = []
    for post in new:
        before = (
            Post.objects.filter(unit=post.unit, role=Role.CHIEF, acting=False, ended_at__isnull=False)
            .exclude(user=user)
            .select_related("user")
            .order_by("-ended_at")
            .first()
        )
        if before is None:
            continue
        mine = Q(discovered_at__lt=before.ended_at) & subtree_q(post.unit.path, field="unit_path")
        count = Grievance.objects.visible_to(user).live().aggregate(open=Count("pk", filter=mine))["open"]
        if count:
            found.append({"count": count, "name": before.user.name, "unit": post.unit.name, "since": post.since})
    return found
