"""Dashboards and the lists behind their numbers: who sees what, and that a list holds exactly what was counted."""

import re
from datetime import date, timedelta
from html.parser import HTMLParser

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from grievances.choices import Status
from grievances.models import Grievance
from orgs.choices import Role
from orgs.models import Unit, User
from reporting.measures import KINDS, TIME_TO_CLOSE
from reporting.periods import Period
from reporting.services import case_lists
from reporting.services.rates import closure_rates, count_now
from reporting.services.reading import read
from reporting.services.tallies import fold_all
from tests.factories import NOON, World, category, make_post, make_user, make_world
from tests.reporting.rows import put, put_closed, put_everything

pytestmark = pytest.mark.django_db

DAYS = {"since": "2026-03-04", "until": "2026-03-04"}
LATER = NOON + timedelta(days=30)
SEE = ("group_leader", "zone_leader", "community", "street", "supervisor", "official")


@pytest.fixture
def world(time_machine) -> World:
    time_machine.move_to(LATER)
    return make_world()


def as_user(user) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def page(world: World, user, unit: str = "street", **query):
    return as_user(user).get(reverse("unit_dashboard", args=[world.units[unit].pk]), {**DAYS, **query})


def cases(world: World, user, unit: str = "street", **query):
    return as_user(user).get(reverse("counted_cases", args=[world.units[unit].pk]), {**DAYS, **query})


# Who sees what


@pytest.mark.parametrize("role", SEE)
def test_who_answers_for_a_place_has_its_dashboard(world, role):
    user = world.users[role]
    own = as_user(user).get(reverse("dashboard"))
    unit = user.current_posts[0].unit
    assert own.status_code == 302
    assert own.url == reverse("unit_dashboard", args=[unit.pk])
    assert as_user(user).get(own.url).status_code == 200


@pytest.mark.parametrize("role", ["chief", "second_chief", "handler", "operator"])
def test_chiefs_handlers_and_operators_have_none(world, role):
    user = world.users[role]
    assert as_user(user).get(reverse("dashboard")).status_code == 403
    assert page(world, user, "neighbourhood").status_code == 403
    assert cases(world, user, "neighbourhood").status_code == 403


def test_strangers_sign_in_first(world):
    for name, args in (("dashboard", []), ("unit_dashboard", [1]), ("counted_cases", [1])):
        answer = Client().get(reverse(name, args=args))
        assert answer.status_code == 302
        assert reverse("sign_in") in answer.url


@pytest.mark.parametrize("role", SEE)
def test_another_units_dashboard_and_lists_are_not_found(world, role):
    user = world.users[role]
    own = user.current_posts[0].unit.path
    for name, unit in world.units.items():
        expected = 200 if unit.path.startswith(own) else 404
        assert page(world, user, name).status_code == expected, name
        assert cases(world, user, name).status_code == expected, name


def test_an_ended_post_shows_nothing_any_more(world):
    world.official.posts.update(ended_at=LATER)
    assert page(world, world.official).status_code == 403


def test_a_chief_who_also_leads_the_group_sees_the_group_and_not_the_zone(world):
    make_post(Role.COMMUNITY, unit=world.units["other_community"])
    user = world.chief
    user.posts.create(role=Role.GROUP_LEADER, unit=world.units["group"], since="2026-01-01")
    assert page(world, user, "group").status_code == 200
    assert page(world, user, "zone").status_code == 404


def test_two_places_of_one_person_are_both_offered(world):
    user = world.community
    user.posts.create(role=Role.COMMUNITY, unit=world.units["other_community"], since="2026-01-01")
    answer = page(world, user, "community")
    assert [place.name for place in answer.context["places"]] == ["花戏社区", "薛阁社区"]
    assert (
        f'href="{reverse("unit_dashboard", args=[world.units["other_community"].pk])}?since=' in answer.content.decode()
    )


def test_a_unit_that_is_not_there_is_not_found(world):
    client = as_user(world.official)
    for unit_id in (999_999, 10**30):
        assert client.get(f"/dashboard/{unit_id}/").status_code == 404


# Numbers


def test_the_page_shows_every_measure_with_its_parts(world):
    put_everything(world)
    html = page(world, world.official).content.decode()
    found = closure_rates(unit=world.units["street"], since=NOON.date(), until=NOON.date())
    text = re.sub(r"<[^>]+>|\s+", " ", html)
    text = re.sub(r"\s+", " ", text)
    for key, kind in KINDS.items():
        assert str(kind.label) in text, key
        if not kind.is_count:
            assert f"{found[key]['numerator']} / {found[key]['denominator']}" in text, key


def test_a_closure_rate_never_stands_without_what_keeps_it_honest(world):
    put_closed(world)
    context = page(world, world.official).context
    shown = [figure.key for figure in context["figures"]]
    assert shown[:4] == ["closure_rate", "resolution_rate", "feedback_coverage", "reopen_rate"]
    columns = [cell.key for cell in context["children"][0].cells]
    start = columns.index("closure_rate")
    assert columns[start : start + 4] == shown[:4]


def test_a_rate_without_denominator_is_a_dash(world):
    put(world)
    figures = {figure.key: figure.value for figure in page(world, world.official).context["figures"]}
    assert figures["closure_rate"] == "0.00 %"
    assert figures["resolution_rate"] == figures["satisfaction"] == figures[TIME_TO_CLOSE] == "—"


def test_a_period_without_cases_says_so_and_still_leads_down(world):
    answer = page(world, world.official)
    assert answer.status_code == 200
    assert answer.context["is_empty"]
    assert "figure__value" not in answer.content.decode()
    assert [row.name for row in answer.context["children"]] == [world.units["community"].name]


BAD_DAYS = (
    {"since": "2026-13-01", "until": "2026-03-01"},
    {"since": "gestern", "until": "2026-03-01"},
    {"since": "2026-03-02", "until": "2026-03-01"},
    {"since": "2026-03-02", "until": ""},
    {"since": "0001-01-01", "until": "9999-12-31"},
    {"since": "", "until": "", "period": "this_century"},
)


def test_days_that_cannot_be_used_are_said_so(world):
    put(world)
    for query in BAD_DAYS:
        answer = page(world, world.official, **query)
        assert answer.status_code == 400, query
        assert "figure__value" not in answer.content.decode()
        assert cases(world, world.official, **query).status_code == 400, query


def test_what_was_typed_stays_in_the_form(world):
    html = page(world, world.official, since="2026-03-09", until="2026-03-01").content.decode()
    assert 'value="2026-03-09"' in html
    assert 'value="2026-03-01"' in html
    assert html.count("field__error") >= 1


# Child units


def test_children_stand_by_place_and_can_be_sorted_by_a_measure(world):
    put(world, unit="neighbourhood")
    put_closed(world, unit="other_neighbourhood")
    put_closed(world, unit="other_neighbourhood")

    def order(**query) -> list[str]:
        return [row.name for row in page(world, world.city_official, "district", **query).context["children"]]

    here, other = world.units["street"].name, world.units["other_street"].name
    assert order() == [here, other]
    assert order(sort="closure_rate") == order(sort="accepted") == [other, here]
    assert order(sort="-closure_rate") == [here, other]
    assert order(sort=TIME_TO_CLOSE) == order(sort="-time_to_close") == [other, here]  # without a value: last
    assert order(sort="nonsense") == [here, other]


def test_neighbourhoods_are_not_ranked_and_name_no_chief(world):
    put(world, unit="neighbourhood")
    put_closed(world, unit="second_neighbourhood")
    User.objects.filter(posts__role=Role.CHIEF).update(name="赵邻长")
    answer = page(world, world.group_leader, "group", sort="closure_rate")
    assert [row.name for row in answer.context["children"]] == ["第一邻", "第二邻"]
    html = answer.content.decode()
    assert not re.search(r"<a[^>]*sort=", html)
    assert "aria-sort" not in html
    assert "赵邻长" not in html


def test_a_neighbourhood_shows_its_latest_cases_instead_of_units_below(world):
    first, second = put(world), put(world, reported_at=NOON + timedelta(hours=1))
    put(world, unit="second_neighbourhood")
    put(world, status=Status.WITHDRAWN)
    context = page(world, world.group_leader, "neighbourhood").context
    assert context["children"] == []
    assert list(context["cases"]) == [second, first]
    assert page(world, world.group_leader, "group").context["cases"] == []


def test_cases_filed_at_the_unit_itself_have_their_own_row_and_list(world):
    put(world, unit="community")
    put(world)
    rows = page(world, world.community, "community").context["children"]
    assert [row.found["accepted"].value for row in rows] == [1, 1]
    answer = as_user(world.community).get(rows[1].cells[0].above_url)
    assert [case.unit_name for case in answer.context["cases"]] == [world.units["community"].name]


def test_cases_of_a_place_that_moved_stay_in_the_sum(world):
    put(world)
    Grievance.objects.update(unit_path=world.units["street"].path + "00ZZ0001")
    context = page(world, world.official).context
    assert {figure.key: figure.value for figure in context["figures"]}["accepted"] == "1"
    assert sum(row.found["accepted"].value for row in context["children"]) == 1


# The list behind each number


def listed(answer) -> int:
    assert answer.status_code == 200
    return len(answer.context["cases"])


@pytest.mark.parametrize("unit", ["city", "street", "community", "neighbourhood"])
def test_each_number_has_exactly_its_cases_behind_it(world, unit):
    put_everything(world)
    found = closure_rates(unit=world.units[unit], since=NOON.date(), until=NOON.date())
    user = world.city_official
    numbers = set()
    for key, kind in KINDS.items():
        answer = cases(world, user, unit, measure=key, side="numerator")
        if key == "satisfaction":
            ratings = [case.rating for case in answer.context["cases"]]
            assert found[key]["numerator"] == pytest.approx(sum(0.9 if rating == 3 else 1 for rating in ratings))
        else:
            assert listed(answer) == found[key]["numerator"], key
        assert answer.context["count"] == listed(answer)
        if not kind.is_count:
            assert listed(cases(world, user, unit, measure=key, side="denominator")) == found[key]["denominator"], key
        numbers |= {found[key]["numerator"], found[key]["denominator"]}
    assert listed(cases(world, user, unit, measure=TIME_TO_CLOSE)) == found[TIME_TO_CLOSE]["n"]
    assert len(numbers) > 5, "the world must tell the measures apart"
    for name, number in count_now(unit=world.units[unit], now=LATER).items():
        assert listed(cases(world, user, unit, measure=f"{name}_now")) == number, name


class Links(HTMLParser):
    """Collects links whose text is a plain number."""

    def __init__(self) -> None:
        super().__init__()
        self.href, self.text, self.found = "", "", []

    def handle_starttag(self, tag, attrs):
        if tag == "a":
            self.href, self.text = dict(attrs)["href"], ""

    def handle_data(self, data):
        self.text += data

    def handle_endtag(self, tag):
        if tag == "a" and self.text.strip().replace(",", "").isdigit():
            self.found.append((self.href, int(self.text.strip().replace(",", ""))))


def test_every_linked_number_on_the_page_leads_to_so_many_cases(world):
    put_everything(world)
    client = as_user(world.city_official)
    for unit in ("district", "street", "community"):
        links = Links()
        links.feed(page(world, world.city_official, unit).content.decode())
        assert len(links.found) > 30
        for href, number in set(links.found):
            answer = client.get(href)
            expected = len(answer.context["cases"])
            if "measure=satisfaction&side=numerator" in href:
                continue  # weighted: checked above
            assert number == expected, href


def test_every_tile_of_the_treemap_leads_to_so_many_cases(world):
    put_everything(world)
    client = as_user(world.city_official)
    for by in ("category", "source", "agency"):
        maps = page(world, world.city_official, "district", by=by).context["maps"]
        tiles = [tile for one in maps for tile in one.tiles]
        assert by == "source" or tiles, by
        for tile in tiles:
            assert listed(client.get(tile.part.url)) == tile.part.cases == int(tile.part.number)


@pytest.mark.parametrize(
    "days", [("2026-03-01", "2026-03-31"), ("2026-01-01", "2026-06-01"), ("2025-01-01", "2026-12-31")]
)
@pytest.mark.parametrize("unit", ["city", "district", "street", "community", "group"])
def test_the_small_trends_of_children_add_up_to_their_rows(world, unit, days):
    put_everything(world)
    put(world, reported_at=NOON + timedelta(days=9))
    for folded in (False, True):
        if folded:
            fold_all()
        period = Period(*(date.fromisoformat(day) for day in days))
        found = read(unit=world.units[unit], periods={"period": period}, now=LATER, by_place=True, step=period.step)
        assert set(found.sparks) == {path for path in found.places if path != world.units[unit].path}
        for path, bars in found.sparks.items():
            counts = found.places[path]
            assert [sum(bar[0] for bar in bars.values()), sum(bar[1] for bar in bars.values())] == [
                counts.cases["accepted"],
                counts.cases["closed"],
            ]
    answer = page(world, world.city_official, unit, since=days[0], until=days[1])
    assert "spark__accepted" in answer.content.decode()


def test_a_list_is_paged_by_marks_both_ways_without_gap_or_repeat(world, monkeypatch):
    monkeypatch.setattr(case_lists, "PAGE_SIZE", 4)
    for minute in (0, 0, 0, 1, 2, 2, 3, 4, 5, 5):
        put(world, reported_at=NOON + timedelta(minutes=minute))
    expected = list(Grievance.objects.order_by("-reported_at", "-pk").values_list("pk", flat=True))
    client = as_user(world.official)
    answer = cases(world, world.official, measure="accepted")
    pages = [answer]
    while answer.context["next_url"]:
        answer = client.get(answer.context["next_url"])
        pages.append(answer)
    assert [len(one.context["cases"]) for one in pages] == [4, 4, 2]
    assert [case.pk for one in pages for case in one.context["cases"]] == expected
    assert not pages[0].context["prev_url"]
    back = client.get(pages[2].context["prev_url"])
    assert [case.pk for case in back.context["cases"]] == expected[4:8]
    first = client.get(back.context["prev_url"])
    assert [case.pk for case in first.context["cases"]] == expected[:4]
    assert not first.context["prev_url"]


MADE_UP = (
    ({"measure": "nonsense"}, 404),
    ({"side": "left"}, 404),
    ({"category": "abc"}, 404),
    ({"category": "9" * 30}, 404),
    ({"category": "99999999"}, 404),
    ({"after": "abc"}, 400),
    ({"after": "1-x"}, 400),
    ({"after": f"{10**30}-1"}, 400),
    ({"before": f"1-{10**30}"}, 400),
    ({"before": "0-1"}, 200),
)


def test_an_address_made_up_by_hand_is_answered_and_never_an_error(world):
    put(world)
    for query, status in MADE_UP:
        assert cases(world, world.official, **query).status_code == status, query


def test_a_category_list_holds_both_levels_and_what_is_not_classified(world):
    kind = category()
    put(world, category=kind)
    put(world, category=kind.parent)
    put(world)
    assert listed(cases(world, world.official, measure="accepted", category=str(kind.parent_id))) == 2
    assert listed(cases(world, world.official, measure="accepted", category="none")) == 1
    assert cases(world, world.official, measure="accepted", category=str(kind.pk)).status_code == 404


# Cost and safety


def statements(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


def test_pages_take_few_statements_and_no_more_with_more_rows(world):
    client = as_user(world.city_official)
    urls = [
        reverse("unit_dashboard", args=[world.units["district"].pk]) + "?since=2026-03-01&until=2026-03-31",
        reverse("counted_cases", args=[world.units["district"].pk])
        + "?measure=accepted&since=2026-03-01&until=2026-03-31",
    ]
    put_everything(world)
    few = [statements(client, url) for url in urls]
    for number in range(8):
        street = world.units["district"]
        unit = Unit.objects.create(
            parent=street, path=f"{street.path}1{number:03}", level="street", name=f"新街道{number}"
        )
        world.units[f"new_{number}"] = unit
        put(world, unit=f"new_{number}", category=category(), status=Status.ASSIGNED, lead_agency=world.agency)
        put_everything(world)
    assert [statements(client, url) for url in urls] == few
    assert few[0] <= 15
    assert few[1] <= 11


def test_no_page_needs_scripts_or_carries_inline_ones(world):
    put_everything(world)
    for html in (page(world, world.official).content.decode(), cases(world, world.official).content.decode()):
        assert not re.search(r"<script(?![^>]*\ssrc=)", html)
        assert not re.search(r"\sstyle=|\son[a-z]+=", html)
    assert "<details" in page(world, world.official).content.decode()


def test_english_is_complete_enough_to_be_read(world):
    put_closed(world)
    client = as_user(world.official)
    client.cookies["django_language"] = "en"
    html = client.get(reverse("unit_dashboard", args=[world.units["street"].pk]), DAYS).content.decode()
    for words in ("Closure rate", "Feedback coverage", "Cases over time", "Right now", "4 Mar 2026"):
        assert words in html


def test_a_superuser_begins_at_the_top(world):
    boss = make_user("管理员", is_superuser=True)
    answer = as_user(boss).get(reverse("dashboard"), {"period": "last_year"})
    assert answer.url == reverse("unit_dashboard", args=[world.units["city"].pk]) + "?period=last_year"
    assert as_user(boss).get(answer.url).status_code == 200


def test_a_dash_in_the_table_leads_nowhere(world):
    put(world)
    html = page(world, world.street).content.decode()
    assert re.search(r'<td class="table__cell--number"[^>]*>\s*—', html)
    assert not re.search(r'<a class="number"[^>]*>—', html)
