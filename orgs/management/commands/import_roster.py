"""manage.py import_roster FILE.xlsx [--apply]: show what a roster of chiefs would change, or change it."""

from pathlib import Path

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from linjiang.common.commands import PipeCommand
from linjiang.common.errors import LinjiangError
from linjiang.common.text import listed
from orgs.profile import profile
from orgs.services.roster import InvalidRoster, RosterPreview, apply_roster, preview_roster
from orgs.services.roster_sheets import BadRow
from orgs.services.system import system_user

_SHOWN = 200


class Command(PipeCommand):
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
            words = _("bad rows: %(count)s; nothing was applied") if options["apply"] else _("bad rows: %(count)s")
            raise CommandError(words % {"count": preview.bad_rows})
        if options["apply"]:
            self.stdout.write(_("Applied."))

    def _print(self, preview: RosterPreview) -> None:
        words = _("%(who)s: %(new)s new, %(changed)s changed, %(over)s handed over, %(same)s unchanged")
        for who, counts in ((_("chiefs"), preview.chiefs), (_("leaders"), preview.leaders)):
            figures = {"new": counts.new, "changed": counts.changed, "over": counts.handed_over}
            self.stdout.write(words % {"who": who, **figures, "same": counts.unchanged})
        units = listed(f"{profile().level_name(level)} {count}" for level, count in preview.units.items()) or _("none")
        words = _("units to make: %(units)s; accounts to make: %(people)s")
        self.stdout.write(words % {"units": units, "people": preview.people})
        if preview.skipped_sheets:
            self.stdout.write(_("sheets without a roster: %(sheets)s") % {"sheets": listed(preview.skipped_sheets)})
        self._list(_("warnings"), preview.warnings)
        self._list(_("bad rows"), preview.bad)

    def _list(self, title: str, rows: tuple[BadRow, ...]) -> None:
        if not rows:
            return
        self.stdout.write(f"{title} ({len(rows)}):")
        for bad in rows[:_SHOWN]:
            row = _("row %(number)s") % {"number": bad.row}
            self.stdout.write(f"  {bad.sheet} | {row} | {bad.column} | {bad.reason}")
        if len(rows) > _SHOWN:
            self.stdout.write(_("  … and %(count)s more") % {"count": len(rows) - _SHOWN})
