"""manage.py demo: load the demo city, or print its sign-ins."""

import time
import unicodedata
from datetime import datetime
from datetime import time as clock_time

from django.conf import settings
from django.core.management.base import CommandError
from django.utils import timezone
from django.utils.dateparse import parse_date

from grievances.services.demo import PASSWORD, demo_accounts, load_demo, resident_link
from grievances.services.demo.city import SEED
from linjiang.common.clock import now
from linjiang.common.commands import PipeCommand
from linjiang.common.errors import Conflict
from orgs.services.system import system_user


class Command(PipeCommand):
    help = "Fill an empty database with the demo city (real divisions of Bozhou, made-up people and cases)."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--accounts", action="store_true", help="only print one sign-in per role")
        parser.add_argument("--today", help="the city as of 10:00 on this day (YYYY-MM-DD) instead of this moment")
        parser.add_argument("--seed", type=int, default=SEED, help="another seed gives another city")
        parser.add_argument("--force", action="store_true", help="also where the site is served to the public")

    def handle(self, *args, **options) -> None:
        if options["accounts"]:
            self._print_accounts()
            return
        if settings.SESSION_COOKIE_SECURE and not options["force"]:
            raise CommandError("This is a production site; the demo's password is public. --force loads it anyway.")
        began = time.monotonic()
        try:
            loaded = load_demo(
                actor=system_user(), now=_moment(options["today"]), seed=options["seed"], say=self._progress
            )
        except Conflict as conflict:
            self.stdout.write(str(conflict.message))
            return
        self._progress("")
        self.stdout.write(
            f"Demo city: {loaded.units} units, {loaded.people} people, {loaded.households} households, "
            f"{loaded.cases} cases in {time.monotonic() - began:.1f} s"
        )

    def _progress(self, line: str) -> None:
        """One line that is written over on a terminal, and a line per step elsewhere."""
        if self.stdout.isatty():
            self.stdout.write(f"\r\033[K{'  ' + line + ' …' if line else ''}", ending="")
            self.stdout.flush()
        elif line:
            self.stdout.write(f"  {line} …")

    def _print_accounts(self) -> None:
        accounts = demo_accounts()
        if not accounts:
            self.stdout.write("No demo city here; people sign in with the accounts your administrator made.")
            return
        rows = [("角色", "role", "name", "phone number", "where")]
        rows += [(one.role_zh, one.role_en, one.name, one.phone, one.where) for one in accounts]
        widths = [max(_width(row[column]) for row in rows) for column in range(5)]
        for row in rows:
            cells = (cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True))
            self.stdout.write("  " + "  ".join(cells).rstrip())
        self.stdout.write(f"\n  密码 password for all: {PASSWORD}")
        if link := resident_link():
            self.stdout.write(f"  居民 resident (no account), a result to rate: {link}")


def _moment(day: str | None) -> datetime:
    if day is None:
        return now()
    try:
        parsed = parse_date(day)
    except ValueError:
        parsed = None
    if parsed is None:
        raise CommandError(f"--today {day}: write it as YYYY-MM-DD")
    return timezone.make_aware(datetime.combine(parsed, clock_time(10)))


def _width(text: str) -> int:
    """Return how many columns of a terminal `text` takes: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
