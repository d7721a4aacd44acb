"""manage.py load_defaults: categories, reasons, reply templates and public holidays that come with it, once."""

from django.utils.translation import gettext as _

from grievances.services.defaults import load_shipped_defaults
from linjiang.common.commands import PipeCommand
from orgs.services.system import system_user


class Command(PipeCommand):
    help = "Load the categories, reasons, reply templates and public holidays that come with it, where there are none."

    def handle(self, *args, **options) -> None:
        counts = load_shipped_defaults(actor=system_user())
        words = _(
            "categories: %(categories)s new, reasons: %(reasons)s new, reply templates: %(replies)s new, "
            "years of the work calendar: %(years)s new"
        )
        self.stdout.write(words % counts)
