"""Filing over HTTP: what is taken, what is refused, what it costs."""

import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from grievances.models import Grievance
from linjiang.common.rest import FilingThrottle
from tests.factories import category, file_case, make_world
from tests.grievances.api_client import api, assert_error, picture

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world()


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


def test_first_level_categories_are_refused_and_missing_photos_are_not(world):
    top = category().parent
    assert_error(
        api(world.chief).post("/api/v1/cases/", {"description": "x", "category": top.code}, format="json"),
        400,
        "invalid",
        "category",
    )
    urgent = type(top).objects.filter(photo_required=True).first()
    given = {"description": "x", "category": urgent.code}
    assert api(world.chief).post("/api/v1/cases/", given, format="json").status_code == 201


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


def test_half_a_pair_of_surrogates_is_refused(world):
    body = b'{"description": "a\\ud800b"}'
    response = api(world.chief).generic("POST", "/api/v1/cases/", body, content_type="application/json")
    assert_error(response, 400, "parse_error")


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
