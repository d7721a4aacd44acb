"""The tallies made anew from all cases, and compared with them."""

import time

from django.core.management import call_command, get_commands

from benchmarks.context import Context, say
from benchmarks.results import Line

SECTION = "Tallies"


def run(context: Context) -> list[Line]:
    """Time a full rebuild, from nothing; raise AssertionError when the tallies then differ from the cases."""
    if "rebuild_tallies" not in get_commands():
        say("no tallies here: left out")
        return []
    say("rebuild_tallies")
    began = time.perf_counter()
    call_command("rebuild_tallies")
    took = time.perf_counter() - began
    say("verify_tallies")
    began = time.perf_counter()
    call_command("verify_tallies")  # raises CommandError when anything differs
    return [
        Line(SECTION, "rebuild_tallies, whole city", "s", (took,), ("value", "<=", 90.0)),
        Line(SECTION, "verify_tallies, whole city", "s", (time.perf_counter() - began,)),
    ]
