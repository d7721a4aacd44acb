"""manage.py import_grievances FILE.csv --unit CODE: take over answered petitions from older records."""

from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from grievances.services.history import HistoryCounts, import_history
from linjiang.common.clock import now
from linjiang.common.errors import LinjiangError
from orgs.models import Unit
from orgs.services.system import system_user


class Command(BaseCommand):
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
        self.stdout.write(f"{unit.name}: {counts.new} new, {counts.unchanged} unchanged")
        if counts.repeated:
            self.stdout.write(f"{counts.repeated} rows say again what an earlier row of the file said")
        if counts.differing:
            lines = ", ".join(str(line) for line in counts.differing[:20])
            self.stdout.write(f"{len(counts.differing)} differ from their case, which was left as it is: lines {lines}")
        for row in counts.skipped:
            self.stdout.write(f"left out, line {row.line}: {row.reason}")


def _unit(given: str) -> Unit:
    code = given.strip()
    codes = {code}
    if code.isdigit() and len(code) == 12:
        # 12-digit division codes and the short ones of upper levels name the same unit.
        codes |= {code[:width] for width in (4, 6, 9) if not code[width:].strip("0")}
    unit = Unit.objects.filter(code__in=codes).order_by("path").first()
    if unit is None:
        raise CommandError(f"--unit {given}: no unit has this division code; see manage.py import_divisions")
    return unit
