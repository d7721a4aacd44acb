"""The shipped tree of categories, its CSV both ways, and a home for every entry of two outside lists."""

import csv
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from grievances.models import Category, Reason
from grievances.services.defaults import DATA, dump_categories, load_categories, load_reasons, load_shipped_defaults
from grievances.workflow import TABLE
from linjiang.common.errors import InvalidInput
from orgs.services.system import system_user

SHIPPED = (DATA / "categories.csv").read_text("utf-8")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("mapping", "outside", "count"),
    [("petition_classes.csv", "taxonomy.csv", 517), ("city_matters.csv", "city_matters.csv", 97)],
)
def test_every_entry_of_the_outside_list_has_a_home(shared_data, mapping, outside, count):
    second_level = {row["code"] for row in rows(DATA / "categories.csv") if row["parent_code"]}
    homes = rows(DATA / "mappings" / mapping)
    theirs = rows(shared_data / "categories" / outside)
    columns = list(theirs[0])
    assert [[row[column] for column in columns] for row in homes] == [
        [row[column] for column in columns] for row in theirs
    ]
    assert len(homes) == count
    assert {row["category_code"] for row in homes} <= second_level
    leftovers = [row for row in homes if row["category_code"].endswith("99")]
    assert len(leftovers) < 0.05 * count


@pytest.mark.django_db
class TestLoading:
    def test_the_shipped_tree_loads_once(self):
        counts = load_categories(actor=system_user(), text=SHIPPED)
        assert counts["new"] == len(rows(DATA / "categories.csv"))
        assert 14 <= Category.objects.filter(parent__isnull=True).count() <= 20
        again = load_categories(actor=system_user(), text=SHIPPED)
        assert again == {"new": 0, "changed": 0, "unchanged": counts["new"], "missing": 0, "retired": 0}

    def test_what_is_dumped_loads_without_a_change(self):
        load_categories(actor=system_user(), text=SHIPPED)
        again = load_categories(actor=system_user(), text=dump_categories())
        assert again["changed"] == again["new"] == again["missing"] == again["retired"] == 0

    def test_an_edited_row_changes_and_a_dropped_one_goes_out_of_use_only_when_asked(self):
        load_categories(actor=system_user(), text=SHIPPED)
        lines = [line for line in SHIPPED.splitlines() if not line.startswith("0102,")]
        text = "\n".join(
            line.replace("0101,01,", "0101,01,改名") if line.startswith("0101,") else line for line in lines
        )
        counts = load_categories(actor=system_user(), text=text)
        assert (counts["changed"], counts["missing"], counts["retired"]) == (1, 1, 0)
        assert Category.objects.get(code="0101").name.startswith("改名")
        assert Category.objects.get(code="0102").is_active
        counts = load_categories(actor=system_user(), text=text, retire_missing=True)
        assert (counts["changed"], counts["missing"], counts["retired"]) == (0, 0, 1)
        assert not Category.objects.get(code="0102").is_active

    @pytest.mark.parametrize(
        ("old", "new", "line"),
        [
            ("\n0101,01,", "\n0101,77,", 3),
            ("\n0102,01,", "\n0101,01,", 3),
            ("\n0101,01,", "\n,01,", 3),
        ],
    )
    def test_a_bad_line_is_named_and_nothing_is_applied(self, old, new, line):
        with pytest.raises(InvalidInput) as refusal, translation.override("en"):
            load_categories(actor=system_user(), text=SHIPPED.replace(old, new, 1))
        assert f"Line {line}" in refusal.value.errors["file"]
        assert not Category.objects.exists()

    def test_a_bad_urgency_or_hour_is_named(self):
        text = "\n".join([SHIPPED.splitlines()[0], "01,,一,One,soon,x,,,,,,"])
        with pytest.raises(InvalidInput) as refusal, translation.override("en"):
            load_categories(actor=system_user(), text=text)
        assert "urgency is one of" in refusal.value.errors["file"]
        assert "whole numbers" in refusal.value.errors["file"]

    def test_a_file_of_another_kind_is_refused(self):
        with pytest.raises(InvalidInput):
            load_categories(actor=system_user(), text="a,b\n1,2\n")

    def test_defaults_leave_a_city_s_own_edits_alone(self):
        load_shipped_defaults(actor=system_user())
        Category.objects.filter(code="0101").update(name="本市叫法")
        assert load_shipped_defaults(actor=system_user()) == {
            "categories": 0,
            "reasons": 0,
            "replies": 0,
            "years": 0,
        }
        assert Category.objects.get(code="0101").name == "本市叫法"

    def test_every_step_that_needs_a_reason_has_some(self):
        load_reasons(actor=system_user(), text=(DATA / "reasons.csv").read_text("utf-8"))
        needed = {row.reason for row in TABLE.values() if row.reason}
        assert needed <= set(Reason.objects.values_list("kind", flat=True))

    @pytest.mark.usefixtures("english")
    def test_the_command_prints_and_loads(self, tmp_path, capsys):
        file = tmp_path / "mine.csv"
        file.write_text(SHIPPED, encoding="utf-8-sig")
        call_command("load_categories", str(file))
        assert "not in the file: 0, taken out of use: 0" in capsys.readouterr().out
        lines = [line for line in SHIPPED.splitlines() if not line.startswith("0102,")]
        file.write_text("\n".join(lines), encoding="utf-8")
        call_command("load_categories", str(file))
        assert "not in the file: 1, taken out of use: 0" in capsys.readouterr().out
        call_command("load_categories", str(file), "--retire")
        assert "not in the file: 0, taken out of use: 1" in capsys.readouterr().out
        call_command("load_categories", dump=True)
        assert capsys.readouterr().out.startswith("code,parent_code")
        with pytest.raises(CommandError):
            call_command("load_categories", str(tmp_path / "absent.csv"))
        with pytest.raises(CommandError):
            call_command("load_categories")
