"""Tokens, the description of the API, the language of its answers."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.management import call_command
from django.test import Client
from rest_framework.authtoken.models import Token
from rest_framework.throttling import ScopedRateThrottle

from grievances.models import Grievance
from orgs.services.system import system_user
from tests.factories import PASSWORD, make_world
from tests.grievances.api_client import ROOT, api, api_addresses, assert_error

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world()


WRONG = "wrong"


def get_token(client, phone, password=PASSWORD, **extra):
    sent = {"phone": phone, "password": password}
    return client.post(f"{ROOT}auth/token/", sent, content_type="application/json", **extra)


def test_a_token_for_phone_and_password(world):
    response = get_token(Client(), f" +86 {world.chief.phone} ")
    assert response.status_code == 200, response.content
    key = response.json()["token"]
    headers = {"Authorization": f"Token {key}"}
    assert Client(headers=headers).get(f"{ROOT}me/").json()["name"] == "chief"
    assert get_token(Client(headers={"Authorization": "Token stale"}), world.chief.phone).json()["token"] == key
    assert Client(headers=headers).delete(f"{ROOT}auth/token/").status_code == 204
    assert Client(headers=headers).get(f"{ROOT}me/").status_code == 401
    assert get_token(Client(), world.chief.phone).json()["token"] != key


def test_a_deactivated_persons_token_dies_with_the_account(world):
    client = api(world.chief)
    world.chief.is_active = False
    world.chief.save(update_fields=["is_active"])
    assert_error(client.get(f"{ROOT}me/"), 401, "authentication_failed")
    assert_error(get_token(Client(), world.chief.phone), 400, "wrong_password", "password")


def test_wrong_passwords_tell_nothing_and_lock_the_same_door_as_the_page(world):
    unknown = assert_error(get_token(Client(), "13000000000"), 400, "wrong_password", "password")
    for _again in range(4):
        known = assert_error(get_token(Client(), world.chief.phone, WRONG), 400, "wrong_password", "password")
    assert known["message"] == unknown["message"]
    assert_error(get_token(Client(), world.chief.phone, WRONG), 429, "locked_out")
    assert_error(get_token(Client(), world.chief.phone), 429, "locked_out")
    page = Client().post("/sign-in/", {"username": world.chief.phone, "password": PASSWORD})
    assert page.status_code == 429
    assert get_token(Client(), world.street.phone).status_code == 200
    assert not Token.objects.filter(user=world.chief).exists()


def test_the_system_user_has_no_way_in(world):
    system_user()
    for password in ("", "!", PASSWORD):
        assert get_token(Client(), "system", password).status_code == 400


def test_bad_token_requests():
    for body in [{}, {"phone": "1"}, {"phone": [], "password": {}}, {"phone": "1" * 41, "password": "x"}, [], "x", "{"]:
        response = Client().post(f"{ROOT}auth/token/", body, content_type="application/json")
        assert_error(response, 400, response.json()["code"], response.json()["field"])


def test_token_requests_are_throttled_by_address(world, monkeypatch):
    monkeypatch.setattr(ScopedRateThrottle, "THROTTLE_RATES", {"token": "3/min"})
    codes = [get_token(Client(), f"1300000000{number}", WRONG).status_code for number in range(4)]
    assert codes == [400, 400, 400, 429]
    assert_error(get_token(Client(), world.chief.phone), 429, "throttled")
    other = get_token(Client(), world.chief.phone, REMOTE_ADDR="10.0.0.9")
    assert other.status_code == 200


def test_the_description_is_complete_and_without_warnings(tmp_path):
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "schema.yaml"))
    text = (tmp_path / "schema.yaml").read_text("utf-8")
    for address in api_addresses():
        if "LJ2026" not in address and "photos" not in address and "units/1/" not in address:
            assert f"\n  {address}:\n" in text, address


def test_the_docs_need_a_sign_in_and_no_inline_script(world, client):
    client.force_login(world.street, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get("/api/docs/")
    assert page.status_code == 200
    assert "<script>" not in page.content.decode()
    assert "cdn" not in page.content.decode()
    script = client.get("/api/docs/?script=")
    assert script["Content-Type"].startswith("application/javascript")
    assert client.get("/api/schema/").status_code == 200


def test_errors_speak_the_readers_language(world):
    chinese = api(world.chief, **{"Accept-Language": "zh-hans"}).post(f"{ROOT}cases/", {}, format="json").json()
    english = api(world.chief).post(f"{ROOT}cases/", {}, format="json").json()
    assert chinese["field"] == english["field"] == "description"
    assert english["message"].isascii()
    assert not chinese["message"].isascii()


def test_nobody_in_particular_sees_nothing():
    assert not Grievance.objects.visible_to(AnonymousUser()).exists()
