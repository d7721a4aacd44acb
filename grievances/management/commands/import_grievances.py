"""manage.py import_grievances FILE.csv --unit CODE: take over answered petitions from older records."""

from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from grievances.services.history import HistoryCounts, import_history
from linjiang.common.clock import now
from linjiang.common.commands import PipeCommand
from linjiang.common.errors import LinjiangError
from linjiang.common.text import listed
from orgs.models import Unit
from orgs.services.system import system_user


class Command(PipeCommand):
    help = (
        "Make a closed case with its five steps of every row (columns id,author,title,reported_at,body,reply,"
        "replied_at; UTF-8). Importing again changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--unit", required=True, help="official division code of the unit the cases belong to")
        parser.add_argument("--skip-bad", action="store_true", help="leave bad rows out instead of refusing the file")

    def handle(self, *args, **options) -> None:
        unit = _unit(options["unit"])
        try:
            with options["file"].open(encoding="utf-8", newline="") as lines:
                counts = import_history(
                    actor=system_user(),
                    unit=unit,
                    lines=lines,
                    now=now(),
                    skip_bad=options["skip_bad"],
                    progress=self._progress,
                )
        except OSError as error:
            raise CommandError(str(error)) from error
        except LinjiangError as error:
            raise CommandError(str(error.message)) from error
        self._report(unit, counts)

    def _progress(self, done: int, total: int) -> None:
        if self.stdout.isatty():
            self.stdout.write(f"\r  {done}/{total} …", ending="\n" if done == total else "")
            self.stdout.flush()
        else:
            self.stdout.write(f"  {done}/{total} …")

    def _report(self, unit: Unit, counts: HistoryCounts) -> None:
        words = _("%(unit)s: %(new)s new, %(unchanged)s unchanged")
        self.stdout.write(words % {"unit": unit.name, "new": counts.new, "unchanged": counts.unchanged})
        if counts.repeated:
            words = _("%(count)s rows say again what an earlier row of the file said")
            self.stdout.write(words % {"count": counts.repeated})
        if counts.differing:
            words = _("%(count)s differ from their case, which was left as it is: lines %(lines)s")
            self.stdout.write(words % {"count": len(counts.differing), "lines": listed(counts.differing[:20])})
        for row in counts.skipped:
            self.stdout.write(_("left out, line %(line)s: %(reason)s") % {"line": row.line, "reason": row.reason})


def _unit(given: str) -> Unit:
    code = given.strip()
    codes = {code}
    if code.isdigit() and len(code) == 12:
        # 12-digit division codes and the short ones of upper levels name the same unit.
        codes |= {code[:width] for width in (4, 6, 9) if not code[width:].strip("0")}
    unit = Unit.objects.filter(code__in=codes).order_by("path").first()
    if unit is None:
        words = _("--unit %(given)s: no unit has this division code; see manage.py import_divisions")
        raise CommandError(words % {"given": given})
    return unit
