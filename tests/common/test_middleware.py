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
