"""A city's organisation on real divisions: zones, groups and neighbourhoods below each community, people in office.

Made up and written by COPY. At full size as many zones, groups and neighbourhoods as Bozhou says it has, a chief each.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from grievances.services.synthetic.copying import copy_into, escaped, set_sequences
from grievances.services.synthetic.figures import GROUPS, NEIGHBOURHOODS, ZONES
from grievances.services.synthetic.setting import Agency, Place, Street, door_label
from linjiang.common.clock import local_day
from orgs import models as orgs
from orgs import tree
from orgs.choices import AgencyKind, Level, Role
from orgs.models import Household, Post, Unit, User
from orgs.profile import profile

_AGENCIES = (
    ("综合执法队", AgencyKind.ENFORCEMENT),
    ("市政维护站", AgencyKind.DEPARTMENT),
    ("供水站", AgencyKind.PARTNER),
)
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧"
_GIVEN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂玉红建国志华春梅"
_DESK = (Role.COMMUNITY, Role.STREET, Role.SUPERVISOR)
_LOW, _HIGH = 5, 15  # households of a neighbourhood


class Organisation:
    """Builds units and people below the divisions that are there already; `operator` takes the hotline's calls."""

    def __init__(self, *, now: datetime, rng: Random) -> None:
        self.now = now
        self.operator = 0
        self._rng = rng
        self._since = local_day(now) - timedelta(days=900)
        self._units: list[dict] = []
        self._users: list[dict] = []
        self._posts: list[dict] = []
        self._unit_key = Unit.objects.latest("pk").pk
        self._user_key = User.objects.latest("pk").pk

    def build(self, *, neighbourhoods: int, households: bool, say: Callable[[str], None]) -> list[Place]:
        """Write everything and return the neighbourhoods, in the order of the tree."""
        share = neighbourhoods / NEIGHBOURHOODS
        streets = self._streets()
        self._people_above()
        communities = list(Unit.objects.filter(level=Level.COMMUNITY).order_by("path"))
        for community in communities:
            self._person(Role.COMMUNITY, unit=community.pk)
        street_of = {community.pk: community.parent_id for community in communities}
        zones = self._below([(unit.pk, unit.path) for unit in communities], round(ZONES * share), Level.ZONE)
        groups = self._below(zones, round(GROUPS * share), Level.GROUP)
        leaves = self._below(groups, neighbourhoods, Level.NEIGHBOURHOOD)
        units = {row["id"]: row for row in self._units}
        zone_leaders = {key: self._person(Role.ZONE_LEADER, unit=key) for key, _path in zones}
        group_leaders = {key: self._person(Role.GROUP_LEADER, unit=key) for key, _path in groups}
        places = []
        for key, path in leaves:
            group = units[key]["parent_id"]
            zone = units[group]["parent_id"]
            places.append(
                Place(
                    unit=str(key),
                    path=path,
                    chief=str(self._person(Role.CHIEF, unit=key)),
                    group=str(group),
                    group_leader=str(group_leaders[group]),
                    to_group=_data(to=units[group]["name"]),
                    zone=str(zone),
                    zone_leader=str(zone_leaders[zone]),
                    to_zone=_data(to=units[zone]["name"]),
                    street=streets[street_of[units[zone]["parent_id"]]],
                )
            )
        self._count_children(communities)
        say(f"{len(self._units):,} units, {len(self._users):,} people")
        for model, rows in ((Unit, self._units), (User, self._users), (Post, self._posts)):
            copy_into(model, rows)
        set_sequences((Unit, User, Post))
        return self._households(places, say) if households else places

    def _streets(self) -> dict[int, Street]:
        units = list(Unit.objects.filter(level=Level.STREET).order_by("path"))
        agencies = [
            orgs.Agency(name=f"{unit.name}{name}", kind=kind, unit=unit) for unit in units for name, kind in _AGENCIES
        ]
        orgs.Agency.objects.bulk_create(agencies)
        found = {}
        for place, unit in enumerate(units):
            own = agencies[place * len(_AGENCIES) : (place + 1) * len(_AGENCIES)]
            officer = self._person(Role.STREET, unit=unit.pk)
            found[unit.pk] = Street(str(unit.pk), str(officer), tuple(self._agency(one) for one in own))
        return found

    def _agency(self, agency: orgs.Agency) -> Agency:
        return Agency(
            key=str(agency.pk),
            name=escaped(agency.name),
            handler=str(self._person(Role.HANDLER, agency=agency.pk)),
            data=_data(agency=agency.name),
            assigned=_data(agency=agency.name, co_agencies=[]),
        )

    def _people_above(self) -> None:
        city = Unit.objects.get(level=Level.CITY)
        self._person(Role.OFFICIAL, unit=city.pk)
        self.operator = self._person(Role.OPERATOR, unit=city.pk)
        for district in Unit.objects.filter(level=Level.DISTRICT).order_by("path"):
            self._person(Role.OFFICIAL, unit=district.pk)
            self._person(Role.SUPERVISOR, unit=district.pk)

    def _below(self, parents: Sequence[tuple[int, str]], count: int, level: str) -> list[tuple[int, str]]:
        """Spread `count` (at least one) new units evenly over the first parents there are enough of."""
        count = max(count, 1)
        parents = parents[: min(count, len(parents))]
        known = {row["id"]: row for row in self._units}
        word = profile().levels[level]["zh"]
        made = []
        for position, (parent, path) in enumerate(parents):
            children = count // len(parents) + (position < count % len(parents))
            if parent in known:
                known[parent]["children_made"] = children
            for number in range(1, children + 1):
                self._unit_key += 1
                child = tree.child_path(path, number)
                self._units.append(
                    {
                        "id": self._unit_key,
                        "parent_id": parent,
                        "path": child,
                        "level": str(level),
                        "name": f"第{number}{word}",
                        "children_made": 0,
                    }
                )
                made.append((self._unit_key, child))
        return made

    def _count_children(self, communities: Sequence[Unit]) -> None:
        counts: dict[int, int] = {}
        for row in self._units:
            if row["level"] == Level.ZONE:
                counts[row["parent_id"]] = counts.get(row["parent_id"], 0) + 1
        grown = [unit for unit in communities if unit.pk in counts]
        for unit in grown:
            unit.children_made = counts[unit.pk]
        Unit.objects.bulk_update(grown, ["children_made"], batch_size=1000)

    def _person(self, role: str, *, unit: int | None = None, agency: int | None = None) -> int:
        self._user_key += 1
        rng = self._rng
        given = "".join(rng.choices(_GIVEN, k=1 + (rng.random() < 0.8)))
        self._users.append(
            {
                "id": self._user_key,
                "phone": str(13_000_000_000 + self._user_key),
                "name": rng.choice(_SURNAMES) + given,
                "password": "!",
                "is_staff": role in _DESK,
                "date_joined": self.now,
            }
        )
        self._posts.append(
            {
                "id": len(self._posts) + 1,
                "user_id": self._user_key,
                "role": str(role),
                "unit_id": unit,
                "agency_id": agency,
                "since": self._since,
            }
        )
        return self._user_key

    def _households(self, places: list[Place], say: Callable[[str], None]) -> list[Place]:
        """Write 5 to 15 households below each neighbourhood and return the places with their doors."""
        key, found = 1, []
        for place in places:
            doors = self._rng.randint(_LOW, _HIGH)
            found.append(replace(place, doors=(key, doors)))
            key += doors
        say(f"{key - 1:,} households")
        copy_into(
            Household,
            (
                {"id": place.doors[0] + number, "unit_id": int(place.unit), "label": door_label(number)}
                for place in found
                for number in range(place.doors[1])
            ),
        )
        set_sequences((Household,))
        return found


def _data(**facts: object) -> str:
    return escaped(json.dumps(facts, ensure_ascii=False))
