"""Codes of neighbourhoods' doors: made when a sheet is printed, made anew when one is abused."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from linjiang.common.errors import NotAllowed
from orgs.choices import DESK_ROLES, Level
from orgs.models import Door, Unit, User
from orgs.models.doors import new_code
from orgs.scopes import scope_of


def may_print_codes(user: User, unit: Unit) -> bool:
    """Say whether `user` hands out the codes of the doors in `unit`: staff of a desk above it."""
    return user.holds(*DESK_ROLES) and scope_of(user).covers(unit.path)


def doors_of(*, actor: User, units: Iterable[Unit], now: datetime) -> dict[int, Door]:
    """Return the door of each neighbourhood by the unit's key, making what is missing. At most three statements.

    Raise NotAllowed where `actor` may not print one of them.
    """
    units = [unit for unit in units if unit.level == Level.NEIGHBOURHOOD]
    if not all(may_print_codes(actor, unit) for unit in units):
        raise NotAllowed(_("Codes are printed by the staff of the community or the street."))
    found = {door.unit_id: door for door in Door.objects.filter(unit__in=units)}
    missing = [Door(unit=unit, made_at=now) for unit in units if unit.pk not in found]
    if missing:
        # Two printers at one moment: whoever came first made it, both print the same.
        Door.objects.bulk_create(missing, ignore_conflicts=True)
        found = {door.unit_id: door for door in Door.objects.filter(unit__in=units)}
    return found


def renew_door(*, actor: User, unit: Unit, now: datetime) -> Door:
    """Give the neighbourhood a new code; sheets with the old one lead nowhere from now on. The row is locked.

    Raise NotAllowed for others than the staff above it.
    """
    if unit.level != Level.NEIGHBOURHOOD or not may_print_codes(actor, unit):
        raise NotAllowed(_("Codes are printed by the staff of the community or the street."))
    with transaction.atomic():
        door, made = Door.objects.select_for_update().get_or_create(unit=unit, defaults={"made_at": now})
        if not made:
            door.token, door.made_at = new_code(), now
            door.save(update_fields=["token", "made_at"])
    return door
