"""The case itself."""

import secrets
import uuid
from datetime import datetime

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from grievances import search
from grievances.choices import (
    ANSWERED_CARDS,
    LIVE,
    RUNNING,
    Confirmation,
    Counts,
    Rating,
    SettledBy,
    Source,
    Stage,
    Status,
    Urgency,
)
from grievances.querysets import RUNS_UNTIL, GrievanceManager
from linjiang.common.clock import local_day
from linjiang.common.database import LexemesField, PathField
from orgs.choices import Datum


def new_token() -> str:
    """Return 128 bits nobody can guess, for the resident's link."""
    return secrets.token_urlsafe(16)


class Grievance(models.Model):
    """A case: discovered, reported, assigned, resolved, fed back.

    Changed only by the verbs in `grievances.services`, which lock the row, append one event per change and raise
    `version` by one. It stays under the units it had when it was filed: `unit_path` never changes.
    """

    number = models.CharField(_("number"), max_length=20, unique=True)
    submission_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    token = models.CharField(max_length=32, unique=True, default=new_token, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    status = models.CharField(_("status"), max_length=12, choices=Status.choices, default=Status.DISCOVERED)
    title = models.CharField(_("title"), max_length=80)
    description = models.TextField(_("what is the matter"))
    category = models.ForeignKey(
        "grievances.Category",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="grievances",
        verbose_name=_("category"),
    )
    urgency = models.CharField(_("urgency"), max_length=4, choices=Urgency.choices, default=Urgency.WEEK)
    source = models.CharField(_("source"), max_length=12, choices=Source.choices)

    unit = models.ForeignKey("orgs.Unit", on_delete=models.PROTECT, related_name="grievances", verbose_name=_("unit"))
    unit_path = PathField(editable=False)
    household = models.ForeignKey(
        "orgs.Household",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="grievances",
        verbose_name=_("household"),
    )
    contact = models.ForeignKey(
        "orgs.Contact",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="grievances",
        verbose_name=_("contact"),
    )
    place = models.CharField(_("place"), max_length=120, blank=True)
    lat = models.FloatField(_("latitude"), null=True, blank=True)
    lon = models.FloatField(_("longitude"), null=True, blank=True)
    # Latitude and longitude are WGS-84; this is what they were sent in.
    position_datum = models.CharField(
        _("datum of the position"),
        max_length=8,
        choices=Datum.choices,
        default=Datum.WGS84,
        db_default=Datum.WGS84,
        editable=False,
    )

    filed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="filed", verbose_name=_("filed by")
    )
    # Asked for by who told it: not shown to neighbours as a case like theirs, never published.
    is_private = models.BooleanField(_("kept private"), default=False, db_default=False, editable=False)
    on_behalf = models.BooleanField(_("filed on behalf of the household"), default=False)
    holder_unit = models.ForeignKey(
        "orgs.Unit",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="held",
        verbose_name=_("held by unit"),
    )
    lead_agency = models.ForeignKey(
        "orgs.Agency",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="led",
        verbose_name=_("lead agency"),
    )

    discovered_at = models.DateTimeField(_("discovered at"))
    reported_at = models.DateTimeField(_("reported at"), null=True, blank=True)
    assigned_at = models.DateTimeField(_("assigned at"), null=True, blank=True)
    acknowledged_at = models.DateTimeField(_("acknowledged at"), null=True, blank=True)
    resolved_at = models.DateTimeField(_("resolved at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)

    # The clock of resolving: when it began, its limit (seconds, granted extensions included, counted as `counts`
    # says), how long it was held, when it turns amber and ends, how far its ladder was climbed.
    clock_started_at = models.DateTimeField(null=True, blank=True, editable=False)
    limit = models.PositiveIntegerField(null=True, blank=True, editable=False)
    counts = models.CharField(max_length=8, choices=Counts.choices, blank=True, editable=False)
    paused = models.PositiveIntegerField(default=0, editable=False)
    soon_at = models.DateTimeField(null=True, blank=True, editable=False)
    due_at = models.DateTimeField(_("due at"), null=True, blank=True)
    rung = models.PositiveSmallIntegerField(default=0, editable=False)
    # The clock of the stage that runs beside it: assigning, acknowledging, feedback.
    stage = models.CharField(_("stage"), max_length=12, choices=Stage.choices, blank=True, editable=False)
    stage_started_at = models.DateTimeField(null=True, blank=True, editable=False)
    stage_limit = models.PositiveIntegerField(null=True, blank=True, editable=False)
    stage_counts = models.CharField(max_length=8, choices=Counts.choices, blank=True, editable=False)
    stage_soon_at = models.DateTimeField(null=True, blank=True, editable=False)
    stage_due_at = models.DateTimeField(null=True, blank=True, editable=False)
    stage_rung = models.PositiveSmallIntegerField(default=0, editable=False)
    acknowledge_due_at = models.DateTimeField(_("to be acknowledged by"), null=True, blank=True)
    # Computed with a year whose holidays are not known yet; under which version of the rules; when a rung is due next.
    due_provisional = models.BooleanField(_("provisional"), default=False, editable=False)
    rules_version = models.PositiveIntegerField(default=0, editable=False)
    next_alarm_at = models.DateTimeField(null=True, blank=True, editable=False)
    suspended_at = models.DateTimeField(_("suspended at"), null=True, blank=True)
    review_on = models.DateField(_("review on"), null=True, blank=True)

    result = models.TextField(_("result"), blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("resolved by"),
    )
    settled_by = models.CharField(_("settled by"), max_length=12, choices=SettledBy.choices, blank=True)
    confirmation = models.CharField(_("confirmed how"), max_length=12, choices=Confirmation.choices, blank=True)
    rating = models.PositiveSmallIntegerField(_("rating"), choices=Rating.choices, null=True, blank=True)
    said_resolved = models.BooleanField(_("said to be resolved"), null=True, blank=True)
    round = models.PositiveSmallIntegerField(_("round"), default=1, editable=False)
    reopened_count = models.PositiveSmallIntegerField(_("times reopened"), default=0, editable=False)
    callbacks = models.PositiveSmallIntegerField(_("call-backs"), default=0, editable=False)
    # How many others have it too (me too); who: `joinings`.
    joined_count = models.PositiveIntegerField(_("joined by"), default=0, db_default=0, editable=False)
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="merged", verbose_name=_("merged into")
    )

    # What words are looked for in (`grievances.search`): written with the words, read by the database alone.
    search = LexemesField(null=True, editable=False)

    objects = GrievanceManager()

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=Status.values), name="grievance_status_known"),
            models.CheckConstraint(condition=Q(urgency__in=Urgency.values), name="grievance_urgency_known"),
            models.CheckConstraint(
                condition=~Q(status=Status.CLOSED) | (Q(closed_at__isnull=False) & ~Q(confirmation="")),
                name="grievance_closed_is_confirmed",
            ),
            models.CheckConstraint(
                condition=~Q(status=Status.MERGED) | Q(merged_into__isnull=False), name="grievance_merged_has_target"
            ),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("id")), name="grievance_not_merged_into_itself"
            ),
            models.CheckConstraint(
                condition=Q(rating__isnull=True) | Q(rating__range=(1, 5)), name="grievance_rating_of_five"
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_alarm_at", "id"], condition=Q(next_alarm_at__isnull=False), name="grievance_alarm"
            ),
            # With what durations are counted by over odd days, so that these are read from the index alone.
            models.Index(
                fields=["unit_path", "reported_at"],
                include=["status", "closed_at", "category", "source", "lead_agency"],
                name="grievance_reported_below",
            ),
            # With what stands open is counted by, so that its figures are read from the index alone; the key is what
            # COUNT names and what assignments are joined by.
            models.Index(
                fields=["unit_path", "status", "due_at"],
                include=[
                    *("reported_at", "suspended_at", "category", "lead_agency", "source"),
                    *("soon_at", "stage_soon_at", "stage_due_at", "holder_unit", "unit", "id"),
                ],
                condition=Q(status__in=LIVE),
                name="grievance_live_due",
            ),
            # In the order of lists with what ends first on top: a page of them is walked, not sorted.
            models.Index(RUNS_UNTIL.asc(), "id", condition=Q(status__in=LIVE), name="grievance_runs_until"),
            # Who closed cases of a category in a street: a case comes in when it is closed, so filing pays nothing.
            models.Index(
                fields=["category", "unit_path"],
                include=["reported_at", "lead_agency"],
                condition=Q(status=Status.CLOSED, lead_agency__isnull=False),
                name="grievance_closed_by_kind",
            ),
            models.Index(fields=["holder_unit", "due_at"], condition=Q(status__in=LIVE), name="grievance_holder_due"),
            models.Index(fields=["lead_agency", "due_at"], condition=Q(status__in=LIVE), name="grievance_agency_due"),
            models.Index(fields=["reported_at"], name="grievance_reported"),
            # What was closed on a day, for screens that show it all day long: a day's cases, not a place's years.
            models.Index(
                fields=["closed_at"],
                include=["unit_path"],
                condition=Q(status=Status.CLOSED),
                name="grievance_closed_on",
            ),
            GinIndex(fields=["search"], name="grievance_search"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("case", args=[self.number])

    @property
    def is_live(self) -> bool:
        return self.status in LIVE

    @property
    def suspended(self) -> bool:
        return self.suspended_at is not None

    # Read once for an object: a step works on a freshly locked one, a page shows one moment.

    @cached_property
    def pending_extension(self):
        """The extension that was asked for and not decided; None without one."""
        return self.extensions.select_related("asked_by", "reason").filter(decided_at__isnull=True).first()

    @cached_property
    def pending_suspension(self):
        """The suspension that was asked for and not decided; None without one."""
        return self.suspensions.select_related("asked_by", "reason", "unit").filter(decided_at__isnull=True).first()

    @cached_property
    def urgings(self) -> list:
        """Every yellow and red card, and whatever was sent by hand, the oldest first."""
        shown = self.escalations.select_related("unit", "agency", "by", "answered_by", "withdrawn_by")
        return list(shown.filter(Q(card__in=ANSWERED_CARDS) | Q(rung__isnull=True)).order_by("at", "pk"))

    @cached_property
    def blown(self) -> list:
        """Every whistle with its calls, the oldest first."""
        shown = self.whistles.select_related("by", "unit", "recorded_by")
        return list(shown.prefetch_related("calls__agency", "calls__arrived_by", "calls__released_by").order_by("pk"))

    @property
    def open_whistle(self):
        """The whistle that is not over; None without one."""
        return next((one for one in self.blown if one.ended_at is None), None)

    @cached_property
    def helping(self) -> list:
        """The co-handlers in force, in the order they came."""
        return list(self.assignments.helping().select_related("agency", "done_by").order_by("pk"))

    @property
    def cards(self) -> list:
        """Every yellow and red card, the oldest first."""
        return [one for one in self.urgings if one.is_card]

    @property
    def is_running(self) -> bool:
        """Whether the clock runs: somebody other than the household has to act, and it is not suspended."""
        return self.status in RUNNING and self.suspended_at is None

    def is_overdue(self, *, at: datetime) -> bool:
        """Say whether the running deadline has passed at `at`."""
        return self.is_running and self.due_at is not None and self.due_at < at

    # A change of any of these changes what `search` must hold.
    SEARCHED = frozenset({"title", "description", "place", "household", "number", "category", "reported_at"})

    def lexemes(self) -> str:
        """Return what `search` must hold for the case as it is now."""
        door = self.household.label if self.household_id else ""
        return search.lexemes(
            self.title,
            self.description,
            self.place,
            door,
            number=self.number,
            unit_path=self.unit_path,
            category=self.category_id,
            reported_on=local_day(self.reported_at) if self.reported_at else None,
        )

    @property
    def unit_name(self) -> str:
        return self.unit.name

    @property
    def category_name(self) -> str:
        return str(self.category) if self.category else ""


class NumberBase(models.Model):
    """Where a day's running numbers begin on the never-resting sequence; one row per day, made by its first case."""

    day = models.DateField(primary_key=True)
    base = models.BigIntegerField()

    class Meta:
        verbose_name = _("number base")
        verbose_name_plural = _("number bases")

    def __str__(self) -> str:
        return f"{self.day}: {self.base}"
