"""What the big screen of a unit shows at one moment: counts, the last steps, what is overdue; no person, no title."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max
from django.utils import timezone

from grievances.choices import Action, Status
from grievances.models import Grievance, GrievanceEvent
from linjiang.common import clock
from linjiang.common.database import subtree_q
from orgs import tree
from orgs.choices import LEVEL_ORDER, Level
from orgs.models import Unit
from reporting.measures import Measure
from reporting.periods import Period, Step, named
from reporting.services import rates
from reporting.services.card_counts import cases_by_card
from reporting.services.places_below import overdue_below, units_below
from reporting.services.reading import read

DAYS = 14
EVENTS = 7
BARS = 5
_DAY = timedelta(days=1)
# The newest steps of the whole city are walked, so that a place where nothing happens costs no more than another.
_WALKED = 5_000
# Steps worth a line on a wall: what moved a case on, and cards.
TOLD = (
    Action.REPORT,
    Action.RESOLVE_ON_SPOT,
    Action.ASSIGN,
    Action.SETTLE_HERE,
    Action.ACKNOWLEDGE,
    Action.RESOLVE,
    Action.FEEDBACK,
    Action.CLOSE_UNANSWERED,
    Action.REOPEN,
    Action.YELLOW_CARD,
    Action.RED_CARD,
)


@dataclass(frozen=True, slots=True)
class Bar:
    """How many open cases of a unit below are past their limit, of how many."""

    name: str
    overdue: int
    open: int


@dataclass(frozen=True, slots=True)
class Happened:
    """A step of some case: when, which, where (down to the community) and what it is about."""

    at: datetime
    action: str
    place: str
    category: str


@dataclass(frozen=True, slots=True)
class Screen:
    """One moment of a unit; `trend` is the last fourteen days, `bars` the units below with most overdue first."""

    at: datetime
    reported_today: int
    closed_today: int
    open: int
    overdue: int
    closure_rate: Measure
    satisfaction: Measure
    yellow: int
    red: int
    trend: list[rates.Part]
    bars: list[Bar]
    others_overdue: int
    steps: list[Happened]


def screen_of(*, unit: Unit, now: datetime) -> Screen:
    """Return what the screen of the unit shows at `now`; the caller has checked that the unit may be seen."""
    today = clock.local_day(now)
    fortnight = Period(today - (DAYS - 1) * _DAY, today)
    year = named("this_year", today=today)
    found = read(
        unit=unit, periods={"days": fortnight, "year": year, "today": Period(today, today)}, now=now, step=Step.DAY
    )
    of_year = rates.measures(found.totals["year"])
    cards = cases_by_card(unit=unit)
    bars = _bars(unit, now)
    return Screen(
        at=now,
        reported_today=found.totals["today"].cases["accepted"],
        closed_today=_closed_on(unit, Period(today, today)),
        open=found.standing["open"],
        overdue=found.standing["overdue"],
        closure_rate=of_year["closure_rate"],
        satisfaction=of_year["satisfaction"],
        yellow=cards["yellow"],
        red=cards["red"],
        trend=rates.trend_of(found, fortnight),
        bars=bars[:BARS],
        others_overdue=sum(bar.overdue for bar in bars[BARS:]),
        steps=_steps(unit, now),
    )


def _closed_on(unit: Unit, day: Period) -> int:
    start, end = day.moments(timezone.get_default_timezone())
    closed = Grievance.objects.below(unit).filter(status=Status.CLOSED, closed_at__gte=start, closed_at__lt=end)
    return closed.count()


def _bars(unit: Unit, now: datetime) -> list[Bar]:
    below = units_below(unit)
    if not below:
        return []
    late = overdue_below(unit, below, now=now)
    bars = [Bar(one.name, late[one.pk].numerator, late[one.pk].denominator) for one in below]
    return sorted((bar for bar in bars if bar.overdue), key=lambda bar: -bar.overdue)


def _steps(unit: Unit, now: datetime) -> list[Happened]:
    """Return the last steps, of the last day, of cases that may be heard of: not of those told in private."""
    newest = GrievanceEvent.objects.aggregate(pk=Max("pk"))["pk"] or 0
    events = list(
        GrievanceEvent.objects.filter(
            subtree_q(unit.path, field="grievance__unit_path"),
            pk__gt=newest - _WALKED,
            at__range=(now - _DAY, now),
            action__in=TOLD,
            grievance__is_private=False,
        )
        .order_by("-at", "-pk")
        .values_list("at", "action", "grievance__unit_path", "grievance__category__name")[:EVENTS]
    )
    depth = LEVEL_ORDER[Level.COMMUNITY] * tree.SEGMENT
    paths = {path[:depth] for _at, _action, path, _name in events}
    names = dict(Unit.objects.filter(path__in=paths).values_list("path", "name"))
    return [Happened(at, action, names.get(path[:depth], ""), name or "") for at, action, path, name in events]
