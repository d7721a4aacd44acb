"""Reply templates: saving them, which are offered for a step on a case, and the case's facts put in."""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from django.db.models import Q
from django.utils.translation import gettext as _

from grievances import replies
from grievances.choices import Action
from grievances.models import Category, Grievance, ReplyTemplate
from linjiang.common.clock import local_day
from linjiang.common.errors import InvalidInput
from linjiang.common.text import Day, Moment, listed
from orgs import tree
from orgs.choices import Level
from orgs.models import Unit, User

# More nobody looks through while a case waits.
MOST_OFFERED = 20


@dataclass(frozen=True, slots=True)
class Reply:
    """A template with the facts of a case put in."""

    pk: int
    name: str
    text: str


def save_reply(*, actor: User, now: datetime, template: ReplyTemplate) -> ReplyTemplate:
    """Save the template; raise InvalidInput for steps that have no text, and placeholders there are not."""
    template.actions = ",".join(dict.fromkeys(template.steps))
    problems: dict[str, str] = {}
    if not template.steps or set(template.steps) - set(replies.FIELD_OF):
        problems["actions"] = _("Please choose steps that something is written for.")
    if not template.text.strip():
        problems["text"] = _("Please fill this in.")
    elif bad := replies.problems(template.text):
        problems["text"] = " ".join(bad)
    if problems:
        raise InvalidInput(problems)
    template.changed_by, template.changed_at = actor, now
    template.save()
    return template


def replies_for(*, action: str, grievance: Grievance, user: User, now: datetime) -> list[Reply]:
    """Return the templates for the step on the case, filled in: the narrowest category first, then the nearest unit.

    One statement, and those that the used placeholders need.
    """
    if action not in replies.FIELD_OF:
        return []
    above = tree.ancestor_paths(grievance.unit_path, include_self=True)
    category = grievance.category
    lineage = [category.pk, category.parent_id] if category else []
    found = ReplyTemplate.objects.filter(
        Q(unit__isnull=True) | Q(unit__path__in=above),
        Q(category__isnull=True) | Q(category__in=[one for one in lineage if one]),
        is_active=True,
        actions__contains=str(action),
    ).select_related("unit")
    fit = [one for one in found if str(action) in one.steps]
    fit.sort(key=lambda one: (_distance(one, lineage), -len(one.unit.path) if one.unit else 0, one.position, one.pk))
    values = facts_of(grievance, user=user, now=now)
    return [Reply(one.pk, one.name, replies.filled(one.text, values)) for one in fit[:MOST_OFFERED]]


def _distance(template: ReplyTemplate, lineage: list[int | None]) -> int:
    return lineage.index(template.category_id) if template.category_id else len(lineage)


def _spot(grievance: Grievance) -> str:
    """Return where, as people of the place call it: the spot that was written down, else the neighbourhood's door."""
    door = grievance.household.label if grievance.household else ""
    return grievance.place or " ".join(filter(None, [grievance.unit.name, door]))


def facts_of(grievance: Grievance, *, user: User, now: datetime) -> dict[str, Callable[[], object]]:
    """Return what each placeholder stands for on the case; asked for only where a text names it."""

    @cache
    def units() -> dict[str, str]:
        above = tree.ancestor_paths(grievance.unit_path, include_self=True)
        return dict(Unit.objects.filter(path__in=above).values_list("level", "name"))

    return {
        "编号": lambda: grievance.number,
        "标题": lambda: grievance.title,
        "地点": lambda: _spot(grievance),
        "分类": lambda: grievance.category,
        "街道": lambda: units().get(Level.STREET),
        "社区": lambda: units().get(Level.COMMUNITY),
        "承办单位": lambda: grievance.lead_agency or grievance.holder_unit,
        "协办单位": lambda: listed(one.agency for one in grievance.helping),
        "期限": lambda: Moment(grievance.due_at) if grievance.due_at else None,
        "反映时间": lambda: Moment(grievance.reported_at) if grievance.reported_at else None,
        "办理结果": lambda: grievance.result,
        "经办人": lambda: user.name,
        "今天": lambda: Day(local_day(now)),
    }


def load_replies(*, actor: User, now: datetime, text: str) -> int:
    """Load the shipped templates from CSV (name, actions, category's code, text) and return how many."""
    categories = {one.code: one for one in Category.objects.all()}
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    for position, row in enumerate(rows):
        template = ReplyTemplate(
            name=row["name"],
            actions=",".join(Action(one).value for one in row["actions"].split()),
            category=categories.get(row["category"]),
            text=row["text"],
            position=position,
        )
        save_reply(actor=actor, now=now, template=template)
    return len(rows)
