"""Whom a rung or a card addresses: who holds the case, their superior, the street, the district; past vacant posts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from grievances.choices import Tell
from grievances.models import Grievance
from orgs import tree
from orgs.choices import LEVEL_ORDER, Level
from orgs.holders import people_at_agencies, people_to_call_on
from orgs.models import Unit, User

_HIGHEST = {Tell.STREET: LEVEL_ORDER[Level.STREET], Tell.DISTRICT: LEVEL_ORDER[Level.DISTRICT]}


@dataclass(frozen=True, slots=True)
class Told:
    """One addressee of a rung: as what, at which unit, and the people there."""

    tell: str
    unit: Unit
    people: list[User]


class Targets:
    """The addressees of many cases, looked up in at most three statements."""

    def __init__(self, cases: Sequence[Grievance], *, on: date) -> None:
        """`cases` need `holder_unit` and `lead_agency` joined, or at least their keys and the unit's path."""
        paths = {path for case in cases for path in tree.ancestor_paths(case.holder_unit.path, include_self=True)}
        self._units = {unit.path: unit for unit in Unit.objects.filter(path__in=paths)} if paths else {}
        self._people = people_to_call_on(paths, on=on) if paths else {}
        agencies = {case.lead_agency_id for case in cases if case.lead_agency_id}
        self._handlers = people_at_agencies(agencies, on=on) if agencies else {}

    def of(self, case: Grievance, tell: Iterable[str]) -> list[Told]:
        """Return whom to tell, nobody twice; a vacant post is passed over upwards, the filer is never told.

        A case that nobody at all can be told of yields its holding unit without people, so that the rung is recorded.
        """
        found: list[Told] = []
        known: set[int] = set()
        for name in tell:
            told = self._one(case, name)
            people = [person for person in told.people if person.pk not in known]
            known |= {person.pk for person in people}
            if people or not found:
                found.append(Told(name, told.unit, people))
        return found

    def _one(self, case: Grievance, tell: str) -> Told:
        holder = case.holder_unit
        if tell == Tell.HOLDER:
            # An agency's people hold the case under the desk that gave it; without any, the desk itself is asked.
            people = self._handlers.get(case.lead_agency_id, []) if case.lead_agency_id else self._at(holder.path, case)
            if people:
                return Told(tell, holder, people)
        itself = tell in _HIGHEST or case.lead_agency_id is not None
        for path in reversed(tree.ancestor_paths(holder.path, include_self=itself)):
            if tell in _HIGHEST and tree.depth(path) > _HIGHEST[tell]:
                continue
            if people := self._at(path, case):
                return Told(tell, self._units[path], people)
        return Told(tell, holder, [])

    def _at(self, path: str, case: Grievance) -> list[User]:
        return [person for person in self._people.get(path, []) if person.pk != case.filed_by_id]
