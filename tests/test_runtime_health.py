"""/healthz tells what works, quickly, to strangers, without ever failing itself."""

import time
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client, RequestFactory

from linjiang import health
from linjiang.common.clock import now
from notifications.models import Heartbeat, Message
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


def ask(client: Client) -> tuple[int, dict]:
    answer = client.get("/healthz")
    assert "no-store" in answer["Cache-Control"]
    return answer.status_code, answer.json()


def tick(age: timedelta = timedelta(0)) -> None:
    Heartbeat.objects.update_or_create(name="beat", defaults={"at": now() - age})


def test_all_well(client: Client) -> None:
    tick()
    status, body = ask(client)
    assert status == 200, body
    assert body["ok"]
    assert {name for name, part in body.items() if name != "ok" and part["ok"]} == {
        "database",
        "broker",
        "beat",
        "oldest_unsent",
    }


@pytest.mark.parametrize("age", [None, timedelta(minutes=2)])
def test_a_beat_that_never_ticked_or_stopped(client: Client, age: timedelta | None) -> None:
    Heartbeat.objects.all().delete()
    if age:
        tick(age)
    status, body = ask(client)
    assert status == 503
    assert not body["beat"]["ok"]
    assert body["database"]["ok"]
    assert body["beat"]["age"] == (None if age is None else pytest.approx(120, abs=5))


@pytest.mark.parametrize(
    ("due", "well"), [(timedelta(hours=1), False), (timedelta(seconds=5), True), (-timedelta(hours=1), True)]
)
def test_the_oldest_message_that_is_due_but_unsent(client: Client, due: timedelta, well: bool) -> None:
    tick()
    at = now() - due
    Message.objects.create(recipient=factories.make_user(), kind="note", key="a", created_at=at, not_before=at)
    status, body = ask(client)
    assert (status, body["oldest_unsent"]["ok"]) == ((200, True) if well else (503, False))


def test_a_database_out_of_reach_is_told_within_seconds(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def elsewhere() -> object:
        probe = connection.copy()
        probe.settings_dict.update(ENGINE="django.db.backends.postgresql", HOST="10.255.255.1", PORT="5432")
        probe.settings_dict["OPTIONS"] = {"connect_timeout": health.TIMEOUT_SECONDS}
        probe.get_connection_params = lambda: {
            "dbname": "none",
            "user": "none",
            "host": "10.255.255.1",
            "connect_timeout": health.TIMEOUT_SECONDS,
        }
        return probe

    monkeypatch.setattr(health, "_probe", elsewhere)
    began = time.monotonic()
    answer = health.healthz(RequestFactory().get("/healthz"))
    assert answer.status_code == 503
    assert time.monotonic() - began < 5
    assert b"10.255.255.1" not in answer.content


def test_a_broker_out_of_reach_is_told_within_seconds(client: Client, settings) -> None:
    tick()
    settings.REDIS_URL = "redis://:a-password@127.0.0.1:1/0"
    began = time.monotonic()
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["broker"] == {"ok": False}
    assert answer.json()["database"]["ok"]
    assert time.monotonic() - began < 5
    assert b"a-password" not in answer.content
