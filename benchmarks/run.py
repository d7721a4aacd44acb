"""make bench: a made-up city in a database of its own, and what matters at its size, measured.

    make bench                          Bozhou's year: 208,000 cases, all 107,555 neighbourhoods
    make bench SCALE=2.8m               Anshan's published size; SCALE=10m: ten million
    make bench ARGS="--only pages,sweep --use-db NAME"
    make bench ARGS="--quick"           a minute, to see that it works

Prints a table, writes JSON and Markdown to var/bench/, and fails only when a figure is wrong, never when a time is
long: a missed target says MISSED.
"""

import argparse
import json
import os
import platform
import secrets
import sys
import time
from datetime import datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

SCALES = {"208k": (208_000, "bozhou"), "2.8m": (2_800_000, "anshan"), "10m": (10_000_000, "anshan")}
SECTIONS = ("pages", "filing", "sweep", "tallies", "roster", "exports", "helpdesk")


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark and return the exit status."""
    given = _arguments(argv)
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
    name = given.use_db or given.keep_db or f"linjiang_bench_{secrets.token_hex(4)}"
    os.environ["LINJIANG_BENCH_DB"] = name
    import django

    django.setup()
    from benchmarks.database import own_database, use_database

    if given.keep_db:
        # Made and kept before anything is measured: a measurement that fails does not cost the city.
        with own_database(name, keep=True):
            filled = _fill(given)
    with use_database(name) if given.use_db or given.keep_db else own_database(name):
        found, wrong = _measure(given, filled if given.keep_db else _reuse() if given.use_db else _fill(given))
    _write(found, given)
    if wrong is not None:
        raise wrong
    return 0


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__.splitlines()[0])
    parser.add_argument("--scale", choices=SCALES, default="208k", help="size of the city's year (208k)")
    parser.add_argument("--grievances", type=int, help="so many cases instead")
    parser.add_argument("--only", default="", help=f"some sections, with commas between: {', '.join(SECTIONS)}")
    parser.add_argument("--keep-db", metavar="NAME", help="make the city in this database and leave it for later runs")
    parser.add_argument("--use-db", metavar="NAME", help="measure in the database an earlier run left")
    parser.add_argument("--compare", type=Path, metavar="JSON", help="an earlier, smaller run: how pages have grown")
    parser.add_argument("--json", type=Path, help="where to write the results; the table goes beside it")
    parser.add_argument("--quick", action="store_true", help="few cases, few repeats: only to see that it works")
    given = parser.parse_args(argv)
    given.sections = [name for name in SECTIONS if not given.only or name in given.only.split(",")]
    if unknown := set(given.only.split(",")) - {"", *SECTIONS}:
        parser.error(f"--only: no section {', '.join(sorted(unknown))}")
    given.cases, given.figures = SCALES[given.scale]
    if given.quick:
        given.cases = 1040
        given.sections = [name for name in given.sections if name != "helpdesk" or given.only]
    given.cases = given.grievances or given.cases
    if given.cases < 208:
        parser.error("--grievances: at least 208")
    if given.cases > 300_000:
        given.sections = [name for name in given.sections if name != "helpdesk"]
    return given


def _measure(given: argparse.Namespace, city: tuple[int, float | None]) -> tuple[dict, AssertionError | None]:
    """Return what was measured in the `city` of so many closed cases, made in so many seconds, and the wrong figure
    that ended it early, if one did."""
    from importlib import import_module

    from benchmarks.context import Context, peak_of, say
    from linjiang.common.clock import now

    machine, moment = _machine(), now()
    closed, filled = city
    context = Context(given.cases, closed, moment, given.quick, _earlier(given.compare))
    if given.use_db:
        context.cases = _accepted()
    lines, wrong = [], None
    for name in given.sections:
        say(f"== {name}")
        try:
            lines += import_module(f"benchmarks.{name}").run(context)
        except AssertionError as error:
            wrong = error
            break
    context.keep_peak("this process", peak_of())
    found = {
        "machine": {**machine, "load_after": round(os.getloadavg()[0], 2)},
        "at": moment.isoformat(timespec="seconds"),
        "database": os.environ["LINJIANG_BENCH_DB"],
        "cases": context.cases,
        "closed": closed,
        "fill_seconds": filled,
        "lines": lines,
        "peak_mb": {name: round(max(peaks)) for name, peaks in context.peaks.items()},
    }
    return found, wrong


def _fill(given: argparse.Namespace) -> tuple[int, float]:
    from django.core.management import call_command
    from django.core.management.base import OutputWrapper

    from benchmarks.context import say
    from grievances.services.synthetic.city import Telling, generate_city
    from grievances.services.synthetic.figures import NEIGHBOURHOODS
    from linjiang.common.clock import now
    from orgs.services.system import system_user
    from reporting.management.commands.generate_city import Progress

    began = time.perf_counter()
    say(f"making a year of {given.cases:,} cases …")
    progress = Progress(OutputWrapper(sys.stderr))
    made = generate_city(
        actor=system_user(),
        now=now(),
        grievances=given.cases,
        seed=1,
        telling=Telling(progress.say, progress.count),
        figures=given.figures,
        neighbourhoods=min(NEIGHBOURHOODS, max(200, given.cases // 2)),
        processes=1 if given.quick else 2,
    )
    call_command("rebuild_tallies", stdout=OutputWrapper(sys.stderr))
    return made.counts.closed, round(time.perf_counter() - began, 1)


def _reuse() -> tuple[int, None]:
    from grievances.models import Grievance
    from grievances.services.synthetic.teller import MADE_UP

    return Grievance.objects.filter(token__startswith=MADE_UP, status="CLOSED").count(), None


def _accepted() -> int:
    from grievances.models import Grievance
    from grievances.services.synthetic.teller import MADE_UP

    return Grievance.objects.filter(token__startswith=MADE_UP).count()


def _earlier(path: Path | None) -> dict[str, dict]:
    if path is None:
        return {}
    return {f"{line['section']}/{line['name']}": line for line in json.loads(path.read_text("utf-8"))["lines"]}


def _machine() -> dict:
    from django.db import connection

    with connection.cursor() as cursor:
        shown = {}
        for name in ("server_version", "fsync", "synchronous_commit", "shared_buffers", "max_wal_size"):
            cursor.execute(f"SHOW {name}")
            shown[name] = cursor.fetchone()[0]
    return {
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "postgresql": shown,
        "load_before": round(os.getloadavg()[0], 2),
    }


def _write(found: dict, given: argparse.Namespace) -> None:
    from benchmarks.results import as_markdown, as_text

    lines, machine = found["lines"], found["machine"]
    head = (
        f"{found['cases']:,} cases, {found['closed']:,} closed ({found['closed'] / found['cases']:.2%}); "
        f"{machine['cores']} cores, Python {machine['python']}, PostgreSQL "
        f"{machine['postgresql']['server_version'].split()[0]} (fsync {machine['postgresql']['fsync']}, "
        f"{machine['postgresql']['shared_buffers']} of buffers), load {machine['load_before']} at the start, "
        f"{machine['load_after']} at the end"
    )
    made = f"made in {found['fill_seconds']:.0f} s; " if found["fill_seconds"] else ""
    peaks = f"{made}peak memory, MB: " + ", ".join(f"{name} {peak:,}" for name, peak in found["peak_mb"].items())
    print(f"\n{head}\n{as_text(lines)}\n\n{peaks}")
    path = given.json or ROOT / "var" / "bench" / f"{datetime.now().astimezone():%Y%m%d-%H%M%S}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    ready = {**found, "lines": [line.as_dict() for line in lines]}
    path.write_text(json.dumps(ready, ensure_ascii=False, indent=1) + "\n", "utf-8")
    path.with_suffix(".md").write_text(f"{head}.\n\n{as_markdown(lines)}\n{peaks}.\n", "utf-8")
    print(f"\nwritten to {path} and {path.with_suffix('.md').name}")


if __name__ == "__main__":
    sys.exit(main())
