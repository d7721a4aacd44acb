"""Map and big screen in a real browser: drawn, opened, refreshed in place, and no other host asked."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from linjiang.common import clock
from orgs.services.boundaries import save_areas
from orgs.services.system import system_user
from reporting.views import screen as screen_views
from tests.browsing import complaints_of
from tests.factories import World, file_case, make_world
from tests.reporting.rows import put_closed

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]


def square(west: float) -> list:
    return [[[[west, 33.8], [west + 0.1, 33.8], [west + 0.1, 33.9], [west, 33.9], [west, 33.8]]]]


@pytest.fixture
def world() -> World:
    world = make_world()
    now = clock.now()
    areas = {world.units["street"].pk: square(115.7), world.units["other_street"].pk: square(115.8)}
    save_areas(actor=system_user(), areas=areas, datum="wgs84", source="x", now=now)
    put_closed(world, reported_at=now - timedelta(hours=1), hours=1)
    file_case(world, now=now, lat=33.85, lon=115.75, title="路灯不亮")
    return world


def open_page(browser, site: str, user, path: str, **viewport):
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    context = browser.new_context(viewport=viewport, service_workers="block")
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site}])
    page, elsewhere = context.new_page(), []
    complaints = complaints_of(page)
    page.on("request", lambda one: None if one.url.startswith((site, "data:", "blob:")) else elsewhere.append(one.url))
    page.goto(site + path)
    return page, complaints, elsewhere


@pytest.mark.parametrize(("width", "height"), [(360, 740), (1440, 900)])
def test_areas_are_drawn_and_open_and_cases_show_close_by(browser, live_server, world, width, height):
    path = reverse("unit_map", args=[world.units["district"].pk])
    page, complaints, elsewhere = open_page(
        browser, live_server.url, world.city_official, path, width=width, height=height
    )
    page.wait_for_selector("#map path.map-shape")
    assert page.locator("#map path.map-shape").count() == 2
    shaded = page.locator("path.map-shape:not(.map-shade--0)").first
    assert shaded.evaluate("one => getComputedStyle(one).fill") == "rgb(157, 191, 234)"
    page.locator("path.map-shape:not(.map-shade--0)").first.click()
    popup = page.locator(".leaflet-popup")
    assert "花戏楼街道" in popup.inner_text()
    assert "1 / 2" in popup.inner_text()
    assert popup.get_by_role("link").count() == 2
    assert (
        popup.get_by_role("link")
        .first.get_attribute("href")
        .endswith(page.locator("#map-rows a[data-dashboard]").first.get_attribute("href"))
    )
    page.keyboard.press("Escape")
    page.evaluate("document.getElementById('map').scrollIntoView()")
    for _ in range(12):
        if page.locator(".map-case").count():
            break
        spot = page.locator("path.map-shape:not(.map-shade--0)").first.bounding_box()
        page.mouse.dblclick(spot["x"] + spot["width"] / 2, spot["y"] + spot["height"] / 2)
        page.wait_for_timeout(600)
    page.locator(".map-case").click()
    page.locator(".leaflet-popup", has_text="路灯不亮").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert (complaints, elsewhere) == ([], [])


def test_the_screen_changes_in_place_and_says_when_the_server_is_away(browser, live_server, world, monkeypatch):
    monkeypatch.setattr(screen_views, "EVERY_SECONDS", 1)
    monkeypatch.setattr(screen_views, "KEPT_SECONDS", 0)
    path = reverse("screen", args=[world.units["street"].pk])
    page, complaints, elsewhere = open_page(browser, live_server.url, world.official, path, width=1920, height=1080)
    value = page.locator(".screen-counter__value").first
    assert value.inner_text() == "2"
    page.evaluate("document.querySelector('[data-part=cards]').mark = 'kept'")
    heights = "[...document.querySelectorAll('[data-part]')].map((one) => one.getBoundingClientRect().height)"
    before = page.evaluate(heights)
    with page.expect_response(lambda answer: answer.url.endswith("/now/") and answer.status == 304):
        pass
    file_case(world, now=clock.now())
    page.wait_for_function("() => document.querySelector('.screen-counter__value').textContent === '3'")
    file_case(world, now=clock.now())
    page.wait_for_function("() => document.querySelector('.screen-counter__value').textContent === '4'")
    assert page.evaluate(heights) == before
    assert page.evaluate("document.querySelector('[data-part=cards]').mark") == "kept"
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    assert (complaints, elsewhere) == ([], [])
    page.context.set_offline(True)
    page.locator("#screen-lost").wait_for(state="visible")
    page.context.set_offline(False)
    page.locator("#screen-lost").wait_for(state="hidden")
    cache.clear()


def test_a_hidden_screen_asks_for_nothing(browser, live_server, world, monkeypatch):
    monkeypatch.setattr(screen_views, "EVERY_SECONDS", 1)
    path = reverse("screen", args=[world.units["street"].pk])
    page, _complaints, _elsewhere = open_page(browser, live_server.url, world.official, path, width=1920, height=1080)
    asked = []
    page.on("request", lambda one: asked.append(one.url))
    page.evaluate(
        "Object.defineProperty(document, 'hidden', {get: () => window.isAway, configurable: true});"
        "window.isAway = true; document.dispatchEvent(new Event('visibilitychange'))"
    )
    page.wait_for_timeout(300)
    asked.clear()
    page.wait_for_timeout(2_500)
    assert asked == []
    with page.expect_response(lambda answer: answer.url.endswith("/now/")):
        page.evaluate("window.isAway = false; document.dispatchEvent(new Event('visibilitychange'))")
