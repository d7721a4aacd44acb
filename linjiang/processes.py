"""Child processes that never outlive their parent."""

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path

import psutil

PR_SET_PDEATHSIG = 1
LOG_BYTES = 10_000_000


def _end_with_parent() -> None:
    """Linux sends SIGTERM to the child when its parent is gone, even after kill -9."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Child:
    """A named child in a process group of its own, writing to a log file."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    argv: list[str]
    cwd: Path

    @classmethod
    def start(cls, name: str, argv: list[str], *, log: Path, cwd: Path) -> "Child":
        """Start `argv`; Ctrl-C in the terminal does not reach it, so that its parent ends it in order."""
        if log.exists() and log.stat().st_size > LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
        with log.open("ab") as out:
            process = subprocess.Popen(
                argv,
                cwd=cwd,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # No thread runs in the parent, so a function between fork and exec is safe.
                preexec_fn=_end_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509  (see above)
            )
        return cls(name, process, log, argv, cwd)

    def again(self) -> "Child":
        """Start the same command anew after it ended, and return the new child; what it left behind is ended first."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        return Child.start(self.name, self.argv, log=self.log, cwd=self.cwd)

    def ended(self) -> int | None:
        """Return the exit status, or None while it runs."""
        return self.process.poll()

    def tail(self, lines: int) -> list[str]:
        """Return the last lines of its log."""
        with self.log.open(errors="replace") as text:
            return [line.rstrip("\n") for line in deque(text, lines)]


def end(children: list[Child], *, seconds: float) -> None:
    """Ask every child to end, and after `seconds` kill the group of each that has not."""
    for child in children:
        if child.ended() is None:
            child.process.terminate()
    until = time.monotonic() + seconds
    for child in children:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.process.wait(max(0.0, until - time.monotonic()))
        # The group outlives a leader that was killed; when nothing is left of it there is nobody to signal.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.process.pid, signal.SIGKILL)
        child.process.wait()


def remember(children: list[Child], folder: Path) -> None:
    """Write down who our children are, for `end_leftovers` where the kernel does not end them for us."""
    seen = [{"pid": child.process.pid, "born": psutil.Process(child.process.pid).create_time()} for child in children]
    (folder / "children.json").write_text(json.dumps(seen))


def end_leftovers(folder: Path) -> None:
    """End children of an earlier parent that was killed outright; never a stranger that has their number now."""
    path = folder / "children.json"
    try:
        seen = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return
    left = []
    for entry in seen:
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(entry["pid"])
            if abs(process.create_time() - entry["born"]) < 1:
                left.append(process)
                process.terminate()
    for process in psutil.wait_procs(left, timeout=10)[1]:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    path.unlink(missing_ok=True)
