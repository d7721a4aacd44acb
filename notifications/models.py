"""The outbox: a message is a row written in the transaction of the change it tells of."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from notifications.choices import Audience
from orgs.models import Unit


class Message(models.Model):
    """One message to one person, kept as kind and facts and put into words in the reader's language.

    Waiting until `sent_at` is set; `key` makes each message happen once. A lost broker loses nothing: delivery
    sweeps this table.
    """

    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="inbox", verbose_name=_("to")
    )
    kind = models.CharField(_("kind"), max_length=40)
    facts = models.JSONField(default=dict, blank=True)
    url = models.CharField(max_length=200, blank=True)
    key = models.CharField(max_length=120, unique=True)
    created_at = models.DateTimeField(_("at"))
    not_before = models.DateTimeField(_("not before"))
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    read_at = models.DateTimeField(_("read at"), null=True, blank=True)
    is_urgent = models.BooleanField(_("urgent"), default=True, help_text=_("never waits for the morning, never folded"))
    digest = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="folded",
        verbose_name=_("folded into"),
    )
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    last_error = models.CharField(_("last error"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["not_before", "id"], condition=Q(sent_at__isnull=True), name="message_unsent"),
            models.Index(fields=["digest"], condition=Q(digest__isnull=False), name="message_folded"),
            models.Index(fields=["recipient", "-id"], condition=Q(digest__isnull=True), name="message_by_recipient"),
            models.Index(
                fields=["recipient"], condition=Q(read_at__isnull=True, digest__isnull=True), name="message_unread"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} → {self.recipient_id}"


class Heartbeat(models.Model):
    """When a background process last gave a sign of life; /healthz reads it."""

    name = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")

    def __str__(self) -> str:
        return f"{self.name} {self.at:%H:%M:%S}"


class Notice(models.Model):
    """A notice from above (上情下达): what a unit tells the people in office below it.

    `reached` is how many were in office there when it was written, `read_count` how many of them opened it: two
    numbers that are kept, so that a list of notices counts nothing.

    An important one is also sent as a message to each, in blocks by the people's keys: `sent_up_to` is the last key
    that was written to, `sent_count` how many, `sent_at` when all were.
    """

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="notices", verbose_name=_("from"))
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="notices", verbose_name=_("written by")
    )
    title = models.CharField(_("title"), max_length=80)
    text = models.TextField(_("text"), max_length=4000)
    audience = models.CharField(_("for"), max_length=8, choices=Audience.choices)
    until = models.DateField(_("holds until"), null=True, blank=True)
    is_important = models.BooleanField(_("important"), default=False)
    created_at = models.DateTimeField(_("at"))
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)
    reached = models.PositiveIntegerField(_("people reached"), default=0)
    read_count = models.PositiveIntegerField(_("people who read it"), default=0)

    sent_up_to = models.BigIntegerField(default=0, editable=False)
    sent_count = models.PositiveIntegerField(_("messages written"), default=0)
    sent_at = models.DateTimeField(_("all messages written at"), null=True, blank=True)

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["unit", "-id"], name="notice_by_unit"),
            models.Index(fields=["id"], condition=Q(is_important=True, sent_at__isnull=True), name="notice_unsent"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(audience__in=Audience.values), name="notice_audience_known"),
        ]

    def __str__(self) -> str:
        return self.title


class NoticeRead(models.Model):
    """That a person has opened a notice, to count it once and to show the person what is new.

    It says no moment, and no page, desk, API or export shows whose it is.
    """

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)

    class Meta:
        verbose_name = _("notice read")
        verbose_name_plural = _("notices read")
        constraints = [models.UniqueConstraint(fields=["user", "notice"], name="notice_read_once")]

    def __str__(self) -> str:
        return str(self.notice_id)
