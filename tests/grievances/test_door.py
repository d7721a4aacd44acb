"""The code on the door: what residents tell, what becomes of it, and what nobody may do with it."""

import uuid

import pytest
from django.core import signing
from django.test import Client
from django.urls import reverse

from grievances.choices import Action, Source, Standing, Status
from grievances.models import Attachment, Grievance
from grievances.policies import decide
from grievances.services.alike import open_alike
from grievances.services.door import pass_on_untaken, tell
from linjiang.common.errors import NotAllowed
from notifications.models import Message
from orgs.models import Door
from orgs.services.doors import doors_of, renew_door
from orgs.services.posts import end_post
from orgs.services.system import system_user
from tests.factories import NOON, World, file_case, fresh, make_world
from tests.grievances.scenes import HOUR, do
from tests.test_permissions import picture

pytestmark = pytest.mark.django_db
WORDS = "楼下的路灯三天不亮了，老人不敢出门。"


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def door(world) -> Door:
    leaf = world.units["neighbourhood"]
    return doors_of(actor=world.community, units=[leaf], now=NOON)[leaf.pk]


def url(door: Door) -> str:
    return reverse("door", args=[door.token])


def given(**fields) -> dict:
    return {"submission_id": str(uuid.uuid4()), "description": WORDS} | fields


def told(world: World, **fields) -> Grievance:
    return tell(unit=world.units["neighbourhood"], description=WORDS, now=NOON, submission_id=uuid.uuid4(), **fields)[0]


def link(case: Grievance, name: str = "resident") -> str:
    return reverse(name, args=[case.token])


def test_what_a_resident_tells_waits_in_the_chief_s_to_do_and_nowhere_else(world, door):
    answer = Client().post(url(door), given(contact_name="李大妈", contact_phone="13812345678", photos=picture("red")))
    case = Grievance.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == link(case, "door_receipt")
    assert (case.status, case.source, case.filed_by) == (Status.DISCOVERED, Source.RESIDENT, system_user())
    assert case.attachments.count() == 1
    assert case.events.get().standing == Standing.RESIDENT
    waiting = {name for name, user in world.users.items() if Grievance.objects.waiting_for(fresh(user)).exists()}
    assert waiting == {"chief"}
    assert Message.objects.get().recipient == world.chief
    client = Client()
    client.force_login(world.chief, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get("/").content.decode()
    assert case.title in page
    assert "13812345678" not in client.get(case.get_absolute_url()).content.decode()


def test_the_chief_takes_it_up_and_cannot_make_it_disappear(world):
    case = told(world)
    assert not decide(fresh(world.chief), Action.WITHDRAW, case, at=NOON)
    with pytest.raises(NotAllowed):
        do(world, case, Action.WITHDRAW, fresh(world.chief))
    case = do(world, case, Action.REPORT, fresh(world.chief))
    assert (case.status, case.holder_unit) == (Status.REPORTED, world.units["group"])


def test_without_a_chief_it_is_reported_to_the_next_leader_at_once(world):
    end_post(actor=system_user(), post=world.chief.posts.get())
    case = told(world)
    assert (case.status, case.holder_unit) == (Status.REPORTED, world.units["group"])


def test_what_no_chief_takes_up_is_passed_on_once(world):
    case, own_draft = told(world), file_case(world, keep_as_draft=True)
    assert pass_on_untaken(now=NOON + 23 * HOUR) == 0
    assert pass_on_untaken(now=NOON + 24 * HOUR) == 1
    assert pass_on_untaken(now=NOON + 25 * HOUR) == 0
    case.refresh_from_db()
    own_draft.refresh_from_db()
    assert (case.status, case.holder_unit) == (Status.REPORTED, world.units["group"])
    assert own_draft.status == Status.DISCOVERED
    event = case.events.get(action=Action.REPORT)
    assert (event.standing, event.data["untaken"]) == (Standing.SYSTEM, True)
    kinds = set(Message.objects.values_list("recipient__name", "kind"))
    assert {("group_leader", "case_reported"), ("chief", "case_passed_on")} <= kinds


def test_the_same_form_sent_twice_is_one_case(door):
    form, client = given(), Client()
    first, second = client.post(url(door), form), client.post(url(door), form)
    assert first["Location"] == second["Location"]
    assert Grievance.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"description": ""}, 422),
        ({"description": "字" * 5001}, 422),
        ({"contact_phone": "abc"}, 422),
        ({"submission_id": "x"}, 422),
        ({"website": "http://spam"}, 422),
        ({"description": WORDS + "\x00"}, 422),
    ],
)
def test_bad_input_files_nothing_and_keeps_what_was_typed(door, fields, status):
    answer = Client().post(url(door), given(contact_name="王老伯") | fields)
    assert answer.status_code == status
    assert not Grievance.objects.exists()
    assert "王老伯" in answer.content.decode()


def test_a_file_that_is_no_picture_is_refused_and_the_words_stay(door):
    fake = picture("red")
    fake.file.seek(0)
    fake.file.truncate(20)
    answer = Client().post(url(door), given(photos=fake))
    assert answer.status_code == 422
    assert WORDS in answer.content.decode()


def test_too_many_from_one_address_wait(door):
    client = Client()
    answers = [client.post(url(door), given()).status_code for _ in range(21)]
    assert answers == [302] * 20 + [429]


def test_a_guess_and_a_renewed_code_lead_nowhere(world, door):
    old = url(door)
    renew_door(actor=world.community, unit=door.unit, now=NOON)
    for address in (old, reverse("door", args=["A" * 16])):
        assert Client().get(address).status_code == 404
        assert Client().post(address, given()).status_code == 404
    door.refresh_from_db()
    assert Client().get(url(door)).status_code == 200
    assert not Grievance.objects.exists()


def test_staff_who_are_signed_in_do_not_speak_as_residents(world, door):
    client = Client()
    client.force_login(world.chief, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(url(door)).status_code == 200
    assert client.post(url(door), given()).status_code == 403
    assert not Grievance.objects.exists()


def test_private_is_not_shown_to_neighbours_as_alike(world):
    unit = world.units["neighbourhood"]
    open_one, hidden = told(world), told(world, is_private=True)
    found = {one.case.pk for one in open_alike(WORDS, user=fresh(world.community), unit=unit)}
    assert open_one.pk in found
    assert hidden.pk not in found


def test_the_receipt_names_number_and_link(door):
    client = Client()
    page = client.get(client.post(url(door), given())["Location"])
    case = Grievance.objects.get()
    assert case.number in page.content.decode()
    assert link(case) in page.content.decode()
    assert page["Referrer-Policy"] == "same-origin"


def test_me_too_counts_a_browser_once_and_not_the_one_that_told_it(world, door):
    teller = Client()
    teller.post(url(door), given())
    case = Grievance.objects.get()
    assert teller.post(link(case, "resident_me_too")).status_code == 409
    neighbour = Client()
    assert link(case, "resident_me_too") in neighbour.get(link(case)).content.decode()
    assert neighbour.post(link(case, "resident_me_too")).status_code == 302
    assert neighbour.post(link(case, "resident_me_too")).status_code == 409
    assert link(case, "resident_me_too") not in neighbour.get(link(case)).content.decode()
    case.refresh_from_db()
    assert case.joined_count == 1


def test_a_forged_cookie_is_no_cookie(world):
    case, client = told(world), Client()
    client.cookies["lj_visitor"] = signing.Signer(salt="other").sign("somebody 1")
    assert client.get(link(case)).status_code == 200
    assert client.post(link(case, "resident_me_too")).status_code == 302


def test_nobody_joins_a_private_or_an_ended_case_by_its_link(world):
    hidden = told(world, is_private=True)
    assert Client().post(link(hidden, "resident_me_too")).status_code == 409
    ended = do(world, file_case(world), Action.WITHDRAW, world.chief)
    assert Client().post(link(ended, "resident_me_too")).status_code == 409
    assert Client().post(link(ended, "resident_photos"), {"photos": picture("red")}).status_code == 422


def test_photos_are_added_while_the_case_is_open(world):
    case = told(world)
    assert Client().post(link(case, "resident_photos"), {"photos": picture("blue")}).status_code == 302
    added = Attachment.objects.get(grievance=case)
    assert (added.event.action, added.event.standing) == (Action.ADD_PHOTO, Standing.RESIDENT)
    assert Client().post(link(case, "resident_photos")).status_code == 422
    signed_in = Client()
    signed_in.force_login(world.street, backend="django.contrib.auth.backends.ModelBackend")
    assert signed_in.post(link(case, "resident_photos"), {"photos": picture("red")}).status_code == 422
    # The page never shows photos of the problem, which may show other people.
    assert str(added.uuid) not in Client().get(link(case)).content.decode()


def test_not_solved_has_it_done_again_and_tells_one_level_up(world):
    case = do(world, file_case(world), Action.ASSIGN, world.community)
    case = do(world, case, Action.ACKNOWLEDGE, world.handler)
    case = do(world, case, Action.RESOLVE, world.handler)
    before = case.reopened_count
    Message.objects.all().delete()
    form = {"rating": 1, "said_resolved": "no", "comment": "灯还是不亮", "round": case.round}
    assert Client().post(link(case), form).status_code == 302
    case.refresh_from_db()
    assert (case.status, case.reopened_count) == (Status.ASSIGNED, before + 1)
    told_of_it = set(Message.objects.values_list("recipient__name", "kind"))
    assert told_of_it == {("承办人", "case_redo"), ("community", "case_again"), ("chief", "case_again")}


def test_the_page_costs_few_statements(door, django_assert_num_queries):
    client = Client()
    client.get(url(door))
    with django_assert_num_queries(3):
        assert client.get(url(door)).status_code == 200


def test_receipt_and_link_lead_to_what_was_done_in_the_own_community(world):
    case = told(world)
    mine, other = (reverse("near", args=[world.units[name].pk]) for name in ("community", "other_community"))
    for name in ("door_receipt", "resident"):
        page = Client().get(link(case, name)).content.decode()
        assert f'href="{mine}"' in page
        assert other not in page
    community = world.units["community"]
    community.is_active = False
    community.save()
    for name in ("door_receipt", "resident"):
        assert mine not in Client().get(link(case, name)).content.decode()  # it would be nowhere
