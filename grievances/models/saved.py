"""What a person at the desk looks at again and again, kept under a name."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class SavedFilter(models.Model):
    """The tab, filters and search of the case list under a name; its owner's alone.

    `query` is the list's query string. The desk opens on the one that `opens`.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_filters", verbose_name=_("owner")
    )
    name = models.CharField(_("name"), max_length=20)
    query = models.CharField(max_length=1000)
    opens = models.BooleanField(_("opens the desk"), default=False)

    class Meta:
        verbose_name = _("saved filter")
        verbose_name_plural = _("saved filters")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="saved_filter_name_once"),
            models.UniqueConstraint(fields=["owner"], condition=Q(opens=True), name="saved_filter_one_opens"),
        ]

    def __str__(self) -> str:
        return self.name
