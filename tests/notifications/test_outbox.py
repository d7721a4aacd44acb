"""The outbox: in the change's transaction, delivered once, put into words in the reader's language."""

from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import translation

from notifications.models import Heartbeat, Message
from notifications.services import deliver_due, mark_read, message, queue, record_heartbeat
from notifications.tasks import deliver_messages, tick
from notifications.wording import WORDS, put_into_words
from tests.factories import NOON, make_user

pytestmark = pytest.mark.django_db
FACTS = {"number": "LJ20260304-00001", "title": "路灯不亮"}


def entry(user, *, kind="case_reported", key="case_reported:1", at=NOON) -> Message:
    return message(to=user, kind=kind, facts=FACTS, url="/cases/LJ20260304-00001/", key=key, at=at)


def test_a_message_queued_twice_is_one_message():
    user = make_user()
    queue([entry(user)])
    queue([entry(user)])
    assert Message.objects.count() == 1


def test_a_message_of_a_change_that_failed_is_never_sent():
    with suppress(RuntimeError), transaction.atomic():
        queue([entry(make_user())])
        raise RuntimeError("the change failed")
    assert not Message.objects.exists()
    assert deliver_due(now=NOON) == 0


def test_it_is_delivered_when_due_and_once():
    queue([entry(make_user(), at=NOON)])
    assert deliver_due(now=NOON - timedelta(seconds=1)) == 0
    assert deliver_due(now=NOON) == 1
    assert deliver_due(now=NOON) == 0
    assert Message.objects.get().sent_at == NOON


def test_one_that_cannot_be_put_into_words_holds_up_nobody(caplog):
    user = make_user()
    queue([entry(user, kind="of_no_known_kind", key="a"), entry(user, key="b")])
    assert deliver_due(now=NOON) == 1
    stuck = Message.objects.get(kind="of_no_known_kind")
    assert stuck.sent_at is None
    assert stuck.not_before > NOON
    assert "of_no_known_kind" in stuck.last_error
    assert "cannot be put into words" in caplog.text


@pytest.mark.parametrize("kind", WORDS)
def test_every_kind_has_words_in_both_languages(kind):
    facts = FACTS | {"numbers": FACTS["number"], "year": 2027, "count": 7, "what": "花戏楼街道"}
    with translation.override("en"):
        english = put_into_words(kind, facts)
    with translation.override("zh-hans"):
        chinese = put_into_words(kind, facts)
    # What it is about: a case, cases, a year, a number of figures, a notice, or a list that was asked for.
    subjects = ("numbers", "number", "year", "count", "title", "what")
    subject = next(name for name in subjects if f"%({name})s" in WORDS[kind])
    assert str(facts[subject]) in english
    assert str(facts[subject]) in chinese
    assert english != chinese


def test_a_missing_fact_leaves_a_gap_and_no_error():
    assert put_into_words("case_returned", {}) is not None


def test_only_the_recipient_marks_it_read():
    mine, other = make_user(), make_user()
    queue([entry(mine)])
    letter = Message.objects.get()
    assert mark_read(actor=other, now=NOON, pk=letter.pk) == 0
    assert mark_read(actor=mine, now=NOON, pk=letter.pk) == 1
    assert mark_read(actor=mine, now=NOON) == 0


def test_the_tasks_may_run_twice():
    queue([entry(make_user())])
    deliver_messages()
    deliver_messages()
    tick()
    tick()
    assert Message.objects.get().attempts == 1
    assert Heartbeat.objects.count() == 1


def test_a_heartbeat_keeps_the_last_moment():
    record_heartbeat(name="beat", now=NOON)
    record_heartbeat(name="beat", now=NOON + timedelta(minutes=1))
    assert Heartbeat.objects.get().at == NOON + timedelta(minutes=1)
