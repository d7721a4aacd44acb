"""The organisation's tables, one module per noun."""

from orgs.models.agencies import Agency
from orgs.models.boundaries import Boundary
from orgs.models.calendar import CalendarYear, RuleChange, WorkCalendarDay
from orgs.models.contacts import Contact, ContactReveal
from orgs.models.doors import Door
from orgs.models.people import Post, User
from orgs.models.units import Household, Unit

__all__ = [
    "Agency",
    "Boundary",
    "CalendarYear",
    "Contact",
    "ContactReveal",
    "Door",
    "Household",
    "Post",
    "RuleChange",
    "Unit",
    "User",
    "WorkCalendarDay",
]
