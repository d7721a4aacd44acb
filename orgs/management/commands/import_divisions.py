"""manage.py import_divisions FILE.csv: make the tree hold the official divisions of the file."""

from pathlib import Path

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from linjiang.common.commands import PipeCommand
from linjiang.common.errors import LinjiangError
from linjiang.common.text import listed
from orgs.choices import Level
from orgs.services.divisions import InvalidDivisions, import_divisions
from orgs.services.system import system_user


class Command(PipeCommand):
    help = "Import divisions from a CSV with the columns code,level,name,parent_code (see orgs/data/divisions)."

    def add_arguments(self, parser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args, **options) -> None:
        try:
            counts = import_divisions(actor=system_user(), text=_read(options["file"]))
        except InvalidDivisions as error:
            for bad in error.lines:
                self.stderr.write(_("Line %(line)s: %(problem)s.") % {"line": bad.line, "problem": bad.reason})
            raise CommandError(_("bad lines: %(count)s; nothing was imported") % {"count": len(error.lines)}) from error
        except LinjiangError as error:
            raise CommandError(str(error.message)) from error
        levels = listed(f"{Level(level).label} {count}" for level, count in counts.units_by_level.items())
        self.stdout.write(_("in the file: %(levels)s") % {"levels": levels})
        words = _("created %(created)s, renamed %(renamed)s, unchanged %(unchanged)s")
        self.stdout.write(words % {"created": counts.created, "renamed": counts.renamed, "unchanged": counts.unchanged})


def _read(path: Path) -> str:
    """Return the file's text: UTF-8, or GB 18030 as Chinese spreadsheets save it."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise CommandError(str(error)) from error
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise CommandError(_("%(file)s is not text in UTF-8 or GB 18030") % {"file": path})
