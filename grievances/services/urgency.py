"""Which cases cannot wait until the morning."""

from grievances.choices import Urgency

_URGENT = frozenset({Urgency.TWO_HOURS.value, Urgency.DAY.value})


def is_urgent(urgency: str) -> bool:
    """Say whether messages about a case of this urgency go out at night and one by one: limits round the clock do."""
    return urgency in _URGENT
