"""The filing form, from the first look to the receipt."""

import io
import re
import uuid

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from grievances.choices import Status
from grievances.models import Category, Grievance
from orgs.choices import Role
from orgs.models import Household, Unit
from tests.factories import World, category, file_case, make_post, make_world, work_statements

pytestmark = pytest.mark.django_db

VOICE = b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\x82\x84webm" + bytes(200)
SENTENCE = "楼道路灯坏了，老人晚上看不见。"


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def chief(client, world) -> Client:
    client.force_login(world.chief)
    return client


def form(**fields) -> dict:
    return {"submission_id": str(uuid.uuid4()), "description": SENTENCE} | fields


def photo(name: str = "a.jpg", colour: str = "red") -> SimpleUploadedFile:
    data = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(data, "JPEG")
    return SimpleUploadedFile(name, data.getvalue(), content_type="image/jpeg")


def test_the_form_offers_the_own_doors_and_demands_no_field(chief, world):
    page = chief.get("/report/").content.decode()
    assert "1栋1单元101" in page
    assert page.count("必填") == 0
    assert re.search(r'name="submission_id" value="[0-9a-f-]{36}"', page)
    assert 'name="photos"' in page
    assert "multiple" in page


def test_one_sentence_is_enough(chief, world):
    response = chief.post("/report/", form())
    case = Grievance.objects.get()
    assert response.url == reverse("receipt", args=[case.number])
    assert (case.status, case.description, case.unit) == (Status.REPORTED, SENTENCE, world.units["neighbourhood"])
    assert case.filed_by == world.chief


def test_everything_filled_in(chief, world):
    kind = category()
    given = form(
        household=world.household.pk,
        category=kind.pk,
        urgency="24h",
        place="三楼",
        contact_name="李大爷",
        contact_phone="１３９ 1234 5678",
        photos=[photo(), photo("b.png", "blue")],
    )
    assert chief.post("/report/", given).status_code == 302
    case = Grievance.objects.get()
    assert (case.household, case.category, case.urgency, case.place) == (world.household, kind, "24h", "三楼")
    assert case.contact.phone == "13912345678"
    assert case.attachments.count() == 2


def test_solved_on_the_spot_needs_what_was_done(chief):
    given = form(solved="on")
    response = chief.post("/report/", given)
    assert response.status_code == 422
    assert SENTENCE in response.content.decode()
    response = chief.post("/report/", given | {"solved_result": "换了灯泡"})
    case = Grievance.objects.get()
    assert (case.status, case.result) == (Status.RESOLVED, "换了灯泡")


def test_what_was_done_counts_only_with_the_tick(chief):
    chief.post("/report/", form(solved_result="换了灯泡"))
    assert Grievance.objects.get().status == Status.REPORTED


def test_sending_twice_files_once(chief):
    given = form()
    first, second = chief.post("/report/", given), chief.post("/report/", given)
    assert first.url == second.url
    assert Grievance.objects.count() == 1


def test_a_used_form_with_other_words_is_kept_and_can_be_sent_as_another_case(chief):
    given = form()
    chief.post("/report/", given)
    response = chief.post("/report/", given | {"description": "下水道堵了。"})
    assert response.status_code == 409
    page = response.content.decode()
    assert "下水道堵了。" in page
    assert Grievance.objects.get().number in page
    fresh = re.search(r'name="submission_id" value="([0-9a-f-]{36})"', page).group(1)
    assert fresh != given["submission_id"]
    assert chief.post("/report/", given | {"description": "下水道堵了。", "submission_id": fresh}).status_code == 302
    assert Grievance.objects.count() == 2


def test_somebody_elses_submission_id_is_refused_and_nothing_is_lost(chief, world):
    theirs = file_case(world, by=world.second_chief, unit=world.units["second_neighbourhood"])
    response = chief.post("/report/", form(submission_id=str(theirs.submission_id)))
    assert response.status_code == 409
    assert SENTENCE in response.content.decode()
    assert theirs.number not in response.content.decode()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"description": ""}, "description"),
        ({"description": "   "}, "description"),
        ({"description": "坏\x00了"}, "description"),
        ({"description": "长" * 5001}, "description"),
        ({"category": "999999"}, "category"),
        ({"category": "\x00"}, "category"),
        ({"urgency": "now"}, "urgency"),
        ({"household": "x' OR 1=1"}, "household"),
        ({"unit": "999999999999999999999999"}, "unit"),
        ({"contact_phone": "12345"}, "contact_phone"),
        ({"contact_name": "\x00"}, "contact_name"),
        ({"place": "x" * 121}, "place"),
        ({"solved": "on", "solved_result": "\x00"}, "solved_result"),
        ({"submission_id": "not-a-uuid"}, "__all__"),
        ({"submission_id": ""}, "__all__"),
    ],
)
def test_wrong_input_is_named_and_the_rest_is_kept(chief, wrong, field):
    response = chief.post("/report/", form(place="三楼东") | wrong)
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {field}
    assert (SENTENCE if field != "description" else "三楼东") in response.content.decode()
    assert not Grievance.objects.exists()


def test_another_neighbourhoods_household_and_unit_are_unknown(chief, world):
    theirs = Household.objects.create(unit=world.units["second_neighbourhood"], label="9栋")
    response = chief.post("/report/", form(household=theirs.pk))
    assert set(response.context["form"].errors) == {"household"}
    response = chief.post("/report/", form(unit=world.units["other_neighbourhood"].pk))
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {"unit"}
    assert "不是您的" in response.content.decode() or "不在您" in response.content.decode()


def test_a_text_file_is_no_photo_and_photos_must_be_chosen_again(chief):
    fake = SimpleUploadedFile("a.jpg", b"hello", content_type="image/jpeg")
    response = chief.post("/report/", form(photos=[fake]))
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {"photos"}
    page = response.content.decode()
    assert "请重新选择照片" in page
    assert SENTENCE in page


def test_dangers_ask_for_a_photo_once_and_do_not_insist(chief):
    kind = Category.objects.filter(photo_required=True, parent__isnull=False).first()
    assert chief.post("/report/", form(category=kind.pk, photos=[photo()])).status_code == 302
    response = chief.post("/report/", form(category=kind.pk, description="又一处危险"))
    assert set(response.context["form"].errors) == {"photos"}
    asked = re.search(r'name="no_photo" value="(.)"', response.content.decode())
    again = chief.post("/report/", form(category=kind.pk, description="又一处危险", no_photo=asked[1]))
    assert again.status_code == 302
    assert Grievance.objects.count() == 2


def test_a_photo_or_a_voice_note_needs_no_words(chief, world):
    assert chief.post("/report/", form(description="", photos=[photo()])).status_code == 302
    assert Grievance.objects.get().description == "见照片。"
    spoken = SimpleUploadedFile("a", VOICE, content_type="audio/webm")
    assert chief.post("/report/", form(description="", voice=spoken)).status_code == 302
    case = Grievance.objects.order_by("pk").last()
    note = case.voices.get()
    assert (note.format, note.size) == ("webm", len(VOICE))
    assert f"/voices/{note.uuid}/" in chief.get(case.get_absolute_url()).content.decode()
    response = chief.post("/report/", form(description=""))
    assert set(response.context["form"].errors) == {"description"}


def test_a_voice_note_is_told_by_its_bytes(chief):
    fake = SimpleUploadedFile("a.webm", b"<script>alert(1)</script>", content_type="audio/webm")
    response = chief.post("/report/", form(voice=fake))
    assert set(response.context["form"].errors) == {"voice"}
    assert not Grievance.objects.exists()


def test_a_voice_note_too_large_is_refused(chief, settings):
    settings.VOICE_MAX_BYTES = len(VOICE) - 1
    response = chief.post("/report/", form(voice=SimpleUploadedFile("a.webm", VOICE)))
    assert set(response.context["form"].errors) == {"voice"}


def test_a_voice_note_is_played_only_to_who_may_see_the_case(chief, client, world):
    chief.post("/report/", form(voice=SimpleUploadedFile("a.webm", VOICE)))
    address = f"/voices/{Grievance.objects.get().voices.get().uuid}/"
    whole = chief.get(address)
    assert (whole["Content-Type"], whole["X-Content-Type-Options"], whole.content) == ("audio/webm", "nosniff", VOICE)
    part = chief.get(address, headers={"Range": "bytes=4-9"})
    assert (part.status_code, part.content) == (206, VOICE[4:10])
    assert part["Content-Range"] == f"bytes 4-9/{len(VOICE)}"
    assert chief.get(address, headers={"Range": f"bytes={len(VOICE)}-"}).status_code == 416
    client.force_login(world.others["chief"])
    assert client.get(address).status_code == 404


def test_leaders_and_staff_choose_the_place_among_their_own(client, world):
    client.force_login(world.group_leader)
    offered = [int(pk) for pk, _label in client.get("/report/").context["form"]["unit"].field.choices]
    assert offered == [world.units[key].pk for key in ("group", "neighbourhood", "second_neighbourhood")]
    unit = world.units["second_neighbourhood"]
    assert client.post("/report/", form(unit=unit.pk)).status_code == 302
    assert Grievance.objects.get().unit == unit
    response = client.post("/report/", form(unit=world.units["other_neighbourhood"].pk))
    assert response.status_code == 422


@pytest.mark.parametrize("role", ["handler", "official", "supervisor"])
def test_who_does_not_file_is_told_so(client, world, role):
    client.force_login(world.users[role])
    for response in (client.get("/report/"), client.post("/report/", form())):
        assert response.status_code == 403
        assert "邻长" in response.content.decode()
    assert not Grievance.objects.exists()


def test_without_a_csrf_token_nothing_is_filed(world):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(world.chief)
    assert strict.post("/report/", form()).status_code == 403
    assert not Grievance.objects.exists()


def test_the_receipt_says_where_it_is_and_hands_over_the_link(chief, world):
    case = file_case(world)
    page = chief.get(f"/report/{case.number}/").content.decode()
    assert case.number in page
    assert "第一组" in page
    assert f"/r/{case.token}/" in page
    assert "data:image/svg+xml" in page


@pytest.mark.parametrize("role", ["handler", "street", "second_chief", "official"])
def test_the_link_is_handed_over_by_filer_and_chief_alone(client, world, role):
    case = file_case(world)
    client.force_login(world.users[role])
    assert client.get(f"/report/{case.number}/").status_code == 404
    assert case.token not in client.get(f"/cases/{case.number}/answer/").content.decode()


def test_statements_of_one_filing_request(chief, world):
    given = form(household=world.household.pk, category=category().pk, contact_phone="13912345678")
    with CaptureQueriesContext(connection) as queries:
        assert chief.post("/report/", given).status_code == 302
    # Session, person, posts, doors and categories for the form; the rest is the filing itself.
    assert len(work_statements(queries)) <= 12, work_statements(queries)


# Sent a moment ago


def test_the_same_words_from_another_form_are_asked_about_before_a_second_case(chief):
    chief.post("/report/", form())
    first = Grievance.objects.get()
    again = form()
    response = chief.post("/report/", again)
    page = response.content.decode()
    assert response.status_code == 409
    assert SENTENCE in page
    assert f'<a href="{first.get_absolute_url()}">{first.number}</a>' in page
    assert f'name="again" value="{first.number}"' in page
    assert Grievance.objects.count() == 1
    assert chief.post("/report/", again | {"again": first.number}).status_code == 302
    assert Grievance.objects.count() == 2
    # A step back to that form brings the consent back too; it was for the first case only.
    assert chief.post("/report/", form(again=first.number)).status_code == 409


@pytest.mark.parametrize("other", [{"description": "下水道堵了。"}, {"household": "yes"}])
def test_another_report_is_not_asked_about(chief, world, other):
    chief.post("/report/", form())
    given = {"household": world.household.pk} if "household" in other else other
    assert chief.post("/report/", form(**given)).status_code == 302
    assert Grievance.objects.count() == 2


def test_the_note_of_the_last_report_is_sealed_and_lapses(chief):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        cookie = chief.post("/report/", form()).cookies["lately"]
        assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", 1800)
        assert SENTENCE not in cookie.value
        clock.shift(1801)
        assert chief.post("/report/", form()).status_code == 302
    chief.cookies["lately"] = "made|up|LJ1"
    assert chief.post("/report/", form()).status_code == 302


# Who files from above the street


def test_the_hotline_chooses_the_place_and_is_not_offered_solved_on_the_spot(client, world):
    client.force_login(make_post(Role.OPERATOR, unit=world.units["district"]).user)
    page = client.get("/report/")
    shown = page.context["form"]
    levels = {str(unit.pk): unit.level for unit in Unit.objects.all()}
    values = [value for value, _label in shown.fields["unit"].choices]
    assert values[0] == ""
    assert {levels[value] for value in values[1:]} <= {"street", "community"}
    assert values[1:]
    assert "solved" not in shown.fields
    html = page.content.decode()
    assert html.index('name="unit"') < html.index("filing__hint")
    response = client.post("/report/", form())
    assert response.status_code == 422
    assert "unit" in response.context["form"].errors
    district = world.units["district"].pk
    assert client.post("/report/", form(unit=district)).status_code == 422
    assert client.post("/report/", form(unit=world.units["street"].pk)).status_code == 302


def test_the_street_files_at_its_own_place_without_choosing(client, world):
    client.force_login(world.street)
    shown = client.get("/report/").context["form"]
    assert shown.fields["unit"].initial == str(world.units["street"].pk)
    assert not shown.fields["unit"].required
    assert "solved" in shown.fields
