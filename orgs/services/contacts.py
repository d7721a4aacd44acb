"""Residents' contact data: kept apart, shown in full only with a purpose, and every time on record."""

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from linjiang.common.clock import now
from linjiang.common.errors import InvalidInput, NotAllowed
from linjiang.common.text import clean, clean_phone, is_phone
from orgs.models import Contact, ContactReveal, User
from orgs.profile import profile


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


@dataclass(frozen=True, slots=True)
class Looks:
    """How many residents' numbers a person was shown today; from `warned` on pages say so, at `most` it ends."""

    count: int
    warned: int
    most: int

    @property
    def is_many(self) -> bool:
        return self.count >= self.warned


def looks_today(user: User) -> Looks:
    """Count what `user` was shown since midnight, from the record. One statement."""
    at = now()
    midnight = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    cases = profile().cases
    return Looks(
        count=ContactReveal.objects.filter(user=user, at__gte=midnight, at__lte=at).count(),
        warned=cases.get("reveals_warned", 20),
        most=cases.get("reveals_a_day", 100),
    )


@transaction.atomic
def reveal_contact(*, actor: User, contact: Contact, purpose: str, about: str = "") -> Contact:
    """Record that `actor` was shown `contact` in full and for what, then return it.

    The caller has already checked that the actor may see the case it belongs to. Raise InvalidInput without a purpose,
    NotAllowed once the actor was shown as many as a day allows: the person's row is locked, so that looks at one
    moment are counted one after the other.
    """
    purpose = clean(purpose)
    if not purpose:
        raise InvalidInput({"purpose": _("Please say what you need the number for.")})
    User.objects.select_for_update().get(pk=actor.pk)
    looks = looks_today(actor)
    if looks.count >= looks.most:
        words = _("You were shown %(count)s numbers today, as many as a day allows. It goes on tomorrow.")
        raise NotAllowed(words % {"count": looks.count})
    ContactReveal.objects.create(contact=contact, user=actor, purpose=purpose[:200], about=about, at=now())
    return contact
