"""The benchmark itself works, at a thousandth of its size; no time is judged."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from benchmarks import curves
from benchmarks.results import Line, as_markdown, as_text

ROOT = Path(__file__).resolve().parent.parent


def test_percentiles_and_verdicts():
    line = Line("Pages", "a page", "ms", (40.0, 10.0, 30.0, 20.0), ("p95", "<=", 35.0), "4 SQL")
    assert (line.at(0), line.at(0.5), line.at(0.95)) == (10.0, 30.0, 40.0)
    assert line.is_met is False
    assert Line("Filing", "rate", "/s", (101.0,), ("median", ">=", 100.0)).is_met is True
    assert Line("Filing", "rate", "/s", (99.0,)).is_met is None
    assert "MISSED" in as_text([line])
    assert as_markdown([line]).splitlines()[2].startswith("| a page (4 SQL) | ms | 30.0 | 40.0 |")


def test_curves_over_runs():
    runs = [
        {"cases": cases, "lines": [{"name": "case list", "p95": ms}, {"name": "other", "p95": 1}]}
        for cases, ms in ((208_000, 20.0), (2_800_000, 24.0))
    ]
    assert curves.curves_of(runs, "p95", ("case list", "not measured")) == {
        "case list": [(208_000, 20.0), (2_800_000, 24.0)]
    }


@pytest.mark.django_db
def test_a_tiny_run(tmp_path):
    """The real program, in databases of its own beside the suite's."""
    environment = {**os.environ, "SECRET_KEY": "only-this-run-signs-with-it"}
    if settings.DATABASE_URL:
        environment["LINJIANG_VAR"] = str(tmp_path / "var")
    argv = [sys.executable, "benchmarks/run.py", "--quick", "--grievances", "832", "--json", str(tmp_path / "out.json")]
    done = subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "832 cases, 824 closed (99.04%)" in done.stdout
    results = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert (results["closed"], results["cases"]) == (824, 832)
    sections = {line["section"] for line in results["lines"]}
    assert sections >= {
        "Dashboard, at the server",
        "Inbox and search, at the server",
        "Case page, at the server",
        "Filing",
        "Sweep",
        "Roster",
    }
    assert all(line["median"] > 0 for line in results["lines"])
    assert set(results["peak_mb"]) >= {"this process", "roster", "gunicorn, one process"}
    assert "| met |" in (tmp_path / "out.md").read_text("utf-8")
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname = %s", [results["database"]])
        assert cursor.fetchall() == []
