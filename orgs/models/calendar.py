"""The work calendar: which days are worked, which years are known, and when a rule of time last changed."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class CalendarYear(models.Model):
    """A year whose holidays are known. Days of other years count Monday–Friday, deadlines there are provisional."""

    year = models.PositiveSmallIntegerField(_("year"), primary_key=True)
    source = models.CharField(_("source"), max_length=120, help_text=_("the notice or file the days come from"))
    loaded_at = models.DateTimeField(_("loaded at"))
    loaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("loaded by")
    )

    class Meta:
        verbose_name = _("calendar year")
        verbose_name_plural = _("calendar years")
        ordering = ["-year"]
        constraints = [
            models.CheckConstraint(condition=models.Q(year__range=(1990, 2199)), name="calendaryear_plausible")
        ]

    def __str__(self) -> str:
        return str(self.year)


class WorkCalendarDay(models.Model):
    """A day that differs from Monday–Friday: a public holiday, or a weekend day worked to make up for one."""

    day = models.DateField(_("day"), primary_key=True)
    is_working = models.BooleanField(_("worked"))
    name = models.CharField(_("name"), max_length=40, blank=True, help_text=_("e.g. Spring Festival"))

    class Meta:
        verbose_name = _("calendar day")
        verbose_name_plural = _("work calendar")
        ordering = ["-day"]

    def __str__(self) -> str:
        return f"{self.day} {self.name}"


class RuleChange(models.Model):
    """A change of the calendar, of limits or of the ladder; its key is the version of all rules of time since then.

    Open deadlines computed under an older version are computed anew by one background job, which notes `why`.
    """

    at = models.DateTimeField(_("at"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("by"))
    why = models.JSONField(_("reason"), default=dict, help_text=_("in both languages"))

    class Meta:
        verbose_name = _("change of rules")
        verbose_name_plural = _("changes of rules")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.pk}"
