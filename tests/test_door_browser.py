"""A resident with a phone and no account, from the code on the door to the word on the result."""

from pathlib import Path

import pytest
from PIL import Image

from grievances.choices import Source, Status
from grievances.models import Grievance
from linjiang.common.clock import now
from orgs.services.doors import doors_of
from tests.browsing import complaints_of
from tests.factories import World, fresh, make_world
from tests.grievances.scenes import do
from tests.test_five_steps_browser import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WORDS = "楼道里堆满了杂物，堵住了消防通道。"


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "stairs.jpg"
    Image.new("RGB", (800, 600), "grey").save(path)
    return path


@pytest.mark.parametrize(("width", "scripts"), [(360, True), (1440, True), (360, False)])
def test_told_through_the_door_followed_and_sent_back(browser, live_server, world, photo, width, scripts):
    leaf = world.units["neighbourhood"]
    door = doors_of(actor=world.community, units=[leaf], now=now())[leaf.pk]
    resident = Visitor(browser, live_server.url, width=width, scripts=scripts)
    resident.open(f"/n/{door.token}/")

    # Sent empty, it says what is missing and keeps the name.
    resident.page.fill("input[name=contact_name]", "王大妈")
    resident.press("发送")
    assert resident.page.input_value("input[name=contact_name]") == "王大妈"
    assert not Grievance.objects.exists()
    resident.complaints.clear()  # the browser remarks on the 422 that was asked for

    resident.page.fill("textarea[name=description]", WORDS)
    resident.page.set_input_files("input[name=photos]", photo)
    resident.press("发送")
    case = Grievance.objects.get()
    assert (case.status, case.source) == (Status.DISCOVERED, Source.RESIDENT)
    assert resident.reads(case.number)
    resident.page.get_by_role("link", name="查看进展").click()
    resident.page.wait_for_load_state()
    assert resident.page.url.endswith(f"/r/{case.token}/")
    # Who told it is not asked whether they have it too.
    assert not resident.reads("我也有")

    # 反映: the chief finds it in the to do and passes it on.
    chief = Visitor(browser, live_server.url, width=width, scripts=scripts)
    chief.sign_in(world.chief)
    chief.open("/")
    assert chief.reads("居民告诉您的")
    chief.step(case, "report")
    chief.press("反映")
    case.refresh_from_db()
    assert case.status == Status.REPORTED

    # Solved, says the agency; not so, says the resident.
    for action, who in (("assign", world.community), ("acknowledge", world.handler), ("resolve", world.handler)):
        case = do(world, case, action, fresh(who), at=now())
    resident.open(f"/r/{case.token}/")
    resident.page.locator("label.choice", has_text="还没有").click()
    resident.page.locator("label.choice", has_text="非常不满意").click()
    resident.press("提交评价")
    case.refresh_from_db()
    assert (case.status, case.reopened_count, case.round) == (Status.ASSIGNED, 1, 2)
    assert resident.complaints == chief.complaints == []


def test_a_neighbour_says_me_too_and_more_photos_come(browser, live_server, world, photo):
    leaf = world.units["neighbourhood"]
    door = doors_of(actor=world.community, units=[leaf], now=now())[leaf.pk]
    resident = Visitor(browser, live_server.url, width=360, scripts=True)
    resident.open(f"/n/{door.token}/")
    resident.page.fill("textarea[name=description]", WORDS)
    resident.press("发送")
    case = Grievance.objects.get()
    neighbour = Visitor(browser, live_server.url, width=360, scripts=True)
    assert complaints_of(neighbour.page) == []
    neighbour.open(f"/r/{case.token}/")
    neighbour.press("我也有")
    assert neighbour.reads("已经记下")
    resident.open(f"/r/{case.token}/")
    assert resident.reads("还有 1 人")
    resident.page.set_input_files("input[name=photos]", photo)
    resident.press("发送照片")
    assert resident.reads("照片已经收到")
    case.refresh_from_db()
    assert (case.joined_count, case.attachments.count()) == (1, 1)
