"""The words of every message: a kind and its facts, in the reader's language."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from linjiang.common.text import in_my_language

WORDS = {
    "case_reported": gettext_noop("%(number)s “%(title)s” was reported to you. Please accept or assign it."),
    "case_told": gettext_noop("A resident told you: %(number)s “%(title)s”. Please report it or solve it."),
    "case_passed_on": gettext_noop(
        "%(number)s “%(title)s”, told by a resident, was not taken up in time and was reported to %(to)s."
    ),
    "case_referred": gettext_noop("%(number)s “%(title)s” was passed on to you. Please accept or assign it."),
    "case_assigned": gettext_noop("%(number)s “%(title)s” was given to %(agency)s. Please acknowledge it."),
    "case_returned": gettext_noop("%(agency)s returned %(number)s “%(title)s”: %(reason)s"),
    "case_acknowledged": gettext_noop("%(agency)s has taken on %(number)s “%(title)s”."),
    "case_resolved": gettext_noop("%(number)s “%(title)s” is resolved. Please tell the household the answer."),
    "case_closed": gettext_noop("%(number)s “%(title)s” is closed: the household answered “%(rating)s”."),
    "case_closed_unanswered": gettext_noop("%(number)s “%(title)s” was closed after the call-backs went unanswered."),
    "case_redo": gettext_noop("The household is not satisfied with %(number)s “%(title)s”. Please handle it again."),
    "case_again": gettext_noop("The household is not satisfied with %(number)s “%(title)s”. It is being redone."),
    "case_reopened": gettext_noop("%(number)s “%(title)s” was reopened."),
    "case_rejected": gettext_noop("%(number)s “%(title)s” was not accepted: %(reason)s"),
    "case_merged": gettext_noop("%(number)s “%(title)s” was merged into %(into)s."),
    "case_appealed": gettext_noop("%(number)s “%(title)s” was appealed. Please look at it again."),
    "joined_resolved": gettext_noop(
        "%(number)s “%(title)s”, which you joined, is resolved. Please tell the household."
    ),
    "joined_closed": gettext_noop("%(number)s “%(title)s”, which you joined, is closed. Please tell the household."),
    "joined_ended": gettext_noop("%(number)s “%(title)s”, which you joined, has ended without work on it."),
    "joined_again": gettext_noop("%(number)s “%(title)s”, which you joined, is being handled again."),
    "joined_merged": gettext_noop("%(number)s “%(title)s”, which you joined, goes on in %(into)s."),
    "extension_asked": gettext_noop("%(agency)s asks for %(days)s more days for %(number)s “%(title)s”."),
    "extension_granted": gettext_noop("The extension for %(number)s “%(title)s” was granted: %(days)s days."),
    "extension_refused": gettext_noop("The extension for %(number)s “%(title)s” was refused."),
    "case_suspended": gettext_noop("%(number)s “%(title)s” is suspended until it is reviewed on %(review_on)s."),
    "case_resumed": gettext_noop("%(number)s “%(title)s” goes on: the suspension has ended."),
    "case_urged": gettext_noop("You are urged to handle %(number)s “%(title)s” now. %(note)s"),
    "yellow_card": gettext_noop("Yellow card for %(number)s “%(title)s”: %(note)s"),
    "red_card": gettext_noop("Red card for %(number)s “%(title)s”: %(note)s"),
    "yellow_card_seen": gettext_noop("%(holder)s was shown a yellow card for %(number)s “%(title)s”: %(note)s"),
    "red_card_seen": gettext_noop("%(holder)s was shown a red card for %(number)s “%(title)s”: %(note)s"),
    "card_answered": gettext_noop("%(holder)s answered the card for %(number)s “%(title)s”: %(note)s"),
    "card_withdrawn": gettext_noop(
        "The card that %(holder)s was shown for %(number)s “%(title)s” is withdrawn and needs no answer: %(note)s"
    ),
    "suspension_asked": gettext_noop("%(by)s asks to suspend %(number)s “%(title)s”. Please decide."),
    "suspension_refused": gettext_noop("The suspension of %(number)s “%(title)s” was refused: %(note)s"),
    "review_due": gettext_noop("%(number)s “%(title)s” is suspended and due for review today. Please look at it."),
    "rung_soon": gettext_noop("%(number)s “%(title)s”: most of the time is used. %(stage)s: by %(due)s."),
    "rung_soon_seen": gettext_noop("%(number)s “%(title)s” at %(holder)s is due soon. %(stage)s: by %(due)s."),
    "rung_past": gettext_noop(
        "%(number)s “%(title)s” is past its limit. %(stage)s: was due %(due)s. Please handle it today."
    ),
    "rung_past_seen": gettext_noop(
        "%(number)s “%(title)s” is past its limit at %(holder)s. %(stage)s: was due %(due)s. Please see to it."
    ),
    "rung_yellow": gettext_noop(
        "Yellow card: %(number)s “%(title)s” is past its limit. %(stage)s: was due %(due)s. "
        "Please answer by %(answer_by)s what you change."
    ),
    "rung_yellow_seen": gettext_noop(
        "%(holder)s was shown a yellow card: %(number)s “%(title)s” was due %(due)s. %(stage)s"
    ),
    "rung_red": gettext_noop(
        "Red card: %(number)s “%(title)s” is far past its limit. %(stage)s: was due %(due)s. "
        "Please answer by %(answer_by)s what you change."
    ),
    "rung_red_seen": gettext_noop("%(holder)s was shown a red card: %(number)s “%(title)s” was due %(due)s. %(stage)s"),
    "whistle_called": gettext_noop(
        "%(agency)s is called to the spot for %(number)s “%(title)s”: %(place)s, by %(due)s. %(note)s"
    ),
    "whistle_led": gettext_noop(
        "For %(number)s “%(title)s”, which you lead, %(agencies)s are called to %(place)s, by %(due)s. "
        "You stay accountable. %(note)s"
    ),
    "whistle_arrived": gettext_noop("%(agencies)s arrived on the spot for %(number)s “%(title)s”."),
    "whistle_released": gettext_noop("You need not come to the spot for %(number)s “%(title)s”: %(note)s"),
    "whistle_recorded": gettext_noop("Joint record of %(number)s “%(title)s”: %(note)s"),
    "whistle_late": gettext_noop(
        "%(agency)s is late on the spot for %(number)s “%(title)s”: %(place)s, was due %(due)s. Please go there now."
    ),
    "whistle_late_seen": gettext_noop(
        "%(agency)s is not yet on the spot for %(number)s “%(title)s”: %(place)s, was due %(due)s."
    ),
    "co_handler_added": gettext_noop("%(agency)s helps %(lead)s with %(number)s “%(title)s”."),
    "co_handler_came": gettext_noop("%(agencies)s helps you with %(number)s “%(title)s”."),
    "co_handler_released": gettext_noop("You help with %(number)s “%(title)s” no more: %(note)s"),
    "part_done": gettext_noop("%(agencies)s has done its part of %(number)s “%(title)s”: %(note)s"),
    "case_passed_on_often": gettext_noop(
        "%(number)s “%(title)s” is passed on again and again: handed back %(returned)s times, given to another "
        "%(reassigned)s times. Please see to it."
    ),
    "digest": gettext_noop("%(count)s cases need you: due soon or past their limit. Among them %(numbers)s."),
    "notice": gettext_noop("A notice from %(unit)s: %(title)s"),
    "export_ready": gettext_noop("Your list “%(what)s” with %(count)s cases is ready; it is kept for seven days."),
    "export_failed": gettext_noop("Your list “%(what)s” could not be written. Please export it again."),
    "calendar_missing": gettext_noop(
        "The holidays of %(year)s are not in the work calendar yet; deadlines there are provisional. Please load them."
    ),
}

# Reminders that become one digest when many are due to one person.
FOLDED = tuple(kind for kind in WORDS if kind.startswith("rung_"))


class _Facts(dict):
    def __missing__(self, key: str) -> str:
        return ""


def put_into_words(kind: str, facts: dict) -> str:
    """Return the message in the active language; a fact that is missing leaves a gap, never an error."""
    words = {name: in_my_language(fact) for name, fact in facts.items()}
    return (_(WORDS[kind]) % _Facts(words)).strip()
