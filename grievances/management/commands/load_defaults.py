"""manage.py load_defaults: categories and reasons that come with the product, once."""

from django.core.management.base import BaseCommand

from grievances.services.defaults import load_shipped_defaults
from orgs.services.system import system_user


class Command(BaseCommand):
    help = "Load the categories and reasons that come with the product, unless the database has some."

    def handle(self, *args, **options) -> None:
        counts = load_shipped_defaults(actor=system_user())
        self.stdout.write(f"categories: {counts['categories']} new, reasons: {counts['reasons']} new")
