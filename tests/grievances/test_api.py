"""Cases over HTTP: filing, reading, acting, and the answers to bad input."""

import io
import json
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image
from rest_framework.authtoken.models import Token
from rest_framework.test import APIClient

from grievances.choices import Status
from grievances.models import Attachment, Grievance
from grievances.services.verbs import FIELDS
from linjiang.common.rest import FilingThrottle
from orgs.models import Contact, ContactReveal, Household, Post
from tests.factories import category, file_case, make_world, reason

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world()


def api(user=None, **headers) -> APIClient:
    """Return a client that signs in with a token."""
    client = APIClient(headers={"Accept-Language": "en", **headers})
    if user is not None:
        token, _made = Token.objects.get_or_create(user=user)
        client.credentials(HTTP_AUTHORIZATION=f"Token {token.key}")
    return client


def picture(name="a.jpg", colour="red") -> SimpleUploadedFile:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(buffer, "JPEG")
    return SimpleUploadedFile(name, buffer.getvalue(), "image/jpeg")


def act(user, case, action, **given):
    return api(user).post(f"/api/v1/cases/{case.number}/actions/{action}/", given, format="json")


def assert_error(response, status, code, field=None):
    assert response.status_code == status, response.content
    body = response.json()
    assert set(body) >= {"code", "message", "field", "errors"}
    assert (body["code"], body["field"]) == (code, field), body
    assert body["message"]
    return body


# Filing


def test_filing_needs_a_sentence_only(world):
    response = api(world.chief).post("/api/v1/cases/", {"description": "楼道灯坏了。晚上看不见。"}, format="json")
    assert response.status_code == 201
    body = response.json()
    case = Grievance.objects.get()
    assert (body["number"], body["title"], body["status"]) == (case.number, "楼道灯坏了", "REPORTED")
    assert body["unit"]["id"] == world.units["neighbourhood"].pk
    assert body["holder_unit"]["id"] == world.units["group"].pk
    assert body["url"] == f"http://testserver/api/v1/cases/{case.number}/"
    assert case.filed_by == world.chief
    assert case.on_behalf


def test_the_same_submission_gives_the_same_case(world):
    sent = {"description": "井盖松动", "submission_id": str(uuid.uuid4())}
    first = api(world.chief).post("/api/v1/cases/", sent, format="json")
    again = api(world.chief).post("/api/v1/cases/", sent, format="json")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["number"] == again.json()["number"]
    assert again.json()["submission_id"] == sent["submission_id"]
    assert Grievance.objects.count() == 1
    assert_error(api(world.second_chief).post("/api/v1/cases/", sent, format="json"), 409, "submission_taken")


def test_filing_with_everything_and_photos(world):
    sent = {
        "description": "路灯不亮",
        "title": "灯",
        "category": category().code,
        "urgency": "24h",
        "household": world.household.pk,
        "place": "门口",
        "lat": "33.8",
        "lon": "115.7",
        "contact_name": "王芳",
        "contact_phone": "13811112222",
        "photos": [picture(), picture("b.jpg", "blue")],
    }
    response = api(world.chief).post("/api/v1/cases/", sent, format="multipart")
    assert response.status_code == 201, response.content
    case = Grievance.objects.get()
    assert (case.urgency, case.household, case.lat, case.place, case.title) == (
        "24h",
        world.household,
        33.8,
        "门口",
        "灯",
    )
    assert (case.contact.phone, case.attachments.count(), case.on_behalf) == ("13811112222", 2, True)
    assert (response.json()["category"]["code"], response.json()["household"]["label"]) == (
        category().code,
        "1栋1单元101",
    )


def test_filing_solved_on_the_spot_or_as_a_draft(world):
    client = api(world.chief)
    solved = client.post("/api/v1/cases/", {"description": "杂物", "solved_result": "已清走"}, format="json")
    draft = client.post("/api/v1/cases/", {"description": "杂物", "keep_as_draft": True}, format="json")
    alone = client.post("/api/v1/cases/", {"description": "杂物", "on_behalf": False}, format="json")
    assert [answer.json()["status"] for answer in (solved, draft, alone)] == ["RESOLVED", "DISCOVERED", "REPORTED"]
    assert not Grievance.objects.get(number=alone.json()["number"]).on_behalf


def test_bad_filings_name_the_field(world):
    for change, field in [
        ({"description": ""}, "description"),
        ({"description": "  \n "}, "description"),
        ({"description": "长" * 5001}, "description"),
        ({"description": ["a"]}, "description"),
        ({"submission_id": "no-uuid"}, "submission_id"),
        ({"unit": "x"}, "unit"),
        ({"unit": 10**30}, "unit"),
        ({"unit": -1}, "unit"),
        ({"household": 999_999}, "household"),
        ({"category": "ZZ"}, "category"),
        ({"urgency": "now"}, "urgency"),
        ({"lat": 33.8}, "lat"),
        ({"lat": 133.8, "lon": 1}, "lat"),
        ({"lat": "NaN", "lon": 1}, "lat"),
        ({"contact_phone": "12"}, "contact_phone"),
        ({"photos": "x"}, "photos"),
        ({"keep_as_draft": "perhaps"}, "keep_as_draft"),
        ({"title": "长" * 81}, "title"),
    ]:
        response = api(world.chief).post("/api/v1/cases/", {"description": "x", **change}, format="json")
        body = assert_error(response, 400, response.json()["code"], field)
        assert body["errors"][field]
        assert not Grievance.objects.exists()


def test_first_level_categories_and_missing_photos_are_refused(world):
    top = category().parent
    assert_error(
        api(world.chief).post("/api/v1/cases/", {"description": "x", "category": top.code}, format="json"),
        400,
        "invalid",
        "category",
    )
    urgent = type(top).objects.filter(photo_required=True).first()
    assert_error(
        api(world.chief).post("/api/v1/cases/", {"description": "x", "category": urgent.code}, format="json"),
        400,
        "invalid",
        "photos",
    )


def test_what_is_no_photo_is_refused_by_content(world):
    for name in ["a.jpg", "virus.exe"]:
        fake = SimpleUploadedFile(name, b"MZ not a picture", "image/jpeg")
        response = api(world.chief).post("/api/v1/cases/", {"description": "x", "photos": [fake]}, format="multipart")
        assert_error(response, 400, "invalid", "photos")
        empty = SimpleUploadedFile(name, b"", "image/jpeg")
        response = api(world.chief).post("/api/v1/cases/", {"description": "x", "photos": [empty]}, format="multipart")
        assert_error(response, 400, "invalid", "photos")


def test_people_file_only_where_they_serve(world):
    elsewhere = {"description": "x", "unit": world.units["other_neighbourhood"].pk}
    for key in ("chief", "street", "community"):
        assert_error(api(world.users[key]).post("/api/v1/cases/", elsewhere, format="json"), 400, "invalid", "unit")
    own = {"description": "x", "unit": world.units["neighbourhood"].pk}
    for key in ("handler", "official", "supervisor"):
        response = api(world.users[key]).post("/api/v1/cases/", own, format="json")
        assert response.status_code in (400, 403)
    assert api(world.operator).post("/api/v1/cases/", own, format="json").json()["source"] == "hotline"
    assert_error(api(world.handler).post("/api/v1/cases/", {"description": "x"}, format="json"), 400, "invalid", "unit")


def test_bodies_that_are_no_filings(world):
    for body, kind, status in [
        (b"{", "application/json", 400),
        (b"[1]", "application/json", 400),
        (b"null", "application/json", 400),
        (b'{"description": "a\\u0000b"}', "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"", "application/json", 400),
        (b"a=b", "text/plain", 415),
        (b"x", "multipart/form-data", 400),
        (b"x", "multipart/form-data; boundary=y", 400),
        (b"[" * 100_000, "application/json", 400),
    ]:
        response = api(world.chief).generic("POST", "/api/v1/cases/", body, content_type=kind)
        assert response.status_code == status
        assert response.json()["message"]


def test_nul_in_a_form_is_refused(world):
    response = api(world.chief).post("/api/v1/cases/", {"description": "a\x00b"}, format="multipart")
    assert response.status_code == 400


def test_bodies_that_are_too_large(world, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    client = api(world.chief)
    assert_error(client.post("/api/v1/cases/", {"description": "x" * 2000}, format="json"), 413, "too_large")
    assert_error(client.post("/api/v1/cases/", {"description": "x" * 2000}, format="multipart"), 413, "too_large")
    settings.ATTACHMENT_MAX_BYTES = 10
    sent = {"description": "x", "photos": [picture(colour=c) for c in ("red", "blue", "green")]}
    assert_error(client.post("/api/v1/cases/", sent, format="multipart"), 413, "too_large")


def test_filing_is_throttled_per_person(world, settings, monkeypatch):
    monkeypatch.setattr(FilingThrottle, "THROTTLE_RATES", {"filing": "2/min"})
    FilingThrottle.cache.clear()
    client = api(world.chief)
    codes = [client.post("/api/v1/cases/", {"description": "x"}, format="json").status_code for _ in range(3)]
    assert codes == [201, 201, 429]
    last = client.post("/api/v1/cases/", {"description": "x"}, format="json")
    assert_error(last, 429, "throttled")
    assert int(last["Retry-After"]) > 0
    assert client.get("/api/v1/cases/").status_code == 200
    assert api(world.second_chief).post("/api/v1/cases/", {"description": "x"}, format="json").status_code == 201
    FilingThrottle.cache.clear()


def test_filing_costs_few_statements(world):
    sent = {
        "description": "路灯不亮",
        "category": category().code,
        "household": world.household.pk,
        "unit": world.units["neighbourhood"].pk,
        "submission_id": str(uuid.uuid4()),
    }
    client = api(world.chief)
    file_case(world)  # the day's first case also makes the day's base of numbers
    with CaptureQueriesContext(connection) as bare:
        assert client.post("/api/v1/cases/", {"description": "x"}, format="json").status_code == 201
    with CaptureQueriesContext(connection) as full:
        assert client.post("/api/v1/cases/", sent, format="json").status_code == 201
    statements = [query["sql"] for query in full if "SAVEPOINT" not in query["sql"]]
    bare_statements = [query["sql"] for query in bare if "SAVEPOINT" not in query["sql"]]
    assert len(bare_statements) <= 12, bare_statements
    assert len(statements) <= 12, statements


# Reading


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


# Acting: the five steps


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
