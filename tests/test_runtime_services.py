"""The folder broker, the forgiving cache, the content policy and the children's keeper."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
from celery import Celery
from django.core.cache import cache
from django.http import HttpResponse
from django.test import RequestFactory

from linjiang import processes
from linjiang.cache import ForgivingRedisCache
from linjiang.common.csp import PathPolicyMiddleware
from linjiang.common.proxy import ClientAddressMiddleware

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def broker(tmp_path: Path) -> Celery:
    return Celery(
        "trial",
        broker="filesystem://",
        broker_transport="linjiang.filebroker:Transport",
        broker_transport_options={"folder": str(tmp_path / "broker")},
        set_as_current=False,
    )


def receive(app: Celery, count: int) -> list[str]:
    with app.connection_for_read() as connection:
        queue = connection.SimpleQueue("celery")
        names = []
        for _ in range(count):
            message = queue.get(timeout=5)
            names.append(message.headers["task"])
            message.ack()
        queue.close()
    return names


def test_messages_arrive_once_in_order_and_leave_nothing(broker: Celery, tmp_path: Path) -> None:
    for number in range(5):
        broker.send_task(f"task.{number}")
    assert receive(broker, 5) == [f"task.{number}" for number in range(5)]
    assert list((tmp_path / "broker").iterdir()) == []


def test_a_damaged_message_is_dropped_and_the_next_is_read(broker: Celery, tmp_path: Path) -> None:
    (tmp_path / "broker").mkdir()
    (tmp_path / "broker" / "0-half.celery.msg").write_text('{"body": ')
    broker.send_task("task.good")
    assert receive(broker, 1) == ["task.good"]


def test_reading_beside_writing_never_sees_half_a_message(broker: Celery) -> None:
    writer = threading.Thread(target=lambda: [broker.send_task("task.many", args=["x" * 50_000]) for _ in range(100)])
    writer.start()
    try:
        assert receive(broker, 100) == ["task.many"] * 100
    finally:
        writer.join()


def test_a_page_survives_a_cache_out_of_reach() -> None:
    lost = ForgivingRedisCache("redis://127.0.0.1:1/0", {"OPTIONS": {"socket_connect_timeout": 1}})
    lost.set("a", 1)
    assert lost.get("a", "unknown") == "unknown"
    assert lost.get_many(["a"]) == {}
    assert lost.set_many({"a": 1}) == ["a"]
    assert lost.add("a", 1) is True
    assert lost.incr("a", 3) == 3
    assert (lost.has_key("a"), lost.touch("a"), lost.delete("a"), lost.clear()) == (False, False, False, False)
    assert lost.get_or_set("a", lambda: 5) == 5


def test_the_cache_of_a_test_counts_and_clears() -> None:
    cache.set("a", 1)
    assert cache.incr("a") == 2
    cache.clear()
    assert cache.get("a") is None


def policy(path: str) -> dict[str, list[str]]:
    request = RequestFactory().get(path)
    header = PathPolicyMiddleware(lambda _request: HttpResponse())(request)["Content-Security-Policy"]
    return {name: sources for name, *sources in (part.split() for part in header.split(";"))}


@pytest.mark.parametrize("path", ["/", "/sign-in/", "/api/grievances/", "/deskx", "/x/desk/"])
def test_our_pages_allow_nothing_inline(path: str) -> None:
    found = policy(path)
    assert found["default-src"] == found["script-src"] == found["style-src"] == ["'self'"]
    assert found["frame-ancestors"] == found["object-src"] == ["'none'"]


def test_the_desk_and_the_api_docs_get_what_they_need_and_no_more() -> None:
    strict = policy("/")
    assert policy("/desk/") == {
        **strict,
        "script-src": ["'self'", "'unsafe-eval'"],
        "style-src": ["'self'", "'unsafe-inline'"],
    }
    assert policy("/api/docs/") == {**strict, "style-src": ["'self'", "'unsafe-inline'"]}


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [("203.0.113.9", "203.0.113.9"), ("198.51.100.1, 203.0.113.9", "203.0.113.9"), ("", "127.0.0.1")],
)
def test_behind_the_proxy_the_caller_is_whom_the_proxy_saw(forwarded: str, address: str) -> None:
    request = RequestFactory().get("/", headers={"X-Forwarded-For": forwarded} if forwarded else {})
    ClientAddressMiddleware(lambda _request: HttpResponse())(request)
    assert request.META["REMOTE_ADDR"] == address


def test_children_end_in_order_even_a_deaf_one_and_what_it_started(tmp_path: Path) -> None:
    code = (
        "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']).pid, flush=True); time.sleep(60)"
    )
    child = processes.Child.start("deaf", [sys.executable, "-c", code], log=tmp_path / "deaf.log", cwd=ROOT)
    while not child.tail(1):
        time.sleep(0.05)
    grandchild = psutil.Process(int(child.tail(1)[0]))
    processes.end([child], seconds=0.3)
    assert child.ended() == -signal.SIGKILL
    psutil.wait_procs([grandchild], timeout=5)
    assert not grandchild.is_running() or grandchild.status() == psutil.STATUS_ZOMBIE


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_a_child_ends_when_its_parent_is_killed_outright(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from linjiang import processes;"
        "child = processes.Child.start('c', [sys.executable, '-c', 'import time; time.sleep(60)'],"
        f" log=Path({str(tmp_path / 'c.log')!r}), cwd=Path('.'));"
        "print(child.process.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    child = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.communicate()
    psutil.wait_procs([child], timeout=5)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def test_leftovers_of_a_killed_parent_are_ended_but_never_a_stranger(tmp_path: Path) -> None:
    ours, stranger = (
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], cwd=ROOT) for _ in range(2)
    )
    try:
        seen = [
            {"pid": ours.pid, "born": psutil.Process(ours.pid).create_time()},
            {"pid": stranger.pid, "born": psutil.Process(stranger.pid).create_time() - 1000},
            {"pid": 2**22 - 1, "born": 0},
        ]
        (tmp_path / "children.json").write_text(json.dumps(seen))
        processes.end_leftovers(tmp_path)
        assert ours.poll() is not None
        assert stranger.poll() is None
        assert list(tmp_path.iterdir()) == []
    finally:
        for process in (ours, stranger):
            process.kill()
            process.wait()


@pytest.mark.parametrize("port", ["0", "65536", "eighty", "-1", "8000; rm", "８０００"])
def test_make_run_refuses_a_port_that_is_none(port: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "linjiang.run"],
        cwd=ROOT,
        env={**os.environ, "PORT": port, "DJANGO_SETTINGS_MODULE": "linjiang.settings.local"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "PORT must be a number from 1 to 65535" in done.stdout
