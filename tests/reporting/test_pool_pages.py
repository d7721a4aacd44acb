"""The pages of the problem pool: who sees what, what may be done there, and that nothing typed is lost."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from grievances.choices import ClusterState, Status
from grievances.models import Cluster, ClusterCase, Grievance
from grievances.services import pooling
from tests.factories import NOON, World, category, file_case, make_user, make_world, work_statements
from tests.grievances.pooled import found

pytestmark = pytest.mark.django_db
DAY = NOON.date() + timedelta(days=30)


@pytest.fixture(autouse=True)
def _noon():
    with time_machine.travel(NOON + timedelta(hours=1), tick=False):
        yield


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def cluster(world) -> Cluster:
    return found(world, category=category(), household=world.household)


def browser(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def step(client: Client, cluster: Cluster, action: str, **given):
    data = {"version": Cluster.objects.get(pk=cluster.pk).version} | given
    return client.post(reverse("cluster_action", args=[cluster.pk, action]), data)


def across(world, cluster: Cluster) -> Grievance:
    """Put a case of the other street into the cluster."""
    theirs = file_case(
        world, by=world.others["chief"], unit=world.units["other_neighbourhood"], description="别处的秘密"
    )
    pooling.add_case(actor=world.city_official, cluster=cluster, number=theirs.number, now=NOON)
    return theirs


def listed(response) -> list[Cluster]:
    return [row.cluster for row in response.context["rows"]]


@pytest.mark.parametrize("who", ["group_leader", "zone_leader", "community", "street", "supervisor", "city_official"])
def test_the_list_and_the_matter_are_there_for_who_answers_for_the_place(world, cluster, who):
    client = browser(world.users[who])
    response = client.get(reverse("pool"))
    assert listed(response) == [cluster]
    assert cluster.title in response.content.decode()
    assert client.get(cluster.get_absolute_url()).status_code == 200
    assert reverse("pool") in client.get(reverse("messages")).content.decode(), "the navigation leads there"


def test_the_history_says_what_the_nights_number_counts(world, cluster):
    response = browser(world.community).get(cluster.get_absolute_url(), headers={"accept-language": "en"})
    assert f"{cluster.count} cases added by the night" in response.content.decode()


@pytest.mark.parametrize("who", ["chief", "handler", "operator"])
def test_others_are_refused_with_the_reason(world, cluster, who):
    client = browser(world.users[who])
    for response in (
        client.get(reverse("pool")),
        client.get(cluster.get_absolute_url()),
        step(client, cluster, "confirm"),
    ):
        assert response.status_code == 403
    assert reverse("pool") not in client.get(reverse("messages")).content.decode()


@pytest.mark.parametrize("who", ["community", "street", "supervisor", "official"])
def test_a_matter_elsewhere_is_not_found_and_not_listed(world, cluster, who):
    client = browser(world.others[who])
    assert listed(client.get(reverse("pool"))) == []
    assert client.get(cluster.get_absolute_url()).status_code == 404
    assert step(client, cluster, "confirm").status_code == 404
    assert client.get(reverse("pool"), {"unit": world.units["street"].pk}).status_code == 404


def test_without_an_account_one_signs_in_first(cluster):
    assert Client().get(reverse("pool")).status_code == 302
    assert Client().get(cluster.get_absolute_url()).status_code == 302


def test_cases_outside_of_the_viewers_places_are_counted_and_not_shown(world, cluster):
    theirs = across(world, cluster)
    page = browser(world.street).get(cluster.get_absolute_url())
    assert (page.context["visible"], page.context["hidden"]) == (4, 1)
    assert theirs.number not in page.content.decode()
    assert "别处的秘密" not in page.content.decode()
    assert {case.number for case in page.context["cases"]} == set(
        Grievance.objects.filter(clusterings__cluster=cluster, unit_path__startswith=world.units["street"].path)
        .values_list("number", flat=True)
    )  # fmt: skip
    assert browser(world.others["street"]).get(cluster.get_absolute_url()).context["hidden"] == 4
    assert browser(world.city_official).get(cluster.get_absolute_url()).context["hidden"] == 0


def test_a_viewer_of_a_part_may_look_and_not_change(world, cluster):
    across(world, cluster)
    client = browser(world.street)
    page = client.get(cluster.get_absolute_url())
    assert page.context["steps"] == []
    assert page.context["reason"]
    answer = step(client, cluster, "rename", name="我的名字")
    assert answer.status_code == 403
    assert "我的名字" not in str(Cluster.objects.get())


def test_filters_and_orders(world, cluster):
    client, top = browser(world.street), category().parent
    assert listed(client.get(reverse("pool"), {"category": top.pk})) == [cluster]
    assert listed(client.get(reverse("pool"), {"source": "chief"})) == [cluster]
    assert listed(client.get(reverse("pool"), {"source": "hotline"})) == []
    assert listed(client.get(reverse("pool"), {"state": "dismissed"})) == []
    assert listed(client.get(reverse("pool"), {"state": "found", "period": "30", "sort": "growth"})) == [cluster]
    assert listed(client.get(reverse("pool"), {"unit": world.units["community"].pk, "sort": "last"})) == [cluster]
    Cluster.objects.update(last_told=NOON.date() - timedelta(days=31))
    assert listed(client.get(reverse("pool"), {"period": "30"})) == []
    assert listed(client.get(reverse("pool"), {"period": "90"})) == [cluster]
    Cluster.objects.update(state=ClusterState.DISMISSED)
    assert listed(client.get(reverse("pool"))) == []
    assert listed(client.get(reverse("pool"), {"state": "dismissed"})) == [cluster]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"category": "x"}, 200), ({"category": "99999999999999999999"}, 200), ({"state": "merged"}, 200),
        ({"source": "<script>"}, 200), ({"period": "-1"}, 200), ({"sort": "pk"}, 200), ({"page": "2"}, 200),
        ({"page": "0"}, 404), ({"page": "x"}, 404), ({"page": "９"}, 404), ({"page": "99999999999"}, 404),
        ({"unit": "x"}, 404), ({"unit": "99999999999999999999"}, 404), ({"unit": "\x00"}, 404), ({"unit": "²"}, 404),
    ],
)  # fmt: skip
def test_odd_addresses(world, cluster, query, status):
    assert browser(world.street).get(reverse("pool"), query).status_code == status


def test_odd_keys_and_actions(world, cluster):
    client = browser(world.street)
    assert client.get(f"/pool/{2**70}/").status_code == 404
    assert client.get("/pool/0/").status_code == 404
    assert step(client, cluster, "grow").status_code == 404
    assert step(client, cluster, "nothing").status_code == 404
    assert client.get(reverse("cluster_action", args=[cluster.pk, "confirm"])).status_code == 405
    assert client.post(reverse("pool")).status_code == 405
    for version in ("", "x", "0", "9" * 40):
        assert step(client, cluster, "confirm", version=version).status_code == 400


def test_every_step_by_its_form(world, cluster):
    client = browser(world.community)
    assert step(client, cluster, "rename", name="东门污水井").status_code == 302
    assert step(client, cluster, "note", root_cause="主管细", note="").status_code == 302
    assert step(client, cluster, "confirm").status_code == 302
    free = Grievance.objects.exclude(clusterings__isnull=False).first()
    assert step(client, cluster, "add", number=free.number).status_code == 302
    assert step(client, cluster, "take_out", number=free.number).status_code == 302
    lead = f"unit-{world.units['community'].pk}"
    assert step(client, cluster, "project", lead=lead, plan_on=DAY.isoformat(), note="").status_code == 302
    assert step(client, cluster, "finish", note="换了大管").status_code == 302
    cluster.refresh_from_db()
    assert (cluster.state, cluster.name, cluster.root_cause, cluster.count) == ("done", "东门污水井", "主管细", 4)
    page = client.get(cluster.get_absolute_url()).content.decode()
    assert "换了大管" in page
    assert "主管细" in page


def test_dismissing_and_joining_by_their_forms(world, cluster):
    client = browser(world.community)
    other = Cluster.objects.create(
        unit=cluster.unit, unit_path=cluster.unit_path, found_at=NOON, category=cluster.category, name="二期"
    )
    case = Grievance.objects.exclude(clusterings__isnull=False).first()
    ClusterCase.objects.create(cluster=other, grievance=case, unit_path=case.unit_path, added_at=NOON)
    answer = step(client, cluster, "merge", into=other.pk)
    assert answer.url == other.get_absolute_url()
    assert "二期" in client.get(cluster.get_absolute_url()).content.decode()
    assert step(client, other, "dismiss", note="不是一回事").status_code == 302
    assert Cluster.objects.get(pk=other.pk).state == ClusterState.DISMISSED


@pytest.mark.parametrize(
    ("action", "given", "kept"),
    [
        ("rename", {"name": ""}, ""),
        ("rename", {"name": "长" * 61}, "长" * 61),
        ("finish", {"note": ""}, ""),
        ("add", {"number": "LJ19990101-00009"}, "LJ19990101-00009"),
        ("project", {"lead": "unit-999999", "plan_on": "2026-05-01", "note": "先修主管"}, "先修主管"),
        ("project", {"lead": "", "plan_on": "bald", "note": "先修主管"}, "先修主管"),
        ("merge", {"into": "abc"}, ""),
        ("take_out", {"number": "LJ19990101-00009"}, ""),
    ],
)
def test_what_cannot_be_used_comes_back_as_it_was_typed(world, cluster, action, given, kept):
    if action == "finish":
        pooling.make_project(
            actor=world.community, cluster=cluster, plan_on=DAY, lead_unit=world.units["community"], now=NOON
        )
    answer = step(browser(world.community), cluster, action, **given)
    assert answer.status_code == 400
    assert kept in answer.content.decode()


def test_a_stale_form_comes_back_with_what_was_typed_and_can_be_sent_again(world, cluster):
    client = browser(world.community)
    pooling.confirm(actor=world.street, cluster=cluster, now=NOON)
    answer = step(client, cluster, "note", root_cause="主管太细了", note="", version=1)
    assert answer.status_code == 409
    assert "主管太细了" in answer.content.decode()
    assert 'name="version" value="2"' in answer.content.decode()
    assert Cluster.objects.get().root_cause == ""


def test_a_step_that_is_over_is_a_conflict(world, cluster):
    pooling.confirm(actor=world.street, cluster=cluster, now=NOON)
    assert step(browser(world.community), cluster, "confirm").status_code == 409


def test_the_cases_of_a_project_take_a_step_together_each_by_its_own_rules(world, cluster):
    client = browser(world.community)
    assert step(client, cluster, "assign").status_code == 409, "no project yet"
    pooling.make_project(actor=world.street, cluster=cluster, plan_on=DAY, lead_agency=world.agency, now=NOON)
    for case in Grievance.objects.filter(clusterings__cluster=cluster)[:1]:
        Grievance.objects.filter(pk=case.pk).update(status=Status.WITHDRAWN)
    page = client.get(cluster.get_absolute_url())
    assert [(one["name"], one["count"]) for one in page.context["together"]] == [("assign", 3), ("urge", 3)]
    assert step(client, cluster, "assign").status_code == 302
    states = Grievance.objects.filter(clusterings__cluster=cluster).order_by("status").values_list("status", flat=True)
    assert list(states) == ["ASSIGNED", "ASSIGNED", "ASSIGNED", "WITHDRAWN"]
    assert Grievance.objects.exclude(clusterings__cluster=cluster).filter(status="ASSIGNED").count() == 0
    assert step(client, cluster, "urge").status_code == 302
    assert step(browser(world.zone_leader), cluster, "assign").status_code == 403


def test_the_page_of_a_case_leads_to_its_matter_for_who_has_a_pool(world, cluster):
    case = Grievance.objects.filter(clusterings__cluster=cluster).first()
    url = cluster.get_absolute_url()
    assert url in browser(world.community).get(case.get_absolute_url()).content.decode()
    assert url not in browser(world.chief).get(case.get_absolute_url()).content.decode()
    pooling.dismiss(actor=world.community, cluster=cluster, now=NOON)
    assert url not in browser(world.community).get(case.get_absolute_url()).content.decode()


def test_the_heads_count_all_cases_of_the_place_by_category_and_source(world, cluster):
    heads = browser(world.street).get(reverse("pool")).context["heads"]
    assert sum(part["count"] for part in heads[0]["parts"]) == 10
    assert [(part["name"], part["count"]) for part in heads[1]["parts"]] == [("邻长", 10)]


def test_few_statements_however_many_matters(world, cluster, django_assert_max_num_queries):
    for number in range(25):
        one = Cluster.objects.create(
            unit=cluster.unit,
            unit_path=cluster.unit_path,
            found_at=NOON,
            name=f"第{number}件",
            category=cluster.category,
        )
        case = file_case(world, description=f"第{number}件事")
        ClusterCase.objects.create(cluster=one, grievance=case, unit_path=case.unit_path, added_at=NOON)
    client = browser(world.street)
    client.get(reverse("pool"))
    with django_assert_max_num_queries(60) as asked:
        page = client.get(reverse("pool"))
    assert len(listed(page)) == 20
    assert len(work_statements(asked)) <= 15, "\n".join(work_statements(asked))
    with django_assert_max_num_queries(60) as asked:
        client.get(cluster.get_absolute_url())
    assert len(work_statements(asked)) <= 15, "\n".join(work_statements(asked))
    assert len(listed(client.get(reverse("pool"), {"page": "2"}))) == 6


def test_people_without_a_post_have_no_pool():
    assert browser(make_user("无职")).get(reverse("pool")).status_code == 403
