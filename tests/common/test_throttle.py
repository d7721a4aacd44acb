"""Counting tries in the shared cache."""

from datetime import timedelta

import time_machine
from django.utils import timezone

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
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        assert tries(4)[-1] is False
    with time_machine.travel(start + timedelta(seconds=61), tick=False):
        assert tries(1) == [True]


def test_nothing_passes_a_closed_door():
    assert not within_limit("closed", "a", limit=0, seconds=60)
