"""The street desk in a real browser without scripts: readable, and a step can be taken."""

import pytest

from grievances.models import Grievance
from tests.factories import PASSWORD, file_case, make_world

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
    page.locator("a[href$='/step/comment/']").click(timeout=5_000)
    page.fill("textarea[name=note]", "不用脚本也能留言")
    page.locator(".form__actions button").click(timeout=5_000)
    assert "不用脚本也能留言" in page.locator("body").inner_text()
    assert Grievance.objects.get(pk=case.pk).events.filter(note="不用脚本也能留言").exists()
