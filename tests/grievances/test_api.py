"""Reading cases over HTTP and acting on them."""

import json
import uuid

import pytest
from django.test import Client

from grievances.choices import Status
from grievances.models import Attachment, Grievance
from grievances.services.verbs import FIELDS
from orgs.models import Contact, ContactReveal, Household, Post
from tests.factories import file_case, make_world, reason
from tests.grievances.api_client import act, api, assert_error, picture

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world()


def test_a_case_in_full(world):
    case = file_case(
        world, contact_name="王芳", contact_phone="13811112222", photos=[picture()], household=world.household
    )
    body = api(world.chief).get(f"/api/v1/cases/{case.number}/").json()
    assert (body["description"], body["version"], body["filed_by"]) == (case.description, 1, "chief")
    assert body["contact"] == {"name": "王*", "phone": "138****2222"}
    assert [event["action"] for event in body["timeline"]] == ["discover", "report"]
    assert body["timeline"][1]["text"] == "Reported to 第一组"
    assert body["place_name"].startswith("花戏楼街道")
    assert body["due_at"]
    (photo,) = body["photos"]
    shown = api(world.chief).get(photo["thumbnail_url"])
    assert (shown["Content-Type"], b"".join(shown.streaming_content)[:2]) == ("image/jpeg", b"\xff\xd8")
    assert "13811112222" not in json.dumps(body)


def test_actions_say_what_is_open_and_why_not(world):
    case = file_case(world)
    actions = {
        one["action"]: one for one in api(world.community).get(f"/api/v1/cases/{case.number}/").json()["actions"]
    }
    assert actions["assign"] == {
        "action": "assign",
        "name": "Assign",
        "allowed": True,
        "reason": "",
        "fields": ["agency", "co_agencies", "note"],
        "required": ["agency"],
    }
    assert "acknowledge" not in actions
    act(world.street, case, "assign", agency=world.agency.pk)
    act(world.handler, case, "acknowledge")
    steps = {one["action"]: one for one in api(world.street).get(f"/api/v1/cases/{case.number}/").json()["actions"]}
    assert steps["grant_extension"]["allowed"] is False
    assert steps["grant_extension"]["reason"]


def test_messages_follow_the_language_of_the_reader(world):
    file_case(world)
    english = api(world.group_leader).get("/api/v1/messages/").json()["results"]
    chinese = api(world.group_leader, **{"Accept-Language": "zh-hans"}).get("/api/v1/messages/").json()["results"]
    assert "was reported to you" in english[0]["text"]
    assert english[0]["text"] != chinese[0]["text"]


def test_the_five_steps_over_http(world):
    number = api(world.chief).post("/api/v1/cases/", {"description": "路灯不亮"}, format="json").json()["number"]
    case = Grievance.objects.get(number=number)
    given = act(
        world.street, case, "assign", agency=world.agency.pk, co_agencies=[world.second_agency.pk] * 2, version=1
    )
    assert given.status_code == 200, given.content
    assert (given.json()["status"], given.json()["version"]) == ("ASSIGNED", 2)
    assert act(world.handler, case, "acknowledge", version=2).json()["status"] == "IN_PROGRESS"
    done = api(world.handler).post(
        f"/api/v1/cases/{number}/actions/resolve/", {"result": "换了灯泡", "photos": [picture()]}, format="multipart"
    )
    assert done.json()["status"] == "RESOLVED", done.content
    assert len(done.json()["photos"]) == 1
    assert_error(act(world.handler, case, "feedback", rating=5), 403, "not_allowed")
    closed = act(world.chief, case, "feedback", rating=5, comment="谢谢").json()
    assert (closed["status"], closed["rating"], closed["confirmation"]) == ("CLOSED", 5, "told")
    assert [one["action"] for one in closed["timeline"]][-1] == "feedback"


def test_a_case_handed_back_leaves_the_agencys_sight(world):
    case = file_case(world)
    act(world.street, case, "assign", agency=world.agency.pk)
    why = reason("return").code
    assert act(world.handler, case, "return", reason=why).status_code == 204
    assert api(world.handler).get(f"/api/v1/cases/{case.number}/").status_code == 404


def test_a_stale_version_is_a_conflict_that_says_where_the_case_is(world):
    case = file_case(world)
    act(world.street, case, "comment", note="看过了")
    body = assert_error(act(world.street, case, "assign", agency=world.agency.pk, version=1), 409, "stale")
    assert body["current_version"] == 2
    case.refresh_from_db()
    assert case.status == Status.REPORTED


def test_bad_steps(world):
    for action, given, status, code, field in [
        ("assign", {}, 400, "invalid", "agency"),
        ("assign", {"agency": None}, 400, "invalid", "agency"),
        ("assign", {"agency": "x"}, 400, "invalid", "agency"),
        ("assign", {"agency": 999_999}, 400, "invalid", "agency"),
        ("assign", {"agency": 1, "version": "x"}, 400, "invalid", "version"),
        ("assign", {"agency": 1, "co_agencies": [999_999]}, 400, "invalid", None),
        ("reject", {"reason": "no-such"}, 400, "invalid", "reason"),
        ("reject", {"reason": ""}, 400, "invalid", "reason"),
        ("refer_down", {"unit": 999_999}, 400, "invalid", "unit"),
        ("merge", {"into": "LJ-none"}, 400, "invalid", "into"),
        ("classify", {"category": "ZZ"}, 400, "invalid", "category"),
        ("comment", {"note": " "}, 400, "invalid", "note"),
        ("add_photo", {}, 400, "invalid", "photos"),
        ("acknowledge", {}, 409, "step_not_open", None),
        ("feedback", {"rating": 5}, 409, "step_not_open", None),
        ("resume", {}, 409, "step_not_open", None),
        ("explode", {}, 404, "not_found", None),
        ("escalate", {}, 404, "not_found", None),
        ("rate_later", {"rating": 5}, 404, "not_found", None),
    ]:
        case = file_case(world)
        before = Grievance.objects.values().get(pk=case.pk)
        response = act(world.street, case, action, **given)
        if field is None and status == 400:
            assert response.status_code == 400
        else:
            assert_error(response, status, code, field)
        assert Grievance.objects.values().get(pk=case.pk) == before


def test_agencies_of_another_place_are_not_given_cases(world):
    case = file_case(world)
    elsewhere = world.others["handler"].posts.get().agency
    assert_error(act(world.street, case, "assign", agency=elsewhere.pk), 400, "invalid", "agency")
    assert_error(act(world.street, case, "refer_down", unit=world.units["other_group"].pk), 400, "invalid", "unit")
    assert_error(act(world.street, case, "merge", into=case.number), 400, "invalid", "into")


def test_every_step_of_the_table_answers_nonsense_without_falling_over(world):
    case = file_case(world)
    nonsense = {
        "note": ["x"], "result": {}, "comment": 3, "reason": [], "agency": {}, "co_agencies": "x", "unit": [1],
        "into": {}, "category": 5, "urgency": [], "review_on": "2026-02-30", "days": 10**40, "rating": "six",
        "said_resolved": "maybe", "is_public": [], "photos": [1], "version": -1,
    }  # fmt: skip
    for action in FIELDS:
        response = act(world.street, case, action, **nonsense)
        assert 400 <= response.status_code < 500, (action, response.content)
        assert response.json()["message"]


def test_the_contact_is_shown_for_a_purpose_and_on_record(world):
    case = file_case(world, contact_name="王芳", contact_phone="13811112222")
    address = f"/api/v1/cases/{case.number}/contact/"
    assert_error(api(world.chief).post(address, {}, format="json"), 400, "invalid", "purpose")
    shown = api(world.chief).post(address, {"purpose": "约上门时间"}, format="json")
    assert shown.json() == {"name": "王芳", "phone": "13811112222"}
    assert shown["Cache-Control"] == "no-store"
    assert_error(api(world.official).post(address, {"purpose": "看看"}, format="json"), 403, "not_allowed")
    assert api(world.others["street"]).post(address, {"purpose": "x"}, format="json").status_code == 404
    assert list(ContactReveal.objects.values_list("user", "purpose", "about")) == [
        (world.chief.pk, "约上门时间", case.number)
    ]
    bare = file_case(world)
    assert (
        api(world.chief).post(f"/api/v1/cases/{bare.number}/contact/", {"purpose": "x"}, format="json").status_code
        == 404
    )


def test_an_ended_post_ends_the_api_at_once(world):
    case = file_case(world)
    client = api(world.chief)
    assert client.get(f"/api/v1/cases/{case.number}/").status_code == 200
    Post.objects.filter(user=world.chief).update(until="2026-01-02")
    assert client.get(f"/api/v1/cases/{case.number}/").status_code == 404
    assert client.get("/api/v1/cases/").json()["results"] == []
    assert client.get("/api/v1/me/").json()["posts"] == []
    response = client.post("/api/v1/cases/", {"description": "x"}, format="json")
    assert response.status_code in (400, 403)


def test_the_session_of_the_pages_works_with_its_csrf_token_only(world):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(world.chief, backend="django.contrib.auth.backends.ModelBackend")
    assert browser.get("/api/v1/cases/").status_code == 200
    refused = browser.post("/api/v1/cases/", {"description": "x"}, content_type="application/json")
    assert_error(refused, 403, "permission_denied")
    browser.cookies["csrftoken"] = "a" * 32
    sent = browser.post(
        "/api/v1/cases/", {"description": "x"}, content_type="application/json", headers={"X-CSRFToken": "a" * 32}
    )
    assert sent.status_code == 201


def test_households_and_contacts_stay_masked(world):
    world.household.contact = Contact.objects.create(name="王芳", phone="13811112222")
    world.household.save()
    elsewhere = Household.objects.create(unit=world.units["other_neighbourhood"], label="9栋")
    (one,) = api(world.chief).get("/api/v1/households/").json()["results"]
    assert (one["label"], one["contact_phone"]) == ("1栋1单元101", "138****2222")
    assert elsewhere.pk != one["id"]


def test_photos_of_other_areas_are_not_found(world):
    file_case(world, photos=[picture()])
    address = f"/api/v1/photos/{Attachment.objects.get().uuid}/small/"
    shown = api(world.street).get(address)
    assert b"".join(shown.streaming_content)
    assert api(world.others["street"]).get(address).status_code == 404
    assert api(world.street).get(address.replace("small", "huge")).status_code == 404
    assert api(world.street).get(f"/api/v1/photos/{uuid.uuid4()}/small/").status_code == 404
    assert api().get(address).status_code == 401


def test_what_is_not_found_is_said_in_the_readers_language(world):
    api_of = api(world.street, **{"Accept-Language": "zh-hans"})
    answer = api_of.get("/api/v1/cases/LJ20260101-00001/").json()
    assert answer["code"] == "not_found"
    assert "Grievance" not in answer["message"]
    assert not answer["message"].isascii()
