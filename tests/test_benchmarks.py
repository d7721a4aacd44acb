"""The benchmark itself works, at a thousandth of its size; no time is judged."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from benchmarks.city import ACCEPTED, CLOSED, closed_of
from benchmarks.pages import Timing

ROOT = Path(__file__).resolve().parent.parent


def test_the_city_closes_as_many_as_bozhou():
    assert closed_of(ACCEPTED) == CLOSED
    assert round(100 * closed_of(ACCEPTED) / ACCEPTED, 2) == 99.04
    assert closed_of(208) == 206


def test_percentiles_of_a_timing():
    timing = Timing("a page", [0.4, 0.1, 0.3, 0.2])
    assert (timing.at(0), timing.at(0.5), timing.at(1)) == (0.1, 0.3, 0.4)


@pytest.mark.django_db
def test_a_tiny_run(tmp_path):
    """The real program, in a database of its own beside the suite's."""
    environment = {**os.environ, "SECRET_KEY": "only-this-run-signs-with-it"}
    if settings.DATABASE_URL:
        environment["LINJIANG_VAR"] = str(tmp_path / "var")
    argv = [sys.executable, "benchmarks/run.py", "--quick", "--grievances", "416", "--json", str(tmp_path / "out.json")]
    done = subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "412 / 416 = 99.04 %" in done.stdout
    results = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert (results["closure_rate"]["numerator"], results["closure_rate"]["denominator"]) == (412, 416)
    assert all(page["statements"] <= 15 for page in results["pages"].values()), results["pages"]
    assert all(one["median"] > 0 for one in results["filing_per_second"].values())
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_database WHERE datname = %s", [results["database"]])
        left_over = cursor.fetchone()[0]
    assert left_over == 0
