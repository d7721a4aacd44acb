"""What a figure is cut by: the names of top categories, sources and agencies."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from grievances.choices import Source
from grievances.models import Category
from orgs.models import Agency
from reporting.coverage import AGENCY, CATEGORY, SOURCE
from reporting.measures import Counts


def names_of(dimension: str, keys: Iterable[str]) -> dict[str, str]:
    """Return the words for each key of the dimension; "" is those without."""
    keys = list(keys)
    if dimension == SOURCE:
        return {key: str(Source(key).label) if key in Source.values else key for key in keys}
    numbers = [int(key) for key in keys if key]
    model, without = {
        CATEGORY: (Category, _("Not classified yet")),
        AGENCY: (Agency, _("Without an agency")),
    }[dimension]
    found = {str(one.pk): str(one) for one in model.objects.filter(pk__in=numbers)} if numbers else {}
    return {key: found.get(key, key) if key else without for key in keys}


def most_first(parts: dict[str, Counts]) -> list[tuple[str, Counts]]:
    """Return the parts that have cases, most cases first."""
    some = [(key, counts) for key, counts in parts.items() if counts.cases["accepted"]]
    return sorted(some, key=lambda part: (-part[1].cases["accepted"], part[0]))
