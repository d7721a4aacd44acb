"""A chief's list of households."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from grievances.views.home import neighbourhood_sizes
from linjiang.common.errors import InvalidInput, NotAllowed
from orgs.forms import HouseholdForm
from orgs.models import Household, Unit
from orgs.services.households import add_household, change_household, kept_units


@login_required
@never_cache
@require_GET
def households(request: HttpRequest) -> HttpResponse:
    """Show the households of each neighbourhood the person is chief of."""
    units = _own_units(request)
    rows = Household.objects.filter(unit__in=units).select_related("contact").order_by("-is_active", "label")
    by_unit: dict[int, list[Household]] = {}
    for row in rows:
        by_unit.setdefault(row.unit_id, []).append(row)
    sizes = neighbourhood_sizes(units)
    for size in sizes:
        size["households"] = by_unit.get(size["unit"].pk, [])
    return render(request, "grievances/households.html", {"neighbourhoods": sizes})


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, unit: int) -> HttpResponse:
    """Add a household to one's own neighbourhood."""
    place = next((own for own in _own_units(request) if own.pk == unit), None)
    if place is None:
        raise Http404
    form = HouseholdForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            household = add_household(actor=request.user, unit=place, **form.cleaned_data)
        except InvalidInput as error:
            _blame(form, error)
        else:
            messages.success(request, _("%(door)s is on the list.") % {"door": household.label})
            return redirect("households")
    return _form_page(request, form, place)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a household of one's own neighbourhood; anybody else's is not found."""
    rows = Household.objects.filter(unit__in=_own_units(request)).select_related("unit", "contact")
    household = get_object_or_404(rows, pk=pk)
    initial = {
        "label": household.label,
        "members": household.members,
        "note": household.note,
        "moved_out": not household.is_active,
    }
    form = HouseholdForm(request.POST if request.method == "POST" else None, household=household, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            household = change_household(actor=request.user, household=household, **form.cleaned_data)
        except InvalidInput as error:
            _blame(form, error)
        else:
            messages.success(request, _("%(door)s is saved.") % {"door": household.label})
            return redirect("households")
    return _form_page(request, form, household.unit, household)


def _own_units(request: HttpRequest) -> list[Unit]:
    units = kept_units(request.user)
    if not units:
        raise NotAllowed(_("The list of households is kept by the neighbourhood's own chief."))
    return units


def _blame(form: HouseholdForm, error: InvalidInput) -> None:
    for name, message in error.errors.items():
        form.add_error(name if name in form.fields else None, message)


def _form_page(
    request: HttpRequest, form: HouseholdForm, unit: Unit, household: Household | None = None
) -> HttpResponse:
    context = {"form": form, "unit": unit, "household": household}
    return render(request, "grievances/households_form.html", context, status=422 if form.errors else 200)
