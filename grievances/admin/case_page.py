"""The case at the desk: everything about it on one page, every step of the policy, and the forms of the steps."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from grievances import guidance, joint, pending, presentation, stages
from grievances.choices import Action
from grievances.forms.contacts import PurposeForm
from grievances.models import Grievance
from grievances.policies import available_actions, may_see_contact
from grievances.services.verbs import FIELDS
from grievances.views.cases import joint_work
from grievances.views.step_page import StepPage
from linjiang.common.clock import now
from orgs.services.contacts import looks_today, reveal_contact


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
    buttons, others, remarks = _steps(request.user, case, at)
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
        remarks=remarks,
        **joint_work(case, events, at=at),
        buttons=buttons,
        others=[step for step in others if not step.reason],
        refused=[step for step in others if step.reason],
        contact=contact,
        contact_allowed=contact is not None and may_see_contact(request.user, case).allowed,
        target=target if target is not None and visible.filter(pk=target.pk).exists() else None,
    )


def _steps(user, case: Grievance, at: datetime) -> Iterator[list[guidance.Choice]]:
    """Yield the likely steps, the others, and the remarks, leading to the desk's own pages."""
    steps = available_actions(user, case, at=at)
    for group in (*guidance.choices(case, steps), guidance.remarks(case, steps)):
        yield [replace(step, url=reverse("admin:grievances_step", args=[case.pk, step.action.value])) for step in group]


def take_step(admin, request: HttpRequest, case: Grievance, action: Action) -> HttpResponse:
    """Show the form of a step, or take it.

    403 with the reason for a step that is not this person's; 409 where the case has moved on, with what changed; 400
    with the fields to mend. What was typed stays in every case.
    """
    return _DeskStepPage(admin, request, whole(case), action).answer()


class _DeskStepPage(StepPage):
    """The step as the desk shows it."""

    def __init__(self, admin, request: HttpRequest, case: Grievance, action: Action) -> None:
        super().__init__(request, case, action, now())
        self.admin = admin

    def draw(self, context: dict, *, status: int) -> HttpResponse:
        return self.admin.page(
            self.request,
            "desk/step.html",
            title=f"{self.action.label} · {self.case.number}",
            status=status,
            stands=presentation.where_it_stands(self.case),
            submit_style="danger" if context["is_grave"] else "primary",
            back_url=address(self.case),
            **context,
        )

    def leave(self, done: Grievance) -> HttpResponseRedirect:
        still_mine = self.admin.get_queryset(self.request).filter(pk=done.pk).exists()
        return HttpResponseRedirect(address(done) if still_mine else self.admin.list_url)

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
