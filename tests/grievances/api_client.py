"""Calling the API as one of the world's people."""

import io
import uuid
from datetime import timedelta

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import URLPattern, URLResolver, get_resolver
from PIL import Image
from rest_framework.authtoken.models import Token
from rest_framework.test import APIClient

from grievances.services.verbs import perform
from tests.factories import NOON, fresh

ROOT = "/api/v1/"


def api(user=None, **headers) -> APIClient:
    """Return a client that signs in with a token."""
    client = APIClient(headers={"Accept-Language": "en", **headers})
    if user is not None:
        token, _made = Token.objects.get_or_create(user=user)
        client.credentials(HTTP_AUTHORIZATION=f"Token {token.key}")
    return client


def picture(name="a.jpg", colour="red") -> SimpleUploadedFile:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(buffer, "JPEG")
    return SimpleUploadedFile(name, buffer.getvalue(), "image/jpeg")


def act(user, case, action, **given):
    return api(user).post(f"/api/v1/cases/{case.number}/actions/{action}/", given, format="json")


def assert_error(response, status, code, field=None):
    assert response.status_code == status, response.content
    body = response.json()
    assert set(body) >= {"code", "message", "field", "errors"}
    assert (body["code"], body["field"]) == (code, field), body
    assert body["message"]
    return body


def numbers(user, **params):
    response = api(user).get(f"{ROOT}cases/", params)
    assert response.status_code == 200, response.content
    return {one["number"] for one in response.json()["results"]}


def step(user, case, action, **given):
    return perform(action=action, actor=fresh(user), grievance=case, now=NOON + timedelta(hours=1), **given)


def _addresses(patterns, prefix="/"):
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _addresses(pattern.url_patterns, prefix + str(pattern.pattern))
        elif isinstance(pattern, URLPattern):
            yield prefix + str(pattern.pattern)


def api_addresses():
    """Return every address of the API as the router has it, with made-up keys filled in."""
    known = [address for address in _addresses(get_resolver().url_patterns) if address.startswith("/api/v1/")]
    for old, new in {
        "<int:pk>": "1",
        "<slug:number>": "LJ20260304-00001",
        "<slug:action>": "assign",
        "<uuid:uuid>": str(uuid.uuid4()),
        "<slug:size>": "small",
    }.items():
        known = [address.replace(old, new) for address in known]
    return known
