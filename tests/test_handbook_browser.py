"""The chief's handbook walked through in a browser; with LINJIANG_PICTURES=FOLDER the walk takes its pictures:

LINJIANG_PICTURES=docs/pictures/handbook make e2e ARGS="-k handbook"
"""

import os
import re
import uuid
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from grievances.choices import Status
from grievances.models import Grievance
from grievances.services.door import tell
from linjiang.common.clock import now
from orgs.models import User
from tests.factories import World, fresh, make_world
from tests.grievances.scenes import do

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
HANDBOOK = Path(__file__).resolve().parent.parent / "docs" / "handbook.zh.md"
STEPS = ("home", "report", "receipt", "offline", "told", "answer", "elder")


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "drain.jpg"
    picture = Image.new("RGB", (1200, 900), "#9aa7b5")
    ImageDraw.Draw(picture).ellipse((380, 320, 820, 640), fill="#4c5561")
    picture.save(path)
    return path


def keep(page, name: str) -> None:
    """Take the handbook's picture of this step, when pictures are asked for."""
    if folder := os.environ.get("LINJIANG_PICTURES"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.wait_for_timeout(400)
        page.screenshot(path=Path(folder) / f"{name}.png")


def test_a_day_of_a_chief_as_the_handbook_tells_it(phone, world, photo):
    User.objects.filter(pk=world.chief.pk).update(name="石军")
    page = phone.sign_in(world.chief)
    keep(page, "home")

    page.locator(".report-tile").click()
    page.fill("textarea[name=description]", "三号楼下水道堵了，污水流到路上。")
    page.set_input_files("input[name=photos]", photo)
    page.locator("#filing-photos img").wait_for()
    keep(page, "report")
    page.locator("#filing [type=submit]").click()
    page.wait_for_url(re.compile(r"/report/LJ[\w-]+/$"))
    keep(page, "receipt")
    case = Grievance.objects.get()
    assert case.status == Status.REPORTED

    page.goto(f"{phone.site}/report/")
    page.fill("textarea[name=description]", "楼道灯不亮了。")
    phone.context.set_offline(True)
    page.locator("#filing [type=submit]").click()
    page.locator("#outbox-chip").wait_for(state="visible")
    keep(page, "offline")
    phone.context.set_offline(False)
    page.goto(f"{phone.site}/")
    page.locator("#outbox-chip").wait_for(state="hidden")
    assert Grievance.objects.count() == 2

    case = do(world, case, "assign", fresh(world.community), at=now())
    case = do(world, case, "acknowledge", fresh(world.handler), at=now())
    do(world, case, "resolve", fresh(world.handler), at=now(), result="管道疏通了，路面冲洗干净了。")
    tell(unit=world.units["neighbourhood"], description="门口的井盖松了", now=now(), submission_id=uuid.uuid4())
    page.goto(f"{phone.site}/")
    assert page.locator(".task").count() == 2
    keep(page, "told")
    page.locator(".task__link", has_text="下水道").click()
    page.locator("input[name=rating]").first.wait_for(state="attached")
    keep(page, "answer")

    page.goto(f"{phone.site}/")
    page.locator("form.elder button[name=size]").first.click()
    page.wait_for_function("() => document.documentElement.dataset.elder")
    keep(page, "elder")


def test_every_picture_of_the_handbook_is_there_and_every_step_has_one():
    shown = re.findall(r"\]\((pictures/handbook/[\w-]+\.png)\)", HANDBOOK.read_text("utf-8"))
    assert {Path(name).stem for name in shown} == set(STEPS)
    for name in shown:
        with Image.open(HANDBOOK.parent / name) as picture:
            assert picture.size == (360, 740), name
