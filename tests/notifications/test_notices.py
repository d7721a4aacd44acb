"""Notices from above: to whom they come, that reading is counted once and never named, and in how few statements."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from linjiang.common.errors import InvalidInput, NotAllowed
from linjiang.desk import desk_site
from notifications import notices as notices_module
from notifications.models import Message, Notice, NoticeRead
from notifications.notices import (
    count_of,
    notices_by,
    notices_in_force,
    progress_of,
    read_notice,
    send_out,
    withdraw_notice,
    write_notice,
)
from notifications.tasks import send_notices
from orgs.services.posts import end_post
from tests.factories import World, fresh, make_post, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def written(world: World, **given) -> Notice:
    given = {"unit": world.units["street"], "title": "汛期值守", "text": "今晚有大雨。", "audience": "all"} | given
    return write_notice(actor=given.pop("actor", world.street), now=given.pop("now", timezone.now()), **given)


def readers(world: World, notice: Notice) -> set[str]:
    people = {**world.users, **{f"other {name}": user for name, user in world.others.items()}}
    moment = timezone.now()
    return {name for name, user in people.items() if notices_in_force(fresh(user), now=moment).filter(pk=notice.pk)}


@pytest.mark.parametrize(
    ("audience", "expected"),
    [
        ("chiefs", {"chief", "second_chief"}),
        ("leaders", {"group_leader", "zone_leader"}),
        ("all", {"chief", "second_chief", "group_leader", "zone_leader", "community"}),
    ],
)
def test_it_comes_to_those_below_it_is_written_to(world, audience, expected):
    notice = written(world, audience=audience)
    assert readers(world, notice) == expected
    assert notice.reached == len(expected)


def test_each_writes_for_the_own_unit_only(world):
    for actor in (world.chief, world.group_leader, world.supervisor, world.handler, world.others["street"]):
        with pytest.raises(NotAllowed):
            written(world, actor=fresh(actor))
    with pytest.raises(NotAllowed):
        written(world, actor=world.community)
    assert written(world, actor=world.official).unit == world.units["street"]
    assert written(world, actor=world.city_official, unit=world.units["city"], audience="chiefs").reached == 4


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", " "),
        ("title", "长" * 81),
        ("text", ""),
        ("text", "长" * 4001),
        ("audience", "everybody"),
        ("until", date(2020, 1, 1)),
    ],
)
def test_what_cannot_be_used_is_named(world, field, value):
    with pytest.raises(InvalidInput) as caught:
        written(world, **{field: value})
    assert set(caught.value.errors) == {field}
    assert not Notice.objects.exists()


def test_opening_it_is_reading_it_once(client, world):
    notice = written(world)
    client.force_login(world.chief)
    assert "汛期值守" in client.get("/").content.decode()
    for _time in range(3):
        assert client.get(reverse("notice", args=[notice.pk])).status_code == 200
    notice.refresh_from_db()
    assert count_of(notice) == (1, 5)
    assert NoticeRead.objects.count() == 1


def test_the_writer_sees_numbers_and_no_names(client, world):
    notice = written(world)
    for user in (world.chief, world.second_chief):
        client.force_login(user)
        client.get(reverse("notice", args=[notice.pk]))
    for user in (world.street, world.official):
        client.force_login(user)
        for url in (reverse("notices"), reverse("notice", args=[notice.pk])):
            main = client.get(url).content.decode().split("<main", 1)[1]
            assert "2" in main
            assert "5" in main
            assert world.chief.name not in main.replace("second_chief", "")
    assert not {Notice, NoticeRead} & set(desk_site._registry)
    assert {field.name for field in NoticeRead._meta.concrete_fields} == {"id", "notice", "user"}


def test_so_few_that_a_number_would_name_them_are_not_counted(world):
    assert count_of(written(world, audience="leaders")) is None


def test_who_took_office_later_reads_it_and_is_not_counted(world):
    notice = written(world, now=timezone.now() - timedelta(days=3))
    later = make_post("chief", unit=world.units["neighbourhood"], since=timezone.localdate()).user
    read_notice(actor=later, notice=notice)
    notice.refresh_from_db()
    assert notice.read_count == 0
    assert NoticeRead.objects.filter(user=later).exists()


def test_it_ends_with_its_day_with_the_post_and_when_it_is_withdrawn(client, world):
    now = timezone.now()
    notice = written(world, until=timezone.localdate())
    assert notices_in_force(world.chief, now=now).count() == 1
    assert notices_in_force(world.chief, now=now + timedelta(days=1)).count() == 0
    end_post(actor=world.street, post=world.second_chief.posts.get())
    assert notices_in_force(fresh(world.second_chief), now=now).count() == 0
    with pytest.raises(NotAllowed):
        withdraw_notice(actor=world.others["street"], now=now, notice=notice)
    withdraw_notice(actor=world.official, now=now, notice=notice)
    assert notices_in_force(world.chief, now=now).count() == 0
    client.force_login(world.chief)
    assert "今晚有大雨" not in client.get(reverse("notice", args=[notice.pk])).content.decode()


def test_another_unit_s_notice_is_not_there(client, world):
    notice = written(world)
    for user in (world.others["chief"], world.others["street"], world.handler):
        client.force_login(user)
        assert client.get(reverse("notice", args=[notice.pk])).status_code == 404
        assert client.post(reverse("notice_withdraw", args=[notice.pk])).status_code == 404
    client.force_login(world.chief)
    assert client.post(reverse("notice_withdraw", args=[notice.pk])).status_code == 404
    assert client.get(reverse("notice_write")).status_code == 403


def test_only_an_important_one_sends_one_message_to_each(world):
    written(world)
    assert not Message.objects.exists()
    notice = written(world, important=True)
    assert not Message.objects.exists()
    send_notices()
    assert Message.objects.filter(kind="notice").count() == notice.reached == 5
    assert not Message.objects.filter(is_urgent=True).exists()


def test_killed_in_the_middle_it_is_completed_once(client, world, monkeypatch):
    notice = written(world, important=True)
    real, blocks = notices_module.queue_rows, []

    def die_after_the_second_block_was_written(rows, *, at):
        real(rows, at=at)
        blocks.append(len(rows))
        if len(blocks) == 2:
            raise SystemExit

    monkeypatch.setattr(notices_module, "queue_rows", die_after_the_second_block_was_written)
    with pytest.raises(SystemExit):
        send_out(now=timezone.now(), batch=2)
    monkeypatch.undo()
    assert blocks == [2, 2]
    notice.refresh_from_db()
    assert (Message.objects.count(), notice.sent_count, notice.sent_at) == (2, 2, None)
    assert progress_of(notice) == (2, 5)
    client.force_login(world.street)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    assert "Sent to 2 of 5" in client.get(reverse("notice", args=[notice.pk])).content.decode()
    client.force_login(world.chief)
    assert "Sent to" not in client.get(reverse("notice", args=[notice.pk])).content.decode()
    assert send_out(now=timezone.now(), batch=2) == 3
    assert send_out(now=timezone.now(), batch=2) == 0
    people = list(Message.objects.filter(kind="notice").values_list("recipient", flat=True))
    assert len(people) == len(set(people)) == notice.reached
    notice.refresh_from_db()
    assert notice.sent_at
    assert progress_of(notice) is None


def test_once_withdrawn_or_past_its_day_nobody_else_is_told(world):
    now = timezone.now()
    notice = written(world, important=True)
    past = written(world, important=True, now=now - timedelta(days=3), until=(now - timedelta(days=2)).date())
    withdraw_notice(actor=world.official, now=now, notice=notice)
    assert send_out(now=now) == 0
    assert not Message.objects.exists()
    for one in (notice, past):
        one.refresh_from_db()
        assert progress_of(one) is None
        assert one.sent_at  # and no sweep looks at it again


def test_so_few_are_reached_that_no_progress_is_shown(world):
    assert progress_of(written(world, important=True, audience="leaders")) is None


@pytest.mark.django_db(transaction=True)
def test_two_workers_write_each_message_once(world):
    notice = written(world, important=True)

    def sweep(_turn: int) -> int:
        try:
            return send_out(now=timezone.now(), batch=1)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        counts = list(pool.map(sweep, range(2)))
    send_out(now=timezone.now(), batch=1)
    assert Message.objects.count() == notice.reached
    assert sum(counts) <= notice.reached


def test_writing_and_withdrawing_by_the_pages(client, world):
    client.force_login(world.street)
    given = {"title": "汛期值守", "text": "今晚有大雨。", "audience": "chiefs", "until": ""}
    assert client.post(reverse("notice_write"), {**given, "title": ""}).status_code == 422
    answer = client.post(reverse("notice_write"), given)
    notice = Notice.objects.get()
    assert answer.url == reverse("notice", args=[notice.pk])
    assert notice in notices_by(world.street)
    assert client.post(reverse("notice_withdraw", args=[notice.pk])).status_code == 302
    notice.refresh_from_db()
    assert notice.withdrawn_at


def test_statements_do_not_grow_with_people_or_notices(client, world):
    def statements(user) -> int:
        client.force_login(user)
        with CaptureQueriesContext(connection) as seen:
            assert client.get(reverse("notices")).status_code == 200
        return len(seen)

    written(world)
    few = statements(world.street), statements(world.chief)
    with CaptureQueriesContext(connection) as one:
        written(world, important=True)
    for _number in range(10):
        make_post("group_leader", unit=world.units["group"])
    for _number in range(8):
        written(world)
    with CaptureQueriesContext(connection) as many:
        written(world, important=True)
    assert len(many) == len(one)
    assert (statements(world.street), statements(world.chief)) == few
