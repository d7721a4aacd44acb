"""What people do with a matter of the problem pool, and everything that is refused."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from grievances.choices import ClusterAction, ClusterState
from grievances.models import Cluster, ClusterCase, ClusterEvent, Grievance
from grievances.pooling import pool_scope_of
from grievances.services import pooling
from linjiang.common.errors import Conflict, InvalidInput, NotAllowed
from tests.factories import NOON, file_case, make_user, make_world
from tests.grievances.pooled import found

pytestmark = pytest.mark.django_db
DAY = NOON.date() + timedelta(days=30)


@pytest.fixture
def world():
    return make_world()


@pytest.fixture
def cluster(world) -> Cluster:
    return found(world)


def second(world) -> Cluster:
    """Make another cluster of one case by hand."""
    case = file_case(world, description="锦绣花园二期的污水也溢出来了")
    made = Cluster.objects.create(
        unit=world.units["community"], unit_path=world.units["community"].path, found_at=NOON, count=1, name="二期"
    )
    ClusterCase.objects.create(cluster=made, grievance=case, unit_path=case.unit_path, added_at=NOON)
    return made


def history(cluster: Cluster) -> list[str]:
    return list(ClusterEvent.objects.filter(cluster=cluster).values_list("action", flat=True))


def test_naming_and_noting_the_cause(world, cluster):
    cluster = pooling.rename(actor=world.community, cluster=cluster, name="  东门  污水井 ", now=NOON, version=1)
    assert (cluster.name, cluster.named_by_hand, cluster.version) == ("东门 污水井", True, 2)
    cluster = pooling.note_root_cause(
        actor=world.street, cluster=cluster, root_cause="主管只有200毫米", note="问过设计院", now=NOON, version=2
    )
    assert (cluster.root_cause, cluster.note, cluster.version) == ("主管只有200毫米", "问过设计院", 3)
    event = cluster.events.first()
    assert (event.by, event.at, event.action) == (world.street, NOON, ClusterAction.NOTE)
    assert "主管只有200毫米" in event.detail
    assert pooling.note_root_cause(actor=world.street, cluster=cluster, root_cause="", now=NOON).root_cause == ""


@pytest.mark.parametrize(
    ("verb", "given", "field"),
    [
        (pooling.rename, {"name": "   "}, "name"),
        (pooling.rename, {"name": "长" * 61}, "name"),
        (pooling.note_root_cause, {"root_cause": "长" * 2001}, "root_cause"),
        (pooling.note_root_cause, {"root_cause": "", "note": "长" * 2001}, "note"),
        (pooling.dismiss, {"note": "长" * 2001}, "note"),
        (pooling.add_case, {"number": "LJ19990101-00001"}, "number"),
        (pooling.make_project, {"plan_on": DAY}, "lead"),
        (pooling.make_project, {"plan_on": NOON.date() - timedelta(days=1), "lead_unit": "community"}, "plan_on"),
        (pooling.make_project, {"plan_on": DAY, "lead_unit": "other_community"}, "lead"),
        (pooling.make_project, {"plan_on": DAY, "lead_unit": "community", "lead_agency": "agency"}, "lead"),
    ],
)
def test_what_cannot_be_used_is_named_by_its_field_and_changes_nothing(world, cluster, verb, given, field):
    given = {
        name: world.units[value] if name == "lead_unit" else world.agency if name == "lead_agency" else value
        for name, value in given.items()
    }
    before = Cluster.objects.values().get()
    with pytest.raises(InvalidInput) as refused:
        verb(actor=world.community, cluster=cluster, now=NOON, **given)
    assert list(refused.value.errors) == [field]
    assert Cluster.objects.values().get() == before
    assert history(cluster) == ["find"]


@pytest.mark.parametrize("who", ["chief", "group_leader", "zone_leader", "handler", "operator"])
def test_only_staff_supervisors_and_officials_of_the_place_change_it(world, cluster, who):
    with pytest.raises(NotAllowed):
        pooling.confirm(actor=world.users[who], cluster=cluster, now=NOON)


@pytest.mark.parametrize("who", ["community", "street", "supervisor", "official", "city_official"])
def test_they_may(world, cluster, who):
    assert pooling.confirm(actor=world.users[who], cluster=cluster, now=NOON).state == ClusterState.CONFIRMED


@pytest.mark.parametrize("who", ["community", "street", "supervisor", "official"])
def test_those_of_another_place_may_not(world, cluster, who):
    with pytest.raises(NotAllowed):
        pooling.confirm(actor=world.others[who], cluster=cluster, now=NOON)


def test_a_wider_matter_is_not_for_the_staff_of_a_part_of_it(world, cluster):
    Cluster.objects.update(unit=world.units["district"], unit_path=world.units["district"].path)
    with pytest.raises(NotAllowed):
        pooling.confirm(actor=world.street, cluster=cluster, now=NOON)
    assert pooling.confirm(actor=world.city_official, cluster=cluster, now=NOON).state == ClusterState.CONFIRMED


def test_a_version_that_is_past_overwrites_nothing(world, cluster):
    pooling.rename(actor=world.community, cluster=cluster, name="先改的", now=NOON, version=1)
    with pytest.raises(Conflict) as refused:
        pooling.rename(actor=world.street, cluster=cluster, name="后改的", now=NOON, version=1)
    assert refused.value.code == "stale"
    assert Cluster.objects.get().name == "先改的"


def test_a_stranger_is_not_told_that_somebody_changed_it(world, cluster):
    pooling.rename(actor=world.community, cluster=cluster, name="先改的", now=NOON)
    with pytest.raises(NotAllowed):
        pooling.rename(actor=world.others["street"], cluster=cluster, name="后改的", now=NOON, version=1)


def test_states_follow_the_table(world, cluster):
    by = {"actor": world.community, "cluster": cluster, "now": NOON}
    pooling.dismiss(**by, note="两处不同的井")
    with pytest.raises(Conflict):
        pooling.dismiss(**by)
    with pytest.raises(Conflict):
        pooling.make_project(**by, plan_on=DAY, lead_unit=world.units["community"])
    with pytest.raises(Conflict):
        pooling.finish_project(**by, note="完了")
    pooling.confirm(**by)
    with pytest.raises(Conflict):
        pooling.confirm(**by)
    pooling.make_project(**by, plan_on=DAY, lead_unit=world.units["community"])
    with pytest.raises(Conflict):
        pooling.dismiss(**by)
    assert history(cluster) == ["project", "confirm", "dismiss", "find"]


def test_a_project_has_one_who_answers_for_it_and_a_day_and_may_be_changed(world, cluster):
    by = {"actor": world.street, "cluster": cluster, "now": NOON}
    done = pooling.make_project(**by, plan_on=DAY, lead_agency=world.agency, note="改大管")
    assert (done.state, done.lead, done.plan_on) == (ClusterState.PROJECT, str(world.agency), DAY)
    done = pooling.make_project(**by, plan_on=DAY + timedelta(days=9), lead_unit=world.units["street"])
    assert (done.lead_agency, done.lead_unit) == (None, world.units["street"])
    with pytest.raises(InvalidInput):
        pooling.make_project(**by, plan_on=DAY, lead_unit=world.units["other_street"])


def test_the_database_knows_no_project_without_a_lead_or_with_two(cluster, world):
    for lead in ({}, {"lead_agency": world.agency, "lead_unit": world.units["street"]}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Cluster.objects.update(state=ClusterState.PROJECT, plan_on=DAY, **lead)


def test_finishing_a_project_ends_no_case(world, cluster):
    by = {"actor": world.community, "cluster": cluster, "now": NOON}
    pooling.make_project(**by, plan_on=DAY, lead_unit=world.units["community"])
    before = list(Grievance.objects.order_by("pk").values())
    with pytest.raises(InvalidInput):
        pooling.finish_project(**by, note="  ")
    done = pooling.finish_project(**by, note="主管换成400毫米")
    assert (done.state, done.done_at) == (ClusterState.DONE, NOON)
    assert list(Grievance.objects.order_by("pk").values()) == before
    with pytest.raises(Conflict):
        pooling.add_case(**by, number=Grievance.objects.last().number)


def test_adding_a_case_and_putting_one_back(world, cluster):
    case = Grievance.objects.exclude(clusterings__cluster=cluster).first()
    done = pooling.add_case(actor=world.community, cluster=cluster, number=f" {case.number.lower()} ", now=NOON)
    assert done.count == 5
    assert ClusterCase.objects.get(grievance=case).added_by == world.community
    with pytest.raises(InvalidInput):
        pooling.add_case(actor=world.community, cluster=cluster, number=case.number, now=NOON)
    assert pooling.take_out_case(actor=world.community, cluster=cluster, case=case, now=NOON).count == 4
    with pytest.raises(Conflict):
        pooling.take_out_case(actor=world.community, cluster=cluster, case=case, now=NOON)
    assert pooling.add_case(actor=world.community, cluster=cluster, number=case.number, now=NOON).count == 5


def test_a_case_that_the_person_may_not_see_is_not_found(world, cluster):
    theirs = file_case(world, by=world.others["chief"], unit=world.units["other_neighbourhood"])
    with pytest.raises(InvalidInput):
        pooling.add_case(actor=world.street, cluster=cluster, number=theirs.number, now=NOON)


def test_nobody_widens_a_matter_beyond_the_own_place(world, cluster):
    theirs = file_case(world, by=world.others["chief"], unit=world.units["other_neighbourhood"])
    done = pooling.add_case(actor=world.city_official, cluster=cluster, number=theirs.number, now=NOON)
    assert done.unit == world.units["district"]


def test_a_case_is_in_one_cluster_unless_the_other_was_dismissed(world, cluster):
    other = second(world)
    case = other.memberships.get().grievance
    with pytest.raises(InvalidInput):
        pooling.add_case(actor=world.community, cluster=cluster, number=case.number, now=NOON)
    pooling.dismiss(actor=world.community, cluster=other, now=NOON)
    assert pooling.add_case(actor=world.community, cluster=cluster, number=case.number, now=NOON).count == 5
    with pytest.raises(IntegrityError), transaction.atomic():
        other.memberships.update(removed_at=None)


def test_the_last_case_stays(world, cluster):
    other = second(world)
    with pytest.raises(Conflict):
        pooling.take_out_case(actor=world.community, cluster=other, case=other.memberships.get().grievance, now=NOON)


def test_joining_two_matters(world, cluster):
    other = second(world)
    taken = cluster.memberships.first().grievance
    pooling.take_out_case(actor=world.community, cluster=cluster, case=taken, now=NOON)
    into = pooling.merge_clusters(actor=world.community, cluster=cluster, into=other, now=NOON)
    assert into == other
    other.refresh_from_db()
    cluster.refresh_from_db()
    assert (other.count, cluster.count) == (4, 0)
    assert (cluster.state, cluster.merged_into) == (ClusterState.MERGED, other)
    assert other.memberships.get(grievance=taken).removed_at == NOON, "what was taken out stays out"
    assert history(other) == ["merge"]
    assert history(cluster)[0] == "merge"
    with pytest.raises(Conflict):
        pooling.rename(actor=world.community, cluster=cluster, name="x", now=NOON)


def test_joining_is_refused_with_itself_with_one_that_is_over_and_with_a_strangers(world, cluster):
    by = {"actor": world.community, "cluster": cluster, "now": NOON}
    with pytest.raises(InvalidInput):
        pooling.merge_clusters(**by, into=cluster)
    other = second(world)
    pooling.dismiss(actor=world.community, cluster=other, now=NOON)
    with pytest.raises(Conflict):
        pooling.merge_clusters(**by, into=other)
    Cluster.objects.filter(pk=other.pk).update(
        state="found", unit=world.units["other_street"], unit_path=world.units["other_street"].path
    )
    with pytest.raises(NotAllowed):
        pooling.merge_clusters(**by, into=other)
    assert Cluster.objects.get(pk=cluster.pk).state == ClusterState.FOUND


def test_who_has_a_pool(world):
    for who in ("group_leader", "zone_leader", "community", "street", "supervisor", "official", "city_official"):
        assert not pool_scope_of(world.users[who]).is_empty, who
    for person in (world.chief, world.handler, world.operator, make_user("无职"), None):
        assert pool_scope_of(person).is_empty
