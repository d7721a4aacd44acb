"""How long open cases have been open: pure but for the conditions' shape.

An age is whole times 24 hours since the case was reported; a case on the border of two belongs to the older one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q


@dataclass(frozen=True, slots=True)
class Age:
    """Open since `over` days up to less than `under` days; None: no end."""

    over: int
    under: int | None

    @property
    def key(self) -> str:
        return str(self.over)

    def condition(self, now: datetime) -> Q:
        """Return the condition on a case's moment of reporting at `now`."""
        found = Q(reported_at__lte=now - timedelta(days=self.over)) if self.over else Q()
        return found & Q(reported_at__gt=now - timedelta(days=self.under)) if self.under is not None else found


_ENDS = (1, 3, 7, 15, 30)
AGES = tuple(Age(over, under) for over, under in zip((0, *_ENDS), (*_ENDS, None), strict=True))
BY_KEY = {age.key: age for age in AGES}
