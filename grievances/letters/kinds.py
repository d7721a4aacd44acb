"""Which letters a case has, and who may have them written: pure."""

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from grievances.choices import Standing, Status
from grievances.models import Escalation, Grievance
from grievances.policies import standings
from linjiang.common.decisions import ALLOWED, Decision, denied
from linjiang.common.errors import Conflict


class Kind(models.TextChoices):
    """The letters; the values are parts of addresses."""

    ASSIGNMENT = "assignment", gettext_lazy("Assignment letter")
    SUPERVISION = "supervision", gettext_lazy("Supervision letter")
    REPLY = "reply", gettext_lazy("Reply to the household")


_DESK = {Standing.DESK, Standing.ASSIGNER}
_FOR = {
    Kind.ASSIGNMENT: _DESK | {Standing.SUPERVISOR, Standing.HANDLER, Standing.CO_HANDLER},
    Kind.SUPERVISION: _DESK | {Standing.SUPERVISOR, Standing.HANDLER},
    Kind.REPLY: _DESK | {Standing.HANDLER, Standing.CHIEF, Standing.LEADER, Standing.OPERATOR},
}


def may_write(user, case: Grievance, kind: Kind) -> Decision:
    """Say whether `user`, who may see the case, may have the letter written."""
    if _FOR[kind] & standings(user, case):
        return ALLOWED
    who = _(", ").join(str(one.label) for one in Standing if one in _FOR[kind])
    return denied(_("This letter is for %(who)s.") % {"who": who})


def cards_shown(case: Grievance) -> list[Escalation]:
    """Return the cards a supervision letter can be about, the newest first; a withdrawn one has none."""
    return [card for card in reversed(case.cards) if card.withdrawn_by_id is None]


def is_there(case: Grievance, kind: Kind) -> bool:
    """Say whether the case has come so far that there is something to write."""
    if kind == Kind.ASSIGNMENT:
        return case.lead_agency_id is not None
    if kind == Kind.SUPERVISION:
        return bool(cards_shown(case))
    return case.status in (Status.RESOLVED, Status.CLOSED) and bool(case.result.strip())


def require_there(case: Grievance, kind: Kind) -> None:
    """Raise Conflict that says what is lacking unless there is something to write."""
    if is_there(case, kind):
        return
    raise Conflict(
        {
            Kind.ASSIGNMENT: _("The case is not with an agency, so there is no assignment to write out."),
            Kind.SUPERVISION: _("No yellow or red card is shown for this case, so there is nothing to write out."),
            Kind.REPLY: _("The case is not resolved yet, so there is nothing to answer the household."),
        }[kind]
    )


def offered(user, case: Grievance) -> list[Kind]:
    """Return the letters of the case that `user` may have written now."""
    there = [kind for kind in Kind if is_there(case, kind)]
    if not there:
        return []
    mine = standings(user, case)
    return [kind for kind in there if _FOR[kind] & mine]
