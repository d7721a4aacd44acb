"""Count what chiefs were asked for, without waiting for the night."""

from django.utils.translation import gettext as _

from linjiang.common import clock
from linjiang.common.commands import PipeCommand
from reporting.services.burden import count_loads


class Command(PipeCommand):
    """Prints how many weeks were counted."""

    help = "Count what chiefs were asked for in the whole weeks that are not counted yet, and the last two again."

    def handle(self, *args, **options) -> None:
        weeks = count_loads(now=clock.now())
        self.stdout.write(_("Weeks counted: %(weeks)s") % {"weeks": weeks})
