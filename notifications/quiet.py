"""Quiet hours: what is not urgent waits until the morning."""

from datetime import datetime, time, timedelta

from django.utils import timezone

from orgs.profile import profile


def earliest(moment: datetime) -> datetime:
    """Return when a message that is not urgent may go out: at once, or at the end of the quiet hours it falls into."""
    begin, end = (time.fromisoformat(profile().messages[name]) for name in ("quiet_from", "quiet_until"))
    local = timezone.localtime(moment)
    at = local.time()
    is_quiet = begin <= at < end if begin <= end else at >= begin or at < end
    if not is_quiet:
        return moment
    day = local.date() + (timedelta(days=1) if at >= end else timedelta())
    return datetime.combine(day, end, local.tzinfo)
