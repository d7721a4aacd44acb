"""Accounts of people: registering, opening and closing, and new passwords."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from rest_framework.authtoken.models import Token

from linjiang.common.decisions import ALLOWED, Decision, denied
from linjiang.common.errors import InvalidInput, NotAllowed
from linjiang.common.text import clean, clean_phone, is_mobile
from orgs import tree
from orgs.choices import ADMIN_ROLES, DESK_ROLES, LEADER_ROLES, ElderSize, Role
from orgs.models import Post, User

_HELPED_BY_DESKS = (*LEADER_ROLES, Role.HANDLER)


@transaction.atomic
def register_person(*, actor: User, name: str, phone: str) -> User:
    """Create and return a person who cannot sign in until a password is set.

    Raise InvalidInput for an empty name, a number that is no mobile number, or one that is registered.
    """
    name, phone = _checked(name, phone)
    try:
        with transaction.atomic():
            return User.objects.create_user(phone, None, name=name)
    except IntegrityError as error:
        raise InvalidInput({"phone": _("This number is registered already.")}, code="duplicate") from error


@transaction.atomic
def person_called(*, actor: User, name: str, phone: str) -> User:
    """Return the person with this number, registered now if nobody has it.

    Raise InvalidInput when the number belongs to somebody of another name, or to an account that is closed.
    """
    name, phone = _checked(name, phone)
    known = User.objects.filter(phone=phone).first()
    if known is None:
        return register_person(actor=actor, name=name, phone=phone)
    if known.name != name:
        raise InvalidInput({"name": _("This number is registered under another name. Check name and number.")})
    if not known.is_active:
        raise InvalidInput({"phone": _("This person's account is closed. The security administrator can open it.")})
    return known


@transaction.atomic
def set_account_open(*, actor: User, user: User, is_open: bool) -> User:
    """Open or close an account; a closed one signs in nowhere and its posts give no rights. Locks the row."""
    user = User.objects.select_for_update().get(pk=user.pk)
    _require_other(actor, user)
    user.is_active = is_open
    user.save(update_fields=["is_active"])
    return user


@transaction.atomic
def reset_password(*, actor: User, user: User, password: str) -> User:
    """Give `user` a new password, which ends their sessions and API tokens. Locks the row.

    Raise NotAllowed with the reason of `may_reset_password`, InvalidInput for a password that is too weak.
    """
    user = User.objects.select_for_update().get(pk=user.pk)
    may_reset_password(actor=actor, user=user).require()
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise InvalidInput({"password": " ".join(error.messages)}) from error
    user.set_password(password)
    user.save(update_fields=["password"])
    end_tokens(user=user)
    return user


def may_reset_password(*, actor: User, user: User) -> Decision:
    """Say whether `actor` may set a new password for `user`.

    The security administrator may for anybody but administrators, who could otherwise act in each other's roles:
    theirs is changed on the machine itself (`manage.py changepassword`). Community and street staff may for the
    chiefs, leaders and handlers below them, who come to them when they cannot sign in.
    """
    if actor.pk == user.pk:
        return denied(_("Nobody changes their own account here."))
    if user.is_superuser or user.holds(*ADMIN_ROLES):
        return denied(_("An administrator's password is changed on the server, with manage.py changepassword."))
    if actor.is_superuser or actor.holds(Role.SECURITY_ADMIN):
        return ALLOWED
    desks = [post.unit.path for post in actor.current_posts if post.role in DESK_ROLES]
    theirs = user.current_posts
    if theirs and all(post.role in _HELPED_BY_DESKS and _below(post, desks) for post in theirs):
        return ALLOWED
    return denied(_("You may set a new password for chiefs, leaders and handlers below your own unit only."))


def _below(post: Post, desks: list[str]) -> bool:
    path = post.unit.path if post.unit else post.agency.unit.path
    return any(tree.covers(desk, path) for desk in desks)


def set_elder_size(*, actor: User, size: int) -> None:
    """Keep with the person how large their pages are printed; 0 is the ordinary look.

    Raise InvalidInput for a size that is not offered.
    """
    if size not in ElderSize.values:
        raise InvalidInput({"size": _("Please choose one of the sizes.")})
    User.objects.filter(pk=actor.pk).update(elder_size=size)


def end_tokens(*, user: User) -> None:
    """End the person's API tokens: whoever knew the old password holds nothing that still works."""
    Token.objects.filter(user=user).delete()


def _require_other(actor: User, user: User) -> None:
    if actor.pk == user.pk:
        raise NotAllowed(_("Nobody changes their own account here."))


def _checked(name: str, phone: str) -> tuple[str, str]:
    name, phone = clean(name), clean_phone(phone)
    errors = {}
    if not name or len(name) > 64:
        errors["name"] = _("Please give the person's name.")
    if not is_mobile(phone):
        errors["phone"] = _("This is not a mobile number: eleven digits from 13 to 19.")
    if errors:
        raise InvalidInput(errors)
    return name, phone
