"""manage.py index_search: make cases findable by their words."""

import time

from django.utils.translation import gettext as _

from grievances.services.indexing import index_words
from linjiang.common.commands import PipeCommand


class Command(PipeCommand):
    help = (
        "Write the word index of cases that have none (loaded by other means, or older than the index). "
        "May be stopped and started again at any time."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("--all", action="store_true", help="write it anew for every case")

    def handle(self, *args, **options) -> None:
        began = time.monotonic()
        done = index_words(everything=options["all"], progress=self._progress)
        if self.stdout.isatty():
            self.stdout.write("\r\033[K", ending="")
        taken = f"{time.monotonic() - began:.1f}"
        self.stdout.write(_("%(count)s cases written in %(seconds)s s") % {"count": f"{done:,}", "seconds": taken})

    def _progress(self, done: int, at: int, end: int) -> None:
        """One line that is written over on a terminal; elsewhere a line every hundred batches or so."""
        passed = 100 * at // max(end, 1)
        line = _("%(count)s cases, %(share)s %% of all keys passed") % {"count": f"{done:,}", "share": passed}
        if self.stdout.isatty():
            self.stdout.write(f"\r\033[K  {line} …", ending="")
            self.stdout.flush()
        elif done % 100_000 < 1000:
            self.stdout.write(f"  {line} …")
