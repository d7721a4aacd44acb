"""What staff chose to show the neighbourhood of a closed case."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from grievances.choices import Side, Status


class PublicationQuerySet(models.QuerySet):
    def shown(self):
        """Return what anybody may read: not taken down, of a case that is closed, told in private by nobody.

        A case that was opened again disappears with that, and comes back when it is closed.
        """
        return self.filter(
            withdrawn_at__isnull=True,
            grievance__status=Status.CLOSED,
            grievance__is_private=False,
            grievance__said_resolved=True,
        )


class Publication(models.Model):
    """One case as the public page “done near me” shows it: words written for that; photos picked for it beside it."""

    grievance = models.OneToOneField(
        "grievances.Grievance", on_delete=models.PROTECT, related_name="publication", verbose_name=_("case")
    )
    title = models.CharField(_("title"), max_length=60)
    text = models.CharField(_("text"), max_length=300)
    published_at = models.DateTimeField(_("published at"))
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("by")
    )
    withdrawn_at = models.DateTimeField(_("taken down at"), null=True)

    objects = PublicationQuerySet.as_manager()

    class Meta:
        verbose_name = _("publication")
        verbose_name_plural = _("publications")

    def __str__(self) -> str:
        return self.title


class PublicationPhoto(models.Model):
    """A photo of the case that staff chose to show everybody, and whether it shows before or after; in their order."""

    publication = models.ForeignKey(
        Publication, on_delete=models.CASCADE, related_name="photos", db_index=False, verbose_name=_("publication")
    )
    attachment = models.ForeignKey(
        "grievances.Attachment", on_delete=models.PROTECT, related_name="+", verbose_name=_("photo")
    )
    side = models.CharField(_("shows"), max_length=6, choices=Side.choices)

    class Meta:
        verbose_name = _("published photo")
        verbose_name_plural = _("published photos")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["publication", "attachment"], name="publication_photo_once"),
            models.CheckConstraint(condition=models.Q(side__in=Side.values), name="publication_photo_side_known"),
        ]

    def __str__(self) -> str:
        return f"{self.get_side_display()} {self.attachment_id}"
