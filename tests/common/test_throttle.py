"""Counting tries in the shared cache."""

import time

from linjiang.common.throttle import within_limit


def tries(count: int, who: str = "a", *, door: str = "d") -> list[bool]:
    return [within_limit(door, who, limit=3, seconds=60) for _try in range(count)]


def test_the_first_few_pass_then_none():
    assert tries(5) == [True, True, True, False, False]


def test_others_and_other_doors_are_counted_apart():
    tries(5)
    assert tries(1, "b") == [True]
    assert tries(1, door="e") == [True]


def test_a_new_span_begins_when_the_old_one_is_over():
    # Redis keeps its own time, which no test can move: the span is short and waited for.
    assert [within_limit("short", "a", limit=1, seconds=1) for _try in range(2)] == [True, False]
    time.sleep(1.2)
    assert within_limit("short", "a", limit=1, seconds=1)


def test_nothing_passes_a_closed_door():
    assert not within_limit("closed", "a", limit=0, seconds=60)
