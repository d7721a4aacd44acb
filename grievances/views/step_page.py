"""Taking a step on a case, for the pages and the desk alike: nothing typed is lost, whatever the answer is."""

from abc import ABC, abstractmethod
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from grievances import guidance, joint, pending, presentation
from grievances.choices import Action
from grievances.forms.actions import RATING_ICONS, ActionForm
from grievances.models import Grievance
from grievances.policies import CARDS_OF, decide
from grievances.replies import FIELD_OF
from grievances.services.replies import Reply, replies_for
from grievances.services.verbs import perform
from grievances.workflow import transition
from linjiang.common.decisions import Decision
from linjiang.common.errors import Conflict, InvalidInput, NotAllowed, StaleVersion
from linjiang.common.text import listed

_MOST_CHANGES = 20
# What the form sends to have a reply template put in: which one, and the button.
REPLY, USE_REPLY = "reply", "use_reply"
_GRAVE = (Action.REJECT, Action.RED_CARD, Action.WITHDRAW)
_DECIDES = (Action.GRANT_EXTENSION, Action.REFUSE_EXTENSION, Action.SUSPEND, Action.REFUSE_SUSPENSION)


class StepPage(ABC):
    """One step on one case for one person. A subclass says how the page looks and where it leads.

    Answers 403 with the reason for a step that is not this person's; 409 where the case has moved on, with what
    changed; 400 with the fields to mend.
    """

    def __init__(self, request: HttpRequest, case: Grievance, action: Action, now: datetime) -> None:
        self.request, self.case, self.action, self.now = request, case, action, now

    @abstractmethod
    def draw(self, context: dict, *, status: int) -> HttpResponse:
        """Return the page of the form."""

    @abstractmethod
    def leave(self, done: Grievance) -> HttpResponse:
        """Return where the person goes after the step."""

    @abstractmethod
    def reload(self) -> Grievance:
        """Return the case as it is now."""

    def answer(self) -> HttpResponse:
        """Return the form for a GET; take the step for a POST, or give the form back with everything typed."""
        if self.request.method == "POST":
            return self._submit()
        decision = self._decision()
        return self._render(self._form(), decision, status=200 if decision else self._refused())

    def _submit(self) -> HttpResponse:
        decision = self._decision()
        if USE_REPLY in self.request.POST and decision:
            return self._use_reply(decision)
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
            seen_version = self.case.version
            self.case = self.reload()
            return self._stale(seen_version)
        except InvalidInput as error:
            for name, message in error.errors.items():
                form.add_error(name if name in form.fields else None, message)
            return self._render(form, decision, status=error.status)
        except (NotAllowed, Conflict) as error:
            return self._render(form, Decision(allowed=False, reason=str(error.message)), status=error.status)
        event = done.events.order_by("-pk").first()
        title = presentation.event_title(event, presentation.names_for([event]))
        messages.success(self.request, _("Done. %(number)s: %(what)s") % {"number": done.number, "what": title})
        return self.leave(done)

    def _waiting_parts(self) -> str:
        """Name the co-handlers who have not reported their part, to who is about to say that the whole is done."""
        if self.action != Action.RESOLVE:
            return ""
        return listed(one.agency for one in self.case.helping if one.done_at is None)

    def _use_reply(self, decision: Decision) -> HttpResponse:
        """Give the form back with the chosen template's text added to what was typed; nothing is sent yet.

        The state of the case that the person was looking at stays, so that a change since is still told.
        """
        data = self.request.POST.copy()
        name = FIELD_OF.get(self.action, "")
        chosen = next((one for one in self._replies() if str(one.pk) == data.get(REPLY)), None)
        if chosen is not None and name:
            data[name] = "\n".join(filter(None, [data.get(name, "").strip(), chosen.text]))
        return self._render(self._form().refilled(data), decision, status=200)

    def _replies(self) -> list[Reply]:
        return replies_for(action=self.action, grievance=self.case, user=self.request.user, now=self.now)

    def _cards(self) -> dict:
        """Return the cards that the step is about, with what stands above them."""
        if self.action not in CARDS_OF:
            return {}
        title = _("To be answered") if self.action == Action.ANSWER_CARD else _("Cards in force")
        cards = pending.card_lines(CARDS_OF[self.action](self.request.user, self.case), at=self.now)
        return {"cards": cards, "cards_title": title}

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
        since = self.case.events.select_related("actor").order_by("-pk")[:count]
        events = joint.readable(since, user=self.request.user, grievance=self.case)[::-1]
        names = presentation.names_for(events)
        changes = [presentation.entry(event, names) for event in events]
        return self._render(self._form(data), self._decision(), status=StaleVersion.status, stale=True, changes=changes)

    def _render(self, form: ActionForm, decision: Decision, *, status: int, **more) -> HttpResponse:
        context = {
            "case": self.case,
            "now": self.now,
            "form": form,
            "action": self.action,
            "label": self.action.label,
            "icon_name": presentation.ICONS[self.action],
            "is_grave": self.action in _GRAVE,
            "explanation": guidance.explanation(self.action),
            "place": presentation.place_of(self.case),
            "asked": pending.requests_of(self.case, action=self.action) if self.action in _DECIDES else [],
            **self._cards(),
            "waiting_parts": self._waiting_parts(),
            "replies": self._replies() if decision else [],
            "reply_field": FIELD_OF.get(self.action, ""),
            "refusal": "" if decision else str(decision.reason),
            "typed": form.typed() if form.is_bound and not decision else [],
            "photos_lost": bool(self.request.FILES),
            "rating_icons": RATING_ICONS,
            **more,
        }
        return self.draw(context, status=status)
