"""Counting open cases by how long they have been open, and how many of each are past their limit."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from grievances.models import Grievance
from grievances.querysets import GrievanceQuerySet
from orgs.models import Unit
from reporting.ageing import AGES, BY_KEY, Age
from reporting.conditions import OPEN, overdue_at


@dataclass(frozen=True, slots=True)
class Aged:
    """The open cases of one age, and how many of them are past their limit."""

    age: Age
    cases: int
    late: int


def aged(*, unit: Unit, now: datetime) -> list[Aged]:
    """Return the unit's open cases by age, youngest first, whenever reported; one statement over the open cases."""
    late = overdue_at(now)
    wanted = {}
    for age in AGES:
        wanted[f"n_{age.key}"] = Count("pk", filter=age.condition(now))
        wanted[f"late_{age.key}"] = Count("pk", filter=age.condition(now) & late)
    found = Grievance.objects.below(unit).filter(OPEN).order_by().aggregate(**wanted)
    return [Aged(age, found[f"n_{age.key}"], found[f"late_{age.key}"]) for age in AGES]


def cases_aged(*, unit: Unit, key: str, late: bool, now: datetime) -> GrievanceQuerySet:
    """Return the open cases of the age `key`, only those past their limit if `late`; KeyError for an unknown age."""
    cases = Grievance.objects.below(unit).filter(OPEN, BY_KEY[key].condition(now))
    return cases.filter(overdue_at(now)) if late else cases
