"""Loading the demo city, once and whole."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random

from django.apps import apps
from django.db import transaction

from grievances.services import pool_nightly
from grievances.services.defaults import load_shipped_defaults
from grievances.services.demo.accounts import give_accounts
from grievances.services.demo.areas import draw_areas
from grievances.services.demo.history import Chronicle
from grievances.services.demo.organisation import Builder
from grievances.services.demo.present import Present
from grievances.services.demo.published import publish_some
from linjiang.common.clock import local_day
from linjiang.common.errors import Conflict
from orgs.models import Household, Unit, User
from orgs.services.divisions import import_divisions

SEED = 20261122
PAST_CASES = 2400
LIVE_CASES = 85


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was loaded."""

    units: int
    people: int
    households: int
    cases: int


@transaction.atomic
def load_demo(
    *,
    actor: User,
    now: datetime,
    seed: int = SEED,
    past: int = PAST_CASES,
    live: int = LIVE_CASES,
    say: Callable[[str], None] = lambda _line: None,
) -> Loaded:
    """Fill an empty database with the demo city as of `now` and return counts; one transaction.

    The same `seed` and `now` give the same city, but for what must be unguessable (residents' links, passwords).
    Raise Conflict where units exist already: a demo never mixes with a real city.
    """
    if Unit.objects.exists():
        raise Conflict("There is a city in this database already; the demo only fills an empty one.")
    rng = Random(f"{seed} {local_day(now)}")  # noqa: S311  (a made-up city, not a secret)
    load_shipped_defaults(actor=actor)
    say("divisions of Bozhou")
    import_divisions(actor=actor, text=_divisions())
    say("people, bodies, households")
    city = Builder(rng=rng, today=local_day(now)).build()
    give_accounts(city)
    told = Chronicle(city=city, rng=rng, now=now, system=actor).tell(
        count=past, progress=lambda count: say(f"a year of cases {count}/{past}")
    )
    lived = Present(city=city, rng=rng, now=now, system=actor).live(
        count=live, progress=lambda count: say(f"the last days, {count} steps")
    )
    publish_some(now=now)
    say("areas on the map")
    draw_areas(actor=actor, rng=rng, now=now)
    say("matters told by many")
    pool_nightly.find(now=now)
    return Loaded(
        units=Unit.objects.count(),
        people=User.objects.filter(is_system=False).count(),
        households=Household.objects.count(),
        cases=told + lived,
    )


def _divisions() -> str:
    return (Path(apps.get_app_config("orgs").path) / "data" / "divisions" / "bozhou.csv").read_text("utf-8")
