"""The last days of the demo city, lived through by the real verbs, so that inboxes, ladders and messages are true.

Each case is a generator: it yields the moment of its next step and is woken when the demo's clock has come to it. A
step that lies after the present is never taken, so the case waits there for whoever signs in.
"""

import heapq
import itertools
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from random import Random

from django.db.models import F
from django.utils import timezone

from grievances.choices import ReasonKind
from grievances.models import Category, Grievance, Reason
from grievances.services.demo.history import LIVE_DAYS
from grievances.services.demo.matters import DEALT_WITH, MATTERS, RESULT, Matter, hours_ago
from grievances.services.demo.organisation import City, Place
from grievances.services.demo.pictures import SCENES, upload
from grievances.services.demo.texts import Topic, choose_topic, put_in_words, topics
from grievances.services.escalation import escalate_overdue
from grievances.services.feedback import rate_by_link
from grievances.services.filing import file_grievance
from grievances.services.verbs import perform
from linjiang.common.clock import local_day
from notifications.models import Message
from orgs.models import Agency, User

Life = Iterator[datetime]
_SWEEP = timedelta(hours=2)


class Present:
    """Runs the demo's last days from LIVE_DAYS ago up to `now`."""

    def __init__(self, *, city: City, rng: Random, now: datetime, system: User) -> None:
        self.city = city
        self.rng = rng
        self.now = now
        self.system = system
        self._categories = {category.code: category for category in Category.objects.select_related("parent")}
        self._topics = {topic.code: topic for topic in topics()}
        self._order = itertools.count()
        self._waiting: list[tuple[datetime, int, Life]] = []
        self._moment = now
        self._variants = itertools.count()

    def live(self, *, count: int, progress: Callable[[int], None]) -> int:
        """Live through about `count` cases, those around the demo sign-ins among them; return how many were filed."""
        before = Grievance.objects.count()
        self._admit(self._sweeps())
        for life in self._around_the_accounts():
            self._admit(life)
        for _ in range(count - len(self._waiting)):
            place = self.rng.choice([place for place in self.city.places[1:] if place.chief])
            self._admit(self._ordinary(place, self.rng.uniform(2, LIVE_DAYS * 24 - 20)))
        # Told by a generator of their own: with or without them the rest of the city is the same.
        for number, matter in enumerate(MATTERS):
            for life in self._matter(matter, Random(f"{number} {local_day(self.now)}")):  # noqa: S311  (not a secret)
                self._admit(life)
        steps = 0
        while self._waiting and self._waiting[0][0] <= self.now:
            self._moment, _order, life = heapq.heappop(self._waiting)
            self._admit(life)
            steps += 1
            if steps % 50 == 0:
                progress(steps)
        escalate_overdue(actor=self.system, now=self.now)
        self._settle_messages()
        return Grievance.objects.count() - before

    def _admit(self, life: Life) -> None:
        """Run a life up to its next yield and put it to sleep until then."""
        if (moment := next(life, None)) is not None:
            heapq.heappush(self._waiting, (moment, next(self._order), life))

    def _sweeps(self) -> Life:
        moment = self.now - timedelta(days=LIVE_DAYS)
        while True:
            yield moment
            escalate_overdue(actor=self.system, now=moment)
            moment += _SWEEP

    def _settle_messages(self) -> None:
        """They were delivered as they came up; what is older than a day has mostly been read."""
        Message.objects.filter(sent_at__isnull=True, created_at__lte=self.now).update(
            sent_at=F("created_at"), attempts=1
        )
        old = Message.objects.filter(created_at__lt=self.now - timedelta(days=1)).order_by("pk")
        keys = [pk for position, pk in enumerate(old.values_list("pk", flat=True)) if position % 4]
        Message.objects.filter(pk__in=keys).update(read_at=F("created_at") + timedelta(hours=1))

    # Any neighbourhood ------------------------------------------------------------------------------------------

    def _ordinary(self, place: Place, hours: float) -> Life:
        rng, city = self.rng, self.city
        at = self._ago(hours)
        topic = choose_topic(rng, urban=place.urban, month=timezone.localtime(at).month)
        yield at
        if rng.random() < 0.2:
            case, result = self._file(place, topic, on_the_spot=True)
            yield self._after(2, 30)
            self._rate(case, rng.choice((5, 5, 4)))
            return
        case, result = self._file(place, topic)
        limit = (case.due_at - case.clock_started_at).total_seconds() / 3600
        yield self._after(0.02 * limit, 0.06 * limit)
        if rng.random() < 0.2:
            leader = city.leaders[place.group.pk]
            self._do(case, "settle_here", leader)
            yield self._after(0.05 * limit, 0.4 * limit)
            self._do(case, "resolve", leader, result=result)
        else:
            agency = city.agency(place, topic.agency)
            desk = rng.choice((place.community, place.street))
            self._do(case, "assign", city.leaders[desk.pk], agency=agency)
            handler = city.handlers[agency.pk]
            yield self._after(0.02 * limit, 0.1 * limit)
            self._do(case, "acknowledge", handler)
            yield self._after(0.1 * limit, rng.choices((0.7, 1.5), (9, 1))[0] * limit)
            self._do(case, "resolve", handler, result=result)
        yield self._after(4, 70)
        if rng.random() < 0.5:
            self._rate(case, rng.choice((5, 5, 4, 3)))
        else:
            self._do(case, "feedback", place.chief, rating=rng.choice((5, 4, 4)), comment="当面问过，满意。")

    # Around the demo sign-ins -----------------------------------------------------------------------------------

    def _around_the_accounts(self) -> list[Life]:
        place = self.city.places[0]
        return [
            self._draft(place, "1701", 2),
            self._reported(place, "0703", 3),
            self._reported(place, "0501", 20),
            self._referred(place, "0301", 26, desks=1),
            self._referred(place, "0302", 30, desks=2),
            self._referred(place, "0503", 33, desks=2),
            self._referred(place, "0707", 44, desks=3),
            self._with_agency(place, "0603", 8),
            self._with_agency(place, "0604", 28, acknowledged=True),
            self._with_agency(place, "0602", 150, acknowledged=True),
            self._with_agency(place, "0901", 50, acknowledged=True, carded=True),
            self._with_agency(place, "0506", 36, acknowledged=True),
            self._with_agency(place, "0402", 12),
            self._with_agency(place, "0404", 60, acknowledged=True),
            self._waiting_for_answer(place, "0701", 70),
            self._waiting_for_answer(place, "0806", 30, calls=1),
            self._on_the_spot(place, "0104", 5),
            self._extension(place, "1001", 90),
            self._suspended(place, "0705", 120),
            self._dissatisfied(place, "0305", 130),
            self._returned(place, "0504", 24),
            self._rejected(place, "0405", 40, appealed=False),
            self._rejected(place, "0601", 100, appealed=True),
            self._withdrawn(place, "0803", 80),
            self._merged(place, "0604", 27),
            self._reopened(place, "0501", 190),
            self._closed(place, "0801", 170, by_link=True),
            self._closed(place, "1101", 110, by_link=False),
        ]

    def _matter(self, matter: Matter, rng: Random) -> list[Life]:
        """Return a life for each time that the matter is told, by households of the first place's community."""
        first = self.city.places[0]
        near = [place for place in self.city.places if place.community == first.community and place.chief]
        told = zip(matter.say, hours_ago(matter), strict=True)
        return [self._told(rng, rng.choice(near), matter.code, say, hours) for say, hours in told]

    def _told(self, rng: Random, place: Place, code: str, say: str, hours: float) -> Life:
        at = self._ago(hours)
        yield at
        case, _new = file_grievance(
            actor=place.chief,
            unit=place.leaf,
            description=say.format(estate=self.city.places[0].estate),
            now=self._moment,
            submission_id=uuid.UUID(int=rng.getrandbits(128), version=4),
            category=self._categories[code],
            household=rng.choice(place.households),
        )
        if hours < DEALT_WITH:
            return
        yield self._moment + timedelta(hours=2)
        staff = self.city.leaders[place.community.pk]
        self._do(case, "settle_here", staff)
        yield self._moment + timedelta(hours=20)
        self._do(case, "resolve", staff, result=RESULT)
        yield self._moment + timedelta(hours=20)
        self._rate(case, 3, comment="这次是好了，就怕过几天又来。")

    def _draft(self, place: Place, code: str, hours: float) -> Life:
        yield self._ago(hours)
        self._file(place, self._topics[code], keep_as_draft=True)

    def _reported(self, place: Place, code: str, hours: float) -> Life:
        yield self._ago(hours)
        self._file(place, self._topics[code])

    def _referred(self, place: Place, code: str, hours: float, *, desks: int) -> Life:
        yield self._ago(hours)
        case, _result = self._file(place, self._topics[code])
        for unit in (place.group, place.zone, place.community)[:desks]:
            yield self._after(0.5, 2)
            self._do(case, "refer_up", self.city.leaders[unit.pk], note="我们这一级解决不了，请帮着协调。")

    def _with_agency(
        self, place: Place, code: str, hours: float, *, acknowledged: bool = False, carded: bool = False
    ) -> Life:
        yield self._ago(hours)
        case, _result = self._file(place, self._topics[code])
        yield self._after(0.3, 1)
        agency = self._assign(case, place, code, place.community)
        if acknowledged:
            yield self._after(0.5, 3)
            self._do(case, "acknowledge", self.city.handlers[agency.pk])
        if carded:
            yield self._after(30, 34)
            self._do(case, "yellow_card", self.city.supervisor, note="已经超期，今天下班前报进展。")

    def _waiting_for_answer(self, place: Place, code: str, hours: float, *, calls: int = 0) -> Life:
        yield self._ago(hours)
        case, result = self._file(place, self._topics[code])
        yield self._after(0.5, 2)
        agency = self._assign(case, place, code, place.street)
        handler = self.city.handlers[agency.pk]
        yield self._after(1, 3)
        self._do(case, "acknowledge", handler)
        yield self._after(4, 12)
        self._do(case, "resolve", handler, result=result, photos=[self._photo(self._topics[code])])
        for _ in range(calls):
            yield self._after(2, 5)
            self._do(case, "record_callback", place.chief, note="打过一次电话，没有人接，晚上再打。")

    def _on_the_spot(self, place: Place, code: str, hours: float) -> Life:
        yield self._ago(hours)
        self._file(place, self._topics[code], on_the_spot=True)

    def _extension(self, place: Place, code: str, hours: float) -> Life:
        yield self._ago(hours)
        case, _result = self._file(place, self._topics[code])
        yield self._after(1, 3)
        handler = self.city.handlers[self._assign(case, place, code, place.street).pk]
        yield self._after(1, 5)
        self._do(case, "acknowledge", handler)
        yield self._ago(9)
        reason = self._reason(ReasonKind.EXTEND)
        self._do(case, "ask_extension", handler, days=7, reason=reason, note="要等住户从外地回来一起量。")

    def _suspended(self, place: Place, code: str, hours: float) -> Life:
        yield self._ago(hours)
        case, _result = self._file(place, self._topics[code])
        yield self._after(1, 3)
        handler = self.city.handlers[self._assign(case, place, code, place.street).pk]
        yield self._after(1, 5)
        self._do(case, "acknowledge", handler)
        yield self._after(10, 20)
        self._do(
            case,
            "ask_suspension",
            handler,
            reason="waiting_for_season",
            review_on=local_day(self.now) + timedelta(days=20),
            note="现在修剪伤树，入冬落叶后再剪，先绑了支撑。",
        )
        yield self._after(1, 4)
        self._do(case, "suspend", self.city.leaders[place.street.pk], note="同意，到期复核。")

    def _dissatisfied(self, place: Place, code: str, hours: float) -> Life:
        yield self._ago(hours)
        case, result = self._file(place, self._topics[code])
        yield self._after(1, 3)
        handler = self.city.handlers[self._assign(case, place, code, place.community).pk]
        yield self._after(1, 5)
        self._do(case, "acknowledge", handler)
        yield self._after(20, 40)
        self._do(case, "resolve", handler, result=result)
        yield self._ago(16)
        self._rate(case, 2, resolved=False, comment="说过以后好了两天，又跟原来一样。")

    def _returned(self, place: Place, code: str, hours: float) -> Life:
        yield self._ago(hours)
        case, _result = self._file(place, self._topics[code])
        yield self._after(0.5, 1)
        handler = self.city.handlers[self._assign(case, place, code, place.street).pk]
        yield self._after(2, 4)
        self._do(case, "return", handler, reason="not_our_duty", note="这家店的证照和油烟归市场监管管，请改派。")

    def _rejected(self, place: Place, code: str, hours: float, *, appealed: bool) -> Life:
        yield self._ago(hours)
        case, _result = self._file(place, self._topics[code])
        yield self._after(2, 6)
        staff = self.city.leaders[place.community.pk]
        self._do(case, "reject", staff, reason="not_found_on_site", note="上午去看，现场没有这个情况。")
        if appealed:
            yield self._after(5, 20)
            self._do(case, "appeal", place.chief, note="他们是早上和晚上出来，上午去看不到，请再看一次。")

    def _withdrawn(self, place: Place, code: str, hours: float) -> Life:
        yield self._ago(hours)
        case, _result = self._file(place, self._topics[code])
        yield self._after(0.3, 1)
        self._do(case, "withdraw", place.chief, reason="solved_already", note="是自家空气开关跳了，已经合上。")

    def _merged(self, place: Place, code: str, hours: float) -> Life:
        yield self._ago(hours)
        first = Grievance.objects.filter(unit=place.leaf, category__code=code).latest("pk")
        case, _result = self._file(place, self._topics[code])
        yield self._after(0.3, 1)
        self._do(case, "merge", self.city.leaders[place.group.pk], into=first, note="和前面那件是同一处。")

    def _reopened(self, place: Place, code: str, hours: float) -> Life:
        yield from self._closed(place, code, hours, by_link=False)
        case = Grievance.objects.filter(unit=place.leaf, category__code=code, closed_at__isnull=False).latest("pk")
        yield self._ago(22)
        self._do(case, "reopen", place.chief, reason="came_back", note="垃圾又堆起来了，桶不够用。")

    def _closed(self, place: Place, code: str, hours: float, *, by_link: bool) -> Life:
        yield self._ago(hours)
        case, result = self._file(place, self._topics[code])
        yield self._after(0.5, 1)
        handler = self.city.handlers[self._assign(case, place, code, place.community).pk]
        yield self._after(0.5, 2)
        self._do(case, "acknowledge", handler)
        yield self._after(5, 12)
        self._do(case, "resolve", handler, result=result)
        yield self._after(3, 20)
        if by_link:
            self._rate(case, 5, comment="当天就来了，谢谢。")
        else:
            self._do(case, "feedback", place.chief, rating=4, comment="住户说可以。")

    # Steps ------------------------------------------------------------------------------------------------------

    def _file(self, place: Place, topic: Topic, *, on_the_spot=False, keep_as_draft=False) -> tuple[Grievance, str]:
        household = self.rng.choice(place.households)
        words = put_in_words(self.rng, topic, estate=place.estate, place=place.where, door=household.label)
        category = self._categories[topic.code]
        shown = category.photo_required or (topic.picture and self.rng.random() < 0.5)
        case, _new = file_grievance(
            actor=place.chief,
            unit=place.leaf,
            description=words.description,
            now=self._moment,
            submission_id=uuid.UUID(int=self.rng.getrandbits(128), version=4),
            category=category,
            household=household,
            place=place.where,
            photos=[self._photo(topic)] if shown else [],
            solved_result=words.result if on_the_spot else "",
            keep_as_draft=keep_as_draft,
        )
        return case, words.result

    def _assign(self, case: Grievance, place: Place, code: str, desk) -> Agency:
        agency = self.city.agency(place, self._topics[code].agency)
        self._do(case, "assign", self.city.leaders[desk.pk], agency=agency)
        return agency

    def _do(self, case: Grievance, action: str, actor: User, **given) -> None:
        perform(action=action, actor=actor, grievance=case, now=self._moment, **given)

    def _rate(self, case: Grievance, rating: int, *, resolved: bool = True, comment: str = "") -> None:
        rate_by_link(token=case.token, rating=rating, said_resolved=resolved, comment=comment, now=self._moment)

    def _photo(self, topic: Topic):
        return upload(topic.picture or self.rng.choice(SCENES), next(self._variants) % 2)

    def _reason(self, kind: str) -> Reason:
        return Reason.objects.filter(kind=kind, is_active=True).first()

    def _ago(self, hours: float) -> datetime:
        """Return the moment so many hours ago, by day when it is not of today; never before the present step."""
        moment = self.now - timedelta(hours=hours)
        hour = timezone.localtime(moment).hour
        if hours > 12 and not 7 <= hour < 21:
            moment += timedelta(hours=(31 - hour) % 24)
        return max(moment, self._moment) if self._moment < self.now else moment

    def _after(self, low: float, high: float) -> datetime:
        return self._moment + timedelta(hours=self.rng.uniform(low, high))
