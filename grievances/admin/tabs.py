"""The tabs over the case list, with their counts in one statement."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib import admin
from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from grievances.choices import ANSWERED_CARDS, LIVE, Status
from grievances.models import Assignment, Escalation, Extension, Grievance, Suspension
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
    back = Q(_There(_HANDED_BACK))
    mine = Q(holder_unit_id__in=[post.unit_id for post in user.current_posts if post.role in DESK_ROLES])
    return {
        OPEN: Q(status__in=LIVE),
        "accept": reported & mine & ~back,
        "assign": reported & ~mine & ~back,
        "returned": reported & back,
        "soon": is_soon(at) & Q(status__in=LIVE),
        "overdue": is_late(at) & Q(status__in=LIVE),
        "asked": Q(status=Status.IN_PROGRESS) & _to_decide(user),
        "cards": Q(status__in=LIVE) & Q(_There(_CARDS_IN_FORCE)),
        "confirm": Q(status=Status.RESOLVED),
        ALL: Q(),
    }


class _There(models.Func):
    """Whether a row of another table belongs to the case, `{id}`, written out in SQL.

    The tabs ask it of every case several times; put together from querysets that takes Django longer than the
    database needs to count.
    """

    output_field = models.BooleanField()

    def __init__(self, written: str) -> None:
        super().__init__(F("pk"))
        self.written = written

    def as_sql(self, compiler, connection, **_extra) -> tuple[str, list]:
        return self.written.format(id=compiler.compile(self.source_expressions[0])[0]), []


_CASE, _GIVEN, _CARD = (f'"{model._meta.db_table}"' for model in (Grievance, Assignment, Escalation))
# An agency handed it back in the case's present round.
_HANDED_BACK = (
    f"EXISTS (SELECT 1 FROM {_GIVEN} given WHERE given.grievance_id = {{id}} AND given.returned_at IS NOT NULL"  # noqa: S608 (names of our own tables)
    f" AND given.round = (SELECT own.round FROM {_CASE} own WHERE own.id = {{id}}))"
)
_CARDS_IN_FORCE = (
    f"EXISTS (SELECT 1 FROM {_CARD} shown WHERE shown.grievance_id = {{id}} AND shown.lifted_at IS NULL"  # noqa: S608 (as above)
    f" AND shown.card IN ({', '.join(repr(str(card)) for card in ANSWERED_CARDS)}))"
)


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
