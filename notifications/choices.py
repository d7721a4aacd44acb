"""Closed lists of messages and notices."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from orgs.choices import DESK_ROLES, LEADER_ROLES, Role


class Audience(models.TextChoices):
    """To whom below a notice is written."""

    CHIEFS = "chiefs", pgettext_lazy("audience", "Neighbour chiefs")
    LEADERS = "leaders", _("Group and zone leaders")
    ALL = "all", _("Everybody below")


AUDIENCE_ROLES = {
    Audience.CHIEFS: (Role.CHIEF,),
    Audience.LEADERS: (Role.GROUP_LEADER, Role.ZONE_LEADER),
    Audience.ALL: (*LEADER_ROLES, *DESK_ROLES),
}
