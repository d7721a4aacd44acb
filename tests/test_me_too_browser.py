"""Suggestions and "me too" in a browser: one tap chooses the kind, one tap joins, with and without a network."""

import pytest

from grievances.models import Category, Grievance, Joining
from tests.browsing import SENT, send, waits_in, write
from tests.factories import World, file_case, make_world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LIGHT = "三号楼门口的路灯坏了三天"


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def case(world) -> Grievance:
    """The same lamp, reported next door."""
    return file_case(world, by=world.second_chief, unit=world.units["second_neighbourhood"], description=LIGHT)


@pytest.fixture
def page(phone, world, case):
    phone.sign_in(world.chief).close()
    page = phone.tab("/report/")
    write(page, "门口路灯坏了，很黑")
    page.locator("#filing-suggested").wait_for(state="visible")
    return page


def test_a_suggested_kind_is_chosen_by_one_tap(page, case):
    chip = page.locator("[data-categories] .chip-button").first
    name = chip.inner_text()
    chip.click()
    assert chip.get_attribute("aria-pressed") == "true"
    send(page)
    send_again = page.locator("#filing-ask-photo")
    if send_again.is_visible():
        send(page)
    page.wait_for_url(SENT)
    mine = Grievance.objects.exclude(pk=case.pk).get()
    assert name in (str(mine.category.name), mine.category.name_en)
    assert Category.objects.filter(pk=mine.category_id, parent__isnull=False).exists()


def test_next_doors_case_is_shown_without_a_link_and_joined_by_one_tap(page, world, case):
    shown = page.locator(".alike")
    assert case.title in shown.inner_text()
    assert shown.locator("a").count() == 0
    shown.locator("button").click()
    shown.locator("button", has_text=page.locator("#filing").get_attribute("data-joined")).wait_for()
    waits_in(page, 0)
    assert Joining.objects.get().grievance == case
    assert Grievance.objects.count() == 1
