"""The supervision letter (督办单): which card was shown, what is overdue, by when an answer is due. Pure."""

from django.utils.translation import gettext as _

from grievances.choices import Card, Stage
from grievances.deadlines import HOURS, measure
from grievances.letters.reading import Material, full_day
from grievances.letters.wording import facts, full_moment, letter_number, numbered, own_words
from grievances.models import Escalation
from grievances.services.rulebook import rulebook
from grievances.stages import span_words
from linjiang.common.letters import Facts, Heading, Letter, Paragraph, Signed, ToSign


def supervision_letter(about: Material, card: Escalation, *, part: int = 1) -> Letter:
    """Return the letter about one card, for who was shown it; `part` counts the cards of the case."""
    case, colour = about.case, str(Card(card.card).label)
    to = str(card.agency or card.unit or case.lead_agency or case.holder_unit or case.unit)
    return Letter(
        issuer=about.issuer,
        title=_("Supervision letter (%(card)s)") % {"card": colour},
        number=letter_number(_("Supervision [%(year)s] No. %(number)s"), about, at=card.at, part=part),
        to=to,
        blocks=(
            Paragraph(_opening(colour)),
            Facts(
                facts(
                    (_("Number"), case.number),
                    (_("Problem"), own_words(case.title, about)),
                    (_("Category"), case.category_name),
                    (_("Place"), own_words(about.place, about)),
                    (_("Reported on"), full_moment(case.reported_at)),
                    (_("Given to you"), full_moment(case.assigned_at) if case.assigned_at else ""),
                    (_("Resolve by"), full_moment(case.due_at) if case.due_at else ""),
                    (_("Card"), _("%(card)s, %(when)s") % {"card": colour, "when": full_moment(card.at)}),
                    (_("Answer by"), full_moment(card.answer_due_at) if card.answer_due_at else ""),
                )
            ),
            Heading(_("I. Why it is supervised")),
            Paragraph(_why(about, card)),
            Heading(_("II. What is asked of you")),
            Paragraph(numbered(_requirements(card))),
            *_answered(about, card),
            Heading(_("IV. Signed for") if card.answered_at else _("III. Signed for")),
            ToSign((_("Issued by"), _("Received by"))),
        ),
        signed=Signed(about.issuer, full_day(card.at)),
    )


def _opening(colour: str) -> str:
    wording = _("The following case is supervised, and a %(card)s is shown to you for it. Please handle it at once.")
    return wording % {"card": colour}


def _why(about: Material, card: Escalation) -> str:
    """What was overdue when the card was shown, and what was written on it."""
    lines = []
    case = about.case
    if card.due_at is not None and card.due_at < card.at:
        counts = case.counts or HOURS
        if card.stage == case.stage and case.stage_counts and card.stage != Stage.RESOLVE:
            counts = case.stage_counts
        rules = rulebook()
        past = span_words(max(measure(card.due_at, card.at, counts, rules.calendar), 60), counts, rules)
        stage = Stage(card.stage).label if card.stage in Stage.values else Stage.RESOLVE.label
        lines.append(
            _("%(stage)s was due by %(due)s. When the card was shown it was %(time)s past its limit.")
            % {"stage": stage, "due": full_moment(card.due_at), "time": past}
        )
    if card.note:
        lines.append(own_words(card.note, about))
    return "\n".join(lines) or _("The case makes no progress.")


def _requirements(card: Escalation) -> list[str]:
    points = [_("Take it up at once and name who answers for it until it is done.")]
    if card.answer_due_at:
        points.append(
            _("Answer by %(due)s in writing: why it is late, what is done about it, when it will be done.")
            % {"due": full_moment(card.answer_due_at)}
        )
        points.append(_("Answered in time, the card is lifted; answered late, it stays on record."))
    return points


def _answered(about: Material, card: Escalation) -> tuple:
    if not card.answered_at:
        return ()
    state = _("in time, the card is lifted") if card.lifted_at else _("late, the card stays")
    words = _("Answered %(when)s (%(state)s):") % {"when": full_moment(card.answered_at), "state": state}
    return (Heading(_("III. The answer")), Paragraph(f"{words}\n{own_words(card.answer, about)}"))
