"""manage.py load_categories FILE.csv [--retire]: take over the categories of the file."""

from pathlib import Path

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from grievances.services.defaults import dump_categories, load_categories
from linjiang.common.commands import PipeCommand
from linjiang.common.errors import InvalidInput
from orgs.services.system import system_user


class Command(PipeCommand):
    help = "Load the category tree from CSV (see grievances/data/categories.csv), or print it with --dump."

    def add_arguments(self, parser) -> None:
        parser.add_argument("file", nargs="?", type=Path)
        parser.add_argument("--retire", action="store_true", help="take out of use what the file does not have")
        parser.add_argument("--dump", action="store_true", help="print the present tree as CSV instead")

    def handle(self, *args, **options) -> None:
        if options["dump"]:
            self.stdout.write(dump_categories(), ending="")
            return
        if options["file"] is None:
            raise CommandError(_("name a CSV file, or use --dump"))
        try:
            text = options["file"].read_text("utf-8")
            counts = load_categories(actor=system_user(), text=text, retire_missing=options["retire"])
        except OSError as error:
            raise CommandError(str(error)) from error
        except InvalidInput as error:
            raise CommandError(error.message) from error
        self.stdout.write(
            _(
                "new: %(new)s, changed: %(changed)s, unchanged: %(unchanged)s, not in the file: %(missing)s, "
                "taken out of use: %(retired)s"
            )
            % counts
        )
