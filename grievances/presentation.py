"""What pages say about a case in words: its timeline, where it stands, its place, its row in a list."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import F, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from grievances.choices import Action, Card, Counts, Rating, Stage, Standing, Status, Urgency
from grievances.models import Assignment, Attachment, Category, Grievance, GrievanceEvent, Reason
from grievances.stages import Pressing, pressing
from grievances.whistle_words import JOINT, joint_title
from linjiang.common.templatetags.lj import cn_date, cn_datetime
from linjiang.common.text import in_my_language
from orgs import tree
from orgs.choices import LEVEL_ORDER, Level
from orgs.models import Unit
from orgs.scopes import Scope

ICONS: dict[str, str] = {
    Action.DISCOVER: "eye",
    Action.REPORT: "send",
    Action.RESOLVE_ON_SPOT: "circle-check",
    Action.WITHDRAW: "undo-2",
    Action.ASSIGN: "user-check",
    Action.REFER_UP: "arrow-up",
    Action.REFER_DOWN: "arrow-down",
    Action.SETTLE_HERE: "hand",
    Action.REJECT: "ban",
    Action.MERGE: "merge",
    Action.ACKNOWLEDGE: "clipboard-check",
    Action.RETURN: "reply",
    Action.REASSIGN: "arrow-right-left",
    Action.RESOLVE: "circle-check",
    Action.ASK_EXTENSION: "timer",
    Action.GRANT_EXTENSION: "check",
    Action.REFUSE_EXTENSION: "x",
    Action.SUSPEND: "circle-pause",
    Action.RESUME: "circle-play",
    Action.FEEDBACK: "star",
    Action.RECORD_CALLBACK: "phone",
    Action.CLOSE_UNANSWERED: "archive",
    Action.RATE_LATER: "star",
    Action.REOPEN: "rotate-ccw",
    Action.APPEAL: "scale",
    Action.COMMENT: "message-square",
    Action.ADD_PHOTO: "camera",
    Action.URGE: "megaphone",
    Action.YELLOW_CARD: "flag",
    Action.RED_CARD: "octagon-alert",
    Action.CLASSIFY: "tag",
    Action.ESCALATE: "alarm-clock",
    Action.ASK_SUSPENSION: "circle-pause",
    Action.REFUSE_SUSPENSION: "x",
    Action.ANSWER_CARD: "reply",
    Action.WITHDRAW_CARD: "undo-2",
    Action.RECOMPUTE: "calendar",
    Action.JOIN: "user-plus",
    Action.PUBLISH: "megaphone",
    Action.UNPUBLISH: "eye-off",
    Action.BLOW_WHISTLE: "siren",
    Action.ARRIVE: "map-pin",
    Action.RELEASE_CALL: "undo-2",
    Action.RECORD_JOINT: "clipboard-list",
    Action.ADD_CO_HANDLER: "handshake",
    Action.RELEASE_CO_HANDLER: "undo-2",
    Action.REPORT_PART: "square-check-big",
    Action.INTERNAL_NOTE: "lock",
}
WARNINGS = frozenset({Action.YELLOW_CARD, Action.RED_CARD, Action.ESCALATE})


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo as the photo grid shows it."""

    url: str
    thumb_url: str


def photo(attachment: Attachment) -> Photo:
    """Return the addresses of a photo on the pages of people who signed in."""
    return Photo(
        url=reverse("photo", args=[attachment.uuid, "full"]),
        thumb_url=reverse("photo", args=[attachment.uuid, "small"]),
    )


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline component."""

    at: datetime
    title: str
    who: str
    note: str
    icon: str
    tone: str
    photos: list[Photo] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Names:
    """Names in the reader's language for codes that events keep; an unknown code falls back on the event."""

    reasons: Mapping[str, str] = field(default_factory=dict)
    categories: Mapping[str, str] = field(default_factory=dict)


def names_for(events: Iterable[GrievanceEvent]) -> Names:
    """Look up the reasons and categories of the events: at most two statements, none when there are no codes."""
    events = list(events)
    reasons = {event.data["reason"] for event in events if event.data.get("reason")}
    categories = {event.data["category"] for event in events if event.data.get("category")}
    return Names(
        reasons={one.code: str(one) for one in Reason.objects.filter(code__in=reasons)} if reasons else {},
        categories={one.code: str(one) for one in Category.objects.filter(code__in=categories)} if categories else {},
    )


def entry(event: GrievanceEvent, names: Names = Names(), *, photos: Sequence[Attachment] = ()) -> Entry:
    """Put one event into words; needs `event.actor`."""
    who = actor_words(event)
    if event.action == Action.INTERNAL_NOTE:
        who = _("%(who)s · only staff read it") % {"who": who}
    elif not event.is_public:
        who = _("%(who)s · not shown to the resident") % {"who": who}
    return Entry(
        at=event.at,
        title=event_title(event, names),
        who=who,
        note=event.note,
        icon=ICONS.get(event.action, "circle-dot"),
        tone="over" if event.action in WARNINGS else "",
        photos=[photo(one) for one in photos],
    )


def actor_words(event: GrievanceEvent) -> str:
    """Say who did it: name and standing; the platform and the resident stay nameless."""
    if event.standing in (Standing.SYSTEM, Standing.RESIDENT):
        return str(Standing(event.standing).label)
    return _("%(name)s, %(standing)s") % {"name": event.actor, "standing": Standing(event.standing).label}


def event_title(event: GrievanceEvent, names: Names = Names()) -> str:
    """Say in one sentence what an event did, from its action and facts."""
    facts = {
        "to": "",
        "agency": "",
        "into": "",
        "holder": "",
        **{key: value for key, value in event.data.items() if isinstance(value, str)},
        "reason": names.reasons.get(event.data.get("reason", ""), event.data.get("reason_name", "")),
        "category": names.categories.get(event.data.get("category", ""), ""),
        "partners": _(", ").join(map(str, event.data.get("co_agencies") or ())),
        "days": event.data.get("days", 0),
    }
    maker = _MAKERS.get(event.action)
    if maker is not None:
        return maker(event, facts)
    wording = _TITLES.get(event.action)
    return _(wording) % facts if wording else event.get_action_display()


_TITLES: dict[str, str] = {
    Action.DISCOVER: gettext_noop("Discovered the problem"),
    Action.RESOLVE_ON_SPOT: gettext_noop("Solved on the spot"),
    Action.WITHDRAW: gettext_noop("Withdrawn: %(reason)s"),
    Action.REFER_UP: gettext_noop("Passed up to %(to)s"),
    Action.REFER_DOWN: gettext_noop("Passed down to %(to)s"),
    Action.SETTLE_HERE: gettext_noop("%(to)s handles it itself"),
    Action.REJECT: gettext_noop("Not accepted: %(reason)s"),
    Action.MERGE: gettext_noop("Joined to %(into)s"),
    Action.ACKNOWLEDGE: gettext_noop("%(agency)s took it on"),
    Action.RETURN: gettext_noop("%(agency)s handed it back: %(reason)s"),
    Action.RESUME: gettext_noop("Taken up again"),
    Action.RECORD_CALLBACK: gettext_noop("Called the household"),
    Action.CLOSE_UNANSWERED: gettext_noop("Closed without an answer: %(reason)s"),
    Action.APPEAL: gettext_noop("Asked %(to)s to look at it again"),
    Action.ADD_PHOTO: gettext_noop("Added photos"),
    Action.URGE: gettext_noop("Urged %(to)s"),
    Action.YELLOW_CARD: gettext_noop("Yellow card for %(to)s"),
    Action.RED_CARD: gettext_noop("Red card for %(to)s"),
    Action.REFUSE_SUSPENSION: gettext_noop("Suspension refused"),
    Action.REFUSE_EXTENSION: gettext_noop("More time refused"),
    Action.COMMENT: gettext_noop("Left a remark"),
    Action.INTERNAL_NOTE: gettext_noop("Internal note"),
}


def _reported(_event: GrievanceEvent, facts: dict) -> str:
    return _("Reported to %(to)s") % facts if facts["to"] else _("Reported")


def _given(event: GrievanceEvent, facts: dict) -> str:
    if event.action == Action.REASSIGN:
        return _("Given to %(agency)s instead") % facts
    if facts["partners"]:
        return _("Given to %(agency)s, together with %(partners)s") % facts
    return _("Given to %(agency)s") % facts


def _resolved(_event: GrievanceEvent, facts: dict) -> str:
    return _("%(agency)s says it is done") % facts if facts["agency"] else _("Said to be done")


def _more_time(event: GrievanceEvent, facts: dict) -> str:
    in_workdays = event.data.get("counts") == Counts.WORKDAYS
    if event.action == Action.GRANT_EXTENSION:
        if in_workdays:
            words = ngettext("%(days)d more working day granted", "%(days)d more working days granted", facts["days"])
        else:
            words = ngettext("%(days)d more day granted", "%(days)d more days granted", facts["days"])
        return words % facts
    if in_workdays:
        asked = ngettext("Asked for %(days)d more working day", "Asked for %(days)d more working days", facts["days"])
    else:
        asked = ngettext("Asked for %(days)d more day", "Asked for %(days)d more days", facts["days"])
    asked %= facts
    return _("%(what)s: %(why)s") % {"what": asked, "why": facts["reason"]} if facts["reason"] else asked


def _escalated(event: GrievanceEvent, facts: dict) -> str:
    """Say which rung fired; rungs of before the ladder had stages only said who was told."""
    stage, card = event.data.get("stage"), event.data.get("card")
    people = _(", ").join([facts["holder"] or facts["to"], *map(str, event.data.get("told") or ())])
    facts = {**facts, "people": people, "stage": Stage(stage).label if stage in Stage.values else ""}
    if stage == Stage.REVIEW:
        return _("Due for review; %(people)s told") % facts
    if card in (Card.YELLOW, Card.RED):
        return _("%(card)s: %(stage)s past its limit; %(people)s told") % {**facts, "card": Card(card).label}
    if event.data.get("too_late"):
        return _("%(stage)s due soon; nobody told, its limit was past by then") % facts
    if card == Card.REMIND:
        return _("%(stage)s due soon; %(people)s told") % facts
    return (
        _("%(stage)s past its limit; %(people)s told") % facts
        if stage
        else _("Past its limit; %(to)s was told") % facts
    )


def _answered(event: GrievanceEvent, _facts: dict) -> str:
    if event.data.get("lifted"):
        return _("Answered the card in time; it is lifted")
    return _("Answered the card late; it stays")


def _card_withdrawn(event: GrievanceEvent, _facts: dict) -> str:
    kinds = [str(Card(card).label) for card in event.data.get("cards") or () if card in Card.values]
    people = map(str, event.data.get("shown_to") or ())
    return _("Withdrew the card shown to %(people)s: %(cards)s") % {
        "people": _(", ").join(people),
        "cards": _(", ").join(kinds),
    }


def _recomputed(event: GrievanceEvent, _facts: dict) -> str:
    """Say of each stage whose deadline moved from when to when, and why."""
    data = event.data
    moved = [
        _moved(stage, data.get(f"{name}_before"), data.get(f"{name}_at"))
        for stage, name in ((Stage.RESOLVE, "due"), (data.get("stage"), "stage_due"))
        if data.get(f"{name}_before") != data.get(f"{name}_at")
    ]
    what = _("; ").join(filter(None, moved)) or _("The deadline was computed anew")
    why = in_my_language(data.get("why") or "")
    return _("%(what)s. Reason: %(why)s") % {"what": what, "why": why} if why else what


def _moved(stage: str | None, before: str | None, after: str | None) -> str:
    """Return from when to when a stage's deadline moved; nothing for facts that cannot be read."""
    try:
        facts = {"stage": Stage(stage).label, "due": cn_datetime(datetime.fromisoformat(after))}
        if not before:
            return _("%(stage)s: the deadline is now %(due)s") % facts
        facts["before"] = cn_datetime(datetime.fromisoformat(before))
    except (TypeError, ValueError):
        return ""
    return _("%(stage)s: the deadline moved from %(before)s to %(due)s") % facts


def _asked_suspension(event: GrievanceEvent, facts: dict) -> str:
    try:
        day = cn_date(date.fromisoformat(event.data.get("review_on", "")))
    except ValueError:
        return _("Asked to suspend it: %(reason)s") % facts
    return _("Asked to suspend it until %(day)s: %(reason)s") % {**facts, "day": day}


def _suspended(event: GrievanceEvent, facts: dict) -> str:
    try:
        day = cn_date(date.fromisoformat(event.data.get("review_on", "")))
    except ValueError:
        return _("On hold: %(reason)s") % facts
    return _("On hold until %(day)s: %(reason)s") % {**facts, "day": day}


def _said(event: GrievanceEvent, facts: dict) -> str:
    rating = event.data.get("rating")
    words = Rating(rating).label if rating in Rating.values else ""
    if event.action == Action.REOPEN and not words:
        return _("Opened again: %(reason)s") % facts
    if event.data.get("said_resolved") is False:
        return _("The household says: %(rating)s, not solved yet") % {"rating": words}
    return _("The household says: %(rating)s") % {"rating": words}


def _classified(event: GrievanceEvent, facts: dict) -> str:
    urgency = event.data.get("urgency")
    label = Urgency(urgency).label if urgency in Urgency.values else ""
    words = _("Sorted as %(category)s, %(urgency)s") % {"category": facts["category"], "urgency": label}
    if not event.data.get("due_at"):
        return words
    due = cn_datetime(datetime.fromisoformat(event.data["due_at"]))
    return _("%(what)s; the deadline is now %(due)s") % {"what": words, "due": due}


def _met_too(event: GrievanceEvent, _facts: dict) -> str:
    count = event.data.get("count") or 1
    return ngettext("Me too: %(count)d has joined", "Me too: %(count)d have joined", count) % {"count": count}


_MAKERS = {
    Action.REPORT: _reported,
    Action.ASSIGN: _given,
    Action.REASSIGN: _given,
    Action.RESOLVE: _resolved,
    Action.ASK_EXTENSION: _more_time,
    Action.GRANT_EXTENSION: _more_time,
    Action.SUSPEND: _suspended,
    Action.ASK_SUSPENSION: _asked_suspension,
    Action.ESCALATE: _escalated,
    Action.ANSWER_CARD: _answered,
    Action.WITHDRAW_CARD: _card_withdrawn,
    Action.RECOMPUTE: _recomputed,
    Action.FEEDBACK: _said,
    Action.RATE_LATER: _said,
    Action.REOPEN: _said,
    Action.CLASSIFY: _classified,
    Action.JOIN: _met_too,
    **dict.fromkeys(JOINT, joint_title),
}


def where_it_stands(case: Grievance) -> str:
    """Say in one sentence who has the case now and what happens next; needs the joins of `with_names`."""
    holder = case.lead_agency or case.holder_unit or case.unit
    if case.suspended:
        day = cn_date(case.review_on) if case.review_on else ""
        return _("On hold; it is looked at again on %(day)s.") % {"day": day}
    wording = {
        Status.DISCOVERED: _("Written down, not yet reported."),
        Status.REPORTED: _("With %(holder)s, who decides who handles it."),
        Status.ASSIGNED: _("Given to %(holder)s, who has to take it on."),
        Status.IN_PROGRESS: _("%(holder)s is working on it."),
        Status.RESOLVED: _("%(holder)s says it is done. Now the household says whether it is."),
        Status.CLOSED: _("Closed: %(how)s."),
        Status.REJECTED: _("Not accepted. Who filed it may ask for another look."),
        Status.WITHDRAWN: _("Withdrawn by who filed it."),
        Status.MERGED: _("Handled together with another case."),
    }[Status(case.status)]
    return wording % {"holder": holder, "how": case.get_confirmation_display()}


@dataclass(frozen=True, slots=True)
class Row:
    """A case as cards and tables show it: the names of the components, the clock that presses while one runs."""

    case: Grievance
    unit_name: str
    clock: Pressing | None

    @property
    def number(self) -> str:
        return self.case.number

    @property
    def title(self) -> str:
        return self.case.title

    @property
    def status(self) -> str:
        return self.case.status

    def get_status_display(self) -> str:
        return self.case.get_status_display()

    def get_urgency_display(self) -> str:
        return self.case.get_urgency_display()

    @property
    def category_name(self) -> str:
        return self.case.category_name

    @property
    def suspended(self) -> bool:
        return self.case.suspended and self.case.is_live

    def get_absolute_url(self) -> str:
        return self.case.get_absolute_url()


def rows(cases: Sequence[Grievance], *, scope: Scope, at: datetime) -> list[Row]:
    """Return the cases for a list, each with its place below the reader's own unit. One statement for all places."""
    places = place_names([case.unit_path for case in cases], scope=scope)
    return [Row(case=case, unit_name=places[case.unit_path], clock=pressing(case, at=at)) for case in cases]


def place_names(paths: Iterable[str], *, scope: Scope) -> dict[str, str]:
    """Return each unit's name with those above it, without what the reader's own post says already."""
    wanted = set(paths)
    above = {upper for path in wanted for upper in tree.ancestor_paths(path, include_self=True)}
    names = dict(Unit.objects.filter(path__in=above).values_list("path", "name")) if above else {}
    # Who works for an agency knows the street; the community is what has to be said.
    known = min((tree.depth(path) for path in scope.paths), default=LEVEL_ORDER[Level.STREET])
    return {
        path: " ".join(
            names.get(upper, "")
            for upper in tree.ancestor_paths(path, include_self=True)[min(known, tree.depth(path) - 1) :]
        )
        for path in wanted
    }


def assignments_of(case: Grievance) -> QuerySet[Assignment]:
    """Return whom the case was given to: those in force first, of each the lead before its helpers, then the newest."""
    given = case.assignments.select_related("agency", "assigned_by", "done_by")
    return given.order_by(F("ended_at").desc(nulls_first=True), "-round", "-is_lead", "-pk")


def place_of(case: Grievance) -> str:
    """Return the whole place of a case from the street down, and the spot in it. One statement."""
    names = Unit.objects.ancestors(case.unit_path, include_self=True).values_list("path", "name")
    below = [name for path, name in names if tree.depth(path) >= LEVEL_ORDER[Level.STREET]]
    return " ".join([*(below or [case.unit.name]), case.household.label if case.household else "", case.place]).strip()
