"""Limits and ladders as a city's desk sets them, over the defaults of the city profile."""

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from grievances.choices import Card, Counts, Stage, Urgency


def _or_nought(field: str) -> Coalesce:
    """Return a key with 0 for none, so that "any" is unique too.

    By the field's name, not by its column's: only the name is put in when a form asks whether a row is unique.
    """
    return Coalesce(field, 0, output_field=models.BigIntegerField())


class StageLimit(models.Model):
    """How long a stage may take for the cases it names; empty fields mean any.

    Of several that fit, the one for the smaller unit wins, then the one for the narrower category, then the one for
    an urgency.
    """

    stage = models.CharField(_("stage"), max_length=12, choices=Stage.limited())
    unit = models.ForeignKey(
        "orgs.Unit",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("unit"),
        help_text=_("this unit and everything below it; empty: the whole city"),
    )
    category = models.ForeignKey(
        "grievances.Category",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("category"),
        help_text=_("first or second level; empty: any"),
    )
    urgency = models.CharField(
        _("urgency"), max_length=4, choices=Urgency.choices, blank=True, help_text=_("empty: any")
    )
    amount = models.DecimalField(_("limit"), max_digits=6, decimal_places=2, validators=[MinValueValidator(0.25)])
    counts = models.CharField(_("counted in"), max_length=8, choices=Counts.choices, default=Counts.WORKDAYS)

    class Meta:
        verbose_name = _("limit")
        verbose_name_plural = _("limits")
        ordering = ["stage", "unit__path", "category__code", "urgency"]
        constraints = [
            models.UniqueConstraint(
                "stage",
                _or_nought("unit"),
                _or_nought("category"),
                "urgency",
                name="stagelimit_once",
                violation_error_message=_(
                    "There is a limit for exactly these cases and this stage already; change that one."
                ),
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="stagelimit_positive"),
            models.CheckConstraint(condition=Q(counts__in=Counts.values), name="stagelimit_counts_known"),
        ]

    def __str__(self) -> str:
        return f"{self.get_stage_display()} {float(self.amount):g} {self.get_counts_display()}"


class Ladder(models.Model):
    """A ladder of its own for some cases, instead of the profile's; the rungs are its rows.

    The one for a category and an urgency wins over the one for a category, that over the one for an urgency.
    """

    category = models.ForeignKey(
        "grievances.Category",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("category"),
        help_text=_("first or second level; empty: any"),
    )
    urgency = models.CharField(
        _("urgency"), max_length=4, choices=Urgency.choices, blank=True, help_text=_("empty: any")
    )

    class Meta:
        verbose_name = _("ladder")
        verbose_name_plural = _("ladders")
        ordering = ["category__code", "urgency"]
        constraints = [
            models.UniqueConstraint(
                _or_nought("category"),
                "urgency",
                name="ladder_once",
                violation_error_message=_("There is a ladder for exactly these cases already; change that one."),
            )
        ]

    def __str__(self) -> str:
        parts = [str(self.category)] if self.category else []
        parts += [self.get_urgency_display()] if self.urgency else []
        return " · ".join(parts) or str(_("All cases"))


class LadderRung(models.Model):
    """One rung: when (a share of the limit, or a time past it), what is shown, who is told."""

    ladder = models.ForeignKey(Ladder, on_delete=models.CASCADE, related_name="rungs")
    position = models.PositiveSmallIntegerField(_("rung"))
    at = models.CharField(
        _("when"),
        max_length=12,
        help_text=_("80%: a share of the limit; +1wd: working days past it; +4h: hours past it"),
    )
    card = models.CharField(_("what is shown"), max_length=8, choices=Card.choices)
    tell = models.CharField(
        _("who is told"),
        max_length=60,
        help_text=_("holder, superior, street, district; separated by commas"),
    )

    class Meta:
        verbose_name = _("rung")
        verbose_name_plural = _("rungs")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["ladder", "position"], name="ladderrung_once"),
            models.CheckConstraint(condition=Q(card__in=Card.values), name="ladderrung_card_known"),
        ]

    def __str__(self) -> str:
        return f"{self.at} {self.get_card_display()}"
