"""manage.py escalate_overdue: fire every rung that is due, or list what would fire and why."""

from argparse import ArgumentParser
from datetime import datetime

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from grievances.choices import Rung
from grievances.services.escalation import due_rungs, escalate_overdue
from linjiang.common.clock import now
from orgs.services.system import system_user


class Command(BaseCommand):
    help = "Fire every rung of every overdue case that is due. The worker does the same every minute."

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
            people = "、".join(person.name for person in due.people) or "nobody in office"
            self.stdout.write(
                f"{due.case.number}  {Rung(due.rung).label}: {due.unit} ({people}); "
                f"due {timezone.localtime(due.case.due_at):%Y-%m-%d %H:%M}, "
                f"past by {(at - due.case.due_at).total_seconds() / 3600:.1f} h, "
                f"{due.case.get_status_display()} at {due.case.lead_agency or due.case.holder_unit}"
            )
        self.stdout.write(f"{count} would fire at {timezone.localtime(at):%Y-%m-%d %H:%M}")


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
