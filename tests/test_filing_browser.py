"""Filing in a browser, past the first three taps: where a photo was taken, a voice note, a phone that keeps nothing, a
case that somebody has told already."""

import re
from pathlib import Path

import pytest
from PIL import ExifTags, Image

from grievances.models import Grievance, Joining
from tests.factories import World, file_case, make_world
from tests.test_offline_browser import WORDS, Phone, hurry, send, waits_in, write

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SENT = re.compile(r"/report/LJ[\w-]+/$")
# As in a private window of some browsers: the database is there and refuses.
NO_STORE = """IDBFactory.prototype.open = () => {
  const asked = { error: new DOMException("refused", "InvalidStateError") };
  setTimeout(() => asked.onerror && asked.onerror());
  return asked;
};"""


@pytest.fixture(autouse=True)
def _offline_for_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PW_EXPERIMENTAL_SERVICE_WORKER_NETWORK_EVENTS", "1")


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def phone(_offline_for_workers, browser, live_server, world) -> Phone:
    return Phone(browser, live_server.url)


@pytest.fixture(params=["little", "big"])
def photo(request, tmp_path: Path) -> Path:
    """A photo of 12 megapixels that knows where it was taken, as cameras of either byte order write it."""
    path = tmp_path / "lamp.jpg"
    exif = Image.Exif()
    exif.endian = "<" if request.param == "little" else ">"
    exif[ExifTags.Base.Make] = "Camera"
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    gps[1], gps[2] = "N", (33.0, 50.0, 41.5)
    gps[3], gps[4] = "E", (115.0, 46.0, 12.25)
    Image.radial_gradient("L").resize((4000, 3000)).convert("RGB").save(path, quality=92, exif=exif)
    return path


def test_a_photo_made_small_still_says_where_it_was_taken(phone, world, photo):
    page = phone.sign_in(world.chief)
    page.goto(f"{phone.site}/report/")
    write(page)
    page.set_input_files("input[name=photos]", photo)
    send(page)
    page.wait_for_url(SENT)
    case = Grievance.objects.get()
    assert case.lat == pytest.approx(33 + 50 / 60 + 41.5 / 3600, abs=1e-5)
    assert case.lon == pytest.approx(115 + 46 / 60 + 12.25 / 3600, abs=1e-5)
    assert max(case.attachments.get().width, case.attachments.get().height) == 2048


def test_a_phone_that_keeps_nothing_sends_the_ordinary_way(phone, world, tmp_path):
    picture = tmp_path / "x.jpg"
    Image.new("RGB", (1200, 900), "grey").save(picture)
    phone.context.add_init_script(NO_STORE)
    page = phone.sign_in(world.chief)
    page.goto(f"{phone.site}/report/")
    write(page)
    page.set_input_files("input[name=photos]", picture)
    page.locator("label.choice", has_text="1栋1单元101").click()
    send(page)
    page.wait_for_url(SENT)
    case = Grievance.objects.get()
    assert (case.description, case.household) == (WORDS, world.household)
    assert case.attachments.count() == 1


def test_a_phone_that_keeps_nothing_and_has_no_network_loses_no_word(phone, world):
    phone.context.add_init_script(NO_STORE)
    page = phone.sign_in(world.chief)
    page.goto(f"{phone.site}/report/")
    write(page)
    phone.context.set_offline(True)
    send(page)
    page.locator("#outbox-notes").get_by_text("无法为本页保存").wait_for()
    assert page.input_value("textarea[name=description]") == WORDS
    assert not Grievance.objects.exists()


def test_household_and_urgency_are_one_tap_each(phone, world):
    page = phone.sign_in(world.chief)
    page.goto(f"{phone.site}/report/")
    write(page)
    page.locator("label.choice", has_text="1栋1单元101").click()
    page.locator("label.choice", has_text="24小时内").click()
    send(page)
    page.wait_for_url(SENT)
    case = Grievance.objects.get()
    assert (case.household, case.urgency) == (world.household, "24h")


def test_a_voice_note_is_recorded_heard_and_sent(phone, world):
    page = phone.sign_in(world.chief)
    phone.context.grant_permissions(["microphone"])
    page.goto(f"{phone.site}/report/")
    page.locator("#filing-voice").click()
    page.locator("#filing-voice", has_text="停").wait_for()
    page.wait_for_timeout(1500)
    page.locator("#filing-voice").click()
    page.locator("#filing-voice-box audio").wait_for(state="visible")
    send(page)
    page.wait_for_url(SENT)
    assert Grievance.objects.get().voices.count() == 1


def test_suggestions_and_me_too_instead_of_a_second_case(phone, world):
    told = file_case(world, description="三号楼下水道堵了，污水流到路上，很臭", by=world.second_chief,
                     unit=world.units["second_neighbourhood"])  # fmt: skip
    page = phone.sign_in(world.group_leader)
    page.goto(f"{phone.site}/report/")
    page.locator("textarea[name=description]").press_sequentially(WORDS)
    chip = page.locator(".chip-button").first
    chip.wait_for()
    chip.click()
    assert chip.get_attribute("aria-pressed") == "true"
    assert page.input_value("select[name=category]") != ""
    alike = page.locator(".alike", has_text="下水道")
    alike.get_by_role("button").click()
    alike.get_by_role("button", name="已加入").wait_for()
    waits_in(page, 0)
    assert Joining.objects.get().grievance == told
    assert Grievance.objects.count() == 1


def test_me_too_without_a_network_waits_and_is_counted_once(phone, world):
    told = file_case(world, description="三号楼下水道堵了，污水流到路上，很臭")
    page = phone.sign_in(world.group_leader)
    page.goto(f"{phone.site}/report/")
    page.locator("textarea[name=description]").press_sequentially(WORDS)
    alike = page.locator(".alike", has_text="下水道")
    alike.wait_for()
    phone.context.set_offline(True)
    alike.get_by_role("button").click()
    waits_in(page, 1)
    assert not Joining.objects.exists()
    phone.context.set_offline(False)
    hurry(page)
    waits_in(page, 0)
    assert Joining.objects.get().grievance == told
