"""What pages show of a case's time: its stages, one deadline in one colour everywhere, requests and cards."""

from datetime import datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from grievances import pending, stages
from grievances.choices import Action, Status
from grievances.models import Grievance
from grievances.services.escalation import escalate_overdue
from grievances.services.verbs import perform
from orgs.choices import Role
from orgs.services.system import system_user
from tests.factories import NOON, SHANGHAI, file_case, make_post, make_world, reason, work_statements
from tests.grievances.browsing import numbers, signed_in
from tests.grievances.scenes import case_in, do

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)
ANSWER = "材料已到，今日完工"


@pytest.fixture
def world():
    return make_world()


def again(case: Grievance) -> Grievance:
    return Grievance.objects.with_names().get(pk=case.pk)


def lines(case: Grievance, at: datetime) -> dict[str, stages.StageLine]:
    events = list(case.events.order_by("-at", "-pk"))
    with translation.override("en"):
        return {line.stage: line for line in stages.lines(again(case), events, at=at)}


def ask_suspension(world, case, actor, at=NOON, **given):
    given = {"reason": reason("suspend"), "review_on": (NOON + timedelta(days=20)).date(), "note": "等材料"} | given
    return perform(action=Action.ASK_SUSPENSION, actor=actor, grievance=case, now=at, **given)


def test_each_stage_has_its_limit_its_holder_and_its_state(world):
    case = case_in(world, Status.ASSIGNED)
    found = lines(case, NOON)
    assert {name: line.state for name, line in found.items()} == {
        "assign": stages.DONE,
        "acknowledge": stages.RUNNING,
        "resolve": stages.RUNNING,
        "feedback": stages.TODO,
    }
    assert found["acknowledge"].holder == found["resolve"].holder == world.agency.name
    assert (found["resolve"].limit, found["acknowledge"].limit) == ("7 working days", "1 working day")
    assert found["resolve"].due_at == case.due_at
    assert found["acknowledge"].due_at == case.stage_due_at


def test_a_draft_has_no_stages(world):
    assert lines(case_in(world, Status.DISCOVERED), NOON) == {}


def test_a_stage_is_amber_from_80_per_cent_and_red_past_its_limit_in_words_too(world):
    case = case_in(world, Status.IN_PROGRESS)
    shown = {
        at: (line.tone, str(line.word))
        for at in (case.soon_at - SECOND, case.soon_at, case.due_at, case.due_at + timedelta(days=3))
        for line in [lines(case, at)["resolve"]]
    }
    assert [tone for tone, _word in shown.values()] == ["ok", "soon", "soon", "over"]
    assert len({word for _tone, word in shown.values()}) == 3


def test_a_stage_whose_limit_ended_on_friday_evening_is_past_on_saturday(world):
    friday = datetime(2026, 3, 6, 18, 0, tzinfo=SHANGHAI)
    case = case_in(world, Status.ASSIGNED)
    Grievance.objects.filter(pk=case.pk).update(stage_due_at=friday, stage_started_at=friday - timedelta(days=1))
    assert lines(case, friday)["acknowledge"].tone == "soon"
    found = lines(case, friday + timedelta(hours=15))["acknowledge"]
    assert (found.tone, found.left) == ("over", "1 minute past")


@pytest.mark.parametrize("urgency", ["2h", "24h", "7d", "15d"])
@pytest.mark.parametrize("clock", ["resolve", "stage"])
def test_rows_tabs_and_filter_agree_on_the_colour_at_every_moment(world, urgency, clock):
    case = again(file_case(world, urgency=urgency))
    soon_at, due_at = (case.soon_at, case.due_at) if clock == "resolve" else (case.stage_soon_at, case.stage_due_at)
    for at in (NOON, soon_at - SECOND, soon_at, due_at - SECOND, due_at, due_at + SECOND):
        state = stages.pressing(case, at=at).state
        with time_machine.travel(at, tick=False):
            leader, community = signed_in(world.group_leader), signed_in(world.community)
            for tab, wanted in (("soon", "soon"), ("overdue", "over")):
                inbox = leader.get(reverse("inbox"), {"tab": tab})
                desk = community.get(reverse("admin:grievances_grievance_changelist"), {"tab": tab})
                assert (numbers(inbox) == [case.number]) == (state == wanted), (at, tab)
                assert (len(desk.context["cl"].result_list) == 1) == (state == wanted), (at, tab)
            filtered = leader.get(reverse("cases"), {"status": "overdue"})
        assert (numbers(filtered) == [case.number]) == (state == "over"), at


def test_a_row_shows_the_clock_that_ends_first_and_resolving_once_that_is_past(world):
    case = again(file_case(world))
    with translation.override("en"):
        assigning = stages.pressing(case, at=NOON)
        late = stages.pressing(case, at=case.stage_due_at + timedelta(minutes=30))
        later = stages.pressing(case, at=case.due_at + SECOND)
    assert case.stage_due_at < case.due_at
    assert (assigning.label, assigning.state, assigning.due_at) == ("Assigning", "ok", case.stage_due_at)
    assert (late.label, late.state) == ("Assigning", "over")
    assert (later.label, later.state, later.words) == ("", "over", "1 minute past")


def test_rows_count_as_the_case_page_does(world):
    case = case_in(world, Status.IN_PROGRESS)
    for at in (NOON + timedelta(hours=3), case.soon_at, case.due_at + timedelta(days=4)):
        line = lines(case, at)["resolve"]
        with translation.override("en"):
            row = stages.pressing(again(case), at=at)
        assert (row.words, row.state, row.due_at) == (line.left, line.tone, line.due_at)
        assert abs(row.used - line.share) <= 1


def test_a_case_that_waits_for_the_household_shows_the_clock_of_feedback(world):
    case = again(case_in(world, Status.RESOLVED))
    with translation.override("en"):
        row = stages.pressing(case, at=NOON)
    assert (row.label, row.due_at) == ("Feedback to the household", case.stage_due_at)


def test_a_case_on_hold_says_so_and_an_ended_one_shows_no_clock(world):
    asked = ask_suspension(world, case_in(world, Status.IN_PROGRESS), world.handler)
    held = do(world, asked, Action.SUSPEND, world.street)
    with translation.override("en"):
        assert stages.pressing(again(held), at=NOON).words == "On hold"
    assert stages.pressing(again(case_in(world, Status.CLOSED)), at=NOON) is None
    assert stages.pressing(again(case_in(world, Status.DISCOVERED)), at=NOON) is None


def test_lists_stand_in_the_order_of_the_clocks_they_show(world):
    cases = [file_case(world, urgency=urgency) for urgency in ("15d", "2h", "7d", "24h")]
    cases.append(case_in(world, Status.IN_PROGRESS))
    found = numbers(signed_in(world.community).get(reverse("inbox"), {"tab": "open"}))
    shown = {case.number: stages.pressing(again(case), at=NOON).due_at for case in cases}
    assert found == sorted(shown, key=shown.get)


def test_the_case_page_shows_the_stages_and_asks_no_more_than_fifteen_statements(world):
    case = do(world, case_in(world, Status.ASSIGNED), Action.ACKNOWLEDGE, world.handler)
    ask_suspension(world, case, world.handler)
    with time_machine.travel(NOON + timedelta(minutes=5), tick=False):
        browser = signed_in(world.street)
        path = f"/cases/{case.number}/"
        browser.get(path)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            response = browser.get(path)
    assert response.content.decode().count('<tr class="stage stage--') == 4
    asked = work_statements(queries)
    assert len(asked) <= 15, "\n".join(asked)


def test_a_request_for_a_suspension_says_who_asks_why_until_when_and_who_decides(world):
    case = ask_suspension(world, case_in(world, Status.IN_PROGRESS), world.handler)
    with translation.override("en"):
        [asked] = pending.requests_of(again(case))
    assert world.handler.name in asked.who
    assert world.agency.name in asked.who
    assert asked.note == "等材料"
    assert asked.why == str(reason("suspend").name_en)
    assert "24 Mar" in asked.title
    assert str(case.holder_unit) in asked.decides
    for page in (
        signed_in(world.community).get(f"/cases/{case.number}/"),
        signed_in(world.community).get(f"/cases/{case.number}/suspend/"),
        signed_in(world.community).get(reverse("admin:grievances_grievance_change", args=[case.pk])),
        signed_in(world.community).get(reverse("admin:grievances_step", args=[case.pk, "suspend"])),
    ):
        assert page.status_code == 200
        assert "等材料" in page.content.decode()


def test_a_desk_s_request_is_decided_above_it(world):
    case = ask_suspension(world, case_in(world, Status.IN_PROGRESS), world.community)
    with translation.override("en"):
        [asked] = pending.requests_of(again(case))
    assert asked.decides.startswith("the level above")


def test_a_card_says_by_when_to_answer_and_keeps_both_facts_when_it_is_lifted(world):
    make_post(Role.SUPERVISOR, unit=world.units["street"])
    case = case_in(world, Status.IN_PROGRESS)
    do(world, case, Action.YELLOW_CARD, world.supervisor, note="进展太慢")
    with translation.override("en"):
        [card] = pending.card_lines(again(case).cards, at=NOON)
    assert (card.state, card.word, card.to, card.note) == (
        "waiting", "waits for an answer", world.agency.name, "进展太慢",
    )  # fmt: skip
    due = again(case).cards[0].answer_due_at
    assert pending.card_lines(again(case).cards, at=due + SECOND)[0].state == "late"

    with time_machine.travel(NOON + timedelta(hours=1), tick=False):
        form = signed_in(world.handler).get(f"/cases/{case.number}/answer_card/")
    assert "进展太慢" in form.content.decode()
    assert [one.state for one in form.context["cards"]] == ["waiting"]

    perform(
        action=Action.ANSWER_CARD,
        actor=world.handler,
        grievance=again(case),
        now=due - SECOND,
        note=ANSWER,
    )
    [lifted] = pending.card_lines(again(case).cards, at=due)
    assert lifted.state == "lifted"
    assert lifted.answer == ANSWER
    for response in (
        signed_in(world.street).get(f"/cases/{case.number}/"),
        signed_in(world.street).get(reverse("admin:grievances_grievance_change", args=[case.pk])),
    ):
        page = response.content.decode()
        assert ANSWER in page
        assert "进展太慢" in page
        assert "card-line--lifted" in page


def test_a_card_answered_late_stays_and_says_so(world):
    case = case_in(world, Status.IN_PROGRESS)
    escalate_overdue(actor=system_user(), now=case.due_at + timedelta(days=4))
    card = again(case).cards[0]
    at = card.answer_due_at + timedelta(days=1)
    perform(action=Action.ANSWER_CARD, actor=world.handler, grievance=again(case), now=at, note="已安排")
    assert pending.card_lines(again(case).cards[:1], at=at)[0].state == "stays"


def test_a_deadline_in_a_year_without_a_calendar_is_marked_and_never_promised_to_the_household(world):
    late = datetime(2026, 12, 25, 10, 0, tzinfo=SHANGHAI)
    case = file_case(world, urgency="15d", now=late)
    case = do(world, case, Action.ASSIGN, world.community, at=late)
    case = do(world, case, Action.ACKNOWLEDGE, world.handler, at=late)
    assert case.due_provisional
    with time_machine.travel(late + timedelta(minutes=1), tick=False):
        assert 'class="provisional"' in signed_in(world.street).get(f"/cases/{case.number}/").content.decode()
        assert 'class="provisional"' in signed_in(world.street).get("/cases/").content.decode()
        page = signed_in(world.street).get(f"/r/{case.token}/", headers={"accept-language": "en"})
        assert "by about " in page.context["stands"]
        household = page.content.decode()
    assert "provisional" not in household
    sure = file_case(world, urgency="7d")
    with time_machine.travel(NOON, tick=False):
        assert 'class="provisional"' not in signed_in(world.street).get(f"/cases/{sure.number}/").content.decode()


def test_the_api_gives_stages_and_cards(world):
    case = case_in(world, Status.IN_PROGRESS)
    do(world, case, Action.YELLOW_CARD, world.supervisor, note="进展太慢")
    with time_machine.travel(NOON, tick=False):
        browser = signed_in(world.street)
        one = browser.get(f"/api/v1/cases/{case.number}/").json()
        soon = browser.get("/api/v1/cases/", {"due_soon": "true"}).json()
    with time_machine.travel(case.soon_at, tick=False):
        later = signed_in(world.street).get("/api/v1/cases/", {"due_soon": "true"}).json()
    assert {line["stage"] for line in one["stages"]} == {"assign", "acknowledge", "resolve", "feedback"}
    assert [card["in_force"] for card in one["cards"]] == [True]
    assert one["is_provisional"] is False
    assert one["soon_at"] < one["due_at"]
    assert soon["results"] == []
    assert [row["number"] for row in later["results"]] == [case.number]
