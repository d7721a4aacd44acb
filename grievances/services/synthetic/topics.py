"""What cases are about: which categories are frequent, and in which months."""

from collections.abc import Sequence
from itertools import accumulate

from grievances.models import Category
from grievances.services.synthetic.setting import Topic
from grievances.services.synthetic.words import matters

# The shipped categories that come first, by code; the others follow in the order of their codes.
_FREQUENT = (
    *("0501", "0901", "0703", "0506", "0806", "0401", "0604", "0701", "0404", "0801"),
    *("0405", "0302", "0803", "0601", "0305", "1701", "0805", "0704", "1002", "0902"),
    *("0705", "0301", "1003", "0602", "0503", "1101", "1301", "0307", "0402", "1601"),
)
_WINTER = (6.0, 5.0, 2.0, 0.1, 0.05, 0.05, 0.05, 0.05, 0.1, 0.3, 5.0, 6.0)
_RAIN = (0.3, 0.3, 0.5, 0.8, 1.0, 2.0, 4.0, 4.0, 1.5, 0.6, 0.4, 0.3)
_HEAT = (0.6, 0.6, 0.7, 0.8, 1.0, 1.5, 2.5, 2.5, 1.2, 0.8, 0.7, 0.7)
_DARK = (1.5, 1.3, 1.0, 0.9, 0.8, 0.7, 0.7, 0.8, 0.9, 1.1, 1.4, 1.6)
_HARVEST = (0.1, 0.1, 0.1, 0.2, 2.0, 8.0, 0.3, 0.2, 1.5, 6.0, 0.8, 0.1)
_SCHOOL = (0.6, 0.8, 0.8, 1.0, 1.2, 2.0, 3.0, 3.0, 1.5, 0.6, 0.6, 0.6)
_SEASONS = {
    "0805": _WINTER,
    "0704": _RAIN,
    "0109": _RAIN,
    "0806": _RAIN,
    "1505": _RAIN,
    "0803": _HEAT,
    "0506": _HEAT,
    "0504": _HEAT,
    "0703": _DARK,
    "1506": _HARVEST,
    "0503": _HARVEST,
    "1401": _SCHOOL,
}


def topic(category: Category) -> Topic:
    """Return the category as cases are told from it."""
    words = matters(category.name, category.keywords)
    return Topic(category.pk, str(category.pk), category.urgency, words)


def weights(categories: Sequence[Category]) -> tuple[tuple[float, ...], ...]:
    """Return for each month the cumulative weights of `categories`: by a law of Zipf, times the season's."""
    codes = [one.code for one in categories]
    order = [code for code in _FREQUENT if code in codes]
    order += [code for code in codes if code not in _FREQUENT]
    base = {code: 1 / (rank + 5) for rank, code in enumerate(order)}
    return tuple(
        tuple(accumulate(base[code] * (_SEASONS[code][month] if code in _SEASONS else 1.0) for code in codes))
        for month in range(12)
    )
