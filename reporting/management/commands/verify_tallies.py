"""Compare the tallies with the cases."""

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from linjiang.common import clock
from linjiang.common.commands import PipeCommand
from reporting.management.arguments import day_given, not_kept, unit_given
from reporting.services.rebuilding import area_of
from reporting.services.verifying import lines_of, tell_administrators, verify


class Command(PipeCommand):
    """Prints every difference by unit, day and measure; exits with 1 when there is one."""

    help = "Compare the tallies (with the changes not yet folded in) with a recount of the cases."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--unit", help="official division code, id or path of the unit; without it: all units")
        parser.add_argument("--since", help="only the years from that of this day on, as 2026-01-01")
        parser.add_argument("--tell", action="store_true", help="also send system administrators a message")

    def handle(self, *args, **options) -> None:
        unit = unit_given(options["unit"]) if options["unit"] else None
        since = day_given("--since", options["since"]) if options["since"] else None
        try:
            differences = verify(area_of(unit, since))
        except ValueError as error:
            raise CommandError(not_kept(options["unit"])) from error
        if not differences:
            self.stdout.write(_("The tallies are what the cases say."))
            return
        for line in lines_of(differences):
            self.stdout.write(line)
        if options["tell"]:
            tell_administrators(differences, now=clock.now())
        raise CommandError(
            _("%(count)s counts differ. Put them right with: manage.py rebuild_tallies") % {"count": len(differences)}
        )
