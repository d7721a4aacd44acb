"""The suggestions' address: who may ask, what it answers, how much it costs."""

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from grievances.models import Category
from grievances.services.joining import join
from grievances.services.suggesting import forget_suggestions
from orgs.models import Household
from tests.factories import NOON, World, file_case, fresh, make_world
from tests.grievances.api_client import api, assert_error


@pytest.fixture
def world() -> World:
    return make_world()


def ask(user, **params):
    return api(user).get("/api/v1/suggestions/", params)


@pytest.mark.django_db
def test_the_answer_is_as_agreed(world):
    case = file_case(world, household=world.household, place="三楼", description="楼道里有人飞线充电很危险")
    join(
        actor=fresh(world.chief),
        grievance=case,
        submission_id=uuid.uuid4(),
        household=Household.objects.create(unit=world.units["neighbourhood"], label="1栋1单元102"),
        now=NOON,
    )
    answer = ask(world.chief, text="楼道有人飞线充电")
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    body = answer.json()
    assert set(body) == {"categories", "asks_photo", "alike"}
    likely = Category.objects.get(code="0105")
    first = body["categories"][0]
    assert (first["id"], first["code"], first["name"]) == (likely.pk, "0105", str(likely.name_en or likely.name))
    assert set(first) == {"id", "code", "name", "top", "share"}
    assert 0.3 < first["share"] <= 1
    assert body["asks_photo"] is likely.photo_required
    assert body["alike"] == [
        {
            "number": case.number,
            "title": case.title,
            "place": "第一邻 1栋1单元101 三楼",
            "status": "Reported",
            "category": "",
            "url": case.get_absolute_url(),
            "joined": True,
            "filed_by_me": True,
            "count": 1,
        }
    ]


@pytest.mark.django_db
def test_a_danger_asks_for_a_photo(world):
    dangers = Category.objects.filter(photo_required=True)
    asked = [ask(world.chief, text=one.keywords.split("|")[0]).json()["asks_photo"] for one in dangers if one.keywords]
    assert asked
    assert all(asked)
    assert ask(world.chief, text="路灯坏了").json()["asks_photo"] is False


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["chief", "group_leader", "zone_leader", "community", "street", "operator"])
def test_everybody_who_files_may_ask(world, who):
    assert ask(world.users[who], text="路灯坏了").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["handler", "official", "supervisor"])
def test_who_does_not_file_is_refused(world, who):
    assert_error(ask(world.users[who], text="路灯坏了"), 403, "not_allowed")


@pytest.mark.django_db
def test_strangers_are_asked_to_sign_in(world):
    assert ask(None, text="路灯坏了").status_code == 401


@pytest.mark.django_db
def test_another_unit_is_refused_and_ones_own_may_be_named(world):
    assert ask(world.chief, text="路灯", unit=world.units["neighbourhood"].pk).status_code == 200
    assert ask(world.community, text="路灯", unit=world.units["second_neighbourhood"].pk).status_code == 200
    assert_error(ask(world.chief, text="路灯", unit=world.units["other_street"].pk), 400, "invalid", "unit")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "given",
    [{}, {"text": ""}, {"text": "   "}, {"text": "路" * 20_000}, {"text": "' OR 1=1 --%s%%"}, {"text": "😀👍🏽"},
     {"text": "｜＆（）：＊ ! & | ( ) :*"}, {"text": "12345678901"}, {"text": "路灯", "nonsense": "x"}],
)  # fmt: skip
def test_absurd_texts_are_answered(world, given):
    file_case(world)
    answer = ask(world.chief, **given)
    assert answer.status_code == 200
    assert len(answer.json()["categories"]) <= 3


@pytest.mark.django_db
@pytest.mark.parametrize(
    "given",
    [{"unit": "x"}, {"unit": "-1"}, {"unit": str(2**70)}, {"lat": "1"}, {"lon": "1"}, {"lat": "nan", "lon": "nan"},
     {"lat": "inf", "lon": "1"}, {"lat": "91", "lon": "1"}, {"text": "a\x00b"}],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(world, given):
    assert ask(world.chief, **{"text": "路灯", **given}).status_code == 400


@pytest.mark.django_db
def test_it_takes_few_statements_however_many_cases_there_are(world):
    def count() -> int:
        client = api(world.chief)
        forget_suggestions()
        with CaptureQueriesContext(connection) as asked:
            assert client.get("/api/v1/suggestions/", {"text": "门口路灯坏了"}).status_code == 200
        return len(asked)

    file_case(world, description="门口路灯坏了")
    few = count()
    for _turn in range(10):
        file_case(world, description="门口路灯坏了", household=world.household)
    assert count() == few <= 6


@pytest.mark.django_db
def test_nothing_is_written(world):
    case = file_case(world)
    ask(world.chief, text=case.description)
    case.refresh_from_db()
    assert (case.category, case.version) == (None, 1)


@pytest.mark.django_db
def test_a_machine_run_wild_is_slowed_down(world):
    answers = [ask(world.zone_leader, text="路灯").status_code for _turn in range(61)]
    assert answers[:60] == [200] * 60
    assert answers[-1] == 429
