"""The case inbox and the case page at the desk: who sees what, what due-first means, steps, conflicts, bulk steps."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from grievances.choices import Action, Status
from grievances.models import Grievance
from grievances.services.verbs import perform
from orgs.choices import Role
from orgs.models import ContactReveal
from tests.factories import NOON, category, file_case, fresh, make_post, make_world, reason

pytestmark = pytest.mark.django_db

LIST = "admin:grievances_grievance_changelist"
CASE = "admin:grievances_grievance_change"
STEP = "admin:grievances_step"
BULK = "admin:grievances_bulk"


@pytest.fixture
def world():
    with time_machine.travel(NOON + timedelta(hours=1), tick=False):
        made = make_world()
        city = made.units["city"]
        for role in (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN):
            made.users[role] = make_post(role, unit=city).user
        yield made


def theirs(world, **fields):
    """File a case in the other street."""
    return file_case(world, by=world.others["chief"], unit=world.units["other_neighbourhood"], **fields)


def at_community(world, **fields):
    """File a case and pass it up until the community has it."""
    case = file_case(world, **fields)
    for who in ("group_leader", "zone_leader"):
        act(world, case, Action.REFER_UP, who)
    return Grievance.objects.get(pk=case.pk)


def act(world, case, action, who, **given):
    case = Grievance.objects.get(pk=case.pk)
    return perform(action=action, actor=fresh(world.users[who]), grievance=case, now=NOON, **given)


def listed(client, **parameters):
    response = client.get(reverse(LIST), parameters)
    assert response.status_code == 200, response
    return {case.pk for case in response.context["cl"].result_list}


# Who sees what


def test_each_desk_lists_exactly_the_cases_of_its_own_subtree(world, client):
    ours, other = file_case(world), theirs(world)
    expected = {
        "street": {ours.pk},
        "community": {ours.pk},
        "supervisor": {ours.pk},
    }
    for who, cases in expected.items():
        client.force_login(world.users[who])
        assert listed(client) == cases, who
        client.force_login(world.others[who])
        assert listed(client) == {other.pk}, who


@pytest.mark.parametrize("who", [Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN])
def test_administrators_see_no_case(world, client, who):
    case = file_case(world)
    client.force_login(world.users[who])
    assert client.get(reverse(LIST)).status_code == 403
    assert client.get(reverse(CASE, args=[case.pk])).status_code == 404
    assert client.get(reverse(STEP, args=[case.pk, "comment"])).status_code == 404
    assert client.get(reverse("admin:grievances_contact", args=[case.pk])).status_code == 404
    assert client.get(reverse(BULK, args=["assign"]), {"ids": case.pk}).status_code == 403


@pytest.mark.parametrize("who", ["chief", "group_leader", "handler", "official", "operator"])
def test_the_desk_is_closed_to_those_without_a_desk_post(world, client, who):
    client.force_login(world.users[who])
    response = client.get(reverse(LIST), follow=True)
    assert response.status_code == 403
    assert "工作台" in response.content.decode()


def test_a_stranger_is_sent_to_sign_in_and_back(client, world):
    response = client.get(reverse(LIST), follow=True)
    assert response.redirect_chain[-1][0] == f"{reverse('sign_in')}?next={reverse(LIST)}"


def test_the_way_back_after_signing_in_never_leaves_the_site(client, world):
    response = client.get(reverse("admin:login"), {"next": "https://evil.example/"})
    assert "evil" not in response["Location"]


def test_the_desk_opens_on_the_cases(world, client):
    client.force_login(world.street)
    assert client.get(reverse("admin:index"))["Location"] == reverse(LIST)


def test_an_ended_post_closes_the_desk_at_once(world, client):
    client.force_login(world.street)
    assert client.get(reverse(LIST)).status_code == 200
    world.street.posts.update(ended_at=NOON)
    assert client.get(reverse(LIST)).status_code == 302


def test_every_page_of_another_streets_case_is_not_found(world, client):
    other = theirs(world)
    client.force_login(world.street)
    history = reverse("admin:grievances_grievance_history", args=[other.pk])
    delete = reverse("admin:grievances_grievance_delete", args=[other.pk])
    for url in (
        reverse(CASE, args=[other.pk]),
        reverse(STEP, args=[other.pk, "assign"]),
        reverse("admin:grievances_contact", args=[other.pk]),
        history,
        delete,
    ):
        assert client.get(url).status_code in (403, 404), url
        assert client.post(url, {"note": "x"}).status_code in (403, 404), url
    assert client.get(reverse(CASE, args=[other.pk])).status_code == 404
    assert client.get(history).status_code == 404


def test_no_short_cut_tells_a_foreign_cases_number(world, client):
    other = theirs(world)
    client.force_login(world.street)
    kind = ContentType.objects.get_for_model(Grievance)
    response = client.get(f"/desk/r/{kind.pk}/{other.pk}/")
    assert response.status_code == 404
    assert other.number not in response.content.decode()


def test_cases_are_not_added_or_deleted_by_form(world, client):
    case = file_case(world)
    client.force_login(world.street)
    assert client.get(reverse("admin:grievances_grievance_add")).status_code == 403
    assert client.post(reverse("admin:grievances_grievance_delete", args=[case.pk]), {"post": "yes"}).status_code == 403
    client.post(reverse(CASE, args=[case.pk]), {"title": "changed", "status": "CLOSED"})
    case.refresh_from_db()
    assert case.title != "changed"
    assert case.status == Status.REPORTED


# The list


def test_what_is_due_first_is_on_top_and_what_waits_for_the_household_below(world, client):
    late = at_community(world, category=category())
    soon = file_case(world, urgency="2h")
    act(world, late, Action.ASSIGN, "community", agency=world.agency)
    act(world, late, Action.ACKNOWLEDGE, "handler")
    act(world, late, Action.RESOLVE, "handler", result="修好了")
    middle = file_case(world, urgency="24h")
    client.force_login(world.street)
    response = client.get(reverse(LIST))
    assert [case.pk for case in response.context["cl"].result_list] == [soon.pk, middle.pk, late.pk]


def test_tabs_hold_and_count_exactly_their_cases(world, client):
    reported = at_community(world, category=category())
    overdue = file_case(world, urgency="2h", now=NOON - timedelta(days=2))
    soon = file_case(world, urgency="24h", now=NOON - timedelta(hours=2, minutes=30))
    working = at_community(world, category=category())
    act(world, working, Action.ASSIGN, "community", agency=world.agency)
    act(world, working, Action.ACKNOWLEDGE, "handler")
    confirm = at_community(world, category=category())
    act(world, confirm, Action.ASSIGN, "community", agency=world.agency)
    act(world, confirm, Action.ACKNOWLEDGE, "handler")
    act(world, confirm, Action.RESOLVE, "handler", result="修好了")
    rejected = at_community(world)
    act(world, rejected, Action.REJECT, "community", reason=reason("reject"))
    theirs(world)
    client.force_login(world.street)
    expected = {
        "open": {reported.pk, overdue.pk, soon.pk, working.pk, confirm.pk},
        "accept": set(),
        "assign": {reported.pk, overdue.pk, soon.pk},
        "returned": set(),
        "soon": {soon.pk},
        "overdue": {overdue.pk},
        "asked": set(),
        "cards": set(),
        "confirm": {confirm.pk},
        "all": {reported.pk, overdue.pk, soon.pk, working.pk, confirm.pk, rejected.pk},
    }
    for tab, cases in expected.items():
        assert listed(client, tab=tab) == cases, tab
    counts = [tab.count for tab in client.get(reverse(LIST)).context["desk_tabs"]]
    assert counts == [5, 0, 3, 0, 1, 1, 0, 0, 1, None]
    assert listed(client, tab="nonsense") == expected["open"]


def test_search_finds_by_number_words_door_and_the_callers_exact_number(world, client):
    lamp = file_case(world, household=world.household, contact_phone="13800001234", contact_name="王桂芳")
    drain = file_case(world, description="下水道堵了，水漫到门口。")
    other = theirs(world, description="下水道也堵了")
    client.force_login(world.street)
    assert listed(client, q=lamp.number) == {lamp.pk}
    assert listed(client, q="下水道") == {drain.pk}
    assert listed(client, q=" １栋１单元101 ") == {lamp.pk}
    assert listed(client, q="138 0000 1234") == {lamp.pk}
    assert listed(client, q="1380000") == set()
    assert listed(client, q=other.number) == set()
    assert listed(client, q="'; --") == set()
    assert client.get(reverse(LIST), {"q": "\x00"}).status_code == 200


def test_filters_narrow_and_nonsense_in_them_is_no_error(world, client):
    first = file_case(world, urgency="2h", category=category())
    second = file_case(world, now=NOON - timedelta(days=30))
    client.force_login(world.street)
    assert listed(client, urgency__exact="2h") == {first.pk}
    assert listed(client, reported_at_from="2026-03-04", reported_at_to="2026-03-04") == {first.pk}
    assert listed(client, category=first.category.parent.code) == {first.pk}
    assert listed(client, category="none") == {second.pk}
    assert listed(client, area=world.units["community"].path) == {first.pk, second.pk}
    assert listed(client, area=world.units["other_community"].path) == set()
    client.force_login(world.community)
    assert listed(client, area=world.units["zone"].path) == {first.pk, second.pk}
    for parameters in (
        {"reported_at_from": "yesterday"},
        {"reported_at_from": "99999-01-01"},
        {"area": "~'%"},
        {"category": "'"},
        {"p": "zzz"},
        {"p": "999999"},
        {"status__exact": "NONE"},
    ):
        assert client.get(reverse(LIST), parameters, follow=True).status_code == 200, parameters


def test_a_case_not_yet_passed_on_shows_when_it_was_found(world, client):
    found, reported = file_case(world, keep_as_draft=True), at_community(world)
    client.force_login(world.street)
    for case, is_draft in ((found, True), (reported, False)):
        text = client.get(reverse(CASE, args=[case.pk])).content.decode()
        assert ("发现时间" in text) == is_draft


def test_a_date_that_is_none_is_said_and_not_filtered_by(world, client):
    case = file_case(world)
    client.force_login(world.street)
    for typed in ("2026-02-31", "yesterday"):
        response = client.get(reverse(LIST), {"reported_at_from": typed})
        assert {one.pk for one in response.context["cl"].result_list} == {case.pk}
        [message] = [str(one) for one in response.context["messages"]]
        assert typed in message
    response = client.get(reverse(LIST), {"reported_at_from": "2026-03-04"})
    assert not list(response.context["messages"])


def test_classifying_offers_words_and_never_none(world, client):
    sorted_already = at_community(world, category=category())
    unsorted = at_community(world, category=None)
    client.force_login(world.community)
    for case in (sorted_already, unsorted):
        page = client.get(reverse(STEP, args=[case.pk, "classify"]))
        blank, *others = page.context["form"]["category"].field.choices
        assert blank == ("", "请选择")
        assert others
        assert page.context["form"]["category"].value() == case.category_id
        assert ">None<" not in page.content.decode()


def test_the_list_takes_few_statements_and_not_more_for_more_cases(world, client):
    def statements():
        client.force_login(world.street)
        with CaptureQueriesContext(connection) as few:
            assert client.get(reverse(LIST)).status_code == 200
        return len(few)

    file_case(world, category=category())
    before = statements()
    for _number in range(12):
        at_community(world, category=category())
    assert statements() == before <= 15


# The case page and its steps


def test_the_case_page_offers_the_policys_steps_and_says_why_others_are_closed(world, client):
    case = at_community(world, contact_phone="13800001234", contact_name="王桂芳")
    client.force_login(world.community)
    text = client.get(reverse(CASE, args=[case.pk])).content.decode()
    assert reverse(STEP, args=[case.pk, "assign"]) in text
    assert "138****1234" in text
    assert "13800001234" not in text
    client.force_login(world.supervisor)
    text = client.get(reverse(CASE, args=[case.pk])).content.decode()
    assert reverse(STEP, args=[case.pk, "assign"]) not in text
    assert reverse(STEP, args=[case.pk, "yellow_card"]) in text


def test_the_case_page_takes_few_statements(world, client):
    case = at_community(world)
    client.force_login(world.community)
    with CaptureQueriesContext(connection) as some:
        client.get(reverse(CASE, args=[case.pk]))
    for number in range(10):
        act(world, case, Action.COMMENT, "community", note=f"第{number}次")
    with CaptureQueriesContext(connection) as many:
        client.get(reverse(CASE, args=[case.pk]))
    assert len(many) == len(some) <= 20


def step_data(case, **given):
    return {"version": Grievance.objects.get(pk=case.pk).version, **given}


def test_a_step_is_taken_through_the_verbs(world, client):
    case = at_community(world)
    client.force_login(world.community)
    response = client.post(
        reverse(STEP, args=[case.pk, "assign"]), step_data(case, agency=world.agency.pk, note="请今天去看")
    )
    assert response["Location"] == reverse(CASE, args=[case.pk])
    case.refresh_from_db()
    assert case.status == Status.ASSIGNED
    assert case.events.last().actor == world.community


def test_a_step_with_mistakes_is_400_and_keeps_what_was_typed(world, client):
    case = at_community(world)
    client.force_login(world.community)
    response = client.post(reverse(STEP, args=[case.pk, "assign"]), step_data(case, agency="", note="别忘了带梯子"))
    assert response.status_code == 400
    assert "别忘了带梯子" in response.content.decode()


def test_an_agency_of_another_street_is_no_choice(world, client):
    case = at_community(world)
    stranger = world.others["handler"].posts.get().agency
    client.force_login(world.community)
    response = client.post(reverse(STEP, args=[case.pk, "assign"]), step_data(case, agency=stranger.pk))
    assert response.status_code == 400
    assert Grievance.objects.get(pk=case.pk).status == Status.REPORTED


def test_the_second_of_two_people_is_told_what_changed_and_loses_nothing(world, client):
    case = at_community(world)
    stale = case.version
    act(world, case, Action.CLASSIFY, "community", category=category())
    client.force_login(world.street)
    url = reverse(STEP, args=[case.pk, "assign"])
    given = {"agency": world.agency.pk, "note": "带上梯子"}
    response = client.post(url, {"version": stale, **given})
    text = response.content.decode()
    assert response.status_code == 409
    assert "带上梯子" in text
    assert str(world.community) in text
    assert Grievance.objects.get(pk=case.pk).status == Status.REPORTED
    again = client.post(url, {"version": response.context["form"]["version"].value(), **given})
    assert again.status_code == 302
    assert Grievance.objects.get(pk=case.pk).status == Status.ASSIGNED


def test_a_step_that_is_no_longer_open_is_409_with_what_was_written(world, client):
    case = at_community(world)
    client.force_login(world.community)
    data = step_data(case, agency=world.agency.pk, note="带上梯子")
    act(world, case, Action.SETTLE_HERE, "community")
    response = client.post(reverse(STEP, args=[case.pk, "assign"]), data)
    assert response.status_code == 409
    assert "带上梯子" in response.content.decode()


def test_a_step_of_somebody_else_is_403_and_an_unknown_one_404(world, client):
    case = at_community(world)
    client.force_login(world.supervisor)
    url = reverse(STEP, args=[case.pk, "assign"])
    assert client.get(url).status_code == 403
    assert client.post(url, step_data(case, agency=world.agency.pk)).status_code == 403
    assert client.get(reverse(STEP, args=[case.pk, "whatever"])).status_code == 404
    assert client.get(reverse(STEP, args=[case.pk, "escalate"])).status_code == 404
    assert Grievance.objects.get(pk=case.pk).status == Status.REPORTED


def test_the_residents_number_is_shown_for_a_purpose_and_on_record(world, client):
    case = at_community(world, contact_phone="13800001234", contact_name="王桂芳")
    url = reverse("admin:grievances_contact", args=[case.pk])
    client.force_login(world.community)
    assert "13800001234" not in client.get(url).content.decode()
    assert client.post(url, {}).status_code == 400
    assert not ContactReveal.objects.exists()
    response = client.post(url, {"why": "visit", "words": ""})
    assert "13800001234" in response.content.decode()
    assert ContactReveal.objects.get().about == case.number
    client.force_login(world.supervisor)
    assert client.post(url, {"why": "visit"}).status_code == 403
    assert ContactReveal.objects.count() == 1
