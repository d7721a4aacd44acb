"""Every address × every role: what answers, what is refused, what is not there. An address that is not listed fails."""

import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from PIL import Image

from grievances.choices import Action
from grievances.models import Grievance
from orgs.choices import Role
from orgs.models import Agency, User
from tests.factories import World, file_case, make_post, make_user, make_world
from tests.grievances.scenes import do

pytestmark = pytest.mark.django_db

EVERYBODY_OF_OURS = (
    "chief", "group_leader", "zone_leader", "community", "street", "handler", "supervisor", "official", "operator",
    "city_official",
)  # fmt: skip
STRANGERS = ("second_chief", "second_handler", "other street", "other chief", "other handler", "other official")
POSTLESS = "nobody"
PEOPLE = (*EVERYBODY_OF_OURS, *STRANGERS, POSTLESS)
ADMINISTRATORS = ("system_admin", "security_admin", "audit_admin")

# GET by people who are signed in. 200 unless said otherwise; "anybody" needs no account at all.
OPEN = {
    "home",
    "cases",
    "inbox",
    "messages",
    "change_password",
    "outbox",
    "notices",
    "exports",
    "exports_progress",
    "cases_export",
}
ANYBODY = {
    "healthz", "sign_in", "resident", "resident_photo", "door", "door_receipt", "near", "near_photo",
    "manifest", "service_worker", "offline", "outbox_who",
}  # fmt: skip
POST_ONLY = {"set_language": 302, "sign_out": 302, "messages_read": 302, "elder": 302, "start_from": 302}
# Posted to without an account, through a link or a code.
BY_LINK = {"resident_me_too", "resident_photos"}
# About one case of ours: seen by whoever may see the case, not found by everybody else.
ABOUT_THE_CASE = {"case", "case_action", "photo"}
FILERS = {
    "chief", "group_leader", "zone_leader", "community", "street", "operator", "second_chief", "other street",
    "other chief",
}  # fmt: skip
# Who reads figures at all; a unit outside their own is then not found, while the rest is refused.
FIGURES_OF_THE_STREET = {"street", "supervisor", "official", "city_official"}
FIGURES_ELSEWHERE = {"group_leader", "zone_leader", "community", "other street", "other official"}
# Addresses whose own tests walk through every role.
COVERED_ELSEWHERE = {
    "report", "receipt", "answer", "contact", "households", "household", "household_add", "dashboard",
    "unit_dashboard", "counted_cases", "unit_peers", "dashboard_panel", "dashboard_picture", "dashboard_export",
    "join", "voice", "codes", "codes_overview", "codes_renew",
    "notice", "notice_write", "notice_withdraw", "letter", "bulletin", "counted_cases_export",
    "export_download", "export_cancel", "unit_map", "unit_map_areas", "unit_map_cases", "screen", "screen_now",
    "pool", "cluster", "cluster_action",
}  # fmt: skip


def page_names(patterns=None, prefix: str = "") -> set[str]:
    """Return the names of every address outside the desk and the API."""
    names = set()
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        here = prefix + str(pattern.pattern)
        if here.startswith(("desk/", "api/")):
            continue
        if isinstance(pattern, URLResolver):
            names |= page_names(pattern.url_patterns, here)
        elif isinstance(pattern, URLPattern):
            names.add(pattern.name)
    return names


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def case(world) -> Grievance:
    case = file_case(world, photos=[picture("green")], household=world.household)
    return do(world, case, Action.ASSIGN, world.community)


def picture(colour: str) -> SimpleUploadedFile:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(buffer, "PNG")
    return SimpleUploadedFile("x.png", buffer.getvalue())


def person(world: World, name: str) -> User:
    if name == POSTLESS:
        return make_user("无职")
    if name in ADMINISTRATORS:
        return make_post(Role(name), unit=world.units["city"]).user
    return world.others[name.removeprefix("other ")] if name.startswith("other ") else world.users[name]


def arguments(world: World, case: Grievance, name: str) -> dict:
    photo = case.attachments.get()
    return {
        "case": {"number": case.number},
        "case_action": {"number": case.number, "action": "comment"},
        "receipt": {"number": case.number},
        "answer": {"number": case.number},
        "contact": {"number": case.number},
        "join": {"number": case.number},
        "voice": {"uuid": photo.uuid},
        "photo": {"uuid": photo.uuid, "size": "small"},
        "cluster": {"pk": 1},
        "cluster_action": {"pk": 1, "action": "confirm"},
        "resident": {"token": case.token},
        "resident_photo": {"token": case.token, "uuid": photo.uuid, "size": "small"},
        "household": {"pk": world.household.pk},
        "household_add": {"unit": world.units["neighbourhood"].pk},
        "unit_dashboard": {"unit_id": world.units["street"].pk},
        "counted_cases": {"unit_id": world.units["street"].pk},
        "dashboard_panel": {"unit_id": world.units["street"].pk, "name": "funnel"},
        "dashboard_picture": {"unit_id": world.units["street"].pk, "name": "parts"},
        "dashboard_export": {"unit_id": world.units["street"].pk, "kind": "xlsx"},
        "counted_cases_export": {"unit_id": world.units["street"].pk},
        "bulletin": {"unit_id": world.units["street"].pk},
        "letter": {"number": case.number, "kind": "assignment"},
        "export_download": {"pk": 1},
        "export_cancel": {"pk": 1},
        "notice": {"pk": 1},
        "notice_withdraw": {"pk": 1},
        "unit_map": {"unit_id": world.units["street"].pk},
        "unit_map_areas": {"unit_id": world.units["street"].pk},
        "unit_map_cases": {"unit_id": world.units["street"].pk},
        "screen": {"unit_id": world.units["street"].pk},
        "screen_now": {"unit_id": world.units["street"].pk},
        "unit_peers": {"unit_id": world.units["street"].pk},
        "codes": {"unit_id": world.units["community"].pk},
        "codes_renew": {"unit_id": world.units["neighbourhood"].pk},
    }.get(name, {})


def resolved_photo(world: World, case: Grievance) -> None:
    """Have the agency resolve the case with a photo, which the household may see."""
    case = do(world, case, Action.ACKNOWLEDGE, world.handler)
    case.attachments.all().delete()
    do(world, case, Action.RESOLVE, world.handler, photos=[picture("blue")])


def status(answer) -> int:
    """Return the answer's status; a photo is read to its end, which closes its file."""
    if answer.streaming:
        assert b"".join(answer.streaming_content)
    return answer.status_code


def get(world: World, case: Grievance, name: str, who: str) -> int:
    client = Client()
    client.force_login(person(world, who), backend="django.contrib.auth.backends.ModelBackend")
    answer = client.get(reverse(name, kwargs=arguments(world, case, name)), follow=name in OPEN)
    return status(answer)


def test_every_address_is_listed():
    listed = OPEN | ANYBODY | set(POST_ONLY) | BY_LINK | ABOUT_THE_CASE | COVERED_ELSEWHERE
    assert page_names() == listed


@pytest.mark.parametrize("name", sorted(page_names() - ANYBODY - BY_LINK - set(POST_ONLY)))
def test_without_an_account_one_is_asked_to_sign_in(world, case, name):
    answer = Client().get(reverse(name, kwargs=arguments(world, case, name)))
    assert answer.status_code == 302
    assert re.match(r"/sign-in/\?next=", answer["Location"])


@pytest.mark.parametrize("name", sorted(OPEN))
@pytest.mark.parametrize("who", [*PEOPLE, *ADMINISTRATORS])
def test_pages_everybody_has(world, case, name, who):
    assert get(world, case, name, who) == 200


@pytest.mark.parametrize("name", sorted(ABOUT_THE_CASE))
@pytest.mark.parametrize("who", [*PEOPLE, *ADMINISTRATORS])
def test_a_case_is_there_for_its_people_and_not_found_by_anybody_else(world, case, name, who):
    assert get(world, case, name, who) == (200 if who in EVERYBODY_OF_OURS else 404)


@pytest.mark.parametrize("who", [*PEOPLE, *ADMINISTRATORS])
def test_the_filing_form_is_for_those_who_file(world, case, who):
    assert get(world, case, "report", who) == (200 if who in FILERS else 403)


@pytest.mark.parametrize(
    "name", ["unit_dashboard", "counted_cases", "dashboard_panel", "dashboard_picture", "dashboard_export"]
)
@pytest.mark.parametrize("who", [*PEOPLE, *ADMINISTRATORS])
def test_figures_are_for_officials_staff_and_leaders_of_that_unit(world, case, name, who):
    expected = 200 if who in FIGURES_OF_THE_STREET else 404 if who in FIGURES_ELSEWHERE else 403
    url = reverse(name, kwargs=arguments(world, case, name)) + "?measure=accepted&side=numerator"
    client = Client()
    client.force_login(person(world, who), backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(url).status_code == expected


@pytest.mark.parametrize("name", sorted(POST_ONLY))
def test_what_changes_something_takes_no_get(world, name):
    client = Client()
    client.force_login(world.chief, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(reverse(name)).status_code in (302, 405)
    assert client.post(reverse(name)).status_code == POST_ONLY[name]


@pytest.mark.parametrize("name", ["resident", "resident_photo"])
def test_the_link_of_a_case_needs_no_account_and_a_guess_finds_nothing(world, case, name):
    resolved_photo(world, case)
    given = arguments(world, case, name)
    answer = Client().get(reverse(name, kwargs=given))
    assert status(answer) == 200
    assert Client().get(reverse(name, kwargs=given | {"token": "A" * 22})).status_code == 404


@pytest.mark.parametrize("who", STRANGERS)
def test_another_unit_s_case_cannot_be_acted_on(world, case, who):
    client = Client()
    client.force_login(person(world, who), backend="django.contrib.auth.backends.ModelBackend")
    version, events = case.version, case.events.count()
    for action in Action:
        url = reverse("case_action", kwargs={"number": case.number, "action": action.value})
        answer = client.post(url, {"version": version, "note": "x", "agency": Agency.objects.first().pk})
        # Next door's chief hears of the case and may have it too, which asks for more than this.
        next_door = who == "second_chief" and action == Action.JOIN
        assert answer.status_code == (422 if next_door else 404), action
    assert case.events.count() == events
