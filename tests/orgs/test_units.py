"""Making and renaming units; subtrees."""

import threading

import pytest
from django.db import IntegrityError, connection, transaction

from linjiang.common.errors import InvalidInput
from orgs.choices import Level
from orgs.models import Unit
from orgs.services import units
from orgs.services.system import system_user
from orgs.services.units import create_unit, rename_unit
from tests.factories import make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world()


def make(level, name, parent, **fields):
    return create_unit(actor=system_user(), level=level, name=name, parent=parent, **fields)


def test_a_new_unit_lies_below_its_parent_and_after_its_siblings(world):
    street = world.units["street"]
    new = make(Level.COMMUNITY, "  新 社区 ", street)
    assert (new.name, new.parent, new.depth) == ("新 社区", street, 4)
    assert new.path.startswith(street.path)
    assert new.path > world.units["community"].path
    street.refresh_from_db()
    assert street.children_made == 2


def test_a_level_may_be_left_out_but_never_turned_round(world):
    assert make(Level.NEIGHBOURHOOD, "直属邻", world.units["community"]).depth == 5
    for level in (Level.STREET, Level.DISTRICT, Level.CITY):
        with pytest.raises(InvalidInput) as raised:
            make(level, "倒置", world.units["street"])
        assert raised.value.field == "level"


@pytest.mark.parametrize("name", ["", "   ", "\u3000", None])
def test_a_unit_has_a_name(world, name):
    with pytest.raises(InvalidInput):
        make(Level.ZONE, name, world.units["community"])
    with pytest.raises(InvalidInput):
        rename_unit(actor=system_user(), unit=world.units["zone"], name=name)


def test_names_and_codes_are_given_once(world):
    with pytest.raises(InvalidInput) as raised:
        make(Level.NEIGHBOURHOOD, " 第一邻 ", world.units["group"])
    assert raised.value.field == "name"
    with pytest.raises(IntegrityError), transaction.atomic():
        make(Level.STREET, "重码街道", world.units["district"], code="341602")
    assert make(Level.NEIGHBOURHOOD, "第一邻", world.units["zone"]).pk


def test_a_unit_does_not_take_its_siblings_name(world):
    leaf, sibling = world.units["neighbourhood"], world.units["second_neighbourhood"]
    with pytest.raises(InvalidInput) as raised:
        rename_unit(actor=system_user(), unit=leaf, name=sibling.name)
    assert raised.value.field == "name"
    assert rename_unit(actor=system_user(), unit=leaf, name=leaf.name).name == "第一邻"
    assert rename_unit(actor=system_user(), unit=world.units["zone"], name=sibling.name).name == sibling.name


def test_a_name_taken_at_the_same_moment_is_a_plain_refusal(world, monkeypatch):
    monkeypatch.setattr(units, "_refuse_taken", lambda *_given: None)
    for change in (
        lambda: make(Level.NEIGHBOURHOOD, "第一邻", world.units["group"]),
        lambda: rename_unit(actor=system_user(), unit=world.units["neighbourhood"], name="第二邻"),
    ):
        with pytest.raises(InvalidInput) as raised:
            change()
        assert raised.value.field == "name"
    assert Unit.objects.filter(parent=world.units["group"]).count() == 2


def test_a_name_has_room_for_64_characters(world):
    with pytest.raises(InvalidInput) as raised:
        make(Level.ZONE, "片" * 65, world.units["community"])
    assert raised.value.field == "name"
    with pytest.raises(InvalidInput):
        rename_unit(actor=system_user(), unit=world.units["zone"], name="片" * 65)
    assert make(Level.ZONE, "片" * 64, world.units["community"]).pk


def test_a_renamed_unit_keeps_its_path(world):
    before = world.units["zone"].path
    assert rename_unit(actor=system_user(), unit=world.units["zone"], name="东片").path == before
    assert Unit.objects.get(path=before).name == "东片"


def test_a_subtree_is_exactly_what_lies_below(world):
    names = {unit.name for unit in Unit.objects.subtree(world.units["group"].path)}
    assert names == {"第一组", "第一邻", "第二邻"}
    assert Unit.objects.subtree(world.units["group"].path).count() == 3
    assert list(
        Unit.objects.ancestors(world.units["street"].path, include_self=True).values_list("level", flat=True)
    ) == [
        "city",
        "district",
        "street",
    ]
    assert not Unit.objects.within([]).exists()


@pytest.mark.django_db(transaction=True)
def test_children_made_at_once_get_paths_of_their_own():
    world = make_world()
    parent = world.units["community"]
    failures = []

    def work(number):
        try:
            for step in range(5):
                make(Level.ZONE, f"片{number}-{step}", parent)
        except Exception as error:  # noqa: BLE001 (the test looks at whatever was raised)
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []
    assert Unit.objects.filter(parent=parent).count() == 21
    parent.refresh_from_db()
    assert parent.children_made == 21
