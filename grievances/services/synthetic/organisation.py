"""A city of any size on Bozhou's real divisions: units down to neighbourhoods, people in office, a year of cases.

Made up and written by COPY. At full size as many zones, groups and neighbourhoods as Bozhou says it has, a chief
each. Shapes, not stories: every case has the rows a real one has, and its columns agree with its timeline.
"""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from django.apps import apps
from django.db import connection
from django.utils import timezone

from benchmarks.copying import copy_into
from grievances.choices import Action, Confirmation, SettledBy, Source, Standing, Status
from grievances.models import Assignment, Category, Feedback, Grievance, GrievanceEvent
from grievances.services.clock import resolve_hours
from grievances.services.defaults import load_shipped_defaults
from linjiang.common.clock import local_day
from orgs import tree
from orgs.choices import Level, Role
from orgs.models import Agency, Post, Unit, User
from orgs.services.divisions import import_divisions
from orgs.services.system import system_user

# Bozhou's published figures: cases of a year, and its neighbourhoods (with zones and groups above them).
ACCEPTED, CLOSED = 208_000, 206_000
NEIGHBOURHOODS, GROUPS, ZONES = 107_555, 26_812, 9_222
_PROBLEMS = (
    "路灯不亮，晚上看不见路",
    "垃圾桶满了没人清",
    "下水道堵了往外冒水",
    "楼道里堆着旧家具",
    "门口被车堵住出不来",
)
_DONE = "已到现场处理好，住户看过。"


@dataclass(slots=True)
class Place:
    """A neighbourhood with the keys of who and what is around it."""

    unit: int
    path: str
    chief: int
    group: int
    street: int
    street_officer: int
    agency: int
    handler: int


def closed_of(accepted: int) -> int:
    """Return how many of `accepted` cases are closed, in Bozhou's proportion."""
    return round(accepted * CLOSED / ACCEPTED)


def build_city(*, accepted: int, now: datetime, say: Callable[[str], None]) -> list[Place]:
    """Fill the empty database with the city and `accepted` cases of the 365 days before today; return its places."""
    rng = Random(accepted)
    load_shipped_defaults(actor=system_user())
    folder = Path(apps.get_app_config("orgs").path) / "data" / "divisions"
    import_divisions(actor=system_user(), text=(folder / "bozhou.csv").read_text("utf-8"))
    share = min(1.0, accepted / ACCEPTED)
    places = _Builder(now=now).build(share)
    say(f"{Unit.objects.count():,} units, {User.objects.count():,} people")
    _write_cases(places, accepted, rng, now, say)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return places


class _Builder:
    def __init__(self, *, now: datetime) -> None:
        self.units: list[dict] = []
        self.users: list[dict] = []
        self.posts: list[dict] = []
        self.now = now
        self.since = local_day(now) - timedelta(days=500)
        self._unit_key = Unit.objects.latest("pk").pk
        self._user_key = User.objects.latest("pk").pk

    def build(self, share: float) -> list[Place]:
        streets = list(Unit.objects.filter(level=Level.STREET).order_by("path"))
        desks = {street.pk: self._person(Role.STREET, unit=street.pk) for street in streets}
        agencies = [
            Agency(name=f"{street.name}{name}", kind=kind, unit=street)
            for street in streets
            for name, kind in (("综合执法队", "enforcement"), ("市政维护站", "department"), ("供水站", "partner"))
        ]
        Agency.objects.bulk_create(agencies)
        handlers = {agency.pk: self._person(Role.HANDLER, agency=agency.pk) for agency in agencies}
        by_street: dict[int, list[int]] = {}
        for agency in agencies:
            by_street.setdefault(agency.unit_id, []).append(agency.pk)
        communities = list(Unit.objects.filter(level=Level.COMMUNITY).order_by("path"))
        for community in communities:
            self._person(Role.COMMUNITY, unit=community.pk)
        self._person(Role.OFFICIAL, unit=Unit.objects.get(level=Level.CITY).pk)
        street_of = {community.pk: community.parent_id for community in communities}
        zones = self._below([(unit.pk, unit.path) for unit in communities], round(ZONES * share), Level.ZONE)
        groups = self._below(zones, round(GROUPS * share), Level.GROUP)
        leaves = self._below(groups, round(NEIGHBOURHOODS * share), Level.NEIGHBOURHOOD)
        parent = {row["id"]: row["parent_id"] for row in self.units}
        for key, _path in zones:
            self._person(Role.ZONE_LEADER, unit=key)
        for key, _path in groups:
            self._person(Role.GROUP_LEADER, unit=key)
        places = []
        for position, (key, path) in enumerate(leaves):
            group = parent[key]
            street = street_of[parent[parent[group]]]
            agency = by_street[street][position % 3]
            chief = self._person(Role.CHIEF, unit=key)
            places.append(Place(key, path, chief, group, street, desks[street], agency, handlers[agency]))
        copy_into(Unit, self.units)
        copy_into(User, self.users)
        copy_into(Post, self.posts)
        return places

    def _below(self, parents: list[tuple[int, str]], count: int, level: str) -> list[tuple[int, str]]:
        """Spread `count` (at least one) new units evenly over the first parents there are enough of."""
        count = max(count, 1)
        parents = parents[: min(count, len(parents))]
        made = []
        for position, (parent, path) in enumerate(parents):
            children = count // len(parents) + (position < count % len(parents))
            for number in range(1, children + 1):
                self._unit_key += 1
                child = tree.child_path(path, number)
                self.units.append(
                    {
                        "id": self._unit_key,
                        "parent_id": parent,
                        "path": child,
                        "level": level,
                        "name": f"第{number}{level}",
                    }
                )
                made.append((self._unit_key, child))
        return made

    def _person(self, role: str, *, unit: int | None = None, agency: int | None = None) -> int:
        self._user_key += 1
        self.users.append(
            {
                "id": self._user_key,
                "phone": str(13_000_000_000 + self._user_key),
                "name": f"人{self._user_key}",
                "password": "!",
                "date_joined": self.now,
            }
        )
        self.posts.append(
            {
                "id": len(self.posts) + 1,
                "user_id": self._user_key,
                "role": role,
                "unit_id": unit,
                "agency_id": agency,
                "since": self.since,
            }
        )
        return self._user_key


def _write_cases(places: list[Place], accepted: int, rng: Random, now: datetime, say: Callable[[str], None]) -> None:
    system = system_user().pk
    categories = list(Category.objects.filter(parent__isnull=False, photo_required=False, urgency__in=("7d", "24h")))
    events: list[dict] = []
    assignments: list[dict] = []
    feedback: list[dict] = []
    running: dict[str, int] = {}
    closed = closed_of(accepted)
    # Whole days up to last midnight: today's numbers are for the cases that the benchmark files.
    end = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    begin = end - timedelta(days=365)
    span = (end - begin).total_seconds() - 1

    def cases() -> Iterator[dict]:
        for key in range(1, accepted + 1):
            is_closed = key <= closed
            place = rng.choice(places)
            category = rng.choice(categories)
            hours = resolve_hours(urgency=category.urgency, category=category)
            # What is open is of the last weeks, as in a city that closes 99 of 100.
            at = (
                begin + timedelta(seconds=span * rng.random())
                if is_closed
                else end - timedelta(hours=400 * (rng.random() + 0.001))
            )
            told = _Told(key, at, place, hours, rng, now)
            row = told.row(category, Status.CLOSED if is_closed else told.open_status())
            day = f"LJ{timezone.localtime(at):%Y%m%d}"
            running[day] = running.get(day, 0) + 1
            row["number"] = f"{day}-{running[day]:05d}"
            events.extend(told.events(row["status"], system))
            if row["assigned_at"]:
                assignments.append(told.assignment())
            if row["rating"]:
                feedback.append(told.feedback(system, row["rating"]))
            if key % 50_000 == 0:
                say(f"{key:,} of {accepted:,} cases")
            yield row

    copy_into(Grievance, cases())
    for model, rows in ((GrievanceEvent, events), (Assignment, assignments), (Feedback, feedback)):
        say(f"{len(rows):,} rows of {model._meta.model_name}")
        copy_into(model, ({"id": key, **row} for key, row in enumerate(rows, start=1)))


class _Told:
    """One case's moments, and the rows that follow from them."""

    def __init__(self, key: int, at: datetime, place: Place, hours: float, rng: Random, now: datetime) -> None:
        self.key, self.at, self.place, self.rng = key, at, place, rng
        left = min(hours * 3600 * rng.uniform(0.2, 1.1), (now - at).total_seconds())
        self.assigned, self.taken, self.resolved, self.closed = (
            at + timedelta(seconds=left * part) for part in (0.05, 0.12, 0.7, 0.95)
        )
        self.due = at + timedelta(hours=hours)

    def open_status(self) -> str:
        """Return where an open case stands."""
        open_ones = (Status.REPORTED, Status.ASSIGNED, Status.IN_PROGRESS, Status.RESOLVED)
        return self.rng.choices(open_ones, (15, 20, 45, 20))[0]

    def row(self, category: Category, status: str) -> dict:
        """Return the case's columns."""
        place, reached = self.place, _STEPS.index(status)
        rated = status == Status.CLOSED and self.rng.random() < 0.9
        problem = self.rng.choice(_PROBLEMS)
        running = status in (Status.REPORTED, Status.ASSIGNED, Status.IN_PROGRESS)
        return {
            "id": self.key,
            "submission_id": uuid.UUID(int=self.key),
            "token": f"bench-{self.key:010d}",
            "version": reached + 1,
            "status": status,
            "title": problem,
            "description": f"{problem}，请来看看。",
            "category_id": category.pk,
            "urgency": category.urgency,
            "source": Source.CHIEF,
            "unit_id": place.unit,
            "unit_path": place.path,
            "filed_by_id": place.chief,
            "on_behalf": True,
            "holder_unit_id": place.street if reached >= 1 else place.group,
            "lead_agency_id": place.agency if reached >= 1 else None,
            "discovered_at": self.at,
            "reported_at": self.at,
            "assigned_at": self.assigned if reached >= 1 else None,
            "acknowledged_at": self.taken if reached >= 2 else None,
            "resolved_at": self.resolved if reached >= 3 else None,
            "closed_at": self.closed if reached >= 4 else None,
            "clock_started_at": self.at,
            "due_at": self.due,
            "acknowledge_due_at": self.assigned + timedelta(hours=24) if reached >= 1 else None,
            "next_alarm_at": self.due if running else None,
            "result": _DONE if reached >= 3 else "",
            "resolved_by_id": place.handler if reached >= 3 else None,
            "settled_by": SettledBy.AGENCY if reached >= 3 else "",
            "confirmation": ("" if reached < 4 else Confirmation.RESIDENT if rated else Confirmation.UNANSWERED),
            "rating": self.rng.choice((3, 4, 5, 5)) if rated else None,
            "said_resolved": True if rated else None,
        }

    def events(self, status: str, system: int) -> Iterator[dict]:
        """Yield the timeline up to `status`."""
        place = self.place
        told = [
            (Action.DISCOVER, "", Status.DISCOVERED, self.at, place.chief, Standing.FILER),
            (Action.REPORT, Status.DISCOVERED, Status.REPORTED, self.at, place.chief, Standing.FILER),
            (Action.ASSIGN, Status.REPORTED, Status.ASSIGNED, self.assigned, place.street_officer, Standing.ASSIGNER),
            (Action.ACKNOWLEDGE, Status.ASSIGNED, Status.IN_PROGRESS, self.taken, place.handler, Standing.HANDLER),
            (Action.RESOLVE, Status.IN_PROGRESS, Status.RESOLVED, self.resolved, place.handler, Standing.HANDLER),
            (Action.FEEDBACK, Status.RESOLVED, Status.CLOSED, self.closed, system, Standing.RESIDENT),
        ]
        for action, before, after, at, actor, standing in told[: _STEPS.index(status) + 2]:
            yield {
                "grievance_id": self.key,
                "action": action,
                "at": at,
                "actor_id": actor,
                "standing": standing,
                "from_status": before,
                "to_status": after,
            }

    def assignment(self) -> dict:
        """Return the lead assignment."""
        return {
            "grievance_id": self.key,
            "agency_id": self.place.agency,
            "assigned_by_id": self.place.street_officer,
            "assigned_at": self.assigned,
        }

    def feedback(self, system: int, rating: int) -> dict:
        """Return the household's word."""
        return {
            "grievance_id": self.key,
            "round": 1,
            "rating": rating,
            "said_resolved": True,
            "by": Standing.RESIDENT,
            "recorded_by_id": system,
            "at": self.closed,
        }


_STEPS = [Status.REPORTED, Status.ASSIGNED, Status.IN_PROGRESS, Status.RESOLVED, Status.CLOSED]
