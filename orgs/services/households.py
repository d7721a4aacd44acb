"""A chief keeps the list of the neighbourhood's own households."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from linjiang.common.errors import InvalidInput, NotAllowed
from linjiang.common.text import clean
from orgs.choices import Role
from orgs.models import Contact, Household, Unit, User
from orgs.services.contacts import make_contact

MAX_MEMBERS = 99


def kept_units(user: User) -> list[Unit]:
    """Return the neighbourhoods whose households `user` keeps: those the person is chief of today."""
    return [post.unit for post in user.current_posts if post.role == Role.CHIEF]


@transaction.atomic
def add_household(
    *,
    actor: User,
    unit: Unit,
    label: str,
    members: int | None = None,
    note: str = "",
    contact_name: str = "",
    contact_phone: str = "",
) -> Household:
    """Add a household to the neighbourhood and return it.

    Raise NotAllowed when the actor is not the neighbourhood's chief; InvalidInput per field, also for a door that
    is on the list already.
    """
    _require_chief(actor, unit)
    label = _checked_label(label)
    _check_members(members)
    household = Household(
        unit=unit,
        label=label,
        members=members,
        note=clean(note)[:200],
        contact=make_contact(name=contact_name, phone=contact_phone),
    )
    _save(household)
    return household


@transaction.atomic
def change_household(
    *,
    actor: User,
    household: Household,
    label: str,
    members: int | None = None,
    note: str = "",
    contact_name: str = "",
    contact_phone: str = "",
    forget_contact: bool = False,
    moved_out: bool = False,
) -> Household:
    """Change a household and return it; an empty contact keeps the one there is. Locks the household's row.

    Raise as `add_household` does.
    """
    household = Household.objects.select_for_update(of=("self",)).select_related("unit", "contact").get(pk=household.pk)
    _require_chief(actor, household.unit)
    household.label = _checked_label(label)
    _check_members(members)
    household.members, household.note, household.is_active = members, clean(note)[:200], not moved_out
    before = household.contact
    if fresh := make_contact(name=contact_name, phone=contact_phone):
        household.contact = fresh
    elif forget_contact:
        household.contact = None
    _save(household)
    if before is not None and household.contact_id != before.pk:
        _forget(before)
    return household


def _require_chief(actor: User, unit: Unit) -> None:
    if not any(post.role == Role.CHIEF and post.unit_id == unit.pk for post in actor.current_posts):
        raise NotAllowed(_("The list of households is kept by the neighbourhood's own chief."))


def _checked_label(label: str) -> str:
    label = clean(label)
    if not label or len(label) > 64:
        raise InvalidInput({"label": _("Please say which door, for example 3-2-501.")})
    return label


def _check_members(members: int | None) -> None:
    if members is not None and not 0 <= members <= MAX_MEMBERS:
        raise InvalidInput({"members": _("From 0 to %(count)s people.") % {"count": MAX_MEMBERS}})


def _save(household: Household) -> None:
    try:
        with transaction.atomic():
            household.save()
    except IntegrityError as error:
        raise InvalidInput({"label": _("This door is on the list already.")}, code="duplicate") from error


def _forget(contact: Contact) -> None:
    """Keep no number longer than it is needed; one that was shown to somebody stays for the record of that."""
    if not contact.reveals.exists() and not contact.grievances.exists():
        contact.delete()
