"""Commands whose output is piped into something that stops reading."""

import io
import subprocess
import sys

import pytest
from django.core.management import load_command_class

from linjiang.common.commands import PIPE_CLOSED, PipeCommand

OURS = {
    "orgs": ("import_divisions", "import_roster"),
    "grievances": (
        "demo",
        "escalate_overdue",
        "import_grievances",
        "index_search",
        "load_categories",
        "load_defaults",
    ),
    "reporting": ("closure_rates", "generate_city", "rebuild_tallies", "verify_tallies"),
}
LINES = """
from django.conf import settings
settings.configure()
import django
django.setup()
from linjiang.common.commands import PipeCommand

class Command(PipeCommand):
    requires_system_checks = []

    def handle(self, *args, **options):
        for number in range(200_000):
            self.stdout.write(f"line {number}")

Command().run_from_argv(["manage.py", "lines"])
"""


def test_a_reader_that_stops_ends_the_command_quietly():
    run = subprocess.Popen([sys.executable, "-c", LINES], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert run.stdout.readline() == b"line 0\n"
    run.stdout.close()
    complaints = run.stderr.read()
    run.stderr.close()
    assert run.wait(timeout=60) == PIPE_CLOSED
    assert complaints == b""


def test_a_reader_that_is_gone_before_the_last_line_is_as_quiet():
    short = LINES.replace("200_000", "3")
    run = subprocess.Popen([sys.executable, "-c", short], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    run.stdout.close()
    complaints = run.stderr.read()
    run.stderr.close()
    assert run.wait(timeout=60) == PIPE_CLOSED
    assert complaints == b""


def test_all_is_printed_to_who_reads_on():
    class Command(PipeCommand):
        requires_system_checks = ()

        def handle(self, *args, **options):
            self.stdout.write("said")

    out = io.StringIO()
    Command(stdout=out).execute(force_color=False, no_color=True, skip_checks=True)
    assert out.getvalue() == "said\n"


@pytest.mark.parametrize(("app", "name"), [(app, name) for app, names in OURS.items() for name in names])
def test_every_command_of_ours_is_one(app, name):
    assert isinstance(load_command_class(app, name), PipeCommand)
