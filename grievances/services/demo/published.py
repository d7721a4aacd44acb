"""What the demo's communities show on their public pages."""

from datetime import datetime

from grievances.choices import Action, Status
from grievances.models import Grievance
from grievances.services.publishing import MOST_PHOTOS, TEXT_LENGTH, TITLE_LENGTH, publish
from linjiang.common.errors import InvalidInput, NotAllowed
from orgs.choices import Role
from orgs.models import Post

COMMUNITIES, CASES = 6, 5
_LOOKED_AT = 30
_BEFORE, _AFTER = (Action.DISCOVER, Action.REPORT), (Action.RESOLVE, Action.RESOLVE_ON_SPOT)


def publish_some(*, now: datetime) -> int:
    """Have each of a few communities publish some of its latest solved cases with photos; return how many."""
    count = 0
    seats = Post.objects.filter(role=Role.COMMUNITY, ended_at__isnull=True).select_related("unit", "user")
    seen: set[int] = set()
    for seat in seats.order_by("pk"):
        if seat.unit_id in seen or len(seen) == COMMUNITIES:
            continue
        seen.add(seat.unit_id)
        count += _publish(seat, now)
    return count


def _publish(seat: Post, now: datetime) -> int:
    solved = Grievance.objects.below(seat.unit).filter(
        status=Status.CLOSED, said_resolved=True, attachments__isnull=False
    )
    count = 0
    for case in solved.distinct().order_by("-closed_at", "-pk")[:_LOOKED_AT]:
        photos = [photo for photo in case.attachments.select_related("event") if photo.event]
        try:
            publish(
                actor=seat.user,
                grievance=case,
                public_title=case.title[:TITLE_LENGTH],
                public_text=case.result[:TEXT_LENGTH],
                before=[photo for photo in photos if photo.event.action in _BEFORE][:MOST_PHOTOS],
                after=[photo for photo in photos if photo.event.action in _AFTER][:MOST_PHOTOS],
                now=now,
            )
        except (InvalidInput, NotAllowed):
            continue  # it names a door, or the street above had it
        count += 1
        if count == CASES:
            break
    return count
