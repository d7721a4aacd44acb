"""Lists as workbooks: what is in them and what is not, who gets them, and that no export is lost or doubled."""

import html
import io
import threading
import zlib
from array import array
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from grievances.choices import Action
from grievances.export_rows import COLUMNS
from grievances.models import Export, ExportState, Grievance
from grievances.services import exporting
from grievances.tasks import remove_expired_exports, write_exports
from linjiang.common.errors import Conflict, InvalidInput
from notifications.models import Message
from orgs.choices import Role
from orgs.models import Post
from orgs.services.posts import end_post
from orgs.services.system import system_user
from tests.factories import NOON, World, file_case, fresh, make_post, make_world
from tests.grievances.scenes import do

pytestmark = pytest.mark.django_db
PHONE = "13812345678"
DESK_EXPORT, CASES_EXPORT = "admin:grievances_export", "cases_export"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def world() -> World:
    with time_machine.travel(NOON + timedelta(hours=1), tick=False):
        yield make_world()


@pytest.fixture
def in_background(monkeypatch):
    """No list is short enough to be handed out at once."""
    monkeypatch.setattr(exporting, "AT_ONCE", 0)


def rows_of(content: bytes) -> list[dict]:
    sheet = load_workbook(io.BytesIO(content)).worksheets[0]
    heads, *rows = list(sheet.iter_rows(min_row=2))
    return [dict(zip([cell.value for cell in heads], row, strict=True)) for row in rows]


def numbers_of(content: bytes) -> list[str]:
    return [next(iter(row.values())).value for row in rows_of(content)]


def stored(export: Export) -> bytes:
    with export.file.open("rb") as file:
        return file.read()


def content_of(answer) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def status(answer) -> int:
    """Return the answer's status; a file is read to its end, which closes it."""
    content_of(answer)
    return answer.status_code


def theirs(world, **fields):
    return file_case(world, by=world.others["chief"], unit=world.units["other_neighbourhood"], **fields)


def queued(world, who="street", *, cases=None, now=NOON) -> Export:
    actor = fresh(world.users[who])
    found = Grievance.objects.visible_to(actor).order_by("-pk") if cases is None else cases
    return exporting.queue_export(actor=actor, cases=found, what="全部问题", now=now)


def written(world, who="street", *, now=NOON) -> Export:
    export = queued(world, who, now=now)
    assert exporting.write_due_exports(now=now, tick=lambda: now) == 1
    export.refresh_from_db()
    return export


# What is in the workbook


def test_formulas_typed_by_people_stay_words(world, client):
    typed = ["=1+1", "+86", "-5℃", "@SUM(A1)", "\t=1", "\r=1", " =HYPERLINK(1)", "＝1+1"]
    made = {file_case(world).pk: text for text in typed}
    for pk, text in made.items():
        Grievance.objects.filter(pk=pk).update(title=text, description=text)
    client.force_login(world.street)
    answer = client.post(reverse(CASES_EXPORT))
    assert answer.status_code == 200
    sheet = load_workbook(io.BytesIO(content_of(answer))).worksheets[0]
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} <= {"s", "d", "n", "inlineStr"}
    words = [cell.value for cell in cells if isinstance(cell.value, str)]
    assert not [word for word in words if word[:1] in "=+-@\t\r＝" or word.lstrip()[:1] == "="]
    assert "'=1+1" in words
    assert "'-5℃" in words


def test_days_are_days_of_the_city_and_what_reaches_a_resident_is_hidden(world, client):
    case = file_case(
        world,
        description=f"找老王 {PHONE}，或０５５８-5551234",
        contact_name="王秀英",
        contact_phone=PHONE,
        household=world.household,
    )
    client.force_login(world.street)
    content = content_of(client.post(reverse(CASES_EXPORT)))
    (row,) = rows_of(content)
    values = [cell.value for cell in row.values()]
    assert NOON.replace(tzinfo=None) in values  # 12:00 in Shanghai, not 04:00 in UTC
    text = "\n".join(str(value) for value in values)
    assert case.number in text
    for hidden in (PHONE, "王秀英", "5551234"):
        assert hidden not in text
    assert "138****5678" in text
    assert "王*" in values


def test_the_list_at_the_desk_comes_with_its_tab_filters_and_search(world, client):
    one, two = file_case(world, description="井盖丢了，路上有个洞。"), file_case(world)
    do(world, two, Action.ASSIGN, world.community)
    client.force_login(world.street)
    expected = {
        (): {one.number, two.number},
        (("tab", "open"),): {one.number, two.number},
        (("tab", "assign"),): {one.number},
        (("q", "井盖"),): {one.number},
        (("q", two.number),): {two.number},
    }
    for query, numbers in expected.items():
        url = f"{reverse(DESK_EXPORT)}?{'&'.join('='.join(pair) for pair in query)}"
        listed = {
            case.number
            for case in client.get(reverse("admin:grievances_grievance_changelist"), dict(query))
            .context["cl"]
            .result_list
        }
        assert set(numbers_of(content_of(client.post(url)))) == numbers == listed, query
    assert client.get(f"{reverse(DESK_EXPORT)}?reported_at__x=1").status_code == 400


def test_the_list_of_all_cases_keeps_its_filters_and_its_order(world, client):
    first, second = file_case(world, urgency="15d"), file_case(world, urgency="2h")
    client.force_login(world.community)
    assert numbers_of(content_of(client.post(reverse(CASES_EXPORT)))) == [second.number, first.number]
    by_due = content_of(client.post(f"{reverse(CASES_EXPORT)}?order=due"))
    assert numbers_of(by_due) == [second.number, first.number]
    assert numbers_of(content_of(client.post(f"{reverse(CASES_EXPORT)}?urgency=15d"))) == [first.number]


def test_the_cases_behind_a_number_are_exported_as_listed(world, client):
    closed = file_case(world)
    open_one = file_case(world)
    for action, who in (
        (Action.ASSIGN, world.community),
        (Action.ACKNOWLEDGE, world.handler),
        (Action.RESOLVE, world.handler),
        (Action.FEEDBACK, world.chief),
    ):
        closed = do(world, closed, action, who)
    client.force_login(world.official)
    url = reverse("counted_cases_export", args=[world.units["street"].pk])
    days = "since=2026-03-04&until=2026-03-04"
    accepted = numbers_of(content_of(client.post(f"{url}?measure=accepted&{days}")))
    assert set(accepted) == {closed.number, open_one.number}
    assert numbers_of(content_of(client.post(f"{url}?measure=closed&{days}"))) == [closed.number]
    assert client.get(f"{url}?measure=beauty&{days}").status_code == 404
    assert client.get(f"{url}?since=x&until=y").status_code == 400
    elsewhere = reverse("counted_cases_export", args=[world.units["other_street"].pk])
    assert client.post(f"{elsewhere}?{days}").status_code == 404
    client.force_login(world.chief)
    assert client.post(f"{url}?{days}").status_code == 403


def test_before_it_is_made_one_sees_how_much_and_what_is_hidden(world, client):
    file_case(world)
    file_case(world)
    client.force_login(world.street)
    answer = client.get(reverse(CASES_EXPORT))
    assert answer.context["count"] == 2
    page = html.unescape(answer.content.decode())
    for column in COLUMNS:
        assert column.title() in page
    assert page.count("export-columns__masked") == sum(bool(one.masked) for one in COLUMNS) == 5
    assert not Export.objects.exists()


def test_an_empty_list_and_one_too_long_are_refused(world, client, monkeypatch):
    client.force_login(world.street)
    assert client.post(reverse(CASES_EXPORT)).status_code == 400
    file_case(world)
    file_case(world)
    monkeypatch.setattr(exporting, "MOST_ROWS", 1)
    assert client.get(reverse(CASES_EXPORT)).status_code == 200
    assert client.post(reverse(CASES_EXPORT)).status_code == 400
    assert not Export.objects.exists()


# Who gets it


@pytest.mark.parametrize("who", ["chief", "group_leader", "community", "street", "handler", "supervisor", "official"])
def test_everybody_exports_exactly_what_they_see(world, client, who):
    ours, other = file_case(world), theirs(world)
    do(world, ours, Action.ASSIGN, world.community)
    client.force_login(world.users[who])
    assert numbers_of(content_of(client.post(reverse(CASES_EXPORT)))) == [ours.number]
    client.force_login(world.others["street"])
    assert numbers_of(content_of(client.post(reverse(CASES_EXPORT)))) == [other.number]


def test_what_is_no_longer_the_owner_s_to_see_is_left_out_while_it_is_written(world):
    case = file_case(world)
    export = queued(world)
    Grievance.objects.filter(pk=case.pk).update(unit_path=world.units["other_neighbourhood"].path)
    kept = file_case(world)
    keys = array("q", [case.pk, kept.pk]).tobytes()
    Export.objects.filter(pk=export.pk).update(keys=zlib.compress(keys), total=2)
    assert exporting.write_due_exports(now=NOON, tick=lambda: NOON) == 1
    export.refresh_from_db()
    assert (export.state, export.done, export.left_out) == (ExportState.DONE, 2, 1)
    assert numbers_of(stored(export)) == [kept.number]


def test_posts_that_ended_before_the_writing_leave_nothing(world, client):
    file_case(world)
    export = queued(world)
    for post in Post.objects.filter(user=world.street):
        end_post(actor=system_user(), post=post)
    exporting.write_due_exports(now=NOON, tick=lambda: NOON)
    export.refresh_from_db()
    assert (export.left_out, numbers_of(stored(export))) == (1, [])
    client.force_login(world.street)
    assert client.get(reverse("export_download", args=[export.pk])).status_code == 403


def test_only_its_owner_downloads_it_as_a_file(world, client):
    file_case(world)
    export = written(world)
    url = reverse("export_download", args=[export.pk])
    client.force_login(world.street)
    answer = client.get(url)
    assert answer["Content-Disposition"].startswith("attachment;")
    assert "no-store" in answer["Cache-Control"]
    assert len(numbers_of(content_of(answer))) == 1
    for stranger in (world.community, world.others["street"], world.official):
        client.force_login(stranger)
        assert client.get(url).status_code == 404
        assert client.post(reverse("export_cancel", args=[export.pk])).status_code == 404
        assert f'data-export="{export.pk}"' not in client.get(reverse("exports")).content.decode()
        assert client.get(reverse("exports_progress")).json() == {"exports": []}
    assert client.get(reverse("export_download", args=[2**63])).status_code == 404


def test_who_sees_less_than_when_it_was_written_does_not_get_it(world, client):
    file_case(world)
    person = make_post(Role.STREET, unit=world.units["street"]).user
    world.users["mover"] = person
    export = written(world, "mover")
    client.force_login(person)
    url = reverse("export_download", args=[export.pk])
    assert status(client.get(url)) == 200
    end_post(actor=system_user(), post=Post.objects.get(user=person))
    make_post_of(person, world.units["community"])
    assert client.get(url).status_code == 403


def make_post_of(person, unit):
    Post.objects.create(user=person, role=Role.COMMUNITY, unit=unit, since=NOON.date())


# Nothing is lost or doubled


def test_a_long_list_is_written_in_the_background_and_its_owner_told(world, client, in_background):
    for _number in range(3):
        file_case(world)
    client.force_login(world.street)
    answer = client.post(reverse(CASES_EXPORT))
    assert answer.status_code == 302
    assert answer["Location"] == reverse("exports")
    export = Export.objects.get()
    assert (export.state, export.total, export.done) == (ExportState.QUEUED, 3, 0)
    assert client.get(reverse("export_download", args=[export.pk])).status_code == 409
    write_exports()
    write_exports()
    export.refresh_from_db()
    assert (export.state, export.done, export.attempts) == (ExportState.DONE, 3, 1)
    assert bytes(export.keys) == b""
    told = Message.objects.get(kind="export_ready")
    assert (told.recipient, told.url) == (world.street, "/exports/")
    assert len(numbers_of(content_of(client.get(reverse("export_download", args=[export.pk]))))) == 3


def test_the_page_shows_how_far_it_is_and_needs_few_statements(world, client, monkeypatch):
    monkeypatch.setattr(exporting, "BLOCK", 2)
    for _number in range(5):
        file_case(world)
    export = queued(world)
    seen = []

    def tick():
        seen.append(Export.objects.values_list("done", flat=True).get(pk=export.pk))
        return NOON

    client.force_login(world.street)
    page = client.get(reverse("exports")).content.decode()
    assert "<progress" in page
    assert reverse("exports_progress") in page
    exporting.write_due_exports(now=NOON, tick=tick)
    assert {0, 2, 4, 5} <= set(seen)
    assert client.get(reverse("exports_progress")).json()["exports"] == [
        {"pk": export.pk, "state": "done", "done": 5, "total": 5}
    ]
    with CaptureQueriesContext(
        connection,
    ) as asked:
        client.get(reverse("exports"))
    assert len(asked) <= 15


def test_one_whose_worker_was_killed_is_taken_up_again_and_written_whole(world, monkeypatch):
    monkeypatch.setattr(exporting, "BLOCK", 1)
    cases = [file_case(world) for _number in range(3)]
    export = queued(world)

    class Killed(BaseException):
        pass

    real, calls = exporting._progress, []

    def dying(*args):
        real(*args)
        calls.append(args)
        if len(calls) == 2:
            raise Killed

    monkeypatch.setattr(exporting, "_progress", dying)
    with pytest.raises(Killed):
        exporting.write_due_exports(now=NOON, tick=lambda: NOON)
    export.refresh_from_db()
    assert (export.state, export.done, export.attempts) == (ExportState.RUNNING, 2, 1)
    monkeypatch.setattr(exporting, "_progress", real)
    assert exporting.write_due_exports(now=NOON + MINUTE) == 0  # it may still be alive
    later = NOON + exporting.LEASE + MINUTE
    assert exporting.write_due_exports(now=later, tick=lambda: later) == 1
    export.refresh_from_db()
    assert (export.state, export.done, export.attempts) == (ExportState.DONE, 3, 2)
    assert numbers_of(stored(export)) == [case.number for case in reversed(cases)]


def test_what_a_worker_stored_before_it_was_killed_does_not_stay(world, monkeypatch):
    file_case(world)
    export = queued(world)

    class Killed(BaseException):
        pass

    def dying(*_args):
        raise Killed

    real = exporting._end
    monkeypatch.setattr(exporting, "_end", dying)
    with pytest.raises(Killed):
        exporting.write_due_exports(now=NOON, tick=lambda: NOON)
    folder = Path(export.file.storage.location) / "exports"
    assert [path.name for path in folder.iterdir()] == [f"{export.pk}-1.xlsx"]
    monkeypatch.setattr(exporting, "_end", real)
    later = NOON + exporting.LEASE + MINUTE
    exporting.write_due_exports(now=later, tick=lambda: later)
    assert [path.name for path in folder.iterdir()] == [f"{export.pk}-2.xlsx"]
    assert not (Path(settings.VAR_DIR) / "exports" / str(export.pk)).exists()


def test_a_worker_that_was_only_slow_gives_way_to_who_took_over(world, monkeypatch):
    file_case(world)
    export = queued(world)
    slow = exporting._claim(now=NOON)
    later = NOON + exporting.LEASE + MINUTE
    assert exporting._claim(now=later).attempts == 2
    assert exporting.write_export(slow, tick=lambda: later) is False
    export.refresh_from_db()
    assert (export.state, export.attempts, bool(export.file)) == (ExportState.RUNNING, 2, False)


def test_what_fails_again_and_again_is_given_up_and_its_owner_told(world):
    file_case(world)
    export = queued(world)
    Export.objects.filter(pk=export.pk).update(attempts=exporting.MOST_ATTEMPTS)
    assert exporting.write_due_exports(now=NOON) == 0
    export.refresh_from_db()
    assert (export.state, export.due_at) == (ExportState.FAILED, None)
    assert Message.objects.filter(kind="export_failed", recipient=world.street).count() == 1


def test_one_is_written_at_a_time(world):
    file_case(world)
    first, second = queued(world), queued(world, "community")
    assert exporting._claim(now=NOON).pk == first.pk
    assert exporting._claim(now=NOON) is None
    Export.objects.filter(pk=first.pk).update(state=ExportState.DONE, due_at=None)
    assert exporting._claim(now=NOON).pk == second.pk


def test_a_cancelled_export_stops_at_the_next_block(world, client, monkeypatch):
    monkeypatch.setattr(exporting, "BLOCK", 1)
    for _number in range(3):
        file_case(world)
    export = queued(world)
    client.force_login(world.street)
    cancelled = []

    def tick():
        if Export.objects.get(pk=export.pk).done == 1 and not cancelled:
            cancelled.append(client.post(reverse("export_cancel", args=[export.pk])).status_code)
        return NOON

    assert exporting.write_due_exports(now=NOON, tick=tick) == 0
    export.refresh_from_db()
    assert cancelled == [302]
    assert (export.state, export.done, bool(export.file)) == (ExportState.CANCELLED, 1, False)
    assert client.post(reverse("export_cancel", args=[export.pk])).status_code == 409
    assert client.get(reverse("export_download", args=[export.pk])).status_code == 409


def test_nobody_has_more_than_a_few_waiting(world):
    file_case(world)
    for _number in range(exporting.MOST_WAITING):
        queued(world)
    with pytest.raises(Conflict):
        queued(world)
    assert queued(world, "community").pk


def test_nothing_is_queued_when_the_request_fails(world):
    with pytest.raises(InvalidInput):
        queued(world)
    assert not Export.objects.exists()


def test_a_file_is_removed_after_a_week_and_the_record_stays(world, client):
    file_case(world)
    export = written(world)
    name, store = export.file.name, export.file.storage
    assert store.exists(name)
    client.force_login(world.street)
    with time_machine.travel(NOON + exporting.KEPT - MINUTE, tick=False):
        remove_expired_exports()
        assert status(client.get(reverse("export_download", args=[export.pk]))) == 200
    with time_machine.travel(NOON + exporting.KEPT + MINUTE, tick=False):
        assert client.get(reverse("export_download", args=[export.pk])).status_code == 409
        remove_expired_exports()
        remove_expired_exports()
        assert client.get(reverse("export_download", args=[export.pk])).status_code == 409
    assert not store.exists(name)
    export.refresh_from_db()
    assert (export.state, export.total, bool(export.file)) == (ExportState.EXPIRED, 1, False)


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_sweep_at_one_moment_do_not_take_the_same_export():
    """The row is locked by one transaction; another passes it by instead of waiting for it."""
    with time_machine.travel(NOON + timedelta(hours=1), tick=False):
        world = make_world()
        file_case(world)
        export = queued(world)
    found = []

    def other():
        try:
            found.append(exporting._claim(now=NOON))
        finally:
            connections.close_all()

    with transaction.atomic():
        Export.objects.select_for_update().get(pk=export.pk)
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(timeout=20)
        assert not thread.is_alive()
    assert found == [None]
    assert exporting._claim(now=NOON).pk == export.pk


def test_the_audit_reads_who_took_which_list_and_nobody_else_does(world, client):
    file_case(world)
    theirs(world)
    export = written(world)
    elsewhere = exporting.queue_export(
        actor=world.others["street"],
        cases=Grievance.objects.visible_to(fresh(world.others["street"])).order_by("-pk"),
        what="别处",
        now=NOON,
    )
    auditor = make_post(Role.AUDIT_ADMIN, unit=world.units["street"]).user
    client.force_login(auditor)
    answer = client.get(reverse("admin:grievances_export_changelist"))
    assert set(answer.context["cl"].result_list) == {export}
    page = client.get(reverse("admin:grievances_export_change", args=[export.pk])).content.decode()
    assert "全部问题" in page
    assert export.file.name not in page
    assert client.get(reverse("admin:grievances_export_change", args=[elsewhere.pk])).status_code == 404
    assert client.get(reverse("export_download", args=[export.pk])).status_code == 404
    client.force_login(world.street)
    assert client.get(reverse("admin:grievances_export_changelist")).status_code == 403
