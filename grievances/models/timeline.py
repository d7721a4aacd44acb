"""The timeline: append-only, one row per change, written in the change's own transaction."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from grievances.choices import Action, Standing, Status


class GrievanceEvent(models.Model):
    """What happened to a case, by whom, when. `data` holds facts of the action (agency, unit, days, reason code …)."""

    grievance = models.ForeignKey(
        "grievances.Grievance", on_delete=models.PROTECT, related_name="events", verbose_name=_("case")
    )
    action = models.CharField(_("action"), max_length=20, choices=Action.choices)
    at = models.DateTimeField(_("at"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("by")
    )
    standing = models.CharField(_("as"), max_length=12, choices=Standing.choices)
    from_status = models.CharField(max_length=12, choices=Status.choices, blank=True)
    to_status = models.CharField(max_length=12, choices=Status.choices)
    note = models.TextField(_("note"), blank=True)
    data = models.JSONField(default=dict, blank=True)
    is_public = models.BooleanField(_("shown to the resident"), default=True)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("timeline")
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["grievance", "at"], name="event_by_case")]

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.at:%Y-%m-%d %H:%M}"
