"""The sweep at the worst moments, with real processes: every due rung fires once, none twice, none is lost."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg2
import pytest

from linjiang import embedded

ROOT = Path(__file__).resolve().parent.parent.parent
CASES = 1500
# Nothing here is measured; a machine that is slower than this is broken.
PATIENCE = 180


class City:
    """A home with its own PostgreSQL, broker, worker and beat."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.children: list[subprocess.Popen] = []
        self.env = {
            **{name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")},
            "LINJIANG_VAR": str(home),
            "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
            "LOG_LEVEL": "WARNING",
        }
        with (home / "log.txt").open("ab") as log:
            self.teller = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.city"],
                cwd=ROOT,
                env=self.env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def start(self, *argv: str) -> subprocess.Popen:
        with (self.home / "log.txt").open("ab") as log:
            child = subprocess.Popen(
                [sys.executable, *argv], cwd=ROOT, env=self.env, stdout=log, stderr=log, start_new_session=True
            )
        self.children.append(child)
        return child

    def worker(self) -> subprocess.Popen:
        return self.start(
            *["-m", "celery", "-A", "linjiang", "worker", "--pool", "threads", "--concurrency", "2"],
            *["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING"],
        )

    def beat(self) -> subprocess.Popen:
        return self.start("-m", "celery", "-A", "linjiang", "beat", "--loglevel", "WARNING", "--pidfile=")

    def ask(self, *words: str) -> dict:
        """Have `tests.faults.city` carry out a command and return its answer."""
        self.teller.stdin.write(" ".join(words) + "\n")
        self.teller.stdin.flush()
        line = self.teller.stdout.readline()
        assert line, f"{words} went wrong; log: {(self.home / 'log.txt').read_text()[-3000:]}"
        return json.loads(line)

    def wait_for(self, condition, what: str) -> dict:
        """Ask what fired until `condition` holds."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            found = self.ask("fired")
            if condition(found):
                return found
            time.sleep(0.3)
        pytest.fail(f"{what}: not within {PATIENCE} s; log: {(self.home / 'log.txt').read_text()[-3000:]}")

    def wait_until_some_fired(self) -> None:
        """Return as soon as the first batch is committed and the next is under way: a look every few milliseconds."""
        with psycopg2.connect(**embedded.connect_parameters(self.home)) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            until = time.monotonic() + PATIENCE
            while time.monotonic() < until:
                cursor.execute("SELECT EXISTS (SELECT FROM grievances_escalation)")
                if cursor.fetchone()[0]:
                    break
                time.sleep(0.005)
            else:
                pytest.fail(f"nothing fired; log: {(self.home / 'log.txt').read_text()[-3000:]}")
        connection.close()

    def postmaster(self) -> int:
        return int((self.home / "pg" / "postmaster.pid").read_text().split()[0])

    def end(self) -> None:
        for child in self.children:
            if child.poll() is None:
                for one in [*psutil.Process(child.pid).children(recursive=True), psutil.Process(child.pid)]:
                    one.kill()
            child.wait(20)
        self.children.clear()


def agree(found: dict, expected: dict) -> None:
    """Assert that exactly the expected rungs fired, once, and that everything written of them agrees."""
    assert found["twice"] == []
    assert found["rungs"] == expected["rungs"]
    assert found["events"] == found["climbed"] == len(expected["rungs"])
    assert found["messages"] == expected["messages"]


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="lj-"))
    folder.chmod(0o711)
    yield folder
    embedded.release(folder)
    assert embedded.wait_stopped(folder, seconds=30)


@pytest.fixture(scope="module")
def filled(home: Path) -> Iterator[City]:
    embedded.connect_parameters(home)  # keeps the server up between the processes of the test
    city = City(home)
    assert city.ask("fill", str(CASES)) == {"cases": CASES}
    yield city
    city.teller.stdin.close()
    assert city.teller.wait(30) == 0
    city.teller.stdout.close()


@pytest.fixture
def city(filled: City) -> Iterator[City]:
    filled.ask("reset")
    yield filled
    filled.end()


def finished(expected: dict):
    return lambda found: len(found["rungs"]) >= len(expected["rungs"]) and not found["waiting"]


def test_a_worker_killed_in_the_middle_of_a_batch(city: City) -> None:
    expected = city.ask("expected")
    city.beat()
    worker = city.worker()
    city.wait_until_some_fired()
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait(20)
    half = city.ask("fired")
    assert 0 < len(half["rungs"]) < len(expected["rungs"]), "killed too late to be in the middle"
    assert half["events"] == half["climbed"] == len(half["rungs"])
    city.worker()
    agree(city.wait_for(finished(expected), "after the kill"), expected)


def test_the_broker_lost_with_everything_in_it(city: City) -> None:
    expected = city.ask("expected")
    beat = city.beat()
    time.sleep(5)  # signals pile up, nobody reads them
    beat.kill()
    beat.wait(20)
    signals = list((city.home / "broker").glob("*.msg"))
    assert signals
    for signal_file in signals:
        signal_file.unlink()
    worker = city.worker()
    city.beat()
    agree(city.wait_for(finished(expected), "after the broker was emptied"), expected)
    assert worker.poll() is None


def test_the_database_restarted_under_a_sweep(city: City) -> None:
    expected = city.ask("expected")
    city.beat()
    worker = city.worker()
    city.wait_until_some_fired()
    os.kill(city.postmaster(), signal.SIGQUIT)  # at once, without finishing what runs
    assert embedded.wait_stopped(city.home, seconds=30)
    embedded.release(city.home)
    embedded.connect_parameters(city.home)
    agree(city.wait_for(finished(expected), "after the restart"), expected)
    assert worker.poll() is None, "the worker outlives its database"


def test_a_clock_that_jumps_a_day_ahead_and_back(city: City) -> None:
    today, ahead = city.ask("expected"), city.ask("expected", "24")
    day = 86_400
    at = time.time()

    def sweep(moment: float) -> subprocess.Popen:
        text = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(moment))
        return city.start("manage.py", "escalate_overdue", "--now", text)

    sweeps = [sweep(at), sweep(at + day), sweep(at), sweep(at + day)]
    assert [one.wait(PATIENCE) for one in sweeps] == [0, 0, 0, 0]
    assert sweep(at - day).wait(PATIENCE) == 0
    assert sweep(at + day).wait(PATIENCE) == 0  # what the others had locked while they looked
    found = city.ask("fired")
    # Which sweep came first decides whether a case was told “due soon” or nobody any more.
    told = {rung: max(count, today["told"].get(rung, 0)) for rung, count in ahead["told"].items()}
    messages = sum(count for rung, count in told.items() if rung not in set(found["too_late"]))
    agree(found, {**ahead, "messages": messages})
    assert found["waiting"] == 0


def test_many_sweepers_one_of_them_killed(city: City) -> None:
    expected = city.ask("expected")
    sweeps = [city.start("manage.py", "escalate_overdue") for _number in range(4)]
    city.wait_until_some_fired()
    sweeps[0].kill()
    statuses = [one.wait(PATIENCE) for one in sweeps]
    assert statuses[1:] == [0, 0, 0]
    assert city.start("manage.py", "escalate_overdue").wait(PATIENCE) == 0
    agree(city.ask("fired"), expected)
