"""The demo's sign-ins: one person per role, all in one street, one password."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.urls import reverse
from django.utils import translation

from grievances.choices import Status
from grievances.models import Grievance
from grievances.services.demo.organisation import City
from orgs.choices import Role
from orgs.models import Post, User
from orgs.profile import profile

# Printed on every start: a demonstration's password protects nothing and is refused in production.
PASSWORD = "linjiang2026"  # noqa: S105  (printed for everybody; production refuses the demo)
_FIRST_PHONE = 13_800_000_001


@dataclass(frozen=True, slots=True)
class Account:
    """One demo sign-in; the role's title in both languages."""

    role: str
    role_zh: str
    role_en: str
    name: str
    phone: str
    where: str


def chosen_posts(city: City) -> list[Post]:
    """Return one post per role, in the order people meet a case; the district's official before the city's."""
    place = city.places[0]
    enforcement = city.agency(place, "enforcement")
    seats = [
        {"role": Role.CHIEF, "unit": place.leaf},
        {"role": Role.GROUP_LEADER, "unit": place.group},
        {"role": Role.ZONE_LEADER, "unit": place.zone},
        {"role": Role.COMMUNITY, "unit": place.community},
        {"role": Role.STREET, "unit": place.street},
        {"role": Role.HANDLER, "agency": enforcement},
        {"role": Role.HANDLER, "agency": city.agency(place, "property")},
        {"role": Role.SUPERVISOR, "unit": city.district},
        {"role": Role.OFFICIAL, "unit": city.district},
        {"role": Role.OFFICIAL, "unit": city.city},
        {"role": Role.OPERATOR, "unit": city.district},
        {"role": Role.SYSTEM_ADMIN, "unit": city.city},
        {"role": Role.SECURITY_ADMIN, "unit": city.city},
        {"role": Role.AUDIT_ADMIN, "unit": city.city},
    ]
    return [Post.objects.select_related("user").filter(**seat).earliest("pk") for seat in seats]


def give_accounts(city: City) -> list[User]:
    """Give the chosen people easy phone numbers and the demo password; everybody else has no password at all."""
    password = make_password(PASSWORD)  # Argon2 is slow on purpose: hashed once, shared by all
    users = [post.user for post in chosen_posts(city)]
    for number, user in enumerate(users):
        user.phone, user.password = str(_FIRST_PHONE + number), password
    User.objects.bulk_update(users, ["phone", "password"])
    return users


def demo_accounts() -> list[Account]:
    """Return the demo sign-ins of this database, in order of their numbers; none where no demo city was loaded."""
    phones = [str(_FIRST_PHONE + number) for number in range(20)]
    users = User.objects.filter(phone__in=phones, is_active=True).order_by("phone")
    return [_account(user, post) for user in users for post in user.current_posts[:1]]


def _account(user: User, post: Post) -> Account:
    return Account(
        role=post.role,
        role_zh=_title(post.role, "zh-hans"),
        role_en=_title(post.role, "en"),
        name=user.name,
        phone=user.phone,
        where=_where(post),
    )


def resident_link() -> str:
    """Return the address of a resolved case of the demo chief's that waits for the household's word; "" for none."""
    waiting = Grievance.objects.filter(status=Status.RESOLVED).order_by("-pk")
    mine = waiting.filter(unit__posts__user__phone=str(_FIRST_PHONE), unit__posts__role=Role.CHIEF)
    case = mine.first() or waiting.first()
    return settings.SITE_URL + reverse("resident", args=[case.token]) if case else ""


def _title(role: str, language: str) -> str:
    with translation.override(language):
        return profile().role_title(role)


def _where(post: Post) -> str:
    if post.agency:
        return post.agency.name
    names = post.unit.__class__.objects.ancestors(post.unit.path, include_self=True).values_list("name", flat=True)
    return " ".join(names[2:] if len(names) > 3 else names[1:] or names)
