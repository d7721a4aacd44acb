"""Categories and reasons at the desk: by form and as CSV."""

import io
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from grievances.models import Category, Reason
from grievances.services.defaults import dump_categories
from orgs.choices import Role
from tests.factories import NOON, make_post, make_world

pytestmark = pytest.mark.django_db

ADMINS = (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN)


@pytest.fixture
def world():
    with time_machine.travel(NOON + timedelta(hours=1), tick=False):
        made = make_world()
        for role in ADMINS:
            made.users[role] = make_post(role, unit=made.units["city"]).user
        yield made


def url(model, name="changelist", *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def upload(client, text, name="categories.csv", **given):
    file = io.BytesIO(text if isinstance(text, bytes) else text.encode())
    file.name = name
    return client.post(reverse("admin:grievances_category_upload"), {"file": file, **given})


def test_categories_go_out_and_come_back_as_csv(world, client):
    client.force_login(world.users[Role.SYSTEM_ADMIN])
    text = client.get(reverse("admin:grievances_category_download")).content.decode()
    assert text == "\ufeff" + dump_categories()
    changed = text.replace(Category.objects.filter(parent__isnull=False).first().name, "改过的名字", 1)
    assert upload(client, changed).status_code == 302
    assert Category.objects.filter(name="改过的名字").exists()
    assert upload(client, changed.encode("gb18030")).status_code == 302


def test_what_an_upload_does_not_have_stays_in_use_unless_asked(world, client):
    client.force_login(world.users[Role.SYSTEM_ADMIN])
    before = dump_categories()
    lines = before.splitlines()
    last = lines.pop().split(",")[0]
    assert upload(client, "\n".join(lines)).status_code == 302
    assert dump_categories() == before
    assert upload(client, "\n".join(lines), retire_missing="on").status_code == 302
    assert not Category.objects.get(code=last).is_active


def test_bad_category_files_are_400_line_by_line_and_change_nothing(world, client):
    client.force_login(world.users[Role.SYSTEM_ADMIN])
    before = dump_categories()
    lines = before.splitlines()
    lines[3] = lines[3].replace(",", ",,,,", 1)
    response = upload(client, "\n".join(lines))
    assert response.status_code == 400
    assert "4" in str(response.context["form"].errors)
    for text in ("", "a,b\n1,2", b"\xff\xfe\x00\x81\x00", b"PK\x03\x04binary\x00\xff"):
        assert upload(client, text).status_code == 400, text
        assert "重新选择文件" in upload(client, text).content.decode()
    assert client.post(reverse("admin:grievances_category_upload"), {}).status_code == 400
    assert dump_categories() == before


def test_desks_read_categories_and_the_system_administrator_edits_them(world, client):
    category, reason = Category.objects.filter(parent__isnull=False).first(), Reason.objects.first()
    data = {"kind": reason.kind, "code": reason.code, "name": "新理由", "name_en": "", "position": 0, "is_active": "on"}
    client.force_login(world.street)
    assert client.get(url(Category, "change", category.pk)).status_code == 200
    assert client.post(url(Reason, "change", reason.pk), data).status_code == 403
    assert upload(client, dump_categories()).status_code == 403
    client.force_login(world.users[Role.SYSTEM_ADMIN])
    assert client.post(url(Reason, "change", reason.pk), data).status_code == 302
    assert client.post(url(Reason, "change", reason.pk), {**data, "name": ""}).status_code == 400
    reason.refresh_from_db()
    assert reason.name == "新理由"


def test_the_category_tree_keeps_its_two_levels(world, client):
    client.force_login(world.users[Role.SYSTEM_ADMIN])
    top, other = Category.objects.filter(parent__isnull=True)[:2]
    data = {"code": top.code, "name": top.name, "urgency": top.urgency, "position": 0, "is_active": "on"}
    assert client.post(url(Category, "change", top.pk), {**data, "parent": other.pk}).status_code == 400
    assert client.post(url(Category, "change", top.pk), {**data, "parent": top.pk}).status_code == 400
    assert client.post(url(Category, "change", top.pk), data).status_code == 302
