"""The tree of units and the households under its leaves."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from linjiang.common.database import PathField
from orgs import tree
from orgs.choices import Level
from orgs.profile import profile
from orgs.querysets import UnitQuerySet


class Unit(models.Model):
    """A node of the tree, from the city (depth 1) down to the neighbourhood (depth 7).

    `path` is fixed for life unless the unit moves; cases keep the path they were filed under.
    `code` is the official division code (2023 statistical divisions) and empty below the community.
    """

    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("parent")
    )
    path = PathField(_("path"), unique=True, editable=False)
    level = models.CharField(_("level"), max_length=16, choices=Level.choices)
    code = models.CharField(_("division code"), max_length=12, null=True, blank=True, unique=True)
    name = models.CharField(_("name"), max_length=64)
    children_made = models.PositiveIntegerField(default=0, editable=False)
    lat = models.FloatField(_("latitude"), null=True, blank=True, help_text=_("degrees, WGS-84"))
    lon = models.FloatField(_("longitude"), null=True, blank=True, help_text=_("degrees, WGS-84"))
    households_declared = models.PositiveSmallIntegerField(
        _("households by the roster"),
        null=True,
        blank=True,
        help_text=_("as the roster says; households entered one by one count by themselves"),
    )
    is_active = models.BooleanField(_("active"), default=True)
    # Where the unit lay before it moved: cases filed then keep that path. And where units lay that have moved in below
    # since: their past is seen from here, and counted where it happened.
    former_paths = models.JSONField(default=list, blank=True, editable=False)
    adopted_paths = models.JSONField(default=list, blank=True, editable=False)

    objects = UnitQuerySet.as_manager()

    class Meta:
        verbose_name = _("unit")
        verbose_name_plural = _("units")
        ordering = ["path"]
        constraints = [
            models.CheckConstraint(condition=models.Q(level__in=Level.values), name="unit_level_known"),
            models.UniqueConstraint(
                fields=["parent", "name"], condition=models.Q(code__isnull=True), name="unit_name_once_below_parent"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths its own cases were filed under: where it lies, and where it lay before it moved."""
        return (self.path, *self.former_paths)

    @property
    def seen_paths(self) -> tuple[str, ...]:
        """The paths whose cases its people see: its own, and the past of units that moved in below."""
        return (*self.paths, *self.adopted_paths)

    @property
    def depth(self) -> int:
        """How many levels down the unit lies; the city's is 1."""
        return tree.depth(self.path)

    @property
    def level_name(self) -> str:
        """The city's own word for this level."""
        return profile().level_name(self.level)


class Household(models.Model):
    """A household under a neighbourhood, called by its door (3栋2单元501), not by its people."""

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="households", verbose_name=_("neighbourhood"))
    label = models.CharField(_("door"), max_length=64)
    members = models.PositiveSmallIntegerField(_("people"), null=True, blank=True)
    contact = models.OneToOneField(
        "orgs.Contact", on_delete=models.SET_NULL, null=True, blank=True, verbose_name=_("contact")
    )
    note = models.CharField(_("note"), max_length=200, blank=True, help_text=_("e.g. lives alone, over 80"))
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("household")
        verbose_name_plural = _("households")
        ordering = ["unit_id", "label"]
        constraints = [models.UniqueConstraint(fields=["unit", "label"], name="household_label_once_in_unit")]

    def __str__(self) -> str:
        return self.label
