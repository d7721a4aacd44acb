"""axe-core on every page, as the people who open it, on a phone and at a desk: nothing that it objects to."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from django.urls import reverse

from grievances.choices import Action, Status
from grievances.models import Grievance
from orgs.choices import ElderSize
from orgs.elder import COOKIE
from orgs.models import Door, User
from orgs.services.doors import doors_of
from tests.factories import NOON, World, file_case, make_world
from tests.grievances.scenes import called, case_in, do
from tests.test_permissions import picture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NOWHERE = "/no-such-page/"
PHONE, DESK = {"width": 360, "height": 740}, {"width": 1440, "height": 900}


@dataclass
class City:
    """What the pages are about."""

    world: World
    reported: Grievance
    assigned: Grievance
    resolved: Grievance
    closed: Grievance
    called: Grievance
    door: Door


@pytest.fixture
def city() -> City:
    world = make_world()
    reported = file_case(world, photos=[picture("green")], household=world.household)
    closed = do(world, case_in(world, Status.RESOLVED), Action.FEEDBACK, world.chief)
    assigned = do(world, file_case(world), Action.ASSIGN, world.community)
    leaf = world.units["neighbourhood"]
    door = doors_of(actor=world.community, units=[leaf], now=NOON)[leaf.pk]
    both = called(world, case_in(world, Status.IN_PROGRESS), world.agency, world.second_agency)
    both = do(world, both, Action.ARRIVE, world.handler)
    return City(world, reported, assigned, case_in(world, Status.RESOLVED), closed, both, door)


def _step(case: str, action: Action) -> Callable[[City], str]:
    return lambda city: reverse("case_action", args=[getattr(city, case).number, action.value])


def _about(name: str, case: str) -> Callable[[City], str]:
    return lambda city: reverse(name, args=[getattr(city, case).number])


def _panel(name: str) -> Callable[[City], str]:
    return lambda city: reverse("dashboard_panel", args=[city.world.units["street"].pk, name])


def _letter(case: str, kind: str) -> Callable[[City], str]:
    return lambda city: reverse("letter", args=[getattr(city, case).number, kind])


def _unit(name: str, level: str, query: str = "") -> Callable[[City], str]:
    return lambda city: reverse(name, args=[city.world.units[level].pk]) + query


PAGES: dict[str, list[str | Callable[[City], str]]] = {
    "": [
        "/sign-in/",
        "/offline/",
        NOWHERE,
        lambda city: reverse("resident", args=[city.resolved.token]),
        lambda city: reverse("resident", args=[city.assigned.token]),
        lambda city: reverse("door", args=[city.door.token]),
        lambda city: reverse("near", args=[city.world.units["community"].pk]),
        lambda city: reverse("door_receipt", args=[city.reported.token]),
    ],
    "chief": [
        "/",
        "/notices/",
        "/report/",
        "/cases/",
        "/households/",
        "/messages/",
        "/outbox/",
        "/password/",
        _about("case", "reported"),
        _about("receipt", "reported"),
        _about("answer", "resolved"),
        _step("reported", Action.COMMENT),
        lambda city: reverse("household", args=[city.world.household.pk]),
        lambda city: reverse("household_add", args=[city.world.units["neighbourhood"].pk]),
    ],
    "second_chief": ["/", "/households/"],
    "community": [
        "/cases/inbox/",
        "/cases/inbox/?tab=done",
        "/cases/?q=%E7%81%AF",
        _about("case", "reported"),
        _about("case", "resolved"),
        _about("join", "reported"),
        _unit("codes", "community"),
        _unit("codes", "neighbourhood"),
        _step("reported", Action.ASSIGN),
        _step("reported", Action.REJECT),
        _step("reported", Action.MERGE),
        _step("closed", Action.PUBLISH),
        _step("reported", Action.BLOW_WHISTLE),
        _step("called", Action.RELEASE_CALL),
        _step("called", Action.ADD_CO_HANDLER),
        _step("called", Action.INTERNAL_NOTE),
        "/cases/export/",
        _letter("assigned", "assignment"),
        _letter("closed", "reply"),
    ],
    "handler": [
        "/cases/inbox/",
        _about("case", "assigned"),
        _step("assigned", Action.ACKNOWLEDGE),
        _about("case", "called"),
        _step("called", Action.RECORD_JOINT),
    ],
    "second_handler": ["/cases/inbox/", _about("case", "called"), _step("called", Action.REPORT_PART)],
    "official": [
        _unit("unit_dashboard", "street"),
        _unit("unit_dashboard", "community"),
        _unit("counted_cases", "street", "?measure=accepted&side=numerator"),
        *(_panel(name) for name in ("funnel", "ageing", "hotspots", "cards", "burden")),
        _unit("bulletin", "street"),
    ],
    "street": ["/exports/", "/codes/", "/notices/", "/notices/write/", "/pool/"],
    "city_official": [
        _unit("unit_dashboard", "city"),
        _unit("unit_peers", "street"),
        _unit("unit_map", "district"),
        _unit("screen", "district"),
    ],
}


def _address(page: str | Callable[[City], str], city: City) -> str:
    return page if isinstance(page, str) else page(city)


def _signed_in(context, site: str, user: User) -> None:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": site}])


def _objections(page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{one['id']} ({one['impact']}): {node['html'][:160]}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize(
    ("size", "elder"),
    [(PHONE, 0), (DESK, 0), (PHONE, ElderSize.MEDIUM)],
    ids=["phone", "desk", "phone-elder"],
)
@pytest.mark.parametrize("who", list(PAGES))
def test_axe_objects_to_nothing(browser, live_server, city, who, size, elder):
    context = browser.new_context(viewport=size, locale="zh-CN", service_workers="block")
    if elder:
        User.objects.update(elder_size=elder)
        context.add_cookies([{"name": COOKIE, "value": str(int(elder)), "url": live_server.url}])
    if who:
        _signed_in(context, live_server.url, city.world.users[who])
    page, objections = context.new_page(), {}
    for one in PAGES[who]:
        path = _address(one, city)
        status = page.goto(live_server.url + path).status
        assert status == (404 if path == NOWHERE else 200), path
        # The screen on the wall is drawn large for everybody and knows no other size.
        drawn_in = 0 if path.startswith("/screen/") else int(elder)
        assert (page.locator("html").get_attribute("data-elder") or "0") == str(drawn_in), path
        if found := _objections(page):
            objections[path] = found
    assert not objections, "\n".join(f"{path}: {line}" for path, lines in objections.items() for line in lines)
