"""manage.py import_divisions FILE.csv: make the tree hold the official divisions of the file."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from linjiang.common.errors import LinjiangError
from orgs.services.divisions import InvalidDivisions, import_divisions
from orgs.services.system import system_user


class Command(BaseCommand):
    help = "Import divisions from a CSV with the columns code,level,name,parent_code (see orgs/data/divisions)."

    def add_arguments(self, parser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args, **options) -> None:
        try:
            counts = import_divisions(actor=system_user(), text=_read(options["file"]))
        except InvalidDivisions as error:
            for bad in error.lines:
                self.stderr.write(f"line {bad.line}: {bad.reason}")
            raise CommandError(f"bad lines: {len(error.lines)}; nothing was imported") from error
        except LinjiangError as error:
            raise CommandError(str(error.message)) from error
        levels = ", ".join(f"{count} {level}" for level, count in counts.units_by_level.items())
        self.stdout.write(f"in the file: {levels}")
        self.stdout.write(f"created {counts.created}, renamed {counts.renamed}, unchanged {counts.unchanged}")


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
    raise CommandError(f"{path} is not text in UTF-8 or GB 18030")
