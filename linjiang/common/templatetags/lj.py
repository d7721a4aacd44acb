"""Template tags and filters of the one look: icons, dates and numbers in words, deadlines, form fields.

Load with `{% load lj %}`. What each component expects is written in the head of its template and in
docs/design-system.md.
"""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from django import forms, template
from django.forms.boundfield import BoundField
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import dateformat, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from linjiang.common.text import Moment
from linjiang.common.text import listed as list_in_words

register = template.Library()

NOTHING = "—"

STATUS_ICONS = {
    "DISCOVERED": "eye",
    "REPORTED": "send",
    "ASSIGNED": "user-check",
    "IN_PROGRESS": "hourglass",
    "RESOLVED": "circle-check",
    "CLOSED": "check-check",
    "REJECTED": "ban",
    "WITHDRAWN": "undo-2",
    "MERGED": "merge",
    "SUSPENDED": "circle-pause",
}
FINISHED = frozenset({"CLOSED", "REJECTED", "WITHDRAWN", "MERGED"})

STEPS = (
    ("DISCOVERED", gettext_lazy("Discover")),
    ("REPORTED", gettext_lazy("Report")),
    ("ASSIGNED", gettext_lazy("Assign")),
    ("IN_PROGRESS", gettext_lazy("Resolve")),
    ("RESOLVED", gettext_lazy("Feedback")),
)


@register.simple_tag
def icon(name: str, size: str = "", title: str = "") -> SafeString:
    """Draw the Lucide icon `name` from the sprite.

    `size` is "", "sm", "lg" or "xl". Without a `title` the icon is decoration and hidden from screen readers.
    """
    return _drawn(str(name), str(size), str(title))


@lru_cache(maxsize=512)
def _drawn(name: str, size: str, title: str) -> SafeString:
    """Draw each icon once per process: a list shows the same few again and again."""
    modifier = f" icon--{size}" if size else ""
    href = f"{static('icons/lucide.svg')}#{name}"
    if title:
        return format_html(
            '<svg class="icon{}" role="img" aria-label="{}"><title>{}</title><use href="{}"></use></svg>',
            modifier,
            title,
            title,
            href,
        )
    return format_html(
        '<svg class="icon{}" aria-hidden="true" focusable="false"><use href="{}"></use></svg>', modifier, href
    )


@register.filter
def status_icon(status: str) -> str:
    """Return the icon that stands for a case status (a code of the workflow), or a plain dot."""
    return STATUS_ICONS.get(str(status), "circle-dot")


@register.simple_tag
def status_chip(status: str, label: str) -> SafeString:
    """Draw what components/status_chip.html draws, without a template for each row of a list."""
    return format_html(
        '<span class="chip chip--{}">{}<span>{}</span></span>',
        str(status).lower(),
        icon(status_icon(status), "sm"),
        label,
    )


@register.filter
def is_finished(status: str) -> bool:
    """Say whether a case in this status has no deadline any more."""
    return str(status) in FINISHED


@register.simple_tag
def steps_for(status: str) -> list[dict[str, object]]:
    """Return the five steps as dicts of number, label and state (`done`, `current` or `todo`) for a case status.

    A closed case has done them all; one rejected, withdrawn or merged stopped when it was reported: no step is current.
    """
    codes = [code for code, _label in STEPS]
    status = str(status)
    if status == "CLOSED":
        reached = len(codes)
    elif status in FINISHED:
        reached = 2
    else:
        reached = codes.index(status) if status in codes else 0
    stopped = status in FINISHED
    return [
        {
            "number": number + 1,
            "label": label,
            "state": "done" if number < reached else "current" if number == reached and not stopped else "todo",
        }
        for number, (_code, label) in enumerate(STEPS)
    ]


# Dates and numbers


def _local(moment: datetime) -> datetime:
    return timezone.localtime(moment) if timezone.is_aware(moment) else moment


@register.filter
def cn_datetime(moment: datetime | None) -> str:
    """Return day and time in the city's time zone: 11月22日 14:05, in English 22 Nov 14:05.

    The year is added when it is not this one.
    """
    if not isinstance(moment, datetime):
        return ""
    return str(Moment(moment))


@register.filter
def cn_date(day: date | datetime | None) -> str:
    """Return the day in the city's time zone: 11月22日, in English 22 Nov; with the year when not this one."""
    if not isinstance(day, date):
        return ""
    local = _local(day) if isinstance(day, datetime) else day
    if local.year == timezone.localtime().year:
        pattern = pgettext("date format", "j M")
    else:
        pattern = pgettext("date format", "j M Y")
    return dateformat.format(local, pattern)


@register.filter
def listed(things: Iterable[object]) -> str:
    """Return the things as the language lists them: 甲、乙, in English A, B."""
    return list_in_words(things)


@register.filter
def rate(value: float | Decimal | None) -> str:
    """Return a share as per cent with two decimals: 0.9904 → "99.04 %"; None (no denominator) → "—".

    A share that is not quite all, or not quite nothing, is never rounded to 100.00 or 0.00.
    """
    if value is None or value == "":
        return NOTHING
    share = Decimal(str(value)) * 100
    shown = share.quantize(Decimal("0.01"), ROUND_HALF_UP)
    if share < 100 <= shown:
        shown = Decimal("99.99")
    elif shown <= 0 < share:
        shown = Decimal("0.01")
    return f"{shown} %"


@register.filter
def thousands(number: float | None) -> str:
    """Return a count with commas: 208000 → "208,000"; None → "—"."""
    return NOTHING if number is None or number == "" else f"{number:,}"


@register.filter
def duration_hours(hours: float | Decimal | None) -> str:
    """Return a duration given in hours in words: minutes below one hour, hours below two days, then days."""
    if hours is None or hours == "":
        return NOTHING
    value = float(hours)
    if value < 1:
        minutes = round(value * 60)
        return ngettext("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes}
    if value < 48:
        return _("%(count)s hours") % {"count": f"{value:.1f}".removesuffix(".0")}
    return _("%(count)s days") % {"count": f"{value / 24:.1f}".removesuffix(".0")}


@register.filter
def mask_phone(number: str | None) -> str:
    """Hide the middle of a phone number: 138****5678; a short one keeps only its last two digits."""
    digits = str(number or "").strip()
    if len(digits) >= 11:
        return f"{digits[:3]}****{digits[-4:]}"
    return f"{'*' * (len(digits) - 2)}{digits[-2:]}" if len(digits) > 2 else "*" * len(digits)


# Deadlines


@register.simple_tag
def due(clock) -> SafeString:
    """Draw the clock of a case that presses (`grievances.stages.Pressing`) without a template for each row."""
    stage = format_html('<span class="due__stage">{}</span>', clock.label) if clock.label else ""
    mark = _drawn_provisional() if clock.is_provisional else ""
    return format_html(
        '<span class="due due--{}">{}{}{}</span>{}', clock.state, icon(clock.icon, "sm"), stage, clock.words, mark
    )


def _drawn_provisional() -> str:
    return render_to_string("components/provisional.html")


# Form fields


@register.inclusion_tag("components/field.html")
def field(bound: BoundField, icons: str = "", hint: str = "") -> dict[str, object]:
    """Render a form field with label, help and errors tied to the control by `aria-describedby`.

    `icons` are icon names, one per option of a radio group, parted by spaces; `hint` replaces the field's help text.
    """
    widget = bound.field.widget
    kind = _kind(widget)
    help_text = hint or bound.help_text
    names = [name for name, shown in (("help", help_text), ("error", bound.errors)) if shown]
    describedby = " ".join(f"{bound.auto_id}_{name}" for name in names)
    attrs: dict[str, object] = {"class": f"{widget.attrs.get('class', '')} control control--{kind}".strip()}
    if kind not in {"radios", "checks"} and describedby:
        attrs["aria-describedby"] = describedby
    if bound.errors and kind not in {"radios", "checks"}:
        attrs["aria-invalid"] = "true"
    context: dict[str, object] = {
        "field": bound,
        "kind": kind,
        "help_text": help_text,
        "describedby": describedby,
        "required": bound.field.required,
    }
    if kind in {"radios", "checks"}:
        options = list(bound)
        drawings = icons.split() or [""] * len(options)
        context["options"] = list(zip(options, drawings, strict=False))
        context["has_icons"] = bool(icons)
        context["is_wide"] = any(len(str(option.choice_label)) > 8 for option in options)
    else:
        context["is_image"] = "image" in str(widget.attrs.get("accept", ""))
        context["control"] = bound.as_widget(attrs=attrs)
    return context


def _kind(widget: forms.Widget) -> str:
    if widget.is_hidden:
        return "hidden"
    kinds = (
        (forms.CheckboxSelectMultiple, "checks"),
        (forms.RadioSelect, "radios"),
        (forms.CheckboxInput, "check"),
        (forms.FileInput, "file"),
        (forms.Textarea, "textarea"),
        (forms.Select, "select"),
    )
    return next((kind for classes, kind in kinds if isinstance(widget, classes)), "input")
