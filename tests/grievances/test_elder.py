"""Elder mode: kept with the person or on the browser, one thing at a time, and the same pages."""

import pytest
from django.urls import reverse
from django.utils import timezone

from linjiang.common.errors import InvalidInput
from orgs.services.people import set_elder_size
from tests.factories import World, file_case, fresh, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def switch(client, size, **given):
    return client.post(reverse("elder"), {"size": size, "next": "/sign-in/", **given})


def test_a_person_s_setting_goes_with_the_person(client, world):
    client.force_login(world.chief)
    assert "data-elder" not in client.get("/").content.decode()
    assert switch(client, "22", next="/").url == "/"
    assert fresh(world.chief).elder_size == 22
    page = client.get("/").content.decode()
    assert 'data-elder="22"' in page
    assert "css/elder" in page
    client.cookies.clear()
    client.force_login(world.chief)
    assert 'data-elder="22"' in client.get("/").content.decode()
    switch(client, "0")
    assert "data-elder" not in client.get("/").content.decode()


def test_signed_out_a_cookie_keeps_it(client, world):
    assert switch(client, "30").url == "/sign-in/"
    assert 'data-elder="30"' in client.get("/sign-in/").content.decode()
    assert 'data-elder="30"' in client.get(reverse("resident", args=[file_case(world).token])).content.decode()


@pytest.mark.parametrize("wrong", ["", "17", "-1", "x", "99999999999"])
def test_any_other_size_is_the_ordinary_look(client, wrong):
    switch(client, wrong)
    client.cookies["elder"] = wrong
    assert "data-elder" not in client.get("/sign-in/").content.decode()


def test_only_pages_of_this_site_are_come_back_to(client):
    assert switch(client, "22", next="https://elsewhere.example/").url == "/"


def test_the_service_takes_offered_sizes_only(world):
    with pytest.raises(InvalidInput):
        set_elder_size(actor=world.chief, size=19)


def test_the_first_page_shows_one_thing_to_do_and_the_rest_behind_a_button(client, world):
    for _number in range(3):
        file_case(world, now=timezone.now(), keep_as_draft=True)
    client.force_login(world.chief)
    switch(client, "18")
    page = client.get("/").content.decode()
    before, after = page.split('<details class="panel more">', 1)
    assert before.count('class="task"') == 1
    assert after.count('class="task"') == 2
    assert before.index("report-tile") < before.index('class="task"')
