"""The areas of units on the map."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from orgs.choices import Datum
from orgs.models.units import Unit


class Boundary(models.Model):
    """The area of a unit, as imported.

    `geometry` holds the coordinates of a GeoJSON MultiPolygon in WGS-84, `outline` the same simplified for display;
    `datum` is what the file was in.
    """

    unit = models.OneToOneField(
        Unit, on_delete=models.CASCADE, primary_key=True, related_name="boundary", verbose_name=_("unit")
    )
    geometry = models.JSONField(_("area"))
    outline = models.JSONField(_("area for display"))
    datum = models.CharField(_("datum of the file"), max_length=8, choices=Datum.choices)
    west = models.FloatField(_("west end"))
    south = models.FloatField(_("south end"))
    east = models.FloatField(_("east end"))
    north = models.FloatField(_("north end"))
    source = models.CharField(_("source"), max_length=200, help_text=_("the file the area comes from"))
    imported_at = models.DateTimeField(_("imported at"))
    imported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("imported by")
    )

    class Meta:
        verbose_name = _("boundary")
        verbose_name_plural = _("boundaries")
        constraints = [
            models.CheckConstraint(condition=models.Q(datum__in=Datum.values), name="boundary_datum_known"),
            models.CheckConstraint(
                condition=models.Q(west__lte=models.F("east"), south__lte=models.F("north")),
                name="boundary_box_in_order",
            ),
        ]

    def __str__(self) -> str:
        return str(self.unit)
