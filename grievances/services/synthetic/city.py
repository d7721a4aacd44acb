"""A made-up city at full size: real divisions, people in office, a year or more of cases; for sizing and measuring."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from itertools import accumulate
from pathlib import Path
from random import Random

from django.apps import apps
from django.db import connection
from django.utils.translation import gettext as _

from grievances.models import Category, Grievance, Reason
from grievances.services.defaults import load_shipped_defaults
from grievances.services.synthetic import topics
from grievances.services.synthetic.arrivals import days_of
from grievances.services.synthetic.copying import as_text, set_sequences
from grievances.services.synthetic.figures import FIGURES, NEIGHBOURHOODS, Counts, counts_of
from grievances.services.synthetic.organisation import Organisation
from grievances.services.synthetic.removal import emptied_on_failure
from grievances.services.synthetic.rules import read_rules
from grievances.services.synthetic.setting import Place, Setting
from grievances.services.synthetic.tables import bare, connection_parameters
from grievances.services.synthetic.timing import DAY
from grievances.services.synthetic.writer import MODELS
from grievances.services.synthetic.writing import write_cases
from linjiang.common.clock import local_day
from linjiang.common.errors import Conflict
from linjiang.common.text import in_both_languages
from orgs.models import Unit, User
from orgs.services.divisions import import_divisions

PROFILES = ("bozhou",)
MAX_CASES = 10_000_000


@dataclass(frozen=True, slots=True)
class Made:
    """What was made."""

    neighbourhoods: int
    counts: Counts


@dataclass(frozen=True, slots=True)
class Telling:
    """How to tell of progress: `say` a finished part, `count` cases written out of all."""

    say: Callable[[str], None]
    count: Callable[[int, int], None]


def generate_city(
    *,
    actor: User,
    now: datetime,
    grievances: int,
    seed: int,
    telling: Telling,
    profile: str = "bozhou",
    figures: str = "bozhou",
    closed_share: Fraction | None = None,
    neighbourhoods: int = NEIGHBOURHOODS,
    households: bool = False,
    years: int = 1,
    processes: int = 2,
) -> Made:
    """Fill the empty database with a city and `grievances` cases of the `years` years up to the last midnight.

    The same arguments on the same day make the same rows. Indexes and foreign keys of the tables of cases are taken
    off meanwhile. Raise Conflict with nothing changed where units or cases are; whatever else goes wrong leaves the
    database without the city. Not inside a transaction.
    """
    if Unit.objects.exists() or Grievance.objects.exists():
        raise Conflict(_("There are units or cases here already. A made-up city needs an empty database of its own."))
    load_shipped_defaults(actor=actor)
    rng = Random(seed)  # noqa: S311  (a made-up city, not secrets)
    with emptied_on_failure():
        folder = Path(apps.get_app_config("orgs").path) / "data" / "divisions"
        import_divisions(actor=actor, text=(folder / f"{profile}.csv").read_text("utf-8"))
        organisation = Organisation(now=now, rng=rng)
        places = organisation.build(neighbourhoods=neighbourhoods, households=households, say=telling.say)
        counts = counts_of(FIGURES[figures], accepted=grievances, closed_share=closed_share)
        until = local_day(now)
        days = days_of(until=until, days=365 * years, accepted=grievances, open_cases=grievances - counts.closed)
        setting = _setting(places, counts, seed, first=days[0].day, until=until, operator=organisation.operator)
        with bare(list(MODELS.values()), say=telling.say):
            written = 0
            for wrote in write_cases(setting, days, processes=processes, parameters=connection_parameters()):
                written += wrote
                telling.count(written, grievances)
        set_sequences(MODELS.values())
    telling.say("VACUUM ANALYZE")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return Made(len(places), counts)


def _setting(places: list[Place], counts: Counts, seed: int, *, first, until, operator: int) -> Setting:
    categories = list(
        Category.objects.filter(parent__isnull=False, is_active=True, photo_required=False).order_by("code")
    )
    rng = Random(f"{seed}/places")  # noqa: S311  (a made-up city, not secrets)
    return Setting(
        seed=seed,
        counts=counts,
        rules=read_rules(first=first, until=until, categories=categories),
        places=tuple(places),
        place_weights=tuple(accumulate(_busyness(places, rng))),
        topics=tuple(topics.topic(one) for one in categories),
        topic_weights=topics.weights(categories),
        system=str(User.objects.get(is_system=True).pk),
        operator=str(operator),
        reasons={
            kind: (str(reason.pk), as_text({"reason": reason.code, "reason_name": in_both_languages(reason)})[1:-1])
            for kind in ("return", "extend", "close_unanswered")
            for reason in Reason.objects.filter(kind=kind, is_active=True).order_by("position", "pk")[:1]
        },
        end=(until - first).days * DAY,
    )


def _busyness(places: list[Place], rng: Random) -> list[float]:
    """Return how busy each neighbourhood is: streets by a law of Zipf, neighbourhoods of a street by chance."""
    streets = list(dict.fromkeys(place.street.key for place in places))
    rng.shuffle(streets)
    size: dict[str, int] = {}
    for place in places:
        size[place.street.key] = size.get(place.street.key, 0) + 1
    share = {key: 1 / (rank + 4) / size[key] for rank, key in enumerate(streets)}
    return [share[place.street.key] * (0.4 + 1.2 * rng.random()) for place in places]
