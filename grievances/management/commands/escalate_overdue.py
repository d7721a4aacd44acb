"""manage.py escalate_overdue: fire every rung that is due, or list what would fire and why."""

from argparse import ArgumentParser
from datetime import datetime

from django.core.management.base import CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from grievances.choices import Card, Stage, Status
from grievances.deadlines import WORKDAYS
from grievances.services.escalation import DueRung, due_rungs, escalate_overdue
from grievances.services.whistles import remind_late
from linjiang.common.clock import now
from linjiang.common.commands import PipeCommand
from linjiang.common.text import listed
from orgs.services.system import system_user


class Command(PipeCommand):
    help = "Fire every rung of every case's ladder that is due. The worker does the same every minute."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--now", metavar="TIME", help="as of this moment (2026-03-04T09:30), local unless it says")
        parser.add_argument("--dry-run", action="store_true", help="only list what would fire, and why")

    def handle(self, *args, **options) -> None:
        at = _moment(options["now"])
        if not options["dry_run"]:
            actor = system_user()
            fired = escalate_overdue(actor=actor, now=at) + remind_late(actor=actor, now=at)
            self.stdout.write(_("%(count)s fired") % {"count": fired})
            return
        count = 0
        for due in due_rungs(now=at):
            count += 1
            self.stdout.write(_line(due))
        self.stdout.write(_("%(count)s would fire at %(time)s") % {"count": count, "time": _clock(at)})


def _line(due: DueRung) -> str:
    rung, case = due.rung, due.case
    when = _("on the day of review") if due.stage == Stage.REVIEW else _when(due)
    words = _(
        "%(case)s  %(stage)s %(card)s (rung %(number)s, %(when)s, due since %(since)s; limit %(limit)s): "
        "tells %(people)s; %(status)s at %(holder)s"
    )
    return words % {
        "case": case.number,
        "stage": Stage(due.stage).label,
        "card": Card(rung.card).label,
        "number": rung.number,
        "when": when,
        "since": _clock(due.at),
        "limit": _clock(due.due_at),
        "people": _people(due),
        "status": Status(case.status).label,
        "holder": case.holder,
    }


def _people(due: DueRung) -> str:
    if due.is_too_late:
        return _("nobody, for it is too late to say “due soon”")
    nobody = _("nobody in office")
    return "; ".join(
        f"{told.unit.name} ({listed(person.name for person in told.people) or nobody})" for told in due.told
    )


def _when(due: DueRung) -> str:
    if due.rung.after is None:
        return _("%(share)s %% of the limit") % {"share": round(due.rung.share * 100)}
    hours = f"{due.rung.after.seconds / 3600:g}"
    if due.rung.after.counts == WORKDAYS:
        return _("%(hours)s office hours past the limit") % {"hours": hours}
    return _("%(hours)s hours past the limit") % {"hours": hours}


def _clock(moment: datetime) -> str:
    # Not by "%Y", which some C libraries write without the zeros of a year before 1000.
    return timezone.localtime(moment).replace(tzinfo=None).isoformat(sep=" ", timespec="minutes")


def _moment(text: str | None) -> datetime:
    if text is None:
        return now()
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None:
        raise CommandError(_("--now %(given)s: write it as 2026-03-04T09:30") % {"given": text})
    return timezone.make_aware(moment) if timezone.is_naive(moment) else moment
