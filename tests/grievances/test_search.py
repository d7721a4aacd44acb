"""Words in, exactly the cases that hold them out: in every list, in the reader's scope, by whichever plan."""

from datetime import date, timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from grievances import paging, search
from grievances.choices import Status
from grievances.models import Grievance
from grievances.services.indexing import index_words
from orgs.models import Household
from tests.factories import NOON, category, file_case, make_world
from tests.grievances.browsing import numbers, signed_in
from tests.grievances.scenes import case_in, do

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _noon():
    with time_machine.travel(NOON, tick=False):
        yield


# Lexemes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("路灯坏了", {"路灯", "灯坏", "坏了", "了"}),
        ("灯", {"灯"}),
        ("3栋2单元301室", {"3", "栋", "2", "单元", "元", "301", "室"}),
        ("LED灯，Led", {"led", "灯"}),
        ("ＬＥＤ３", {"led3", search.WIDE}),
        ("路灯\n坏", {"路灯", "灯", "坏"}),
        ("a_b 'c' \\ : * & | ! ( )", {"a", "b", "c"}),
        ("x" * 5000, {"x" * 64}),
        ("，。！", set()),
        ("", set()),
    ],
)
def test_lexemes_of_a_text(text, expected):
    assert set(search.lexemes(text).split()) == expected


def test_lexemes_of_number_place_category_and_month():
    found = search.lexemes(
        number="LJ20261122-00031",
        unit_path="0001000200030004000500060007",
        category=7,
        reported_on=date(2026, 3, 4),
    )
    assert set(found.split()) == {"№13000", "/00010002", "/000100020003", "/0001000200030004", "#7", "@202603"}


def test_areas_are_known_by_district_street_and_community():
    assert search.below(["000100020003"]) == "/000100020003"
    assert search.below(["00010002000300040005"]) == "/0001000200030004"
    assert search.below(["000100020003", "00010009"]) == "(/000100020003 | /00010009)"
    for unknown in ([], ["0001"], [""], ["0001", "00010002"]):
        assert search.below(unknown) == ""


def test_months_from_the_first_day_to_the_last():
    assert search.reported_in(date(2026, 3, 4), date(2026, 3, 31)) == "@202603"
    assert search.reported_in(date(2025, 12, 31), date(2026, 1, 1)) == "(@202512 | @202601)"
    for no_help in (
        (None, date(2026, 1, 1)),
        (date(2020, 1, 1), date(2026, 1, 1)),
        (date(2026, 2, 1), date(2026, 1, 1)),
    ):
        assert search.reported_in(*no_help) == ""


_TEXT = st.text(st.sampled_from("路灯坏了楼道abcZ019ＡｂＣ７ ，。-_'\\:&|!()*%"), max_size=30)


@settings(max_examples=200, deadline=None)
@given(before=_TEXT, word=_TEXT, after=_TEXT)
def test_what_begins_where_a_word_begins_is_always_found(before, word, after):
    """Whatever is typed, if it stands in the text from the beginning of a word on, the index offers the case."""
    text = f"{before} {word}{after}"
    for one in search.parse(word).words:
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s::tsvector @@ %s::tsquery", [search.lexemes(text), one.asked])
            assert cursor.fetchone() == (True,), (text, one)


@settings(max_examples=200, deadline=None)
@given(typed=st.text(max_size=100).filter(lambda text: "\x00" not in text), text=st.text(max_size=60))
def test_no_text_breaks_the_index_or_the_query(typed, text):
    query = search.parse(typed)
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::tsvector", [search.lexemes(text.replace("\x00", ""))])
        if query.words:
            cursor.execute("SELECT %s::tsquery", [query.tsquery()])


# Finding


@pytest.fixture
def shelf():
    """Cases whose words differ; all but the last in the street of `world.street`."""
    world = make_world()
    cases = {
        "lamp": file_case(world, description="3栋2单元的路灯坏了，晚上看不见", title="路灯坏了"),
        "led": file_case(world, description="楼道ＬＥＤ灯不亮", title="楼道里暗"),
        "bins": file_case(world, description="垃圾桶 满了。路边的灯罩也掉了", place="东门 100%_处", title="垃圾桶"),
        "there": file_case(
            world, by=world.others["chief"], unit=world.units["other_neighbourhood"], description="路灯坏了"
        ),
    }
    return world, cases


_FOUND = (
    ("路灯", {"lamp"}),
    ("路灯坏了", {"lamp"}),
    ("灯坏", {"lamp"}),
    ("灯", {"lamp", "led", "bins"}),
    ("见", {"lamp"}),
    ("路灯 看不见", {"lamp"}),
    ("路灯 垃圾", set()),
    ("垃圾桶 满了", {"bins"}),
    ("桶满", set()),
    ("路灯罩", set()),  # 路…, 灯罩 and 路灯 stand in other orders; the word does not stand there
    ("led", {"led"}),
    ("LED灯", {"led"}),
    ("ｌｅｄ灯", {"led"}),
    ("ed", set()),
    ("3栋2单元", {"lamp"}),
    ("2栋3单元", set()),
    ("坏了，晚上", {"lamp"}),
    ("坏了晚上", set()),
    ("东门", {"bins"}),
    ("100%_处", {"bins"}),
    ("100%处", set()),
    ("100", {"bins"}),
    ("10", {"bins"}),
    ("00", set()),
    ("路灯 ！", {"lamp"}),
    ("！！", set()),
    ("'", set()),
    ("\\", set()),
    ("%", set()),
    ("路灯 & | ! : * ( )", {"lamp"}),
    ("'; DROP TABLE grievances_grievance; --", set()),
    ("路灯" * 50, set()),
    ("没" * 100, set()),
    ("a" * 100, set()),
)


# What finds the case of the other street, for who sees that street too.
_FOUND_THERE = {"路灯", "路灯坏了", "灯坏", "灯", "路灯 ！", "路灯 & | ! : * ( )"}


@pytest.mark.parametrize(("typed", "expected"), _FOUND)
@pytest.mark.parametrize(
    ("reader", "walked"), [("street", paging.WALKED), ("city_official", 0), ("city_official", paging.WALKED)]
)
def test_exactly_the_cases_that_hold_the_words(shelf, monkeypatch, typed, expected, reader, walked):
    """The same whether walking or the index finds them, newest first, due first, in the desk and over the API."""
    monkeypatch.setattr(paging, "WALKED", walked)
    world, cases = shelf
    if reader == "city_official" and typed in _FOUND_THERE:
        expected = {*expected, "there"}
    wanted = {cases[name].number for name in expected}
    browser = signed_in(getattr(world, reader))
    for given_ in ({}, {"order": "due"}, {"since": "2026-03-01", "until": "2026-03-31"}, {"since": "2026-03-01"}):
        answer = browser.get("/cases/", {"q": typed, **given_})
        assert (set(numbers(answer)), answer.context["problems"]) == (wanted, ""), given_
    api = browser.get(reverse("api_cases"), {"text": typed}).json()
    assert {case["number"] for case in api["results"]} == wanted
    if reader != "street":
        return  # the desk is not open to officials
    desk = browser.get(reverse("admin:grievances_grievance_changelist"), {"q": typed, "tab": "all"})
    assert {case.number for case in desk.context["cl"].result_list} == wanted


def test_a_number_is_found_by_its_start_and_its_end(shelf):
    world, cases = shelf
    browser = signed_in(world.street)
    number = cases["led"].number
    others = {case.number for case in cases.values()} - {cases["there"].number}
    for typed in (number, number.lower(), number[-5:], number[-8:], number[-5:].lstrip("0"), f" {number} "):
        assert number in numbers(browser.get("/cases/", {"q": typed})), typed
    assert set(numbers(browser.get("/cases/", {"q": number[:10]}))) == others
    assert numbers(browser.get("/cases/", {"q": cases["there"].number})) == []


def test_each_reader_finds_in_the_own_scope_alone(shelf):
    world, cases = shelf
    do(world, cases["lamp"], "assign", world.community)
    here, there = cases["lamp"].number, cases["there"].number
    expected = {
        world.chief: {here},
        world.second_chief: set(),
        world.group_leader: {here},
        world.street: {here},
        world.official: {here},
        world.handler: {here},
        world.second_handler: set(),
        world.city_official: {here, there},
        world.others["street"]: {there},
        world.others["handler"]: set(),
    }
    for person, found in expected.items():
        for given_ in ({}, {"order": "due"}, {"since": "2026-03-01", "until": "2026-03-31"}):
            assert set(numbers(signed_in(person).get("/cases/", {"q": "路灯", **given_}))) == found, (person, given_)


def test_the_door_is_found(shelf):
    world, _cases = shelf
    household = Household.objects.create(unit=world.units["neighbourhood"], label="8栋5单元502")
    case = file_case(world, description="漏水", household=household)
    browser = signed_in(world.street)
    for typed in ("8栋5单元", "502", "漏水 5单元502"):
        assert numbers(browser.get("/cases/", {"q": typed})) == [case.number], typed


def test_words_and_filters_together(shelf):
    world, cases = shelf
    old = file_case(world, description="路灯闪", now=NOON - timedelta(days=40))
    sorted_ = do(world, file_case(world, description="路灯不亮"), "classify", world.community)
    browser = signed_in(world.street)
    for given_, expected in (
        ({"since": "2026-01-01", "until": "2026-02-10"}, [old]),
        ({"category": category().pk}, [sorted_]),
        ({"unit": world.units["second_neighbourhood"].pk}, []),
        ({"until": "2026-03-04"}, [sorted_, cases["lamp"], old]),
        ({}, [old.__class__.objects.get(pk=pk) for pk in sorted([old.pk, sorted_.pk, cases["lamp"].pk], reverse=True)]),
    ):
        found = numbers(browser.get("/cases/", {"q": "路灯", **given_}))
        assert found == [case.number for case in expected], given_


def test_chosen_days_are_listed_by_the_moment_of_reporting(shelf):
    world, _cases = shelf
    late = file_case(world, description="一", now=NOON - timedelta(days=3))
    early = file_case(world, description="二", now=NOON - timedelta(days=5))
    found = numbers(signed_in(world.street).get("/cases/", {"since": "2026-02-20", "until": "2026-03-02"}))
    assert found == [late.number, early.number]


@pytest.mark.parametrize("reader", ["street", "city_official"])
@pytest.mark.parametrize(("walked", "asked"), [(0, 0), (0, 5), (3, 4), (3, 200_000), (10_000, 200_000)])
@pytest.mark.parametrize("given_", [{}, {"since": "2026-01-01"}, {"since": "2026-01-01", "until": "2026-03-31"}])
def test_pages_of_a_search_follow_each_other_without_gap_or_repeat(monkeypatch, reader, walked, asked, given_):
    monkeypatch.setattr(paging, "WALKED", walked)
    monkeypatch.setattr(paging, "ASKED", asked)
    monkeypatch.setattr(paging, "PAGE", 4)
    monkeypatch.setattr(paging.newest_first, "__kwdefaults__", {"size": 4, "rows": None})
    world = make_world()
    filed = [
        file_case(world, description="路灯坏了" if turn % 3 else "噪声", now=NOON - timedelta(hours=20 - turn))
        for turn in range(20)
    ]
    expected = [case.number for case in reversed(filed) if "路灯" in case.description]
    browser = signed_in(getattr(world, reader))
    seen, url = [], "/cases/?" + "&".join(f"{name}={value}" for name, value in {"q": "路灯", **given_}.items())
    answer = browser.get(url)
    while True:
        seen += numbers(answer)
        if not answer.context["next_url"]:
            break
        answer = browser.get("/cases/" + answer.context["next_url"])
    assert seen == expected
    back = numbers(answer)
    while answer.context["prev_url"]:
        answer = browser.get("/cases/" + answer.context["prev_url"])
        back = numbers(answer) + back
    assert back == expected


# Keeping the index


def test_every_way_a_case_comes_and_changes_keeps_its_lexemes(shelf):
    world, _cases = shelf
    for status in Status:
        case_in(world, status)
    draft = file_case(world, description="草稿", keep_as_draft=True)
    do(world, draft, "report", world.chief)
    do(world, file_case(world, description="分类"), "classify", world.community)
    with connection.cursor() as cursor:
        for case in Grievance.objects.all():
            cursor.execute(
                "SELECT search = %s::tsvector FROM grievances_grievance WHERE id = %s", [case.lexemes(), case.pk]
            )
            assert cursor.fetchone() == (True,), case


def test_the_backfill_writes_what_is_missing_and_can_go_on_where_it_stopped(shelf):
    world, cases = shelf
    Grievance.objects.update(search=None)
    browser = signed_in(world.street)
    assert numbers(browser.get("/cases/", {"q": "路灯"})) == []

    class Stopped(Exception):
        pass

    def stop(_done, _at, _end):
        raise Stopped

    with pytest.raises(Stopped):
        index_words(batch=1, progress=stop)
    assert Grievance.objects.filter(search__isnull=True).count() == len(cases) - 1
    out = StringIO()
    with translation.override("en"):
        call_command("index_search", stdout=out)
    assert f"{len(cases) - 1} cases written" in out.getvalue()
    assert numbers(browser.get("/cases/", {"q": "路灯"})) == [cases["lamp"].number]
    assert index_words() == 0
    assert index_words(everything=True) == len(cases)


def test_lists_never_read_the_lexemes_and_take_the_same_statements_however_many_rows(shelf, monkeypatch):
    monkeypatch.setattr("grievances.filters.KEPT_SECONDS", 3600)
    monkeypatch.setattr("orgs.rules.KEPT_SECONDS", 3600)
    world, _cases = shelf
    browser = signed_in(world.street)

    def statements(given_) -> list[str]:
        with CaptureQueriesContext(connection) as seen:
            assert browser.get("/cases/", given_).status_code == 200
        return [query["sql"] for query in seen.captured_queries]

    wanted = ({"q": "路灯"}, {"q": "没有的词"}, {"q": "路灯坏了", "since": "2026-01-01"}, {"order": "due"})
    statements({})  # reads what a process keeps for some seconds: rules, categories
    few = [len(statements(given_)) for given_ in wanted]
    for _turn in range(30):
        file_case(world, description="路灯坏了")
    for given_, before in zip(wanted, few, strict=True):
        sql = statements(given_)
        assert len(sql) == before <= 12, given_
        assert not any('"grievances_grievance"."search",' in one for one in sql)
