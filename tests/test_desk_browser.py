"""The street desk in a real browser: by keyboard, beside a second person, and without scripts."""

import pytest
from django.urls import reverse

from grievances.choices import Action, Status
from grievances.models import Grievance
from linjiang.common.clock import now
from tests.browsing import complaints_of
from tests.factories import PASSWORD, file_case, make_world
from tests.grievances.scenes import do

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_desk_is_read_and_a_step_taken_without_scripts(browser, live_server):
    world = make_world()
    case = file_case(world)
    page = browser.new_context(
        viewport={"width": 1440, "height": 900}, java_script_enabled=False, locale="zh-CN"
    ).new_page()
    page.goto(f"{live_server.url}/sign-in/?next=/desk/")
    page.fill("input[name=username]", world.street.phone)
    page.fill("input[name=password]", PASSWORD)
    page.locator("main").get_by_role("button", name="登录", exact=True).click()
    page.locator("a.desk-title").first.click(timeout=5_000)
    assert page.locator("h2.desk-case__title").inner_text() == case.title
    page.locator("a[href*='/step/comment/']").click(timeout=5_000)
    page.fill("textarea[name=note]", "不用脚本也能留言")
    page.locator(".form__actions button").click(timeout=5_000)
    assert "不用脚本也能留言" in page.locator("body").inner_text()
    assert Grievance.objects.get(pk=case.pk).events.filter(note="不用脚本也能留言").exists()


PARTS = (".desk-case__title", ".desk-case .stages", ".desk-case__timeline", ".desk-steps", ".facts")


@pytest.fixture
def world():
    return make_world()


@pytest.fixture
def page(browser, live_server, world):
    """Give the desk to the street's officer, on the inbox, at an ordinary office screen."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN")
    page = context.new_page()
    page.complaints = complaints_of(page)
    page.site = live_server.url
    page.goto(f"{live_server.url}/sign-in/?next=/desk/")
    page.fill("input[name=username]", world.street.phone)
    page.fill("input[name=password]", PASSWORD)
    page.locator("main").get_by_role("button", name="登录", exact=True).click()
    page.wait_for_url("**/desk/**")
    return page


def number(page) -> str:
    page.wait_for_selector("[data-desk-case]")
    return page.locator(".desk-case__head .desk-number").inner_text()


def in_list(page) -> list[str]:
    page.wait_for_selector("#result_list")
    return page.locator("#result_list a.desk-number").all_inner_texts()


def test_a_list_is_worked_through_by_keyboard(page, world):
    for _case in range(3):
        file_case(world, now=now())
    page.goto(f"{page.site}{reverse('admin:grievances_grievance_changelist')}?tab=assign")
    first, second, third = in_list(page)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    assert number(page) == first
    page.keyboard.press("Control+a")
    assert not page.locator("#desk-panel").is_visible()
    page.keyboard.press("a")
    page.locator("#desk-panel select[name=agency]").select_option(str(world.agency.pk))
    page.locator("#desk-panel textarea[name=note]").press_sequentially("nup请尽快")
    assert Grievance.objects.get(number=first).status == Status.REPORTED
    page.locator("#desk-panel .form__actions button").click()
    page.wait_for_url(f"**/{Grievance.objects.get(number=second).pk}/**")
    assert Grievance.objects.get(number=first).status == Status.ASSIGNED
    assert Grievance.objects.get(number=first).events.filter(note="nup请尽快").exists()
    assert number(page) == second
    page.keyboard.press("n")
    page.wait_for_url(f"**/{Grievance.objects.get(number=third).pk}/**")
    page.keyboard.press("p")
    page.wait_for_url(f"**/{Grievance.objects.get(number=second).pk}/**")
    page.keyboard.press("?")
    assert page.locator("#desk-keys").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("u")
    page.wait_for_url("**tab=assign**")
    assert in_list(page) == [second, third]
    page.keyboard.press("j")
    page.keyboard.press("x")
    assert page.locator("#result_list input.action-select:checked").count() == 1
    page.keyboard.press("a")
    page.wait_for_url("**/bulk/assign/**")
    assert page.complaints == []


def test_the_whole_case_stands_on_one_screen(page, world):
    case = do(world, file_case(world, now=now()), Action.ASSIGN, world.community, at=now())
    page.goto(f"{page.site}{reverse('admin:grievances_grievance_change', args=[case.pk])}")
    for part in PARTS:
        box = page.locator(part).first.bounding_box()
        assert box, part
        assert box["y"] >= 0, part
        assert box["y"] + box["height"] <= 900, (part, box)
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")


def test_the_second_person_sees_it_and_overwrites_nothing(page, world):
    case = file_case(world, now=now())
    page.goto(f"{page.site}{reverse('admin:grievances_grievance_change', args=[case.pk])}")
    page.keyboard.press("a")
    page.locator("#desk-panel textarea[name=note]").fill("写了一半的话")
    do(world, case, Action.ASSIGN, world.community, at=now())
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    notice = page.locator("#desk-changed")
    notice.wait_for(state="visible")
    assert str(world.community) in notice.inner_text()
    page.locator("#desk-panel select[name=agency]").select_option(str(world.second_agency.pk))
    page.locator("#desk-panel .form__actions button").click()
    page.locator("#desk-panel [role=alert]").first.wait_for()
    assert "写了一半的话" in page.locator("#desk-panel").inner_text()
    assert str(world.community) in page.locator("#desk-panel .timeline").inner_text()
    assert Grievance.objects.get(pk=case.pk).lead_agency_id == world.agency.pk
    notice.locator("[data-refresh]").click()
    notice.wait_for(state="hidden")
    assert page.locator(".desk-case .chip").first.inner_text() == "已交办"
    assert "写了一半的话" in page.locator("#desk-panel").inner_text()
