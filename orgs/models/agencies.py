"""Bodies that resolve cases."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from orgs.choices import AgencyKind
from orgs.models.units import Unit


class Agency(models.Model):
    """A department, enforcement team, property company or partner that serves a unit's whole subtree."""

    name = models.CharField(_("name"), max_length=64)
    kind = models.CharField(_("kind"), max_length=16, choices=AgencyKind.choices, default=AgencyKind.DEPARTMENT)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="agencies", verbose_name=_("serves"))
    phone = models.CharField(_("office phone"), max_length=20, blank=True)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("agency")
        verbose_name_plural = _("agencies")
        ordering = ["unit__path", "name"]
        constraints = [
            models.UniqueConstraint(fields=["unit", "name"], name="agency_name_once_per_unit"),
            models.CheckConstraint(condition=models.Q(kind__in=AgencyKind.values), name="agency_kind_known"),
        ]

    def __str__(self) -> str:
        return self.name
