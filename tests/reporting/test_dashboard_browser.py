"""The dashboard in a real browser: the chart is drawn from the table, nothing breaks the security policy, and without
scripts the numbers stand there all the same."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image
from playwright.sync_api import expect

from linjiang.common import clock
from reporting.charts.pictures import WIDTH
from tests.browsing import complaints_of
from tests.factories import World, category, make_world
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
    context = browser.new_context(viewport={"width": width, "height": 800}, java_script_enabled=scripts)
    page = sign_in(context, live_server, world, go=False)
    complaints = complaints_of(page)
    page.goto(address(live_server, world))
    return page, complaints


def sign_in(context, live_server, world: World, *, go: bool = True):
    client = Client()
    client.force_login(world.official, backend="django.contrib.auth.backends.ModelBackend")
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    context.add_cookies([cookie])
    page = context.new_page()
    if go:
        page.goto(address(live_server, world))
    return page


def address(live_server, world: World) -> str:
    since, until = (clock.local_day(clock.now()) - timedelta(days=days) for days in (7, 0))
    query = f"?since={since}&until={until}"
    return live_server.url + reverse("unit_dashboard", args=[world.units["street"].pk]) + query


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


NAMES = ("funnel", "ageing", "hotspots", "cards", "burden")


@pytest.mark.parametrize("width", [360, 1440, 1920])
def test_panels_come_by_themselves_and_nothing_is_wider_than_the_window(browser, live_server, world, width):
    page, complaints = open_dashboard(browser, live_server, world, width=width)
    expect(page.locator("[data-panel]")).to_have_count(0)
    for name in NAMES:
        assert page.locator(f"#{name} .panel__title").is_visible()
    assert page.locator("#funnel .funnel__number").first.inner_text() == "2"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert complaints == []


def test_without_scripts_each_panel_is_a_link_to_a_page(browser, live_server, world):
    page, _complaints = open_dashboard(browser, live_server, world, width=360, scripts=False)
    page.locator("#ageing .panel__link").click()
    assert page.locator("#ageing table").is_visible()
    page.get_by_role("link", name="1", exact=True).first.click()
    assert page.locator(".table--cases .table__row").count() == 1


def test_a_panel_that_cannot_be_loaded_stays_a_link_and_says_so(browser, live_server, world):
    client_refuses = "**/panels/funnel/**"
    context = browser.new_context(viewport={"width": 1440, "height": 800})
    context.route(client_refuses, lambda route: route.fulfill(status=503, body=""))
    page = sign_in(context, live_server, world)
    expect(page.locator("[data-panel]")).to_have_count(1)
    expect(page.locator("#funnel [data-words]")).not_to_be_empty()
    assert page.locator("#funnel .panel__link").is_visible()
    context.close()


@pytest.mark.parametrize("chart", ["funnel", "ageing", "trend"])
def test_a_chart_is_saved_as_a_png_of_its_svg(browser, live_server, world, chart):
    page, complaints = open_dashboard(browser, live_server, world, width=1440)
    expect(page.locator("[data-panel]")).to_have_count(0)
    with page.expect_download() as caught:
        page.locator(f'a[data-picture][href*="/pictures/{chart}/"]').click()
    saved = caught.value
    assert saved.suggested_filename.startswith(f"{chart}-")
    assert saved.suggested_filename.endswith(".png")
    with Image.open(saved.path()) as picture:
        assert picture.width == 2 * WIDTH
        shades = {picture.convert("L").getpixel((x, y)) for x in range(0, picture.width, 9) for y in (60, 75)}
    assert min(shades) < 100, "the title is drawn"
    assert complaints == []


def test_tiles_of_the_treemap_are_reached_and_opened_by_the_keyboard(browser, live_server, world):
    yesterday = clock.now() - timedelta(days=1)
    put(world, reported_at=yesterday, category=category())
    page, _complaints = open_dashboard(browser, live_server, world, width=1440)
    tile = page.locator(".treemap--wide a").first
    tile.focus()
    assert page.evaluate("document.activeElement.closest('.treemap--wide') !== null")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.treemap--wide') !== null")
    page.keyboard.press("Enter")
    page.wait_for_selector(".table--cases")
    assert page.locator(".table--cases .table__row").count() == 1
