"""Messages at the desk: one's own, read-only, with whether they were delivered and read."""

from django.contrib import admin
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter

from grievances.telling import Told, told
from linjiang.desk import WORK, DeskAdmin, desk_site
from notifications.inbox import folded_into
from notifications.models import Message


class StateFilter(DropdownFilter):
    """Waiting, delivered but not read, read."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request, model_admin):
        return [("waiting", _("Waiting")), ("unread", _("Unread")), ("read", _("Read"))]

    def queryset(self, request, queryset):
        if self.value() == "waiting":
            return queryset.filter(sent_at__isnull=True)
        if self.value() == "unread":
            return queryset.filter(sent_at__isnull=False, read_at__isnull=True)
        return queryset.filter(read_at__isnull=False) if self.value() == "read" else queryset


@admin.register(Message, site=desk_site)
class MessageAdmin(DeskAdmin):
    """The messages to the person at the desk; nobody else's, whatever the post."""

    desk_group, desk_order, desk_icon = WORK, 20, "mail"
    list_display = ("words", "created_at", "state")
    list_display_links = None
    list_filter = (StateFilter,)
    ordering = ("-pk",)
    fields = readonly_fields = ("words", "created_at", "not_before", "sent_at", "read_at", "attempts", "last_error")

    def may_view(self, user) -> bool:
        return user.opens_desk

    def scope(self, queryset, user):
        return queryset.filter(recipient=user, digest__isnull=True)

    def get_changelist_instance(self, request):
        """Put the page's messages into words, as far as the reader may still see their cases."""
        page = super().get_changelist_instance(request)
        page.result_list = list(page.result_list)
        self._tell(page.result_list, request)
        return page

    def get_object(self, request, object_id, from_field=None):
        """Return the message with its words."""
        message = super().get_object(request, object_id, from_field)
        if message is not None:
            self._tell([message], request)
        return message

    def _tell(self, messages: list[Message], request) -> None:
        folded = folded_into(messages)
        words = told([*messages, *(one for many in folded.values() for one in many)], request.user)
        for message in messages:
            message.told = words[message.pk]
            message.parts = [words[one.pk] for one in folded.get(message.pk, ())]

    @admin.display(description=_("message"))
    def words(self, message: Message) -> str:
        now = message.told
        words = format_html('<a class="desk-title" href="{}">{}</a>', now.url, now.words) if now.url else now.words
        if not message.parts:
            return words
        parts = format_html_join("", "<li>{}</li>", ((_linked(part),) for part in message.parts))
        summary = ngettext("Show the %(n)s reminder", "Show the %(n)s reminders", len(message.parts))
        return format_html(
            '{}<details class="desk-folded"><summary>{}</summary><ul>{}</ul></details>',
            words,
            summary % {"n": len(message.parts)},
            parts,
        )

    @admin.display(description=_("state"))
    def state(self, message: Message) -> str:
        if message.read_at:
            return gettext("Read")
        if message.sent_at:
            return format_html("<strong>{}</strong>", gettext("Unread"))
        return gettext("Waiting")


def _linked(part: Told) -> str:
    return format_html('<a href="{}">{}</a>', part.url, part.words) if part.url else part.words
