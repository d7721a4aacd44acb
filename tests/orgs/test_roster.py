"""Comparing a roster with the organisation and applying it."""

import threading
from datetime import date

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from linjiang.common.errors import NotAllowed
from orgs.choices import Level, Role
from orgs.models import Post, Unit, User
from orgs.scopes import scope_of
from orgs.services import roster as service
from orgs.services.posts import appoint
from orgs.services.roster import Counts, InvalidRoster, apply_roster, preview_roster
from orgs.services.system import system_user
from orgs.services.units import create_unit
from tests.factories import fresh, make_post, make_user, make_world
from tests.orgs.workbooks import HEADER, roster, row, workbook

pytestmark = pytest.mark.django_db

THREE = (
    row(),
    row("乙邻", "周二", "13700000002"),
    row("丙邻", "吴三", "13700000003", 组="二组", 组长="郑组", 组长电话="13700000093"),
)


@pytest.fixture
def world():
    return make_world()


def preview(*rows, actor=None):
    return preview_roster(actor=actor or system_user(), file=roster(*rows))


def apply(*rows, actor=None):
    return apply_roster(actor=actor or system_user(), file=roster(*rows))


def chief_of(name):
    street = Unit.objects.filter(name="花戏楼街道").order_by("pk").first()
    return Post.objects.get(
        role=Role.CHIEF, unit__in=Unit.objects.subtree(street.path), unit__name=name, ended_at=None
    ).user


def everything():
    return [list(model.objects.order_by("pk").values()) for model in (Unit, User, Post)]


def test_preview_counts_and_changes_nothing(world):
    system_user()
    before = everything()
    seen = preview(*THREE)
    assert everything() == before
    assert (seen.new, seen.changed, seen.handed_over, seen.unchanged) == (3, 0, 0, 0)
    assert seen.leaders == Counts(new=3)
    assert seen.units == {"zone": 1, "group": 2, "neighbourhood": 3}
    assert (seen.people, seen.bad, seen.warnings, seen.can_apply) == (6, (), (), True)
    assert [change.after for change in seen.changes] == ["赵一", "周二", "吴三"]


def test_apply_makes_units_people_and_posts_and_again_changes_nothing(world):
    done = apply(*THREE)
    assert done.new == 3
    leaf = Unit.objects.get(name="丙邻")
    above = [unit.name for unit in Unit.objects.ancestors(leaf.path)]
    assert above == ["亳州市", "谯城区", "花戏楼街道", "花戏社区", "东片", "二组"]
    assert leaf.households_declared == 10
    assert chief_of("丙邻").phone == "13700000003"
    assert not chief_of("丙邻").has_usable_password()
    assert scope_of(chief_of("丙邻")).paths == (leaf.path,)
    assert Post.objects.get(unit__name="二组").user.name == "郑组"
    for parent in Unit.objects.filter(children__isnull=False).distinct():
        assert parent.children_made == parent.children.count()
    before = everything()
    again = apply(*THREE)
    assert (again.new, again.changed, again.handed_over, again.unchanged) == (0, 0, 0, 3)
    assert again.leaders == Counts(unchanged=3)
    assert again.changes == ()
    assert everything() == before


def test_a_foreign_place_is_said_even_of_a_row_that_lacks_other_cells(world):
    columns = {bad.column for bad in preview(row(邻="", 街道="薛阁街道"), actor=fresh(world.street)).bad}
    assert columns == {"街道", "邻"}
    seen = preview(row(邻="", 社区="没有的社区"), row("乙邻", "", "13700000002", 社区=""), actor=fresh(world.street))
    assert {(bad.row, bad.column) for bad in seen.bad} >= {(2, "邻"), (2, "社区"), (3, "邻长")}
    assert seen.bad_rows == 2


def test_units_made_by_an_import_leave_room_for_others(world):
    apply(*THREE)
    community = Unit.objects.get(name="花戏社区")
    later = create_unit(actor=system_user(), level=Level.ZONE, name="新片", parent=community)
    apply(row("丁邻", "冯四", "13700000004", 片="再新片"))
    assert Unit.objects.get(name="再新片").path > later.path


def test_another_chief_is_a_handover(world):
    apply(*THREE)
    old = chief_of("甲邻")
    seen = preview(row("甲邻", "陈新", "13700000008"), *THREE[1:])
    assert (seen.new, seen.changed, seen.handed_over, seen.unchanged) == (0, 0, 1, 2)
    assert [(change.before, change.after) for change in seen.changes] == [("赵一", "陈新")]
    apply(row("甲邻", "陈新", "13700000008"), *THREE[1:])
    assert chief_of("甲邻").name == "陈新"
    assert scope_of(fresh(old)).is_empty
    ended = Post.objects.get(user=old)
    assert ended.ended_at is not None
    assert ended.until == ended.since


def test_two_chiefs_change_places(world):
    apply(*THREE)
    apply(row("甲邻", "周二", "13700000002"), row("乙邻", "赵一", "13700000001"))
    assert (chief_of("甲邻").name, chief_of("乙邻").name) == ("周二", "赵一")
    assert Post.objects.filter(unit__name__in=["甲邻", "乙邻"], ended_at=None).count() == 2


def test_the_same_number_under_another_name_renames(world):
    apply(*THREE)
    seen = apply(row("甲邻", "赵益"), *THREE[1:])
    assert (seen.changed, seen.handed_over, seen.unchanged) == (1, 0, 2)
    assert [warning.column for warning in seen.warnings] == ["邻长"]
    assert chief_of("甲邻").name == "赵益"
    assert apply(row("甲邻", "赵益"), *THREE[1:]).unchanged == 3


def test_the_same_name_with_a_new_number_is_a_handover_with_a_word(world):
    apply(*THREE)
    seen = preview(row(phone="13700000077"))
    assert (seen.handed_over, len(seen.warnings)) == (1, 1)


def test_one_person_may_hold_several_posts(world):
    apply(
        row("甲邻", "钱片", "13700000091"),
        row("乙邻", "钱片", "13700000091"),
        row("丙邻", "钱片", "13700000091", 组长="钱片", 组长电话="13700000091", 组="二组"),
    )
    held = Post.objects.filter(user__phone="13700000091", ended_at=None)
    assert sorted(held.values_list("role", flat=True)) == ["chief", "chief", "chief", "group_leader", "zone_leader"]


def test_another_leader_marks_the_rows_below_as_changed(world):
    apply(*THREE)
    other = {"组长": "褚组", "组长电话": "13700000094"}
    seen = apply(row(**other), row("乙邻", "周二", "13700000002", **other))
    assert (seen.changed, seen.leaders) == (2, Counts(handed_over=1, unchanged=1))
    assert [post.user.name for post in Post.objects.filter(unit__name="一组", ended_at=None)] == ["褚组"]


def test_households_are_kept_and_flagged_but_not_refused(world):
    seen = apply(row(households=4), row("乙邻", "周二", "13700000002", 16), row("丙邻", "吴三", "13700000003", ""))
    assert [(warning.row, warning.column) for warning in seen.warnings] == [(2, "户数"), (3, "户数")]
    assert list(
        Unit.objects.filter(name__in=["甲邻", "乙邻", "丙邻"]).values_list("households_declared", flat=True)
    ) == [
        4,
        16,
        None,
    ]
    assert apply(row(households=5)).changed == 1
    assert apply(row(households="")).unchanged == 1
    assert Unit.objects.get(name="甲邻").households_declared == 5


def test_a_vacant_seat_is_normal_and_a_blank_ends_nobody(world):
    assert apply(row("甲邻", "", "")).new == 1
    assert not Post.objects.filter(unit__name="甲邻").exists()
    assert apply(row()).new == 1
    seen = apply(row("甲邻", "", ""))
    assert (seen.unchanged, len(seen.warnings)) == (1, 1)
    assert chief_of("甲邻").name == "赵一"


def test_lapsed_and_acting_chiefs_give_way_to_the_regular_one(world):
    leaf, second = world.units["neighbourhood"], world.units["second_neighbourhood"]
    Post.objects.filter(unit=leaf, role=Role.CHIEF).update(until=date(2026, 1, 2))
    make_post(Role.CHIEF, unit=second, acting=True)
    places = {"片": "第一片", "片长": "", "片长电话": "", "组": "第一组", "组长": "", "组长电话": ""}
    acting = Post.objects.get(unit=second, acting=True).user
    seen = apply(row("第一邻", **places), row("第二邻", acting.name, acting.phone, **places))
    assert seen.units == {}
    assert (seen.new, seen.handed_over) == (1, 1)
    assert chief_of("第一邻").name == "赵一"
    posts = Post.objects.filter(unit=second, role=Role.CHIEF, ended_at=None)
    assert [(post.user_id, post.acting) for post in posts] == [(acting.pk, False)]


@pytest.mark.parametrize(
    ("name", "fits"),
    [("花戏社区", True), ("花戏社区居委会", True), ("花戏", True), ("花戏社区居民委员会", True), ("花戏村", False)],
)
def test_communities_match_with_and_without_their_ending(world, name, fits):
    seen = preview(row(社区=name))
    assert seen.can_apply is fits


@pytest.mark.parametrize("name", ["花戏楼", "花戏楼街道办事处", "花戏楼街道"])
def test_streets_match_with_and_without_their_ending(world, name):
    assert preview(row(街道=name)).can_apply


def test_a_name_that_could_be_two_communities_is_a_bad_row(world):
    create_unit(actor=system_user(), level=Level.COMMUNITY, name="花戏村委会", parent=world.units["street"])
    (bad,) = preview(row(社区="花戏")).bad
    assert (bad.column, "花戏村委会" in bad.reason, "花戏社区" in bad.reason) == ("社区", True, True)
    assert preview(row(社区="花戏村")).can_apply
    assert preview(row(社区="花戏村民委员会")).can_apply


def test_two_streets_of_one_name_are_told_apart_by_community_or_district(world):
    district = create_unit(actor=system_user(), level=Level.DISTRICT, name="涡阳县", parent=world.units["city"])
    street = create_unit(actor=system_user(), level=Level.STREET, name="花戏楼街道", parent=district)
    create_unit(actor=system_user(), level=Level.COMMUNITY, name="涡河社区", parent=street)
    assert preview(
        row(), row("乙邻", "周二", "13700000002", 社区="涡河社区", 片长="", 片长电话="", 组长="", 组长电话="")
    ).can_apply
    create_unit(actor=system_user(), level=Level.COMMUNITY, name="花戏社区", parent=street)
    (bad,) = preview(row()).bad
    assert "区县" in bad.reason
    data = workbook([["区县", *HEADER], ["涡阳", *row()]])
    apply_roster(actor=system_user(), file=data)
    assert Unit.objects.get(name="甲邻").path.startswith(district.path)


@pytest.mark.parametrize(("change", "column"), [({"街道": "别街道"}, "街道"), ({"社区": "别社区"}, "社区")])
def test_streets_and_communities_must_exist(world, change, column):
    assert [(bad.sheet, bad.row, bad.column) for bad in preview(row(**change)).bad] == [("表1", 2, column)]


def test_contradictions_inside_the_file_are_bad_rows(world):
    cases = [
        ((row(), row("甲邻", "周二", "13700000002")), "邻"),
        ((row(), row("乙邻", "周二", "13700000001")), "邻长电话"),
        ((row(), row("乙邻", "周二", "13700000002", 组长="别人", 组长电话="13700000055")), "组长"),
    ]
    for rows, column in cases:
        assert [(bad.row, bad.column) for bad in preview(*rows).bad] == [(3, column)]


def test_the_same_row_twice_is_only_remarked(world):
    seen = apply(row(), row())
    assert (seen.can_apply, len(seen.warnings)) == (True, 1)
    assert Post.objects.filter(unit__name="甲邻").count() == 1


def test_closed_units_and_deactivated_accounts_are_bad_rows(world):
    apply(*THREE)
    Unit.objects.filter(name="乙邻").update(is_active=False)
    User.objects.filter(phone="13700000003").update(is_active=False)
    assert [(bad.row, bad.column) for bad in preview(*THREE).bad] == [(3, "邻"), (4, "邻长电话")]


def test_bad_rows_stop_the_whole_roster(world):
    system_user()
    before = everything()
    with pytest.raises(InvalidRoster) as raised:
        apply(*THREE, row("丁邻", "冯四", "12"), row("戊邻", "卫五", "13700000005", 街道="别街道"))
    assert [(bad.row, bad.column) for bad in raised.value.preview.bad] == [(5, "邻长电话"), (6, "街道")]
    assert everything() == before


def test_a_failure_half_way_leaves_nothing(world, monkeypatch):
    system_user()
    before = everything()

    def fail(*args, **kwargs):
        raise RuntimeError("power cut")

    monkeypatch.setattr(service, "_write_posts", fail)
    with pytest.raises(RuntimeError):
        apply(*THREE)
    assert everything() == before


def test_people_import_only_into_their_own_area(world):
    assert apply(*THREE, actor=fresh(world.street)).new == 3
    assert apply(*THREE, actor=fresh(world.community)).unchanged == 3
    for other in ("street", "community"):
        seen = preview(*THREE, actor=fresh(world.others[other]))
        assert {bad.column for bad in seen.bad} == {"街道"}
    for key in ("chief", "group_leader", "zone_leader", "official", "supervisor", "operator", "handler"):
        with pytest.raises(NotAllowed):
            preview(*THREE, actor=fresh(world.users[key]))
        with pytest.raises(NotAllowed):
            apply(*THREE, actor=fresh(world.users[key]))


def test_an_import_does_not_rename_people_of_other_areas(world):
    mayor, stranger = world.city_official, world.others["chief"]
    for person in (mayor, stranger):
        (bad,) = preview(row(phone=person.phone), actor=fresh(world.street)).bad
        assert bad.column == "邻长电话"
        assert person.name not in bad.reason
    assert preview(row(chief=stranger.name, phone=stranger.phone), actor=fresh(world.street)).can_apply
    root = make_user("根", is_superuser=True)
    assert not preview(row(phone=root.phone), actor=fresh(world.street)).can_apply


def test_an_ended_desk_post_ends_the_right_to_import(world):
    Post.objects.filter(user=world.street).update(until=date(2026, 1, 2))
    with pytest.raises(NotAllowed):
        preview(*THREE, actor=fresh(world.street))


def big(count):
    rows = []
    for number in range(count):
        group = number // 4
        rows.append(
            row(
                f"{number}邻",
                f"人{number}",
                str(13_600_000_000 + number),
                组=f"{group}组",
                组长=f"长{group}",
                组长电话=str(13_500_000_000 + group),
            )
        )
    return roster(*rows)


def test_statements_do_not_grow_with_the_roster(world):
    actor = system_user()
    statements = []
    for count in (8, 200):
        for _again in (False, True):
            with CaptureQueriesContext(
                connection,
            ) as seen:
                apply_roster(actor=actor, file=big(count))
            statements.append(len(seen))
    assert statements[2] <= statements[0] + 2
    assert statements[3] == statements[1]
    assert max(statements) <= 30


@pytest.mark.usefixtures("english")
def test_the_command(world, tmp_path, capsys):
    file = tmp_path / "roster.xlsx"
    file.write_bytes(roster(*THREE))
    call_command("import_roster", str(file))
    assert "chiefs: 3 new, 0 changed, 0 handed over, 0 unchanged" in capsys.readouterr().out
    assert not Unit.objects.filter(name="甲邻").exists()
    call_command("import_roster", str(file), "--apply")
    assert chief_of("甲邻").name == "赵一"
    file.write_bytes(roster(*THREE, row("丁邻", "冯四", "12")))
    with pytest.raises(CommandError, match=r"bad rows: 1$"):
        call_command("import_roster", str(file))
    assert "表1 | row 5 | 邻长电话" in capsys.readouterr().out
    with pytest.raises(CommandError, match="nothing was applied"):
        call_command("import_roster", str(file), "--apply")
    for wrong in (tmp_path / "absent.xlsx", tmp_path):
        with pytest.raises(CommandError):
            call_command("import_roster", str(wrong))
    file.write_bytes(b"no workbook")
    with pytest.raises(CommandError):
        call_command("import_roster", str(file))


def _in_thread(work, results):
    def run():
        try:
            results.append(work())
        except Exception as error:  # noqa: BLE001 (the test looks at whatever was raised)
            results.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.django_db(transaction=True)
def test_two_imports_at_once_leave_one_chief_and_no_half_roster():
    make_world()
    first = roster(*THREE)
    second = roster(row("甲邻", "陈新", "13700000008"), *THREE[1:])
    results = []
    threads = [
        _in_thread(lambda data=data: apply_roster(actor=system_user(), file=data), results) for data in (first, second)
    ]
    for thread in threads:
        thread.join(30)
    assert len(results) == 2
    done = [result for result in results if not isinstance(result, Exception)]
    assert done, results
    for unit in Unit.objects.filter(name__in=["甲邻", "乙邻", "丙邻"]):
        assert Post.objects.filter(unit=unit, role=Role.CHIEF, ended_at=None).count() == 1
    assert Unit.objects.filter(name="甲邻").count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_import_waits_for_an_appointment_to_the_same_seat():
    world = make_world()
    leaf = world.units["neighbourhood"]
    places = {"片": "第一片", "片长": "", "片长电话": "", "组": "第一组", "组长": "", "组长电话": ""}
    data = roster(row("第一邻", **places))
    results = []
    with transaction.atomic():
        by_hand = appoint(actor=system_user(), user=make_user("手工"), role=Role.CHIEF, unit=leaf)
        thread = _in_thread(lambda: apply_roster(actor=system_user(), file=data), results)
        thread.join(1)
        assert thread.is_alive()
    thread.join(30)
    assert [result.handed_over for result in results] == [1]
    by_hand.refresh_from_db()
    assert by_hand.ended_at is not None
    assert chief_of("第一邻").name == "赵一"
