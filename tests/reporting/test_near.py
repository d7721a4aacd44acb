"""Done near me: who publishes, what anybody may read, and what nobody may."""

import pytest
import time_machine
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test import Client
from django.urls import reverse

from grievances.choices import Action
from grievances.models import Grievance, Publication
from linjiang.common.errors import InvalidInput, NotAllowed
from orgs.models import Contact
from tests.factories import NOON, World, file_case, make_world
from tests.grievances.api_client import api
from tests.grievances.scenes import do
from tests.test_permissions import picture, status

pytestmark = pytest.mark.django_db
TITLE, TEXT = "路灯亮了", "灯泡换好了，晚上看得见路。"


@pytest.fixture
def world() -> World:
    return make_world()


def closed(world: World, *, rating: int = 5, **given) -> Grievance:
    """Return a case with a photo of the problem and one of the result, closed with the household's word."""
    case = file_case(world, photos=[picture("red")], **given)
    for action, who, more in (
        (Action.ASSIGN, world.community, {}),
        (Action.ACKNOWLEDGE, world.handler, {}),
        (Action.RESOLVE, world.handler, {"photos": [picture("green")]}),
        (Action.FEEDBACK, world.chief, {"rating": rating}),
    ):
        case = do(world, case, action, who, **more)
    return case


def publish(world: World, case: Grievance, **given) -> Grievance:
    return do(world, case, Action.PUBLISH, world.community, **given)


def page(world: World, unit: str = "community"):
    return Client().get(reverse("near", args=[world.units[unit].pk]))


def photo_status(photo) -> int:
    return status(Client().get(reverse("near_photo", args=[photo.uuid, "small"])))


def test_anybody_reads_what_was_published_and_nothing_else(world):
    case, other = closed(world, household=world.household), closed(world, description="三号楼漏水")
    before, after = case.attachments.order_by("pk")
    publish(world, case, before=[before], after=[after])
    answer = page(world)
    words = answer.content.decode()
    assert answer.status_code == 200
    assert TITLE in words
    assert TEXT in words
    for private in (case.title, other.title, case.number, "chief", "承办人", world.household.label):
        assert private not in words
    assert [photo_status(photo) for photo in (before, after)] == [200, 200]
    assert photo_status(other.attachments.first()) == 404


def test_a_photo_that_was_not_chosen_stays_inside(world):
    case = closed(world)
    before, after = case.attachments.order_by("pk")
    publish(world, case, after=[after])
    assert photo_status(before) == 404
    assert photo_status(after) == 200


def test_other_communities_show_nothing_of_it_and_other_units_have_no_page(world):
    publish(world, closed(world))
    assert TITLE not in page(world, "other_community").content.decode()
    for unit in ("street", "neighbourhood", "city"):
        assert page(world, unit).status_code == 404


def test_taken_down_or_opened_again_it_is_gone_and_comes_back_when_closed(world):
    case = closed(world)
    after = case.attachments.last()
    case = publish(world, case, after=[after])
    case = do(world, case, Action.REOPEN, world.community)
    assert TITLE not in page(world).content.decode()
    assert photo_status(after) == 404
    for action, who in (
        (Action.ASSIGN, world.community),
        (Action.ACKNOWLEDGE, world.handler),
        (Action.RESOLVE, world.handler),
        (Action.FEEDBACK, world.chief),
    ):
        case = do(world, case, action, who)
    assert TITLE in page(world).content.decode()
    do(world, case, Action.UNPUBLISH, world.community)
    assert TITLE not in page(world).content.decode()
    assert photo_status(after) == 404


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("public_title", "请打 13812345678"),
        ("public_text", "电话 138-1234-5678"),
        ("public_text", "证号 34160219600101123X"),
        ("public_title", "高婶子家的灯亮了"),
        ("public_text", "彭大爷说好了"),
        ("public_text", "电话 138.1234.5678"),
        ("public_text", "电话 １３８１２３４５６７８"),
        ("public_text", "1 栋１单元 101的灯换好了"),
        ("public_text", "李 桂芳家的灯换好了"),
        ("public_text", "1栋1单元101的灯换好了"),
        ("public_text", "李桂芳家的灯换好了"),
        ("public_title", "字" * 61),
        ("public_text", "字" * 301),
    ],
)
def test_words_that_name_a_household_are_refused(world, field, words):
    world.household.contact = Contact.objects.create(name="李桂芳", phone="13812345678")
    world.household.save()
    case = closed(world, household=world.household)
    with pytest.raises(InvalidInput) as refused:
        publish(world, case, **{field: words})
    assert set(refused.value.errors) == {field}
    assert not hasattr(Grievance.objects.get(pk=case.pk), "publication")


def test_trades_are_no_names_and_staff_find_the_page_from_the_case(world):
    case = publish(world, closed(world), public_text="维修师傅和物业阿姨一起换好了")
    client = Client()
    client.force_login(world.community, backend="django.contrib.auth.backends.ModelBackend")
    assert reverse("near", args=[world.units["community"].pk]) in client.get(case.get_absolute_url()).content.decode()


def test_a_date_is_no_telephone_number(world):
    case = closed(world)
    publish(world, case, public_text="2026-11-25 换好，2026年11月26日 又看了一遍")
    assert "2026-11-25" in page(world).content.decode()


def test_what_is_private_or_was_not_called_solved_is_not_published(world):
    case = closed(world)
    Grievance.objects.filter(pk=case.pk).update(is_private=True)
    with pytest.raises(NotAllowed):
        publish(world, Grievance.objects.get(pk=case.pk))
    Grievance.objects.filter(pk=case.pk).update(is_private=False, said_resolved=None)
    with pytest.raises(NotAllowed):
        publish(world, Grievance.objects.get(pk=case.pk))


def test_a_photo_of_another_case_is_refused_everywhere(world):
    case, other = closed(world), closed(world)
    with pytest.raises(InvalidInput):
        publish(world, case, after=[other.attachments.first()])
    given = {"public_title": TITLE, "public_text": TEXT, "after": [str(other.attachments.first().uuid)]}
    answer = api(world.community).post(f"/api/v1/cases/{case.number}/actions/publish/", given, format="json")
    assert answer.status_code == 400
    assert "after" in answer.json()["errors"]


@time_machine.travel(NOON, tick=False)
def test_figures_stand_with_their_parts_and_nothing_is_a_dash(world):
    words = page(world).content.decode()
    assert words.count("—") >= 4  # no rate of nothing
    closed(world)
    figures = {one["key"]: (one["numerator"], one["denominator"]) for one in page(world).context["figures"]}
    assert figures["closure_rate"] == (1, 1)
    assert figures["resolution_rate"] == (1, 1)


def test_the_form_offers_the_photos_and_keeps_what_was_typed(world):
    case = closed(world)
    client = Client()
    client.force_login(world.community, backend="django.contrib.auth.backends.ModelBackend")
    url = reverse("case_action", args=[case.number, "publish"])
    words = client.get(url).content.decode()
    assert words.count('class="choice__photo"') == 4
    assert words.count('type="checkbox" name="after"') == words.count('type="checkbox" name="before"') == 2
    assert case.result in words
    given = {"version": case.version, "public_title": "电话 13812345678", "public_text": TEXT}
    answer = client.post(url, given)
    assert answer.status_code == 400
    assert TEXT in answer.content.decode()
    given |= {"public_title": TITLE, "after": case.attachments.last().pk}
    assert client.post(url, given).status_code == 302
    assert TITLE in page(world).content.decode()
    assert case.publication.published_at >= NOON


def with_photos(world: World, count: int) -> Grievance:
    """Return a closed case with a photo of the problem and `count` of the result."""
    colours = ["green", "blue", "white", "gray", "black"]
    case = file_case(world, photos=[picture("red")])
    for action, who, more in (
        (Action.ASSIGN, world.community, {}),
        (Action.ACKNOWLEDGE, world.handler, {}),
        (Action.RESOLVE, world.handler, {"photos": [picture(name) for name in colours[:count]]}),
        (Action.FEEDBACK, world.chief, {"rating": 5}),
    ):
        case = do(world, case, action, who, **more)
    return case


def test_several_photos_of_a_side_are_shown_in_their_order_and_mended_as_one(world):
    case = with_photos(world, 4)
    before, *after = case.attachments.order_by("pk")
    case = publish(world, case, before=[before], after=[after[2], after[0], after[1]])
    [shown] = page(world).context["cases"]
    assert [side["photos"] for side in shown["sides"]] == [[before], [after[2], after[0], after[1]]]
    assert [photo_status(photo) for photo in (before, *after)] == [200, 200, 200, 200, 404]
    publish(world, case, after=[after[3]])
    [shown] = page(world).context["cases"]
    assert [side["photos"] for side in shown["sides"]] == [[after[3]]]
    assert [photo_status(photo) for photo in (before, *after)] == [404, 404, 404, 404, 200]


@pytest.mark.parametrize("way", ["verb", "api", "form"])
def test_more_than_four_photos_of_a_side_are_refused(world, way):
    case = with_photos(world, 5)
    after = list(case.attachments.order_by("pk"))[1:]
    words = {"public_title": TITLE, "public_text": TEXT}
    if way == "verb":
        with pytest.raises(InvalidInput) as refused:
            publish(world, case, after=after)
        assert set(refused.value.errors) == {"after"}
    elif way == "api":
        given = words | {"after": [str(photo.uuid) for photo in after]}
        assert (
            api(world.community).post(f"/api/v1/cases/{case.number}/actions/publish/", given, format="json").status_code
            == 400
        )
    else:
        client = Client()
        client.force_login(world.community, backend="django.contrib.auth.backends.ModelBackend")
        given = words | {"version": case.version, "after": [photo.pk for photo in after]}
        answer = client.post(reverse("case_action", args=[case.number, "publish"]), given)
        assert answer.status_code == 400
        assert TITLE in answer.content.decode()
    assert TITLE not in page(world).content.decode()
    publish(world, case, after=after[:4])
    assert TITLE in page(world).content.decode()


def test_a_photo_shows_one_side_and_several_go_through_the_api(world):
    case = with_photos(world, 2)
    before, *after = case.attachments.order_by("pk")
    with pytest.raises(InvalidInput) as refused:
        publish(world, case, before=[before], after=[before])
    assert set(refused.value.errors) == {"after"}
    given = {"public_title": TITLE, "public_text": TEXT, "after": [str(photo.uuid) for photo in after]}
    answer = api(world.community).post(f"/api/v1/cases/{case.number}/actions/publish/", given, format="json")
    assert answer.status_code == 200
    assert [photo_status(photo) for photo in after] == [200, 200]


@pytest.mark.django_db(transaction=True)
def test_what_was_published_keeps_its_photos_when_several_become_possible(world):
    case = closed(world)
    before, after = case.attachments.order_by("pk")
    publish(world, case, before=[before], after=[after])
    shown = Publication.objects.get()
    latest = MigrationExecutor(connection).loader.graph.leaf_nodes("grievances")
    try:
        MigrationExecutor(connection).migrate([("grievances", "0017_publications")])
        with connection.cursor() as cursor:
            cursor.execute("SELECT before_id, after_id FROM grievances_publication WHERE id = %s", [shown.pk])
            assert cursor.fetchone() == (before.pk, after.pk)
    finally:
        MigrationExecutor(connection).migrate(latest)
    kept = shown.photos.order_by("pk").values_list("attachment", "side")
    assert list(kept) == [(before.pk, "before"), (after.pk, "after")]


def test_without_photos_none_are_asked_for(world):
    case = file_case(world)
    for action, who, more in (
        (Action.ASSIGN, world.community, {}),
        (Action.ACKNOWLEDGE, world.handler, {}),
        (Action.RESOLVE, world.handler, {}),
        (Action.FEEDBACK, world.chief, {"rating": 5}),
    ):
        case = do(world, case, action, who, **more)
    client = Client()
    client.force_login(world.community, backend="django.contrib.auth.backends.ModelBackend")
    url = reverse("case_action", args=[case.number, "publish"])
    form = client.get(url).context["form"]
    assert not {"before", "after"} & set(form.fields)
    given = {"version": case.version, "public_title": TITLE, "public_text": TEXT}
    assert client.post(url, given).status_code == 302
    assert TITLE in page(world).content.decode()


def test_many_publications_cost_no_more_statements(world, django_assert_max_num_queries):
    publish(world, closed(world))
    page(world)
    with django_assert_max_num_queries(12):
        page(world)
    for _turn in range(3):
        publish(world, closed(world))
    with django_assert_max_num_queries(12):
        page(world)
