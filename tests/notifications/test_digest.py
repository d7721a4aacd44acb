"""Many reminders to one person become one message; the folded ones point to it, and none is lost."""

from datetime import timedelta

import pytest

from notifications.inbox import inbox_of, unread_count
from notifications.models import Message
from notifications.services import deliver_due, mark_read, message, queue
from notifications.wording import FOLDED
from orgs.profile import profile
from tests.factories import NOON, make_user
from tests.grievances.test_concurrency import at_once

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
FEW = profile().messages["digest_from"] - 1
MANY = FEW + 3


def remind(user, count: int, *, first: int = 1, kind: str = "rung_past", at=NOON, urgent: bool = False) -> None:
    """Queue `count` reminders, each of a case of its own."""
    queue(
        message(
            to=user,
            kind=kind,
            facts={"number": f"LJ20260304-{number:05}", "title": "路灯不亮"},
            url=f"/cases/LJ20260304-{number:05}/",
            key=f"{kind}:{number}",
            at=at,
            urgent=urgent,
        )
        for number in range(first, first + count)
    )


def digests(user) -> list[Message]:
    return list(Message.objects.filter(recipient=user, kind="digest"))


def test_many_become_one_and_point_to_it():
    user = make_user()
    remind(user, MANY)
    assert deliver_due(now=NOON) == MANY
    (digest,) = digests(user)
    assert digest.sent_at == NOON
    assert digest.facts == {"count": MANY, "numbers": ["LJ20260304-00001", "LJ20260304-00002", "LJ20260304-00003"]}
    assert digest.folded.count() == MANY
    assert not Message.objects.filter(sent_at__isnull=True).exists()
    assert [letter.pk for letter in inbox_of(user, now=NOON)] == [digest.pk]
    assert unread_count(user, now=NOON) == 1


def test_few_come_one_by_one():
    user = make_user()
    remind(user, FEW)
    assert deliver_due(now=NOON) == FEW
    assert digests(user) == []
    assert unread_count(user, now=NOON) == FEW


def test_two_rungs_of_one_case_are_one_case():
    user = make_user()
    for kind in ("rung_soon", "rung_past", "rung_past_seen", "rung_yellow_seen"):
        remind(user, 1, kind=kind)
    deliver_due(now=NOON)
    assert digests(user)[0].facts["count"] == 1


def test_what_is_urgent_or_no_reminder_is_never_folded():
    user = make_user()
    remind(user, MANY)
    remind(user, MANY, first=100, kind="rung_red", urgent=True)
    remind(user, MANY, first=200, kind="case_assigned")
    deliver_due(now=NOON)
    assert set(digests(user)[0].folded.values_list("kind", flat=True)) == {"rung_past"}
    assert unread_count(user, now=NOON) == 1 + 2 * MANY
    assert all(kind.startswith("rung_") for kind in FOLDED)


def test_each_person_has_a_digest_of_their_own():
    busy, calm, other = make_user(), make_user(), make_user()
    remind(busy, MANY)
    remind(calm, FEW, first=100)
    remind(other, MANY, first=200)
    deliver_due(now=NOON)
    assert [len(digests(user)) for user in (busy, calm, other)] == [1, 0, 1]
    for user in (busy, other):
        assert set(digests(user)[0].folded.values_list("recipient", flat=True)) == {user.pk}


def test_a_digest_takes_what_lies_beyond_the_batch():
    user = make_user()
    remind(user, 3 * MANY)
    assert deliver_due(now=NOON, batch=2) == 3 * MANY
    assert len(digests(user)) == 1
    assert digests(user)[0].folded.count() == 3 * MANY


def test_what_is_not_due_yet_waits_for_the_next_one():
    user = make_user()
    remind(user, MANY)
    remind(user, MANY, first=100, at=NOON + MINUTE)
    assert deliver_due(now=NOON) == MANY
    assert deliver_due(now=NOON + MINUTE) == MANY
    assert [digest.folded.count() for digest in digests(user)] == [MANY, MANY]
    assert deliver_due(now=NOON + MINUTE) == 0


def test_reading_all_reads_what_was_folded_too():
    user = make_user()
    remind(user, MANY)
    deliver_due(now=NOON)
    mark_read(actor=user, now=NOON, pk=digests(user)[0].pk)
    assert unread_count(user, now=NOON) == 0
    mark_read(actor=user, now=NOON)
    assert not Message.objects.filter(read_at__isnull=True).exists()


def test_the_count_is_one_statement_however_many(django_assert_num_queries):
    user = make_user()
    remind(user, 40)
    deliver_due(now=NOON)
    with django_assert_num_queries(1):
        unread_count(user, now=NOON)


def test_delivering_takes_as_many_statements_for_many_as_for_few(django_assert_max_num_queries):
    user = make_user()
    remind(user, 100)
    with django_assert_max_num_queries(8):
        deliver_due(now=NOON)


@pytest.mark.django_db(transaction=True)
def test_two_deliverers_at_once_lose_nothing_and_send_nothing_twice():
    people = [make_user() for _number in range(3)]
    for number, user in enumerate(people):
        remind(user, 4 * MANY, first=100 * number + 1)
    sent = at_once(3, lambda _number: deliver_due(now=NOON, batch=5))
    assert sum(sent) == 12 * MANY
    for user in people:
        mine = Message.objects.filter(recipient=user, kind="rung_past")
        assert not mine.filter(sent_at__isnull=True).exists()
        assert unread_count(user, now=NOON) == len(digests(user)) + mine.filter(digest__isnull=True).count()
        assert sum(digest.folded.count() for digest in digests(user)) == mine.filter(digest__isnull=False).count()
        assert digests(user)
