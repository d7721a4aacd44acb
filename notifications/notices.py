"""Notices from above: writing and withdrawing them, who sees which, and counting who has read, never naming."""

from datetime import date, datetime

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from linjiang.common.clock import local_day
from linjiang.common.errors import InvalidInput, NotAllowed
from linjiang.common.text import clean
from notifications.choices import AUDIENCE_ROLES, Audience
from notifications.models import Notice, NoticeRead
from notifications.services import Queued, queue_rows
from orgs import tree
from orgs.choices import DESK_ROLES, Role
from orgs.models import Post, Unit, User

WRITERS = (*DESK_ROLES, Role.OFFICIAL)
# Fewer than this, and a number would tell who.
FEWEST_COUNTED = 3


def writing_units(user: User) -> list[Unit]:
    """Return the units for which `user` writes notices."""
    return list({post.unit_id: post.unit for post in user.current_posts if post.role in WRITERS}.values())


@transaction.atomic
def write_notice(
    *,
    actor: User,
    now: datetime,
    unit: Unit,
    title: str,
    text: str,
    audience: str,
    until: date | None = None,
    important: bool = False,
) -> Notice:
    """Write a notice of `unit` to the people in office below it and return it.

    If it is important, `send_out` writes a message to each afterwards: a city has a hundred thousand chiefs.

    Raise NotAllowed for a unit the actor does not write for, InvalidInput per field.
    """
    if unit.pk not in {one.pk for one in writing_units(actor)}:
        raise NotAllowed(_("Notices are written by officials, community and street staff, for their own unit."))
    title, text, today = clean(title), text.strip(), local_day(now)
    errors = {}
    if not title or len(title) > Notice._meta.get_field("title").max_length:
        errors["title"] = _("Please give the notice a title of at most 80 characters.")
    if not text or len(text) > Notice._meta.get_field("text").max_length or "\x00" in text:
        errors["text"] = _("Please write what people should know, in at most 4,000 characters.")
    if audience not in Audience.values:
        errors["audience"] = _("Please say to whom it is written.")
    if until and until < today:
        errors["until"] = _("This day is past.")
    if errors:
        raise InvalidInput(errors)
    notice = Notice(
        unit=unit, author=actor, title=title, text=text, audience=audience, until=until, is_important=important,
        created_at=now,
    )  # fmt: skip
    notice.reached = _reached(notice, today).count()
    notice.save()
    return notice


def send_out(*, now: datetime, batch: int = 5_000) -> int:
    """Write the messages of important notices that are not written yet, and return how many were.

    In blocks in the order of the people's keys, each in a transaction of its own with how far it came: killed at any
    moment, the next call goes on there. Safe beside itself: a notice another process is at is left to that one. A
    notice that was withdrawn or whose day has passed is told to nobody further; neither is who has left office since.
    """
    written = 0
    while True:
        with transaction.atomic():
            notice = _next_to_send()
            if notice is None:
                return written
            written += _send_block(notice, now, batch)


def _next_to_send() -> Notice | None:
    waiting = Notice.objects.filter(is_important=True, sent_at__isnull=True)
    return waiting.select_for_update(skip_locked=True, of=("self",)).select_related("unit").order_by("pk").first()


def _send_block(notice: Notice, now: datetime, batch: int) -> int:
    """Write to the next people of the notice, whose row the caller has locked; return how many messages that were."""
    people: list[int] = []
    if notice.withdrawn_at is None and (notice.until is None or notice.until >= local_day(now)):
        further = _reached(notice, local_day(notice.created_at)).filter(user_id__gt=notice.sent_up_to)
        people = list(further.order_by("user_id").values_list("user_id", flat=True)[:batch])
    facts = {"unit": notice.unit.name, "title": notice.title}
    key, url = f"notice:{notice.pk}", f"/notices/{notice.pk}/"
    queue_rows(
        [Queued(to=pk, kind="notice", facts=facts, url=url, key=key, urgent=False) for pk in people],
        at=now,
    )
    if people:
        notice.sent_up_to = people[-1]
        notice.sent_count += len(people)
    if len(people) < batch:
        notice.sent_at = now
    notice.save(update_fields=["sent_up_to", "sent_count", "sent_at"])
    return len(people)


def progress_of(notice: Notice) -> tuple[int, int] | None:
    """Return to how many the notice was sent of how many it reaches, None once all were or none are to be.

    Also where so few would be named by it (see `count_of`).
    """
    if not notice.is_important or notice.sent_at or notice.withdrawn_at or notice.reached < FEWEST_COUNTED:
        return None
    return min(notice.sent_count, notice.reached), notice.reached


def _reached(notice: Notice, day: date) -> QuerySet:
    """Return the people in office below the notice's unit to whom it is written, each once."""
    posts = Post.objects.current(on=day).filter(
        role__in=AUDIENCE_ROLES[notice.audience],
        user__is_active=True,
        unit__path__gt=notice.unit.path,
        unit__path__lt=notice.unit.path + "~",
    )
    return posts.order_by().values("user_id").distinct()


@transaction.atomic
def withdraw_notice(*, actor: User, now: datetime, notice: Notice) -> Notice:
    """Withdraw the notice and return it; once is enough. Raise NotAllowed for another unit's. Locks its row."""
    if notice.unit_id not in {one.pk for one in writing_units(actor)}:
        raise NotAllowed(_("Only the unit that wrote a notice withdraws it."))
    notice = Notice.objects.select_for_update(of=("self",)).select_related("unit").get(pk=notice.pk)
    if notice.withdrawn_at is None:
        notice.withdrawn_at = now
        notice.save(update_fields=["withdrawn_at"])
    return notice


@transaction.atomic
def read_notice(*, actor: User, notice: Notice) -> None:
    """Note that the actor has read the notice; counted once, and only of those it reached when it was written.

    Somebody who took office later reads it without being counted, so that no more have read it than it reached.
    """
    with connection.cursor() as cursor:
        table = NoticeRead._meta.db_table
        cursor.execute(
            f"INSERT INTO {table} (notice_id, user_id) VALUES (%s, %s) ON CONFLICT DO NOTHING",  # noqa: S608 (a model's own table)
            [notice.pk, actor.pk],
        )
        is_new = cursor.rowcount == 1
    written = local_day(notice.created_at)
    if is_new and any(post.since <= written for post in _posts_reached(actor, notice)):
        Notice.objects.filter(pk=notice.pk).update(read_count=F("read_count") + 1)


def _posts_reached(user: User, notice: Notice) -> list[Post]:
    return [
        post
        for post in user.current_posts
        if post.unit_id
        and post.role in AUDIENCE_ROLES[notice.audience]
        and post.unit.path != notice.unit.path
        and tree.covers(notice.unit.path, post.unit.path)
    ]


def notices_for(user: User) -> QuerySet:
    """Return the notices written to `user` from the units above the person's posts, with `is_read`; newest first."""
    condition = Q(pk__in=[])
    for audience, roles in AUDIENCE_ROLES.items():
        paths = {
            path
            for post in user.current_posts
            if post.unit_id and post.role in roles
            for path in tree.ancestor_paths(post.unit.path)
        }
        if paths:
            condition |= Q(audience=audience, unit__path__in=paths)
    read = NoticeRead.objects.filter(notice=OuterRef("pk"), user=user)
    return Notice.objects.filter(condition).select_related("unit").annotate(is_read=Exists(read))


def notices_in_force(user: User, *, now: datetime) -> QuerySet:
    """Return what of that holds today, unread first, then the newest first."""
    holding = Q(until__isnull=True) | Q(until__gte=local_day(now))
    return notices_for(user).filter(holding, withdrawn_at__isnull=True).order_by("is_read", "-pk")


def notices_by(user: User) -> QuerySet:
    """Return the notices of the units `user` writes for, newest first."""
    return Notice.objects.filter(unit__in=writing_units(user)).select_related("unit", "author").order_by("-pk")


def count_of(notice: Notice) -> tuple[int, int] | None:
    """Return how many have read the notice of how many it reached; None where so few would be named by it."""
    return (notice.read_count, notice.reached) if notice.reached >= FEWEST_COUNTED else None
