"""The words of every message: a kind and its facts, in the reader's language."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from linjiang.common.text import in_my_language

WORDS = {
    "case_reported": gettext_noop("%(number)s “%(title)s” was reported to you. Please accept or assign it."),
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
    "extension_asked": gettext_noop("%(agency)s asks for %(days)s more days for %(number)s “%(title)s”."),
    "extension_granted": gettext_noop("The extension for %(number)s “%(title)s” was granted: %(days)s days."),
    "extension_refused": gettext_noop("The extension for %(number)s “%(title)s” was refused."),
    "case_suspended": gettext_noop("%(number)s “%(title)s” is suspended until it is reviewed on %(review_on)s."),
    "case_resumed": gettext_noop("%(number)s “%(title)s” goes on: the suspension has ended."),
    "case_urged": gettext_noop("You are urged to handle %(number)s “%(title)s” now. %(note)s"),
    "yellow_card": gettext_noop("Yellow card for %(number)s “%(title)s”: %(note)s"),
    "red_card": gettext_noop("Red card for %(number)s “%(title)s”: %(note)s"),
    "overdue_holder": gettext_noop("%(number)s “%(title)s” is past its limit. Please handle it today."),
    "overdue_superior": gettext_noop("%(number)s “%(title)s” is past its limit at %(holder)s. Please see to it."),
    "overdue_street": gettext_noop(
        "%(number)s “%(title)s” is long past its limit at %(holder)s. The street is called on."
    ),
}


class _Facts(dict):
    def __missing__(self, key: str) -> str:
        return ""


def put_into_words(kind: str, facts: dict) -> str:
    """Return the message in the active language; a fact that is missing leaves a gap, never an error."""
    words = {name: in_my_language(fact) for name, fact in facts.items()}
    return (_(WORDS[kind]) % _Facts(words)).strip()
