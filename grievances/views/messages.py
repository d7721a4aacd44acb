"""The in-app inbox."""

from collections.abc import Sequence

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from grievances.telling import Told, told
from linjiang.common.clock import now
from notifications.inbox import folded_into, inbox_of
from notifications.models import Message
from notifications.services import mark_read

PER_PAGE = 30
LAST_PAGE = 1000
_ICONS = {
    "case_resolved": "circle-check",
    "case_closed": "check-check",
    "case_returned": "undo-2",
    "case_redo": "rotate-ccw",
    "case_reopened": "rotate-ccw",
    "yellow_card": "flag",
    "yellow_card_seen": "flag",
    "rung_yellow": "flag",
    "rung_yellow_seen": "flag",
    "red_card": "octagon-alert",
    "red_card_seen": "octagon-alert",
    "rung_red": "octagon-alert",
    "rung_red_seen": "octagon-alert",
    "rung_soon": "alarm-clock",
    "rung_soon_seen": "alarm-clock",
    "rung_past": "circle-alert",
    "rung_past_seen": "circle-alert",
    "digest": "alarm-clock",
    "case_urged": "megaphone",
    "card_answered": "reply",
    "card_withdrawn": "undo-2",
    "suspension_asked": "circle-pause",
    "suspension_refused": "x",
    "case_suspended": "circle-pause",
    "case_resumed": "circle-play",
    "review_due": "circle-pause",
    "extension_asked": "timer",
    "calendar_missing": "calendar",
    "notice": "file-text",
    "overdue_holder": "alarm-clock",
    "overdue_superior": "alarm-clock",
    "overdue_street": "alarm-clock",
}
_OVER = {
    "yellow_card",
    "red_card",
    "rung_past",
    "rung_past_seen",
    "rung_yellow",
    "rung_yellow_seen",
    "rung_red",
    "rung_red_seen",
    "overdue_holder",
    "overdue_superior",
    "overdue_street",
}


@login_required
@require_GET
def inbox(request: HttpRequest) -> HttpResponse:
    """Show what the person was told, unread first, thirty to a page."""
    page = _page_number(request)
    start = (page - 1) * PER_PAGE
    rows = list(inbox_of(request.user, now=now())[start : start + PER_PAGE + 1])
    folded = folded_into(rows[:PER_PAGE])
    words = told([*rows[:PER_PAGE], *(one for many in folded.values() for one in many)], request.user)
    here = reverse("messages")
    context = {
        "entries": [_entry(row, words, folded.get(row.pk, ())) for row in rows[:PER_PAGE]],
        "page": page,
        "prev_url": f"{here}?page={page - 1}" if page > 1 else "",
        "next_url": f"{here}?page={page + 1}" if len(rows) > PER_PAGE else "",
    }
    return render(request, "grievances/messages.html", context)


@login_required
@require_POST
def read(request: HttpRequest) -> HttpResponse:
    """Mark one message (`pk`) or all as read; with `open` go on to what the message is about."""
    given = request.POST.get("pk", "")
    pk = int(given) if given.isascii() and given.isdigit() and len(given) < 18 else None
    if given and pk is None:
        return redirect("messages")
    mark_read(actor=request.user, now=now(), pk=pk)
    if pk is not None and request.POST.get("open"):
        message = Message.objects.filter(recipient=request.user, pk=pk).first()
        url = told([message], request.user)[message.pk].url if message is not None else ""
        if url.startswith("/") and not url.startswith("//"):
            return redirect(url)
    return redirect("messages")


def _page_number(request: HttpRequest) -> int:
    given = request.GET.get("page", "1")
    return min(max(int(given), 1), LAST_PAGE) if given.isascii() and given.isdigit() and len(given) < 9 else 1


def _entry(message: Message, words: dict[int, Told], folded: Sequence[Message]) -> dict:
    told_now = words[message.pk]
    return {
        "pk": message.pk,
        "words": told_now.words,
        "at": message.created_at,
        "url": told_now.url,
        "unread": message.read_at is None,
        "icon": _ICONS.get(message.kind, "bell"),
        "over": message.kind in _OVER,
        "folded": [{"words": words[one.pk].words, "url": words[one.pk].url} for one in folded],
    }
