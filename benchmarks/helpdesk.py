"""django-helpdesk on the same machine with the same rows: an environment of its own in var/, a database of its own."""

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

from benchmarks.context import ROOT, Context, say
from benchmarks.database import own_database
from benchmarks.results import Line
from grievances.services.synthetic.tables import connection_parameters, open_connection

SECTION = "django-helpdesk, same machine and rows"
PACKAGES = ("django-helpdesk==2.6.1", "psycopg2-binary", "setuptools<81")
_ROWS = (
    "SELECT title, description, reported_at, due_at, status = 'CLOSED' FROM grievances_grievance WHERE reported_at < %s"
)
# It reads all rows for one page: few repeats tell enough.
_REPEATS = 5


def run(context: Context) -> list[Line]:
    """Fill a django-helpdesk with the city's cases and measure its pages, its form and its escalation."""
    python = _environment()
    rows = ROOT / "var" / "helpdesk" / "rows.tsv"
    _take_rows(rows, context)
    name = f"linjiang_bench_{secrets.token_hex(4)}"
    say("django-helpdesk: filling and measuring")
    with own_database(name, empty=True):
        names = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
        known = connection_parameters() | {"dbname": name}
        dsn = {names[key]: str(value) for key, value in known.items() if key in names}
        repeats = 1 if context.is_quick else _REPEATS
        # -P: this folder's own helpdesk.py must not be taken for the package.
        argv = [str(python), "-P", str(ROOT / "benchmarks" / "helpdesk_site.py"), str(rows), str(repeats)]
        environment = {"PATH": os.environ.get("PATH", ""), "HELPDESK_DSN": json.dumps(dsn)}
        done = subprocess.run(
            [*argv, str(context.seconds)], env=environment, cwd=rows.parent, capture_output=True, text=True, check=False
        )
    rows.unlink()
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    found = json.loads(done.stdout)
    context.keep_peak("django-helpdesk", found["peak_mb"])
    escalated = f"escalate_tickets, {found['escalated']:,} of {found['open']:,} open"
    return [
        Line(SECTION, "dashboard", "ms", tuple(found["dashboard"]), None, f"{found['tickets']:,} tickets"),
        Line(SECTION, "ticket list, the page", "ms", tuple(found["list"])),
        Line(SECTION, "ticket list, its rows (open ones)", "ms", tuple(found["rows of the list"])),
        Line(SECTION, "public form, one client, no network", "/s", (found["filed_per_second"],)),
        Line(SECTION, escalated, "/s", (found["escalated_per_second"],)),
    ]


def _environment() -> Path:
    """Return the Python of the environment in var/helpdesk, made on first use."""
    folder = ROOT / "var" / "helpdesk" / "venv"
    python = folder / "bin" / "python"
    if not (folder / "made").exists():
        say("django-helpdesk: making its environment")
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES]
        subprocess.run(pip, check=True)
        (folder / "made").touch()
    return python


def _take_rows(path: Path, context: Context) -> None:
    connection = open_connection()
    try:
        with connection.cursor() as cursor, path.open("w", encoding="utf-8") as stream:
            query = cursor.mogrify(_ROWS, [context.moment.replace(hour=0)]).decode()
            cursor.copy_expert(f"COPY ({query}) TO STDOUT", stream)
    finally:
        connection.close()
