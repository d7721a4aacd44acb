"""The night's search: what it finds, that it only adds, and that people's words outlive every night."""

from datetime import timedelta

import pytest

from grievances.choices import ClusterState
from grievances.models import Cluster, ClusterCase, Grievance, PoolRun
from grievances.services import pool_nightly, pooling
from grievances.tasks import find_clusters
from tests.factories import NOON, category, file_case, make_world
from tests.grievances.pooled import OTHERS, PIPE, found, tell
from tests.grievances.scenes import do

pytestmark = pytest.mark.django_db
NIGHT = NOON + timedelta(days=1)


@pytest.fixture
def world():
    return make_world()


def cases_of(cluster: Cluster) -> set[int]:
    return set(cluster.memberships.in_force().values_list("grievance_id", flat=True))


def test_what_many_tell_becomes_one_cluster_and_the_rest_none(world):
    cluster = found(world, household=world.household, category=category())
    pipe = Grievance.objects.filter(description__contains="污水井")
    assert cases_of(cluster) == set(pipe.values_list("pk", flat=True))
    assert (cluster.count, cluster.households, cluster.recent, cluster.before) == (4, 1, 4, 0)
    assert cluster.state == ClusterState.FOUND
    assert cluster.category == category()
    assert cluster.unit == world.units["neighbourhood"]
    assert "污水井" in cluster.name
    assert cluster.last_told - cluster.first_told == timedelta(days=3)
    assert [event.action for event in cluster.events.all()] == ["find"]


def test_two_alike_are_no_cluster(world):
    tell(world, PIPE[:2])
    tell(world, OTHERS)
    run = pool_nightly.find(now=NOON)
    assert not Cluster.objects.exists()
    assert (run.cases, run.found, run.grown) == (8, 0, 0)


def test_a_second_night_without_news_changes_nothing(world):
    cluster = found(world)
    before = Cluster.objects.values().get()
    assert pool_nightly.find(now=NIGHT).cases == 0
    assert pool_nightly.find(now=NIGHT, everything=True).cases == 10
    assert Cluster.objects.values().get() == before
    assert cluster.events.count() == 1


def test_the_cluster_of_the_night_before_grows_and_keeps_what_people_wrote(world):
    cluster = found(world)
    pooling.rename(actor=world.community, cluster=cluster, name="锦绣花园污水", now=NOON)
    pooling.note_root_cause(actor=world.community, cluster=cluster, root_cause="主管细", now=NOON)
    file_case(world, description=PIPE[0] + "，今天又来了", now=NOON + timedelta(hours=2))
    pool_nightly.find(now=NIGHT)
    cluster = Cluster.objects.get()
    assert (cluster.count, cluster.name, cluster.root_cause) == (5, "锦绣花园污水", "主管细")
    assert cluster.version == 3, "what the machine adds makes nobody's form stale"
    assert [event.action for event in cluster.events.all()] == ["grow", "note", "rename", "find"]


def test_a_dismissed_cluster_stays_dismissed_for_its_cases_and_takes_their_like(world):
    cluster = found(world)
    pooling.dismiss(actor=world.community, cluster=cluster, now=NOON)
    file_case(world, description=PIPE[1], now=NOON + timedelta(hours=2))
    pool_nightly.find(now=NIGHT)
    cluster = Cluster.objects.get()
    assert (cluster.state, cluster.count) == (ClusterState.DISMISSED, 5)


def test_what_was_taken_out_by_hand_stays_out(world):
    cluster = found(world)
    case = Grievance.objects.filter(description=PIPE[3]).get()
    pooling.take_out_case(actor=world.community, cluster=cluster, case=case, now=NOON)
    file_case(world, description=PIPE[1], now=NOON + timedelta(hours=2))
    pool_nightly.find(now=NIGHT, everything=True)
    cluster = Cluster.objects.get()
    assert case.pk not in cases_of(cluster)
    assert cluster.count == 4


def test_a_finished_project_takes_nothing_more_and_what_comes_after_is_found_anew(world):
    cluster = found(world)
    day = NOON.date() + timedelta(days=9)
    pooling.make_project(
        actor=world.community, cluster=cluster, lead_unit=world.units["community"], plan_on=day, now=NOON
    )
    pooling.finish_project(actor=world.community, cluster=cluster, note="换了大管", now=NOON)
    tell(world, PIPE[:3], now=NOON + timedelta(days=20))
    pool_nightly.find(now=NOON + timedelta(days=20))
    old, new = Cluster.objects.order_by("pk")
    assert (old.state, old.count) == (ClusterState.DONE, 4)
    assert (new.state, new.count) == (ClusterState.FOUND, 3)


def test_alike_words_in_two_communities_are_two_matters_unless_they_name_one_place(world):
    lamp = "楼道里的声控灯不亮，摸黑上楼摔了人"
    other = {"unit": world.units["other_neighbourhood"], "by": world.others["chief"]}
    tell(world, [lamp] * 3)
    tell(world, [lamp] * 3, **other)
    road = [f"银杏大道路面塌陷，{who}的车轮陷进去了" for who in ("货车", "校车", "邻居")]
    tell(world, road[:2])
    tell(world, road[2:], **other)
    tell(world, OTHERS)
    pool_nightly.find(now=NOON)
    places = sorted((one.count, one.unit.name) for one in Cluster.objects.select_related("unit"))
    assert places == [(3, "第一邻"), (3, "第一邻"), (3, "谯城区")]


def test_withdrawn_and_older_cases_are_not_read(world):
    cases = tell(world, PIPE[:3])
    do(world, cases[0], "withdraw", world.chief)
    tell(world, PIPE[3:], now=NOON - timedelta(days=200))
    tell(world, OTHERS)
    assert pool_nightly.find(now=NOON).cases == 8
    assert not Cluster.objects.exists()


def test_what_was_told_in_private_is_counted_and_lends_no_words(world):
    tell(world)
    tell(world, OTHERS)
    Grievance.objects.filter(description__contains="污水井").update(is_private=True)
    pool_nightly.find(now=NOON)
    cluster = Cluster.objects.get()
    assert (cluster.count, cluster.name) == (4, "")
    assert cluster.title.startswith("第一邻 · ")


def test_counts_follow_the_days_where_nothing_new_is_told(world):
    found(world)
    pool_nightly.find(now=NOON + timedelta(days=40))
    cluster = Cluster.objects.get()
    assert (cluster.recent, cluster.before, cluster.growth) == (0, 4, -4)


def test_the_task_may_run_twice(world):
    tell(world)
    pool_nightly.find(now=NOON)
    find_clusters()
    find_clusters()
    assert (Cluster.objects.count(), ClusterCase.objects.count(), PoolRun.objects.count()) == (1, 4, 3)
