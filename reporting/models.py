"""Tallies: sums over the cases of a unit's subtree and a span of days, kept by `services.tallies`.

The columns of `Tally` are the names of `measures.TALLIED`. A row that is missing is nought.
"""

from django.db import models

from linjiang.common.database import PathField


class _Sum(models.Model):
    """What a sum is over. `span`: d day, m month, y year from `day` on; `dimension` and `key`: "" for all cases."""

    depth = models.SmallIntegerField()
    span = models.CharField(max_length=1, db_collation="C")
    dimension = models.CharField(max_length=8, db_collation="C")
    unit_path = PathField()
    day = models.DateField()
    key = models.CharField(max_length=20, db_collation="C")

    class Meta:
        abstract = True


class Tally(_Sum):
    """How many cases fall under each name."""

    pk = models.CompositePrimaryKey("depth", "span", "dimension", "unit_path", "day", "key")
    accepted = models.IntegerField(default=0)
    closed = models.IntegerField(default=0)
    closed_with_limit = models.IntegerField(default=0)
    on_time = models.IntegerField(default=0)
    assigned = models.IntegerField(default=0)
    acknowledged_in_time = models.IntegerField(default=0)
    valid_feedback = models.IntegerField(default=0)
    said_resolved = models.IntegerField(default=0)
    satisfied = models.IntegerField(default=0)
    fairly_satisfied = models.IntegerField(default=0)
    reopened = models.IntegerField(default=0)
    closed_or_reopened = models.IntegerField(default=0)
    heard = models.IntegerField(default=0)
    settled_lowest = models.IntegerField(default=0)

    class Meta:
        verbose_name = "tally"
        verbose_name_plural = "tallies"

    def __str__(self) -> str:
        return f"{self.unit_path} {self.span} {self.day} {self.dimension}:{self.key}"


class DurationTally(_Sum):
    """How many closed cases took as long as `bucket` of `reporting.durations` says."""

    pk = models.CompositePrimaryKey("depth", "span", "dimension", "unit_path", "day", "key", "bucket")
    bucket = models.SmallIntegerField()
    cases = models.IntegerField(default=0)

    class Meta:
        verbose_name = "tally of durations"
        verbose_name_plural = "tallies of durations"

    def __str__(self) -> str:
        return f"{self.unit_path} {self.span} {self.day} {self.dimension}:{self.key} {self.bucket}"


class TallyLock(models.Model):
    """An empty table: who writes tallies locks it first, so that one writer works at a time."""

    class Meta:
        verbose_name = "lock of the tallies"
        verbose_name_plural = "locks of the tallies"

    def __str__(self) -> str:
        return "lock"


class ChiefLoad(models.Model):
    """What the chiefs of a unit's subtree were asked for in the week from `week` (a Monday) on, kept by
    `services.burden`: so much in all, and how many chiefs had how much (`burden.GROUPS`).

    A sum over chiefs, with nothing that leads to one of them; what is shown of it is `burden`'s rule.
    """

    pk = models.CompositePrimaryKey("unit_path", "week", "kind")
    unit_path = PathField()
    week = models.DateField()
    kind = models.CharField(max_length=8, db_collation="C")
    chiefs = models.IntegerField()
    total = models.IntegerField()
    from_0 = models.IntegerField()
    from_1 = models.IntegerField()
    from_2 = models.IntegerField()
    from_4 = models.IntegerField()
    from_8 = models.IntegerField()
    from_16 = models.IntegerField()
    # Neither the number itself nor its difference from those beside it tells of a few.
    is_shown = models.BooleanField(default=True, db_default=True)

    class Meta:
        verbose_name = "load of chiefs"
        verbose_name_plural = "loads of chiefs"
        indexes = [models.Index(fields=["week"], name="chiefload_week")]

    def __str__(self) -> str:
        return f"{self.unit_path} {self.week} {self.kind}"
