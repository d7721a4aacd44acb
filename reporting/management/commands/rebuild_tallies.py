"""Count the tallies anew from the cases."""

import time

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from linjiang.common.commands import PipeCommand
from reporting.management.arguments import day_given, not_kept, unit_given
from reporting.services.rebuilding import area_of, rebuild


class Command(PipeCommand):
    """Puts the tallies right while everything goes on running; see docs/measures.md."""

    help = "Count the tallies of all units, or of one unit and those below it, anew from the cases."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--unit", help="official division code, id or path of the unit; without it: all units")
        parser.add_argument("--since", help="only the years from that of this day on, as 2026-01-01")

    def handle(self, *args, **options) -> None:
        unit = unit_given(options["unit"]) if options["unit"] else None
        since = day_given("--since", options["since"]) if options["since"] else None
        try:
            area = area_of(unit, since)
        except ValueError as error:
            raise CommandError(not_kept(options["unit"])) from error
        begun = time.monotonic()
        wrong = rebuild(area, progress=self._progress)
        taken = f"{time.monotonic() - begun:.1f}"
        self.stdout.write(_("%(count)s rows put right in %(seconds)s s") % {"count": wrong, "seconds": taken})

    def _progress(self, done: int, total: int, what: str) -> None:
        bar = "#" * (20 * done // total)
        self.stdout.write(f"[{bar:<20}] {done}/{total} {what}")
