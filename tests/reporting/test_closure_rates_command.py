"""manage.py closure_rates: the same numbers on the command line."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from reporting.measures import KINDS, TIME_TO_CLOSE
from reporting.services.rates import closure_rates
from tests.factories import NOON, make_world
from tests.reporting.rows import put_everything

pytestmark = pytest.mark.django_db


def run(unit: str, since: str = "2026-03-04", until: str = "2026-03-04", form: str = "json") -> str:
    out = StringIO()
    call_command("closure_rates", unit=unit, since=since, until=until, format=form, stdout=out)
    return out.getvalue()


def test_json_has_an_object_per_measure():
    world = make_world()
    put_everything(world)
    found = json.loads(run("3416"))
    assert set(found) == {*KINDS, TIME_TO_CLOSE}
    for key in KINDS:
        assert set(found[key]) == {"numerator", "denominator", "value"}, key
    assert {"numerator", "denominator", "value", "median_hours", "p90_hours", "n"} == set(found[TIME_TO_CLOSE])
    expected = closure_rates(unit=world.units["city"], since=NOON.date(), until=NOON.date())
    assert found == json.loads(json.dumps(expected))
    assert found["closed"]["value"] == found["closure_rate"]["numerator"] > 0


def test_a_unit_is_found_by_code_long_code_path_and_id():
    world = make_world()
    put_everything(world)
    district = world.units["district"]
    found = {run(name) for name in ("341602", "341602000000", district.path, str(district.pk))}
    assert len(found) == 1


def test_the_days_are_both_included():
    world = make_world()
    put_everything(world)
    accepted = [
        json.loads(run("3416", since, until))["accepted"]["value"]
        for since, until in (
            ("2026-03-04", "2026-03-04"),
            ("2026-03-03", "2026-03-04"),
            ("2026-03-04", "2026-03-05"),
            ("2026-03-05", "2026-03-06"),
            ("2026-03-01", "2026-03-03"),
        )
    ]
    assert accepted[0] == accepted[1] == accepted[2] > 0
    assert accepted[3:] == [0, 0]


def test_the_table_shows_every_measure_and_a_dash_for_none():
    world = make_world()
    table = run("3416", form="table")
    assert "亳州市" in table
    assert all(str(kind.label) in table for kind in KINDS.values())
    assert table.count("—") == len(KINDS) - 2 + 1
    put_everything(world)
    assert "—" not in run("3416", form="table")


UNUSABLE = (
    ("999999", "2026-03-04", "2026-03-04", "--unit"),
    ("9" * 40, "2026-03-04", "2026-03-04", "--unit"),
    ("", "2026-03-04", "2026-03-04", "--unit"),
    ("3416", "2026-02-30", "2026-03-04", "--since"),
    ("3416", "2026-03-04", "tomorrow", "--until"),
    ("3416", "2026-03-04", "2026-03-03", "period"),
    ("3416", "2026-03-04", "9999-12-31", "period"),
)


@pytest.mark.usefixtures("english")
def test_what_cannot_be_used_is_said_in_one_line():
    make_world()
    for unit, since, until, word in UNUSABLE:
        with pytest.raises(CommandError, match=word):
            run(unit, since, until)
