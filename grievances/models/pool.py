"""The problem pool (问题池): the same matter told by many, kept as a cluster of cases."""

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from grievances.choices import POOLED, ClusterAction, ClusterState
from linjiang.common.database import PathField


class ClusterQuerySet(models.QuerySet):
    def within(self, scope):
        """Return the clusters below the units of `scope`, and wider ones that have a case there."""
        inside = ClusterCase.objects.filter(scope.units_q(field="unit_path"), cluster=OuterRef("pk")).in_force()
        return self.filter(scope.units_q(field="unit_path") | Exists(inside))

    def pooled(self):
        """Return the clusters that people work with."""
        return self.filter(state__in=POOLED)


class Cluster(models.Model):
    """One matter told by several: found at night, then named, judged and handled by people.

    Changed only by `grievances.services.pooling` (people, raising `version`) and `pool_nightly` (the machine,
    which adds cases and counts, and changes nothing that people wrote). The counts are of the cases in force.
    """

    name = models.CharField(_("name"), max_length=60, blank=True)
    # The machine renames what nobody has named.
    named_by_hand = models.BooleanField(default=False, editable=False)
    category = models.ForeignKey(
        "grievances.Category", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("category")
    )
    unit = models.ForeignKey("orgs.Unit", on_delete=models.PROTECT, related_name="+", verbose_name=_("unit"))
    unit_path = PathField(editable=False)
    state = models.CharField(_("state"), max_length=12, choices=ClusterState.choices, default=ClusterState.FOUND)
    root_cause = models.TextField(_("root cause"), blank=True)
    note = models.TextField(_("note"), blank=True)
    count = models.PositiveIntegerField(_("cases"), default=0)
    households = models.PositiveIntegerField(_("households"), default=0)
    # Cases of the last four weeks, and of the four before them.
    recent = models.PositiveIntegerField(default=0)
    before = models.PositiveIntegerField(default=0)
    first_told = models.DateField(_("first told"), null=True)
    last_told = models.DateField(_("last told"), null=True)
    # As a project: one of the two answers for it, until the day planned.
    lead_agency = models.ForeignKey(
        "orgs.Agency", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("lead agency")
    )
    lead_unit = models.ForeignKey(
        "orgs.Unit", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("lead desk")
    )
    plan_on = models.DateField(_("to be solved by"), null=True)
    done_at = models.DateTimeField(_("finished at"), null=True)
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="merged")
    found_at = models.DateTimeField(_("found at"))
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = ClusterQuerySet.as_manager()

    class Meta:
        verbose_name = _("matter of the problem pool")
        verbose_name_plural = _("matters of the problem pool")
        ordering = ["-count", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=ClusterState.values), name="cluster_state_known"),
            models.CheckConstraint(
                condition=~Q(state=ClusterState.MERGED) | Q(merged_into__isnull=False), name="cluster_merged_has_target"
            ),
            # One answers for a project: an agency or a desk, never both.
            models.CheckConstraint(
                condition=~Q(state=ClusterState.PROJECT)
                | (Q(lead_agency__isnull=False) ^ Q(lead_unit__isnull=False)) & Q(plan_on__isnull=False),
                name="cluster_project_has_one_lead",
            ),
        ]
        indexes = [models.Index(fields=["unit_path", "state", "-count"], name="cluster_below")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("cluster", args=[self.pk])

    @cached_property
    def title(self) -> str:
        """What the cluster is called: its name, else its category and place."""
        what = str(self.category) if self.category_id else _now("Told by several")
        return self.name or f"{self.unit.name} · {what}"

    @property
    def growth(self) -> int:
        """How many more cases than in the four weeks before."""
        return self.recent - self.before

    @property
    def lead(self) -> str:
        return str(self.lead_agency or self.lead_unit or "")


class ClusterCaseQuerySet(models.QuerySet):
    def in_force(self):
        """Return the memberships that were not taken out."""
        return self.filter(removed_at__isnull=True)


class ClusterCase(models.Model):
    """That a case belongs to a cluster: found (with how alike it is), or added by a person.

    One that was taken out stays here, so that the machine does not put it back.
    """

    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE, related_name="memberships")
    grievance = models.ForeignKey("grievances.Grievance", on_delete=models.PROTECT, related_name="clusterings")
    unit_path = PathField(editable=False)
    likeness = models.FloatField(null=True)
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    removed_at = models.DateTimeField(null=True)
    removed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    objects = ClusterCaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("case of a matter")
        verbose_name_plural = _("cases of matters")
        constraints = [
            models.UniqueConstraint(fields=["cluster", "grievance"], name="clustercase_once"),
            models.UniqueConstraint(
                fields=["grievance"], condition=Q(removed_at__isnull=True), name="clustercase_in_one_cluster"
            ),
        ]
        indexes = [models.Index(fields=["unit_path", "cluster"], name="clustercase_below")]

    def __str__(self) -> str:
        return f"{self.cluster_id}: {self.grievance_id}"


class ClusterEvent(models.Model):
    """One line of a cluster's history: who did what, when, and the words or numbers that go with it. Never changed."""

    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField(_("at"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("by")
    )
    action = models.CharField(_("action"), max_length=12, choices=ClusterAction.choices)
    detail = models.TextField(blank=True)

    class Meta:
        verbose_name = _("history of a matter")
        verbose_name_plural = _("histories of matters")
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.cluster_id} {self.action}"


class PoolRun(models.Model):
    """One night's search of the pool: up to when cases were read, how many, and how long it took (seconds)."""

    at = models.DateTimeField()
    cases = models.PositiveIntegerField()
    found = models.PositiveIntegerField()
    grown = models.PositiveIntegerField()
    seconds = models.FloatField()

    class Meta:
        verbose_name = _("search of the problem pool")
        verbose_name_plural = _("searches of the problem pool")
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d} {self.cases}"
