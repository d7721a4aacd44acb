"""Residents' contact data: a table of its own, masked by default, every reveal recorded."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Contact(models.Model):
    """Who to call. Only `orgs.services.contacts.reveal_contact` hands out the full number."""

    name = models.CharField(_("name"), max_length=64, blank=True)
    phone = models.CharField(_("phone"), max_length=20, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")

    def __str__(self) -> str:
        return self.masked_phone

    @property
    def masked_name(self) -> str:
        """The family name with a star: 王*."""
        return self.name[:1] + "*" if self.name else ""

    @property
    def masked_phone(self) -> str:
        """The first three and last four digits: 138****1234."""
        return f"{self.phone[:3]}****{self.phone[-4:]}" if len(self.phone) >= 7 else "****"


class ContactReveal(models.Model):
    """Somebody was shown a resident's full contact data; append-only."""

    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="reveals", verbose_name=_("contact"))
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("by"))
    purpose = models.CharField(_("purpose"), max_length=200)
    about = models.CharField(_("about"), max_length=64, blank=True, help_text=_("number of the case"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("contact reveal")
        verbose_name_plural = _("contact reveals")
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.user_id} → {self.contact_id}"
