"""manage.py index_search: make cases findable by their words."""

import time

from django.core.management.base import BaseCommand

from grievances.services.indexing import index_words


class Command(BaseCommand):
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
        self.stdout.write(f"{done:,} cases written in {time.monotonic() - began:.1f} s")

    def _progress(self, done: int, at: int, end: int) -> None:
        """One line that is written over on a terminal; elsewhere a line every hundred batches or so."""
        line = f"{done:,} cases, {100 * at // max(end, 1)} % of all keys passed"
        if self.stdout.isatty():
            self.stdout.write(f"\r\033[K  {line} …", ending="")
            self.stdout.flush()
        elif done % 100_000 < 1000:
            self.stdout.write(f"  {line} …")
