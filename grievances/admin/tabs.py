"""The tabs over the case list, with their counts in one statement."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib import admin
from django.db.models import Count, Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from grievances.choices import ANSWERED_CARDS, LIVE, Status
from grievances.models import Assignment, Escalation, Extension, Suspension
from grievances.querysets import is_late, is_soon
from linjiang.common.clock import now
from linjiang.common.database import subtree_q
from orgs.choices import DESK_ROLES, Role

OPEN, ALL = "open", "all"
_NOBODY = Q(pk__in=[])


def conditions(user, at: datetime) -> dict[str, Q]:
    """Return what each tab holds for `user` at `at`.

    What is reported and given to nobody stands in exactly one of three: handed back by an agency ("returned"), at the
    person's own desk ("accept"), with a desk below that may be passed over ("assign"). Due soon and overdue go by
    resolving or by the stage, as rows show it.
    """
    reported = Q(status=Status.REPORTED)
    back = Q(Exists(_handed_back()))
    mine = Q(holder_unit_id__in=[post.unit_id for post in user.current_posts if post.role in DESK_ROLES])
    return {
        OPEN: Q(status__in=LIVE),
        "accept": reported & mine & ~back,
        "assign": reported & ~mine & ~back,
        "returned": reported & back,
        "soon": is_soon(at) & Q(status__in=LIVE),
        "overdue": is_late(at) & Q(status__in=LIVE),
        "asked": Q(status=Status.IN_PROGRESS) & _to_decide(user),
        "cards": Q(status__in=LIVE) & Q(Exists(_cards_in_force())),
        "confirm": Q(status=Status.RESOLVED),
        ALL: Q(),
    }


def _handed_back():
    """Return the assignments of the case's present round that an agency handed back."""
    return Assignment.objects.filter(grievance=OuterRef("pk"), returned_at__isnull=False, round=F("grievance__round"))


def _cards_in_force():
    return Escalation.objects.filter(grievance=OuterRef("pk"), card__in=ANSWERED_CARDS, lifted_at__isnull=True)


def _to_decide(user) -> Q:
    """Return the condition that an extension or a suspension waits for `user`'s decision, as the policy has it."""
    extension, suspension = _NOBODY, _NOBODY
    for post in user.current_posts:
        if post.role not in (*DESK_ROLES, Role.SUPERVISOR):
            continue
        seen = Q()
        for path in post.unit.seen_paths:
            seen |= subtree_q(path, field="grievance__unit_path")
        given_here = subtree_q(post.unit.path, field="grievance__holder_unit__path")
        if post.role in DESK_ROLES:
            extension |= seen & given_here
            seen &= given_here
        below = Q(unit__path__gt=post.unit.path) & subtree_q(post.unit.path, field="unit__path")
        suspension |= seen & ((Q(unit__isnull=True) & given_here) | below)
    waiting = {"grievance": OuterRef("pk"), "decided_at__isnull": True}
    return Q(Exists(Extension.objects.filter(extension, **waiting).exclude(asked_by=user))) | Q(
        Exists(Suspension.objects.filter(suspension, **waiting).exclude(asked_by=user))
    )


LABELS = {
    OPEN: _("All open"),
    "accept": _("To accept"),
    "assign": _("To assign"),
    "returned": _("Handed back"),
    "soon": _("Due soon"),
    "overdue": _("Overdue"),
    "asked": _("Requests for time"),
    "cards": _("Cards"),
    "confirm": _("To confirm"),
    ALL: _("All cases"),
}


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab as the template shows it; `count` is None for the archive, which nobody needs counted."""

    key: str
    url: str
    label: str
    count: int | None
    active: bool
    tone: str = ""


def tabs(queryset, *, user, chosen: str, link, at: datetime) -> list[Tab]:
    """Return the tabs; `queryset` is what the viewer may see, `link` makes the address of a tab. One statement."""
    which = conditions(user, at)
    counts = queryset.filter(which[OPEN]).aggregate(
        **{key: Count("pk", filter=condition) for key, condition in which.items() if key != ALL}
    )
    return [
        Tab(
            key=key,
            url=link(key),
            label=label,
            count=counts.get(key),
            active=key == chosen,
            tone="over" if key in ("overdue", "cards") and counts[key] else "",
        )
        for key, label in LABELS.items()
    ]


def chosen_tab(parameters) -> str:
    """Return the tab asked for; without one the open cases, or all when a search or a status asks for any case."""
    asked = parameters.get("tab", "")
    if asked in LABELS:
        return asked
    return ALL if parameters.get("q") or parameters.get("status__exact") else OPEN


class TabFilter(admin.SimpleListFilter):
    """The chosen tab as a filter of the list; drawn above it, not in the panel."""

    title = _("tab")
    parameter_name = "tab"
    template = "desk/filter_hidden.html"

    def __init__(self, request, params, model, model_admin) -> None:
        super().__init__(request, params, model, model_admin)
        self.chosen = chosen_tab(request.GET)

    def lookups(self, request, model_admin):
        return LABELS.items()

    def queryset(self, request, queryset):
        return queryset.filter(conditions(request.user, now())[self.chosen])
