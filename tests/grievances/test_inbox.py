"""The inbox: whose turn, what is due first, stable pages, a pinned number of statements."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from grievances import filters
from grievances.choices import Status
from grievances.models import Grievance
from orgs import rules
from tests.factories import NOON, category, file_case, make_world
from tests.grievances.browsing import numbers, signed_in
from tests.grievances.scenes import case_in, do, suspend

pytestmark = pytest.mark.django_db
INBOX = "/cases/inbox/"


@pytest.fixture(autouse=True)
def _noon():
    with time_machine.travel(NOON, tick=False):
        yield


def test_asks_strangers_to_sign_in(client):
    response = client.get(INBOX)
    assert response.status_code == 302
    assert response.url.startswith(reverse("sign_in"))


def test_my_turn_moves_with_the_case():
    world = make_world()
    people = ("chief", "group_leader", "community", "handler", "supervisor")

    def turns() -> set[str]:
        return {name for name in people if numbers(signed_in(getattr(world, name)).get(INBOX, {"tab": "mine"}))}

    case = file_case(world)
    assert turns() == {"group_leader"}
    case = do(world, case, "refer_up", world.group_leader)
    case = do(world, case, "refer_up", world.zone_leader)
    assert turns() == {"community"}
    case = do(world, case, "assign", world.community)
    assert turns() == {"handler"}
    case = do(world, case, "acknowledge", world.handler)
    case = do(world, case, "resolve", world.handler)
    assert turns() == {"chief"}
    do(world, case, "feedback", world.chief)
    assert turns() == set()


def test_nobody_of_another_street_sees_anything():
    world = make_world()
    for status in Status:
        case_in(world, status)
    for person in world.others.values():
        for tab in ("mine", "soon", "overdue", "open", "done", "nonsense", ""):
            response = signed_in(person).get(INBOX, {"tab": tab})
            assert response.status_code == 200
            assert numbers(response) == []
            assert all(not item["count"] for item in response.context["tabs"])


def test_what_is_due_first_stands_on_top_and_resting_clocks_come_last():
    world = make_world()
    week = file_case(world, description="一周的事", urgency="7d")
    resolved = case_in(world, Status.RESOLVED)
    soon = file_case(world, description="两小时的事", urgency="2h")
    late = file_case(world, description="早就该办的事", urgency="2h", now=NOON - timedelta(days=1))
    held = suspend(world, case_in(world, Status.IN_PROGRESS))
    response = signed_in(world.street).get(INBOX, {"tab": "open"})
    assert numbers(response) == [late.number, soon.number, week.number, resolved.number, held.number]
    page = response.content.decode()
    assert "超期 22 小时" in page
    assert '<span class="due__stage">交办</span>还剩 30 分钟' in page
    assert "挂账中" in page


def test_tabs_hold_and_count_what_they_say():
    world = make_world()
    soon = file_case(world, urgency="2h", now=NOON - timedelta(minutes=26))
    late = file_case(world, urgency="2h", now=NOON - timedelta(days=1))
    file_case(world, urgency="15d")
    held = suspend(world, case_in(world, Status.IN_PROGRESS))
    Grievance.objects.filter(pk=held.pk).update(due_at=NOON - timedelta(days=3))
    closed = case_in(world, Status.CLOSED)
    browser = signed_in(world.street)
    assert numbers(browser.get(INBOX, {"tab": "soon"})) == [soon.number]
    assert numbers(browser.get(INBOX, {"tab": "overdue"})) == [late.number]
    response = browser.get(INBOX, {"tab": "done"})
    assert numbers(response) == [closed.number]
    counts = {str(tab["url"]).split("=")[1]: tab["count"] for tab in response.context["tabs"]}
    assert counts == {"mine": 0, "soon": 1, "overdue": 1, "open": 4, "done": None}


def test_a_supervisor_starts_with_what_is_overdue():
    world = make_world()
    late = file_case(world, urgency="2h", now=NOON - timedelta(days=1))
    file_case(world)
    response = signed_in(world.supervisor).get(INBOX)
    assert numbers(response) == [late.number]
    assert "tab=mine" not in response.content.decode()


def test_empty_tabs_say_what_will_appear():
    browser = signed_in(make_world().street)
    for tab in ("mine", "soon", "overdue", "open", "done"):
        response = browser.get(INBOX, {"tab": tab})
        assert response.context["empty_text"]
        assert str(response.context["empty_text"]) in response.content.decode()


def _many(world, count: int) -> None:
    kind = category()
    for number in range(count):
        case = file_case(world, category=kind, urgency="7d", now=NOON - timedelta(hours=number % 7))
        if number % 5 == 0:
            do(world, do(world, do(world, case, "assign", world.street), "acknowledge", world.handler), "resolve",
               world.handler)  # fmt: skip


def test_pages_walk_through_every_case_once_and_back_again():
    world = make_world()
    _many(world, 60)
    browser = signed_in(world.street)
    wanted = numbers_of_all(browser, "open")
    assert len(wanted) == len(set(wanted)) == 60
    pages, url = [], f"{INBOX}?tab=open"
    while url:
        response = browser.get(url)
        pages.append(numbers(response))
        last, url = url, response.context["next_url"] and INBOX + response.context["next_url"]
    back, url = [], last
    while url:
        response = browser.get(url)
        back.insert(0, numbers(response))
        url = response.context["prev_url"] and INBOX + response.context["prev_url"]
    assert [len(page) for page in pages] == [25, 25, 10]
    assert back == pages


def numbers_of_all(browser, tab: str) -> list[str]:
    """Walk forward through a tab and return every number met."""
    found, url = [], f"{INBOX}?tab={tab}"
    while url:
        response = browser.get(url)
        found += numbers(response)
        url = response.context["next_url"] and INBOX + response.context["next_url"]
    return found


def test_a_case_filed_meanwhile_neither_repeats_nor_hides_another():
    world = make_world()
    _many(world, 40)
    browser = signed_in(world.street)
    first = browser.get(f"{INBOX}?tab=open")
    expected = numbers_of_all(browser, "open")
    file_case(world, urgency="2h")
    second = browser.get(INBOX + first.context["next_url"])
    assert numbers(first) + numbers(second) == expected


def test_statements_do_not_grow_with_rows(monkeypatch):
    for module in (filters, rules):
        monkeypatch.setattr(module, "KEPT_SECONDS", 3600)
    world = make_world()

    def statements() -> dict[tuple[str, str], int]:
        counts = {}
        for name in ("street", "handler", "chief", "official"):
            for tab in ("mine", "open", "done"):
                browser = signed_in(getattr(world, name))
                with CaptureQueriesContext(connection) as queries:
                    assert browser.get(INBOX, {"tab": tab}).status_code == 200
                counts[name, tab] = len(queries)
        return counts

    for status in Status:
        case_in(world, status)
    statements()  # reads what a process keeps for some seconds: rules, categories
    few = statements()
    _many(world, 30)
    assert statements() == few
    assert max(few.values()) <= 15


_UNUSABLE = (
    {"at": "boo"},
    {"at": "n~~99999999999999999999999"},
    {"at": "x~~1"},
    {"at": "n~2026-01-01~1"},
    {"at": "n~\x00~1"},
    {"q": "\x00"},
    {"q": "a" * 5000},
    {"unit": "99999999999999999999999999"},
    {"unit": "x\x00"},
    {"category": "-1"},
    {"status": "EVERYTHING"},
    {"urgency": "5y"},
    {"since": "9999-12-31"},
    {"until": "9999-12-31"},
    {"since": "0001-01-01"},
    {"until": "2026-13-45"},
)


def test_what_cannot_be_used_is_named_and_left_out():
    world = make_world()
    case = file_case(world)
    browser = signed_in(world.street)
    for given in _UNUSABLE:
        response = browser.get(INBOX, {"tab": "open", **given})
        assert response.status_code == 200, given
        assert numbers(response) == [case.number], given
        assert response.context["problems"], given
        assert "先没算" in response.content.decode()
