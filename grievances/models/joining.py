"""Who else has the problem of a case (me too): counted and told the answer, without a second case."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Joining(models.Model):
    """Somebody who joined a case: a person in office, for a household or for themselves, or a visitor of its link.

    A visitor is known by a hash alone. A household counts once, whoever says it; so does a person who names none, and
    a visitor. When a case is merged its joiners go along to the other one.
    """

    grievance = models.ForeignKey(
        "grievances.Grievance", on_delete=models.PROTECT, related_name="joinings", verbose_name=_("case")
    )
    submission_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    joined_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="joinings",
        verbose_name=_("joined by"),
    )
    visitor = models.CharField(max_length=64, blank=True, editable=False)
    household = models.ForeignKey(
        "orgs.Household",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="joinings",
        verbose_name=_("household"),
    )
    note = models.CharField(_("note"), max_length=500, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("joining")
        verbose_name_plural = _("joinings")
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(joined_by__isnull=False, visitor="") | (Q(joined_by__isnull=True) & ~Q(visitor="")),
                name="joining_by_a_person_or_a_visitor",
            ),
            models.UniqueConstraint(
                fields=["grievance", "household"], condition=Q(household__isnull=False), name="joining_household_once"
            ),
            models.UniqueConstraint(
                fields=["grievance", "joined_by"],
                condition=Q(household__isnull=True, joined_by__isnull=False),
                name="joining_person_once",
            ),
            models.UniqueConstraint(
                fields=["grievance", "visitor"], condition=~Q(visitor=""), name="joining_visitor_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.joined_by or self.visitor[:8]} {self.at:%Y-%m-%d %H:%M}"
