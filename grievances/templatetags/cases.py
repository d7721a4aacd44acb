"""Template tag of a case's clock: `{% load cases %}`."""

from datetime import datetime

from django import template

from grievances.models import Grievance
from grievances.stages import Pressing, pressing
from linjiang.common import clock

register = template.Library()


@register.simple_tag
def clock_of(case: Grievance, at: datetime | None = None) -> Pressing | None:
    """Return the clock of the case that presses at `at` (default: this moment), for `{% clock_of case now as d %}`."""
    return pressing(case, at=at or clock.now())
