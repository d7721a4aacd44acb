"""Nothing counts who signs in, how often or how long, and no page ranks people."""

import re

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model, user_logged_in
from django.urls import reverse

from orgs.models import User
from tests.factories import PASSWORD, World, file_case, make_world

pytestmark = pytest.mark.django_db

COUNTING = re.compile(r"log_?in|log_?on|sign_?in|online|last_seen|streak|check_?in|punch|attendance|rank|score|points")
# The record of wrong passwords locks guessers out; it is read by nobody's superior and counts nobody's work.
SECURITY_RECORD = {"axes"}


@pytest.fixture
def world() -> World:
    return make_world()


def test_no_column_counts_people():
    found = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label not in SECURITY_RECORD
        for field in model._meta.concrete_fields
        if COUNTING.search(field.name)
    }
    assert found == set()


def test_signing_in_writes_nothing_about_the_person(client, world):
    assert "update_last_login" not in {key[0] for key, *_rest in user_logged_in.receivers}
    before = User.objects.filter(pk=world.chief.pk).values().get()
    answer = client.post(reverse("sign_in"), {"username": world.chief.phone, "password": PASSWORD})
    assert answer.status_code == 302
    assert User.objects.filter(pk=world.chief.pk).values().get() == before
    assert get_user_model().last_login is None


@pytest.mark.parametrize("role", ["official", "street", "community", "supervisor", "city_official"])
def test_no_table_has_people_as_rows_with_numbers_beside_them(client, world, role):
    for user, unit in ((world.chief, "neighbourhood"), (world.second_chief, "second_neighbourhood")):
        file_case(world, by=user, unit=world.units[unit])
    client.force_login(world.users[role])
    people = [world.chief.name, world.second_chief.name]
    for page in _pages_of(client):
        for row in re.findall(r"<tr\b.*?</tr>", page, re.DOTALL):
            cells = [
                re.sub(r"<[^>]+>", " ", cell).strip() for cell in re.findall(r"<t[hd]\b.*?</t[hd]>", row, re.DOTALL)
            ]
            assert not (any(cell in people for cell in cells) and any(re.fullmatch(r"[\d.,]+ ?%?", c) for c in cells))


def _pages_of(client) -> list[str]:
    """Return the dashboards of the person and of every unit linked from them, and the lists of the desk."""
    todo = [reverse("dashboard"), reverse("admin:index"), reverse("admin:orgs_user_changelist")]
    seen: set[str] = set()
    pages = []
    while todo and len(seen) < 40:
        url = todo.pop(0)
        if url in seen:
            continue
        seen.add(url)
        answer = client.get(url, follow=True)
        if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
            continue  # what is refused, and files to take away: those hold the same tables
        text = answer.content.decode()
        pages.append(text)
        todo += re.findall(r'href="(/dashboard/[^"?#]*)["?#]', text)
    assert pages
    return pages
