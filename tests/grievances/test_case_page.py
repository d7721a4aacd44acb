"""The page of one case: what it shows to whom, and which steps it offers."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from grievances import guidance, presentation
from grievances.choices import Action, Status
from grievances.models import Grievance
from grievances.policies import available_actions
from grievances.services.feedback import rate_by_link
from grievances.services.verbs import FIELDS, perform
from tests.factories import NOON, file_case, fresh, make_world
from tests.grievances.browsing import signed_in
from tests.grievances.scenes import case_in, do, suspend

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def world():
    return make_world()


def page_of(user, case: Grievance) -> str:
    response = signed_in(user).get(f"/cases/{case.number}/")
    assert response.status_code == 200
    return response.content.decode()


def test_strangers_sign_in_first(client, world):
    case = file_case(world)
    response = client.get(f"/cases/{case.number}/")
    assert response.status_code == 302
    assert "sign-in" in response.url


@pytest.mark.parametrize("status", Status.values)
def test_exactly_those_in_scope_open_it(world, status):
    case = case_in(world, status)
    path = f"/cases/{case.number}/"
    everybody = set(world.users) - {"second_chief", "second_handler"}
    if not case.assignments.filter(agency=world.agency).exists():
        everybody -= {"handler"}
    opened = {name for name, person in world.users.items() if signed_in(person).get(path).status_code == 200}
    assert opened == everybody
    assert {signed_in(person).get(path).status_code for person in world.others.values()} == {404}


def test_unknown_numbers_are_not_found(world):
    browser = signed_in(world.street)
    for number in ("LJ20260304-99999", "x", "%00", "LJ\x00", "-1", "9" * 400):
        assert browser.get(f"/cases/{number}/").status_code == 404


def test_it_says_what_where_who_and_until_when(world):
    case = file_case(world, household=world.household, place="三楼拐角", urgency="24h")
    page = page_of(world.community, case)
    for words in (
        "楼道路灯坏了，老人晚上上下楼看不见。",
        "花戏楼街道 花戏社区 第一片 第一组 第一邻 1栋1单元101 三楼拐角",
        case.number,
        "还剩",
        "反映给第一组",
        "chief",
    ):
        assert words in page, words


@pytest.mark.parametrize("status", Status.values)
def test_every_step_the_policy_names_is_offered_once_or_its_reason_shown(world, status):
    case = case_in(world, status)
    for name in ("chief", "group_leader", "community", "handler", "supervisor", "official"):
        user = getattr(world, name)
        response = signed_in(user).get(f"/cases/{case.number}/")
        if not Grievance.objects.visible_to(fresh(user)).filter(pk=case.pk).exists():
            assert response.status_code == 404
            continue
        # Me too has a button of its own, for chiefs and leaders.
        steps = [one for one in available_actions(fresh(user), case, at=NOON) if one[0] != Action.JOIN]
        shown = [*response.context["buttons"], *response.context["others"]]
        assert len({choice.action for choice in shown}) == len(shown), name
        assert {choice.action for choice in shown if not choice.reason} == {action for action, yes in steps if yes}
        assert {choice.action: choice.reason for choice in shown if choice.reason} == {
            action: answer.reason for action, answer in steps if not answer and not answer.is_idle
        }, name


@pytest.mark.parametrize(
    ("status", "person", "step"),
    [
        (Status.DISCOVERED, "chief", "report"),
        (Status.REPORTED, "group_leader", "settle_here"),
        (Status.REPORTED, "community", "assign"),
        (Status.ASSIGNED, "handler", "acknowledge"),
        (Status.IN_PROGRESS, "handler", "resolve"),
        (Status.RESOLVED, "chief", "feedback"),
        (Status.REPORTED, "supervisor", "urge"),
        (Status.REJECTED, "chief", "appeal"),
    ],
)
def test_the_likely_next_step_is_the_main_button(world, status, person, step):
    case = case_in(world, status)
    buttons = signed_in(getattr(world, person)).get(f"/cases/{case.number}/").context["buttons"]
    assert (buttons[0].action, buttons[0].style) == (step, "primary")
    assert len(buttons) <= 2


def test_on_hold_the_main_step_is_to_go_on(world):
    case = suspend(world, case_in(world, Status.IN_PROGRESS))
    response = signed_in(world.street).get(f"/cases/{case.number}/")
    assert response.context["buttons"][0].action == "resume"
    assert "挂账" in response.content.decode()


def test_an_extension_asked_for_waits_on_top_for_who_decides(world):
    case = do(world, case_in(world, Status.IN_PROGRESS), "ask_extension", world.handler)
    page = signed_in(world.community).get(f"/cases/{case.number}/")
    assert [choice.action for choice in page.context["buttons"]] == ["grant_extension", "refuse_extension"]
    assert "申请延期3个工作日" in page.content.decode()
    own = signed_in(world.handler).get(f"/cases/{case.number}/").context
    assert "grant_extension" not in {choice.action for choice in [*own["buttons"], *own["others"]]}


def test_a_closed_case_says_how_it_was_confirmed(world):
    told = page_of(world.street, case_in(world, Status.CLOSED))
    assert "工作人员" in told
    resolved = case_in(world, Status.RESOLVED)
    rated = rate_by_link(token=resolved.token, rating=5, said_resolved=True, comment="灯亮了", now=NOON)
    page = page_of(world.street, rated)
    assert "居民通过链接评价" in page
    assert "灯亮了" in page
    assert page != told


def test_joined_cases_point_at_each_other(world):
    target = file_case(world, description="另一件")
    case = do(world, file_case(world), "merge", world.community, into=target)
    assert f"/cases/{target.number}/" in page_of(world.chief, case)
    assert f"/cases/{case.number}/" in page_of(world.chief, target)


def test_a_joined_case_outside_the_scope_is_not_named(world):
    """A zone's case joined to another chief's: the chief of the first sees no link to what is not theirs."""
    target = file_case(world, by=world.second_chief, unit=world.units["second_neighbourhood"])
    case = do(world, file_case(world), "merge", world.community, into=target)
    assert f"/cases/{target.number}/" not in page_of(world.chief, case)
    assert f"/cases/{case.number}/" not in page_of(world.second_chief, target)


def test_contact_data_is_masked_for_everybody(world):
    case = file_case(world, contact_name="王大爷", contact_phone="13812345678")
    case = do(world, case, "assign", world.community)
    for person in ("chief", "community", "handler", "supervisor", "official"):
        page = page_of(getattr(world, person), case)
        assert "13812345678" not in page
        assert "王大爷" not in page
        assert "138****5678" in page
        assert (f"/cases/{case.number}/contact/" in page) == (person not in ("supervisor", "official"))


def test_hidden_remarks_say_so(world):
    case = do(world, file_case(world), "comment", world.street, note="只给同事看")
    assert "居民看不到" in page_of(world.chief, case)


def test_markup_in_what_people_type_stays_text(world):
    case = file_case(world, description="<script>alert(1)</script>坏了")
    case = do(world, case, "comment", world.street, note="<img src=x onerror=alert(1)>")
    page = page_of(world.chief, case)
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_statements_do_not_grow_with_the_timeline(world):
    case = file_case(world, household=world.household, contact_phone="13812345678")
    case = do(world, case, "assign", world.community)

    def statements() -> int:
        browser = signed_in(world.community)
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(f"/cases/{case.number}/").status_code == 200
        return len(queries)

    few = statements()
    for number in range(20):
        do(world, case, "comment", world.street, note=f"第{number}次")
    assert statements() == few
    assert few <= 25


# Words


def test_every_step_a_person_can_take_has_an_icon_and_an_explanation():
    for action in FIELDS:
        assert guidance.explanation(action)
        assert action in presentation.ICONS


def test_the_timeline_tells_the_whole_way_in_plain_words(world):
    case = file_case(world)
    case = do(world, case, "refer_up", world.group_leader)
    case = do(world, case, "assign", world.community, co_agencies=[world.second_agency])
    case = do(world, case, "return", world.handler)
    case = do(world, case, "assign", world.community)
    case = do(world, case, "acknowledge", world.handler)
    case = do(world, case, "ask_extension", world.handler)
    case = do(world, case, "grant_extension", world.community)
    case = suspend(world, case)
    case = do(world, case, "resume", world.street)
    case = do(world, case, "yellow_card", world.supervisor)
    case = do(world, case, "resolve", world.handler)
    case = do(world, case, "feedback", world.chief, rating=1, said_resolved=False)
    events = list(case.events.select_related("actor"))
    names = presentation.names_for(events)
    assert [presentation.entry(event, names).title for event in events] == [
        "发现问题",
        "反映给第一组",
        "上报给第一片",
        "交给花戏楼城管中队，花戏楼供水站协办",
        "花戏楼城管中队退回：不属于本单位职责",
        "交给花戏楼城管中队",
        "花戏楼城管中队已签收",
        "申请延期3个工作日：情况复杂需要时间",
        "同意延期3个工作日",
        "申请挂账到3月24日：等居民补充或到场",
        "挂账到3月24日：等居民补充或到场",
        "恢复办理",
        "给花戏楼城管中队亮黄牌",
        "花戏楼城管中队说办好了",
        "住户说：非常不满意，还没解决",
    ]


@pytest.mark.parametrize("status", Status.values)
def test_where_it_stands_is_said_in_both_languages(world, status):
    case = Grievance.objects.with_names().get(pk=case_in(world, status).pk)
    said = set()
    for language in ("zh-hans", "en"):
        with translation.override(language):
            said.add(presentation.where_it_stands(case))
    assert len(said) == 2
    assert not any("%" in words for words in said)


@pytest.mark.parametrize("data", [{}, {"reason": "gone", "rating": 9, "days": 0, "review_on": "?", "category": "ZZ"}])
def test_events_with_missing_or_strange_facts_still_read(world, data):
    event = file_case(world).events.select_related("actor").first()
    for action in Action.values:
        event.action, event.data = action, data
        entry = presentation.entry(event, presentation.names_for([event]))
        assert entry.title
        assert "%(" not in entry.title


def test_english_readers_get_the_english_names(world):
    case = do(world, file_case(world), "reject", world.community)
    event = case.events.last()
    with translation.override("en"):
        assert presentation.event_title(event, presentation.names_for([event])) == (
            "Not accepted: Outside what we can take on"
        )


def test_an_overdue_case_says_by_how_much(world):
    case = file_case(world, urgency="2h", now=NOON - timedelta(days=2, hours=2))
    assert "超期48小时" in page_of(world.street, case).replace(" ", "")


def test_the_lead_stands_before_its_helpers(client, world):
    case = file_case(world)
    perform(
        action="assign",
        actor=world.street,
        grievance=case,
        now=NOON,
        agency=world.agency,
        co_agencies=[world.second_agency],
    )
    client.force_login(world.chief)
    given = client.get(case.get_absolute_url()).context["assignments"]
    assert [one.agency for one in given] == [world.agency, world.second_agency]
