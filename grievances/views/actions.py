"""Taking a step on a case: one page for every step the workflow table knows, with nothing lost on the way."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from grievances import presentation
from grievances.choices import Action
from grievances.forms.actions import RATING_ICONS, ActionForm
from grievances.guidance import explanation
from grievances.models import Grievance
from grievances.policies import decide
from grievances.services.verbs import FIELDS, perform
from grievances.workflow import transition
from linjiang.common import clock
from linjiang.common.decisions import Decision
from linjiang.common.errors import Conflict, InvalidInput, NotAllowed, StaleVersion

_MOST_CHANGES = 20


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def case_action(request: HttpRequest, number: str, action: str) -> HttpResponse:
    """Show the form of a step and take it.

    404 for another unit's case or an unknown step; 403 with the reason for one that is not this person's; 409 where
    the case has moved on, with what changed; 400 with the fields to mend. What was typed stays in every case.
    """
    now = clock.now()
    case = get_object_or_404(Grievance.objects.visible_to(request.user).with_names(), number=number)
    if action not in FIELDS:
        raise Http404
    page = _Page(request, case, Action(action), now)
    return page.submit() if request.method == "POST" else page.show()


class _Page:
    """One step on one case for one person."""

    def __init__(self, request: HttpRequest, case: Grievance, action: Action, now) -> None:
        self.request, self.case, self.action, self.now = request, case, action, now

    def show(self) -> HttpResponse:
        """Answer a GET: the empty form, or why it can not be taken."""
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
        try:
            done = perform(
                action=self.action,
                actor=self.request.user,
                grievance=self.case,
                now=self.now,
                version=self.case.version,
                **form.arguments(),
            )
        except StaleVersion:
            seen = self.case.version
            self.case = Grievance.objects.with_names().get(pk=self.case.pk)
            return self._stale(seen)
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
        return ActionForm(
            data,
            self.request.FILES if data is not None else None,
            action=self.action,
            case=self.case,
            user=self.request.user,
            now=self.now,
        )

    def _stale(self, seen: int | None) -> HttpResponse:
        """Give the form back for the case as it is now, with what happened since the person saw it."""
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
        if Grievance.objects.visible_to(self.request.user).filter(pk=done.pk).exists():
            return redirect("case", number=done.number)
        return redirect("inbox")  # handed back: the case is no longer this person's to see

    def _render(self, form: ActionForm, decision: Decision, *, status: int, **more) -> HttpResponse:
        context = {
            "case": self.case,
            "action": self.action,
            "label": self.action.label,
            "icon": presentation.ICONS[self.action],
            "is_grave": self.action in (Action.REJECT, Action.WITHDRAW, Action.RED_CARD),
            "form": form,
            "refusal": "" if decision else decision.reason,
            "typed": form.typed() if form.is_bound and not decision else [],
            "photos_lost": bool(self.request.FILES),
            "explanation": explanation(self.action),
            "rating_icons": RATING_ICONS,
            "place": presentation.place_of(self.case),
            "now": self.now,
            "back_url": reverse("case", args=[self.case.number]),
            **more,
        }
        return render(self.request, "grievances/action.html", context, status=status)
