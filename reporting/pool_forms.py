"""What people fill in to work on a cluster of the problem pool."""

from django import forms
from django.db.models import Case, When
from django.utils.translation import gettext_lazy as _

from grievances.choices import POOLED, ClusterAction, ClusterState
from grievances.models import Cluster
from grievances.pooling import pool_scope_of
from grievances.services.pooling import NAME_LENGTH, TEXT_LENGTH
from linjiang.common.database import subtree_q
from orgs import tree
from orgs.choices import LEVEL_ORDER, Level
from orgs.models import Agency, Unit
from reporting.forms import DayInput

_TAKES_CASES = tuple(state for state in POOLED if state != ClusterState.DONE)


def _text(label: str, *, required: bool = False, help_text: str = "", rows: int = 3) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows})
    return forms.CharField(label=label, required=required, max_length=TEXT_LENGTH, widget=widget, help_text=help_text)


class StepForm(forms.Form):
    """One step on a cluster: its version as it was read, and what the step asks for."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**31 - 1)

    def __init__(self, data=None, *, cluster: Cluster, user) -> None:
        super().__init__(data, auto_id=f"{type(self).__name__.lower()}_%s", initial=self.facts(cluster))
        self.cluster, self.user = cluster, user
        self.prepare()

    def facts(self, cluster: Cluster) -> dict:
        """Return what stands in the fields at first."""
        return {"version": cluster.version}

    def prepare(self) -> None:
        """Fill in what may be chosen."""

    def arguments(self) -> dict:
        """Return what the verb is called with."""
        return {name: value for name, value in self.cleaned_data.items() if value is not None}


class RenameForm(StepForm):
    name = forms.CharField(label=_("Name"), max_length=NAME_LENGTH)

    def facts(self, cluster: Cluster) -> dict:
        return {**super().facts(cluster), "name": cluster.title}


class CauseForm(StepForm):
    root_cause = _text(_("Root cause"), help_text=_("Why does it happen again and again?"))
    note = _text(_("Note"), rows=2)

    def facts(self, cluster: Cluster) -> dict:
        return {**super().facts(cluster), "root_cause": cluster.root_cause, "note": cluster.note}


class DismissForm(StepForm):
    note = _text(_("Why not?"), rows=2)


class FinishForm(StepForm):
    note = _text(_("What was done for good?"), required=True)


class AddForm(StepForm):
    number = forms.CharField(label=_("Case number"), max_length=40, help_text=_("For example LJ20261122-00031."))


class TakeOutForm(StepForm):
    number = forms.CharField(widget=forms.HiddenInput, max_length=40)


class MergeForm(StepForm):
    into = forms.ModelChoiceField(Cluster.objects.none(), label=_("Join with"), empty_label=_("Please choose"))

    def prepare(self) -> None:
        """Offer matters that lie together with this one, the ones of its category first."""
        streets = tree.ancestor_paths(self.cluster.unit_path, include_self=True)[: LEVEL_ORDER[Level.STREET]]
        near = Cluster.objects.filter(subtree_q(streets[-1], field="unit_path"), state__in=_TAKES_CASES)
        near = near.within(pool_scope_of(self.user)).exclude(pk=self.cluster.pk).select_related("unit", "category")
        of_its_kind = Case(When(category=self.cluster.category_id, then=0), default=1)
        self.fields["into"].queryset = near.order_by(of_its_kind, "-count", "pk")
        self.fields["into"].label_from_instance = lambda one: f"{one.title} · {one.unit.name} · {one.count}"


class ProjectForm(StepForm):
    lead = forms.ChoiceField(label=_("Who answers for it?"), help_text=_("One agency or one desk."))
    plan_on = forms.DateField(
        label=_("To be solved by"),
        widget=DayInput,
        error_messages={"invalid": _("Please give a day, for example 2026-01-31.")},
    )
    note = _text(_("Note"), rows=2)

    def facts(self, cluster: Cluster) -> dict:
        lead = f"agency-{cluster.lead_agency_id}" if cluster.lead_agency_id else ""
        lead = f"unit-{cluster.lead_unit_id}" if cluster.lead_unit_id else lead
        return {**super().facts(cluster), "lead": lead, "plan_on": cluster.plan_on}

    def prepare(self) -> None:
        """Offer the agencies that serve the whole place, and the desks over it."""
        above = tree.ancestor_paths(self.cluster.unit_path, include_self=True)
        self.units = {
            f"unit-{one.pk}": one
            for one in Unit.objects.filter(path__in=above, is_active=True).order_by("-path")
            if one.level in ("community", "street", "district", "city")
        }
        self.agencies = {
            f"agency-{one.pk}": one
            for one in Agency.objects.filter(unit__path__in=above, is_active=True).order_by("-unit__path", "name")
        }
        self.fields["lead"].choices = [
            ("", _("Please choose")),
            (_("Agencies"), [(key, one.name) for key, one in self.agencies.items()]),
            (_("Desks"), [(key, one.name) for key, one in self.units.items()]),
        ]

    def arguments(self) -> dict:
        given = super().arguments()
        lead = given.pop("lead")
        return {**given, "lead_agency": self.agencies.get(lead), "lead_unit": self.units.get(lead)}


FORMS: dict[ClusterAction, type[StepForm]] = {
    ClusterAction.CONFIRM: StepForm,
    ClusterAction.NOTE: CauseForm,
    ClusterAction.PROJECT: ProjectForm,
    ClusterAction.FINISH: FinishForm,
    ClusterAction.RENAME: RenameForm,
    ClusterAction.ADD: AddForm,
    ClusterAction.TAKE_OUT: TakeOutForm,
    ClusterAction.MERGE: MergeForm,
    ClusterAction.DISMISS: DismissForm,
}
