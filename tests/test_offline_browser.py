"""The chief's phone without a network: what is reported waits on the phone and arrives exactly once."""

import io
from pathlib import Path

import pytest
from PIL import Image

from grievances.api import views as api_views
from grievances.models import Grievance
from tests.browsing import SENT, WORDS, hurry, send, waits_in, write
from tests.factories import World, file_case, make_world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# The addresses of the pages the phone keeps.
KEPT = """caches.keys().then(async (names) => {
  const name = names.find((one) => one.startsWith("lj-pages-"));
  return name ? (await (await caches.open(name)).keys()).map((key) => new URL(key.url).pathname) : [];
})"""


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "drain.jpg"
    picture = Image.radial_gradient("L").resize((4000, 3000)).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = 6  # held upright
    picture.save(path, quality=92, exif=exif)
    return path


def test_three_taps_online(phone, world):
    page = phone.sign_in(world.chief)
    page.locator(".report-tile").click()
    write(page)
    send(page)
    page.wait_for_url(SENT)
    case = Grievance.objects.get()
    assert (case.description, case.unit) == (WORDS, world.units["neighbourhood"])
    assert phone.complaints == []


def test_a_report_without_a_network_outlives_the_page_and_arrives_once_with_its_photo(phone, world, photo):
    phone.sign_in(world.chief).close()
    page = phone.tab("/report/")
    write(page)
    page.set_input_files("input[name=photos]", photo)
    phone.context.set_offline(True)
    send(page)
    waits_in(page, 1)
    assert not Grievance.objects.exists()
    page.close()
    phone.context.set_offline(False)
    page = phone.tab("/")
    waits_in(page, 0)
    case = Grievance.objects.get()
    assert case.description == WORDS
    stored = case.attachments.get()
    assert (stored.width, stored.height) == (1536, 2048)  # upright, and not as large as the camera made it


def test_the_worker_alone_sends_while_no_page_is_open(phone, world):
    phone.sign_in(world.chief).close()
    page = phone.tab("/report/")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    write(page)
    phone.context.set_offline(True)
    send(page)
    waits_in(page, 1)
    blank = phone.context.new_page()
    devtools = phone.context.new_cdp_session(blank)
    found = []
    devtools.on("ServiceWorker.workerRegistrationUpdated", lambda event: found.extend(event["registrations"]))
    devtools.send("ServiceWorker.enable")
    page.close()
    blank.wait_for_timeout(500)
    phone.context.set_offline(False)
    assert [tab.url for tab in phone.context.pages] == ["about:blank"]
    assert not Grievance.objects.exists()
    registration = next(one for one in found if one["scopeURL"] == f"{phone.site}/")
    devtools.send(
        "ServiceWorker.dispatchSyncEvent",
        {"origin": phone.site, "registrationId": registration["registrationId"], "tag": "outbox", "lastChance": False},
    )
    for _ in range(50):
        if Grievance.objects.exists():
            break
        blank.wait_for_timeout(200)
    blank.wait_for_timeout(500)
    assert Grievance.objects.get().description == WORDS


def test_photos_are_made_small_on_the_phone(phone, world, photo, monkeypatch):
    sizes = []
    original = api_views.file_grievance
    monkeypatch.setattr(
        api_views,
        "file_grievance",
        lambda **given: (
            sizes.extend((one.size, Image.open(io.BytesIO(one.read())).size) for one in given["photos"])
            or original(**given)
        ),
    )
    phone.sign_in(world.chief).close()
    page = phone.tab("/report/")
    page.set_input_files("input[name=photos]", photo)
    send(page)
    page.wait_for_url(SENT)
    [(size, sides)] = sizes
    assert size < 500_000
    assert max(sides) <= 2048


def test_a_server_that_fails_twice_gets_one_case(phone, world, monkeypatch):
    original, calls = api_views.file_grievance, []

    def failing(**given):
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("the first is not even stored")
        done = original(**given)
        if len(calls) == 2:
            raise RuntimeError("the second is stored, and the answer is lost")
        return done

    monkeypatch.setattr(api_views, "file_grievance", failing)
    phone.sign_in(world.chief).close()
    page = phone.tab("/report/")
    write(page)
    send(page)
    page.wait_for_url("**/outbox/")
    waits_in(page, 1)
    for _ in range(2):
        hurry(page)
        page.wait_for_timeout(1500)
    waits_in(page, 0)
    assert len(calls) == 3
    assert Grievance.objects.count() == 1


def test_two_tabs_send_one_case(phone, world):
    phone.sign_in(world.chief).close()
    first, second = phone.tab("/report/"), phone.tab("/cases/")
    write(first)
    phone.context.set_offline(True)
    send(first)
    waits_in(first, 1)
    phone.context.set_offline(False)
    hurry(first)
    hurry(second)
    waits_in(first, 0)
    waits_in(second, 0)
    assert Grievance.objects.count() == 1


def test_what_the_server_refuses_is_shown_at_its_field_and_kept(phone, world):
    phone.sign_in(world.chief).close()
    page = phone.tab("/report/")
    write(page)
    page.locator("input[name=contact_phone]").evaluate("field => { field.value = '12345' }")
    send(page)
    page.locator("[data-mend=contact_phone]").wait_for()
    waits_in(page, 1)
    assert not Grievance.objects.exists()
    page.close()
    page = phone.tab("/outbox/")
    page.locator("[data-part=mend]").click()
    page.locator("[data-mend=contact_phone]").wait_for()
    assert page.input_value("textarea[name=description]") == WORDS
    page.locator("input[name=contact_phone]").fill("13912345678")
    send(page)
    page.wait_for_url(SENT)
    assert Grievance.objects.get().contact.phone == "13912345678"
    waits_in(page, 0)


def test_who_is_signed_out_loses_nothing_and_nobody_else_sends_it(phone, world):
    phone.sign_in(world.chief).close()
    page = phone.tab("/report/")
    write(page)
    phone.context.clear_cookies()
    send(page)
    page.wait_for_timeout(1500)
    waits_in(page, 1)
    signing_in = phone.tab("/sign-in/")
    signing_in.locator("#outbox-waiting").wait_for(state="visible")
    assert signing_in.locator("#outbox-waiting [data-count]").text_content() == "1"
    assert WORDS not in signing_in.content()
    signing_in.close()
    page = phone.sign_in(world.second_chief)
    page.wait_for_timeout(1500)
    assert not Grievance.objects.exists()
    phone.context.clear_cookies()
    page = phone.sign_in(world.chief)
    waits_in(page, 0)
    assert Grievance.objects.get().filed_by == world.chief


def test_discarding_asks_first(phone, world):
    phone.sign_in(world.chief).close()
    page = phone.tab("/report/")
    write(page)
    page.locator("input[name=contact_phone]").evaluate("field => { field.value = '12345' }")
    send(page)
    page.locator("[data-mend=contact_phone]").wait_for()
    page.goto(phone.site + "/outbox/")
    page.locator("[data-part=discard]").click()
    waits_in(page, 1)
    page.locator("[data-part=yes]").click()
    waits_in(page, 0)


def test_a_remark_waits_like_a_report(phone, world):
    case = file_case(world)
    phone.sign_in(world.chief).close()
    page = phone.tab(f"/cases/{case.number}/comment/")
    page.fill("textarea[name=note]", "还在漏水")
    phone.context.set_offline(True)
    page.locator("main form .form__actions [type=submit], main form .action-bar [type=submit]").click()
    waits_in(page, 1)
    page.close()
    phone.context.set_offline(False)
    page = phone.tab("/")
    waits_in(page, 0)
    assert case.events.filter(note="还在漏水").count() == 1


def test_the_last_seen_pages_open_without_a_network_and_are_gone_after_signing_out(phone, world, live_server):
    case = file_case(world)
    page = phone.sign_in(world.chief)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.reload()
    wanted = {"/", "/households/", "/cases/", "/report/", "/messages/", "/notices/", f"/cases/{case.number}/"}
    for _ in range(50):
        if wanted <= set(page.evaluate(KEPT)):
            break
        page.wait_for_timeout(200)
    phone.context.set_offline(True)
    for path in ("/", "/households/", "/cases/", f"/cases/{case.number}/", "/messages/", "/notices/", "/report/"):
        page.goto(phone.site + path)
        page.locator("#as-of").wait_for(state="visible")
    write(page)
    send(page)
    page.wait_for_url("**/outbox/")
    waits_in(page, 1)
    page.goto(phone.site + "/password/")
    assert "没有网络" in page.content() or "No network" in page.content()
    phone.context.set_offline(False)
    page.goto(phone.site + "/")
    waits_in(page, 0)
    page.locator("[data-menu] summary").first.click()
    page.locator("form[action='/sign-out/'] button").click()
    page.wait_for_url("**/sign-in/")
    assert page.evaluate(KEPT) == []
