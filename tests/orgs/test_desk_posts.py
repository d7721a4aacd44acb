"""Posts at the desk: appointing, handing over, ending, and who may."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from orgs.choices import Role
from orgs.models import Post, Unit, User
from orgs.services.posts import end_post
from tests.factories import NOON, fresh, make_world
from tests.orgs.test_desk_organisation import listed, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    with time_machine.travel(NOON + timedelta(hours=1), tick=False):
        yield make_world()


def appoint(client, **given):
    data = {
        "role": "chief",
        "place": "花戏社区/第一片/第一组/第二邻",
        "name": "王新",
        "phone": "138 1234 5678",
        **given,
    }
    return client.post(url(Post, "add"), data)


def test_a_chief_in_office_is_not_replaced_by_appointing_but_by_handing_over(world, client):
    client.force_login(world.community)
    old = world.users["second_chief"]
    refused = appoint(client)
    assert refused.status_code == 400
    assert old.name in str(refused.context["form"].non_field_errors())
    assert fresh(old).holds(Role.CHIEF)
    assert not User.objects.filter(phone="13812345678").exists()
    hand_over = reverse("admin:orgs_post_hand_over", args=[old.posts.get().pk])
    same = client.post(hand_over, {"name": old.name, "phone": old.phone})
    assert same.status_code == 400
    done = client.post(hand_over, {"name": "王新", "phone": "13812345678"}, follow=True)
    [message] = [str(one) for one in done.context["messages"]]
    assert "王新" in message
    assert old.name in message
    assert not fresh(old).holds(Role.CHIEF)


def test_a_new_chief_is_appointed_to_a_vacant_seat(world, client):
    seat = world.units["second_neighbourhood"]
    end_post(actor=world.street, post=world.users["second_chief"].posts.get())
    client.force_login(world.community)
    assert appoint(client).status_code == 302
    assert Post.objects.get(unit=seat, role=Role.CHIEF, ended_at__isnull=True).user.phone == "13812345678"
    assert LogEntry.objects.filter(user=world.community, change_message__contains="appointed").exists()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"place": "第一邻的隔壁"}, "place"),
        ({"place": ""}, "place"),
        ({"place": "花戏社区"}, None),
        ({"phone": "12345"}, "phone"),
        ({"name": ""}, "name"),
        ({"role": "system_admin"}, "role"),
        ({"role": "street"}, "role"),
        ({"since": "2030-01-01"}, "since"),
        ({"until": "2020-01-01"}, "until"),
        ({"since": "soon"}, "since"),
    ],
)
def test_appointing_with_mistakes_is_400_with_everything_typed(world, client, given, field):
    client.force_login(world.community)
    posts = Post.objects.count()
    response = appoint(client, **given)
    assert response.status_code == 400
    assert Post.objects.count() == posts
    form = response.context["form"]
    assert form.errors.get(field or "__all__")
    if "name" not in given:
        assert "王新" in response.content.decode()


def test_nobody_appoints_themself(world, client):
    client.force_login(world.community)
    response = appoint(client, name=world.community.name, phone=world.community.phone)
    assert response.status_code == 400
    assert "自己" in response.content.decode()


def test_a_number_registered_under_another_name_is_a_plain_message(world, client):
    client.force_login(world.community)
    response = appoint(client, phone=world.chief.phone)
    assert response.status_code == 400
    assert response.context["form"].errors["name"]


def test_a_post_is_handed_over_and_ended(world, client):
    client.force_login(world.street)
    post = world.group_leader.posts.get()
    hand_over = reverse("admin:orgs_post_hand_over", args=[post.pk])
    assert client.post(hand_over, {"name": "赵六", "phone": "13812345679"}).status_code == 302
    post.refresh_from_db()
    assert post.ended_at
    successor = Post.objects.get(unit=world.units["group"], ended_at__isnull=True)
    assert successor.user.name == "赵六"
    assert client.post(reverse("admin:orgs_post_end", args=[successor.pk])).status_code == 302
    successor.refresh_from_db()
    assert successor.ended_at
    for name in ("hand_over", "end"):
        address = reverse(f"admin:orgs_post_{name}", args=[successor.pk])
        for response in (client.get(address), client.post(address)):
            assert response.status_code == 409
            assert "赵六" in response.content.decode()
        assert address not in client.get(url(Post, "change", successor.pk)).content.decode()


def test_staff_may_not_touch_the_posts_above_them(world, client):
    client.force_login(world.community)
    own = world.community.posts.get()
    assert client.post(reverse("admin:orgs_post_end", args=[own.pk])).status_code == 403
    client.force_login(world.street)
    official = world.official.posts.get()
    assert client.post(reverse("admin:orgs_post_end", args=[official.pk])).status_code == 403


def test_vacant_neighbourhoods_are_found(world, client):
    end_post(actor=world.street, post=world.chief.posts.get())
    client.force_login(world.street)
    assert listed(client, Unit, lead="vacant") == {world.units["neighbourhood"]}
    assert world.units["second_neighbourhood"] in listed(client, Unit, lead="held")
    assert listed(client, Unit, below=world.units["group"].pk) == set(Unit.objects.subtree(world.units["group"].path))
    assert listed(client, Unit, below="x'") == listed(client, Unit)
    assert world.units["second_neighbourhood"] in listed(client, Unit, size="odd")
