"""How long pages take at the server: the test client calls the whole stack, without the network."""

from dataclasses import dataclass, field

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from benchmarks.context import Context, say, timed
from benchmarks.results import Line
from grievances.models import Category, Grievance
from orgs.choices import Level, Role
from orgs.models import Unit, User
from orgs.peers import peer_class
from reporting.services.rates import closure_rates
from reporting.views.panels import PANELS

DASHBOARD, INBOX, CASE = "Dashboard, at the server", "Inbox and search, at the server", "Case page, at the server"
GROWTH = "Growth of p95 since the earlier run"
GROWTH_IN_BARE = "Growth of the median since the earlier run, both as multiples of the bare view"
BARE = "bare Django view, 50 rows"


@dataclass(frozen=True)
class Page:
    """A page as one person opens it, with the milliseconds its 95th percentile may take."""

    section: str
    name: str
    user: User
    url: str
    given: dict = field(default_factory=dict)
    limit: float | None = None


def check_figures(context: Context) -> None:
    """Raise AssertionError when the product does not count the city's closure rate as it was made."""
    city = Unit.objects.get(level=Level.CITY)
    rate = closure_rates(unit=city, **context.year, now=context.moment)["closure_rate"]
    found, wanted = (rate["numerator"], rate["denominator"]), (context.closed, context.cases)
    if found != wanted:
        raise AssertionError(f"the dashboard counts {found}, the city has {wanted}")
    say(f"closure rate: {found[0]:,} / {found[1]:,} = {rate['value']:.2%}")


def run(context: Context) -> list[Line]:
    """Time the pages a city lives on, as the people who open them."""
    check_figures(context)
    lines = []
    for page in [*_bare(), *_dashboards(context), *_inboxes(), *_searches(context), *_case_pages()]:
        say(page.name)
        line = _time(page, context)
        lines.append(line)
        if page.name.startswith("inbox,"):
            ratio = line.at(0.5) / _bare_of(lines)
            lines.append(Line(page.section, f"{page.name}: × the bare view", "×", (ratio,), ("value", "<=", 5.0)))
    lines += _count_by_sql(context)
    lines.sort(key=lambda line: (DASHBOARD, INBOX, CASE).index(line.section))
    return [*lines, *_compared(lines, context)]


def _bare() -> list[Page]:
    return [Page(INBOX, BARE, _official(), reverse("bare"))]


def _official() -> User:
    return User.objects.filter(posts__role=Role.OFFICIAL, posts__unit__level=Level.CITY).earliest("pk")


def _busy(level: str) -> Unit:
    """Return a unit of the level with cases in it: the one of the latest case."""
    path = Grievance.objects.latest("pk").unit_path
    return Unit.objects.get(path=path[: 4 * (list(Level).index(level) + 1)])


def _dashboards(context: Context) -> list[Page]:
    official, year, days = _official(), {"period": "this_year"}, context.year
    levels = (Level.CITY, Level.DISTRICT, Level.STREET, Level.COMMUNITY)
    pages = [
        Page(DASHBOARD, f"dashboard, {level}, this year", official, _dashboard(_busy(level)), year, 60.0)
        for level in levels
    ]
    # Days that begin and end inside months: how long cases took is then partly counted from the cases.
    pages += [
        Page(DASHBOARD, f"dashboard, {level}, 365 days to yesterday", official, _dashboard(_busy(level)), days)
        for level in levels
    ]
    # What the page fetches after itself, of the widest units.
    part = {**year, "fragment": "1"}
    pages += [
        Page(DASHBOARD, f"{name} of a {level}, this year", official, _panel(_busy(level), name), part, 60.0)
        for level in levels[:2]
        for name in PANELS
    ]
    largest = max(Unit.objects.filter(level=Level.STREET), key=_peers)
    url = reverse("unit_peers", args=[largest.pk])
    return [
        *pages,
        Page(DASHBOARD, f"peers' table of {_peers(largest)} streets, this year", official, url, year, 120.0),
    ]


def _peers(street: Unit) -> int:
    """Return how many streets of its class the city has."""
    kind = peer_class(street.level, street.name)
    names = Unit.objects.filter(level=Level.STREET).values_list("name", flat=True)
    return sum(peer_class(Level.STREET, name) == kind for name in names)


def _dashboard(unit: Unit) -> str:
    return reverse("unit_dashboard", args=[unit.pk])


def _panel(unit: Unit, name: str) -> str:
    return reverse("dashboard_panel", args=[unit.pk, name])


def _open_case() -> Grievance:
    return Grievance.objects.live().filter(lead_agency__isnull=False).latest("pk")


def _officer(case: Grievance) -> User:
    return User.objects.filter(posts__role=Role.STREET, posts__unit_id=case.holder_unit_id).earliest("pk")


def _inboxes() -> list[Page]:
    case, url = _open_case(), reverse("inbox")
    handler = User.objects.filter(posts__agency_id=case.lead_agency_id).earliest("pk")
    return [
        Page(INBOX, "inbox, street officer", _officer(case), url, {}, 80.0),
        Page(INBOX, "inbox, agency handler", handler, url, {}, 80.0),
        Page(INBOX, "inbox, all open of the city", _official(), url, {"tab": "open"}, 80.0),
    ]


def _searches(context: Context) -> list[Page]:
    official, url, category = _official(), reverse("cases"), Category.objects.get(code="0501")
    officer = _officer(_open_case())
    wanted = (
        ("case list", official, {}),
        ("search, a common word", official, {"q": "路灯"}),
        ("search, two words", official, {"q": "东门 路灯"}),
        ("search, a rare word", official, {"q": "望远镜"}),
        ("search, no such word", official, {"q": "航空母舰"}),
        ("search, a common word, street officer", officer, {"q": "路灯"}),
        ("search, a rare word, street officer", officer, {"q": "望远镜"}),
        ("by category", official, {"category": category.pk}),
        ("by dates", official, {"since": context.year["since"], "until": context.year["since"]}),
        ("by category, dates and word", official, {"q": "没人清", "category": category.pk, **context.year}),
    )
    return [Page(INBOX, name, user, url, given, 80.0) for name, user, given in wanted]


def _case_pages() -> list[Page]:
    case = _open_case()
    closed = Grievance.objects.filter(status="CLOSED", reopened_count__gt=0).latest("pk")
    return [
        Page(CASE, "case page, open, its desk", _officer(case), reverse("case", args=[case.number]), {}, 60.0),
        Page(CASE, "case page, closed, official", _official(), reverse("case", args=[closed.number]), {}, 60.0),
    ]


def _time(page: Page, context: Context) -> Line:
    client = Client(SERVER_NAME="localhost")
    client.force_login(page.user, "django.contrib.auth.backends.ModelBackend")
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(page.url, page.given)
        statements = len(queries)  # the next request empties the log
    if answer.status_code != 200:
        raise AssertionError(f"{page.name}: {page.url} answered {answer.status_code}")
    # Pages without a limit may take seconds in a large city.
    repeats = context.repeats if page.limit or page.name == BARE else min(context.repeats, 10)
    values = timed(lambda: client.get(page.url, page.given), repeats)
    target = ("p95", "<=", page.limit) if page.limit else None
    return Line(page.section, page.name, "ms", values, target, f"{statements} SQL")


def _count_by_sql(context: Context) -> list[Line]:
    city = Unit.objects.get(level=Level.CITY)

    def count() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*), count(*) FILTER (WHERE status = 'CLOSED') FROM grievances_grievance"
                " WHERE unit_path >= %s AND unit_path < %s AND reported_at >= %s AND reported_at < %s",
                [city.path, city.path + "~", context.year["since"], context.moment],
            )
            cursor.fetchone()

    values = timed(count, min(context.repeats, 10))
    return [Line(DASHBOARD, "plain SQL: count the city's year once", "ms", values)]


def _compared(lines: list[Line], context: Context) -> list[Line]:
    """Return how each page has grown since the earlier run; with more cases it may take 1.3 times as long.

    Two ways: its 95th percentile in milliseconds; and its median as a multiple of the bare view's of the same run,
    which does not change when the machine was busier in one of them.
    """
    in_time, in_bare = [], []
    bare, bare_before = _bare_of(lines), context.earlier.get(f"{INBOX}/{BARE}")
    for line in lines:
        before = context.earlier.get(f"{line.section}/{line.name}")
        if not before or line.unit != "ms" or line.section == CASE:
            continue
        target = ("value", "<=", 1.3) if line.target else None
        in_time.append(Line(GROWTH, line.name, "×", (line.at(0.95) / before["p95"],), target))
        if bare_before and line.name != BARE:
            ratio = (line.at(0.5) / bare) / (before["median"] / bare_before["median"])
            in_bare.append(Line(GROWTH_IN_BARE, line.name, "×", (ratio,), target))
    return [*in_time, *in_bare]


def _bare_of(lines: list[Line]) -> float:
    return next(line.at(0.5) for line in lines if line.name == BARE)
