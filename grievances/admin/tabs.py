"""The tabs over the case list, with their counts in one statement."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib import admin
from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

from grievances.choices import LIVE, Status
from grievances.querysets import is_late, is_soon
from linjiang.common.clock import now

OPEN, ALL = "open", "all"


def conditions(at: datetime) -> dict[str, Q]:
    """Return what each tab holds at `at`; due soon and overdue by resolving or by the stage, as rows show it."""
    return {
        "todo": Q(status=Status.REPORTED),
        "soon": is_soon(at) & Q(status__in=LIVE),
        "overdue": is_late(at) & Q(status__in=LIVE),
        "working": Q(status__in=(Status.ASSIGNED, Status.IN_PROGRESS)),
        "confirm": Q(status=Status.RESOLVED),
        OPEN: Q(status__in=LIVE),
        ALL: Q(),
    }


LABELS = {
    OPEN: _("All open"),
    "todo": _("To accept and assign"),
    "soon": _("Due soon"),
    "overdue": _("Overdue"),
    "working": _("In progress"),
    "confirm": _("To confirm"),
    ALL: _("All cases"),
}


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab as the template shows it; `count` is None for the archive, which nobody needs counted."""

    url: str
    label: str
    count: int | None
    active: bool
    tone: str = ""


def tabs(queryset, *, chosen: str, link, at: datetime) -> list[Tab]:
    """Return the tabs; `queryset` is what the viewer may see, `link` makes the address of a tab. One statement."""
    which = conditions(at)
    counts = queryset.filter(which[OPEN]).aggregate(
        **{key: Count("pk", filter=condition) for key, condition in which.items() if key != ALL}
    )
    return [
        Tab(
            url=link(key),
            label=label,
            count=counts.get(key),
            active=key == chosen,
            tone="over" if key == "overdue" and counts[key] else "",
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
        return queryset.filter(conditions(now())[self.chosen])
