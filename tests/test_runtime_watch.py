"""A part of `make run` that ends by itself: started again, unless it keeps ending."""

import os
import signal
from collections.abc import Iterator

import pytest

from linjiang import processes
from linjiang.run import MOST_RESTARTS, CannotRunError, Watch


@pytest.fixture
def children(tmp_path) -> Iterator[list[processes.Child]]:
    started = [
        processes.Child.start(name, ["sleep", "60"], log=tmp_path / f"{name}.log", cwd=tmp_path)
        for name in ("web", "worker")
    ]
    yield started
    processes.end(started, seconds=5)


def kill(child: processes.Child) -> None:
    os.kill(child.process.pid, signal.SIGKILL)
    child.process.wait(5)


def test_a_killed_worker_is_started_again_and_the_web_server_is_left_alone(children, tmp_path, capsys):
    web, worker = children
    watch = Watch(children, tmp_path)
    watch.look()
    assert children == [web, worker]
    kill(worker)
    watch.look()
    assert children[0] is web
    assert children[1].process.pid != worker.process.pid
    assert children[1].ended() is None
    assert "“worker” ended by itself (status -9)" in capsys.readouterr().out


def test_one_that_keeps_ending_ends_everything(children, tmp_path):
    watch = Watch(children, tmp_path)
    for _time in range(MOST_RESTARTS):
        kill(children[1])
        watch.look()
    kill(children[1])
    with pytest.raises(CannotRunError, match="worker"):
        watch.look()
