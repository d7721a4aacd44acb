"""`make run`: everything on one machine in the foreground, ended together.

PostgreSQL, migrations, the default categories and (once) the demo city first; then the web server, one Celery
worker and beat as children. When the web answers and the worker has done a tick that beat asked for, the address
and the sign-ins are printed. Ctrl-C or SIGTERM ends all of it. A child that ends by itself is started again, so that a
street's pages outlive a worker; one that keeps ending ends everything, with its last lines.
"""

import fcntl
import io
import json
import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import django
from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import OperationalError, connections, transaction
from django.utils import timezone

from linjiang import embedded, processes
from linjiang.embedded_account import EmbeddedPostgresError

READY_SECONDS = 90
STOP_SECONDS = 15
MOST_RESTARTS = 3


class CannotRunError(Exception):
    """What stands in the way, in words for the person at the terminal."""


class Stopped(BaseException):
    """A signal asked for the end; like KeyboardInterrupt it must pass every `except Exception`."""


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, _stop)
    started = time.monotonic()
    children: list[processes.Child] = []
    stopped = False
    try:
        host, port = _address()
        os.environ.setdefault("SITE_URL", f"http://{host}:{port}")
        django.setup()
        with OnlyOne(settings.VAR_DIR / "run" / "run.lock", f"http://{host}:{port}"):
            processes.end_leftovers(settings.VAR_DIR / "run")
            _refuse_taken_port(host, port)
            _prepare_database()
            _empty_broker()
            begun = timezone.now()
            _start(children, host, port)
            _wait_ready(children, host, port, begun)
            _welcome(host, port, time.monotonic() - started)
            watch = Watch(children, settings.VAR_DIR / "run")
            while True:
                watch.look()
                _raise_if_make_ended()
                time.sleep(0.3)
    except Stopped:
        say("\nStopping …")
        stopped = True
        return 0
    except (CannotRunError, CommandError, OperationalError) as error:
        say(f"\n{error}")
        return 1
    finally:
        _end(children)
        if stopped:
            say("Stopped. The data stays in " + str(settings.VAR_DIR) + ".")


_parent = os.getppid()


def _stop(_signal: int, _frame: FrameType | None) -> None:
    # Whoever is impatient presses Ctrl-C twice; the ending that is under way then goes on undisturbed.
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    raise Stopped


def _address() -> tuple[str, int]:
    host = os.environ.get("BIND") or "127.0.0.1"
    text = os.environ.get("PORT") or "8000"
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        message = f"PORT must be a number from 1 to 65535, not “{text}”: make run PORT=8123"
        raise CannotRunError(message)
    return host, int(text)


def _refuse_taken_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError as error:
            message = f"Port {port} is reserved for the system. Choose one above 1023: make run PORT=8123"
            raise CannotRunError(message) from error
        except OSError as error:
            message = (
                f"Port {port} on {host} cannot be used ({error.strerror}); another program probably has it. "
                f"Choose another: make run PORT={port + 1 if port < 65535 else 8000}"
            )
            raise CannotRunError(message) from error


class OnlyOne:
    """Hold the checkout's lock for as long as it runs; a second `make run` in it is told where the first is."""

    def __init__(self, path: Path, address: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.address = address
        self.file = path.open("a+")

    def __enter__(self) -> None:
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self.file.seek(0)
            running = json.loads(self.file.read() or "{}")
            message = f"This checkout already runs at {running.get('address')} (process {running.get('pid')})."
            raise CannotRunError(message) from error
        self.file.truncate(0)
        self.file.write(json.dumps({"address": self.address, "pid": os.getpid()}))
        self.file.flush()

    def __exit__(self, *_error: object) -> None:
        self.file.close()


def _prepare_database() -> None:
    if not settings.DATABASE_URL:
        _step("PostgreSQL", _start_postgres)
    _step("Tables", lambda: call_command("migrate", interactive=False, verbosity=0))
    _step("Categories and reasons", lambda: call_command("load_defaults", stdout=io.StringIO()))
    if os.environ.get("LINJIANG_DEMO") != "0" and not apps.get_model("orgs", "Unit").objects.exists():
        say("The demo city, once (LINJIANG_DEMO=0 leaves it out) …")
        # One transaction, so that a load cut short leaves nothing and is done anew at the next start.
        with transaction.atomic():
            call_command("demo")
            call_command("count_chief_loads")
    connections.close_all()


def _start_postgres() -> None:
    try:
        embedded.connect_parameters(settings.VAR_DIR)
    except EmbeddedPostgresError as error:
        raise CannotRunError(str(error)) from error


def _step(name: str, action: Callable[[], object]) -> None:
    began = time.monotonic()
    sys.stdout.write(f"{name} … ")
    sys.stdout.flush()
    action()
    say(f"{time.monotonic() - began:.1f} s")


def _empty_broker() -> None:
    """Drop signals nobody consumed while we were away: whatever is due is found in the database."""
    if not settings.REDIS_URL:
        folder = Path(settings.CELERY_BROKER_TRANSPORT_OPTIONS["folder"])
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in folder.glob("*.msg"):
            path.unlink(missing_ok=True)


def _start(children: list[processes.Child], host: str, port: int) -> None:
    run, log = settings.VAR_DIR / "run", settings.VAR_DIR / "log"
    scratch = run / "tmp"
    for folder in (scratch, log):
        folder.mkdir(parents=True, exist_ok=True)
    shown = f"[{host}]" if ":" in host else host
    python = [sys.executable, "-m"]
    celery = [*python, "celery", "-A", "linjiang"]
    level = os.environ.get("LOG_LEVEL", "INFO")
    commands = {
        "web": [
            *[*python, "gunicorn", "linjiang.wsgi", "--bind", f"{shown}:{port}"],
            *["--workers", os.environ.get("WEB_WORKERS", "2"), "--threads", "4", "--worker-tmp-dir", str(scratch)],
            *["--access-logfile", "-", "--graceful-timeout", "5", "--no-control-socket"],
        ],
        "worker": [
            *[*celery, "worker", "--pool", "threads", "--concurrency", "2", "--loglevel", level],
            *["--without-gossip", "--without-mingle", "--without-heartbeat"],
        ],
        "beat": [*celery, "beat", "--loglevel", level, "--pidfile="],
    }
    for name, argv in commands.items():
        children.append(processes.Child.start(name, argv, log=log / f"{name}.log", cwd=settings.BASE_DIR))
        processes.remember(children, run)


def _wait_ready(children: list[processes.Child], host: str, port: int, begun: object) -> None:
    """Wait until the web server answers and a tick later than `begun` has gone all the way."""
    heartbeat = apps.get_model("notifications", "Heartbeat")
    answering = ticking = False
    until = time.monotonic() + READY_SECONDS
    sys.stdout.write("Web, worker and beat … ")
    sys.stdout.flush()
    began = time.monotonic()
    while not (answering and ticking):
        _raise_if_ended(children)
        answering = answering or _answers(host, port)
        ticking = ticking or heartbeat.objects.filter(at__gte=begun).exists()
        if time.monotonic() > until:
            lacking = "the web server" if not answering else "a tick of beat through the worker"
            message = f"After {READY_SECONDS} s still waiting for {lacking}. See {settings.VAR_DIR / 'log'}."
            raise CannotRunError(message)
        time.sleep(0.1)
    connections.close_all()
    say(f"{time.monotonic() - began:.1f} s")


def _answers(host: str, port: int) -> bool:
    near = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    request = urllib.request.Request(f"http://{near}:{port}/healthz", headers={"Host": "127.0.0.1"})
    # A proxy set for the internet must not stand between us and this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(request, timeout=3).close()
    except urllib.error.HTTPError as error:
        error.close()
        return error.code == 503  # it answers; what is not yet well is waited for separately
    except OSError:
        return False
    return True


def _welcome(host: str, port: int, seconds: float) -> None:
    say(f"\nLinjiang 邻长 runs (ready in {seconds:.0f} s):  http://{host}:{port}\n")
    if os.environ.get("LINJIANG_DEMO") != "0":
        call_command("demo", accounts=True)
        connections.close_all()
    say(f"\nLogs: {settings.VAR_DIR / 'log'}    Ctrl-C ends everything.")


class Watch:
    """Starts again whichever child ended; gives up on one that ended `MOST_RESTARTS` times within a minute."""

    def __init__(self, children: list[processes.Child], folder: Path) -> None:
        self.children, self.folder = children, folder
        self.restarts: dict[str, list[float]] = {child.name: [] for child in children}

    def look(self) -> None:
        for place, child in enumerate(self.children):
            status = child.ended()
            if status is None:
                continue
            at = time.monotonic()
            recent = [before for before in self.restarts[child.name] if at - before < 60]
            if len(recent) >= MOST_RESTARTS:
                _raise_if_ended([child])
            self.restarts[child.name] = [*recent, at]
            say(f"“{child.name}” ended by itself (status {status}) and is started again; see {child.log}")
            self.children[place] = child.again()
            processes.remember(self.children, self.folder)


def _raise_if_ended(children: list[processes.Child]) -> None:
    for child in children:
        status = child.ended()
        if status is not None:
            tail = "\n".join(f"  {child.name} | {line}" for line in child.tail(25))
            message = f"“{child.name}” ended by itself (status {status}), so everything stops. Its last lines:\n{tail}"
            raise CannotRunError(message)


def _raise_if_make_ended() -> None:
    if "MAKELEVEL" in os.environ and os.getppid() != _parent:
        raise Stopped


def _end(children: list[processes.Child]) -> None:
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    processes.end(children, seconds=STOP_SECONDS)
    if settings.configured and not settings.DATABASE_URL:
        if apps.ready:
            connections.close_all()
        used = embedded.release(settings.VAR_DIR)
        if used and not embedded.wait_stopped(settings.VAR_DIR, seconds=STOP_SECONDS):
            say("PostgreSQL stays up for another command that still uses it, and ends with that.")


if __name__ == "__main__":
    sys.exit(main())
