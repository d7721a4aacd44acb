"""manage.py escalate_overdue: fire every rung that is due, or list what would fire and why."""

from argparse import ArgumentParser
from datetime import datetime

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from grievances.choices import Card, Stage, Status
from grievances.services.escalation import DueRung, due_rungs, escalate_overdue
from linjiang.common.clock import now
from orgs.services.system import system_user


class Command(BaseCommand):
    help = "Fire every rung of every case's ladder that is due. The worker does the same every minute."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--now", metavar="TIME", help="as of this moment (2026-03-04T09:30), local unless it says")
        parser.add_argument("--dry-run", action="store_true", help="only list what would fire, and why")

    def handle(self, *args, **options) -> None:
        at = _moment(options["now"])
        if not options["dry_run"]:
            self.stdout.write(f"{escalate_overdue(actor=system_user(), now=at)} fired")
            return
        count = 0
        for due in due_rungs(now=at):
            count += 1
            self.stdout.write(_line(due))
        self.stdout.write(f"{count} would fire at {timezone.localtime(at):%Y-%m-%d %H:%M}")


def _line(due: DueRung) -> str:
    rung, case = due.rung, due.case
    when = "on the day of review" if due.stage == Stage.REVIEW else _when(due)
    return (
        f"{case.number}  {Stage(due.stage).label} {Card(rung.card).label} (rung {rung.number}, {when}, "
        f"due since {_clock(due.at)}; limit {_clock(due.due_at)}): "
        f"tells {_people(due)}; {Status(case.status).label} at {case.holder}"
    )


def _people(due: DueRung) -> str:
    if due.is_too_late:
        return "nobody, for it is too late to say “due soon”"
    return "; ".join(
        f"{told.unit.name} ({'、'.join(person.name for person in told.people) or 'nobody in office'})"
        for told in due.told
    )


def _when(due: DueRung) -> str:
    if due.rung.after is None:
        return f"{round(due.rung.share * 100)} % of the limit"
    return f"{due.rung.after.seconds / 3600:g} h of {due.rung.after.counts} past the limit"


def _clock(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}"


def _moment(text: str | None) -> datetime:
    if text is None:
        return now()
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None:
        raise CommandError(f"--now {text}: write it as 2026-03-04T09:30")
    return timezone.make_aware(moment) if timezone.is_naive(moment) else moment
