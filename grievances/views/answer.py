"""Telling the household the answer, and writing down what it says."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from grievances.choices import Action, Status
from grievances.forms.resident import RATING_ICONS, RESOLVED_ICONS, ToldForm
from grievances.models import Grievance
from grievances.policies import decide
from grievances.services.verbs import perform
from grievances.views.filing import household_link, may_hand_link
from linjiang.common.clock import now
from linjiang.common.errors import Conflict, InvalidInput, NotAllowed, StaleVersion


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def answer(request: HttpRequest, number: str) -> HttpResponse:
    """Show the result in plain words and take the household's answer; who may not record it is told why."""
    visible = Grievance.objects.visible_to(request.user).with_names().select_related("contact")
    case = get_object_or_404(visible, number=number)
    if request.method == "GET":
        return _page(request, case, ToldForm(initial={"version": case.version}))
    decide_now = decide(request.user, Action.FEEDBACK, case, at=now())
    if case.status == Status.RESOLVED and not decide_now:
        raise NotAllowed(decide_now.reason)
    form = ToldForm(request.POST)
    if not form.is_valid():
        return _page(request, case, form, status=422)
    try:
        case = perform(action=Action.FEEDBACK, actor=request.user, grievance=case, now=now(), **form.cleaned_data)
    except InvalidInput as error:
        for name, message in error.errors.items():
            form.add_error(name if name in form.fields else None, message)
        return _page(request, case, form, status=422)
    except StaleVersion as error:
        form.data = {**form.data.dict(), "version": error.current}
        form.add_error(None, error.message)
        return _page(request, case, form, status=409)
    except Conflict as error:
        form.add_error(None, error.message)
        return _page(request, case, form, status=409)
    if case.status == Status.CLOSED:
        messages.success(request, _("Thank you. The case is closed with the household's answer."))
    else:
        messages.info(request, _("Written down. The case goes back and is handled again, with a full time limit."))
    return redirect("case", number=case.number)


def _page(request: HttpRequest, case: Grievance, form: ToldForm, *, status: int = 200) -> HttpResponse:
    photos = case.attachments.filter(event__action__in=(Action.RESOLVE, Action.RESOLVE_ON_SPOT))
    context = {
        "case": case,
        "form": form,
        "decision": decide(request.user, Action.FEEDBACK, case, at=now()),
        "is_resolved": case.status == Status.RESOLVED,
        "rating_icons": RATING_ICONS,
        "resolved_icons": RESOLVED_ICONS,
        "photos": [
            {
                "url": reverse("photo", args=[photo.uuid, "full"]),
                "thumb_url": reverse("photo", args=[photo.uuid, "small"]),
            }
            for photo in photos
        ],
    }
    if may_hand_link(request.user, case):
        context.update(household_link(request, case))
    return render(request, "grievances/answer.html", context, status=status)
