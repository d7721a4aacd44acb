"""make bench: a city's year in a database of its own, then filing, inbox, case page and dashboard, measured.

    make bench                          Bozhou's year: 208,000 cases, all 107,555 neighbourhoods
    make bench ARGS="--grievances 20000"
    make bench ARGS="--quick"           a few seconds, to see that it works

Prints a table, writes JSON to var/bench/, and fails only when a figure is wrong, never when a time is long.
"""

import argparse
import json
import os
import platform
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark and return the exit status."""
    given = _arguments(argv)
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
    os.environ["LINJIANG_BENCH_DB"] = f"linjiang_bench_{secrets.token_hex(4)}"
    import django

    django.setup()
    with _own_database():
        found = _measure(given)
    _print(found)
    path = given.json or ROOT / "var" / "bench" / f"{datetime.now().astimezone():%Y%m%d-%H%M%S}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, ensure_ascii=False, indent=2) + "\n", "utf-8")
    print(f"\nwritten to {path}")
    return 0


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__.splitlines()[0])
    parser.add_argument("--grievances", type=int, default=208_000, help="cases of the year (208000)")
    parser.add_argument("--json", type=Path, help="where to write the results")
    parser.add_argument("--quick", action="store_true", help="few cases, few repeats: only to see that it works")
    given = parser.parse_args(argv)
    if given.quick and given.grievances == 208_000:
        given.grievances = 1040
    if given.grievances < 208:
        parser.error("--grievances: at least 208")
    return given


@contextmanager
def _own_database() -> Iterator[None]:
    """Make the throw-away database on the server in use, and take it away again, whatever happens."""
    from django.core.management import call_command
    from django.db import connection

    name = os.environ["LINJIANG_BENCH_DB"]
    with connection._nodb_cursor() as cursor:  # as Django's own test runner makes its databases
        cursor.execute(f'CREATE DATABASE "{name}"')
    try:
        call_command("migrate", verbosity=0, interactive=False)
        call_command("createcachetable", verbosity=0)
        yield
    finally:
        connection.close()
        with connection._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _measure(given: argparse.Namespace) -> dict:
    from benchmarks import filing, pages
    from benchmarks.city import build_city
    from linjiang.common.clock import now

    moment, machine = now(), _machine()
    repeats, seconds = (3, 0.5) if given.quick else (40, 6.0)
    began = time.perf_counter()
    say(f"Filling a year of {given.grievances:,} cases …")
    places = build_city(accepted=given.grievances, now=moment, say=say)
    filled = time.perf_counter() - began
    say(f"filled in {filled:.0f} s; timing pages …")
    rate = pages.check_closure_rate(accepted=given.grievances, now=moment)
    timings = pages.time_pages(now=moment, repeats=repeats, say=say)
    rates: dict[str, list[float]] = {}
    http_seconds: list[float] = []
    rounds = 1 if given.quick else 3
    # Raw and ours take turns, so that what else the machine does meets both alike.
    for turn in range(rounds):
        for processes in (2,) if given.quick else (1, 2):
            say(f"filing, round {turn + 1} of {rounds}, {processes} process(es)")
            for name, rate_of in (("raw", filing.raw_rate), ("service", filing.service_rate)):
                rates.setdefault(f"{name} {processes}", []).append(rate_of(processes=processes, seconds=seconds))
        say("filing over HTTP, 8 clients")
        per_second, took = filing.http_rate(clients=8, seconds=seconds)
        rates.setdefault("http 8", []).append(per_second)
        http_seconds += took
    return {
        "machine": machine,
        "database": os.environ["LINJIANG_BENCH_DB"],
        "at": moment.isoformat(timespec="seconds"),
        "cases": given.grievances,
        "neighbourhoods": len(places),
        "fill_seconds": round(filled, 1),
        "closure_rate": rate,
        "pages": {
            timing.name: {
                "median_ms": round(timing.at(0.5) * 1000, 1),
                "p95_ms": round(timing.at(0.95) * 1000, 1),
                "min_ms": round(timing.at(0) * 1000, 1),
                "max_ms": round(timing.at(1) * 1000, 1),
                "statements": timing.statements,
                "repeats": repeats,
            }
            for timing in timings
        },
        "filing_per_second": {
            name: {"median": round(sorted(found)[len(found) // 2], 1), "all": [round(one, 1) for one in found]}
            for name, found in rates.items()
        },
        "http_filing_ms": _spread(http_seconds),
    }


def _spread(seconds: list[float]) -> dict:
    ordered = sorted(seconds)
    return {
        "median": round(ordered[len(ordered) // 2] * 1000, 1),
        "p95": round(ordered[int(len(ordered) * 0.95)] * 1000, 1),
        "requests": len(ordered),
    }


def _machine() -> dict:
    from django.db import connection

    with connection.cursor() as cursor:
        shown = {}
        for name in ("server_version", "fsync", "synchronous_commit", "shared_buffers"):
            cursor.execute(f"SHOW {name}")
            shown[name] = cursor.fetchone()[0]
    return {
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "postgresql": shown,
        "load_before": round(os.getloadavg()[0], 2),
    }


def _print(found: dict) -> None:
    machine, rate = found["machine"], found["closure_rate"]
    print(
        f"\n{found['cases']:,} cases, {found['neighbourhoods']:,} neighbourhoods; {machine['cores']} cores, Python "
        f"{machine['python']}, PostgreSQL {machine['postgresql']['server_version'].split()[0]} (fsync "
        f"{machine['postgresql']['fsync']}), load at the start {machine['load_before']}"
    )
    print(f"closure rate: {rate['numerator']:,} / {rate['denominator']:,} = {100 * rate['value']:.2f} %\n")
    print(f"{'at the server, ms':<38}{'median':>9}{'p95':>9}{'min':>9}{'max':>9}{'SQL':>6}")
    for name, page in found["pages"].items():
        numbers = "".join(f"{page[key]:>9.1f}" for key in ("median_ms", "p95_ms", "min_ms", "max_ms"))
        print(f"{name:<38}{numbers}{page['statements']:>6}")
    filing = found["filing_per_second"]
    print(f"\n{'filings per second':<38}{'median':>9}{'of raw':>9}   each round")
    for name, one in filing.items():
        raw = filing.get(f"raw {name.split()[1]}", filing["raw 2"])["median"]
        label = {"raw": "plain SQL", "service": "service call", "http": "API, clients:"}[name.split()[0]]
        rounds = ", ".join(f"{value:,.0f}" for value in one["all"])
        print(f"{label + ' ' + name.split()[1]:<38}{one['median']:>9,.1f}{one['median'] / raw:>9.0%}   {rounds}")
    spread = found["http_filing_ms"]
    print(f"API answer: median {spread['median']} ms, p95 {spread['p95']} ms over {spread['requests']:,} requests")


def say(text: str) -> None:
    """Show progress beside the table."""
    print(f"  {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
