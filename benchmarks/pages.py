"""How long pages take at the server: the test client calls the whole stack, without the network."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from benchmarks.city import ACCEPTED, CLOSED, closed_of
from grievances.models import Grievance
from linjiang.common.clock import local_day
from orgs.choices import Level, Role
from orgs.models import Unit, User
from reporting.services.rates import closure_rates


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of each repeat of one thing."""

    name: str
    seconds: list[float]
    statements: int = 0

    def at(self, share: float) -> float:
        """Return the percentile `share` (0 to 1)."""
        ordered = sorted(self.seconds)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def check_closure_rate(*, accepted: int, now) -> dict:
    """Return the city's closure rate of the year as the product counts it; raise AssertionError when it is not ours."""
    city = Unit.objects.get(level=Level.CITY)
    rate = closure_rates(unit=city, **_year(now), now=now)["closure_rate"]
    found, wanted = (rate["numerator"], rate["denominator"]), (closed_of(accepted), accepted)
    if found != wanted:
        raise AssertionError(f"the dashboard counts {found}, the city has {wanted}")
    if accepted == ACCEPTED and (found != (CLOSED, ACCEPTED) or round(100 * found[0] / found[1], 2) != 99.04):
        raise AssertionError(f"Bozhou's year must read 99.04 %, not {found}")
    return rate


def time_pages(*, now, repeats: int, say: Callable[[str], None]) -> list[Timing]:
    """Time the pages a city lives on, as the people who open them."""
    city = Unit.objects.get(level=Level.CITY)
    district = city.children.order_by("path").first()
    days = _year(now)
    open_case = Grievance.objects.live().filter(lead_agency__isnull=False).latest("pk")
    official = User.objects.get(posts__role=Role.OFFICIAL, posts__unit=city)
    officer = User.objects.filter(posts__role=Role.STREET, posts__unit_id=open_case.holder_unit_id).first()
    handler = User.objects.filter(posts__agency_id=open_case.lead_agency_id).first()
    wanted = [
        ("inbox, street officer", officer, reverse("inbox"), {}),
        ("inbox, agency handler", handler, reverse("inbox"), {}),
        ("inbox, all open of the city", official, reverse("inbox"), {"tab": "open"}),
        ("case list, city", official, reverse("cases"), {}),
        ("case page", officer, reverse("case", args=[open_case.number]), {}),
        ("dashboard, city, year", official, reverse("unit_dashboard", args=[city.pk]), days),
        ("dashboard, district, year", official, reverse("unit_dashboard", args=[district.pk]), days),
    ]
    timings = []
    for name, user, url, given in wanted:
        say(name)
        timings.append(_time_page(name, user, url, given, repeats))
    timings.append(Timing("plain SQL: count a year of the city", _time_sql(city, now, repeats), 1))
    return timings


def _year(now) -> dict[str, date]:
    """Return the 365 days before today."""
    return {"since": local_day(now) - timedelta(days=365), "until": local_day(now) - timedelta(days=1)}


def _time_page(name: str, user: User, url: str, given: dict, repeats: int) -> Timing:
    client = Client(SERVER_NAME="localhost")
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(url, given)
        statements = len(queries)  # the next request empties the log
    if answer.status_code != 200:
        raise AssertionError(f"{name}: {url} answered {answer.status_code}")
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        client.get(url, given)
        seconds.append(time.perf_counter() - began)
    return Timing(name, seconds, statements)


def _time_sql(city: Unit, now, repeats: int) -> list[float]:
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*), count(*) FILTER (WHERE status = 'CLOSED') FROM grievances_grievance"
                " WHERE unit_path >= %s AND unit_path < %s AND reported_at >= %s AND reported_at < %s",
                [city.path, city.path + "~", now - timedelta(days=365), now],
            )
            cursor.fetchone()
        seconds.append(time.perf_counter() - began)
    return seconds
