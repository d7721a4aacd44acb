"""What the server gives phones without a network: manifest, worker, who is signed in, steps sent twice."""

import json
import uuid

import pytest

from grievances.choices import Action, Status
from grievances.models import Grievance
from grievances.services.filing import resolve_on_spot
from linjiang.common.clock import now
from tests.factories import World, file_case, make_world
from tests.grievances.api_client import api

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def test_the_worker_may_serve_the_whole_site_and_is_asked_for_anew(client):
    response = client.get("/sw.js")
    assert response["Service-Worker-Allowed"] == "/"
    assert "no-cache" in response["Cache-Control"]
    assert response["Content-Type"].startswith("text/javascript")
    head = response.content.decode().splitlines()[0]
    shell = json.loads(head.removeprefix("self.ljShell = ").removesuffix(";"))
    assert len(shell["version"]) == 16
    assert any("js/filing" in path for path in shell["shell"])


def test_the_version_changes_with_a_file(monkeypatch):
    from grievances.views import offline

    before = offline._version.__wrapped__()
    read = offline._read
    monkeypatch.setattr(offline, "_read", lambda path: read(path) + ("x" if path == "js/filing.js" else ""))
    assert offline._version.__wrapped__() != before


def test_the_manifest_names_its_icons(client):
    manifest = json.loads(client.get("/manifest.webmanifest").content)
    assert manifest["start_url"] == "/"
    assert {icon["sizes"] for icon in manifest["icons"]} == {"192x192", "512x512"}
    assert "maskable" in {icon["purpose"] for icon in manifest["icons"]}


def test_pages_without_a_network_belong_to_nobody(client):
    response = client.get("/offline/")
    assert response.status_code == 200
    assert "data-user" not in response.content.decode()


def test_who_says_who_is_signed_in(client, world):
    assert client.get("/outbox/who/").json()["user"] is None
    client.force_login(world.chief)
    response = client.get("/outbox/who/")
    assert response.json()["user"] == world.chief.pk
    assert response.json()["csrf"]
    assert "no-store" in response["Cache-Control"]
    assert client.get("/outbox/").status_code == 200


def test_a_remark_sent_twice_stands_once(world):
    case = file_case(world)
    given = {"submission_id": str(uuid.uuid4()), "note": "还在漏水", "version": case.version}
    url = f"/api/v1/cases/{case.number}/actions/comment/"
    for _ in range(2):
        assert api(world.chief).post(url, given, format="json").status_code == 200
    assert case.events.filter(action=Action.COMMENT).count() == 1
    other = {"submission_id": str(uuid.uuid4()), "note": "还在漏水"}
    assert api(world.chief).post(url, other, format="json").status_code == 200
    assert case.events.filter(action=Action.COMMENT).count() == 2


def test_a_household_s_answer_sent_twice_stands_once(world):
    case = file_case(world, keep_as_draft=True)
    resolve_on_spot(actor=world.chief, grievance=case, result="修好了", now=now())
    given = {"submission_id": str(uuid.uuid4()), "rating": 5, "said_resolved": "yes"}
    url = f"/api/v1/cases/{case.number}/actions/feedback/"
    for _ in range(2):
        assert api(world.group_leader).post(url, given, format="multipart").status_code == 200
    assert Grievance.objects.get().status == Status.CLOSED
    assert case.feedback.count() == 1
