"""What was learnt from the city's own cases, for suggesting categories."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class LearntCategories(models.Model):
    """One night's learning: counts of pairs of characters by category, no text, and how well they did.

    The newest row is in force; its key is the version that processes compare. Shares of right guesses are of cases
    held out; `words_top_1` is what the word list had right of the same cases.
    """

    learnt_at = models.DateTimeField(_("learnt at"))
    cases = models.PositiveIntegerField(_("number of cases"))
    held_out = models.PositiveIntegerField(_("cases held out"))
    top_1 = models.FloatField(_("right at once"))
    top_3 = models.FloatField(_("among the first three"))
    words_top_1 = models.FloatField(_("right by the word list"))
    data = models.BinaryField(editable=False)

    class Meta:
        verbose_name = _("learnt categories")
        verbose_name_plural = _("learnt categories")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.learnt_at:%Y-%m-%d} {self.cases}"

    @property
    def is_better(self) -> bool:
        """Whether it did better than the word list; else the word list answers."""
        return self.top_1 > self.words_top_1
