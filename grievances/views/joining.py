"""Me too: the page on which a chief or leader joins a case."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from grievances.choices import Action
from grievances.forms.joining import JoiningForm
from grievances.models import Grievance
from grievances.policies import decide
from grievances.privacy import title_for_neighbours
from grievances.services.joining import join, why_not_open
from grievances.workflow import transition
from linjiang.common.clock import now
from linjiang.common.errors import Conflict, InvalidInput
from orgs.choices import LEADER_ROLES
from orgs.models import Household, User
from orgs.services.households import kept_units


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def join_case(request: HttpRequest, number: str) -> HttpResponse:
    """Ask which household has it too, and join.

    404 for a case neither seen nor near, 403 with the reason for who may not, 409 where the case is not open any
    more, 422 with the fields to mend; what was typed stays. Sent twice, it is one joining.
    """
    case = get_object_or_404(Grievance.objects.joinable_by(request.user).with_names(), number=number)
    # What is sent twice names a door that is counted by then: the verb knows it again.
    households = _households(request.user, case, all_doors=request.method == "POST")
    if request.method != "POST":
        if transition(case.status, Action.JOIN) is None:
            return _page(request, case, None, status=409, problem=why_not_open(case))
        decide(request.user, Action.JOIN, case, at=now()).require()
        if case.filed_by_id == request.user.pk and not households:
            problem = _("You filed this case yourself, and every door of yours that may be added is counted already.")
            return _page(request, case, None, problem=problem)
        return _page(request, case, _form(request.user, case, households))
    own = case.filed_by_id == request.user.pk
    form = JoiningForm(request.POST, households=households, own=own)
    if "submission_id" in form.errors:
        form.data = form.data.copy()
        form.data["submission_id"] = str(uuid.uuid4())
    if not form.is_valid():
        return _page(request, case, form, status=422)
    try:
        joining, is_new = join(actor=request.user, grievance=case, now=now(), **form.facts())
    except InvalidInput as error:
        for name, message in error.errors.items():
            form.add_error(name if name in form.fields else None, message)
        return _page(request, case, form, status=422)
    except Conflict as error:
        return _page(request, case, form, status=409, problem=str(error.message))
    words = _("You have joined %(number)s.") if is_new else _("This was counted already in %(number)s.")
    messages.success(request, words % {"number": joining.grievance.number})
    return redirect(joining.grievance if _is_seen(request.user, joining.grievance) else "home")


def _form(user: User, case: Grievance, households: list[Household]) -> JoiningForm:
    # For one's own case "none in particular" would be refused: the first door that it does not count yet stands there.
    own = case.filed_by_id == user.pk
    initial = {"submission_id": uuid.uuid4(), "household": str(households[0].pk) if own and households else ""}
    return JoiningForm(initial=initial, households=households, own=own)


def _is_seen(user: User, case: Grievance) -> bool:
    return Grievance.objects.visible_to(user).filter(pk=case.pk).exists()


def may_join_here(user: User, case: Grievance) -> bool:
    """Say whether the case's page has the button: chiefs and leaders speak for households."""
    return user.holds(*LEADER_ROLES) and bool(decide(user, Action.JOIN, case, at=now()))


def _households(user: User, case: Grievance, *, all_doors: bool) -> list[Household]:
    """Return the doors of the chief's own, without `all_doors` those that the case does not count yet."""
    kept = kept_units(user)
    if not kept:
        return []
    mine = Household.objects.filter(unit__in=kept, is_active=True).order_by("label")
    if not all_doors:
        mine = mine.exclude(joinings__grievance=case).exclude(pk=case.household_id or 0)
    return list(mine)


def _page(
    request: HttpRequest, case: Grievance, form: JoiningForm | None, *, status: int = 200, problem: str = ""
) -> HttpResponse:
    seen = _is_seen(request.user, case)
    title = case.title if seen else title_for_neighbours(case)
    context = {"case": case, "title": title, "form": form, "problem": problem, "seen": seen}
    return render(request, "grievances/join.html", context, status=status)
