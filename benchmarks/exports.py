"""A city's whole list written as a workbook, in a process of its own: how long it takes and how much memory."""

import json
import subprocess
import sys
import time

from django.db import connection

from benchmarks.context import ROOT, Context, say
from benchmarks.results import Line

SECTION = "Export"
_WRITE = """
import json, time
import django
django.setup()
from benchmarks.context import peak_of
from grievances.services.exporting import write_due_exports
from linjiang.common.clock import now
before, began, worked = peak_of(), time.perf_counter(), time.process_time()
assert write_due_exports(now=now()) == 1
print(json.dumps([time.perf_counter() - began, time.process_time() - worked, before, peak_of()]))
"""


def run(context: Context) -> list[Line]:
    """Have up to 200,000 cases asked for and written; raise AssertionError when a row is missing."""
    from grievances.models import Grievance
    from grievances.services.exporting import MOST_ROWS, queue_export
    from linjiang.common.clock import now
    from orgs.choices import Level, Role
    from orgs.models import Post, Unit, User

    city = Unit.objects.get(level=Level.CITY)
    user = User.objects.create_user("bench-export", name="export")
    post = Post.objects.create(user=user, role=Role.OFFICIAL, unit=city, since=now().date())
    cases = Grievance.objects.visible_to(user).order_by("-pk")
    if cases.count() > MOST_ROWS:
        cases = cases.filter(pk__gt=cases.values_list("pk", flat=True)[MOST_ROWS])
    began = time.perf_counter()
    export = queue_export(actor=user, cases=cases, what="export", now=now())
    asked = time.perf_counter() - began
    say(f"writing {export.total:,} cases")
    try:
        done = subprocess.run([sys.executable, "-c", _WRITE], cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            raise AssertionError(done.stderr[-2000:])
        took, worked, before, peak = json.loads(done.stdout.splitlines()[-1])
        export.refresh_from_db()
        if (export.done, export.left_out) != (export.total, 0):
            raise AssertionError(f"{export.done} of {export.total} written, {export.left_out} left out")
        size = export.file.size / 1e6
    finally:
        export.refresh_from_db()
        export.file.delete(save=False)
        _remove(user, post)
    context.keep_peak("export", peak)
    note = f"{export.total:,} cases"
    return [
        Line(SECTION, "asking for it, in the request", "s", (asked,), note=note),
        Line(SECTION, "writing it", "s", (took,), note=note),
        Line(SECTION, "writing it, time of the processor without PostgreSQL's", "s", (worked,)),
        Line(SECTION, "writing it", "rows/s", (export.total / took,)),
        Line(SECTION, "memory it needs beyond the idle process", "MB", (peak - before,), ("value", "<=", 200.0)),
        Line(SECTION, "the file", "MB", (size,)),
    ]


def _remove(user, post) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM notifications_message WHERE recipient_id = %s", [user.pk])
    user.exports.all().delete()
    post.delete()
    user.delete()
