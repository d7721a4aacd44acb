"""Choosing agencies: the lead, suggested with the reason and never chosen silently, and others beside it."""

from django import forms
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from grievances.choices import Action
from grievances.models import Grievance
from grievances.services.assigning import Suggested, suggested_agencies
from orgs import tree
from orgs.choices import AgencyKind
from orgs.models import Agency

_NOT_SERVING = gettext_lazy("This agency does not serve this place.")
_ONE_OF_THESE = gettext_lazy("Please choose from the co-handlers of the case.")


def agencies_serving(case: Grievance):
    """Return the agencies in use that serve the place of the case, the nearest first."""
    upper = tree.ancestor_paths(case.unit_path, include_self=True)
    serving = Agency.objects.filter(is_active=True, unit__path__in=upper).select_related("unit")
    return serving.order_by("-unit__path", "name")


def suggested_field(suggested: list[Suggested]) -> forms.ChoiceField:
    """Return the few likely agencies as one tap each, with the reason; none of them is chosen beforehand."""
    field = forms.ChoiceField(
        label=_("Suggested"),
        required=False,
        widget=forms.RadioSelect,
        help_text=_("A suggestion only: you decide."),
        error_messages={"invalid_choice": _NOT_SERVING},
    )
    offered = [
        (
            str(one.agency.pk),
            format_html('<strong>{}</strong> <span class="choice__why">{}</span>', one.agency.name, one.words),
        )
        for one in suggested
    ]
    field.choices = [*offered, ("", _("Another one, chosen below"))]
    return field


def choose(form: forms.Form, cleaned: dict) -> None:
    """Take the agency from the suggestion or from the list; two different ones, or none, are an error."""
    tapped, listed = cleaned.get("suggested"), cleaned.get("agency")
    if tapped and listed and str(listed.pk) != tapped:
        form.add_error("agency", _("You chose one above and another one here. Please keep one of them."))
    elif tapped:
        cleaned["agency"] = form.fields["agency"].queryset.get(pk=tapped)
    elif listed is None and "agency" not in form.errors:
        form.add_error("agency", _("Please choose who handles it."))


def _agency(form) -> dict[str, forms.Field]:
    serving = agencies_serving(form.case)
    if form.action == Action.REASSIGN:
        serving = serving.exclude(pk=form.case.lead_agency_id)
    offered = list(serving)
    suggested = suggested_agencies(
        agencies=offered, category=form.case.category, unit_path=form.case.unit_path, now=form.now
    )
    category = form.case.category
    kind = category.agency_kind if category else ""
    usual, others = [], []
    for agency in offered:
        choice = (agency.pk, _("%(agency)s (%(kind)s)") % {"agency": agency, "kind": AgencyKind(agency.kind).label})
        if category and agency.pk == category.default_agency_id:
            usual.insert(0, choice)
        else:
            (usual if kind and agency.kind == kind else others).append(choice)
    field = forms.ModelChoiceField(
        label=_("Who handles it?"),
        queryset=serving,
        required=not suggested,
        error_messages={"required": _("Please choose who handles it."), "invalid_choice": _NOT_SERVING},
    )
    groups = [(_("Usual for this kind of problem"), usual), (_("Others"), others)] if usual else [("", others)]
    field.choices = [("", _("Please choose"))] + [
        part for name, group in groups if group for part in ([(name, group)] if name else group)
    ]
    return {"suggested": suggested_field(suggested), "agency": field} if suggested else {"agency": field}


def _co_agencies(form) -> forms.Field:
    return _many(form, label=_("Who helps?"), queryset=agencies_serving(form.case), required=False)


def _agencies(form) -> forms.Field:
    serving = agencies_serving(form.case)
    has_it = form.case.assignments.in_force()
    if form.action == Action.BLOW_WHISTLE:
        return _many(form, label=_("Who is called?"), queryset=serving)
    if form.action == Action.ADD_CO_HANDLER:
        return _many(form, label=_("Who helps?"), queryset=serving.exclude(pk__in=has_it.values("agency")))
    helping = Agency.objects.filter(pk__in=has_it.filter(is_lead=False).values("agency")).order_by("name")
    return _many(form, label=_("Who helps no more?"), queryset=helping, other=_ONE_OF_THESE)


def _many(_form, *, label: str, queryset, required: bool = True, other: str = _NOT_SERVING) -> forms.Field:
    return forms.ModelMultipleChoiceField(
        label=label,
        queryset=queryset,
        required=required,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Please choose at least one agency."), "invalid_choice": other},
    )


BUILDERS = {"agency": _agency, "co_agencies": _co_agencies, "agencies": _agencies}
