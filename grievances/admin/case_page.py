"""The case at the desk: everything about it on one page, every step of the policy, and the forms of the steps."""

from dataclasses import replace
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from grievances import guidance, presentation
from grievances.choices import Action
from grievances.forms.actions import RATING_ICONS, ActionForm
from grievances.forms.contacts import PurposeForm
from grievances.models import Grievance
from grievances.policies import available_actions, decide, may_see_contact
from grievances.services.verbs import FIELDS, perform
from grievances.workflow import transition
from linjiang.common.clock import now
from linjiang.common.decisions import Decision
from linjiang.common.errors import Conflict, InvalidInput, NotAllowed, StaleVersion
from orgs.services.contacts import reveal_contact

_MOST_CHANGES = 20
_GRAVE = (Action.REJECT, Action.RED_CARD, Action.WITHDRAW)


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
    events = list(case.events.select_related("actor").prefetch_related("attachments").order_by("-at", "-pk"))
    names = presentation.names_for(events)
    extension = case.extensions.select_related("asked_by", "reason").filter(decided_at__isnull=True).first()
    buttons, others = _steps(request.user, case, at, extension_pending=extension is not None)
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
        assignments=case.assignments.select_related("agency", "assigned_by").order_by("-pk"),
        feedback=case.feedback.order_by("-pk"),
        extension=extension,
        cards=case.escalations.exclude(card="remind").select_related("by").order_by("-pk"),
        has_clock=case.is_running or (case.suspended and case.is_live),
        buttons=buttons,
        others=[step for step in others if not step.reason],
        refused=[step for step in others if step.reason],
        contact=contact,
        contact_allowed=contact is not None and may_see_contact(request.user, case).allowed,
        target=target if target is not None and visible.filter(pk=target.pk).exists() else None,
    )


def _steps(
    user, case: Grievance, at: datetime, *, extension_pending: bool
) -> tuple[list[guidance.Choice], list[guidance.Choice]]:
    """Return the likely steps and the others, leading to the desk's own pages."""
    found = guidance.choices(case, available_actions(user, case, at=at), extension_pending=extension_pending)
    buttons, others = (
        [replace(step, url=reverse("admin:grievances_step", args=[case.pk, step.action.value])) for step in group]
        for group in found
    )
    return buttons, others


def take_step(admin, request: HttpRequest, case: Grievance, action: Action) -> HttpResponse:
    """Show the form of a step, or take it.

    403 with the reason for a step that is not this person's; 409 where the case has moved on, with what changed; 400
    with the fields to mend. What was typed stays in every case.
    """
    page = _StepPage(admin, request, whole(case), action)
    return page.submit() if request.method == "POST" else page.show()


class _StepPage:
    """One step on one case for one person."""

    def __init__(self, admin, request: HttpRequest, case: Grievance, action: Action) -> None:
        self.admin, self.request, self.case, self.action, self.now = admin, request, case, action, now()

    def show(self) -> HttpResponse:
        """Answer a GET: the empty form, or why the step is not open."""
        decision = self._decision()
        return self._render(self._form(), decision, status=200 if decision else self._refused())

    def submit(self) -> HttpResponse:
        """Answer a POST: take the step, or give the form back with everything typed."""
        decision = self._decision()
        form = self._form(self.request.POST)
        seen = form["version"].data or ""
        if seen != str(self.case.version):
            return self._stale(int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 10 else None)
        if not decision:
            return self._render(form, decision, status=self._refused())
        if not form.is_valid():
            return self._render(form, decision, status=400)
        given = {"actor": self.request.user, "grievance": self.case, "now": self.now, "version": self.case.version}
        try:
            done = perform(action=self.action, **given, **form.arguments())
        except StaleVersion:
            seen_version = self.case.version
            self.case = whole(self.case)
            return self._stale(seen_version)
        except InvalidInput as error:
            for name, message in error.errors.items():
                form.add_error(name if name in form.fields else None, message)
            return self._render(form, decision, status=error.status)
        except (NotAllowed, Conflict) as error:
            return self._render(form, Decision(allowed=False, reason=str(error.message)), status=error.status)
        return self._done(done)

    def _decision(self) -> Decision:
        return decide(self.request.user, self.action, self.case, at=self.now)

    def _refused(self) -> int:
        return NotAllowed.status if transition(self.case.status, self.action) else Conflict.status

    def _form(self, data=None) -> ActionForm:
        files = self.request.FILES if data is not None else None
        return ActionForm(data, files, action=self.action, case=self.case, user=self.request.user, now=self.now)

    def _stale(self, seen: int | None) -> HttpResponse:
        """Give the form back for the case as it is now, with what happened since: each version is one event."""
        data = self.request.POST.copy()
        data["version"] = str(self.case.version)
        count = min(max(self.case.version - seen, 0), _MOST_CHANGES) if seen is not None else 0
        events = list(self.case.events.select_related("actor").order_by("-pk")[:count])[::-1]
        names = presentation.names_for(events)
        changes = [presentation.entry(event, names) for event in events]
        return self._render(self._form(data), self._decision(), status=StaleVersion.status, stale=True, changes=changes)

    def _done(self, done: Grievance) -> HttpResponseRedirect:
        event = done.events.order_by("-pk").first()
        title = presentation.event_title(event, presentation.names_for([event]))
        messages.success(self.request, _("Done. %(number)s: %(what)s") % {"number": done.number, "what": title})
        still_mine = self.admin.get_queryset(self.request).filter(pk=done.pk).exists()
        return HttpResponseRedirect(address(done) if still_mine else self.admin.list_url)

    def _render(self, form: ActionForm, decision: Decision, *, status: int, **more) -> HttpResponse:
        return self.admin.page(
            self.request,
            "desk/step.html",
            title=f"{self.action.label} · {self.case.number}",
            status=status,
            case=self.case,
            now=self.now,
            form=form,
            action=self.action,
            icon_name=presentation.ICONS[self.action],
            explanation=guidance.explanation(self.action),
            place=presentation.place_of(self.case),
            stands=presentation.where_it_stands(self.case),
            refusal="" if decision else str(decision.reason),
            typed=form.typed() if form.is_bound and not decision else [],
            photos_lost=bool(self.request.FILES),
            rating_icons=RATING_ICONS,
            submit_style="danger" if self.action in _GRAVE else "primary",
            back_url=address(self.case),
            **more,
        )


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
        return admin.page(request, "desk/contact.html", title=title, back_url=address(case), contact=shown)

    return admin.form_page(
        request,
        form=form,
        run=run,
        title=title,
        submit_label=_("Show the number"),
        back_url=address(case),
    )


FORMS = frozenset(FIELDS)
