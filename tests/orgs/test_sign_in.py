"""Signing in and out, the lock after wrong tries, one's own password."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.authtoken.models import Token

from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db

SIGN_IN = "/sign-in/"


@pytest.fixture
def person():
    return make_user("王秀兰", phone="13812345678")


def send(client, phone="13812345678", password=PASSWORD, **more):
    return client.post(SIGN_IN, {"username": phone, "password": password, **more})


def signed_in(client) -> bool:
    return "_auth_user_id" in client.session


def test_phone_and_password_open_the_home_page(client, person):
    response = send(client)
    assert response.status_code == 302
    assert response.url == reverse("home")
    assert signed_in(client)


@pytest.mark.parametrize("phone", ["１３８１２３４５６７８", " 138 1234 5678 ", "+86 138-1234-5678"])
def test_a_number_may_be_typed_as_people_type_it(client, person, phone):
    assert send(client, phone).status_code == 302


def test_tries_with_full_width_digits_count_for_the_same_number(client, person):
    for phone in ["13812345678", "１３８１２３４５６７８"] * 2:
        assert send(client, phone, password="wrong").status_code == 422
    assert send(client, "138 1234 5678", password="wrong").status_code == 429
    assert send(client, "１３８１２３４５６７８").status_code == 429


def test_a_wrong_password_is_said_in_chinese_and_keeps_the_number(client, person):
    response = send(client, password="wrong")
    assert response.status_code == 422
    page = response.content.decode()
    assert "手机号或密码不对" in page
    assert 'value="13812345678"' in page
    assert "wrong" not in page
    assert not signed_in(client)


def test_a_closed_account_is_told_only_to_who_knows_its_password(client, person):
    person.is_active = False
    person.save(update_fields=["is_active"])
    assert "已停用" in send(client).content.decode()
    assert "已停用" not in send(client, password="wrong").content.decode()
    assert not signed_in(client)


def test_five_wrong_tries_lock_the_pair_for_a_quarter_of_an_hour(client, person):
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        for _try in range(4):
            assert send(client, password="wrong").status_code == 422
        response = send(client, password="wrong", next="/households/")
        assert response.status_code == 429
        page = response.content.decode()
        assert "15" in page
        assert 'value="13812345678"' in page
        assert 'value="/households/"' in page
        assert send(client).status_code == 429
        assert not signed_in(client)
    with time_machine.travel(start + timedelta(minutes=16), tick=False):
        assert send(client).status_code == 302


@pytest.mark.parametrize("phone", ["", "138\x00", "1" * 5000, "<script>alert(1)</script>", "🙂"])
def test_absurd_numbers_are_refused_politely(client, person, phone):
    response = send(client, phone)
    assert response.status_code == 422
    assert "<script>alert" not in response.content.decode()


def test_absurd_passwords_are_refused_politely(client, person):
    for password in ("", "\x00", "x" * 100_000):
        assert send(client, password=password).status_code == 422


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", SIGN_IN])
def test_next_leads_nowhere_else(client, person, target):
    assert send(client, next=target).url == reverse("home")
    assert client.get(SIGN_IN, {"next": target}).url == reverse("home")


def test_next_leads_on_inside_the_site(client, person):
    assert send(client, next="/households/?a=1").url == "/households/?a=1"


def test_signing_out_takes_a_post(client, person):
    client.force_login(person)
    assert client.get("/sign-out/").status_code == 405
    assert signed_in(client)
    assert client.post("/sign-out/").url == reverse("sign_in")
    assert not signed_in(client)


def test_pages_ask_to_sign_in_and_come_back(client):
    assert client.get("/households/").url == "/sign-in/?next=/households/"


def test_a_form_without_its_csrf_token_gets_a_page_that_says_what_to_do(person):
    response = send(Client(enforce_csrf_checks=True))
    assert response.status_code == 403
    assert "太久" in response.content.decode()


def test_the_language_is_switched_and_kept(client):
    assert 'lang="zh-Hans"' in client.get(SIGN_IN).content.decode()
    client.post(reverse("set_language"), {"language": "en", "next": SIGN_IN})
    page = client.get(SIGN_IN).content.decode()
    assert '<html lang="en">' in page
    assert "Phone number" in page


def test_changing_the_password(client, person):
    client.force_login(person)
    given = {"old_password": "no", "new_password1": "shu-mu-qiao-9", "new_password2": "shu-mu-qiao-9"}
    assert client.post("/password/", given).status_code == 422
    assert client.post("/password/", given | {"old_password": PASSWORD, "new_password2": "x"}).status_code == 422
    assert client.post("/password/", given | {"old_password": PASSWORD}).url == reverse("home")
    assert signed_in(client)
    person.refresh_from_db()
    assert person.check_password("shu-mu-qiao-9")


def test_a_new_password_ends_the_api_token(client, person):
    Token.objects.create(user=person)
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    new = "a new long one 9"
    given = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert client.post("/password/", given).status_code == 302
    assert not Token.objects.exists()
