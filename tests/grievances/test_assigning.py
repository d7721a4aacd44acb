"""Which agencies are suggested for a case, with what words, and that nobody is chosen silently."""

import pytest
import time_machine
from django.urls import reverse
from django.utils import translation

from grievances.choices import Action, Status
from grievances.models import Grievance
from grievances.services.assigning import LOOKED_BACK, suggested_agencies
from grievances.suggestions.agencies import Candidate, best, score
from orgs.models import Agency
from tests.factories import NOON, World, category, file_case, make_world
from tests.grievances.browsing import signed_in
from tests.grievances.scenes import case_in, do

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def kind():
    """A category of which no rule says who handles it."""
    found = category()
    found.agency_kind, found.default_agency = "", None
    found.save()
    return found


def closed(world: World, kind, agency: Agency, *, at=NOON, returned: bool = False, **fields) -> Grievance:
    """File a case and have `agency` close it; `returned`: after it had handed it back once."""
    handler = world.handler if agency == world.agency else world.second_handler
    case = file_case(world, category=kind, now=at, **fields)
    if returned:
        case = do(world, case, Action.ASSIGN, world.community, at=at, agency=agency)
        case = do(world, case, Action.RETURN, handler, at=at)
    case = do(world, case, Action.ASSIGN, world.community, at=at, agency=agency)
    case = do(world, case, Action.ACKNOWLEDGE, handler, at=at)
    case = do(world, case, Action.RESOLVE, handler, at=at)
    return do(world, case, Action.FEEDBACK, world.chief, at=at)


def suggest(world: World, kind, **given):
    agencies = list(Agency.objects.select_related("unit").filter(unit=world.units["street"]).order_by("pk"))
    path = world.units["neighbourhood"].path
    with translation.override("en"):
        found = suggested_agencies(**{"agencies": agencies, "category": kind, "unit_path": path, "now": NOON} | given)
    return [(one.agency, one.words) for one in found]


# Pure scoring


def test_a_rule_comes_before_experience_and_the_kind_speaks_only_alone():
    rule, past, kin = Candidate(1, 3, is_usual=True), Candidate(2, 3, closed=40), Candidate(3, 3, is_kind=True)
    assert [one.agency_id for one in best([kin, past, rule])] == [1, 2]
    assert [one.agency_id for one in best([kin, Candidate(4, 3)])] == [3]


def test_nothing_known_is_no_suggestion_and_three_are_enough():
    assert best([Candidate(1, 3)]) == []
    many = [Candidate(number, 3, closed=number) for number in range(1, 6)]
    assert [one.agency_id for one in best(many)] == [5, 4, 3]


def test_handing_back_counts_against_and_nearness_decides_between_equals():
    willing, unwilling = Candidate(2, 3, closed=10), Candidate(1, 3, closed=10, returned=8)
    assert score(willing, all_closed=20) > score(unwilling, all_closed=20)
    assert [one.agency_id for one in best([Candidate(1, 2, is_kind=True), Candidate(2, 4, is_kind=True)])] == [2, 1]


# What is read


def test_experience_of_the_street_is_put_into_words(world, kind):
    for _number in range(2):
        closed(world, kind, world.agency)
    closed(world, kind, world.second_agency, returned=True)
    assert suggest(world, kind) == [
        (world.agency, "2 cases of this kind in the street closed by it within a year"),
        (world.second_agency, "1 case of this kind in the street closed by it within a year; 1 handed back"),
    ]


def test_other_kinds_open_cases_older_ones_and_other_streets_do_not_count(world, kind):
    other = category()
    other = type(kind).objects.filter(parent__isnull=False, photo_required=False).exclude(pk=kind.pk).first()
    closed(world, other, world.agency)
    closed(world, kind, world.agency, at=NOON - LOOKED_BACK * 1.01)
    do(world, file_case(world, category=kind), Action.ASSIGN, world.community)
    assert suggest(world, kind) == []
    closed(world, kind, world.agency)
    assert suggest(world, kind, unit_path=world.units["other_neighbourhood"].path) == []
    assert len(suggest(world, kind)) == 1


def test_the_rules_of_the_category_speak(world, kind):
    kind.agency_kind = "partner"
    kind.default_agency = world.agency
    kind.save()
    assert suggest(world, kind) == [(world.agency, "The category's rule: its usual agency")]
    kind.default_agency = None
    kind.save()
    assert suggest(world, kind) == [
        (world.second_agency, "The category's rule: usually handled by: Partner organisation")
    ]
    assert suggest(world, None) == []
    assert suggest(world, kind, agencies=[]) == []


def test_two_statements_however_many(world, kind, django_assert_num_queries):
    closed(world, kind, world.agency)
    agencies = list(Agency.objects.select_related("unit"))
    path = world.units["neighbourhood"].path
    with django_assert_num_queries(2):
        suggested_agencies(agencies=agencies, category=kind, unit_path=path, now=NOON)


# The form


def test_one_tap_takes_a_suggestion_and_none_is_chosen_beforehand(world, kind):
    closed(world, kind, world.agency)
    case = file_case(world, category=kind)
    browser = signed_in(world.street)
    address = f"/cases/{case.number}/assign/"
    form = browser.get(address).context["form"]
    assert list(form.fields)[:3] == ["version", "suggested", "agency"]
    assert form["suggested"].value() in (None, "")
    assert form["agency"].value() is None
    words = browser.get(address).content.decode()
    assert "本街道" in words or "closed by it" in words
    for nothing in ({}, {"suggested": ""}, {"suggested": "", "agency": ""}):
        refused = browser.post(address, {"version": case.version, **nothing})
        assert refused.status_code == 400
        assert "agency" in refused.context["form"].errors
    both = {"suggested": world.agency.pk, "agency": world.second_agency.pk}
    refused = browser.post(address, {"version": case.version, **both})
    assert (refused.status_code, list(refused.context["form"].errors)) == (400, ["agency"])
    assert browser.post(address, {"version": case.version, "suggested": "99999"}).status_code == 400
    assert browser.post(address, {"version": case.version, "suggested": world.agency.pk}).status_code == 302
    case.refresh_from_db()
    assert case.lead_agency == world.agency


def test_another_agency_is_taken_from_the_list(world, kind):
    closed(world, kind, world.agency)
    case = file_case(world, category=kind)
    address = reverse("admin:grievances_step", args=[case.pk, "assign"])
    data = {"version": case.version, "suggested": "", "agency": world.second_agency.pk}
    assert signed_in(world.street).post(address, data).status_code == 302
    case.refresh_from_db()
    assert case.lead_agency == world.second_agency


def test_who_has_the_case_is_not_suggested_for_it(world, kind):
    closed(world, kind, world.agency)
    case = do(world, file_case(world, category=kind), Action.ASSIGN, world.community)
    form = signed_in(world.street).get(f"/cases/{case.number}/reassign/").context["form"]
    assert "suggested" not in form.fields


def test_without_anything_known_the_list_stands_alone(world):
    case = case_in(world, Status.REPORTED)
    form = signed_in(world.street).get(f"/cases/{case.number}/assign/").context["form"]
    assert "suggested" not in form.fields
    assert form.fields["agency"].required


def test_many_at_once_get_the_suggestion_of_most_of_them(world, kind):
    closed(world, kind, world.agency)
    cases = [file_case(world, category=kind), file_case(world, category=kind), file_case(world)]
    ids = ",".join(str(case.pk) for case in cases)
    address = f"{reverse('admin:grievances_bulk', args=['assign'])}?ids={ids}"
    browser = signed_in(world.street)
    form = browser.get(address).context["form"]
    [(key, label), (nothing, _other)] = form.fields["suggested"].choices
    assert (key, nothing) == (str(world.agency.pk), "")
    assert "2" in label
    assert "3" in label
    assert browser.post(address, {"apply": "1", "suggested": "", "agency": ""}).status_code == 400
    done = browser.post(address, {"apply": "1", "suggested": key, "agency": "", "note": "带上梯子"})
    assert (done.status_code, done.context["done"]) == (200, 3)
    leads = set(Grievance.objects.filter(pk__in=[case.pk for case in cases]).values_list("lead_agency", flat=True))
    assert leads == {world.agency.pk}
