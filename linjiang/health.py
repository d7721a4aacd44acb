"""GET /healthz: whether this installation can do its work, for load balancers, compose and `make run`."""

import logging
import tempfile
from collections.abc import Callable
from datetime import datetime
from typing import Any

import redis
from django.conf import settings
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis.backoff import NoBackoff
from redis.retry import Retry

from linjiang.common.clock import now
from notifications.models import Heartbeat, Message

logger = logging.getLogger(__name__)
TIMEOUT_SECONDS = 2


@never_cache
@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """Answer 200 when everything works and 503 otherwise, with one entry per part; never an exception.

    `beat.age` is seconds since the last tick went from beat through the broker and a worker into the database;
    `oldest_unsent.age` is how long the most overdue message has been due (0: none). An age that cannot be read is null.
    """
    moment = now()
    unknown = {"ok": False, "age": None}
    parts = {
        "database": {"ok": False},
        "broker": _try("broker", _broker, {"ok": False}),
        "beat": unknown,
        "oldest_unsent": unknown,
    }
    parts.update(_try("database", lambda: _read_database(moment), {}))
    healthy = all(part["ok"] for part in parts.values())
    return JsonResponse({"ok": healthy, **parts}, status=200 if healthy else 503)


def _try(name: str, check: Callable[[], dict[str, Any]], otherwise: dict[str, Any]) -> dict[str, Any]:
    try:
        return check()
    except Exception as error:  # noqa: BLE001  (whatever is wrong, the answer is "not healthy")
        logger.warning("Health check: %s: %s", name, error)
        return otherwise


def _read_database(moment: datetime) -> dict[str, Any]:
    """Ask on a connection of its own: one that hangs must not be one that pages use."""
    probe = _probe()
    try:
        with probe.cursor() as cursor:
            cursor.execute(f"SET statement_timeout = {TIMEOUT_SECONDS * 1000}")
            cursor.execute(f"SELECT at FROM {Heartbeat._meta.db_table} WHERE name = 'beat'")  # noqa: S608  (our own name)
            tick = cursor.fetchone()
            cursor.execute(
                f"SELECT min(not_before) FROM {Message._meta.db_table}"  # noqa: S608  (our own name)
                " WHERE sent_at IS NULL AND not_before <= %s",
                [moment],
            )
            (due,) = cursor.fetchone()
    finally:
        probe.close()
    beat = _age(tick[0], moment) if tick else None
    unsent = _age(due, moment) if due else 0
    return {
        "database": {"ok": True},
        "beat": {"ok": beat is not None and beat <= settings.HEALTH_BEAT_SECONDS, "age": beat},
        "oldest_unsent": {"ok": unsent <= settings.HEALTH_UNSENT_SECONDS, "age": unsent},
    }


def _probe() -> BaseDatabaseWrapper:
    probe = connection.copy()
    # libpq gives up after these: connecting, and (milliseconds) waiting for a server that no longer answers.
    probe.settings_dict["OPTIONS"] = {
        **probe.settings_dict["OPTIONS"],
        "connect_timeout": TIMEOUT_SECONDS,
        "tcp_user_timeout": TIMEOUT_SECONDS * 1000,
    }
    return probe


def _broker() -> dict[str, Any]:
    if settings.REDIS_URL:
        client = redis.Redis.from_url(
            settings.REDIS_URL,
            socket_connect_timeout=TIMEOUT_SECONDS,
            socket_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        with client:
            client.ping()
    elif folder := settings.CELERY_BROKER_TRANSPORT_OPTIONS.get("folder"):
        with tempfile.TemporaryFile(dir=folder):
            pass
    return {"ok": True}


def _age(then: datetime, moment: datetime) -> float:
    return round((moment - then).total_seconds(), 1)
