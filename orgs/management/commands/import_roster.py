"""manage.py import_roster FILE.xlsx [--apply]: show what a roster of chiefs would change, or change it."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from linjiang.common.errors import LinjiangError
from orgs.services.roster import InvalidRoster, RosterPreview, apply_roster, preview_roster
from orgs.services.roster_sheets import BadRow
from orgs.services.system import system_user

_SHOWN = 200


class Command(BaseCommand):
    help = "Preview a roster of neighbour chiefs (.xlsx); with --apply, import it in one transaction."

    def add_arguments(self, parser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--apply", action="store_true", help="apply it; refused while any row is bad")

    def handle(self, *args, **options) -> None:
        try:
            raw = options["file"].read_bytes()
        except OSError as error:
            raise CommandError(str(error)) from error
        run = apply_roster if options["apply"] else preview_roster
        try:
            preview = run(actor=system_user(), file=raw)
        except InvalidRoster as error:
            preview = error.preview
        except LinjiangError as error:
            raise CommandError(str(error.message)) from error
        self._print(preview)
        if preview.bad:
            refused = "; nothing was applied" if options["apply"] else ""
            raise CommandError(f"bad rows: {preview.bad_rows}{refused}")
        if options["apply"]:
            self.stdout.write("Applied.")

    def _print(self, preview: RosterPreview) -> None:
        self.stdout.write(f"{'':12}{'new':>10}{'changed':>10}{'handed over':>14}{'unchanged':>12}")
        for name, counts in (("chiefs", preview.chiefs), ("leaders", preview.leaders)):
            figures = f"{counts.new:>10}{counts.changed:>10}{counts.handed_over:>14}{counts.unchanged:>12}"
            self.stdout.write(f"{name:12}{figures}")
        units = ", ".join(f"{count} {level}" for level, count in preview.units.items()) or "none"
        self.stdout.write(f"units to make: {units}; accounts to make: {preview.people}")
        if preview.skipped_sheets:
            self.stdout.write(f"sheets without a roster: {', '.join(preview.skipped_sheets)}")
        self._list("warnings", preview.warnings)
        self._list("bad rows", preview.bad)

    def _list(self, title: str, rows: tuple[BadRow, ...]) -> None:
        if not rows:
            return
        self.stdout.write(f"{title} ({len(rows)}):")
        for bad in rows[:_SHOWN]:
            self.stdout.write(f"  {bad.sheet} | row {bad.row} | {bad.column} | {bad.reason}")
        if len(rows) > _SHOWN:
            self.stdout.write(f"  … and {len(rows) - _SHOWN} more")
