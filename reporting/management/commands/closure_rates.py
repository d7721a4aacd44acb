"""Print every measure of a unit and a period."""

import json

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from linjiang.common import clock
from linjiang.common.commands import PipeCommand
from linjiang.common.templatetags.lj import duration_hours, rate, thousands
from orgs.models import Unit
from reporting.coverage import DIMENSIONS
from reporting.management.arguments import day_given, unit_given
from reporting.measures import KINDS, TIME_TO_CLOSE, TIME_TO_CLOSE_LABEL
from reporting.periods import FIRST_DAY, LAST_DAY, Period
from reporting.services.parts import most_first, names_of
from reporting.services.rates import as_dicts, closure_rates, count_by


class Command(PipeCommand):
    """Prints every measure with its numerator and denominator; see docs/measures.md."""

    help = "Print every measure of a unit (its whole subtree) for cases reported from one day to another."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--unit", required=True, help="official division code, id or path of the unit")
        parser.add_argument("--since", required=True, help="first day, as 2026-01-01")
        parser.add_argument("--until", required=True, help="last day, included")
        parser.add_argument("--by", choices=DIMENSIONS, help="every measure of each category, source or agency as well")
        parser.add_argument("--format", choices=("json", "table"), default="table")

    def handle(self, *args, **options) -> None:
        unit = unit_given(options["unit"])
        since, until = day_given("--since", options["since"]), day_given("--until", options["until"])
        try:
            period = Period(since, until)
            found = closure_rates(unit=unit, since=since, until=until)
        except ValueError as error:
            given = {"since": since, "until": until, "first": FIRST_DAY, "last": LAST_DAY}
            if until < since:
                words = _("--since %(since)s --until %(until)s: a period ends on or after the day it begins")
            else:
                words = _("--since %(since)s --until %(until)s: a period lies between %(first)s and %(last)s")
            raise CommandError(words % given) from error
        parts = _parts(unit, period, options["by"]) if options["by"] else []
        if options["format"] == "json":
            if options["by"]:
                found = {"measures": found, "parts": parts}
            self.stdout.write(json.dumps(found, ensure_ascii=False, indent=2))
            return
        self.stdout.write(f"{unit.name} ({unit.level_name}), {since} – {until}")
        self._table(found)
        for part in parts:
            self.stdout.write(f"\n{part['name']}")
            self._table(part["measures"])

    def _table(self, found: dict) -> None:
        for label, value, parts in _lines(found):
            self.stdout.write(f"{_padded(str(label), 28)}{value:>14}  {parts}".rstrip())


def _parts(unit: Unit, period: Period, dimension: str) -> list[dict]:
    listed = most_first(count_by(dimension, unit=unit, period=period, now=clock.now()))
    names = names_of(dimension, [key for key, _counts in listed])
    return [{"key": key or None, "name": names[key], "measures": as_dicts(counts)} for key, counts in listed]


def _lines(found: dict) -> list[tuple[str, str, str]]:
    lines = []
    for key, kind in KINDS.items():
        measure = found[key]
        if kind.is_count:
            lines.append((kind.label, thousands(measure["value"]), ""))
        else:
            parts = f"{thousands(measure['numerator'])} / {thousands(measure['denominator'])}"
            lines.append((kind.label, rate(measure["value"]), parts))
    took = found[TIME_TO_CLOSE]
    ninety = _("90 %% within %(time)s") % {"time": duration_hours(took["p90_hours"])}
    parts = ninety if took["n"] else ""
    lines.append((TIME_TO_CLOSE_LABEL, duration_hours(took["median_hours"]), parts))
    return lines


def _padded(text: str, width: int) -> str:
    """Fill up with spaces on a screen where a Chinese character is two columns wide."""
    return text + " " * max(1, width - sum(2 if ord(character) > 0x2E7F else 1 for character in text))
