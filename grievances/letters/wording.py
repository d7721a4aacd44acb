"""What the letters have in common: moments with their year, numbers, numbered requirements, masked words."""

from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from grievances.letters.reading import Material, full_day
from linjiang.common.clock import local_day
from linjiang.common.text import hide_numbers


def full_moment(moment: datetime | None) -> str:
    """Return day and time with the year: 2026年11月28日 14:05; "—" for none."""
    if moment is None:
        return "—"
    return _("%(day)s %(time)s") % {"day": full_day(moment), "time": timezone.localtime(moment).strftime("%H:%M")}


def own_words(text: str, about: Material) -> str:
    """Return what somebody typed; numbers in it are starred unless the contact was revealed for this letter."""
    return text.strip() if about.is_revealed else hide_numbers(text.strip())


def letter_number(wording: str, about: Material, *, at: datetime, part: int = 1) -> str:
    """Return the letter's number after `wording` with its year and case; `part` tells later letters of a case apart."""
    number = about.case.number if part <= 1 else f"{about.case.number}-{part}"
    return wording % {"year": local_day(at).year, "number": number}


def numbered(points: Sequence[str]) -> str:
    """Return the points as paragraphs: 1. …"""
    return "\n".join(f"{place}. {point}" for place, point in enumerate(points, 1))


def facts(*rows: tuple[str, object]) -> tuple[tuple[str, str], ...]:
    """Return the rows that have something to say."""
    return tuple((what, str(how)) for what, how in rows if how not in (None, ""))
