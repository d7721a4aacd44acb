"""The assignment letter (交办单): what is given to the agency, by when, and what is asked of it. Pure."""

from django.utils.translation import gettext as _

from grievances.letters.reading import Given, Material, full_day
from grievances.letters.wording import facts, full_moment, letter_number, numbered, own_words
from grievances.models import Grievance
from grievances.services.rulebook import rulebook
from grievances.stages import span_words
from linjiang.common.letters import Facts, Heading, Letter, Paragraph, Signed, ToSign
from linjiang.common.text import listed
from orgs.choices import Role
from orgs.profile import profile


def assignment_letter(about: Material, given: Given) -> Letter:
    """Return the letter by which the desk gives the case to its lead agency; co-handlers get a copy."""
    case, lead = about.case, given.lead
    return Letter(
        issuer=about.issuer,
        title=_("Assignment of a problem told by residents"),
        number=letter_number(_("Assignment [%(year)s] No. %(number)s"), about, at=lead.assigned_at, part=lead.round),
        to=str(lead.agency),
        blocks=(
            Paragraph(
                _(
                    "The following problem, told by residents, is given to you. Please handle it within the limit and "
                    "report the result."
                )
            ),
            Facts(_facts(about, given)),
            Heading(_("I. What is the matter")),
            Paragraph(own_words(case.description, about)),
            Heading(_("II. What is asked of you")),
            Paragraph(numbered(_requirements(about, given))),
            Heading(_("III. Signed for")),
            ToSign((_("Given by"), _("Approved by"), _("Received by"))),
        ),
        signed=Signed(about.issuer, full_day(lead.assigned_at)),
        copies=listed(given.helpers) if given.helpers else "",
    )


def _facts(about: Material, given: Given) -> tuple[tuple[str, str], ...]:
    case = about.case
    return facts(
        (_("Number"), case.number),
        (_("Problem"), own_words(case.title, about)),
        (_("Category"), case.category_name),
        (_("Urgency"), case.get_urgency_display()),
        (_("Place"), own_words(about.place, about)),
        (_("Told by"), about.person),
        (_("Phone"), about.phone),
        (_("Reported on"), full_moment(case.reported_at)),
        (_("Lead agency"), given.lead.agency),
        (_("Helping agencies"), listed(given.helpers)),
        (_("Acknowledge by"), full_moment(given.lead.acknowledge_due_at) if given.lead.acknowledge_due_at else ""),
        (_("Resolve by"), _limit(case)),
    )


def _limit(case: Grievance) -> str:
    if case.due_at is None:
        return ""
    due = full_moment(case.due_at)
    if not case.limit:
        return due
    return _("%(due)s (limit: %(limit)s)") % {"due": due, "limit": span_words(case.limit, case.counts, rulebook())}


def _requirements(about: Material, given: Given) -> list[str]:
    case = about.case
    points = []
    if given.lead.acknowledge_due_at:
        points.append(
            _("Sign for it by %(due)s. What is not yours is returned by then, with the reason.")
            % {"due": full_moment(given.lead.acknowledge_due_at)}
        )
    if case.due_at:
        points.append(
            _("Resolve it by %(due)s. If that cannot be done, ask for more time before the limit ends.")
            % {"due": full_moment(case.due_at)}
        )
    photo = _("Write down what was done, with a photo of the result.")
    points.append(photo if case.category and case.category.photo_required else _("Write down what was done."))
    points.append(
        _("Say it to the household. Whether it is solved is for the household to say; the %(chief)s asks them.")
        % {"chief": profile().role_title(Role.CHIEF)}
    )
    if given.note:
        points.append(own_words(given.note, about))
    return points
