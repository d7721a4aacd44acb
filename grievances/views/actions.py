"""One page for every step the workflow table knows."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from grievances.choices import Action
from grievances.models import Grievance
from grievances.services.verbs import FIELDS
from grievances.views.step_page import StepPage
from linjiang.common import clock


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def case_action(request: HttpRequest, number: str, action: str) -> HttpResponse:
    """Show the form of a step and take it.

    404 for another unit's case or an unknown step; 403 with the reason for one that is not this person's; 409 where
    the case has moved on, with what changed; 400 with the fields to mend. What was typed stays in every case.
    """
    case = get_object_or_404(Grievance.objects.visible_to(request.user).with_names(), number=number)
    if action not in FIELDS:
        raise Http404
    return _Page(request, case, Action(action), clock.now()).answer()


class _Page(StepPage):
    """The step as everybody's page shows it."""

    def draw(self, context: dict, *, status: int) -> HttpResponse:
        back = reverse("case", args=[self.case.number])
        return render(self.request, "grievances/action.html", {**context, "back_url": back}, status=status)

    def leave(self, done: Grievance) -> HttpResponse:
        if Grievance.objects.visible_to(self.request.user).filter(pk=done.pk).exists():
            return redirect("case", number=done.number)
        return redirect("inbox")  # handed back: the case is no longer this person's to see

    def reload(self) -> Grievance:
        return Grievance.objects.with_names().get(pk=self.case.pk)
