"""Which agencies are suggested when a case is assigned, and why: rules of its category, and who closed the like."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from grievances.choices import Status
from grievances.models import Assignment, Category, Grievance
from grievances.suggestions.agencies import Candidate, best
from linjiang.common.database import subtree_q
from orgs import tree
from orgs.choices import LEVEL_ORDER, AgencyKind, Level
from orgs.models import Agency
from orgs.tree import SEGMENT

# How far back is looked: long enough for seasons, short enough to forget an agency of before.
LOOKED_BACK = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Suggested:
    """An agency, and in words why it."""

    agency: Agency
    words: str


def suggested_agencies(
    *, agencies: Sequence[Agency], category: Category | None, unit_path: str, now: datetime
) -> list[Suggested]:
    """Return up to three of `agencies` (each with its unit) for a case of the category at the place, likeliest first.

    Experience is that of the street: cases of the category it closed in a year, by who led them, and how many of
    them an agency had handed back. At most two statements, each bound by an index; none without a category.
    """
    if category is None or not agencies:
        return []
    street = unit_path[: LEVEL_ORDER[Level.STREET] * SEGMENT]
    closed = _closed(street, category, now)
    spoken_for = {*closed, category.default_agency_id} & {agency.pk for agency in agencies}
    returned = _returned(spoken_for, street, category, now) if spoken_for else {}
    candidates = [
        Candidate(
            agency_id=agency.pk,
            depth=tree.depth(agency.unit.path),
            is_usual=agency.pk == category.default_agency_id,
            is_kind=bool(category.agency_kind) and agency.kind == category.agency_kind,
            closed=closed.get(agency.pk, 0),
            returned=returned.get(agency.pk, 0),
        )
        for agency in agencies
    ]
    by_key = {agency.pk: agency for agency in agencies}
    return [Suggested(by_key[one.agency_id], _words(one, category)) for one in best(candidates)]


def _closed(street: str, category: Category, now: datetime) -> dict[int, int]:
    """Count by lead agency; read from the index of closed cases by kind alone."""
    like = Grievance.objects.filter(
        subtree_q(street, field="unit_path"),
        reported_at__gte=now - LOOKED_BACK,
        category=category,
        status=Status.CLOSED,
        lead_agency__isnull=False,
    )
    return dict(like.order_by().values_list("lead_agency_id").annotate(count=Count("*")))


def _returned(agency_ids: Collection[int], street: str, category: Category, now: datetime) -> dict[int, int]:
    """Count by the agency that handed back; read from the small index of what was."""
    back = Assignment.objects.filter(
        subtree_q(street, field="grievance__unit_path"),
        agency_id__in=agency_ids,
        is_lead=True,
        returned_at__gte=now - LOOKED_BACK,
        grievance__category=category,
    )
    return dict(back.order_by().values_list("agency_id").annotate(count=Count("grievance", distinct=True)))


def _words(one: Candidate, category: Category) -> str:
    parts = []
    if one.is_usual:
        parts.append(_("The category's rule: its usual agency"))
    elif one.is_kind:
        kind = AgencyKind(category.agency_kind).label
        parts.append(_("The category's rule: usually handled by: %(kind)s") % {"kind": kind})
    if one.closed:
        done = ngettext(
            "%(count)s case of this kind in the street closed by it within a year",
            "%(count)s cases of this kind in the street closed by it within a year",
            one.closed,
        ) % {"count": one.closed}
        parts.append(done)
    if one.returned:
        parts.append(ngettext("%(count)s handed back", "%(count)s handed back", one.returned) % {"count": one.returned})
    return _("; ").join(parts)
