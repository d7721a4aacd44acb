"""What a person is told about a step before taking it, and which step most likely comes next."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from grievances.choices import Action
from grievances.models import Grievance
from grievances.presentation import ICONS
from linjiang.common.decisions import Decision

_EXPLANATIONS = {
    Action.REPORT: _("It goes to who leads the next unit up, and its time starts to run."),
    Action.RESOLVE_ON_SPOT: _("It needs nobody else. The household says whether it is really solved."),
    Action.WITHDRAW: _("The case ends here. Nobody works on it any more."),
    Action.ASSIGN: _("They are told at once and have to take it on or hand it back in time."),
    Action.REFER_UP: _("It goes to the next desk above that somebody holds. The time goes on running."),
    Action.REFER_DOWN: _("It goes to a unit closer to the household. The time goes on running."),
    Action.SETTLE_HERE: _("You handle it yourselves, without an agency. Afterwards you say what was done."),
    Action.REJECT: _("The case ends here. Who filed it is told the reason and may ask for another look."),
    Action.MERGE: _("The case ends here and goes on in the other one. Who filed it can follow it there."),
    Action.ACKNOWLEDGE: _("You say that you have it and will see to it."),
    Action.RETURN: _("It goes back to the desk that gave it. The time goes on running."),
    Action.REASSIGN: _("It is taken from who has it now and given to another. The time goes on running."),
    Action.RESOLVE: _("The time stops. The household is asked whether it is really solved."),
    Action.ASK_EXTENSION: _("The desk that gave you the case decides. Until then the time goes on running."),
    Action.GRANT_EXTENSION: _("The deadline moves by the days asked for."),
    Action.REFUSE_EXTENSION: _("The deadline stays as it is."),
    Action.ASK_SUSPENSION: _("The level above decides. Until then the time goes on running."),
    Action.SUSPEND: _("The time stands still until the case is taken up again; on the day of review you are reminded."),
    Action.REFUSE_SUSPENSION: _("The time goes on running."),
    Action.ANSWER_CARD: _("Say what went wrong and what you change. Answered in time, the card is lifted."),
    Action.WITHDRAW_CARD: _(
        "For a card shown by mistake: it is lifted and needs no answer. That it was shown, and why it is withdrawn, "
        "stays on record."
    ),
    Action.RESUME: _("The time runs again; the deadline is later by as long as it stood still."),
    Action.FEEDBACK: _("Write down what the household told you. If it is not solved, it is handled again."),
    Action.RECORD_CALLBACK: _("For a household that does not answer: each try is written down."),
    Action.CLOSE_UNANSWERED: _("The case ends although the household could not be reached, and it says so."),
    Action.REOPEN: _("It goes back to the desk, and its time starts anew."),
    Action.APPEAL: _("The desk above looks at it again."),
    Action.COMMENT: _("It stands in the timeline with your name."),
    Action.ADD_PHOTO: _("They stand in the timeline with your name."),
    Action.URGE: _("Who has the case is told at once."),
    Action.YELLOW_CARD: _("A formal warning to who has the case. It stays in the record."),
    Action.RED_CARD: _("The gravest warning to who has the case. It stays in the record."),
    Action.PUBLISH: _(
        "Everybody can read it on the page “Done near me” of the community. Leave out names, doors and numbers; "
        "look at the photos for faces and plates."
    ),
    Action.UNPUBLISH: _("It is gone from the public page at once."),
    Action.BLOW_WHISTLE: _("They are told at once where and when to be. Who has the case stays accountable for it."),
    Action.ARRIVE: _("The desk and who leads the case see that you are there."),
    Action.RELEASE_CALL: _("They are told that they need not come, and are waited for no more."),
    Action.RECORD_JOINT: _(
        "What was agreed on the spot, and who does what by when. Whoever has not come is waited for no more."
    ),
    Action.ADD_CO_HANDLER: _("They help from now on and see the case. Its lead and its deadline stay the same."),
    Action.RELEASE_CO_HANDLER: _("They are told, and see the case no more."),
    Action.REPORT_PART: _("Who leads the case is told. The whole is said to be done by the lead."),
    Action.INTERNAL_NOTE: _("Only the staff who work on the case read it: never the resident or the chief."),
    Action.CLASSIFY: _("The time allowed follows the category, counted from when it began."),
}

# What most likely comes next, the first that is allowed; the second button is the next of them.
_LIKELY = (
    Action.ANSWER_CARD,
    Action.ARRIVE,
    Action.GRANT_EXTENSION,
    Action.SUSPEND,
    Action.ACKNOWLEDGE,
    Action.RESUME,
    Action.RESOLVE,
    Action.ASSIGN,
    Action.SETTLE_HERE,
    Action.REPORT_PART,
    Action.REPORT,
    Action.FEEDBACK,
    Action.REFER_UP,
    Action.REFUSE_EXTENSION,
    Action.ASK_EXTENSION,
    Action.RETURN,
    Action.URGE,
    Action.YELLOW_CARD,
    Action.RECORD_CALLBACK,
    Action.APPEAL,
)
_GRAVE = (Action.REJECT, Action.WITHDRAW, Action.RED_CARD)


@dataclass(frozen=True, slots=True)
class Choice:
    """A step as a button or a line: where it leads, or the reason why it is not open to this person now."""

    action: Action
    label: str
    icon: str
    url: str
    style: str = "secondary"
    reason: str = ""


def explanation(action: Action) -> str:
    """Return one sentence on what the step does, for who is about to take it."""
    return _EXPLANATIONS[action]


def choices(case: Grievance, steps: Sequence[tuple[Action, Decision]]) -> tuple[list[Choice], list[Choice]]:
    """Return the likely steps as buttons (at most two, the main one first) and all others as a list.

    In the list the allowed ones come first, then those that are not, with the reason. What has no object at all
    (resuming what is not on hold, deciding on an extension nobody asked for) is left out.
    """
    offered = [(action, decision) for action, decision in steps if action in _EXPLANATIONS and not decision.is_idle]
    allowed = [action for action, decision in offered if decision]
    likely = sorted((action for action in allowed if action in _LIKELY), key=_LIKELY.index)[:2]
    buttons = [_choice(case, action, style="secondary" if rank else "primary") for rank, action in enumerate(likely)]
    others = [
        _choice(case, action, style="danger" if action in _GRAVE else "secondary")
        for action in allowed
        if action not in likely
    ]
    others += [_choice(case, action, reason=decision.reason) for action, decision in offered if not decision]
    return buttons, others


def remarks(case: Grievance, steps: Sequence[tuple[Action, Decision]]) -> list[Choice]:
    """Return the ways to write something into the timeline that are open: a remark, and a note for staff alone."""
    allowed = {action for action, decision in steps if decision}
    return [_choice(case, action) for action in (Action.INTERNAL_NOTE, Action.COMMENT) if action in allowed]


def _choice(case: Grievance, action: Action, **more) -> Choice:
    return Choice(
        action=action,
        label=str(action.label),
        icon=ICONS[action],
        url=_address(case, action),
        **more,
    )


def _address(case: Grievance, action: Action) -> str:
    """Return the page of the step; the household's answer has one of its own, with the result to be told."""
    if action == Action.FEEDBACK:
        return reverse("answer", args=[case.number])
    return reverse("case_action", args=[case.number, action.value])
