"""Filing in a browser: taps, photos that keep where they were taken, a voice note, a phone that stores nothing."""

import os
import shutil
from pathlib import Path

import pytest
from PIL import ExifTags, Image

from grievances.choices import Urgency
from grievances.models import Grievance
from grievances.views import offline
from tests.browsing import SENT, Phone, send, waits_in, write
from tests.conftest import BROWSER_ARGS
from tests.factories import World, make_world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# As in a private window.
NO_STORE = """Object.defineProperty(IDBFactory.prototype, "open", {
  value: () => { throw new DOMException("no", "SecurityError"); },
});"""
FAKE_MEDIA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A large photo as a phone's camera makes it, held upright, with its place."""
    path = tmp_path / "drain.jpg"
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    gps[ExifTags.GPS.GPSLatitudeRef], gps[ExifTags.GPS.GPSLatitude] = "N", (33.0, 50.0, 24.5)
    gps[ExifTags.GPS.GPSLongitudeRef], gps[ExifTags.GPS.GPSLongitude] = "E", (115.0, 46.0, 12.25)
    Image.radial_gradient("L").resize((3000, 2250)).convert("RGB").save(path, quality=92, exif=exif)
    return path


def filing_page(phone: Phone, world: World):
    phone.sign_in(world.chief).close()
    return phone.tab("/report/")


def test_door_and_urgency_are_one_tap_each_and_large_enough_for_a_thumb(phone, world):
    page = filing_page(phone, world)
    write(page)
    page.locator(f"label:has(input[name=household][value='{world.household.pk}'])").click()
    page.locator(f"label:has(input[name=urgency][value='{Urgency.values[0]}'])").click()
    for face in page.locator(".filing__taps .choice").all():
        assert face.bounding_box()["height"] >= 44
    button = page.locator("#filing [type=submit]").bounding_box()
    assert button["y"] + button["height"] <= 740
    send(page)
    page.wait_for_url(SENT)
    case = Grievance.objects.get()
    assert (case.household, case.urgency) == (world.household, Urgency.values[0])
    assert phone.complaints == []


def test_a_photo_made_small_says_where_it_was_taken(phone, world, photo):
    page = filing_page(phone, world)
    page.set_input_files("input[name=photos]", photo)
    send(page)
    page.wait_for_url(SENT)
    case = Grievance.objects.get()
    assert (float(case.lat), float(case.lon)) == pytest.approx((33.84014, 115.77007), abs=1e-4)
    stored = case.attachments.get()
    assert (stored.width, stored.height) == (1536, 2048)
    with stored.file.open("rb") as file, Image.open(file) as kept:
        assert not kept.getexif()


def test_a_phone_that_stores_nothing_sends_the_form_the_ordinary_way(phone, world, photo):
    phone.context.add_init_script(NO_STORE)
    page = filing_page(phone, world)
    write(page)
    page.set_input_files("input[name=photos]", photo)
    send(page)
    page.wait_for_url(SENT)
    case = Grievance.objects.get()
    assert case.attachments.count() == 1
    assert float(case.lat) == pytest.approx(33.84014, abs=1e-4)


def test_a_phone_that_stores_nothing_keeps_what_is_typed_until_the_network_is_back(phone, world):
    phone.context.add_init_script(NO_STORE)
    page = filing_page(phone, world)
    write(page)
    phone.context.set_offline(True)
    send(page)
    page.locator(".toast").wait_for()
    assert page.input_value("textarea[name=description]")
    phone.context.set_offline(False)
    send(page)
    page.wait_for_url(SENT)
    assert Grievance.objects.count() == 1


def test_a_refused_microphone_is_said(phone, world):
    phone.context.add_init_script(
        "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'))"
    )
    page = filing_page(phone, world)
    page.locator("#filing-voice").click()
    page.locator(".toast").wait_for()
    assert page.locator(".toast").inner_text() == page.locator("#filing").get_attribute("data-no-microphone")


def test_a_voice_note_is_recorded_heard_and_sent(browser, live_server, world):
    speaking = browser.browser_type.launch(
        executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser"),
        args=[*BROWSER_ARGS, *FAKE_MEDIA],
    )
    try:
        page = filing_page(Phone(speaking, live_server.url), world)
        page.locator("#filing-voice").click()
        page.wait_for_timeout(2500)
        page.locator("#filing-voice").click()
        player = page.locator("#filing-voice-box audio")
        player.wait_for(state="visible")
        page.evaluate("document.querySelector('#filing-voice-box audio').play()")
        send(page)
        page.wait_for_url(SENT)
        assert Grievance.objects.get().voices.count() == 1
    finally:
        speaking.close()


def test_a_new_version_of_the_worker_loses_nothing_that_waits(phone, world, monkeypatch):
    page = filing_page(phone, world)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    write(page)
    phone.context.set_offline(True)
    send(page)
    waits_in(page, 1)
    monkeypatch.setattr(offline, "shell_version", lambda: "newer")
    phone.context.set_offline(False)
    page.evaluate("navigator.serviceWorker.getRegistration().then((one) => one.update())")
    page.goto(phone.site + "/")
    waits_in(page, 0)
    page.wait_for_function("() => caches.keys().then((names) => names.includes('lj-shell-newer'))")
    assert Grievance.objects.count() == 1


def test_the_browser_sends_what_waits_in_the_background(phone, world):
    page = filing_page(phone, world)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    write(page)
    phone.context.set_offline(True)
    send(page)
    waits_in(page, 1)
    registered = "navigator.serviceWorker.ready.then((one) => one.sync.getTags())"
    assert page.evaluate(registered) == ["outbox"]
    talk = phone.context.new_cdp_session(page)
    found = []
    talk.on("ServiceWorker.workerRegistrationUpdated", lambda event: found.extend(event["registrations"]))
    talk.send("ServiceWorker.enable")
    page.wait_for_timeout(500)
    phone.context.set_offline(False)
    talk.send(
        "ServiceWorker.dispatchSyncEvent",
        {"origin": phone.site, "registrationId": found[0]["registrationId"], "tag": "outbox", "lastChance": False},
    )
    waits_in(page, 0)
    assert Grievance.objects.count() == 1
