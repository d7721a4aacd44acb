"""The code on a neighbourhood's doors: a public address through which residents tell its chief something."""

import secrets

from django.db import models
from django.utils.translation import gettext_lazy as _


def new_code() -> str:
    """Return 96 bits nobody can guess, short enough for a code that old phones read from paper."""
    return secrets.token_urlsafe(12)


class Door(models.Model):
    """The one code of a neighbourhood in use now. Made anew (`orgs.services.doors`), the old sheets lead nowhere."""

    unit = models.OneToOneField(
        "orgs.Unit", on_delete=models.CASCADE, related_name="door", verbose_name=_("neighbourhood")
    )
    token = models.CharField(max_length=32, unique=True, default=new_code, editable=False)
    made_at = models.DateTimeField(_("made at"))

    class Meta:
        verbose_name = _("door code")
        verbose_name_plural = _("door codes")

    def __str__(self) -> str:
        return str(self.unit)
