"""Cases that are passed on (推诿): handed back by one agency after the other, or taken from one for another."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Q

from grievances import passing
from grievances.models import Assignment, Reason
from grievances.services.steps import Step
from linjiang.common.clock import local_day
from orgs.holders import supervisors_over
from orgs.profile import profile

TOLD_AT = 3


def tell_of_passing(case: Step) -> None:
    """Tell the nearest supervisor when the step hands the case on for the third time (`passed_on_told`)."""
    before = list(case.grievance.events.filter(action__in=passing.ACTIONS).values_list("action", flat=True))
    times = passing.count([*before, case.action])
    if times.total != profile().cases.get("passed_on_told", TOLD_AT):
        return
    people = supervisors_over(case.grievance.unit_path, on=local_day(case.now))
    case.tell(people, "case_passed_on_often", returned=times.returned, reassigned=times.reassigned)


@dataclass(frozen=True, slots=True)
class PassedOn:
    """What an agency passed on in a time: how often it handed back, how often a case was taken from it, of how many
    cases, and the listed reasons with their counts, the most frequent first."""

    agency_id: int
    agency: str
    returned: int
    reassigned: int
    cases: int
    reasons: list[tuple[Reason, int]] = field(default_factory=list)


def passed_by_agency(*, cases, since: datetime, until: datetime) -> list[PassedOn]:
    """Return, for a queryset of cases (`visible_to`, `below`), what each lead agency passed on in [since, until).

    Who passed on most comes first. Three statements; they read what was passed on, which is a small part.
    """
    returned = Q(returned_at__gte=since, returned_at__lt=until)
    reassigned = Q(reassigned_at__gte=since, reassigned_at__lt=until)
    passed = Assignment.objects.passed_on().filter(returned | reassigned, grievance__in=cases.order_by())
    rows = passed.values("agency_id", "agency__name").annotate(
        returned=Count("pk", filter=returned),
        reassigned=Count("pk", filter=reassigned),
        cases=Count("grievance", distinct=True),
    )
    why = passed.filter(returned, return_reason__isnull=False).values_list("agency_id", "return_reason_id")
    counted = list(why.annotate(count=Count("pk")).order_by("-count", "return_reason_id"))
    names = Reason.objects.in_bulk({reason for _agency, reason, _count in counted}) if counted else {}
    found = [
        PassedOn(
            agency_id=row["agency_id"],
            agency=row["agency__name"],
            returned=row["returned"],
            reassigned=row["reassigned"],
            cases=row["cases"],
            reasons=[(names[reason], count) for agency, reason, count in counted if agency == row["agency_id"]],
        )
        for row in rows.order_by()
    ]
    return sorted(found, key=lambda one: (-one.returned - one.reassigned, one.agency_id))
