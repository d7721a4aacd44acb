"""What chiefs are asked for: counted by hand over whole weeks, always of many and never of one."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from django.core.management import call_command
from django.urls import reverse

from notifications.models import Message
from notifications.notices import write_notice, writing_units
from orgs.choices import Level, Role
from orgs.models import Unit
from orgs.services.system import system_user
from orgs.services.units import create_unit
from reporting.burden import ANSWERS, CASES, FEWEST, GROUPS, MESSAGES, loads, ranges
from reporting.models import ChiefLoad
from reporting.periods import Period
from reporting.services.burden import burden_of, count_loads, weeks_of
from reporting.tasks import count_chief_loads
from tests.factories import NOON, World, make_post, make_world
from tests.reporting.rows import put
from tests.reporting.test_dashboard import as_user

pytestmark = pytest.mark.django_db

# NOON is a Wednesday: its week is over by the Monday after.
WEEK = Period(date(2026, 3, 2), date(2026, 3, 8))
AFTER = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)


@pytest.fixture
def world(time_machine) -> World:
    time_machine.move_to(AFTER)
    world = make_world()
    for number in range(8):  # with the two there are: ten chiefs of one community
        key = f"more_{number}"
        world.units[key] = create_unit(
            actor=system_user(), level=Level.NEIGHBOURHOOD, name=f"增设{number}邻", parent=world.units["group"]
        )
        world.users[key] = make_post(Role.CHIEF, unit=world.units[key]).user
    for name in ("chief", "second_chief"):
        world.others[name].posts.update(ended_at=datetime(2026, 1, 2, tzinfo=UTC))
    return world


def tell(world: World, who: str, kind: str, *, at: datetime = NOON, **columns) -> Message:
    number = Message.objects.count()
    return Message.objects.create(
        recipient=world.users[who], kind=kind, key=f"t:{number}", created_at=at, not_before=at, **columns
    )


def found(world: World, unit: str, period: Period = WEEK) -> dict[str, float]:
    return {load.kind: load.per_week for load in burden_of(unit=world.units[unit], period=period)}


def test_a_weeks_load_is_counted_by_hand(world):
    for _count in range(3):
        put(world)
    put(world, unit="more_1")
    put(world, reported_at=NOON - timedelta(days=7))
    tell(world, "chief", "case_resolved")
    tell(world, "chief", "case_closed")
    digest = tell(world, "more_1", "digest")
    tell(world, "more_1", "rung_soon", digest=digest)  # folded: the digest is what the chief has
    tell(world, "chief", "case_told", at=NOON + timedelta(days=30))
    tell(world, "community", "case_resolved")
    assert count_loads(now=AFTER) > 1
    assert found(world, "community") == {CASES: 0.4, MESSAGES: 0.3, ANSWERS: 0.1}
    row = ChiefLoad.objects.get(unit_path=world.units["street"].path, week=WEEK.since, kind=CASES)
    assert (row.chiefs, row.total) == (10, 4)
    assert [getattr(row, group) for group in GROUPS] == [8, 1, 1, 0, 0, 0]


def test_notices_count_for_each_chief_below_whether_or_not_a_message_went_out(world, time_machine):
    time_machine.move_to(NOON)
    unit = writing_units(world.community)[0]
    for important in (True, False):
        write_notice(
            actor=world.community, now=NOON, unit=unit, title="停水", text="明天停水", audience="chiefs",
            important=important,
        )  # fmt: skip
    write_notice(actor=world.community, now=NOON, unit=unit, title="会", text="组长开会", audience="leaders")
    time_machine.move_to(AFTER)
    count_loads(now=AFTER)
    assert found(world, "community")[MESSAGES] == 2


def test_fewer_than_ten_chiefs_have_no_number_anywhere(world):
    assert FEWEST == 10
    world.users["more_0"].posts.update(ended_at=NOON)
    put(world)
    count_loads(now=AFTER)
    assert found(world, "community") == {}
    assert found(world, "street") == {}
    assert found(world, "district") == {}
    for unit in ("zone", "group", "neighbourhood"):
        assert found(world, unit) == {}
        url = reverse("dashboard_panel", args=[world.units[unit].pk, "burden"])
        assert "loads__value" not in as_user(world.city_official).get(url, {"period": "last_week"}).content.decode()


def test_a_number_from_which_a_few_could_be_reckoned_is_not_shown_either(world):
    others = [world.others[name] for name in ("chief", "second_chief")]
    for other in others:
        other.posts.update(ended_at=None)
    put(world)
    count_loads(now=AFTER)
    # Twelve in the district, ten in this street: the street's number would tell that of the other two.
    assert found(world, "district")[CASES] == pytest.approx(1 / 12)
    for unit in ("street", "community", "other_street"):
        assert found(world, unit) == {}, unit


def test_below_the_community_nothing_is_kept_and_no_row_names_a_person(world):
    put(world)
    count_loads(now=AFTER)
    assert max(len(path) for path in ChiefLoad.objects.values_list("unit_path", flat=True)) == 16
    assert {field.name for field in ChiefLoad._meta.fields} == {
        "pk", "unit_path", "week", "kind", "chiefs", "total", "is_shown", *GROUPS,
    }  # fmt: skip


def test_only_weeks_that_are_over_and_lie_in_the_period_count(world):
    put(world, reported_at=AFTER)
    put(world)
    count_loads(now=AFTER)
    assert ChiefLoad.objects.latest("week").week == WEEK.since
    assert weeks_of(Period(date(2026, 3, 3), date(2026, 3, 15))) == (date(2026, 3, 9), date(2026, 3, 9))
    assert weeks_of(Period(date(2026, 3, 3), date(2026, 3, 14))) is None
    assert found(world, "community", Period(date(2026, 3, 3), date(2026, 3, 8))) == {}
    assert found(world, "community", Period(date(2026, 2, 23), date(2026, 3, 8)))[CASES] == 0.05


def test_counting_twice_changes_nothing_and_late_cases_are_counted_in(world):
    put(world)
    count_loads(now=AFTER)
    rows = list(ChiefLoad.objects.order_by("pk").values())
    count_chief_loads()
    assert list(ChiefLoad.objects.order_by("pk").values()) == rows
    put(world)
    assert count_loads(now=AFTER) == 2
    assert found(world, "community")[CASES] == 0.2
    call_command("count_chief_loads")


def test_a_city_without_chiefs_has_nothing_to_count():
    assert count_loads(now=AFTER) == 0


def test_a_unit_that_moved_keeps_its_weeks(world):
    put(world)
    count_loads(now=AFTER)
    community = world.units["community"]
    moved = community.path[:-1] + "Z"
    Unit.objects.filter(pk=community.pk).update(path=moved, former_paths=[community.path])
    community.refresh_from_db()
    assert burden_of(unit=community, period=WEEK)[0].per_week == 0.1


def test_the_panel_shows_averages_and_how_they_spread(world):
    put(world)
    count_loads(now=AFTER)
    url = reverse("dashboard_panel", args=[world.units["community"].pk, "burden"])
    context = as_user(world.official).get(url, {"period": "last_week"}).context
    row = context["rows"][0]
    assert row["per_week"] == "0.10"
    assert [group["share"] for group in row["groups"]] == [90, 10, 0, 0, 0, 0]
    assert [group["label"] for group in row["groups"]][:5] == ["0", "1", "2–3", "4–7", "8–15"]
    assert not as_user(world.official).get(url, {"period": "this_week"}).context["has_week"]


# The rule


def test_groups_follow_one_another_without_gap():
    ends = ranges()
    assert ends[0] == (0, 0)
    assert ends[-1] == (16, None)
    assert all(last + 1 == first for (_low, last), (first, _high) in pairwise(ends))


def test_averages_are_over_chiefs_and_weeks_and_a_kind_without_chiefs_is_left_out():
    row = {"kind": CASES, "chiefs": 20, "total": 50, "from_0": 5, "from_1": 5, "from_2": 10, "from_4": 0,
           "from_8": 0, "from_16": 0}  # fmt: skip
    found = loads([row, {**row, "kind": ANSWERS, "chiefs": 0}])
    assert [(one.kind, one.per_week, one.shares) for one in found] == [(CASES, 2.5, (0.25, 0.25, 0.5, 0, 0, 0))]
