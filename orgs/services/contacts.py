"""Residents' contact data: kept apart, shown in full only with a purpose, and every time on record."""

from django.db import transaction
from django.utils.translation import gettext as _

from linjiang.common.clock import now
from linjiang.common.errors import InvalidInput
from linjiang.common.text import clean, clean_phone, is_phone
from orgs.models import Contact, ContactReveal, User


def make_contact(*, name: str = "", phone: str = "") -> Contact | None:
    """Store who to call and return it; None when both are empty. Raise InvalidInput for a number that is none."""
    name, phone = clean(name), clean_phone(phone)
    if phone and not is_phone(phone):
        raise InvalidInput(
            {"contact_phone": _("This is not a phone number: eleven digits, or a land line with area code.")}
        )
    if not name and not phone:
        return None
    return Contact.objects.create(name=name[:64], phone=phone)


@transaction.atomic
def reveal_contact(*, actor: User, contact: Contact, purpose: str, about: str = "") -> Contact:
    """Record that `actor` was shown `contact` in full and for what, then return it.

    The caller has already checked that the actor may see the case it belongs to.
    """
    purpose = clean(purpose)
    if not purpose:
        raise InvalidInput({"purpose": _("Please say what you need the number for.")})
    ContactReveal.objects.create(contact=contact, user=actor, purpose=purpose[:200], about=about, at=now())
    return contact
