"""App config of the case: workflow, policies, deadlines, services, pages, API, desk."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class GrievancesConfig(AppConfig):
    name = "grievances"
    verbose_name = _("Cases")
