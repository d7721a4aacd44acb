"""Rows of cases in any state, for counting by hand."""

from datetime import datetime, timedelta

from grievances.choices import Confirmation, SettledBy, Source, Status
from grievances.models import Grievance
from grievances.services import changes
from tests.factories import NOON, World, category

_numbers = iter(range(1, 10_000_000))
HOUR = timedelta(hours=1)
LIMIT = 168 * HOUR


def put(world: World, *, unit: str = "neighbourhood", reported_at: datetime | None = NOON, **columns) -> Grievance:
    """Save a reported case of the unit with the columns given; its limit is seven days."""
    place = world.units[unit]
    columns.setdefault("status", Status.REPORTED)
    if reported_at:
        columns.setdefault("due_at", reported_at + LIMIT)
    case = Grievance.objects.create(
        number=f"T-{next(_numbers):07}",
        title="路灯坏了",
        description="楼道路灯坏了。",
        source=Source.CHIEF,
        unit=place,
        unit_path=place.path,
        holder_unit=place,
        filed_by=world.chief,
        discovered_at=reported_at or NOON,
        reported_at=reported_at,
        **columns,
    )
    changes.record(None, case)
    return case


def put_closed(world: World, *, hours: float = 24, reported_at: datetime = NOON, **columns) -> Grievance:
    """Save a case resolved and closed so many hours after it was reported, closed unanswered unless said otherwise."""
    moment = reported_at + hours * HOUR
    values = {
        "status": Status.CLOSED,
        "resolved_at": moment,
        "closed_at": moment,
        "confirmation": Confirmation.UNANSWERED,
        "settled_by": SettledBy.AGENCY,
        **columns,
    }
    return put(world, reported_at=reported_at, **values)


def put_rated(world: World, rating: int, **columns) -> Grievance:
    """Save a closed case the resident rated."""
    return put_closed(world, rating=rating, said_resolved=True, confirmation=Confirmation.RESIDENT, **columns)


def put_everything(world: World) -> None:
    """Save cases in every state, in several places, so that no count is nought and no two counts are all alike."""
    agency = {"lead_agency": world.agency, "assigned_at": NOON, "acknowledge_due_at": NOON + 24 * HOUR}
    kind = category()
    put(world)
    put(world, unit="second_neighbourhood", category=kind)
    put(world, status=Status.ASSIGNED, category=kind, **agency)
    put(world, status=Status.IN_PROGRESS, acknowledged_at=NOON + HOUR, **agency)
    put(world, status=Status.IN_PROGRESS, acknowledged_at=NOON + 30 * HOUR, suspended_at=NOON + 31 * HOUR, **agency)
    put(world, status=Status.RESOLVED, resolved_at=NOON + HOUR, settled_by=SettledBy.CHIEF)
    put(world, status=Status.ASSIGNED, rating=1, said_resolved=False, reopened_count=1, **agency)
    put(world, status=Status.REPORTED, rating=5, said_resolved=True, reopened_count=1)
    put_closed(world, unit="community")
    put_closed(world, hours=200)
    put_closed(world, due_at=None, confirmation=Confirmation.IMPORTED)
    put_rated(world, 5, settled_by=SettledBy.CHIEF)
    put_rated(world, 4, settled_by=SettledBy.GROUP, unit="second_neighbourhood", category=kind)
    put_rated(world, 3, settled_by=SettledBy.ZONE, reopened_count=2)
    put_closed(world, rating=4, said_resolved=True, confirmation=Confirmation.TOLD, unit="street")
    # Not accepted: none of these may be counted anywhere.
    put(world, status=Status.REJECTED, rating=1, said_resolved=False)
    put(world, status=Status.WITHDRAWN)
    put(world, status=Status.MERGED, merged_into=put_rated(world, 5, unit="other_neighbourhood"))
    put(world, status=Status.DISCOVERED, reported_at=None)
