"""Set-up for the whole suite: temporary folders, and nothing left behind."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import connections
from django.utils import translation

from orgs.profile import profile

# The sandbox needs rights a container's root lacks; the rest keeps Chromium from calling home.
BROWSER_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SHARED = Path(__file__).resolve().parent.parent.parent / "shared"


@pytest.fixture
def shared_data() -> Path:
    """Return the folder of real data beside the checkout; skip where it is not, unless it is demanded."""
    folder = SHARED / "data"
    if not folder.is_dir():
        if os.environ.get("LINJIANG_REQUIRE_SHARED") == "1":
            pytest.fail(f"{folder} is demanded (LINJIANG_REQUIRE_SHARED=1) and not there.")
        pytest.skip(f"needs real data in {folder}")
    return folder


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Iterator:
    """Give a headless Chromium (`CHROMIUM` names another); skip where there is none, unless it is demanded."""
    program = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not program:
        if os.environ.get("LINJIANG_REQUIRE_BROWSER") == "1":
            pytest.fail("Chromium is demanded (LINJIANG_REQUIRE_BROWSER=1) and not there.")
        pytest.skip("needs Chromium")
    # Playwright keeps an event loop in this thread, and Django would refuse the database beside it.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    # Let Playwright take the network away from service workers too, not only from pages.
    monkeypatch.setenv("PW_EXPERIMENTAL_SERVICE_WORKER_NETWORK_EVENTS", "1")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=BROWSER_ARGS)
        yield chromium
        chromium.close()
        # Inside Playwright's loop Django keeps connections of its own, which nobody could close once it has ended.
        connections.close_all()


@pytest.fixture
def phone(browser, live_server, world):
    """Give a chief's phone on the pages of the test's own `world`."""
    from tests.browsing import Phone

    return Phone(browser, live_server.url)


@pytest.fixture(autouse=True)
def _clean_cache() -> Iterator[None]:
    """Throttles and locks of one test must not reach the next."""
    yield
    cache.clear()


@pytest.fixture(autouse=True)
def _no_quiet_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages go out at once, at whatever hour the suite runs; tests of the quiet hours set their own."""
    monkeypatch.setitem(profile().messages, "quiet_from", "00:00")
    monkeypatch.setitem(profile().messages, "quiet_until", "00:00")


@pytest.fixture(autouse=True)
def _fresh_rules() -> Iterator[None]:
    """A version of the rules that a test made is rolled back with it."""
    from grievances.filters import forget_categories
    from grievances.services.suggesting import forget_suggestions
    from orgs.rules import forget_rules  # models are loaded by the time a test runs

    yield
    forget_rules()
    forget_categories()
    forget_suggestions()


@pytest.fixture(autouse=True)
def _own_media(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def english() -> Iterator[None]:
    """Everything put into words during the test is put into English."""
    with translation.override("en"):
        yield
