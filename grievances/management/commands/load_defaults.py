"""manage.py load_defaults: categories, reasons and public holidays that come with the product, once."""

from django.core.management.base import BaseCommand

from grievances.services.defaults import load_shipped_defaults
from orgs.services.system import system_user


class Command(BaseCommand):
    help = "Load the categories, reasons and public holidays that come with the product, where the database has none."

    def handle(self, *args, **options) -> None:
        counts = load_shipped_defaults(actor=system_user())
        self.stdout.write(
            f"categories: {counts['categories']} new, reasons: {counts['reasons']} new, "
            f"years of the work calendar: {counts['years']} new"
        )
