"""The whistle (吹哨): several agencies called to the spot, each with a clock, and what came of it."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from grievances.querysets import WhistleCallQuerySet


class Whistle(models.Model):
    """A call to the spot of a case: where, until when, why. Open until `ended_at`, one at a time for a case.

    It ends with the joint record (会商记录), when nobody is called any more, or when the case leaves the hands.
    """

    grievance = models.ForeignKey(
        "grievances.Grievance", on_delete=models.PROTECT, related_name="whistles", verbose_name=_("case")
    )
    unit = models.ForeignKey("orgs.Unit", on_delete=models.PROTECT, related_name="+", verbose_name=_("desk that calls"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"))
    place = models.CharField(_("where to meet"), max_length=120)
    meet_at = models.DateTimeField(_("to be there by"))
    reason = models.TextField(_("what for"))
    record = models.TextField(_("joint record"), blank=True, default="", db_default="")
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("recorded by"),
    )
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta:
        verbose_name = _("whistle")
        verbose_name_plural = _("whistles")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["grievance"], condition=Q(ended_at__isnull=True), name="whistle_one_open"),
            models.CheckConstraint(
                condition=Q(recorded_by__isnull=True, record="")
                | Q(recorded_by__isnull=False, ended_at__isnull=False) & ~Q(record=""),
                name="whistle_recorded_is_over",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.grievance_id} {self.place}"


class WhistleCall(models.Model):
    """One agency called by a whistle: it arrives (到场), is released, or the whistle ends without it.

    `closed_at` is when waiting for it ended, however; `alarm_at` is when the sweep reminds it, once, and `late_at` when
    it did.
    """

    whistle = models.ForeignKey(Whistle, on_delete=models.PROTECT, related_name="calls", verbose_name=_("whistle"))
    agency = models.ForeignKey("orgs.Agency", on_delete=models.PROTECT, related_name="calls", verbose_name=_("agency"))
    due_at = models.DateTimeField(_("to be there by"))
    alarm_at = models.DateTimeField(null=True, blank=True, editable=False)
    late_at = models.DateTimeField(_("found late at"), null=True, blank=True)
    arrived_at = models.DateTimeField(_("arrived at"), null=True, blank=True)
    arrived_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("arrival reported by"),
    )
    note = models.TextField(_("note"), blank=True, default="", db_default="")
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("released by"),
    )
    release = models.TextField(_("why it is not needed"), blank=True, default="", db_default="")
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    # The call made it a co-handler; where it had the case before, it keeps it when the call is over.
    made_helper = models.BooleanField(default=False, db_default=False, editable=False)

    objects = WhistleCallQuerySet.as_manager()

    class Meta:
        verbose_name = _("call to the spot")
        verbose_name_plural = _("calls to the spot")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["whistle", "agency"], name="whistle_call_agency_once"),
            models.CheckConstraint(
                condition=Q(arrived_at__isnull=True) | Q(released_by__isnull=True), name="whistle_call_one_end"
            ),
            models.CheckConstraint(
                condition=Q(arrived_at__isnull=True, released_by__isnull=True) | Q(closed_at__isnull=False),
                name="whistle_call_ended_is_closed",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | Q(alarm_at__isnull=True), name="whistle_call_closed_is_quiet"
            ),
        ]
        indexes = [
            models.Index(fields=["alarm_at", "id"], condition=Q(alarm_at__isnull=False), name="whistle_call_alarm"),
            models.Index(fields=["agency"], condition=Q(closed_at__isnull=True), name="whistle_call_open"),
        ]

    def __str__(self) -> str:
        return f"{self.agency} → {self.whistle_id}"

    @property
    def is_open(self) -> bool:
        """Whether the agency is waited for."""
        return self.closed_at is None

    def is_late(self, *, at: datetime) -> bool:
        """Say whether the agency came past its limit, was found past it, or is past it at `at`."""
        if self.late_at is not None:
            return True
        return (self.arrived_at or at) > self.due_at if self.is_open or self.arrived_at else False
