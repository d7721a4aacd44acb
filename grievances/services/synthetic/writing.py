"""Writing the cases: processes that each tell days of their own and copy the lines on a connection of their own.

Read by a spawned process before Django is ready; imports nothing that needs it.
"""

import multiprocessing
import pickle
import signal
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from pathlib import Path

from grievances.services.synthetic.arrivals import Day
from grievances.services.synthetic.setting import Setting

# How many cases at least one transaction writes.
_TOGETHER = 4000
_writers: list = []


def write_cases(setting: Setting, days: Sequence[Day], *, processes: int, parameters: dict) -> Iterator[int]:
    """Write the cases of `days` and yield how many each transaction wrote.

    `parameters` open a connection. With one process everything happens in this one.
    """
    works = list(_together(days))
    if processes == 1:
        with closing(_writer(setting, parameters)) as writer:
            yield from map(writer.write, works)
        return
    # Spawned, not forked: each process has its own connection from the start, on every platform alike. The setting
    # travels as a file: through the pipe, a process that dies at its start would leave this one writing for ever.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "setting"
        path.write_bytes(pickle.dumps((setting, parameters)))
        spawn = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(processes, mp_context=spawn, initializer=_begin, initargs=(str(path),))
        try:
            yield from pool.map(_write, works)
        finally:
            pool.shutdown(cancel_futures=True)


def _together(days: Iterable[Day]) -> Iterator[list[Day]]:
    work: list[Day] = []
    for day in days:
        work.append(day)
        if sum(one.count for one in work) >= _TOGETHER:
            yield work
            work = []
    if work:
        yield work


def _begin(path: str) -> None:
    """Make a spawned process ready: Ctrl-C is for the process that started it, which then ends this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import django

    django.setup()
    _writers.append(_writer(*pickle.loads(Path(path).read_bytes())))  # noqa: S301  (written by the starting process)


def _writer(setting: Setting, parameters: dict):
    from grievances.services.synthetic.writer import Writer

    return Writer(setting, parameters)


def _write(days: list[Day]) -> int:
    return _writers[0].write(days)
