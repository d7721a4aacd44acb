"""Letters about a case: on a page that prints on A4, and as a Word file."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from grievances.letters.assignment import assignment_letter
from grievances.letters.kinds import Kind, cards_shown, may_write, require_there
from grievances.letters.reading import contact_of, given, issuer_of, last_word, material
from grievances.letters.reply import reply_letter
from grievances.letters.supervision import supervision_letter
from grievances.models import Escalation, Grievance
from grievances.policies import may_see_contact
from linjiang.common import clock
from linjiang.common.downloads import word_attachment
from linjiang.common.letters import Letter
from linjiang.common.text import in_both_languages
from orgs.models import Contact
from orgs.services.contacts import reveal_contact


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def letter(request: HttpRequest, number: str, kind: str) -> HttpResponse:
    """Show a letter of the case ready to print, or send it as Word (`as=word`); `card` chooses among cards.

    A number stays masked; posted, the assignment letter holds it, and that it was shown for this letter is on record.
    404 for another unit's case and a letter there is none of, 403 for who has no business with it, 409 before there
    is anything to write.
    """
    cases = Grievance.objects.visible_to(request.user).with_names()
    case = get_object_or_404(cases.select_related("contact", "household__contact", "resolved_by"), number=number)
    if kind not in Kind.values:
        raise Http404
    kind = Kind(kind)
    may_write(request.user, case, kind).require()
    require_there(case, kind)
    revealed = _revealed(request, case, kind) if request.method == "POST" else None
    written = _written(request, case, kind, revealed)
    if request.GET.get("as") == "word" or request.POST.get("as") == "word":
        return word_attachment(written, name=f"{kind.label}-{case.number}")
    return render(
        request,
        "letters/page.html",
        {
            "letter": written,
            "heading": kind.label,
            "subtitle": case.number,
            "back_url": _back(request, case),
            "back_label": case.number,
            "word_url": _word_url(request),
            "may_reveal": kind == Kind.ASSIGNMENT and revealed is None and _may_reveal(request.user, case),
            "is_revealed": revealed is not None,
        },
    )


def _written(request: HttpRequest, case: Grievance, kind: Kind, revealed: Contact | None) -> Letter:
    at = clock.now()
    if kind == Kind.SUPERVISION:
        card, part = _card(request, case)
        return supervision_letter(material(case, at=at, issuer=issuer_of(card, case)), card, part=part)
    about = material(case, at=at, revealed=revealed)
    if kind == Kind.REPLY:
        return reply_letter(about, last_word(case))
    return assignment_letter(about, given(case))


def _card(request: HttpRequest, case: Grievance) -> tuple[Escalation, int]:
    """Return the card asked for, else the newest, and which of the case's it is; Http404 for another case's."""
    shown = cards_shown(case)
    asked = request.GET.get("card", "")
    card = next((one for one in shown if str(one.pk) == asked), None) if asked else shown[0]
    if card is None:
        raise Http404
    return card, [one.pk for one in case.cards].index(card.pk) + 1


def _may_reveal(user, case: Grievance) -> bool:
    contact = contact_of(case)
    return contact is not None and bool(contact.phone) and may_see_contact(user, case).allowed


def _revealed(request: HttpRequest, case: Grievance, kind: Kind) -> Contact:
    """Put on record that the number is shown for this letter and return it; only the assignment needs it."""
    contact = contact_of(case)
    if kind != Kind.ASSIGNMENT or contact is None:
        raise Http404
    may_see_contact(request.user, case).require()
    purpose = in_both_languages(kind.label)
    return reveal_contact(actor=request.user, contact=contact, purpose=purpose["zh"], about=case.number)


def _back(request: HttpRequest, case: Grievance) -> str:
    if request.GET.get("from") == "desk" and request.user.opens_desk:
        return reverse("admin:grievances_grievance_change", args=[case.pk])
    return case.get_absolute_url()


def _word_url(request: HttpRequest) -> str:
    asked = request.GET.copy()
    asked["as"] = "word"
    return f"?{asked.urlencode()}"
