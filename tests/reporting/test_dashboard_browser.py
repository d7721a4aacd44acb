"""The dashboard in a real browser: the chart is drawn from the table, nothing breaks the security policy, and without
scripts the numbers stand there all the same."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from linjiang.common import clock
from tests.browsing import complaints_of
from tests.factories import World, make_world
from tests.reporting.rows import put, put_closed

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def world() -> World:
    world = make_world()
    yesterday = clock.now() - timedelta(days=1)
    put(world, reported_at=yesterday)
    put_closed(world, reported_at=yesterday, hours=2)
    return world


def open_dashboard(browser, live_server, world: World, *, width: int, scripts: bool = True):
    client = Client()
    client.force_login(world.official, backend="django.contrib.auth.backends.ModelBackend")
    context = browser.new_context(viewport={"width": width, "height": 800}, java_script_enabled=scripts)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    context.add_cookies([cookie])
    page = context.new_page()
    complaints = complaints_of(page)
    since, until = (clock.local_day(clock.now()) - timedelta(days=days) for days in (7, 0))
    query = f"?since={since}&until={until}"
    page.goto(live_server.url + reverse("unit_dashboard", args=[world.units["street"].pk]) + query)
    return page, complaints


@pytest.mark.parametrize("width", [360, 1440])
def test_the_chart_is_drawn_and_nothing_is_refused(browser, live_server, world, width):
    page, complaints = open_dashboard(browser, live_server, world, width=width)
    page.wait_for_selector(".trend-chart canvas")
    assert not page.locator("#trend-table").is_visible()
    page.locator(".numbers__summary").click()
    assert page.locator("#trend-table").is_visible()
    page.locator(".trend-chart").hover()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert complaints == []


def test_without_scripts_the_numbers_stand_there(browser, live_server, world):
    page, _complaints = open_dashboard(browser, live_server, world, width=360, scripts=False)
    assert page.locator("#trend-table").is_visible()
    assert not page.locator(".trend-chart").is_visible()
    page.get_by_role("link", name="2", exact=True).first.click()
    assert page.locator(".table--cases .table__row").count() == 2
