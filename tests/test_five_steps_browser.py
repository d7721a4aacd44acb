"""The main job walked through in a real browser, page by page, as each person: 发现、反映、交办、解决、反馈."""

from pathlib import Path

import pytest
from PIL import Image

from grievances.choices import Confirmation, Status
from grievances.models import Grievance
from grievances.services.escalation import escalate_overdue
from linjiang.common import clock
from notifications.models import Message
from notifications.services import deliver_due
from orgs.services.system import system_user
from tests.browsing import complaints_of
from tests.factories import PASSWORD, World, file_case, make_world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WORDS = "三号楼下水道堵了，污水流到路上。"


class Visitor:
    """Somebody at a screen; `complaints` are what the browser's console said."""

    def __init__(self, browser, site: str, *, width: int, scripts: bool) -> None:
        self.site = site
        context = browser.new_context(
            viewport={"width": width, "height": 800}, java_script_enabled=scripts, locale="zh-CN"
        )
        self.page = context.new_page()
        self.complaints = complaints_of(self.page)

    def open(self, path: str) -> None:
        """Go to a page that must be there and must not be wider than the screen."""
        assert self.page.goto(self.site + path).status == 200, path
        assert self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} is too wide"

    def sign_in(self, user) -> None:
        self.open("/sign-in/")
        self.page.fill("input[name=username]", user.phone)
        self.page.fill("input[name=password]", PASSWORD)
        self.press("登录")

    def press(self, name: str) -> None:
        """Press the main button of the page's form."""
        self.page.locator("main").get_by_role("button", name=name, exact=True).click()
        self.page.wait_for_load_state()

    def step(self, case: Grievance, action: str) -> None:
        """From the case's page to the page of one of the steps it offers."""
        self.open(case.get_absolute_url())
        self.page.locator(f"a[href$='/{action}/']").first.click()
        self.page.wait_for_load_state()

    def reads(self, words: str) -> bool:
        return words in self.page.locator("body").inner_text()


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "drain.jpg"
    Image.new("RGB", (800, 600), "grey").save(path)
    return path


@pytest.mark.parametrize(("width", "scripts"), [(360, True), (1440, True), (360, False)])
def test_from_the_stairwell_to_the_household_s_answer(browser, live_server, world, photo, width, scripts):
    def visitor(user=None) -> Visitor:
        somebody = Visitor(browser, live_server.url, width=width, scripts=scripts)
        everybody.append(somebody)
        if user is not None:
            somebody.sign_in(user)
        return somebody

    everybody: list[Visitor] = []

    # 发现、反映: the chief files with a photo and is shown where it went.
    chief = visitor(world.chief)
    chief.open("/report/")
    chief.page.fill("textarea[name=description]", WORDS)
    chief.page.set_input_files("input[name=photos]", photo)
    chief.press("发送")
    chief.page.wait_for_url("**/report/LJ*/")
    case = Grievance.objects.get()
    assert case.status == Status.REPORTED
    assert case.attachments.count() == 1
    assert chief.reads(case.number)

    # The group leader cannot solve it and passes it up; the community gives it to the drains people.
    leader = visitor(world.group_leader)
    leader.open("/cases/inbox/")
    assert leader.reads("三号楼下水道堵了")
    leader.step(case, "refer_up")
    leader.press("上报")
    # 交办
    community = visitor(world.community)
    community.step(case, "assign")
    community.page.select_option("select[name=agency]", str(world.agency.pk))
    community.press("交办")
    case.refresh_from_db()
    assert (case.status, case.lead_agency) == (Status.ASSIGNED, world.agency)

    # 解决: the agency signs for it and resolves it with proof.
    handler = visitor(world.handler)
    handler.step(case, "acknowledge")
    handler.press("签收")
    handler.step(case, "resolve")
    handler.page.fill("textarea[name=result]", "管道已疏通，路面已冲洗。")
    handler.page.set_input_files("input[name=photos]", photo)
    handler.press("解决")
    case.refresh_from_db()
    assert case.status == Status.RESOLVED

    # 反馈: the household follows its link without an account and says so.
    household = visitor()
    household.open(f"/r/{case.token}/")
    assert household.reads("管道已疏通")
    assert not household.reads(world.handler.name)
    for name in ("said_resolved", "rating"):
        household.page.locator(f"input[name={name}]").first.check(force=True)
    household.press("提交评价")
    case.refresh_from_db()
    assert (case.status, case.confirmation, case.rating) == (Status.CLOSED, Confirmation.RESIDENT, 5)

    # The official sees it counted, numerator and denominator beside the rate.
    official = visitor(world.official)
    official.open("/dashboard/")
    assert official.reads("100.00 %")
    assert official.reads("1 / 1")

    assert [complaint for somebody in everybody for complaint in somebody.complaints] == []


def test_an_overdue_case_reaches_the_leader_s_messages(browser, live_server, world):
    chief = Visitor(browser, live_server.url, width=360, scripts=True)
    chief.sign_in(world.chief)
    chief.open("/report/")
    chief.page.fill("textarea[name=description]", WORDS)
    chief.press("发送")
    chief.page.wait_for_url("**/report/LJ*/")
    case = Grievance.objects.get()
    # As though the working day for assigning had gone by.
    escalate_overdue(actor=system_user(), now=case.stage_due_at)
    Message.objects.update(not_before=clock.now())
    deliver_due(now=clock.now())
    assert Message.objects.filter(kind="rung_past", recipient=world.group_leader).count() == 1
    leader = Visitor(browser, live_server.url, width=360, scripts=True)
    leader.sign_in(world.group_leader)
    leader.open("/messages/")
    assert leader.reads("已超期")
    assert leader.reads(case.number)


def test_nothing_typed_is_lost_when_a_form_is_refused(browser, live_server, world):
    chief = Visitor(browser, live_server.url, width=360, scripts=True)
    chief.sign_in(world.chief)
    chief.open("/report/")
    chief.page.fill("textarea[name=description]", WORDS)
    chief.page.locator("input[name=contact_phone]").evaluate("field => { field.value = '12345' }")
    chief.press("发送")
    chief.page.wait_for_selector("#filing-problems:not([hidden])")
    assert not Grievance.objects.exists()
    assert chief.page.input_value("textarea[name=description]") == WORDS
    assert chief.page.input_value("input[name=contact_phone]") == "12345"


def test_the_street_assigns_from_the_desk(browser, live_server, world):
    case = file_case(world)
    street = Visitor(browser, live_server.url, width=1440, scripts=True)
    street.sign_in(world.street)
    street.open("/desk/")
    street.page.get_by_role("link", name=case.number).first.click()
    street.page.wait_for_load_state()
    assert street.reads(case.title)
    street.page.locator("a[href*='/step/assign/']").first.click()
    street.page.wait_for_load_state()
    street.page.select_option("select[name=agency]", str(world.agency.pk))
    street.page.fill("textarea[name=note]", "请当天处理")
    with street.page.expect_navigation():  # the step stands beside the case and is sent from there
        street.page.locator("form:has(select[name=agency]) .form__actions button").click()
    case.refresh_from_db()
    assert (case.status, case.lead_agency) == (Status.ASSIGNED, world.agency)
    assert street.reads("已交办")
    assert street.complaints == []
