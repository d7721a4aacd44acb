"""The process that owns one embedded PostgreSQL: starts it, waits, and stops it when nobody uses it.

Run by path with the standard library only (`python -I -S embedded_guard.py SPEC`), so that it costs little
memory and works before Django is configured. SPEC is a JSON object: `argv` (the postgres command), `uid` and
`gid` (or null: stay who we are), `log` (file the server writes to), `run` (folder of the lock files) and
`remove` (folders to delete after the server has ended).

Everyone who uses the database holds a shared lock on `pg.users`. The kernel drops it when they end, however
they end, so waiting for the exclusive lock is waiting for the last user: nothing is left behind after a kill.
"""

import ctypes
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import FrameType

PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """Ask Linux to shut PostgreSQL down (SIGINT: "fast") should this process be killed outright."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)


def guard(spec: dict) -> int:
    """Run the server until it ends or its last user is gone; return its exit status."""
    run = Path(spec["run"])
    with (run / "pg.guard").open("r+") as guard_file, Path(spec["log"]).open("ab") as log:
        fcntl.flock(guard_file, fcntl.LOCK_EX)
        who = {}
        if spec["uid"] is not None:
            who = {"user": spec["uid"], "group": spec["gid"], "extra_groups": []}
        server = subprocess.Popen(
            spec["argv"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd="/",
            # No thread runs yet, so a function between fork and exec is safe.
            preexec_fn=end_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509  (see above)
            **who,
        )
        guard_file.truncate()
        guard_file.write(str(server.pid))
        guard_file.flush()

        def stop(_signal: int, _frame: FrameType | None) -> None:
            server.send_signal(signal.SIGINT)

        for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(name, stop)

        def stop_after_last_user() -> None:
            # Kept open until this process ends: a newcomer waits here until the stop is complete.
            users = os.open(run / "pg.users", os.O_RDWR)
            fcntl.flock(users, fcntl.LOCK_EX)
            server.send_signal(signal.SIGINT)

        threading.Thread(target=stop_after_last_user, daemon=True).start()
        status = server.wait()
        for folder in spec["remove"]:
            shutil.rmtree(folder, ignore_errors=True)
        return status


def main() -> None:
    spec = json.loads(sys.argv[1])
    # A child of its own session: Ctrl-C in the terminal must not reach it, and nobody has to reap it.
    if os.fork():
        os._exit(0)
    os.setsid()
    os.chdir("/")
    os.umask(0o077)
    os._exit(guard(spec) & 0xFF)


if __name__ == "__main__":
    main()
