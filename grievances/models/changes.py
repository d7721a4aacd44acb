"""What changed in the columns that figures depend on: one row more, one row less."""

from django.db import models

from linjiang.common.database import PathField


class MeasuredChange(models.Model):
    """A reported case as it was (`sign` −1) or is now (+1), written in the transaction of the change.

    Whoever keeps figures adds these rows up and deletes them; columns have the case's own names, so that a condition
    on the case is the same condition here. Foreign keys are plain numbers and there is no index but the key: a row
    lives for a minute and its writing is part of every filing.
    """

    sign = models.SmallIntegerField()
    unit_path = PathField()
    status = models.CharField(max_length=12)
    source = models.CharField(max_length=12)
    category = models.BigIntegerField(null=True)
    lead_agency = models.BigIntegerField(null=True)
    discovered_at = models.DateTimeField(null=True)
    reported_at = models.DateTimeField()
    assigned_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    acknowledge_due_at = models.DateTimeField(null=True)
    settled_by = models.CharField(max_length=12)
    confirmation = models.CharField(max_length=12)
    rating = models.SmallIntegerField(null=True)
    said_resolved = models.BooleanField(null=True)
    reopened_count = models.SmallIntegerField()

    class Meta:
        verbose_name = "measured change"
        verbose_name_plural = "measured changes"

    def __str__(self) -> str:
        return f"{self.sign:+} {self.unit_path}"
