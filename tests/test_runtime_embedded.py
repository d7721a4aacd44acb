"""The embedded PostgreSQL starts once for many, survives a kill, goes when nobody uses it, and runs anywhere."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from linjiang import embedded
from linjiang.embedded_account import EmbeddedPostgresError

ROOT = Path(__file__).resolve().parent.parent
# A process that uses the database of the home in argv[1], says so, and stays until its stdin is closed.
USER = """
import sys
from pathlib import Path
import psycopg2
from linjiang import embedded
from linjiang.embedded_account import EmbeddedPostgresError
found = embedded.connect_parameters(Path(sys.argv[1]))
connection = psycopg2.connect(**found)
cursor = connection.cursor()
cursor.execute("SELECT pg_postmaster_start_time()")
print(cursor.fetchone()[0], flush=True)
sys.stdin.read()
"""


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that ends with the test, together with the server in it."""
    folder = Path(tempfile.mkdtemp(prefix="lj-"))
    folder.chmod(0o711)
    yield folder
    embedded.release(folder)
    assert embedded.wait_stopped(folder, seconds=20)
    shutil.rmtree(folder)


def use(home: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", USER, str(home)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def leave(user: subprocess.Popen[str]) -> None:
    user.communicate(timeout=20)
    assert user.returncode == 0


def postmaster(home: Path) -> int:
    return int((home / "pg" / "postmaster.pid").read_text().split()[0])


def execute(home: Path, statement: str) -> list[tuple]:
    connection = psycopg2.connect(**embedded.connect_parameters(home))
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def test_several_processes_starting_at_once_share_one_server_which_ends_with_the_last(home: Path) -> None:
    users = [use(home) for _ in range(3)]
    assert len({user.stdout.readline() for user in users}) == 1
    leave(users[0])
    leave(users[1])
    assert not embedded.wait_stopped(home, seconds=0.5)
    leave(users[2])
    assert embedded.wait_stopped(home, seconds=20)
    assert not (home / "pg" / "postmaster.pid").exists()


def test_a_killed_user_leaves_no_server_behind(home: Path) -> None:
    user = use(home)
    user.stdout.readline()
    user.kill()
    user.communicate()
    assert embedded.wait_stopped(home, seconds=20)


def test_committed_rows_survive_the_kill_of_server_and_guard(home: Path) -> None:
    execute(home, "CREATE TABLE kept AS SELECT 7 AS n")
    server = postmaster(home)
    os.kill(server, signal.SIGKILL)
    assert embedded.wait_stopped(home, seconds=20)
    assert postmaster(home) == server, "the stale pid file is what this test is about"
    assert execute(home, "SELECT n FROM kept") == [(7,)]
    assert postmaster(home) != server


def test_a_stale_pid_file_naming_a_living_stranger_does_not_stop_the_start(home: Path) -> None:
    execute(home, "CREATE TABLE kept AS SELECT 7 AS n")
    embedded.release(home)
    assert embedded.wait_stopped(home, seconds=20)
    (home / "pg" / "postmaster.pid").write_text(
        f"{os.getpid()}\n{home / 'pg'}\n1\n5432\n{home / 'pg'}\n\n 1 1\nready   \n"
    )
    assert execute(home, "SELECT n FROM kept") == [(7,)]


def test_a_half_made_cluster_is_made_again(home: Path) -> None:
    (home / "pg.new").mkdir()
    (home / "pg.new" / "PG_VERSION").write_text("18\n")
    assert execute(home, "SELECT 1") == [(1,)]


def test_encoding_and_sorting_are_the_same_everywhere_and_commits_are_durable(home: Path) -> None:
    query = (
        "SELECT pg_encoding_to_char(encoding), datlocprovider, datlocale, current_setting('fsync'),"
        " current_setting('synchronous_commit') FROM pg_database WHERE datname = 'linjiang'"
    )
    assert execute(home, query) == [("UTF8", "b", "C.UTF-8", "on", "on")]


@pytest.mark.parametrize("name", ["with space", "邻长的电脑", "a,b", "long-" + "x" * 120])
def test_awkward_paths(home: Path, name: str) -> None:
    place = home / name
    place.mkdir()
    place.chmod(0o711)
    try:
        assert execute(place, "SELECT 1") == [(1,)]
    finally:
        embedded.release(place)
        assert embedded.wait_stopped(place, seconds=20)


def test_a_closed_folder_above_is_left_closed(home: Path) -> None:
    closed = home / "closed"
    (closed / "var").mkdir(parents=True)
    closed.chmod(0o700)
    place = closed / "var"
    try:
        embedded.connect_parameters(place, throwaway=True)
        data = (place / "pg").resolve()
        assert data.is_relative_to(place) == (os.geteuid() != 0)
    finally:
        embedded.release(place)
        assert embedded.wait_stopped(place, seconds=20)
    assert closed.stat().st_mode & 0o777 == 0o700
    assert not place.exists()
    assert not data.exists()


def test_a_server_that_cannot_start_says_why(home: Path) -> None:
    execute(home, "SELECT 1")
    embedded.release(home)
    assert embedded.wait_stopped(home, seconds=20)
    (home / "pg" / "global" / "pg_control").unlink()
    began = time.monotonic()
    with pytest.raises(EmbeddedPostgresError, match="pg_control"):
        embedded.connect_parameters(home)
    assert time.monotonic() - began < 10
