"""The reply (答复单): to the household, what was done about what it told. Pure."""

from django.utils.translation import gettext as _

from grievances.letters.reading import Material, full_day
from grievances.letters.wording import full_moment, letter_number, own_words
from grievances.models import Feedback
from linjiang.common.letters import Heading, Letter, Paragraph, Signed, ToSign
from orgs.choices import Role
from orgs.profile import profile


def reply_letter(about: Material, word: Feedback | None) -> Letter:
    """Return the letter to the household; `word` is what it said of the result already, None when it was not asked."""
    case = about.case
    day = full_day(case.resolved_at or about.at)
    return Letter(
        issuer=about.issuer,
        title=_("Reply to what residents told"),
        number=letter_number(
            _("Reply [%(year)s] No. %(number)s"), about, at=case.resolved_at or about.at, part=case.round
        ),
        to=_to(about),
        blocks=(
            Paragraph(
                _("What you told on %(day)s (“%(title)s”, number %(number)s) has been handled. This is what was done.")
                % {
                    "day": full_day(case.reported_at or case.discovered_at),
                    "title": own_words(case.title, about),
                    "number": case.number,
                }
            ),
            Heading(_("I. What you told")),
            Paragraph(own_words(case.description, about)),
            Heading(_("II. What was done")),
            Paragraph(_done(about)),
            Heading(_("III. Your word on it")),
            Paragraph(_word(word)),
            ToSign((_("Household"), _("Delivered by"))),
        ),
        signed=Signed(about.issuer, day),
    )


def _to(about: Material) -> str:
    """Call the household by its door, else the person by the family name; letters hang on doors, so no more is said."""
    case = about.case
    if case.household:
        return _("To the household %(door)s") % {"door": f"{case.unit.name}{case.household.label}"}
    return about.person or _("To the resident who told this")


def _done(about: Material) -> str:
    case = about.case
    who = str(case.lead_agency or case.holder_unit or case.unit)
    opening = _("%(who)s handled it and reported it done on %(when)s.") % {
        "who": who,
        "when": full_moment(case.resolved_at),
    }
    return f"{opening}\n{own_words(case.result, about)}"


def _word(word: Feedback | None) -> str:
    chief = profile().role_title(Role.CHIEF)
    if word is None:
        return _(
            "Whether it is solved is for you to say. Please tell your %(chief)s, or rate it through your link. If you "
            "are not satisfied, it is handled again."
        ) % {"chief": chief}
    said = _("solved") if word.said_resolved else _("not solved yet")
    return _(
        "You said: %(rating)s, %(solved)s. Thank you. If it comes back within %(days)s days after closing, tell your "
        "%(chief)s and it is opened again."
    ) % {
        "rating": word.get_rating_display(),
        "solved": said,
        "days": profile().cases["reopen_days"],
        "chief": chief,
    }
