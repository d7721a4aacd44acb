"""The work calendar at the desk: read by staff, kept by the system administrator, by day and by file."""

from datetime import date, datetime

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from orgs.choices import Role
from orgs.models import CalendarYear, RuleChange, WorkCalendarDay
from orgs.services.calendar import dump_calendar, preview_calendar
from tests.factories import NOON, SHANGHAI, make_post, make_world

pytestmark = pytest.mark.django_db

ADMIN = "admin:orgs_workcalendarday"
HEAD = "day,is_working,name\n"


@pytest.fixture
def world():
    with time_machine.travel(NOON, tick=False):
        made = make_world()
        made.users["admin"] = make_post(Role.SYSTEM_ADMIN, unit=made.units["city"]).user
        yield made


def url(name: str, *args) -> str:
    return reverse(f"{ADMIN}_{name}", args=args)


def upload(client, text: str, **headers):
    file = SimpleUploadedFile("2027.csv", text.encode(), content_type="text/csv")
    return client.post(url("upload"), {"file": file, "source": "国办通知"}, headers=headers)


def test_the_list_shows_one_year_with_what_is_worked_and_off(world, client):
    client.force_login(world.street)
    page = client.get(url("changelist"))
    assert {row.day.year for row in page.context["cl"].result_list} == {2026}
    assert page.context["year_row"].year == 2026
    other = client.get(url("changelist"), {"year": "2025"})
    assert {row.day.year for row in other.context["cl"].result_list} == {2025}
    assert client.get(url("changelist"), {"year": "nonsense"}).status_code in (200, 302)


def test_a_missing_next_year_is_said_and_from_november_on_it_is_a_warning(world, client):
    client.force_login(world.admin)
    page = client.get(url("changelist"))
    assert not page.context["next_is_known"]
    assert "alert--info" in page.content.decode()
    with time_machine.travel(datetime(2026, 11, 10, 9, 0, tzinfo=SHANGHAI), tick=False):
        client.force_login(world.admin)
        page = client.get(url("changelist"))
    assert page.context["missing_years"] == [2027]
    assert "alert--warning" in page.content.decode()


def test_a_day_is_added_changed_and_taken_away_each_a_new_rule(world, client):
    client.force_login(world.admin)
    day = date(2026, 7, 4)
    steps = [
        (url("add"), {"day": "2026-07-04", "is_working": "on", "name": "调休"}, (True, "调休")),
        (url("change", day), {"name": "又放"}, (False, "又放")),
        (url("delete", day), {"post": "yes"}, None),
    ]
    for address, data, expected in steps:
        before = RuleChange.objects.count()
        assert client.post(address, data).status_code == 302, address
        assert RuleChange.objects.count() == before + 1
        assert WorkCalendarDay.objects.filter(day=day).values_list("is_working", "name").first() == expected


def test_a_file_is_looked_at_first_and_then_loaded(world, client):
    client.force_login(world.admin)
    changes = RuleChange.objects.count()
    page = upload(client, HEAD + "2027-02-05,0,春节\n2027/2/14,1,补班\n".replace("2027/2/14", "2027/02/14"))
    assert page.status_code == 200
    [change] = page.context["preview"]
    assert (change.year, change.is_known, len(change.added)) == (2027, False, 2)
    assert RuleChange.objects.count() == changes
    waiting = page.context["waiting"]
    assert "whole" in waiting.fields
    done = client.post(reverse("admin:orgs_calendar_apply"), {**waiting.initial, "whole": "on"})
    assert done.status_code == 302
    assert CalendarYear.objects.get(year=2027).source == "国办通知"
    assert CalendarYear.objects.get(year=2027).loaded_by == world.admin
    assert WorkCalendarDay.objects.filter(day__year=2027).count() == 2
    assert RuleChange.objects.count() == changes + 1


def test_a_year_that_looks_incomplete_is_warned_of_and_not_loaded_without_a_tick(world, client):
    client.force_login(world.admin)
    page = upload(client, HEAD + "2027-02-05,0,春节\n", **{"Accept-Language": "en"})
    words = page.content.decode()
    assert "2027 looks incomplete." in words
    assert "National Day" in words
    assert "Days off from Monday to Friday: 1; usually 18 to 19." in words
    given = dict(page.context["waiting"].initial)
    refused = client.post(reverse("admin:orgs_calendar_apply"), given)
    assert refused.status_code == 400
    assert refused.context["waiting"].errors["whole"]
    assert refused.context["waiting"].data["text"] == given["text"]
    assert not WorkCalendarDay.objects.filter(day__year=2027).exists()
    added = client.post(reverse("admin:orgs_calendar_apply"), {**given, "only_days": "1"})
    assert added.status_code == 302
    assert WorkCalendarDay.objects.filter(day__year=2027).count() == 1
    assert not CalendarYear.objects.filter(year=2027).exists()


def test_a_whole_year_asks_for_no_tick(world, client):
    client.force_login(world.admin)
    text = client.get(url("download")).content.decode("utf-8-sig")
    page = upload(client, HEAD + "".join(f"{line}\n" for line in text.splitlines() if line.startswith("2026")))
    assert "whole" not in page.context["waiting"].fields
    assert client.post(reverse("admin:orgs_calendar_apply"), dict(page.context["waiting"].initial)).status_code == 302


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (HEAD + "2027-02-30,0,\n", "2"),
        (HEAD + "2027-02-05,maybe,\n", "2"),
        (HEAD + "2027-02-05,0,\n2027-02-05,1,\n", "3"),
        (HEAD + f"2027-02-05,0,{'春' * 41}\n", "2"),
        (HEAD, ""),
        ("date,off\n2027-02-05,0\n", ""),
    ],
)
def test_a_bad_file_names_its_lines_and_changes_nothing(world, client, text, line):
    client.force_login(world.admin)
    before = WorkCalendarDay.objects.count()
    page = upload(client, text)
    assert page.status_code == 400
    assert line in str(page.context["form"].errors["file"])
    assert WorkCalendarDay.objects.count() == before
    applied = client.post(reverse("admin:orgs_calendar_apply"), {"text": text, "source": "x"})
    assert applied.status_code == 400
    assert WorkCalendarDay.objects.count() == before


def test_the_preview_names_what_comes_changes_and_goes(world):
    WorkCalendarDay.objects.filter(day__year=2026).delete()
    WorkCalendarDay.objects.create(day=date(2026, 1, 1), is_working=False, name="元旦")
    WorkCalendarDay.objects.create(day=date(2026, 1, 2), is_working=False, name="元旦")
    WorkCalendarDay.objects.create(day=date(2026, 1, 3), is_working=False, name="元旦")
    [change] = preview_calendar(text=HEAD + "2026-01-01,0,元旦\n2026-01-02,1,元旦\n2026-01-04,1,补班\n")
    assert [day[0].day for day in change.added] == [4]
    assert [after[0].day for _before, after in change.changed] == [2]
    assert [day[0].day for day in change.removed] == [3]
    assert (change.unchanged, change.is_idle) == (1, False)


def test_the_download_loads_again_without_a_change(world, client):
    client.force_login(world.street)
    answer = client.get(url("download"))
    assert answer.content.decode("utf-8-sig") == dump_calendar()
    assert all(change.is_idle for change in preview_calendar(text=answer.content.decode()))


@pytest.mark.parametrize("who", ["street", "community", "supervisor"])
def test_staff_read_and_do_not_keep_it(world, client, who):
    client.force_login(world.users[who])
    day = WorkCalendarDay.objects.first().day
    assert client.get(url("changelist")).status_code == 200
    assert client.get(url("change", day)).status_code == 200
    assert client.get(url("add")).status_code == 403
    assert client.post(url("delete", day), {"post": "yes"}).status_code == 403
    assert upload(client, HEAD + "2027-02-05,0,\n").status_code == 403
    data = {"text": HEAD + "2027-02-05,0,\n", "source": "x"}
    assert client.post(reverse("admin:orgs_calendar_apply"), data).status_code == 403
    assert not WorkCalendarDay.objects.filter(day__year=2027).exists()


@pytest.mark.parametrize("who", ["chief", "handler", "official"])
def test_others_have_no_desk(world, client, who):
    client.force_login(world.users[who])
    assert client.get(url("changelist")).status_code in (302, 403)


def test_the_list_of_changes_calls_its_first_cell_by_name_and_offers_nothing_to_select(world, client):
    client.force_login(world.admin)
    client.cookies["django_language"] = "en"
    page = client.get(reverse("admin:orgs_rulechange_changelist")).content.decode()
    assert 'data-label="At"' in page or 'data-label="at"' in page
    assert "Select record" not in page
    change = RuleChange.objects.latest("pk")
    assert client.get(reverse("admin:orgs_rulechange_change", args=[change.pk])).status_code == 200


def test_an_empty_list_says_why_and_offers_to_add_only_to_whoever_may(world, client):
    client.cookies["django_language"] = "en"
    address = reverse("admin:grievances_ladder_changelist")
    client.force_login(world.admin)
    page = client.get(address).content.decode()
    assert "There is nothing in this list yet." in page
    assert reverse("admin:grievances_ladder_add") in page
    client.force_login(world.street)
    client.cookies["django_language"] = "en"
    page = client.get(address).content.decode()
    assert reverse("admin:grievances_ladder_add") not in page
    client.force_login(world.admin)
    found = client.get(reverse("admin:orgs_rulechange_changelist"), {"q": "nobody"}, headers={"Accept-Language": "en"})
    assert "Nothing here fits the search and the filters." in found.content.decode()
