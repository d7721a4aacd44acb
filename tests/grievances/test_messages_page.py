"""The in-app inbox."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from notifications import services as outbox
from notifications.models import Message
from tests.factories import NOON, World, file_case, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def tell(user, number: int, *, url: str = "/households/", at=NOON, case=None) -> Message:
    facts = {"number": case.number, "title": "路灯"} if case else {"title": "路灯"}
    outbox.queue([outbox.message(to=user, kind="case_resolved", facts=facts, url=url, key=f"k{number}", at=at)])
    return Message.objects.get(key=f"k{number}:{user.pk}")


def test_unread_first_then_newest_in_the_readers_language(client, world):
    old, new = tell(world.chief, 1), tell(world.chief, 2)
    outbox.mark_read(actor=world.chief, now=NOON, pk=new.pk)
    tell(world.second_chief, 3)
    client.force_login(world.chief)
    response = client.get("/messages/")
    assert [entry["pk"] for entry in response.context["entries"]] == [old.pk, new.pk]
    assert "已解决，请把结果告诉住户" in response.content.decode()
    client.cookies["django_language"] = "en"
    assert "Please tell the household the answer" in client.get("/messages/").content.decode()


def test_what_is_not_due_yet_is_not_shown(client, world):
    tell(world.chief, 1, at=timezone.now() + timedelta(hours=1))
    client.force_login(world.chief)
    response = client.get("/messages/")
    assert response.context["entries"] == []
    assert "还没有消息" in response.content.decode()


def test_opening_marks_as_read_and_goes_on(client, world):
    message = tell(world.chief, 1)
    client.force_login(world.chief)
    assert client.post("/messages/read/", {"pk": message.pk, "open": "1"}).url == "/households/"
    message.refresh_from_db()
    assert message.read_at is not None


def test_all_at_once(client, world):
    mine, theirs = tell(world.chief, 1), tell(world.second_chief, 2)
    client.force_login(world.chief)
    client.post("/messages/read/")
    mine.refresh_from_db()
    theirs.refresh_from_db()
    assert mine.read_at is not None
    assert theirs.read_at is None


def test_somebody_elses_message_is_neither_marked_nor_opened(client, world):
    theirs = tell(world.second_chief, 1)
    client.force_login(world.chief)
    assert client.post("/messages/read/", {"pk": theirs.pk, "open": "1"}).url == "/messages/"
    theirs.refresh_from_db()
    assert theirs.read_at is None


@pytest.mark.parametrize("url", ["https://evil.example/", "//evil.example/", ""])
def test_a_message_leads_nowhere_outside(client, world, url):
    message = tell(world.chief, 1, url=url)
    client.force_login(world.chief)
    assert client.post("/messages/read/", {"pk": message.pk, "open": "1"}).url == "/messages/"


@pytest.mark.parametrize("pk", ["x", "-1", "1" * 40, "²", "\x00"])
def test_an_absurd_number_marks_nothing(client, world, pk):
    message = tell(world.chief, 1)
    client.force_login(world.chief)
    assert client.post("/messages/read/", {"pk": pk, "open": "1"}).status_code == 302
    message.refresh_from_db()
    assert message.read_at is None


@pytest.mark.parametrize("page", ["0", "-3", "x", "²", "9" * 30, "1000"])
def test_absurd_pages_are_just_empty_or_first(client, world, page):
    tell(world.chief, 1)
    client.force_login(world.chief)
    assert client.get("/messages/", {"page": page}).status_code == 200


def test_pages_of_thirty_in_few_statements(client, world):
    client.force_login(world.chief)
    tell(world.chief, 0)
    case = file_case(world)
    tell(world.chief, 1, case=case)
    with CaptureQueriesContext(connection) as few:
        client.get("/messages/")
    for number in range(2, 35):
        tell(world.chief, number, case=case)
    with CaptureQueriesContext(connection) as many:
        first = client.get("/messages/")
    assert len(many) == len(few) <= 15
    second = client.get(first.context["next_url"])
    assert len(first.context["entries"]) == 30
    assert len(second.context["entries"]) == 5
    assert not second.context["next_url"]


def test_with_the_post_end_the_words_about_its_cases(client, world):
    case = file_case(world)
    message = tell(world.chief, 1, url=case.get_absolute_url(), case=case)
    client.force_login(world.chief)
    assert "路灯" in client.get("/messages/").content.decode()
    assert client.post("/messages/read/", {"pk": message.pk, "open": "1"}).url == case.get_absolute_url()
    assert client.get("/api/v1/messages/").json()["results"][0]["text"].count("路灯") == 1
    world.chief.posts.update(until=timezone.localdate() - timedelta(days=1))
    page = client.get("/messages/").content.decode()
    assert f"{case.number}（" in page
    assert "路灯" not in page
    assert 'name="open"' not in page
    assert client.post("/messages/read/", {"pk": message.pk, "open": "1"}).url == "/messages/"
    shown = client.get("/api/v1/messages/").json()["results"][0]
    assert shown["number"] == case.number
    assert "路灯" not in shown["text"]


def test_the_desk_keeps_no_words_of_cases_that_are_no_longer_ones_own(client, world):
    other = file_case(world, by=world.others["chief"], unit=world.others["chief"].current_posts[0].unit)
    message = tell(world.street, 1, url=other.get_absolute_url(), case=other)
    mine = file_case(world)
    tell(world.street, 2, url=mine.get_absolute_url(), case=mine)
    client.force_login(world.street)
    address = reverse("admin:notifications_message_changelist")
    for path in (address, f"{address}{message.pk}/change/"):
        page = client.get(path, follow=True).content.decode()
        assert f"{other.number}（" in page
        assert other.get_absolute_url() not in page
    assert mine.get_absolute_url() in client.get(address).content.decode()
