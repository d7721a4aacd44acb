"""manage.py import_boundaries FILE.geojson: give units their areas on the map."""

from pathlib import Path

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from linjiang.common import clock
from linjiang.common.commands import PipeCommand
from linjiang.common.errors import InvalidInput, LinjiangError
from orgs.choices import Datum
from orgs.services.boundaries import CODE, MATCHES, MAX_BYTES, import_boundaries, preview_boundaries
from orgs.services.system import system_user


class Command(PipeCommand):
    help = "Import the areas of units from GeoJSON (Polygon, MultiPolygon), by division code or by name and parent."

    def add_arguments(self, parser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--datum", required=True, choices=Datum.values, help="what the file's positions are in")
        parser.add_argument("--match", default=CODE, choices=MATCHES)
        parser.add_argument("--dry-run", action="store_true", help="only say what it would do")

    def handle(self, *args, **options) -> None:
        path, how = options["file"], {"datum": options["datum"], "match": options["match"]}
        try:
            raw = _read(path)
            if options["dry_run"]:
                plan = preview_boundaries(actor=system_user(), raw=raw, **how)
            else:
                plan = import_boundaries(actor=system_user(), raw=raw, source=path.name, now=clock.now(), **how)
        except InvalidInput as error:
            raise CommandError("\n".join(str(words) for words in error.errors.values())) from error
        except LinjiangError as error:
            raise CommandError(str(error.message)) from error
        for one in plan.unmatched:
            words = {"number": one.number, "name": one.name or "—", "reason": one.reason}
            self.stderr.write(_("Left out: feature %(number)s, %(name)s: %(reason)s") % words)
        counts = {"new": plan.new, "replaced": plan.replaced, "left": len(plan.unmatched)}
        words = _("new areas %(new)s, replaced %(replaced)s, left out %(left)s")
        self.stdout.write((_("Only looked: ") if options["dry_run"] else "") + words % counts)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CommandError(str(error)) from error
