"""The course of one case: what happened to it, told once, as its columns and the rows beside it.

Written for speed: keys and moments are made into text once. What a step writes is what its verb in `services` writes.
"""

from typing import TYPE_CHECKING

from grievances.deadlines import SOON
from grievances.services.synthetic import steps, words
from grievances.services.synthetic.copying import NULL
from grievances.services.synthetic.setting import Agency, Place, Topic, door_label
from grievances.services.synthetic.timing import DAY

if TYPE_CHECKING:
    from grievances.services.synthetic.teller import Teller

# Keys of the rows beside a case follow from its own: so many are kept free for each.
EVENTS, ASSIGNMENTS, FEEDBACK = 16, 4, 2
# How a closed case was confirmed; OPEN is not closed yet.
SATISFIED, FAIRLY, DISPROVED, NO_ANSWER, OPEN = range(5)

_HOTLINE = 0.07  # filed by an operator of the hotline, the others by chiefs
_SPOT = 0.11  # settled by the chief at once
_SETTLED, _IN_ZONE = 0.24, 0.07  # settled by group and zone leaders; of these in the zone; the others by agencies
_RETURNED, _REOPENED, _EXTENDED = 0.03, 0.018, 0.006
_ON_TIME, _TOLD = 0.965, 0.25
_OPEN = (("REPORTED", 15), ("ASSIGNED", 35), ("IN_PROGRESS", 80), ("RESOLVED", 100))
_ENDED_AT = 9
_COUNTS = '{"counts": true}'
_RATING_DATA = {rating: f'{{"rating": {rating}, "said_resolved": true}}' for rating in (3, 4, 5)}


class Course:
    """One case from its first moment on; the moments are whole seconds of `rules`."""

    __slots__ = (
        "assigned",
        "at",
        "due",
        "key",
        "limit",
        "number",
        "place",
        "rng",
        "row",
        "rules",
        "teller",
        "told",
        "topic",
    )

    def __init__(self, teller: "Teller", key: int, number: str, at: int) -> None:
        self.teller, self.key, self.number, self.at = teller, key, number, at
        self.rules, self.rng = teller.rules, teller.rng
        self.told = self.assigned = 0

    def happen(self, place: Place, topic: Topic, end: int) -> None:
        """Tell the case of `topic` at `place` up to `end`: how it was confirmed, or OPEN."""
        self.place, self.topic = place, topic
        teller, setting, rng = self.teller, self.teller.setting, self.rng
        title, rest = words.say(rng, topic.matters[int(rng.random() * len(topic.matters))])
        by_hotline = rng.random() < _HOTLINE
        filer = setting.operator if by_hotline else place.chief
        first, doors = place.doors
        door = int(rng.random() * doors)
        at = self.rules.text(self.at)
        self.row = row = {
            **steps.BLANK,
            "id": str(self.key),
            "number": self.number,
            "submission_id": f"{setting.seed & 0xFFFFFFFF:08x}-0000-4000-8000-{self.key:012x}",
            "token": f"made-up-{setting.seed & 0xFFFFFFFF:08x}-{self.key}",
            "title": title,
            "description": f"{title}。{rest}",
            "category_id": topic.key_text,
            "urgency": topic.urgency,
            "source": "hotline" if by_hotline else "chief",
            "unit_id": place.unit,
            "unit_path": place.path,
            "household_id": str(first + door) if doors else NULL,
            "filed_by_id": filer,
            "holder_unit_id": place.group,
            "discovered_at": at,
            "reported_at": at,
        }
        label = door_label(door) if doors else ""
        row["search"] = teller.search((title, rest, label), self.number, place.path, topic.key)
        self._event(steps.DISCOVER, self.at, filer)
        if end == OPEN:
            self._report(filer)
            self._stay_open()
        elif end != DISPROVED and not by_hotline and rng.random() < _SPOT:
            self._solve_at_once(end)
        else:
            self._report(filer)
            self._come_to_an_end(end)
        row["version"] = str(self.told - 1)
        teller.lines.cases.append("\t".join(row.values()) + teller.suffixes["cases"])

    # Ways a case goes

    def _solve_at_once(self, end: int) -> None:
        place, row, text = self.place, self.row, self.rules.text(self.at)
        self._begin_clock()
        row |= {"holder_unit_id": place.unit, "resolved_at": text, "resolved_by_id": place.chief, "settled_by": "chief"}
        row["result"] = note = self._done()
        self._event(steps.SOLVED, self.at, place.chief, note)
        self._confirm(end, self.at, place.group_leader, "leader")

    def _come_to_an_end(self, end: int) -> None:
        """Resolve within the limit, or some time past it, and have it confirmed before the last midnight."""
        rng, start = self.rng, self.at
        due, room = self._begin_clock(), self.teller.setting.end - 1 - self.at
        share = 0.08 + 0.87 * rng.random() if rng.random() < _ON_TIME else 1.02 + 0.6 * rng.random()
        resolved = start + min(int((due - start) * share), int(room * 0.7))
        chance = rng.random()
        if chance < _SETTLED and end != DISPROVED:
            self._settle(resolved, in_zone=chance < _IN_ZONE)
            self._confirm(end, resolved, self.place.chief, "filer")
            return
        again = end == DISPROVED or (end != NO_ANSWER and rng.random() < _REOPENED)
        agency, at = self._give_away(start, resolved, may_return=not again)
        if not again and rng.random() < _EXTENDED:
            self._extend(agency, at, resolved)
        self._resolve(agency, resolved)
        if again:
            resolved = self._send_back(agency, resolved, bad=2 - (rng.random() < 0.2))
        self._confirm(end, resolved, self.place.chief, "filer")

    def _stay_open(self) -> None:
        rng, start, now = self.rng, self.at, self.teller.setting.end
        self._begin_clock()
        drawn = rng.random() * 100
        status = next(name for name, below in _OPEN if drawn < below)
        if status == "REPORTED":
            self._enter("assign", start)
            return
        resolved = start + int((now - start) * (0.3 + 0.6 * rng.random()))
        agency, at = self._give_away(start, resolved, may_return=False, stop_at=status)
        if status == "ASSIGNED":
            self._enter("acknowledge", at)
        elif status == "IN_PROGRESS":
            self._alarm()
        else:
            self._resolve(agency, resolved)
            self._enter("feedback", resolved)

    def _report(self, filer: str) -> None:
        self._event(steps.REPORT, self.at, filer, data=self.place.to_group)

    def _settle(self, resolved: int, *, in_zone: bool) -> None:
        place, rng, start = self.place, self.rng, self.at
        holder, leader, to, by = place.group, place.group_leader, place.to_group, "group"
        begun = start + int((resolved - start) * 0.3 * rng.random())
        if in_zone:
            self._event(steps.REFER_UP, start + (begun - start) // 2, leader, data=place.to_zone)
            holder, leader, to, by = place.zone, place.zone_leader, place.to_zone, "zone"
        self._event(steps.SETTLE, begun, leader, data=to)
        text = self.rules.text(begun)
        self.row |= {"holder_unit_id": holder, "assigned_at": text, "acknowledged_at": text, "settled_by": by}
        self._end_work(leader, resolved, to)

    def _give_away(self, start: int, resolved: int, *, may_return: bool, stop_at: str = "") -> tuple[Agency, int]:
        """Assign the case and have it acknowledged; return the agency and the moment of the last step."""
        place, rng = self.place, self.rng
        work = resolved - start
        at = start + int(work * (0.02 + 0.12 * rng.random()))
        agency = place.street.agencies[self.topic.key % len(place.street.agencies)]
        if may_return and rng.random() < _RETURNED:
            wrong, agency = agency, place.street.agencies[(self.topic.key + 1) % len(place.street.agencies)]
            back = at + int(work * 0.1)
            self._assign(wrong, at, returned=back)
            names = self.teller.setting.reasons["return"][1]
            self._event(steps.RETURN, back, wrong.handler, data=f'{{"agency": "{wrong.name}", {names}}}')
            at = back + int(work * 0.05)
        limit = self.rules.limits["acknowledge", self.topic.key]
        late = self.rules.add(at, *limit)
        taken = at + min(int((late - at) * 1.06 * rng.random()), int((resolved - at) * 0.4))
        done = stop_at != "ASSIGNED"
        self._assign(agency, at, taken=taken if done else None, due=late)
        self.row["status"] = "ASSIGNED"
        if not done:
            return agency, at
        self._event(steps.ACKNOWLEDGE, taken, agency.handler, data=agency.data)
        self.row |= {"acknowledged_at": self.rules.text(taken), "status": "IN_PROGRESS"}
        return agency, taken

    def _assign(
        self, agency: Agency, at: int, *, taken: int | None = None, due: int | None = None, returned: int | None = None
    ) -> None:
        text, place = self.rules.text, self.place
        when = text(at)
        if due is None:
            due = self.rules.add(at, *self.rules.limits["acknowledge", self.topic.key])
        self._event(steps.ASSIGN, at, place.street.officer, data=agency.assigned)
        self._keep_assignment(agency, 1, when, text(due), taken, returned, ended=returned)
        self.row |= {
            "holder_unit_id": place.street.key,
            "lead_agency_id": agency.key,
            "assigned_at": when,
            "acknowledge_due_at": text(due),
        }

    def _extend(self, agency: Agency, at: int, resolved: int) -> None:
        asked = at + (resolved - at) // 3
        granted = asked + (resolved - at) // 3
        days = 1 + int(5 * self.rng.random())
        key, names = self.teller.setting.reasons["extend"]
        self._event(steps.ASK, asked, agency.handler, data=f'{{"days": {days}, {names}}}', is_public="f")
        self._event(steps.GRANT, granted, self.place.street.officer, data=f'{{"days": {days}}}')
        text = self.rules.text
        self.teller.lines.extensions.append(
            f"{self.key}\t{self.key}\t{agency.handler}\t{text(asked)}\t{days}\t{key}"
            f"\t{self.place.street.officer}\t{text(granted)}\tt" + self.teller.suffixes["extensions"]
        )
        self._begin_clock(days=days)

    def _resolve(self, agency: Agency, at: int) -> None:
        self.row["settled_by"] = "agency"
        self._end_work(agency.handler, at, agency.data)

    def _end_work(self, who: str, at: int, data: str) -> None:
        note = self._done()
        self._event(steps.RESOLVE, at, who, note, data)
        self.row |= {"status": "RESOLVED", "resolved_at": self.rules.text(at), "resolved_by_id": who, "result": note}

    def _send_back(self, agency: Agency, resolved: int, *, bad: int) -> int:
        """The household is not content: a second round with the same agency; return when it was resolved again."""
        rng, text, setting = self.rng, self.rules.text, self.teller.setting
        room = setting.end - 1 - resolved
        said = resolved + min(int(DAY * rng.random()), room // 4)
        self._keep_feedback(0, 1, bad, "f", "resident", setting.system, said)
        data = f'{{"rating": {bad}, "said_resolved": false}}'
        self._event(steps.REFUSED, said, setting.system, words.AGAIN, data)
        lines = self.teller.lines.assignments
        # The assignment of the first round ends here.
        first = lines[-1].split("\t")
        first[_ENDED_AT:] = [text(said) + self.teller.suffixes["assignments"]]
        lines[-1] = "\t".join(first)
        self.at, room = said, room * 3 // 4
        due = self._begin_clock()
        late = self.rules.add(said, *self.rules.limits["acknowledge", self.topic.key])
        again = said + min(int((due - said) * (0.1 + 0.7 * rng.random())), room // 2)
        taken = said + min(int((late - said) * rng.random()), (again - said) // 2)
        self._keep_assignment(agency, 2, text(said), text(late), taken, None, ended=None)
        self._event(steps.ACKNOWLEDGE, taken, agency.handler, data=agency.data)
        self.row |= {
            "round": "2",
            "reopened_count": "1",
            "rating": str(bad),
            "said_resolved": "f",
            "assigned_at": text(said),
            "acknowledged_at": text(taken),
            "acknowledge_due_at": text(late),
        }
        self._resolve(agency, again)
        return again

    def _confirm(self, end: int, resolved: int, teller: str, standing: str) -> None:
        """Close the case on the household's word, or after two call-backs without one."""
        rng, row, setting = self.rng, self.row, self.teller.setting
        room = setting.end - 1 - resolved
        closed = resolved + min(int(3 * DAY * rng.random() ** 2) + 60, room)
        row |= {"status": "CLOSED", "closed_at": self.rules.text(closed)}
        if end in (DISPROVED, NO_ANSWER):
            for part in (1, 2):
                self._event(
                    steps.CALLED,
                    resolved + (closed - resolved) * part // 3,
                    self.place.street.officer,
                    "无人接听。",
                    _COUNTS,
                    "f",
                )
            data = f"{{{setting.reasons['close_unanswered'][1]}}}"
            self._event(steps.UNANSWERED, closed, self.place.street.officer, data=data)
            row |= {"callbacks": "2", "confirmation": "unanswered"}
            return
        rating = 3 if end == FAIRLY else 4 + (rng.random() < 0.6)
        confirmation, by, actor = "resident", "resident", setting.system
        if rng.random() < _TOLD:
            confirmation, by, actor = "told", standing, teller
            if standing == "filer" and actor != row["filed_by_id"]:
                by = "chief"
        self._keep_feedback(1, int(row["round"]), rating, "t", by, actor, closed)
        self._event(steps.RATED[by], closed, actor, data=_RATING_DATA[rating])
        row |= {"confirmation": confirmation, "rating": str(rating), "said_resolved": "t"}

    # Rows

    def _event(
        self, step: tuple[str, str], at: int, actor: str, note: str = "", data: str = "{}", is_public: str = "t"
    ) -> None:
        key = self.key * EVENTS + self.told
        self.told += 1
        before, after = step
        rules = self.rules
        self.teller.lines.events.append(
            f"{key}\t{self.key}{before}{rules.days[at // DAY]}{rules.clock[at % DAY]}\t{actor}"
            f"{after}{note}\t{data}\t{is_public}" + self.teller.suffixes["events"]
        )

    def _keep_assignment(
        self,
        agency: Agency,
        turn: int,
        at: str,
        due: str,
        taken: int | None,
        returned: int | None,
        *,
        ended: int | None,
    ) -> None:
        text = self.rules.text
        moments = "\t".join(NULL if moment is None else text(moment) for moment in (taken, returned, ended))
        lines = self.teller.lines.assignments
        self.assigned += 1
        key = self.key * ASSIGNMENTS + self.assigned
        lines.append(
            f"{key}\t{self.key}\t{agency.key}\t{turn}\t{self.place.street.officer}\t{at}\t{due}\t{moments}"
            + self.teller.suffixes["assignments"]
        )

    def _keep_feedback(self, place: int, turn: int, rating: int, resolved: str, by: str, actor: str, at: int) -> None:
        self.teller.lines.feedback.append(
            f"{self.key * FEEDBACK + place}\t{self.key}\t{turn}\t{rating}\t{resolved}\t{by}\t{actor}"
            f"\t{self.rules.text(at)}" + self.teller.suffixes["feedback"]
        )

    def _done(self) -> str:
        return words.DONE[int(self.rng.random() * len(words.DONE))]

    # Clocks: what `services.clock` writes

    def _begin_clock(self, days: int = 0) -> int:
        """Set the columns of a clock of resolving begun at `at`, longer by so many days; return the deadline."""
        rules, text = self.rules, self.rules.text
        seconds, worked = rules.limits["resolve", self.topic.key]
        seconds += days * (rules.day_seconds if worked else DAY)
        due = rules.add(self.at, seconds, worked)
        self.row |= {
            "clock_started_at": text(self.at),
            "due_at": text(due),
            "limit": str(seconds),
            "counts": "workdays" if worked else "hours",
            "soon_at": text(rules.add(self.at, round(seconds * SOON), worked)),
            "due_provisional": "t" if due // DAY >= rules.unknown_from else "f",
            "rules_version": rules.version_text,
        }
        self.limit, self.due = (seconds, worked), due
        return due

    def _enter(self, stage: str, at: int) -> None:
        """Set the columns of the stage that runs, and the next alarm."""
        rules = self.rules
        limit = rules.limits[stage, self.topic.key]
        due = rules.add(at, *limit)
        self.row |= {
            "stage": stage,
            "stage_started_at": rules.text(at),
            "stage_limit": str(limit[0]),
            "stage_counts": "workdays" if limit[1] else "hours",
            "stage_soon_at": rules.text(rules.add(at, round(limit[0] * SOON), limit[1])),
            "stage_due_at": rules.text(due),
        }
        self._alarm(rules.rung(self.topic.key, 0, at, limit, due))

    def _alarm(self, *others: int | None) -> None:
        """Set the next alarm: the first rung of resolving, unless resolved, or of what else runs."""
        moments = [moment for moment in others if moment is not None]
        if self.row["status"] != "RESOLVED":
            first = self.rules.rung(self.topic.key, 0, self.at, self.limit, self.due)
            moments += [first] if first is not None else []
        self.row["next_alarm_at"] = self.rules.text(min(moments)) if moments else NULL
