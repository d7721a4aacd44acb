"""The roster at the desk: upload, preview, apply without a second upload, and whom it is closed to."""

import io
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from python_calamine import load_workbook

from orgs.choices import Role
from orgs.models import Post, Unit, User
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


# Roster


def roster_file(rows):
    xlsxwriter = pytest.importorskip("xlsxwriter")
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet("名册")
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    buffer.seek(0)
    buffer.name = "roster.xlsx"
    return buffer


HEAD = ["街道", "社区", "片", "片长", "片长电话", "组", "组长", "组长电话", "邻", "邻长", "邻长电话", "户数"]


def row(neighbourhood="第一邻", chief="新邻长", phone="13812345690", community="花戏社区"):
    return ["花戏楼街道", community, "第一片", "", "", "第一组", "", "", neighbourhood, chief, phone, 8]


def test_a_roster_is_previewed_and_then_applied_without_a_second_upload(world, client):
    client.force_login(world.street)
    page = reverse("admin:orgs_roster")
    response = client.post(page, {"file": roster_file([HEAD, row(), row("第九邻", "孙九", "13812345691")])})
    assert response.status_code == 200, response.context["form"].errors
    assert response.context["preview"].can_apply
    assert not User.objects.filter(phone="13812345690").exists()
    token = response.context["token"]
    apply = reverse("admin:orgs_roster_apply")
    assert client.post(apply, {"token": "other"})["Location"] == page
    assert not User.objects.filter(phone="13812345690").exists()
    assert client.post(apply, {"token": token})["Location"] == url(Unit)
    seat = Post.objects.get(unit=world.units["neighbourhood"], role=Role.CHIEF, ended_at__isnull=True)
    assert seat.user.phone == "13812345690"
    assert Unit.objects.filter(name="第九邻").exists()
    posts = Post.objects.count()
    again = client.post(apply, {"token": token}, follow=True)
    assert "已经生效" in " ".join(str(one) for one in again.context["messages"])
    assert Post.objects.count() == posts


def test_a_roster_that_changes_nothing_offers_no_apply(world, client):
    client.force_login(world.street)
    page, apply = reverse("admin:orgs_roster"), reverse("admin:orgs_roster_apply")
    first = client.post(page, {"file": roster_file([HEAD, row()])})
    assert apply in first.content.decode()
    client.post(apply, {"token": first.context["token"]})
    second = client.post(page, {"file": roster_file([HEAD, row()])})
    assert second.context["preview"].is_idle
    assert apply not in second.content.decode()
    assert "没有需要生效的改动" in second.content.decode()


def test_rows_to_mend_are_counted_as_rows(world, client):
    client.force_login(world.street)
    faulty = [HEAD, row(phone="12", chief=""), row("第二邻", "", "x"), row("第九邻")]
    response = client.post(reverse("admin:orgs_roster"), {"file": roster_file(faulty)})
    preview = response.context["preview"]
    assert (preview.bad_rows, len(preview.bad)) == (2, 4)
    text = response.content.decode()
    assert "有 2 行需要改正" in text
    assert "共 4 处" in text


def test_bad_rows_are_shown_with_sheet_row_column_and_reason(world, client):
    client.force_login(world.street)
    response = client.post(reverse("admin:orgs_roster"), {"file": roster_file([HEAD, row(phone="12")])})
    bad = response.context["preview"].bad
    assert not response.context["preview"].can_apply
    assert (bad[0].sheet, bad[0].row) == ("名册", 2)
    text = response.content.decode()
    assert bad[0].reason in text
    assert client.post(reverse("admin:orgs_roster_apply"), {"token": response.context["token"]}).status_code == 400


def test_a_roster_that_waited_too_long_or_is_none_is_no_error(world, client):
    client.force_login(world.street)
    page, apply = reverse("admin:orgs_roster"), reverse("admin:orgs_roster_apply")
    assert client.post(apply)["Location"] == page
    rubbish = io.BytesIO(b"not a workbook")
    rubbish.name = "roster.xlsx"
    assert client.post(page, {"file": rubbish}).status_code == 400
    assert client.post(page, {}).status_code == 400
    token = client.post(page, {"file": roster_file([HEAD, row()])}).context["token"]
    with time_machine.travel(NOON + timedelta(hours=5), tick=False):
        assert client.post(apply, {"token": token})["Location"] == page
    assert not User.objects.filter(phone="13812345690").exists()


def test_the_empty_roster_is_a_workbook(world, client):
    client.force_login(world.street)
    response = client.get(reverse("admin:orgs_roster_template"))
    assert load_workbook(io.BytesIO(response.content)).sheet_names


@pytest.mark.parametrize("who", ["supervisor", Role.SECURITY_ADMIN, Role.AUDIT_ADMIN])
def test_rosters_are_not_for_others(world, client, who):
    client.force_login(world.users[who])
    assert client.get(reverse("admin:orgs_roster")).status_code == 403
    assert client.post(reverse("admin:orgs_roster_apply")).status_code == 403
    assert client.get(reverse("admin:orgs_roster_template")).status_code == 403
