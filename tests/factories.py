"""Factories for tests: a small, real tree and the people in it. Everything goes through the services where it can."""

from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.contrib.auth.hashers import make_password

from grievances.models import Category, Grievance, Reason
from grievances.services.defaults import load_shipped_defaults
from grievances.services.filing import file_grievance
from grievances.services.rulebook import rulebook
from orgs.choices import DESK_ROLES, Level, Role
from orgs.models import Agency, Household, Post, Unit, User
from orgs.services.posts import appoint
from orgs.services.system import system_user
from orgs.services.units import create_unit

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 3, 4, 12, 0, tzinfo=SHANGHAI)
PASSWORD = "correct horse 8"
_phones = iter(range(13_900_000_000, 14_000_000_000))


def make_user(name: str = "张三", *, phone: str = "", **fields) -> User:
    """Create a person with a fresh phone number; the password is `PASSWORD`."""
    return User.objects.create_user(phone or str(next(_phones)), PASSWORD, name=name, **fields)


def make_post(role: str, *, unit: Unit | None = None, agency: Agency | None = None, name: str = "", **fields) -> Post:
    """Appoint a new person to the role and return the post."""
    fields.setdefault("since", date(2026, 1, 1))
    return appoint(
        actor=system_user(),
        user=make_user(name or str(Role(role).label)),
        role=role,
        unit=unit,
        agency=agency,
        **fields,
    )


@dataclass
class World:
    """One street with one community down to two neighbourhoods, another street beside it, everybody in office.

    `users` holds one person per role; `others` are the same roles in the other street, who must see nothing of ours.
    """

    units: dict[str, Unit] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    others: dict[str, User] = field(default_factory=dict)
    agency: Agency | None = None
    second_agency: Agency | None = None
    household: Household | None = None

    def __getattr__(self, name: str) -> User:
        try:
            return self.__dict__["users"][name]
        except KeyError:
            raise AttributeError(name) from None


def make_world() -> World:
    """Build the world: `world.chief`, `world.group_leader`, `world.street`, `world.handler` … are its people."""
    load_shipped_defaults(actor=system_user())
    world = World()
    city = _unit(world, Level.CITY, "亳州市", None, "city", code="3416")
    district = _unit(world, Level.DISTRICT, "谯城区", city, "district", code="341602")
    street, seats = _branch(world, district, "花戏楼街道", "")
    other_street, other_seats = _branch(world, district, "薛阁街道", "other_")
    world.agency = Agency.objects.create(name="花戏楼城管中队", kind="enforcement", unit=street)
    world.second_agency = Agency.objects.create(name="花戏楼供水站", kind="partner", unit=street)
    other_agency = Agency.objects.create(name="薛阁城管中队", kind="enforcement", unit=other_street)
    seats |= {
        "handler": ("承办人", Post(role=Role.HANDLER, agency=world.agency)),
        "second_handler": ("供水承办人", Post(role=Role.HANDLER, agency=world.second_agency)),
        "city_official": ("市领导", Post(role=Role.OFFICIAL, unit=city)),
    }
    other_seats["handler"] = ("别处承办人", Post(role=Role.HANDLER, agency=other_agency))
    world.users, world.others = _people(seats), _people(other_seats)
    rulebook()  # as in a process that has been running for a while
    world.household = Household.objects.create(unit=world.units["neighbourhood"], label="1栋1单元101")
    return world


def _branch(world: World, district: Unit, name: str, prefix: str) -> tuple[Unit, dict[str, tuple[str, Post]]]:
    street = _unit(world, Level.STREET, name, district, f"{prefix}street")
    community = _unit(world, Level.COMMUNITY, f"{name[:2]}社区", street, f"{prefix}community")
    zone = _unit(world, Level.ZONE, "第一片", community, f"{prefix}zone")
    group = _unit(world, Level.GROUP, "第一组", zone, f"{prefix}group")
    leaf = _unit(world, Level.NEIGHBOURHOOD, "第一邻", group, f"{prefix}neighbourhood")
    second = _unit(world, Level.NEIGHBOURHOOD, "第二邻", group, f"{prefix}second_neighbourhood")
    seats = {
        "chief": (Role.CHIEF, leaf),
        "second_chief": (Role.CHIEF, second),
        "group_leader": (Role.GROUP_LEADER, group),
        "zone_leader": (Role.ZONE_LEADER, zone),
        "community": (Role.COMMUNITY, community),
        "street": (Role.STREET, street),
        "supervisor": (Role.SUPERVISOR, street),
        "official": (Role.OFFICIAL, street),
        "operator": (Role.OPERATOR, street),
    }
    return street, {key: (f"{prefix}{key}", Post(role=role, unit=unit)) for key, (role, unit) in seats.items()}


def _people(seats: dict[str, tuple[str, Post]]) -> dict[str, User]:
    """Put a new person into each seat, in two statements: most tests begin with this."""
    password = make_password(PASSWORD)
    desk = (*DESK_ROLES, Role.SUPERVISOR)
    users = User.objects.bulk_create(
        User(phone=str(next(_phones)), name=name, password=password, is_staff=post.role in desk)
        for name, post in seats.values()
    )
    for user, (_name, post) in zip(users, seats.values(), strict=True):
        post.user, post.since = user, date(2026, 1, 1)
    Post.objects.bulk_create(post for _name, post in seats.values())
    return dict(zip(seats, users, strict=True))


def _unit(world: World, level: str, name: str, parent: Unit | None, key: str, *, code: str | None = None) -> Unit:
    unit = create_unit(actor=system_user(), level=level, name=name, parent=parent, code=code)
    world.units[key] = unit
    return unit


def fresh(user: User) -> User:
    """Return the person as the next request would load it: posts are read again."""
    return User.objects.get(pk=user.pk)


def category(code: str = "") -> Category:
    """Return a second-level category that needs no photo (or the one with `code`)."""
    if code:
        return Category.objects.get(code=code)
    return Category.objects.filter(parent__isnull=False, photo_required=False, urgency="7d").order_by("code").first()


def reason(kind: str) -> Reason:
    """Return the first listed reason of a step."""
    return Reason.objects.filter(kind=kind).first()


def file_case(world: World, *, by: User | None = None, now: datetime = NOON, **fields) -> Grievance:
    """File a case as the world's chief."""
    fields.setdefault("description", "楼道路灯坏了，老人晚上上下楼看不见。")
    fields.setdefault("unit", world.units["neighbourhood"])
    case, _new = file_grievance(actor=by or world.chief, now=now, **fields)
    return case


def work_statements(queries) -> list[str]:
    """Return the captured statements without the brackets of transactions and what only a day's first case asks.

    Savepoints stand for BEGIN and COMMIT, which a request outside a test has instead.
    """
    bookkeeping = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")
    return [
        query["sql"][:90]
        for query in queries
        if not query["sql"].startswith(bookkeeping) and "grievances_numberbase" not in query["sql"]
    ]
