"""Limits and ladders at the desk: who sets them, what is refused in which words, and that open deadlines follow."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import translation

from grievances.choices import LIVE, Action, Status
from grievances.models import Category, Grievance, Ladder, StageLimit
from grievances.services import limits, recomputing
from grievances.services.recomputing import recompute_deadlines
from grievances.services.rulebook import rulebook
from linjiang.common.errors import InvalidInput
from orgs.choices import Role
from orgs.models import RuleChange
from orgs.services.system import system_user
from tests.factories import NOON, category, file_case, make_post, make_world
from tests.grievances.scenes import case_in, do, suspend

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
LIMITS = "admin:grievances_stagelimit"
LADDERS = "admin:grievances_ladder"
GOOD = [("50%", "remind", "holder"), ("100%", "urge", "holder,superior"), ("+2wd", "yellow", "holder,street")]


@pytest.fixture
def world():
    with time_machine.travel(NOON, tick=False):
        made = make_world()
        made.users["admin"] = make_post(Role.SYSTEM_ADMIN, unit=made.units["city"]).user
        made.users["auditor"] = make_post(Role.AUDIT_ADMIN, unit=made.units["city"]).user
        yield made


def limit_data(**fields) -> dict:
    return {"stage": "resolve", "amount": "3", "counts": "workdays", "unit": "", "category": "", "urgency": ""} | fields


def ladder_data(rungs, **fields) -> dict:
    data = {"category": "", "urgency": "7d", "rungs-TOTAL_FORMS": len(rungs), "rungs-INITIAL_FORMS": 0} | fields
    for number, (at, card, tell) in enumerate(rungs):
        data |= {f"rungs-{number}-at": at, f"rungs-{number}-card": card, f"rungs-{number}-tell": tell.split(",")}
    return data


def test_a_limit_set_at_the_desk_moves_open_deadlines(world, client):
    case = file_case(world, urgency="7d")
    client.force_login(world.admin)
    version = rulebook().version
    response = client.post(reverse(f"{LIMITS}_add"), limit_data(unit=world.units["street"].pk))
    assert response.status_code == 302
    assert rulebook().version > version
    assert recompute_deadlines(actor=system_user(), now=NOON) == 1
    before, case = case.due_at, Grievance.objects.get(pk=case.pk)
    assert case.due_at < before
    assert "花戏楼街道" in RuleChange.objects.first().why["zh"]


@pytest.mark.parametrize("unit", ["x", "-1", "99999999999999999999", "1.5"])
def test_a_unit_that_is_none_is_said_and_nothing_typed_is_lost(world, client, unit):
    client.force_login(world.admin)
    response = client.post(reverse(f"{LIMITS}_add"), limit_data(unit=unit, amount="4"))
    assert response.status_code == 400
    assert response.context["errors"]
    assert 'value="4"' in response.content.decode()
    assert not StageLimit.objects.exists()


def test_a_second_limit_for_the_same_cases_is_refused_and_nothing_typed_is_lost(world, client):
    limits.set_limit(actor=world.admin, now=NOON, stage="resolve", amount=2, counts="workdays")
    client.force_login(world.admin)
    changes = RuleChange.objects.count()
    response = client.post(reverse(f"{LIMITS}_add"), limit_data(amount="4"), headers={"accept-language": "en"})
    assert response.status_code == 400
    assert 'value="4"' in response.content.decode()
    assert "There is a limit for exactly these cases" in response.content.decode()
    assert RuleChange.objects.count() == changes
    with translation.override("en"), pytest.raises(InvalidInput, match="already"):
        limits.set_limit(actor=world.admin, now=NOON, stage="resolve", amount=2, counts="workdays")


def test_limits_and_ladders_stand_beside_those_of_other_cases(world, client):
    client.force_login(world.admin)
    street, other = world.units["street"].pk, world.units["other_street"].pk
    first, second = category("0105").pk, category("0501").pk
    for about in (
        {"category": first},
        {"category": second},
        {"category": first, "unit": street},
        {"category": first, "unit": other},
        {"unit": street},
        {},
        {"category": second, "unit": street, "urgency": "7d"},
    ):
        assert client.post(reverse(f"{LIMITS}_add"), limit_data(**about)).status_code == 302, about
        again = client.post(reverse(f"{LIMITS}_add"), limit_data(**about))
        assert again.status_code == 400, about
    for about in ({"category": first}, {"category": second}, {}):
        assert client.post(reverse(f"{LADDERS}_add"), ladder_data(GOOD, **about)).status_code == 302, about
        assert client.post(reverse(f"{LADDERS}_add"), ladder_data(GOOD, **about)).status_code == 400, about
    assert (StageLimit.objects.count(), Ladder.objects.count()) == (7, 3)


def test_what_the_service_refuses_comes_back_on_the_form(world, client):
    client.force_login(world.admin)
    answer = client.post(reverse(f"{LIMITS}_add"), limit_data(amount="1000", unit=world.units["street"].pk))
    assert answer.status_code == 400
    page = answer.content.decode()
    assert "超过一年" in page
    assert 'value="1000"' in page
    assert not StageLimit.objects.exists()


def test_changing_and_deleting_a_limit_are_new_rules_too(world, client):
    row = limits.set_limit(actor=world.admin, now=NOON, stage="resolve", amount=2, counts="workdays")
    client.force_login(world.admin)
    for address, data in (("change", limit_data(amount="5")), ("delete", {"post": "yes"})):
        before = RuleChange.objects.count()
        assert client.post(reverse(f"{LIMITS}_{address}", args=[row.pk]), data).status_code == 302
        assert RuleChange.objects.count() == before + 1
    assert not StageLimit.objects.exists()


@pytest.mark.parametrize("who", ["street", "community", "supervisor"])
def test_staff_read_and_do_not_set(world, client, who):
    row = limits.set_limit(actor=world.admin, now=NOON, stage="resolve", amount=2, counts="workdays")
    ladder = limits.set_ladder(actor=world.admin, now=NOON, rungs=GOOD)
    client.force_login(world.users[who])
    for name, one in ((LIMITS, row), (LADDERS, ladder)):
        assert client.get(reverse(f"{name}_changelist")).status_code == 200
        assert client.get(reverse(f"{name}_change", args=[one.pk])).status_code == 200
        assert client.get(reverse(f"{name}_add")).status_code == 403
        assert client.post(reverse(f"{name}_change", args=[one.pk]), limit_data(amount="9")).status_code == 403
        assert client.post(reverse(f"{name}_delete", args=[one.pk]), {"post": "yes"}).status_code == 403
    assert client.get(reverse("admin:grievances_which_limit")).status_code == 200
    assert client.get(reverse("admin:orgs_rulechange_changelist")).status_code == 403


@pytest.mark.parametrize("who", ["chief", "handler", "official", "auditor"])
def test_others_do_not_see_them(world, client, who):
    client.force_login(world.users[who])
    for name in (f"{LIMITS}_changelist", f"{LADDERS}_changelist", "admin:grievances_which_limit"):
        assert client.get(reverse(name)).status_code in (302, 403)


def test_the_record_of_changes_is_for_audit_and_cannot_be_changed(world, client):
    limits.set_ladder(actor=world.admin, now=NOON, rungs=GOOD, urgency="2h")
    client.force_login(world.auditor)
    page = client.get(reverse("admin:orgs_rulechange_changelist"))
    assert page.status_code == 200
    assert world.admin.name in page.content.decode()
    change = RuleChange.objects.first()
    assert client.post(reverse("admin:orgs_rulechange_change", args=[change.pk]), {}).status_code == 403
    assert client.post(reverse("admin:orgs_rulechange_delete", args=[change.pk]), {"post": "yes"}).status_code == 403


def test_a_ladder_is_saved_as_a_whole_in_the_order_of_its_times(world, client):
    client.force_login(world.admin)
    response = client.post(reverse(f"{LADDERS}_add"), ladder_data(GOOD[::-1]))
    assert response.status_code == 302, response.context["errors"]
    ladder = Ladder.objects.get()
    assert [(rung.at, rung.card, rung.tell) for rung in ladder.rungs.all()] == GOOD
    assert len(rulebook().ladder(category_id=None, urgency="7d")) == 3
    assert rulebook().ladder(category_id=None, urgency="2h") == rulebook().default_ladder


def test_a_rung_more_and_a_rung_less_by_the_change_page(world, client):
    ladder = limits.set_ladder(actor=world.admin, now=NOON, rungs=GOOD, urgency="7d")
    client.force_login(world.admin)
    ids = [rung.pk for rung in ladder.rungs.all()]
    data = ladder_data([*GOOD, ("+5wd", "red", "holder,district")], **{"rungs-INITIAL_FORMS": 3})
    data |= {f"rungs-{number}-id": pk for number, pk in enumerate(ids)}
    data |= {"rungs-0-DELETE": "on"}
    assert client.post(reverse(f"{LADDERS}_change", args=[ladder.pk]), data).status_code == 302
    assert [rung.at for rung in ladder.rungs.all()] == ["100%", "+2wd", "+5wd"]


@pytest.mark.parametrize(
    ("rungs", "words"),
    [
        ([("soon", "remind", "holder")], "“soon” is not a time"),
        ([("120%", "remind", "holder")], "“120%” is not a time"),
        ([("nan%", "remind", "holder")], "is not a time"),
        ([("100%", "remind", "holder"), ("+0wd", "urge", "holder")], "“+0wd” is not a time"),
        ([("80%", "remind", "holder"), ("80%", "urge", "holder")], "does not come after"),
        ([("+1wd", "yellow", "holder"), ("+1wd", "red", "holder")], "does not come after"),
        ([("80%", "remind", "mayor")], "Choose whom it tells"),
        ([("80%", "green", "holder")], "is no step of urging"),
        ([], "at least one rung"),
    ],
)
def test_a_ladder_that_makes_no_sense_is_refused_in_words(world, rungs, words):
    changes = RuleChange.objects.count()
    with translation.override("en"), pytest.raises(InvalidInput) as refused:
        limits.set_ladder(actor=world.admin, now=NOON, rungs=rungs)
    assert words in refused.value.errors["rungs"]
    assert RuleChange.objects.count() == changes
    assert not Ladder.objects.exists()


def test_a_refused_ladder_comes_back_with_everything_typed(world, client):
    client.force_login(world.admin)
    response = client.post(
        reverse(f"{LADDERS}_add"), ladder_data([("80%", "remind", "holder"), ("+x", "red", "holder")])
    )
    assert response.status_code == 400
    assert 'value="+x"' in response.content.decode()
    assert not Ladder.objects.exists()


def test_hours_of_a_category_edited_at_the_desk_are_a_new_rule_and_its_name_is_not(world, client):
    client.force_login(world.admin)
    one = category()
    url = reverse("admin:grievances_category_change", args=[one.pk])
    form = client.get(url).context["adminform"].form
    data = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    data = {name: "" if value is None else value for name, value in data.items() if value is not False}
    before = RuleChange.objects.count()
    assert client.post(url, data | {"name": "改了名"}).status_code == 302
    assert RuleChange.objects.count() == before
    assert client.post(url, data | {"resolve_hours": "30"}).status_code == 302
    assert RuleChange.objects.count() == before + 1
    assert Category.objects.get(pk=one.pk).resolve_hours == 30


def test_the_pages_say_how_many_open_deadlines_follow(world, client):
    for _number in range(3):
        file_case(world)
    client.force_login(world.admin)
    page = client.get(reverse(f"{LIMITS}_changelist"))
    assert page.context["open_deadlines"] == Grievance.objects.filter(status__in=LIVE).count() == 3
    assert page.context["waiting_deadlines"] == 0
    limits.set_limit(actor=world.admin, now=NOON, stage="resolve", amount=2, counts="workdays")
    assert client.get(reverse(f"{LIMITS}_changelist")).context["waiting_deadlines"] == 3


def test_which_limit_holds_and_why(world, client):
    street, one = world.units["street"], category()
    limits.set_limit(actor=world.admin, now=NOON, stage="resolve", amount=2, counts="workdays", unit=street)
    client.force_login(world.street)
    asked = {"category": one.pk, "urgency": "7d", "unit": street.pk}
    page = client.get(reverse("admin:grievances_which_limit"), asked)
    with translation.override("zh-hans"):
        lines = {str(line["stage"]): line for line in page.context["lines"]}
    assert len(lines) == 5
    assert [street.name in line["why"] for line in page.context["lines"]].count(True) == 1
    bad = client.get(reverse("admin:grievances_which_limit"), {"category": "x", "urgency": "soon"})
    assert bad.context["lines"] == []


def test_any_district_or_street_can_be_asked_about_before_a_unit_has_limits_of_its_own(world, client):
    client.force_login(world.street)
    page = client.get(reverse("admin:grievances_which_limit"))
    groups = page.context["form"].fields["unit"].choices[1:]
    assert [(name, [label for _pk, label in options]) for name, options in groups] == [
        ("谯城区", ["谯城区", "花戏楼街道", "薛阁街道"])
    ]
    asked = {"category": "", "urgency": "7d", "unit": world.units["other_street"].pk}
    assert len(client.get(reverse("admin:grievances_which_limit"), asked).context["lines"]) == 5
    zone = world.units["zone"]
    assert client.get(reverse("admin:grievances_which_limit"), asked | {"unit": zone.pk}).context["lines"] == []
    limits.set_limit(actor=world.admin, now=NOON, stage="resolve", amount=2, counts="workdays", unit=zone)
    page = client.get(reverse("admin:grievances_which_limit"), asked | {"unit": zone.pk})
    assert len(page.context["lines"]) == 5
    assert "花戏楼街道 第一片" in page.content.decode()


def test_a_limit_that_makes_cases_overdue_is_shown_with_what_it_would_do_and_saved_when_sure(world, client):
    late = [file_case(world, urgency="7d", now=NOON - days * DAY) for days in (5, 2)]
    soon = file_case(world, urgency="7d", now=NOON - DAY / 8)
    file_case(world, urgency="2h")
    done = do(world, case_in(world, Status.RESOLVED), "feedback", world.chief)
    client.force_login(world.admin)
    changes = RuleChange.objects.count()
    data = limit_data(amount="1", urgency="7d")
    page = client.post(reverse(f"{LIMITS}_add"), data, headers={"accept-language": "en"})
    assert page.status_code == 400
    outlook = page.context["limit_form"].outlook
    assert (outlook.overdue, outlook.numbers) == (2, tuple(sorted(case.number for case in late)))
    assert (outlook.soon, outlook.is_partial) == (1, False)
    text = page.content.decode()
    assert "With this limit 2 open cases would be past it at once" in text
    assert 'value="1"' in text
    assert done.number not in text
    assert soon.number not in text
    assert not StageLimit.objects.exists()
    assert RuleChange.objects.count() == changes
    sure = page.context["limit_form"].fingerprint
    # Sure of one limit is not sure of another typed since.
    assert client.post(reverse(f"{LIMITS}_add"), data | {"amount": "0.5", "sure": sure}).status_code == 400
    assert client.post(reverse(f"{LIMITS}_add"), data | {"sure": sure}).status_code == 302
    assert StageLimit.objects.get().amount == 1
    recompute_deadlines(actor=system_user(), now=NOON)
    assert {case.number for case in Grievance.objects.all() if case.is_overdue(at=NOON)} == set(outlook.numbers)


def test_changing_a_limit_looks_at_those_it_leaves_too(world, client):
    wide = limits.set_limit(actor=world.admin, now=NOON, stage="resolve", amount=20, counts="workdays")
    case = file_case(world, urgency="24h", now=NOON - 3 * DAY)
    assert case.due_at > NOON
    client.force_login(world.admin)
    # For two-hour cases only from now on: the others fall back on the profile.
    page = client.post(reverse(f"{LIMITS}_change", args=[wide.pk]), limit_data(amount="20", urgency="2h"))
    assert page.context["limit_form"].outlook.numbers == (case.number,)
    assert StageLimit.objects.get().urgency == ""


def test_extensions_pauses_and_stages_count_when_looking_ahead(world):
    def ahead(now, **given) -> tuple:
        return limits.outlook(now=now, **{"stage": "resolve", "counts": "workdays"} | given).numbers

    plain = case_in(world, Status.IN_PROGRESS)
    longer = do(world, case_in(world, Status.IN_PROGRESS), "ask_extension", world.handler, days=3)
    longer = do(world, longer, "grant_extension", world.community)
    paused = suspend(world, case_in(world, Status.IN_PROGRESS))
    held = suspend(world, case_in(world, Status.IN_PROGRESS))
    paused = do(world, paused, "resume", world.community, at=NOON + DAY)
    waiting = case_in(world, Status.REPORTED)
    friday = NOON + 2 * DAY
    assert ahead(friday, amount=2) == tuple(sorted((plain.number, waiting.number)))
    assert ahead(friday, amount=1) == tuple(sorted((plain.number, paused.number, waiting.number)))
    assert held.number not in ahead(friday, amount=1)
    assert ahead(friday, amount=9) == ahead(friday, amount=10**6) == ()
    assert ahead(NOON + DAY / 8, stage="assign", amount=1, counts="hours") == (waiting.number,)
    assert ahead(NOON + DAY / 8, stage="assign", amount=1, counts="hours", unit=world.units["other_street"]) == ()


def test_looking_ahead_asks_as_much_for_many_cases_as_for_few_and_saves_nothing(
    world, django_assert_max_num_queries, monkeypatch
):
    for number in range(12):
        file_case(world, urgency="7d", now=NOON - number * DAY / 24)
    with django_assert_max_num_queries(5):
        found = limits.outlook(now=NOON + DAY / 24, stage="resolve", amount=1, counts="hours")
    assert (found.overdue, len(found.numbers)) == (12, 8)
    assert not StageLimit.objects.exists()
    assert not Grievance.objects.filter(version__gt=1).exists()
    monkeypatch.setattr(recomputing, "LOOKED_AT", 5)
    found = limits.outlook(now=NOON + DAY / 24, stage="resolve", amount=1, counts="hours")
    assert (found.overdue, found.is_partial) == (5, True)


def test_a_deadline_that_moved_names_every_change_since_it_was_computed(world):
    case = file_case(world, urgency="7d")
    limits.set_limit(actor=world.admin, now=NOON, stage="resolve", amount=2, counts="workdays")
    limits.set_ladder(actor=world.admin, now=NOON, rungs=GOOD, urgency="2h")
    recompute_deadlines(actor=system_user(), now=NOON)
    why = case.events.get(action=Action.RECOMPUTE).data["why"]["en"]
    assert why.startswith("A ladder was changed: Within 2 hours; A limit was changed: Resolving 2 working days")
