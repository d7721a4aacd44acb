"""The desk's inbox: what each tab holds, saved filters, the list that travels along, two people on one case."""

import random
from contextlib import suppress
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from grievances.choices import LIVE, Action, Status
from grievances.models import Grievance, SavedFilter
from grievances.policies import decide
from grievances.services import saved as saved_filters
from grievances.services.verbs import perform
from linjiang.common.errors import InvalidInput
from tests.factories import NOON, file_case, fresh, make_world
from tests.grievances.scenes import arguments, do

pytestmark = pytest.mark.django_db

LIST = "admin:grievances_grievance_changelist"
CASE = "admin:grievances_grievance_change"
STEP = "admin:grievances_step"
BULK = "admin:grievances_bulk"
HOUR = timedelta(hours=1)
PEOPLE = ("group_leader", "zone_leader", "community", "street", "handler", "supervisor", "chief")


@pytest.fixture
def world():
    with time_machine.travel(NOON + 2 * HOUR, tick=False):
        yield make_world()


@pytest.fixture
def desk(world, client):
    client.force_login(world.street)
    return client


def listed(client, **parameters):
    response = client.get(reverse(LIST), parameters)
    assert response.status_code == 200
    return {case.pk for case in response.context["cl"].result_list}


def wander(world, seed: int, *, cases: int = 9, steps: int = 5) -> None:
    """Take steps at random, whatever the policy allows, so that every tab has something now and then."""
    chance = random.Random(seed)
    for _case in range(cases):
        case = file_case(world, urgency=chance.choice(["2h", "24h", "7d"]), now=NOON - chance.randint(0, 30) * HOUR)
        for _step in range(steps):
            who = fresh(world.users[chance.choice(PEOPLE)])
            case = Grievance.objects.get(pk=case.pk)
            open_steps = [
                action
                for action in Action
                if action not in (Action.MERGE, Action.JOIN, Action.ADD_PHOTO, Action.PUBLISH, Action.COMMENT)
                and decide(who, action, case, at=NOON)
            ]
            if open_steps:
                action = chance.choice(open_steps)
                with suppress(InvalidInput):  # which of several cards is asked of a person
                    perform(action=action, actor=who, grievance=case, now=NOON, **arguments(world, action))


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("who", ["street", "community", "supervisor"])
def test_every_tab_lists_exactly_what_it_counts(world, client, who, seed):
    wander(world, seed)
    client.force_login(world.users[who])
    tabs = {tab.key: tab.count for tab in client.get(reverse(LIST), {"tab": "open"}).context["desk_tabs"]}
    held = {key: listed(client, tab=key) for key in tabs}
    assert {key: len(cases) for key, cases in held.items() if key != "all"} == {
        key: count for key, count in tabs.items() if key != "all"
    }
    person, seen = fresh(world.users[who]), Grievance.objects.all()
    reported = {case.pk for case in seen if case.status == Status.REPORTED}
    three = [held["accept"], held["assign"], held["returned"]]
    assert set.union(*three) == reported
    assert sum(map(len, three)) == len(reported), "no case stands in two of them"
    deciding = (Action.GRANT_EXTENSION, Action.SUSPEND)
    assert held["asked"] == {
        case.pk for case in seen if any(decide(person, action, case, at=NOON + 2 * HOUR) for action in deciding)
    }
    assert held["cards"] == {
        case.pk for case in seen if case.status in LIVE and any(card.in_force for card in case.cards)
    }
    assert held["open"] == {case.pk for case in seen if case.status in LIVE}


def test_what_an_agency_hands_back_waits_in_a_tab_of_its_own_until_it_is_given_anew(world, client):
    case = do(world, file_case(world), Action.ASSIGN, world.community)
    case = do(world, case, Action.RETURN, world.handler)
    client.force_login(world.community)
    assert listed(client, tab="returned") == {case.pk}
    assert listed(client, tab="accept") == set()
    do(world, case, Action.ASSIGN, world.community)
    assert listed(client, tab="returned") == set()


def test_to_accept_is_ones_own_turn_and_to_assign_lies_below(world, client):
    case = file_case(world)
    client.force_login(world.community)
    assert listed(client, tab="assign") == {case.pk}
    for who in (world.group_leader, world.zone_leader):
        case = do(world, case, Action.REFER_UP, who)
    assert listed(client, tab="accept") == {case.pk}
    client.force_login(world.street)
    assert listed(client, tab="accept") == set()
    assert listed(client, tab="assign") == {case.pk}


def test_an_extension_is_not_the_handlers_to_decide_nor_anothers_desk(world, client):
    case = do(world, do(world, file_case(world), Action.ASSIGN, world.street), Action.ACKNOWLEDGE, world.handler)
    case = do(world, case, Action.ASK_EXTENSION, world.handler)
    client.force_login(world.street)
    assert listed(client, tab="asked") == {case.pk}
    client.force_login(world.community)  # the street gave it: not theirs
    assert listed(client, tab="asked") == set()


# Saved filters


def test_a_saved_filter_is_a_chip_and_leads_to_its_list(world, desk):
    case = file_case(world)
    response = desk.post(
        f"{reverse('admin:grievances_saved_new')}", {"name": "二级待交办", "query": "tab=assign&p=3&nonsense=1"}
    )
    one = SavedFilter.objects.get(owner=world.street)
    assert one.query == "tab=assign"
    assert response["Location"] == f"{reverse(LIST)}?tab=assign"
    page = desk.get(reverse(LIST), {"tab": "assign"})
    assert [(chip.name, chip.active) for chip in page.context["desk_saved"]] == [("二级待交办", True)]
    assert case.pk in {row.pk for row in page.context["cl"].result_list}


def test_the_desk_opens_on_the_one_chosen_for_it_and_no_longer_when_that_is_taken_back(world, desk):
    one = saved_filters.save_filter(actor=world.street, name="超期", query="tab=overdue")
    two = saved_filters.save_filter(actor=world.street, name="待回访", query="tab=confirm")
    manage = reverse("admin:grievances_saved_manage", args=[one.pk])
    desk.post(manage, {"name": "超期的", "opens": "on"})
    saved_filters.open_on(actor=world.street, saved=two)
    saved_filters.open_on(actor=world.street, saved=one)
    assert desk.get(reverse(LIST))["Location"].endswith("?tab=overdue")
    desk.post(manage, {"name": "超期的"})
    assert desk.get(reverse(LIST)).status_code == 200
    assert set(SavedFilter.objects.values_list("name", flat=True)) == {"超期的", "待回访"}
    desk.post(manage, {"remove": "1"})
    assert not SavedFilter.objects.filter(pk=one.pk).exists()


def test_what_has_gone_since_is_left_out_and_named(world, desk):
    one = saved_filters.save_filter(actor=world.street, name="旧的", query="tab=todo&category=ZZZ&q=灯")
    response = desk.get(reverse("admin:grievances_saved", args=[one.pk]), follow=True)
    assert response.redirect_chain[0][0] == f"{reverse(LIST)}?q=%E7%81%AF&tab=all"
    [words] = [str(message) for message in response.context["messages"]]
    assert "旧的" in words


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("", "tab=open"),
        ("字" * 21, "tab=open"),
        ("空", ""),
        ("空", "p=2"),
        ("号码", "q=138 0000 1234"),
        ("长", "q=" + "a" * 1001),
    ],
)
def test_what_cannot_be_saved_is_said_at_the_name(world, desk, name, query):
    response = desk.post(reverse("admin:grievances_saved_new"), {"name": name, "query": query})
    assert response.status_code == 400
    assert response.context["form"].errors["name"]
    assert not SavedFilter.objects.exists()


def test_twelve_are_enough_and_a_name_stands_once(world):
    for number in range(saved_filters.MOST):
        saved_filters.save_filter(actor=world.street, name=f"第{number}个", query="tab=open")
    with pytest.raises(InvalidInput):
        saved_filters.save_filter(actor=world.street, name="又一个", query="tab=open")
    again = saved_filters.save_filter(actor=world.street, name="第0个", query="tab=soon")
    assert again.query == "tab=soon"
    with pytest.raises(InvalidInput):
        saved_filters.rename_filter(actor=world.street, saved=again, name="第1个")


def test_somebody_elses_saved_filter_is_not_found(world, desk):
    one = saved_filters.save_filter(actor=world.community, name="社区的", query="tab=open")
    for name in ("grievances_saved", "grievances_saved_manage"):
        assert desk.get(reverse(f"admin:{name}", args=[one.pk])).status_code == 404
    assert desk.post(reverse("admin:grievances_saved_manage", args=[one.pk]), {"remove": 1}).status_code == 404
    assert SavedFilter.objects.filter(pk=one.pk).exists()


def test_the_list_says_what_it_looked_for_and_no_number_in_full(world, desk):
    page = desk.get(reverse(LIST), {"q": "138 0000 1234"})
    assert "13800001234" not in page.context["desk_searched"]
    assert "1234" in page.context["desk_searched"]
    assert "下水道" in desk.get(reverse(LIST), {"q": "下水道"}).context["desk_searched"]


# The list travels along


def order_of(client, query):
    return [case.pk for case in client.get(f"{reverse(LIST)}?{query}").context["cl"].result_list]


def test_next_and_previous_go_through_the_list_and_end_in_it(world, desk):
    for hours in (3, 1, 2):
        file_case(world, now=NOON - hours * HOUR)
    one, two, three = order_of(desk, "tab=open")

    def to(name, pk):
        return desk.get(reverse(f"admin:grievances_{name}", args=[pk]), {"list": "tab=open"})["Location"]

    assert to("next", one) == f"{reverse(CASE, args=[two])}?list=tab%3Dopen"
    assert to("previous", three) == f"{reverse(CASE, args=[two])}?list=tab%3Dopen"
    assert to("next", three) == to("previous", one) == f"{reverse(LIST)}?tab=open"


def test_after_a_step_the_next_case_of_the_list_opens_and_at_its_end_the_list(world, desk):
    for hours in (3, 2, 1):
        file_case(world, now=NOON - hours * HOUR)
    one, two, three = order_of(desk, "tab=assign")
    do(world, Grievance.objects.get(pk=two), Action.ASSIGN, world.community)  # somebody else was quicker

    def assign(pk):
        case = Grievance.objects.get(pk=pk)
        return desk.post(
            f"{reverse(STEP, args=[pk, 'assign'])}?list=tab%3Dassign",
            {"agency": world.agency.pk, "version": case.version},
            headers={"X-Desk-Panel": "1"},
        ).json()["go"]

    assert assign(one) == f"{reverse(CASE, args=[three])}?list=tab%3Dassign"
    assert assign(three) == f"{reverse(LIST)}?tab=assign"


def test_a_comment_stays_with_the_case(world, desk):
    case, _other = file_case(world), file_case(world)
    url = f"{reverse(STEP, args=[case.pk, 'comment'])}?list=tab%3Dopen"
    response = desk.post(url, {"note": "已电话了解", "version": case.version})
    assert response["Location"] == f"{reverse(CASE, args=[case.pk])}?list=tab%3Dopen"


@pytest.mark.parametrize(
    "query", ["tab=nonsense", "area=%00", "status__exact=X", "reported_at_from=gestern", "a" * 3000]
)
def test_a_list_that_cannot_be_read_is_no_error(world, desk, query):
    case = file_case(world)
    assert desk.get(reverse(CASE, args=[case.pk]), {"list": query}).status_code == 200
    assert desk.get(reverse("admin:grievances_next", args=[case.pk]), {"list": query}).status_code == 302


def test_next_is_not_found_out_of_scope(world, desk):
    other = file_case(world, by=world.others["chief"], unit=world.units["other_neighbourhood"])
    for name in ("next", "previous", "version"):
        assert desk.get(reverse(f"admin:grievances_{name}", args=[other.pk])).status_code == 404


# Two people on one case


def test_the_version_is_cheap_and_says_who_did_what(world, desk):
    case = file_case(world)
    url = reverse("admin:grievances_version", args=[case.pk])
    desk.get(url)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        same = desk.get(url, headers={"If-None-Match": f'"{case.version}"'})
    assert same.status_code == 304
    assert len(asked) <= 4, [one["sql"] for one in asked]
    do(world, case, Action.ASSIGN, world.community)
    with CaptureQueriesContext(connection) as asked:
        told = desk.get(url, headers={"If-None-Match": f'"{case.version}"'})
    assert len(asked) <= 4, [one["sql"] for one in asked]
    assert told["ETag"] == f'"{case.version + 1}"'
    assert told.json()["version"] == case.version + 1
    assert str(world.community) in told.json()["words"]
    assert world.agency.name in told.json()["words"]
    desk.logout()
    assert desk.get(url).status_code == 302


# Several at once


def bulk_url(*cases):
    return f"{reverse(BULK, args=['merge'])}?ids={','.join(str(case.pk) for case in cases)}"


def test_bulk_merge_foretells_and_then_merges_into_the_one_that_stays(world, desk):
    target, one, given = file_case(world), file_case(world), file_case(world)
    do(world, given, Action.ASSIGN, world.community)
    cases = [Grievance.objects.get(pk=case.pk) for case in (target, one, given)]
    # Merging belongs to the desk whose turn it is.
    client, leader = desk, world.community
    for case in cases[:2]:
        for who in (world.group_leader, world.zone_leader):
            do(world, Grievance.objects.get(pk=case.pk), Action.REFER_UP, who)
    client.force_login(leader)
    preview = client.post(bulk_url(*cases), {"into_number": target.number.lower(), "check": "1"})
    assert [line.ok for line in preview.context["lines"]] == [False, True, False]
    assert all(line.reason for line in preview.context["lines"] if not line.ok)
    assert Grievance.objects.get(pk=one.pk).status == Status.REPORTED
    report = client.post(bulk_url(*cases), {"into_number": target.number, "apply": "1"})
    assert [line.ok for line in report.context["lines"]] == [False, True, False]
    assert Grievance.objects.get(pk=one.pk).merged_into_id == target.pk
    assert Grievance.objects.get(pk=target.pk).status == Status.REPORTED
    assert Grievance.objects.get(pk=given.pk).merged_into_id is None


def test_bulk_merge_never_goes_into_a_case_out_of_sight_or_ended(world, desk):
    case = file_case(world)
    other = file_case(world, by=world.others["chief"], unit=world.units["other_neighbourhood"])
    ended = do(world, file_case(world), Action.WITHDRAW, world.chief)
    for number in (other.number, ended.number, "LJ0", ""):
        response = desk.post(bulk_url(case), {"into_number": number, "apply": "1"})
        assert response.status_code == 400
        assert response.context["form"].errors["into_number"]
    assert Grievance.objects.get(pk=case.pk).merged_into_id is None
