"""What residents tell through the code on their door, and what happens when no chief takes it up."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.core.files.uploadedfile import UploadedFile

from grievances.choices import Action, Source, Status
from grievances.models import Grievance
from grievances.services.clock import reported
from grievances.services.filing import file_grievance, first_desk
from grievances.services.steps import step
from linjiang.common.clock import local_day
from linjiang.common.errors import Conflict
from orgs.holders import people_at_units
from orgs.models import Unit
from orgs.profile import profile
from orgs.services.system import system_user

BATCH = 500


def tell(
    *,
    unit: Unit,
    description: str,
    now: datetime,
    submission_id: uuid.UUID,
    contact_name: str = "",
    contact_phone: str = "",
    photos: Sequence[UploadedFile] = (),
    is_private: bool = False,
) -> tuple[Grievance, bool]:
    """Take down what a resident of the neighbourhood says; return the case and whether it is new.

    It waits as DISCOVERED in the chief's to do; where there is no chief it is reported to the next led unit at once.
    The same `submission_id` gives the same case. Raise InvalidInput per field.
    """
    has_chief = bool(people_at_units([unit.pk], on=local_day(now)))
    return file_grievance(
        actor=system_user(),
        unit=unit,
        description=description,
        now=now,
        submission_id=submission_id,
        contact_name=contact_name,
        contact_phone=contact_phone,
        photos=photos,
        keep_as_draft=has_chief,
        on_behalf=False,
        is_private=is_private,
    )


def pass_on_untaken(*, now: datetime) -> int:
    """Report what residents told and the chief left lying for the profile's `door_hours`; return how many.

    One transaction and one lock per case, so it may run beside itself and beside chiefs: who comes second finds the
    case reported.
    """
    since = now - timedelta(hours=profile().cases["door_hours"])
    waiting = Grievance.objects.live().filter(
        status=Status.DISCOVERED, source=Source.RESIDENT, discovered_at__lte=since
    )
    count = 0
    for case in waiting.order_by("discovered_at", "pk")[:BATCH]:
        try:
            _pass_on(case, now)
        except Conflict:
            continue  # taken up at this very moment
        count += 1
    return count


def _pass_on(case: Grievance, now: datetime) -> None:
    with step(actor=system_user(), grievance=case, action=Action.REPORT, now=now) as taken:
        locked = taken.grievance
        holder, people = first_desk(locked.unit, now=now)
        chiefs = people_at_units([locked.unit_id], on=local_day(now)).get(locked.unit_id, [])
        taken.set(reported_at=now, holder_unit=holder, **reported(locked, now=now))
        taken.tell(people, "case_reported")
        taken.tell(chiefs, "case_passed_on", to=holder.name)
        taken.record(data={"to": holder.name, "untaken": True})
