"""How to reach the resident of a case: shown for a stated purpose, and always on record."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from grievances.forms.contacts import PurposeForm
from grievances.models import Grievance
from grievances.policies import may_see_contact
from linjiang.common.errors import InvalidInput, NotAllowed
from orgs.services.contacts import looks_today, reveal_contact


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def contact(request: HttpRequest, number: str) -> HttpResponse:
    """Ask what the number is needed for, then show it on the answer page, which no cache keeps; each look is put
    on record.

    404 for another unit's case and for one without contact data; 403 with the reason for those who do not handle it.
    """
    cases = Grievance.objects.visible_to(request.user).with_names().select_related("contact", "household__contact")
    case = get_object_or_404(cases, number=number)
    known = case.contact or (case.household.contact if case.household else None)
    if known is None:
        raise Http404
    may_see_contact(request.user, case).require()
    form = PurposeForm(request.POST or None)
    shown, status = None, 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                shown = reveal_contact(actor=request.user, contact=known, purpose=form.purpose(), about=case.number)
                status = 200
            except (InvalidInput, NotAllowed) as error:
                form.add_error(None, error.message)
                status = error.status
    looks = looks_today(request.user)
    context = {"case": case, "contact": known, "shown": shown, "form": form, "looks": looks}
    return render(request, "grievances/contact.html", context, status=status)
