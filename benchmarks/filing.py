"""Rates of filing: raw rows by PostgreSQL, the service, and the API over HTTP."""

import http.client
import json
import multiprocessing
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psutil

from benchmarks.context import Context, peak_of, say
from benchmarks.results import Line

ROOT = Path(__file__).resolve().parent.parent
SECTION = "Filing"
_FILED = "楼道里的灯坏了，老人晚上上下楼看不见。"


def run(context: Context) -> list[Line]:
    """Measure raw inserts, the service and HTTP in turns, so that what else the machine does meets all alike."""
    found: dict[str, list[float]] = {"raw": [], "service": [], "http": []}
    took: list[float] = []
    processes = 2 if context.is_quick else 8
    with _taken_back():
        for turn in range(context.rounds):
            say(f"filing, round {turn + 1} of {context.rounds}: raw inserts, service call, HTTP")
            found["raw"].append(_together(_raw_worker, processes, context, "raw inserts"))
            found["service"].append(_together(_service_worker, processes, context, "service call"))
            rate, seconds = http_rate(clients=8, context=context)
            found["http"].append(rate)
            took += seconds
    raw, service = (sorted(found[name])[len(found[name]) // 2] for name in ("raw", "service"))
    together = f"{processes} processes"
    return [
        Line(SECTION, f"raw INSERTs of case and two events, {together}", "/s", tuple(found["raw"])),
        Line(SECTION, f"service call, {together}", "/s", tuple(found["service"])),
        Line(SECTION, "service call of raw INSERTs", "%", (100 * service / raw,), ("value", ">=", 20.0)),
        Line(SECTION, "HTTP, 8 clients, gunicorn 2 × 4", "/s", tuple(found["http"]), ("median", ">=", 100.0)),
        Line(SECTION, "HTTP, one answer", "ms", tuple(1000 * one for one in took)),
    ]


@contextmanager
def _taken_back() -> Iterator[None]:
    """Take back what was filed: later runs in this database want the city they were made for."""
    from django.db import connection

    from grievances.models import Grievance, GrievanceEvent, MeasuredChange
    from notifications.models import Message
    from reporting.services.tallies import fold_all

    fold_all()  # what is in the log from here on is of the cases filed here
    tables = [model._meta.db_table for model in (Message, MeasuredChange, GrievanceEvent, Grievance)]
    with connection.cursor() as cursor:
        last = {}
        for table in tables:
            cursor.execute(f"SELECT coalesce(max(id), 0) FROM {table}")
            last[table] = cursor.fetchone()[0]
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            for table in tables:
                cursor.execute(f"DELETE FROM {table} WHERE id > %s", [last[table]])
                cursor.execute(f"VACUUM ANALYZE {table}")


def _together(worker, processes: int, context: Context, name: str) -> float:
    # Spawned, not forked: each process has its own connection from the start, on every platform alike.
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        list(pool.map(_ready, range(processes)))
        begin = time.time() + 1.0 + 0.4 * processes
        answers = list(pool.map(worker, range(processes), [begin] * processes, [context.seconds] * processes))
    context.keep_peak(f"filing, {name}, one process", max(peak for _rate, peak in answers))
    return sum(rate for rate, _peak in answers)


def _ready(number: int) -> int:
    import django

    django.setup()
    return number


def _chiefs(number: int, *, count: int = 100) -> list:
    from orgs.models import User

    return list(User.objects.filter(posts__role="chief").order_by("pk")[number : number + count])


def _wait(begin: float) -> None:
    time.sleep(max(begin - time.time(), 0))


def _service_worker(number: int, begin: float, seconds: float) -> tuple[float, float]:
    _ready(number)
    from grievances.models import Category
    from grievances.services.filing import file_grievance
    from linjiang.common.clock import now
    from orgs.models import User

    category = Category.objects.filter(parent__isnull=False, photo_required=False, urgency="7d").first()
    chiefs = [(chief.pk, chief.current_posts[0].unit) for chief in _chiefs(number)]

    def file(turn: int) -> None:
        key, unit = chiefs[turn % len(chiefs)]
        actor = User.objects.get(pk=key)  # as a request would: the person and the posts are read anew
        file_grievance(actor=actor, unit=unit, description=_FILED, category=category, now=now())

    for turn in range(5):  # the first calls load modules and plan statements
        file(turn)
    _wait(begin)
    done, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        file(done)
        done += 1
    return done / (time.perf_counter() - started), peak_of()


def _raw_worker(number: int, begin: float, seconds: float) -> tuple[float, float]:
    _ready(number)
    from django.db import connection, transaction

    from grievances.models import Grievance, GrievanceEvent
    from linjiang.common.clock import now

    case_sql, case_values = _insert(Grievance.objects.latest("pk"))
    event_sql, event_values = _insert(GrievanceEvent.objects.latest("pk"))
    columns = [field.column for field in Grievance._meta.concrete_fields if not field.primary_key]
    number_at, token_at, key_at = (columns.index(name) for name in ("number", "token", "submission_id"))
    grievance_at = [field.column for field in GrievanceEvent._meta.concrete_fields if not field.primary_key].index(
        "grievance_id"
    )
    two_events = event_sql + ", " + event_sql.split(" VALUES ", 1)[1]
    moment = now() + timedelta(days=1)
    _wait(begin)
    done, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        key = uuid.uuid4()
        case_values[number_at] = f"RAW{moment:%d}{number}{done:08d}"
        case_values[token_at] = key.hex
        case_values[key_at] = key
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(case_sql + " RETURNING id", case_values)
            event_values[grievance_at] = cursor.fetchone()[0]
            cursor.execute(two_events, event_values * 2)
        done += 1
    rate = done / (time.perf_counter() - started)
    _take_out(number)
    return rate, peak_of()


def _take_out(number: int) -> None:
    from grievances.models import Grievance, GrievanceEvent

    rows = Grievance.objects.filter(number__startswith="RAW", number__regex=rf"^RAW\d\d{number}")
    GrievanceEvent.objects.filter(grievance__in=rows).delete()
    rows.delete()


def _insert(example) -> tuple[str, list]:
    """Return INSERT and values that write a row like `example`."""
    from django.db import connection

    fields = [field for field in example._meta.concrete_fields if not field.primary_key]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    places = ", ".join(["%s"] * len(fields))
    values = [field.get_db_prep_save(getattr(example, field.attname), connection) for field in fields]
    return f'INSERT INTO "{example._meta.db_table}" ({columns}) VALUES ({places})', values


def http_rate(*, clients: int, context: Context) -> tuple[float, list[float]]:
    """Return filings per second through gunicorn with so many clients at once, and each request's seconds."""
    from django.urls import reverse

    # Many people, each with few requests, as in life: no throttle meant for one person is met.
    chiefs = _chiefs(0, count=800)
    tokens = _tokens(chiefs)
    with _gunicorn(context) as port:
        took: list[float] = []
        wrong: list[str] = []
        url = reverse("api_cases")
        stop = time.perf_counter() + context.seconds
        started = time.perf_counter()
        threads = [
            threading.Thread(
                target=_client, args=(port, url, [token.key for token in tokens[n::clients]], stop, took, wrong)
            )
            for n in range(clients)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if wrong:
            raise RuntimeError(f"{len(wrong)} filings failed, the first: {wrong[0]}")
        return len(took) / (time.perf_counter() - started), took


def _tokens(people: list) -> list:
    from rest_framework.authtoken.models import Token

    known = {token.user_id: token for token in Token.objects.filter(user__in=people)}
    fresh = [Token(user=one, key=Token.generate_key()) for one in people if one.pk not in known]
    return [*known.values(), *Token.objects.bulk_create(fresh)]


def _client(port: int, url: str, tokens: Sequence[str], stop: float, took: list[float], wrong: list[str]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    turn = 0
    while time.perf_counter() < stop:
        body = json.dumps({"description": _FILED, "submission_id": str(uuid.uuid4())})
        headers = {"Authorization": f"Token {tokens[turn % len(tokens)]}", "Content-Type": "application/json"}
        began = time.perf_counter()
        connection.request("POST", url, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 201:
            wrong.append(f"{url} answered {answer.status}: {text[:200]!r}")
            return
        took.append(time.perf_counter() - began)
        turn += 1


@contextmanager
def _gunicorn(context: Context) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    argv = [sys.executable, "-m", "gunicorn", "linjiang.wsgi", "--bind", f"127.0.0.1:{port}", "--workers", "2"]
    argv += ["--threads", "4", "--log-level", "warning"]
    server = subprocess.Popen(argv, cwd=ROOT, env=os.environ)
    try:
        for _ in range(200):
            try:
                opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
                opener.open(f"http://127.0.0.1:{port}/sign-in/", timeout=5).close()
                break
            except urllib.error.HTTPError:
                break
            except OSError:
                time.sleep(0.1)
        yield port
        workers = [child.pid for child in psutil.Process(server.pid).children()]
        context.keep_peak("gunicorn, one process", max(map(peak_of, workers), default=0.0))
    finally:
        server.terminate()
        server.wait(20)
