"""What staff chose to show the neighbourhood of a closed case."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from grievances.choices import Status


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
    """One case as the public page “done near me” shows it: words written for that, and photos picked for it."""

    grievance = models.OneToOneField(
        "grievances.Grievance", on_delete=models.PROTECT, related_name="publication", verbose_name=_("case")
    )
    title = models.CharField(_("title"), max_length=60)
    text = models.CharField(_("text"), max_length=300)
    before = models.ForeignKey(
        "grievances.Attachment", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("before")
    )
    after = models.ForeignKey(
        "grievances.Attachment", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("after")
    )
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
