"""What a case is about, and the listed reasons for steps that need one."""

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from grievances.choices import ReasonKind, Urgency
from orgs.choices import AgencyKind


class Bilingual(models.Model):
    """Something named in Chinese with an English name beside it."""

    name = models.CharField(_("name"), max_length=64)
    name_en = models.CharField(_("English name"), max_length=120, blank=True)
    is_active = models.BooleanField(_("in use"), default=True)
    position = models.PositiveIntegerField(_("order"), default=0)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name_en if self.name_en and (get_language() or "").startswith("en") else self.name


class Category(Bilingual):
    """A node of the two-level category tree; only the second level is given to cases.

    The four limits are calendar hours; empty follows the urgency. Rows are loaded and edited as CSV or in the desk.
    """

    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("belongs to")
    )
    code = models.CharField(_("code"), max_length=8, unique=True)
    urgency = models.CharField(_("urgency"), max_length=4, choices=Urgency.choices, default=Urgency.WEEK)
    acknowledge_hours = models.PositiveIntegerField(_("hours to acknowledge"), null=True, blank=True)
    assign_hours = models.PositiveIntegerField(_("hours to assign"), null=True, blank=True)
    resolve_hours = models.PositiveIntegerField(_("hours to resolve"), null=True, blank=True)
    feedback_hours = models.PositiveIntegerField(_("hours to feed back"), null=True, blank=True)
    photo_required = models.BooleanField(_("needs a photo"), default=False)
    agency_kind = models.CharField(_("usual kind of agency"), max_length=16, choices=AgencyKind.choices, blank=True)
    default_agency = models.ForeignKey(
        "orgs.Agency",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("usual agency"),
    )
    keywords = models.CharField(_("words people use"), max_length=200, blank=True, help_text=_("separated by |"))

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(condition=models.Q(urgency__in=Urgency.values), name="category_urgency_known")
        ]


class Reason(Bilingual):
    """A listed reason for a step that needs one (reject, return, suspend …)."""

    kind = models.CharField(_("step"), max_length=20, choices=ReasonKind.choices)
    code = models.CharField(_("code"), max_length=40)

    class Meta:
        verbose_name = _("reason")
        verbose_name_plural = _("reasons")
        ordering = ["kind", "position", "pk"]
        constraints = [models.UniqueConstraint(fields=["kind", "code"], name="reason_code_once_per_kind")]
