"""The demo city's organisation: the real divisions, with made-up units, people and bodies below them.

The seats of the city, its districts and of one district's streets are filled; one or two communities of each of these
streets are peopled down to households. All rows of a kind go in by one bulk insert.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from grievances.services.demo.people import person_name, phone_numbers
from orgs import tree
from orgs.choices import ADMIN_ROLES, DESK_ROLES, AgencyKind, Level, Role
from orgs.models import Agency, Contact, Household, Post, Unit, User

DISTRICT_CODE = "341602"
# Streets of the old town: two communities each are peopled, wider than elsewhere.
URBAN_CODES = ("341602001", "341602002", "341602003")
_DESK = (*DESK_ROLES, *ADMIN_ROLES, Role.SUPERVISOR)
_ORDINALS = "一二三四五六七八九十"

_ESTATES = [
    "芍药苑",
    "牡丹园",
    "药都花园",
    "涡河湾",
    "魏武新村",
    "和平小区",
    "建安里",
    "汤王花园",
    "华祖苑",
    "白布大街老院",
    "丰水源",
    "书香苑",
    "金色家园",
    "翰林府",
    "薛家巷",
    "曹巷口",
    "打铜巷",
    "里仁街",
    "希夷小区",
    "南湖佳苑",
    "紫薇园",
    "向阳院",
    "光明里",
    "文帝苑",
]
_VILLAGES = [
    "张庄",
    "李楼",
    "王大庄",
    "刘小营",
    "陈桥",
    "杨集",
    "赵寨",
    "孙老家",
    "马庙",
    "朱营",
    "胡阁",
    "郭万庄",
    "高公庙",
    "丁楼",
    "魏土楼",
    "程井",
    "任小楼",
    "姜屯",
    "崔寨",
    "田桥口",
    "董集",
    "袁花园",
    "蒋楼",
    "蔡小庙",
    "十字河",
    "柳行",
    "梨园",
    "小李庄",
    "大周营",
    "前油坊",
    "后油坊",
    "耿竹园",
]

# key: (name behind the place's, kind, whether only urban streets have it)
STREET_AGENCIES = {
    "enforcement": ("综合执法队", AgencyKind.ENFORCEMENT, False),
    "sanitation": ("环卫所", AgencyKind.DEPARTMENT, False),
    "municipal": ("市政维护站", AgencyKind.DEPARTMENT, False),
    "police": ("派出所", AgencyKind.DEPARTMENT, False),
    "affairs": ("社会事务办", AgencyKind.DEPARTMENT, False),
    "street_office": ("党政办", AgencyKind.DEPARTMENT, False),
    "agriculture": ("农业农村办", AgencyKind.DEPARTMENT, False),
    "water": ("供水站", AgencyKind.PARTNER, False),
    "power": ("供电所", AgencyKind.PARTNER, False),
    "property": ("物业服务公司", AgencyKind.PROPERTY, True),
}
DISTRICT_AGENCIES = {
    "housing": ("住房和城乡建设局", AgencyKind.DEPARTMENT),
    "market": ("市场监督管理局", AgencyKind.DEPARTMENT),
    "labour": ("人力资源和社会保障局", AgencyKind.DEPARTMENT),
    "health": ("卫生健康委员会", AgencyKind.DEPARTMENT),
    "education": ("教育局", AgencyKind.DEPARTMENT),
    "traffic": ("交警大队", AgencyKind.ENFORCEMENT),
    "heating": ("供热公司", AgencyKind.PARTNER),
}


@dataclass(slots=True)
class Place:
    """A peopled neighbourhood with everybody a case of it may pass through, nearest first."""

    leaf: Unit
    group: Unit
    zone: Unit
    community: Unit
    street: Unit
    urban: bool
    estate: str
    where: str
    households: list[Household] = field(default_factory=list)
    chief: User | None = None


@dataclass
class City:
    """What was built. `leaders` maps a unit's id to who holds it; `agencies` and `handlers` are by street and key."""

    city: Unit
    district: Unit
    places: list[Place] = field(default_factory=list)
    leaders: dict[int, User] = field(default_factory=dict)
    agencies: dict[tuple[int, str], Agency] = field(default_factory=dict)
    handlers: dict[int, User] = field(default_factory=dict)
    supervisor: User | None = None
    operator: User | None = None

    def agency(self, place: Place, key: str) -> Agency:
        """Return the body that resolves such cases there: the street's, else the district's, else the office."""
        for unit_id in (place.street.pk, self.district.pk):
            if found := self.agencies.get((unit_id, key)):
                return found
        return self.agencies[place.street.pk, "street_office"]


class Builder:
    """Collects people and posts while units are made, then writes each kind at once."""

    def __init__(self, *, rng: Random, today: date) -> None:
        self._rng = rng
        self._phones = phone_numbers(13_990_000_001)
        self._contact_phones = phone_numbers(17_090_000_001)
        self._since = today - timedelta(days=400)
        self._users: list[User] = []
        self._posts: list[Post] = []
        self._nobody = make_password(None)

    def build(self) -> City:
        """People the shipped divisions (already imported) and return the city."""
        root = Unit.objects.get(parent__isnull=True)
        district = Unit.objects.get(code=DISTRICT_CODE)
        built = City(city=root, district=district)
        streets = list(district.children.order_by("path"))
        self._seats(built, streets)
        self._agencies(built, streets)
        leaves = self._units(built, streets)
        self._households(leaves)
        self._write_people()
        return built

    def _seats(self, built: City, streets: list[Unit]) -> None:
        for role in (Role.OFFICIAL, *ADMIN_ROLES):
            self._appoint(role, unit=built.city)
        self._appoint(Role.OFFICIAL, unit=built.district)
        built.supervisor = self._appoint(Role.SUPERVISOR, unit=built.district)
        built.operator = self._appoint(Role.OPERATOR, unit=built.district)
        for street in streets:
            built.leaders[street.pk] = self._appoint(Role.STREET, unit=street)
        communities = Unit.objects.filter(parent__in=streets, level=Level.COMMUNITY).order_by("path")
        for community in communities:
            built.leaders[community.pk] = self._appoint(Role.COMMUNITY, unit=community)

    def _agencies(self, built: City, streets: list[Unit]) -> None:
        made: dict[tuple[int, str], Agency] = {}
        for street in streets:
            urban = street.code.startswith(URBAN_CODES)
            short = street.name.removesuffix("街道")
            for key, (name, kind, only_urban) in STREET_AGENCIES.items():
                if urban or not only_urban:
                    made[street.pk, key] = Agency(name=short + name, kind=kind, unit=street)
        for key, (name, kind) in DISTRICT_AGENCIES.items():
            made[built.district.pk, key] = Agency(name=built.district.name + name, kind=kind, unit=built.district)
        Agency.objects.bulk_create(made.values())
        built.agencies = made
        for agency in made.values():
            built.handlers[agency.pk] = self._appoint(Role.HANDLER, agency=agency)

    def _units(self, built: City, streets: list[Unit]) -> list[Place]:
        by_street: dict[int, list[Unit]] = {street.pk: [] for street in streets}
        for community in Unit.objects.filter(parent__in=streets, level=Level.COMMUNITY).order_by("path"):
            by_street[community.parent_id].append(community)
        peopled: list[tuple[Unit, Unit, bool]] = []
        for street in streets:
            urban = street.code.startswith(URBAN_CODES)
            chosen = by_street[street.pk][: 2 if urban else 1]
            peopled += [(street, community, urban) for community in chosen]
        zones = self._zones(peopled)
        groups = self._below(
            [(zone, self._rng.choice((2, 3)) if urban else 2) for zone, _place, urban in zones],
            Level.GROUP,
            lambda parent, number: f"{parent.name.removesuffix('片')}{_ORDINALS[number - 1]}组",
        )
        group_place = {zone.pk: (street_community, urban) for zone, street_community, urban in zones}
        leaves = self._below(
            [(group, self._rng.choice((2, 3)) if group_place[group.parent_id][1] else 2) for group in groups],
            Level.NEIGHBOURHOOD,
            lambda parent, number: self._leaf_name(parent, number, urban=group_place[parent.parent_id][1]),
        )
        by_pk = {group.pk: group for group in groups}
        zone_by_pk = {zone.pk: zone for zone, _place, _urban in zones}
        for unit in (*zone_by_pk.values(), *groups):
            role = Role.ZONE_LEADER if unit.level == Level.ZONE else Role.GROUP_LEADER
            built.leaders[unit.pk] = self._appoint(role, unit=unit)
        for leaf in leaves:
            group = by_pk[leaf.parent_id]
            (street, community), urban = group_place[group.parent_id]
            zone = zone_by_pk[group.parent_id]
            estate = zone.name.removesuffix("片")
            where = leaf.name.removesuffix("邻") if urban else leaf.name[:-2]
            place = Place(leaf, group, zone, community, street, urban, estate, where)
            # A few seats are vacant and a few held by a stand-in, as everywhere.
            fate = self._rng.random()
            if len(built.places) == 0 or fate > 0.03:
                place.chief = self._appoint(Role.CHIEF, unit=leaf, acting=0.03 < fate <= 0.06 and bool(built.places))
            built.places.append(place)
        return built.places

    def _zones(self, peopled) -> list[tuple[Unit, tuple[Unit, Unit], bool]]:
        urban_names, rural_names = _endless(_ESTATES), _endless(_VILLAGES)
        wanted = [(community, 3 if urban else 2) for _street, community, urban in peopled]
        about = {community.pk: ((street, community), urban) for street, community, urban in peopled}
        zones = self._below(
            wanted,
            Level.ZONE,
            lambda parent, _number: next(urban_names if about[parent.pk][1] else rural_names) + "片",
        )
        return [(zone, *about[zone.parent_id]) for zone in zones]

    def _below(self, wanted: list[tuple[Unit, int]], level: str, name) -> list[Unit]:
        """Make so many children of each parent and keep each parent's count, from which paths are given out."""
        made: list[Unit] = []
        for parent, count in wanted:
            for _ in range(count):
                parent.children_made += 1
                made.append(
                    Unit(
                        parent=parent,
                        path=tree.child_path(parent.path, parent.children_made),
                        level=level,
                        name=name(parent, parent.children_made),
                    )
                )
        Unit.objects.bulk_create(made)
        Unit.objects.bulk_update([parent for parent, _count in wanted], ["children_made"], batch_size=500)
        return made

    def _leaf_name(self, group: Unit, number: int, *, urban: bool) -> str:
        estate = group.name[:-2]
        which = _ORDINALS.index(group.name[-2])
        if urban:
            return f"{estate}{which * 3 + number}栋邻"
        return f"{estate}{'东西南北中'[which]}街{_ORDINALS[number - 1]}邻"

    def _households(self, places: list[Place]) -> None:
        contacts: list[Contact] = []
        for place in places:
            for number in range(1, self._rng.randint(5, 15) + 1):
                door = self._door(place, number)
                household = Household(
                    unit=place.leaf, label=door, members=self._rng.choice((1, 2, 2, 3, 3, 4, 4, 5, 6))
                )
                if self._rng.random() < 0.07:
                    household.members, household.note = 1, f"独居老人，{self._rng.randint(76, 93)}岁"
                if self._rng.random() < 0.6:
                    household.contact = Contact(name=person_name(self._rng), phone=next(self._contact_phones))
                    contacts.append(household.contact)
                place.households.append(household)
        Contact.objects.bulk_create(contacts, batch_size=2000)
        everybody = [household for place in places for household in place.households]
        for household in everybody:
            household.contact = household.contact  # takes over the key that the insert gave
        Household.objects.bulk_create(everybody, batch_size=2000)

    def _door(self, place: Place, number: int) -> str:
        if place.urban:
            stair, floor = (number - 1) // 8 + 1, (number - 1) % 8 // 2 + 1
            return f"{place.where.removeprefix(place.estate)}{stair}单元{floor}0{2 - number % 2}"
        return f"{place.where}{number + 20 * _ORDINALS.index(place.leaf.name[-2])}号"

    def _appoint(self, role: str, *, unit: Unit | None = None, agency: Agency | None = None, acting=False) -> User:
        user = User(
            phone=next(self._phones),
            name=person_name(self._rng),
            password=self._nobody,
            is_staff=role in _DESK,
            date_joined=timezone.now(),
        )
        self._users.append(user)
        self._posts.append(Post(user=user, role=role, unit=unit, agency=agency, since=self._since, acting=acting))
        return user

    def _write_people(self) -> None:
        User.objects.bulk_create(self._users, batch_size=2000)
        for post in self._posts:
            post.user = post.user  # takes over the key that the insert gave
        Post.objects.bulk_create(self._posts, batch_size=2000)


def _endless(names: Iterable[str]) -> Iterator[str]:
    names = list(names)
    again = 0
    while True:
        for name in names:
            yield name if not again else f"{('新', '东', '西', '南', '北')[(again - 1) % 5]}{name}"
        again += 1
