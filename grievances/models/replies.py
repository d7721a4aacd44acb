"""Reply templates (回复模板): words for the steps that are written again and again."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class ReplyTemplate(models.Model):
    """A text with placeholders for some steps, offered on cases of its category and of its unit's subtree.

    `actions` are the steps, parted by commas. An empty category means any, an empty unit the whole city.
    """

    name = models.CharField(_("name"), max_length=40)
    actions = models.CharField(_("for the steps"), max_length=400)
    category = models.ForeignKey(
        "grievances.Category",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("category"),
        help_text=_("first or second level; empty: any"),
    )
    unit = models.ForeignKey(
        "orgs.Unit",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("unit"),
        help_text=_("this unit and everything below it; empty: the whole city"),
    )
    text = models.TextField(_("text"), max_length=1000)
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    is_active = models.BooleanField(_("in use"), default=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False, verbose_name=_("by")
    )
    changed_at = models.DateTimeField(_("changed at"), editable=False)

    class Meta:
        verbose_name = _("reply template")
        verbose_name_plural = _("reply templates")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def steps(self) -> list[str]:
        """The steps it is for."""
        return [one for one in self.actions.split(",") if one]
