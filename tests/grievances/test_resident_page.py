"""The household's own page, and the answer told to the chief."""

import io
import re
import uuid
from datetime import timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image

from grievances.choices import Confirmation, Standing, Status
from grievances.models import Grievance
from grievances.services.verbs import perform
from grievances.views.resident import TRIES_PER_LINK
from tests.factories import World, category, file_case, make_world, reason

pytestmark = pytest.mark.django_db

GOOD = {"rating": "5", "said_resolved": "yes", "comment": "谢谢"}
BAD = {"rating": "1", "said_resolved": "no", "comment": "还是不亮"}


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def case(world) -> Grievance:
    return handled(world, file_case(world, now=timezone.now() - timedelta(days=1), category=category()))


def photo() -> SimpleUploadedFile:
    data = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(data, "JPEG")
    return SimpleUploadedFile("a.jpg", data.getvalue())


def handled(world: World, case: Grievance) -> Grievance:
    """Bring a reported or once more assigned case to RESOLVED by the agency."""
    now = timezone.now()
    if case.status == Status.REPORTED:
        case = perform(action="assign", actor=world.street, grievance=case, now=now, agency=world.agency)
    case = perform(action="acknowledge", actor=world.handler, grievance=case, now=now)
    return perform(
        action="resolve", actor=world.handler, grievance=case, now=now, result="已更换灯泡", photos=[photo()]
    )


def address(case: Grievance) -> str:
    return f"/r/{case.token}/"


def rate(client, case, given=GOOD, **more):
    return client.post(address(case), given | {"round": case.round} | more)


def test_the_page_tells_how_it_stands_without_names_of_staff(client, world, case):
    response = client.get(address(case))
    page = response.content.decode()
    assert response.status_code == 200
    assert case.number in page
    assert "已更换灯泡" in page
    assert "花戏楼城管中队" in page
    for person in ("handler", "chief", "street"):
        assert world.users[person].name not in page.replace("pages-chief.css", "")
        assert world.users[person].phone not in page


def test_the_address_is_kept_secret(client, case):
    response = client.get(address(case))
    assert "noindex" in response["X-Robots-Tag"]
    assert response["Referrer-Policy"] == "same-origin"
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("token", ["x", "A" * 22, "a" * 5000, "%00", "..%2f"])
def test_a_wrong_address_is_not_found(client, case, token):
    assert client.get(f"/r/{token}/").status_code == 404
    assert client.post(f"/r/{token}/", GOOD).status_code == 404


def test_only_public_steps_are_shown(client, world, case):
    perform(action="record_callback", actor=world.street, grievance=case, now=timezone.now(), note="内部记录甲")
    perform(
        action="comment", actor=world.street, grievance=case, now=timezone.now(), note="内部说明乙", is_public=False
    )
    perform(action="comment", actor=world.street, grievance=case, now=timezone.now(), note="公开说明丙", is_public=True)
    page = client.get(address(case)).content.decode()
    assert "内部记录甲" not in page
    assert "内部乙" not in page
    assert "公开说明丙" in page


def test_a_good_rating_closes_the_case(client, case):
    response = rate(client, case)
    assert response.status_code == 302
    case.refresh_from_db()
    assert (case.status, case.confirmation, case.rating) == (Status.CLOSED, Confirmation.RESIDENT, 5)
    assert "谢谢" in client.get(response.url).content.decode()
    assert case.feedback.get().by == Standing.RESIDENT


def test_one_rating_per_result(client, case):
    rate(client, case)
    response = rate(client, case, BAD)
    assert response.status_code == 409
    assert "已经评价过" in response.content.decode()
    assert 'name="rating"' not in client.get(address(case)).content.decode()
    case.refresh_from_db()
    assert (case.status, case.rating, case.feedback.count()) == (Status.CLOSED, 5, 1)


def test_not_solved_has_it_done_again_and_the_new_result_can_be_rated(client, world, case):
    assert rate(client, case, BAD).status_code == 302
    assert rate(client, case, BAD).status_code == 409
    case.refresh_from_db()
    assert (case.status, case.round, case.feedback.count()) == (Status.ASSIGNED, 2, 1)
    assert "重新办理" in client.get(address(case)).content.decode()
    case = handled(world, case)
    assert rate(client, case, GOOD, round=1).status_code == 409
    assert rate(client, case).status_code == 302
    case.refresh_from_db()
    assert case.status == Status.CLOSED


def test_the_households_own_word_replaces_what_staff_wrote_down(client, world, case):
    perform(action="feedback", actor=world.chief, grievance=case, now=timezone.now(), rating=5)
    assert rate(client, case, BAD).status_code == 302
    case.refresh_from_db()
    assert (case.status, case.reopened_count) == (Status.REPORTED, 1)


def test_after_the_window_nothing_can_be_rated(client, world, case):
    perform(action="feedback", actor=world.chief, grievance=case, now=timezone.now(), rating=5)
    with time_machine.travel(timezone.now() + timedelta(days=40)):
        assert 'name="rating"' not in client.get(address(case)).content.decode()
        assert rate(client, case, BAD).status_code == 409


@pytest.mark.parametrize("status", ["REPORTED", "ASSIGNED", "WITHDRAWN", "REJECTED"])
def test_there_is_nothing_to_rate_before_a_result(client, world, status):
    case = file_case(world, now=timezone.now(), category=category())
    if status == "ASSIGNED":
        case = perform(action="assign", actor=world.street, grievance=case, now=timezone.now(), agency=world.agency)
    elif status == "WITHDRAWN":
        case = perform(
            action="withdraw", actor=world.chief, grievance=case, now=timezone.now(), reason=reason("withdraw")
        )
    elif status == "REJECTED":
        case = perform(action="reject", actor=world.street, grievance=case, now=timezone.now(), reason=reason("reject"))
    assert case.status == status
    response = client.get(address(case))
    assert response.status_code == 200
    assert 'name="rating"' not in response.content.decode()
    assert rate(client, case).status_code == 409
    assert not case.feedback.exists()


@pytest.mark.parametrize("role", ["chief", "handler", "street", "official"])
def test_staff_can_look_but_not_answer(client, world, case, role):
    client.force_login(world.users[role])
    page = client.get(address(case)).content.decode()
    assert "住户本人" in page
    assert 'name="rating"' not in page
    assert rate(client, case).status_code == 403
    case.refresh_from_db()
    assert case.status == Status.RESOLVED


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"rating": "6"}, "rating"),
        ({"rating": ""}, "rating"),
        ({"rating": "\x00"}, "rating"),
        ({"said_resolved": "maybe"}, "said_resolved"),
        ({"said_resolved": ""}, "said_resolved"),
        ({"comment": "\x00"}, "comment"),
        ({"comment": "长" * 2001}, "comment"),
        ({"round": "x"}, "round"),
        ({"round": "9" * 40}, "round"),
    ],
)
def test_wrong_input_is_named_and_kept(client, case, wrong, field):
    response = rate(client, case, GOOD | wrong) if "round" not in wrong else rate(client, case, GOOD, **wrong)
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {field}
    if field != "comment":
        assert "谢谢" in response.content.decode()
    assert not case.feedback.exists()


def test_too_many_tries_are_slowed_down_and_nothing_typed_is_lost(client, case):
    for _try in range(TRIES_PER_LINK):
        assert rate(client, case, {"rating": "", "said_resolved": "", "comment": ""}).status_code == 422
    response = rate(client, case)
    assert response.status_code == 429
    assert "谢谢" in response.content.decode()
    case.refresh_from_db()
    assert case.status == Status.RESOLVED


def test_photos_of_the_result_are_shown_those_of_the_problem_are_not(client, world):
    before = file_case(world, now=timezone.now(), photos=[SimpleUploadedFile("b.jpg", blue())])
    case = handled(world, before)
    problem, result = case.attachments.order_by("pk")
    base = f"{address(case)}photos/"
    response = client.get(f"{base}{result.uuid}/small/")
    assert response["Content-Type"] == "image/jpeg"
    assert response.getvalue()
    assert client.get(f"{base}{problem.uuid}/full/").status_code == 404
    assert client.get(f"{base}{result.uuid}/huge/").status_code == 404
    assert client.get(f"{base}{uuid.uuid4()}/small/").status_code == 404
    assert client.get(f"/r/{file_case(world, now=timezone.now()).token}/photos/{result.uuid}/small/").status_code == 404
    assert str(result.uuid) in client.get(address(case)).content.decode()


def blue() -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (40, 30), "blue").save(data, "JPEG")
    return data.getvalue()


def test_a_forged_form_is_refused(case):
    strict = Client(enforce_csrf_checks=True)
    assert rate(strict, case).status_code == 403
    page = strict.get(address(case)).content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page).group(1)
    assert rate(strict, case, csrfmiddlewaretoken=token).status_code == 302


def test_few_statements(client, world, case):
    with CaptureQueriesContext(connection) as few:
        client.get(address(case))
    for number in range(10):
        perform(action="comment", actor=world.street, grievance=case, now=timezone.now(), note=f"{number}")
    with CaptureQueriesContext(connection) as many:
        client.get(address(case))
    assert len(many) == len(few) <= 15


# The answer told to the chief


def answer(client, case, given=GOOD, **more):
    return client.post(f"/cases/{case.number}/answer/", given | {"version": case.version} | more)


def test_the_chief_writes_down_the_answer(client, world, case):
    client.force_login(world.chief)
    page = client.get(f"/cases/{case.number}/answer/").content.decode()
    assert "已更换灯泡" in page
    assert f"/r/{case.token}/" in page
    assert answer(client, case).url == case.get_absolute_url()
    case.refresh_from_db()
    assert (case.status, case.confirmation) == (Status.CLOSED, Confirmation.TOLD)


def test_an_unhappy_answer_sends_it_back(client, world, case):
    client.force_login(world.chief)
    assert answer(client, case, BAD).status_code == 302
    case.refresh_from_db()
    assert (case.status, case.reopened_count) == (Status.ASSIGNED, 1)


def test_who_handled_it_is_told_why_not(client, world, case):
    client.force_login(world.handler)
    page = client.get(f"/cases/{case.number}/answer/").content.decode()
    assert 'name="rating"' not in page
    assert case.token not in page
    assert answer(client, case).status_code == 403
    spot = file_case(world, now=timezone.now(), solved_result="换了灯泡")
    client.force_login(world.chief)
    page = client.get(f"/cases/{spot.number}/answer/").content.decode()
    assert 'name="rating"' not in page
    assert spot.token in page
    assert answer(client, spot).status_code == 403


def test_another_case_came_in_between(client, world, case):
    client.force_login(world.chief)
    response = answer(client, case, version=case.version - 1)
    assert response.status_code == 409
    assert "谢谢" in response.content.decode()
    case.refresh_from_db()
    assert case.status == Status.RESOLVED


def test_a_closed_case_takes_no_second_answer(client, world, case):
    client.force_login(world.chief)
    answer(client, case)
    case.refresh_from_db()
    assert answer(client, case, BAD).status_code == 409
    assert case.feedback.count() == 1


@pytest.mark.parametrize("wrong", [{"rating": "9"}, {"said_resolved": "x"}, {"comment": "\x00"}, {"version": "z"}])
def test_a_wrong_answer_is_named_and_kept(client, world, case, wrong):
    client.force_login(world.chief)
    response = answer(client, case, GOOD, **wrong)
    assert response.status_code == 422
    if "comment" not in wrong:
        assert "谢谢" in response.content.decode()


def test_another_units_case_is_not_found(client, world, case):
    for user in world.others.values():
        client.force_login(user)
        assert client.get(f"/cases/{case.number}/answer/").status_code == 404
        assert answer(client, case).status_code == 404


# A case joined with another


def test_a_joined_case_says_how_the_other_stands_and_no_more_of_it(client, world):
    first = file_case(world, now=timezone.now(), description="三楼张奶奶家门口漏水", household=world.household)
    second = file_case(world, now=timezone.now(), description="楼道漏水")
    perform(action="merge", actor=world.group_leader, grievance=second, now=timezone.now(), into=first)
    page = client.get(address(second)).content.decode()
    assert "那边的进展：" in page
    for hidden in (first.number, first.token, first.title, world.household.label):
        assert hidden not in page
    Grievance.objects.filter(pk=first.pk).update(status=Status.RESOLVED, result="水管已换")
    page = client.get(address(second)).content.decode()
    assert "正在请先反映的人确认" in page
    assert "水管已换" not in page
    Grievance.objects.filter(pk=first.pk).update(
        status=Status.CLOSED, confirmation=Confirmation.TOLD, closed_at=timezone.now(), resolved_at=timezone.now()
    )
    assert "水管已换" in client.get(address(second)).content.decode()
