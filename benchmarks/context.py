"""What every section of a run needs, and small tools: progress, medians, memory."""

import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Context:
    """One run: how many cases the city has, how often and how long things are repeated."""

    cases: int
    closed: int
    moment: datetime
    is_quick: bool
    earlier: dict[str, dict] = field(default_factory=dict)
    peaks: dict[str, list[float]] = field(default_factory=dict)

    @property
    def repeats(self) -> int:
        return 3 if self.is_quick else 40

    @property
    def seconds(self) -> float:
        return 0.5 if self.is_quick else 6.0

    @property
    def rounds(self) -> int:
        return 1 if self.is_quick else 3

    @property
    def year(self) -> dict[str, date]:
        """The 365 days before today."""
        from linjiang.common.clock import local_day

        today = local_day(self.moment)
        return {"since": today - timedelta(days=365), "until": today - timedelta(days=1)}

    def keep_peak(self, name: str, megabytes: float) -> None:
        """Keep the peak memory of a process called `name`."""
        self.peaks.setdefault(name, []).append(megabytes)


def say(text: str) -> None:
    """Show progress beside the table."""
    print(f"  {text}", file=sys.stderr, flush=True)


def timed(work: Callable[[], object], repeats: int) -> tuple[float, ...]:
    """Return the milliseconds of each repeat, after one that is not counted."""
    work()
    found = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        found.append((time.perf_counter() - began) * 1000)
    return tuple(found)


def peak_of(pid: int | str = "self") -> float:
    """Return the most memory a process has held, in MB; 0 where the system does not tell."""
    path = Path(f"/proc/{pid}/status")
    try:
        text = path.read_text("utf-8")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 if pid == "self" else 0.0
    for line in text.splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0
