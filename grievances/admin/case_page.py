"""The case at the desk: everything about it on one page, every step of the policy, and the forms of the steps."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from grievances import guidance, joint, pending, presentation, stages
from grievances.admin import order
from grievances.choices import Action
from grievances.forms.contacts import PurposeForm
from grievances.letters.kinds import offered
from grievances.models import Grievance
from grievances.policies import available_actions, may_see_contact
from grievances.services.alike import open_alike
from grievances.services.verbs import FIELDS
from grievances.views.cases import joint_work
from grievances.views.step_page import StepPage
from linjiang.common.clock import now
from orgs.services.contacts import looks_today, reveal_contact

# Said by `_DeskStepPage.leave` to a panel, which goes there itself: a script cannot see where a redirect would lead.
PANEL_HEADER = "X-Desk-Panel"

# The key of each step that is taken often; what is rare or grave has none. In the order in which a page gives a letter
# away, where two steps want the same one.
KEYS = {
    Action.ASSIGN: "a",
    Action.REASSIGN: "a",
    Action.RETURN: "r",
    Action.REFER_UP: "r",
    Action.REFER_DOWN: "d",
    Action.SETTLE_HERE: "s",
    Action.ACKNOWLEDGE: "s",
    Action.RESOLVE: "v",
    Action.GRANT_EXTENSION: "y",
    Action.SUSPEND: "y",
    Action.REFUSE_EXTENSION: "z",
    Action.REFUSE_SUSPENSION: "z",
    Action.RESUME: "y",
    Action.FEEDBACK: "f",
    Action.RECORD_CALLBACK: "b",
    Action.MERGE: "m",
    Action.CLASSIFY: "l",
    Action.URGE: "e",
    Action.COMMENT: "c",
    Action.INTERNAL_NOTE: "w",
    Action.BLOW_WHISTLE: "t",
    Action.ADD_PHOTO: "i",
}


@dataclass(frozen=True, slots=True)
class Button:
    """A step of the case as the desk offers it."""

    step: guidance.Choice
    url: str
    key: str = ""


def address(case: Grievance) -> str:
    """Return where the case stands at the desk."""
    return reverse("admin:grievances_grievance_change", args=[case.pk])


def whole(case: Grievance) -> Grievance:
    """Return the case with everything its page shows, in one statement."""
    joins = ("filed_by", "resolved_by", "contact", "household__contact", "merged_into")
    return Grievance.objects.with_names().select_related(*joins).get(pk=case.pk)


def show(admin, request: HttpRequest, case: Grievance) -> HttpResponse:
    """Return the page of one case."""
    at = now()
    case = whole(case)
    told = case.events.select_related("actor").prefetch_related("attachments").order_by("-at", "-pk")
    assignments = list(presentation.assignments_of(case))
    joint.seed(case, events=told, assignments=assignments)
    events = joint.readable(told, user=request.user, grievance=case)
    names = presentation.names_for(events)
    query = order.list_of(request)
    buttons, refused = _steps(request.user, case, at, query)
    contact = _contact_of(case)
    target = case.merged_into
    visible = admin.get_queryset(request)
    return admin.page(
        request,
        "desk/case.html",
        title=case.number,
        case=case,
        now=at,
        stands=presentation.where_it_stands(case),
        place=presentation.place_of(case),
        photos=[presentation.photo(one) for event in reversed(events) for one in event.attachments.all()],
        timeline=[presentation.entry(event, names) for event in events],
        assignments=assignments,
        feedback=case.feedback.order_by("-pk"),
        asked=pending.requests_of(case),
        cards=pending.card_lines(case.cards, at=at),
        stages=stages.lines(case, events, at=at),
        **joint_work(case, events, at=at),
        buttons=buttons,
        letters=offered(request.user, case),
        refused=refused,
        alike=_alike(request.user, case),
        list_query=query,
        back_url=f"{admin.list_url}?{query}" if query else admin.list_url,
        next_url=order.along(reverse("admin:grievances_next", args=[case.pk]), query) if query else "",
        previous_url=order.along(reverse("admin:grievances_previous", args=[case.pk]), query) if query else "",
        contact=contact,
        contact_allowed=contact is not None and may_see_contact(request.user, case).allowed,
        target=target if target is not None and visible.filter(pk=target.pk).exists() else None,
    )


def _steps(user, case: Grievance, at: datetime, query: str) -> tuple[list[Button], list[guidance.Choice]]:
    """Return the steps that are open as buttons of the desk, the likely ones first, and those that are not."""
    likely, others = guidance.choices(case, available_actions(user, case, at=at))
    buttons, taken = [], set()
    for step in [*likely, *(step for step in others if not step.reason)]:
        key = KEYS.get(step.action, "")
        key = "" if key in taken else key
        taken.add(key)
        url = order.along(reverse("admin:grievances_step", args=[case.pk, step.action.value]), query)
        buttons.append(Button(step=step, url=url, key=key))
    return buttons, [step for step in others if step.reason]


def _alike(user, case: Grievance) -> list[Grievance]:
    """Return the open cases near by that look like this one and may be opened; none for a case that has ended."""
    if not case.is_live:
        return []
    found = open_alike(
        f"{case.title}\n{case.description}", user=user, unit=case.unit, lat=case.lat, lon=case.lon, beside=case
    )
    return [one.case for one in found if one.seen]


def take_step(admin, request: HttpRequest, case: Grievance, action: Action) -> HttpResponse:
    """Show the form of a step, or take it.

    403 with the reason for a step that is not this person's; 409 where the case has moved on, with what changed; 400
    with the fields to mend. What was typed stays in every case.
    """
    return _DeskStepPage(admin, request, whole(case), action).answer()


# Written down beside the work on a case: who does so is not done with it.
_STAYS = (Action.COMMENT, Action.ADD_PHOTO, Action.CLASSIFY)


class _DeskStepPage(StepPage):
    """The step as the desk shows it."""

    def __init__(self, admin, request: HttpRequest, case: Grievance, action: Action) -> None:
        super().__init__(request, case, action, now())
        self.admin = admin
        self.query = order.list_of(request)
        # Where the case stood in its list is known only before the step, which may take it out of there.
        posted = self.query and request.method == "POST"
        self.behind = order.following(order.keys(admin, request, self.query), case.pk) if posted else []

    def draw(self, context: dict, *, status: int) -> HttpResponse:
        return self.admin.page(
            self.request,
            "desk/step.html",
            title=f"{self.action.label} · {self.case.number}",
            status=status,
            stands=presentation.where_it_stands(self.case),
            submit_style="danger" if context["is_grave"] else "primary",
            back_url=order.along(address(self.case), self.query),
            **context,
        )

    def leave(self, done: Grievance) -> HttpResponse:
        """Go on with the next case of the list; without a list stay with this one, as long as it is in sight."""
        if self.query and self.action not in _STAYS:
            going = order.after_step(self.admin, self.request, self.behind)
        else:
            still_mine = self.admin.get_queryset(self.request).filter(pk=done.pk).exists()
            stay = order.along(address(done), self.query)
            going = HttpResponseRedirect(stay if still_mine else self.admin.list_url)
        if PANEL_HEADER in self.request.headers:
            return JsonResponse({"go": going.url})
        return going

    def reload(self) -> Grievance:
        return whole(self.case)


def _contact_of(case: Grievance):
    return case.contact or (case.household.contact if case.household else None)


def reveal(admin, request: HttpRequest, case: Grievance) -> HttpResponse:
    """Show whom to call, in full, to who may see it and says what for."""
    case = whole(case)
    may_see_contact(request.user, case).require()
    title = _("Contact for %(number)s") % {"number": case.number}
    contact = _contact_of(case)
    if contact is None:
        text = _("No contact was left with this case.")
        return admin.page(request, "desk/contact.html", title=title, back_url=address(case), text=text)
    form = PurposeForm(request.POST or None)

    def run(_given: dict) -> HttpResponse:
        shown = reveal_contact(actor=request.user, contact=contact, purpose=form.purpose(), about=case.number)
        looks = looks_today(request.user)
        return admin.page(request, "desk/contact.html", title=title, back_url=address(case), contact=shown, looks=looks)

    return admin.form_page(
        request,
        form=form,
        run=run,
        title=title,
        submit_label=_("Show the number"),
        back_url=address(case),
        looks=looks_today(request.user),
    )


FORMS = frozenset(FIELDS)
