"""The case at the desk: everything about it on one page, every step of the policy, and the forms of the steps."""

from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from grievances import presentation
from grievances.choices import ENDED, LIVE, Action
from grievances.forms.actions import RATING_ICONS, ActionForm
from grievances.models import Grievance
from grievances.policies import available_actions, decide, may_see_contact
from grievances.services.verbs import FIELDS, perform
from linjiang.common.clock import now
from linjiang.common.errors import LinjiangError, StaleVersion
from linjiang.desk import put_on_form
from orgs.admin.households import PurposeForm
from orgs.models import Unit
from orgs.services.contacts import reveal_contact

FORMS = frozenset(FIELDS)

# What moves a case on comes first and is offered large; the rest stands below.
_MAIN = (
    Action.ASSIGN,
    Action.ACKNOWLEDGE,
    Action.RESOLVE,
    Action.GRANT_EXTENSION,
    Action.FEEDBACK,
    Action.REPORT,
    Action.RESUME,
)
_DANGER = (Action.REJECT, Action.RED_CARD, Action.WITHDRAW)


def show(admin, request: HttpRequest, case: Grievance) -> HttpResponse:
    """Return the page of one case."""
    at = now()
    case = (
        Grievance.objects.with_names()
        .select_related("contact", "filed_by", "merged_into", "resolved_by")
        .get(pk=case.pk)
    )
    events = list(case.events.select_related("actor").prefetch_related("attachments"))
    names = presentation.names_for(events)
    photos = [presentation.photo(one) for event in events for one in event.attachments.all()]
    timeline = [presentation.entry(event, names, photos=event.attachments.all()) for event in reversed(events)]
    allowed, refused = _steps(request.user, case, at)
    return admin.page(
        request,
        "desk/case.html",
        title=case.title,
        subtitle=case.number,
        case=case,
        now=at,
        stands=presentation.where_it_stands(case),
        place=place_of(case),
        photos=photos,
        timeline=timeline,
        assignments=case.assignments.select_related("agency", "assigned_by"),
        feedback=case.feedback.all(),
        extension=case.extensions.select_related("asked_by", "reason").filter(decided_at__isnull=True).first(),
        cards=case.escalations.exclude(card="remind").select_related("by"),
        is_live=case.status in LIVE,
        has_ended=case.status in ENDED,
        allowed=allowed,
        refused=refused,
        contact_allowed=case.contact_id and may_see_contact(request.user, case).allowed,
    )


def place_of(case: Grievance) -> str:
    """Return where the case was filed, from the street down."""
    names = Unit.objects.ancestors(case.unit_path, include_self=True).values_list("name", flat=True)
    return " / ".join(list(names)[2:])


def _steps(user, case: Grievance, at: datetime) -> tuple[list[dict], list[dict]]:
    """Return the steps the person may take, main ones first, and the ones not open with the reason."""
    allowed, refused = [], []
    for action, answer in available_actions(user, case, at=at):
        if action not in FIELDS:
            continue
        entry = {
            "action": action,
            "label": action.label,
            "icon": presentation.ICONS.get(action, "circle-dot"),
            "url": reverse("admin:grievances_step", args=[case.pk, action]),
            "style": "danger" if action in _DANGER else "secondary",
            "reason": str(answer.reason),
        }
        (allowed if answer else refused).append(entry)
    order = {action: place for place, action in enumerate(_MAIN)}
    allowed.sort(key=lambda entry: order.get(entry["action"], len(order)))
    if allowed and allowed[0]["action"] in order:
        allowed[0]["style"] = "primary"
    return allowed, refused


def take_step(admin, request: HttpRequest, case: Grievance, action: Action) -> HttpResponse:
    """Show the form of a step, or take it. A case that was changed meanwhile is 409, with what changed."""
    at = now()
    case = Grievance.objects.with_names().get(pk=case.pk)
    status, changes = 200, []
    if request.method == "POST":
        form = ActionForm(request.POST, request.FILES, action=action, case=case, user=request.user, now=at)
        try:
            if form.is_valid():
                perform(
                    action=action,
                    actor=request.user,
                    grievance=case,
                    now=at,
                    version=form.cleaned_data["version"],
                    **form.arguments(),
                )
                messages.success(request, _("%(number)s: %(action)s – done.") % _words(case, action))
                return HttpResponseRedirect(reverse("admin:grievances_grievance_change", args=[case.pk]))
            status = 400
        except StaleVersion as error:
            status, changes = error.status, _changes_since(case, form.cleaned_data["version"])
            form = _at_present(form, request, case)
            put_on_form(form, error)
        except LinjiangError as error:
            status = error.status
            put_on_form(form, error)
    else:
        form = ActionForm(action=action, case=case, user=request.user, now=at)
    answer = decide(request.user, action, case, at=at)
    return admin.page(
        request,
        "desk/step.html",
        title=f"{action.label} · {case.title}",
        subtitle=case.number,
        status=status,
        case=case,
        now=at,
        form=form,
        action=action,
        place=place_of(case),
        stands=presentation.where_it_stands(case),
        refused="" if answer else str(answer.reason),
        changes=changes,
        rating_icons=RATING_ICONS,
        submit_style="danger" if action in _DANGER else "primary",
        back_url=reverse("admin:grievances_grievance_change", args=[case.pk]),
    )


def _at_present(form: ActionForm, request: HttpRequest, case: Grievance) -> ActionForm:
    """Return the form with everything typed, now standing on the present version, so that sending again counts."""
    data = request.POST.copy()
    data["version"] = str(case.version)
    fresh = ActionForm(data, request.FILES, action=form.action, case=case, user=form.user, now=form.now)
    fresh.is_valid()
    return fresh


def _changes_since(case: Grievance, version: int) -> list[presentation.Entry]:
    """Return what was done to the case since the person read it: each version is one event."""
    behind = min(max(case.version - version, 1), 10)
    events = list(case.events.select_related("actor").order_by("-at", "-pk")[:behind])[::-1]
    names = presentation.names_for(events)
    return [presentation.entry(event, names) for event in events]


def _words(case: Grievance, action: Action) -> dict:
    return {"number": case.number, "action": action.label}


def reveal(admin, request: HttpRequest, case: Grievance) -> HttpResponse:
    """Show whom to call, in full, to who may see it and says what for."""
    may_see_contact(request.user, case).require()
    back_url = reverse("admin:grievances_grievance_change", args=[case.pk])
    title = _("Contact for %(number)s") % {"number": case.number}
    if case.contact is None:
        text = _("No contact was left with this case.")
        return admin.page(request, "desk/contact.html", title=title, back_url=back_url, text=text)

    def run(given: dict) -> HttpResponse:
        contact = reveal_contact(actor=request.user, contact=case.contact, purpose=given["purpose"], about=case.number)
        return admin.page(request, "desk/contact.html", title=title, back_url=back_url, contact=contact)

    return admin.form_page(
        request,
        form=PurposeForm(request.POST or None),
        run=run,
        title=title,
        submit_label=gettext_lazy("Show the number"),
        back_url=back_url,
    )
