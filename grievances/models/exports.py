"""Lists of cases that people take away as a workbook."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class ExportState(models.TextChoices):
    """How far an export is."""

    QUEUED = "queued", _("Waiting its turn")
    RUNNING = "running", _("Being written")
    DONE = "done", _("Ready")
    CANCELLED = "cancelled", _("Cancelled")
    FAILED = "failed", _("Failed")
    EXPIRED = "expired", _("Removed")


UNFINISHED = (ExportState.QUEUED, ExportState.RUNNING)


def _stored_as(export: "Export", _name: str) -> str:
    return f"exports/{export.pk}-{export.attempts}.xlsx"


class Export(models.Model):
    """A list of cases to be written into a workbook for one person.

    `keys` are the cases of the list in its order, as found when it was asked for (`services.exporting` packs them); who
    may see them is asked anew while they are written, and `scope` is what the person could see then: who sees less by
    the time of the download does not get the file. An export that is not finished is due at `due_at`; whoever writes it
    puts that off with every block, so that one whose writer was killed comes due again.
    """

    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="exports", verbose_name=_("requested by")
    )
    what = models.CharField(_("list"), max_length=200)
    query = models.CharField(_("filters"), max_length=1000, blank=True)
    language = models.CharField(max_length=12)
    state = models.CharField(_("state"), max_length=12, choices=ExportState, default=ExportState.QUEUED)
    total = models.PositiveIntegerField(_("cases"))
    done = models.PositiveIntegerField(_("cases written"), default=0)
    left_out = models.PositiveIntegerField(_("no longer to be seen"), default=0)
    keys = models.BinaryField(default=bytes)
    scope = models.JSONField(default=dict, blank=True)
    file = models.FileField(upload_to=_stored_as, blank=True)
    created_at = models.DateTimeField(_("requested at"))
    started_at = models.DateTimeField(_("begun at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    expires_at = models.DateTimeField(_("kept until"), null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=ExportState.values), name="export_state_known"),
            models.CheckConstraint(
                condition=Q(state__in=UNFINISHED, due_at__isnull=False)
                | (~Q(state__in=UNFINISHED) & Q(due_at__isnull=True)),
                name="export_due_while_unfinished",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], condition=Q(due_at__isnull=False), name="export_due"),
            models.Index(fields=["requested_by", "-id"], name="export_by_person"),
            models.Index(fields=["expires_at"], condition=Q(expires_at__isnull=False), name="export_expires"),
        ]

    def __str__(self) -> str:
        return f"{self.what} ({self.total})"

    @property
    def is_unfinished(self) -> bool:
        return self.state in UNFINISHED

    @property
    def is_ready(self) -> bool:
        return self.state == ExportState.DONE
