"""A whole city's roster: a workbook in the product's own columns, looked at and applied on a fresh database.

Run by itself it measures in the database LINJIANG_BENCH_DB and prints JSON: one process, whose memory is its own.
"""

import io
import json
import os
import secrets
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

SECTION = "Roster"


def run(context) -> list:
    """Time the roster of all chiefs in a process and a database of its own."""
    from benchmarks.context import say
    from benchmarks.database import own_database
    from benchmarks.results import Line

    chiefs = 300 if context.is_quick else 107_555
    say(f"roster of {chiefs:,} chiefs")
    name = f"linjiang_bench_{secrets.token_hex(4)}"
    with own_database(name):
        argv = [sys.executable, str(Path(__file__)), str(chiefs)]
        done = subprocess.run(
            argv, cwd=ROOT, env={**os.environ, "LINJIANG_BENCH_DB": name}, capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    found = json.loads(done.stdout)
    context.keep_peak("roster", found["peak_mb"])
    if found["chiefs"] != chiefs:
        raise AssertionError(f"{found['chiefs']} chiefs in office, not {chiefs}")
    return [
        Line(SECTION, f"{chiefs:,} chiefs: preview", "s", (found["preview"],)),
        Line(SECTION, f"{chiefs:,} chiefs: apply", "s", (found["apply"],), ("value", "<=", 90.0)),
        Line(SECTION, f"{chiefs:,} chiefs: apply again, nothing to do", "s", (found["again"],)),
    ]


def workbook(chiefs: int) -> bytes:
    """Return a roster of so many chiefs below the communities that are there, every cell filled in."""
    import xlsxwriter

    from orgs.choices import Level
    from orgs.models import Unit
    from orgs.services.roster_headers import TITLES

    communities = Unit.objects.filter(level=Level.COMMUNITY).select_related("parent__parent").order_by("path")
    communities = list(communities)[: max(1, chiefs // 50)]
    buffer = io.BytesIO()
    columns = list(TITLES)
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "constant_memory": True}) as book:
        sheet = book.add_worksheet("邻长名册")
        sheet.write_row(0, 0, [TITLES[column] for column in columns])
        row = 0
        for place, community in enumerate(communities):
            count = chiefs // len(communities) + (place < chiefs % len(communities))
            for number in range(count):
                row += 1
                group, zone = row - number % 4, row - number % 12
                cells = {
                    "district": community.parent.parent.name,
                    "street": community.parent.name,
                    "community": community.name,
                    "zone": f"第{number // 12 + 1}片",
                    "zone_leader": f"片长{zone}",
                    "zone_leader_phone": str(13_100_000_000 + zone),
                    "group": f"第{number // 4 % 3 + 1}组",
                    "group_leader": f"组长{group}",
                    "group_leader_phone": str(13_300_000_000 + group),
                    "neighbourhood": f"第{number % 4 + 1}邻",
                    "chief": f"邻长{row}",
                    "chief_phone": str(13_500_000_000 + row),
                    "households": 5 + row % 11,
                }
                sheet.write_row(row, 0, [cells[column] for column in columns])
    return buffer.getvalue()


def _measure(chiefs: int) -> dict:
    import django

    django.setup()
    from django.apps import apps

    from benchmarks.context import peak_of
    from orgs.choices import Role
    from orgs.models import Post
    from orgs.services.divisions import import_divisions
    from orgs.services.roster import apply_roster, preview_roster
    from orgs.services.system import system_user

    actor = system_user()
    path = Path(apps.get_app_config("orgs").path) / "data" / "divisions" / "bozhou.csv"
    import_divisions(actor=actor, text=path.read_text("utf-8"))
    raw = workbook(chiefs)
    found = {}
    for name, work in (("preview", preview_roster), ("apply", apply_roster), ("again", apply_roster)):
        began = time.perf_counter()
        work(actor=actor, file=raw)
        found[name] = time.perf_counter() - began
    found["chiefs"] = Post.objects.filter(role=Role.CHIEF, ended_at__isnull=True).count()
    return {**found, "peak_mb": peak_of()}


if __name__ == "__main__":
    print(json.dumps(_measure(int(sys.argv[1]))))
