"""The import of the official divisions."""

import csv
import io
import random
from datetime import date
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from linjiang.common.errors import NotAllowed
from orgs import tree
from orgs.choices import Role
from orgs.models import Post, Unit
from orgs.services.divisions import InvalidDivisions, import_divisions
from orgs.services.system import system_user
from orgs.services.units import create_unit
from tests.factories import make_user

DATA = Path(__file__).resolve().parents[2] / "orgs" / "data" / "divisions"
HEADER = "code,level,name,parent_code\n"
SMALL = HEADER + "34,city,甲市,\n3401,district,乙区,34\n340101,street,丙街道,3401\n340101001,community,丁社区,340101\n"

pytestmark = pytest.mark.django_db


def run(text, actor=None):
    return import_divisions(actor=actor or system_user(), text=text)


def names():
    return dict(Unit.objects.values_list("code", "name"))


def assert_tree_whole():
    """Every path is its parent's path and a segment, and each parent's counter covers its children."""
    units = {unit.pk: unit for unit in Unit.objects.all()}
    for unit in units.values():
        parent = units.get(unit.parent_id)
        assert tree.parent_path(unit.path) == (parent.path if parent else "")
        if parent:
            assert tree.decode(unit.path[-tree.SEGMENT :]) <= parent.children_made


@pytest.mark.parametrize(
    ("city", "counts"),
    [
        ("bozhou", {"city": 1, "district": 4, "street": 96, "community": 1360}),
        ("anshan", {"city": 1, "district": 7, "street": 96, "community": 1193}),
        ("shishou", {"city": 1, "district": 1, "street": 15, "community": 203}),
        ("jinta", {"city": 1, "district": 1, "street": 10, "community": 99}),
        ("ordos", {"city": 1, "district": 9, "street": 88, "community": 1011}),
    ],
)
def test_the_shipped_cities(city, counts, django_assert_max_num_queries):
    text = (DATA / f"{city}.csv").read_text("utf-8")
    actor = system_user()
    with django_assert_max_num_queries(20):
        assert run(text, actor).created_by_level == counts
    assert {level: Unit.objects.filter(level=level).count() for level in counts} == counts
    assert_tree_whole()
    before = list(Unit.objects.values())
    again = run(text, actor)
    assert (again.created, again.renamed, again.unchanged) == (0, 0, sum(counts.values()))
    assert list(Unit.objects.values()) == before


def test_the_shipped_files_are_the_shared_ones(shared_data):
    for file in DATA.glob("*.csv"):
        assert file.read_bytes() == (shared_data / "divisions" / file.name).read_bytes()


def test_rows_in_any_order_give_the_same_units():
    rows = list(csv.reader(io.StringIO((DATA / "shishou.csv").read_text("utf-8"))))
    body = rows[1:]
    random.Random(7).shuffle(body)
    text = io.StringIO()
    csv.writer(text).writerows([rows[0], *body])
    run(text.getvalue())
    assert names() == {row[0]: row[2] for row in body}
    parents = dict(Unit.objects.exclude(parent=None).values_list("code", "parent__code"))
    assert parents == {row[0]: row[3] for row in body if row[3]}
    assert_tree_whole()


def test_a_renamed_unit_is_renamed_and_keeps_its_place():
    run(SMALL)
    path = Unit.objects.get(code="340101").path
    counts = run(SMALL.replace("丙街道", "丙新街道"))
    assert (counts.created, counts.renamed, counts.unchanged) == (0, 1, 3)
    unit = Unit.objects.get(code="340101")
    assert (unit.name, unit.path) == ("丙新街道", path)


def test_new_units_take_positions_after_those_made_by_hand():
    run(SMALL)
    street = Unit.objects.get(code="340101")
    by_hand = create_unit(actor=system_user(), level="community", name="手工社区", parent=street)
    run(SMALL + "340101002,community,戊社区,340101\n")
    street.refresh_from_db()
    assert street.children_made == 3
    assert Unit.objects.get(code="340101002").path > by_hand.path
    later = create_unit(actor=system_user(), level="community", name="后来社区", parent=street)
    assert later.path > Unit.objects.get(code="340101002").path
    assert_tree_whole()


def test_a_second_city_stands_beside_the_first():
    run(SMALL)
    run(HEADER + "35,city,己市,\n")
    assert sorted(Unit.objects.filter(parent=None).values_list("path", flat=True)) == ["0001", "0002"]


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("340102,street,庚街道,9999", "9999"),
        ("340101,street,庚街道,3401", "4"),
        ("340102,village,庚街道,3401", "village"),
        ("340102,district,庚区,3401", "district"),
        ("340102,city,庚市,3401", "city"),
        ("340102,street,,3401", ""),
        ("340102,street,庚街道,", "parent_code"),
        ("34x,street,庚街道,3401", "34x"),
        (",street,庚街道,3401", ""),
        ("3401020000001,street,庚街道,3401", "3401020000001"),
        ("340102,street,庚街道,340102", "street"),
        (f"340102,street,{'长' * 65},3401", "64"),
    ],
)
def test_every_bad_line_is_reported_and_nothing_applied(line, word):
    with pytest.raises(InvalidDivisions) as raised:
        run(SMALL + "340103,street,好街道,3401\n" + line + "\n" + "340109,street,坏街道,8888\n")
    assert [bad.line for bad in raised.value.lines] == [7, 8]
    assert word in raised.value.lines[0].reason
    assert not Unit.objects.exists()


def test_the_first_of_two_equal_codes_is_named():
    with pytest.raises(InvalidDivisions) as raised:
        run(SMALL + "3401,district,又乙区,34\n")
    assert [(bad.line, "3" in bad.reason) for bad in raised.value.lines] == [(6, True)]


@pytest.mark.parametrize(
    "text",
    ["", HEADER, "code,level,name\n34,city,甲市\n", "\x00\x01", '"', "甲,乙\n", HEADER + '"34,city,甲市,\n'],
)
def test_files_that_are_no_division_lists(text):
    with pytest.raises(InvalidDivisions):
        run(text)
    assert not Unit.objects.exists()


def test_a_known_unit_neither_moves_nor_changes_its_level():
    run(SMALL + "3402,district,辛区,34\n")
    for line in ("340101,street,丙街道,3402", "340101001,zone,丁社区,340101", "3401,district,乙区,"):
        with pytest.raises(InvalidDivisions) as raised:
            run(HEADER + line + "\n")
        assert [bad.line for bad in raised.value.lines] == [2]


def test_bom_spaces_full_width_digits_blank_lines_and_more_columns():
    text = "\ufeffname , code,note,parent_code,level\n甲市,３４,x,,city\n\n 乙区 , 3401,, 34 ,district\n"
    assert run(text).created == 2
    assert names() == {"34": "甲市", "3401": "乙区"}


def test_only_system_administrators_import_and_only_into_their_area():
    run(SMALL + "3402,district,辛区,34\n")
    person = make_user()
    text = HEADER + "340201,street,壬街道,3402\n"
    with pytest.raises(NotAllowed):
        run(text, person)
    Post.objects.create(user=person, role=Role.SYSTEM_ADMIN, unit=Unit.objects.get(code="3401"), since=date(2026, 1, 1))
    del person.current_posts
    with pytest.raises(InvalidDivisions):
        run(text, person)
    with pytest.raises(InvalidDivisions):
        run(HEADER + "36,city,癸市,\n", person)
    assert run(HEADER + "340102,street,壬街道,3401\n", person).created == 1


@pytest.mark.usefixtures("english")
def test_the_command(tmp_path, capsys):
    good = tmp_path / "gb.csv"
    good.write_bytes(SMALL.encode("gb18030"))
    call_command("import_divisions", str(good))
    assert "created 4, renamed 0, unchanged 0" in capsys.readouterr().out
    call_command("import_divisions", str(good))
    assert "created 0, renamed 0, unchanged 4" in capsys.readouterr().out
    bad = tmp_path / "bad.csv"
    bad.write_text(SMALL + "1,street,x,99\n", "utf-8")
    with pytest.raises(CommandError, match="bad lines: 1"):
        call_command("import_divisions", str(bad))
    assert "Line 6" in capsys.readouterr().err
    with pytest.raises(CommandError):
        call_command("import_divisions", str(tmp_path / "absent.csv"))
