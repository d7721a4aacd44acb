"""Pages and API while the database is out of reach."""

import pytest
from django.db import OperationalError

from grievances.models import Grievance
from tests.factories import file_case, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def broken(client, monkeypatch):
    world = make_world()
    case = file_case(world)
    client.force_login(world.chief, backend="django.contrib.auth.backends.ModelBackend")

    def away(*_args, **_kwargs):
        raise OperationalError("the server closed the connection unexpectedly")

    monkeypatch.setattr(type(Grievance.objects.all()), "visible_to", away)
    return case


def test_a_page_says_so_in_plain_words(client, broken, caplog):
    answer = client.get(f"/cases/{broken.number}/")
    assert answer.status_code == 503
    assert answer["Retry-After"] == "30"
    assert "暂时" in answer.content.decode()
    assert "closed the connection" not in answer.content.decode()
    assert "out of reach" in caplog.text


def test_the_api_answers_in_its_own_shape(client, broken):
    answer = client.get(f"/api/v1/cases/{broken.number}/")
    assert answer.status_code == 503
    assert answer.json()["code"] == "unavailable"


def test_far_too_long_a_text_is_told_in_plain_words(client, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 90_000
    world = make_world()
    client.force_login(world.chief, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.post("/report/", {"description": "长" * 40_000}, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 413
    assert "30,000" in answer.content.decode()
    assert not Grievance.objects.exists()


def test_what_cannot_be_read_for_another_reason_is_not_called_long(client):
    answer = client.post("/sign-in/", {f"field{number}": "" for number in range(2000)})
    assert answer.status_code == 400
    assert "413" not in answer.content.decode()
