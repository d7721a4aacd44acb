"""Who handles a case, what the household said, and how it was urged."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from grievances.choices import ANSWERED_CARDS, Card, Rating, Stage, Standing


class Assignment(models.Model):
    """A case given to an agency: one lead in force, any number of co-handlers.

    In force until `ended_at`: returned, reassigned, reopened. A closed case keeps it: the agency still sees its work.
    """

    grievance = models.ForeignKey(
        "grievances.Grievance", on_delete=models.PROTECT, related_name="assignments", verbose_name=_("case")
    )
    agency = models.ForeignKey(
        "orgs.Agency", on_delete=models.PROTECT, related_name="assignments", verbose_name=_("agency")
    )
    is_lead = models.BooleanField(_("lead"), default=True)
    round = models.PositiveSmallIntegerField(_("round"), default=1)
    assigned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("assigned by")
    )
    assigned_at = models.DateTimeField(_("assigned at"))
    acknowledge_due_at = models.DateTimeField(_("to be acknowledged by"), null=True, blank=True)
    acknowledged_at = models.DateTimeField(_("acknowledged at"), null=True, blank=True)
    returned_at = models.DateTimeField(_("returned at"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta:
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["grievance"], condition=Q(is_lead=True, ended_at__isnull=True), name="assignment_one_lead"
            ),
            models.UniqueConstraint(
                fields=["grievance", "agency"], condition=Q(ended_at__isnull=True), name="assignment_agency_once"
            ),
        ]
        indexes = [
            # What an agency may see, without reading the assignments themselves.
            models.Index(
                fields=["agency", "grievance"], condition=Q(ended_at__isnull=True), name="assignment_by_agency"
            )
        ]

    def __str__(self) -> str:
        return f"{self.agency} ← {self.grievance_id}"


class Extension(models.Model):
    """An extension asked for before the limit; granted or refused by community or street staff."""

    grievance = models.ForeignKey(
        "grievances.Grievance", on_delete=models.PROTECT, related_name="extensions", verbose_name=_("case")
    )
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    days = models.PositiveSmallIntegerField(_("days"))
    reason = models.ForeignKey(
        "grievances.Reason", on_delete=models.PROTECT, related_name="+", verbose_name=_("reason")
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    granted = models.BooleanField(null=True, blank=True)

    class Meta:
        verbose_name = _("extension")
        verbose_name_plural = _("extensions")
        constraints = [
            models.UniqueConstraint(
                fields=["grievance"], condition=Q(decided_at__isnull=True), name="extension_one_pending"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.grievance_id} +{self.days}"


class Suspension(models.Model):
    """A suspension (挂账) asked for with a day of review; granted or refused by the level above who asked.

    `unit` is the desk in whose name it was asked; without one it was asked by an agency, and the desk that gave it the
    case decides.
    """

    grievance = models.ForeignKey(
        "grievances.Grievance", on_delete=models.PROTECT, related_name="suspensions", verbose_name=_("case")
    )
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    unit = models.ForeignKey("orgs.Unit", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.ForeignKey(
        "grievances.Reason", on_delete=models.PROTECT, related_name="+", verbose_name=_("reason")
    )
    review_on = models.DateField(_("review on"))
    note = models.TextField(_("note"), blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    granted = models.BooleanField(null=True, blank=True)

    class Meta:
        verbose_name = _("suspension")
        verbose_name_plural = _("suspensions")
        constraints = [
            models.UniqueConstraint(
                fields=["grievance"], condition=Q(decided_at__isnull=True), name="suspension_one_pending"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.grievance_id} until {self.review_on}"


class Feedback(models.Model):
    """What the household said of the result of one round; the resident's link takes one per round."""

    grievance = models.ForeignKey(
        "grievances.Grievance", on_delete=models.PROTECT, related_name="feedback", verbose_name=_("case")
    )
    round = models.PositiveSmallIntegerField(_("round"))
    rating = models.PositiveSmallIntegerField(_("rating"), choices=Rating.choices)
    said_resolved = models.BooleanField(_("resolved"))
    comment = models.TextField(_("comment"), blank=True)
    by = models.CharField(_("given by"), max_length=12, choices=Standing.choices)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("feedback")
        verbose_name_plural = _("feedback")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(rating__range=(1, 5)), name="feedback_rating_of_five"),
            models.UniqueConstraint(
                fields=["grievance", "round"],
                condition=Q(by=Standing.RESIDENT),
                name="feedback_resident_once_per_round",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.grievance_id}: {self.rating}"


class Escalation(models.Model):
    """A rung of the ladder that fired, or an urge or card given by hand; each rung once per deadline.

    A card asks for an answer (整改说明) by `answer_due_at`. Answered in time it is lifted; one shown by mistake is
    withdrawn (撤销), which lifts it too and says who did so and why. That it was shown stays.
    """

    grievance = models.ForeignKey(
        "grievances.Grievance", on_delete=models.PROTECT, related_name="escalations", verbose_name=_("case")
    )
    card = models.CharField(_("kind"), max_length=8, choices=Card.choices)
    stage = models.CharField(_("stage"), max_length=12, choices=Stage.choices, blank=True)
    rung = models.PositiveSmallIntegerField(_("rung"), null=True, blank=True, help_text=_("empty: given by hand"))
    due_at = models.DateTimeField(_("deadline"), null=True, blank=True)
    unit = models.ForeignKey(
        "orgs.Unit", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("told unit")
    )
    agency = models.ForeignKey(
        "orgs.Agency", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("told agency")
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"))
    note = models.TextField(_("note"), blank=True)
    answer_due_at = models.DateTimeField(_("to be answered by"), null=True, blank=True)
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("answered by"),
    )
    answer = models.TextField(_("answer"), blank=True)
    lifted_at = models.DateTimeField(_("lifted at"), null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("withdrawn by"),
    )
    withdrawal = models.TextField(_("why it was withdrawn"), blank=True, default="", db_default="")

    class Meta:
        verbose_name = _("escalation")
        verbose_name_plural = _("escalations")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["grievance", "stage", "due_at", "rung"],
                condition=Q(rung__isnull=False),
                name="escalation_rung_once",
            ),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True) | Q(answered_at__isnull=False) | Q(withdrawn_by__isnull=False),
                name="escalation_lifted_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_by__isnull=True) | Q(lifted_at__isnull=False) & ~Q(withdrawal=""),
                name="escalation_withdrawn_is_lifted",
            ),
        ]
        indexes = [
            # The cards in force, of which there are few: asked of every open case by the desk's tabs.
            models.Index(
                fields=["grievance"],
                condition=Q(card__in=ANSWERED_CARDS, lifted_at__isnull=True),
                name="escalation_in_force",
            )
        ]

    def __str__(self) -> str:
        return f"{self.grievance_id} {self.card}"

    @property
    def is_card(self) -> bool:
        """Whether it is a yellow or red card."""
        return self.card in ANSWERED_CARDS

    @property
    def in_force(self) -> bool:
        """Whether it is a card that was not lifted."""
        return self.is_card and self.lifted_at is None

    @property
    def awaits_answer(self) -> bool:
        """Whether it is a card in force that nobody has answered."""
        return self.in_force and self.answered_at is None
