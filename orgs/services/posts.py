"""Appointing people, handing over and ending posts."""

from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from linjiang.common.clock import local_day, now
from linjiang.common.errors import InvalidInput
from orgs.choices import ADMIN_ROLES, DESK_ROLES, ROLE_LEVEL, Role
from orgs.models import Agency, Post, Unit, User


@transaction.atomic
def appoint(
    *,
    actor: User,
    user: User,
    role: str,
    unit: Unit | None = None,
    agency: Agency | None = None,
    since: date | None = None,
    until: date | None = None,
    acting: bool = False,
    replace: bool = True,
) -> Post:
    """Give `user` the post and return it; a chief's predecessor in the same seat is ended first.

    Without `replace` a seat that somebody else holds today is refused instead, with the holder's name.

    Locks the unit's row, so that two appointments to one seat follow each other.
    Raise InvalidInput when the role does not belong at the unit's level, or when a person would hold two of the
    three administrator roles (the separation of duties of GB/T 22239 level 3).
    """
    moment = now()
    today = local_day(moment)
    since = since or today
    _check_seat(role, unit, agency, since, until, today)
    User.objects.select_for_update().get(pk=user.pk)
    _check_separation(user, role)
    if unit is not None:
        Unit.objects.select_for_update().get(pk=unit.pk)
    mine = Post.objects.filter(user=user, role=role, unit=unit, agency=agency, ended_at__isnull=True).first()
    if mine and mine.acting == acting:
        return mine
    seated = _seated(role, unit, acting)
    if not replace:
        _refuse_held(seated, user, today)
    if mine:
        _close([mine], moment=moment, today=today)
    _close(seated, moment=moment, today=today)
    post = Post.objects.create(user=user, role=role, unit=unit, agency=agency, since=since, until=until, acting=acting)
    _sync_staff_flag(user, role)
    return post


def _seated(role, unit, acting) -> list[Post]:
    """Return the open posts in a seat that only one person holds: a chief's."""
    if role != Role.CHIEF:
        return []
    return list(
        Post.objects.filter(unit=unit, role=role, acting=acting, ended_at__isnull=True).select_related("user", "unit")
    )


def _refuse_held(seated: list[Post], user: User, today: date) -> None:
    holder = next((post for post in seated if post.user_id != user.pk and post.in_force(on=today)), None)
    if holder:
        words = _(
            "%(name)s is %(title)s of %(place)s now. To put somebody else there, open that post and hand it over."
        )
        raise InvalidInput(
            {"seat": words % {"name": holder.user.name, "title": holder.title, "place": holder.place}}, code="held"
        )


def _check_seat(role, unit, agency, since, until, today) -> None:
    if role == Role.HANDLER:
        if agency is None or unit is not None:
            raise InvalidInput({"agency": _("A handler belongs to an agency.")})
    elif unit is None or agency is not None:
        raise InvalidInput({"unit": _("Please choose the unit of this post.")})
    if role in ROLE_LEVEL and unit.level != ROLE_LEVEL[role]:
        raise InvalidInput({"unit": _("This role does not belong at this level.")})
    if until and until < since:
        raise InvalidInput({"until": _("A post cannot end before it begins.")})
    if role == Role.CHIEF and since > today:
        raise InvalidInput({"since": _("Appoint a chief on the day of the handover, not before.")})


def _check_separation(user: User, role: str) -> None:
    others = [other for other in ADMIN_ROLES if other != role]
    if role in ADMIN_ROLES and user.posts.filter(ended_at__isnull=True, role__in=others).exists():
        raise InvalidInput({"role": _("One person may hold only one of the three administrator roles.")})


@transaction.atomic
def end_post(*, actor: User, post: Post) -> Post:
    """End the post now: from this moment its holder has none of its rights. Locks the post's row."""
    moment = now()
    post = Post.objects.select_for_update().get(pk=post.pk)
    if post.ended_at is None:
        _close([post], moment=moment, today=local_day(moment))
    return post


@transaction.atomic
def end_lapsed_posts(*, actor: User) -> int:
    """Mark the posts whose term has passed as ended and return how many; their rights lapsed by date already."""
    moment = now()
    today = local_day(moment)
    lapsed = list(
        Post.objects.select_for_update(skip_locked=True).filter(ended_at__isnull=True, until__lte=today).order_by("pk")
    )
    _close(lapsed, moment=moment, today=today)
    return len(lapsed)


def _close(posts, *, moment, today) -> None:
    for post in posts:
        post.ended_at = moment
        post.until = max(post.since, min(post.until or today, today))
        post.save(update_fields=["ended_at", "until"])


def _sync_staff_flag(user: User, role: str) -> None:
    if role in (*DESK_ROLES, *ADMIN_ROLES, Role.SUPERVISOR) and not user.is_staff:
        user.is_staff = True
        user.save(update_fields=["is_staff"])
