"""A year of past cases, told as stories and written in a few bulk inserts."""

import contextlib
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from random import Random

from django.utils import timezone

from grievances.choices import LIVE, Action, ReasonKind, Source, Standing, Status, Urgency
from grievances.models import Category, Reason
from grievances.services.demo.archive import give_numbers, write
from grievances.services.demo.organisation import City, Place
from grievances.services.demo.pictures import SCENES
from grievances.services.demo.story import Story, StoryEnd
from grievances.services.demo.texts import choose_topic, put_in_words
from linjiang.common.clock import local_day
from orgs.models import Agency, Unit, User

# Days before today that the live cases keep for themselves: their numbers are given out by the running counter.
LIVE_DAYS = 10
_SEASON = {1: 0.8, 2: 0.7, 3: 1.0, 4: 1.0, 5: 1.0, 6: 1.2, 7: 1.3, 8: 1.2, 9: 1.0, 10: 1.0, 11: 1.1, 12: 1.0}
_THANKS = (
    "",
    "",
    "",
    "谢谢，办得很快。",
    "满意，比想的快。",
    "师傅态度好。",
    "能用了，谢谢邻长。",
    "还行。",
    "希望以后也能这么快。",
)
_AGAIN = ("没有真正弄好，第二天又这样了。", "只处理了一半，剩下的没人管。", "来看了一眼就走了，问题还在。")


class Chronicle:
    """Tells the past of a city, one story after another, and writes it."""

    def __init__(self, *, city: City, rng: Random, now: datetime, system: User) -> None:
        self.city = city
        self.rng = rng
        self.now = now
        self.system = system
        self.categories = {category.code: category for category in Category.objects.select_related("parent")}
        self.reasons: dict[str, list[Reason]] = {}
        for reason in Reason.objects.filter(is_active=True):
            self.reasons.setdefault(reason.kind, []).append(reason)
        self._to_merge: list[Story] = []
        self._places = [place for place in city.places if place.chief]

    def tell(self, *, count: int, progress: Callable[[int], None]) -> int:
        """Tell and write `count` cases of the year that ended LIVE_DAYS ago; return how many."""
        stories = []
        for told, at in enumerate(self._moments(count), start=1):
            stories.append(self._story(at))
            if told % 250 == 0:
                progress(told)
        stories.sort(key=lambda story: story.case.discovered_at)
        give_numbers(stories, self.rng)
        self._merge(stories)
        for story in stories:
            story.finish()
        write(stories)
        return len(stories)

    def _moments(self, count: int) -> list[datetime]:
        today = local_day(self.now)
        days = [today - timedelta(days=back) for back in range(LIVE_DAYS + 1, 365)]
        weights = [_SEASON[day.month] * (0.55 if day.weekday() >= 5 else 1.0) for day in days]
        return [self._daytime(day) for day in self.rng.choices(days, weights, k=count)]

    def _daytime(self, day: date) -> datetime:
        hour = self.rng.choices(range(6, 23), (1, 3, 7, 9, 9, 6, 4, 5, 7, 7, 6, 5, 6, 7, 5, 2, 1))[0]
        moment = time(hour, self.rng.randrange(60), self.rng.randrange(60))
        return timezone.make_aware(datetime.combine(day, moment))

    def _story(self, at: datetime) -> Story:
        rng = self.rng
        place = rng.choice(self._places)
        topic = choose_topic(rng, urban=place.urban, month=timezone.localtime(at).month)
        household = rng.choice(place.households)
        words = put_in_words(rng, topic, estate=place.estate, place=place.where, door=household.label)
        agency = self.city.agency(place, topic.agency)
        story = Story(
            place=place,
            district=self.city.district,
            agency=agency,
            result=words.result,
            system=self.system,
            until=self.now,
        )
        filer, source = self._filer(place)
        story.discover(
            at=at,
            filer=filer,
            source=source,
            description=words.description,
            category=self.categories[topic.code],
            household=household if rng.random() < 0.5 else None,
            contact=household.contact if rng.random() < 0.5 else None,
        )
        if story.case.category.photo_required or (topic.picture and rng.random() < 0.25):
            story.picture = topic.picture or rng.choice(SCENES)
        with contextlib.suppress(StoryEnd):
            self._plot(story)
        return story

    def _filer(self, place: Place) -> tuple[User, str]:
        draw = self.rng.random()
        if draw < 0.78:
            return place.chief, Source.CHIEF
        if draw < 0.88:
            return self.city.leaders[place.group.pk], Source.LEADER
        if draw < 0.95:
            return self.city.leaders[place.community.pk], Source.STAFF
        return self.city.operator, Source.HOTLINE

    def _plot(self, story: Story) -> None:
        plots = (
            (self._on_the_spot, 16),
            (self._settled_low, 16),
            (self._by_agency, 60),
            (self._withdrawn, 1),
            (self._rejected, 1.6),
            (self._merged, 1),
            (self._suspended, 1.2),
            (self._extended, 2.5),
            (self._stuck, 0.45),
        )
        if story.case.source != Source.CHIEF:
            plots = plots[1:]
        plot = self.rng.choices([plot for plot, _weight in plots], [weight for _plot, weight in plots])[0]
        plot(story)

    # The plots -------------------------------------------------------------------------------------------------

    def _on_the_spot(self, story: Story) -> None:
        at = story.case.discovered_at
        story.resolve_on_spot(at=at, result=story.result)
        self._told(story, after=at, link=0.35, by=self.city.leaders[story.place.community.pk])

    def _settled_low(self, story: Story) -> None:
        self._reported(story)
        at = story.case.reported_at
        for unit in (story.place.zone, story.place.community)[: self.rng.choice((0, 0, 1, 2))]:
            at = self._later(at, 0.3, 6)
            story.refer_up(at=at, actor=self.city.leaders[story.case.holder_unit_id], to=unit)
        desk = story.case.holder_unit
        at = self._later(at, 0.2, 5)
        actor = self.city.leaders[desk.pk]
        story.settle_here(at=at, actor=actor, desk=desk)
        at = self._worked(story, at)
        story.resolve(at=at, actor=actor, result=story.result)
        self._told(story, after=at, link=0.45, by=story.place.chief)

    def _by_agency(self, story: Story) -> None:
        at = self._in_hand(story)
        handler = self._handler(story)
        at = self._worked(story, at)
        story.resolve(at=at, actor=handler, result=story.result)
        draw = self.rng.random()
        if draw < 0.05:
            self._again(story, at)
        elif draw < 0.09:
            self._unanswered(story, at)
        else:
            self._told(story, after=at, link=0.45, by=story.place.chief)
            if draw < 0.105 and story.case.status == Status.CLOSED:
                self._reopened(story)

    def _again(self, story: Story, at: datetime) -> None:
        """The household says no; it is handled once more."""
        at = self._later(at, 2, 40)
        link = self.rng.random() < 0.6
        by = None if link else story.place.chief
        story.answer(at=at, by=by, rating=self.rng.choice((1, 2)), comment=self.rng.choice(_AGAIN))
        at = self._later(at, 0.5, 10)
        handler = self._handler(story)
        story.acknowledge(at=at, actor=handler)
        at = self._worked(story, at)
        story.resolve(at=at, actor=handler, result="回头重新处理：" + story.result)
        self._told(story, after=at, link=0.5, by=story.place.chief)

    def _unanswered(self, story: Story, at: datetime) -> None:
        staff = self.city.leaders[story.case.holder_unit_id]
        for note in ("打了两遍电话，没有人接。", "换个时间再打，还是没有人接，留了短信。"):
            at = self._later(at, 20, 50)
            story.call_back(at=at, actor=story.place.chief, note=note)
        at = self._later(at, 2, 30)
        story.close_unanswered(at=at, actor=staff, reason=self._reason(ReasonKind.CLOSE_UNANSWERED))

    def _reopened(self, story: Story) -> None:
        at = self._later(story.case.closed_at, 48, 400)
        story.reopen(
            at=at,
            actor=story.case.filed_by,
            reason=self._reason(ReasonKind.REOPEN),
            desk=story.case.holder_unit if story.case.holder_unit_id != story.place.leaf.pk else story.place.group,
        )
        desk = story.case.holder_unit
        at = self._later(at, 0.5, 8)
        story.assign(at=at, actor=self.city.leaders[desk.pk], agency=story.agency, desk=desk)
        at = self._later(at, 0.5, 10)
        handler = self._handler(story)
        story.acknowledge(at=at, actor=handler)
        at = self._worked(story, at)
        story.resolve(at=at, actor=handler, result="再次到场：" + story.result)
        self._told(story, after=at, link=0.6, by=story.place.chief)

    def _withdrawn(self, story: Story) -> None:
        self._reported(story)
        self._take_back(story, self._later(story.case.reported_at, 0.2, 3))

    def _take_back(self, story: Story, at: datetime) -> None:
        reason = self._reason(ReasonKind.WITHDRAW)
        story.end(Action.WITHDRAW, at=at, actor=story.case.filed_by, standing=Standing.FILER, reason=reason)

    def _rejected(self, story: Story) -> None:
        self._reported(story)
        at = self._later(story.case.reported_at, 1, 12)
        staff = self.city.leaders[story.place.community.pk]
        reason = self._reason(ReasonKind.REJECT)
        story.end(Action.REJECT, at=at, actor=staff, standing=Standing.ASSIGNER, reason=reason)
        if self.rng.random() < 0.4:
            at = self._later(at, 3, 60)
            story.appeal(at=at, note="我们又去看过，问题确实在，请再核实一次。", desk=story.place.zone)
            at = self._later(at, 1, 12)
            desk = story.place.street
            story.assign(at=at, actor=self.city.leaders[desk.pk], agency=story.agency, desk=desk)
            at = self._later(at, 0.5, 8)
            handler = self._handler(story)
            story.acknowledge(at=at, actor=handler)
            at = self._worked(story, at)
            story.resolve(at=at, actor=handler, result=story.result)
            self._told(story, after=at, link=0.5, by=story.place.chief)

    def _merged(self, story: Story) -> None:
        """Which case it goes into is settled when all are told."""
        self._reported(story)
        self._to_merge.append(story)

    def _suspended(self, story: Story) -> None:
        at = self._in_hand(story)
        staff = self.city.leaders[story.case.holder_unit_id]
        at = self._later(at, 3, 20)
        review = local_day(at) + timedelta(days=self.rng.choice((30, 45, 60)))
        story.ask_suspension(
            at=at, actor=self._handler(story), reason=self._reason(ReasonKind.SUSPEND), review_on=review
        )
        at = self._later(at, 1, 6)
        story.suspend(at=at, actor=staff)
        at = self._later(at, 24 * 14, 24 * 28)
        story.resume(at=at, actor=staff)
        at = self._worked(story, at)
        story.resolve(at=at, actor=self._handler(story), result=story.result)
        self._told(story, after=at, link=0.5, by=story.place.chief)

    def _extended(self, story: Story) -> None:
        at = self._in_hand(story)
        handler, case = self._handler(story), story.case
        asked = at + (case.due_at - at) * self.rng.uniform(0.3, 0.6)
        if asked <= at:
            story.resolve(at=self._worked(story, at), actor=handler, result=story.result)
            return
        story.ask_extension(
            at=asked, actor=handler, days=self.rng.choice((3, 5, 7, 10)), reason=self._reason(ReasonKind.EXTEND)
        )
        staff = self.city.leaders[case.holder_unit_id]
        decided = min(asked + (case.due_at - asked) * 0.6, self._later(asked, 1, 10))
        granted = self.rng.random() < 0.8
        story.decide_extension(
            at=decided, actor=staff, granted=granted, note="" if granted else "材料已到，请按时办完。"
        )
        at = decided + (case.due_at - decided) * self.rng.uniform(0.4, 1.02)
        story.resolve(at=at, actor=handler, result=story.result)
        self._told(story, after=at, link=0.5, by=story.place.chief)

    def _stuck(self, story: Story) -> None:
        """Long past its limit, with a supervisor's cards; the recent ones are still open."""
        at = self._in_hand(story)
        due, supervisor = story.case.due_at, self.city.supervisor
        at = max(at, due + timedelta(hours=self.rng.uniform(30, 60)))
        story.urge(Action.YELLOW_CARD, at=at, actor=supervisor, note="超期两天没有进展，请当天说明原因。")
        at = max(at, due + timedelta(hours=self.rng.uniform(90, 140)))
        story.urge(Action.RED_CARD, at=at, actor=supervisor, note="黄牌之后仍未办结，区里挂牌督办。")
        at += timedelta(days=self.rng.uniform(3, 20))
        if at < self.now - timedelta(days=40):
            story.resolve(at=at, actor=self._handler(story), result=story.result)
            self._told(story, after=at, link=0.5, by=story.place.chief)

    # Steps that many plots share --------------------------------------------------------------------------------

    def _reported(self, story: Story) -> None:
        story.report(at=story.case.discovered_at, desk=story.place.group)

    def _in_hand(self, story: Story) -> datetime:
        """Reported, passed up now and then, assigned and acknowledged; return when the handler took it on."""
        self._reported(story)
        place, case, rng = story.place, story.case, self.rng
        at, pace = case.reported_at, self._pace(story)
        for unit in (place.zone, place.community)[: rng.choice((0, 2, 2))]:
            at = self._later(at, 0.1 * pace, 2 * pace)
            story.refer_up(at=at, actor=self.city.leaders[case.holder_unit_id], to=unit)
        desk = place.community if rng.random() < 0.6 else place.street
        at = self._later(at, 0.1 * pace, 3 * pace)
        agency = story.agency
        partners = [self.city.agency(place, "street_office")] if rng.random() < 0.06 else []
        partners = [one for one in partners if one is not agency]
        wrong = self.city.agency(place, "municipal")
        if rng.random() < 0.04 and wrong is not agency:
            story.assign(at=at, actor=self.city.leaders[desk.pk], agency=wrong, desk=desk)
            self._wrong_door(story, self._later(at, 0.3 * pace, 4 * pace), agency, desk)
        else:
            story.assign(at=at, actor=self.city.leaders[desk.pk], agency=agency, desk=desk, partners=partners)
        at = case.assigned_at
        at = self._later(at, 0.1 * pace, (30 if rng.random() < 0.04 else 7) * pace)
        story.acknowledge(at=at, actor=self._handler(story))
        if rng.random() < 0.08:
            at = self._later(at, 0.1 * pace, 2 * pace)
            note = rng.choice(("到现场看过，明天上午来人。", "材料今天备齐。", "和住户约好了时间。"))
            story.comment(at=at, actor=self._handler(story), standing=Standing.HANDLER, note=note)
        return at

    def _wrong_door(self, story: Story, at: datetime, agency: Agency, desk: Unit) -> None:
        """The first body was the wrong one: it hands the case back, or the desk moves it on."""
        staff = self.city.leaders[desk.pk]
        at = min(at, story.case.acknowledge_due_at)
        if self.rng.random() < 0.5:
            story.reassign(at=at, actor=staff, agency=agency, desk=desk)
            return
        reason = self._reason(ReasonKind.RETURN)
        story.give_back(at=at, actor=self._handler(story), reason=reason, note="看过现场，不归我们管。")
        story.assign(at=self._later(at, 0.1, 0.9), actor=staff, agency=agency, desk=desk)

    def _told(self, story: Story, *, after: datetime, link: float, by: User) -> None:
        """The household answers, through the link or to somebody who did not handle it."""
        rng, case = self.rng, story.case
        left = (case.due_at - after).total_seconds() / 3600
        # People answer while the limit still runs, or when somebody asks them again.
        at = (
            self._later(after, 0.03 * left, 0.5 * left)
            if left > 2 and rng.random() < 0.93
            else self._later(after, 1, 60)
        )
        rating = rng.choices((5, 4, 3), (52, 36, 12))[0]
        through_link = rng.random() < link or by is story.case.resolved_by
        story.answer(at=at, by=None if through_link else by, rating=rating, comment=rng.choice(_THANKS))

    def _worked(self, story: Story, at: datetime) -> datetime:
        """Return when the work was done: mostly well within the limit, now and then past it."""
        case = story.case
        left = max((case.due_at - at).total_seconds(), 3600.0)
        share = self.rng.choices((self.rng.betavariate(2, 3.2), self.rng.uniform(1.02, 2.2)), (96, 4))[0]
        return at + timedelta(seconds=max(left * share, 1200))

    def _pace(self, story: Story) -> float:
        """Return how much faster an urgent case moves: 1 for a week, less for hours."""
        return {Urgency.TWO_HOURS: 0.05, Urgency.DAY: 0.35}.get(story.case.urgency, 1.0)

    def _later(self, at: datetime, low: float, high: float) -> datetime:
        """Return a moment `low` to `high` hours later, by day unless the pace is one of minutes."""
        moment = at + timedelta(hours=self.rng.uniform(low, high))
        hour = timezone.localtime(moment).hour
        if high > 1 and (hour < 7 or hour >= 22):
            moment += timedelta(hours=(31 - hour) % 24 + self.rng.random())
        return moment

    def _handler(self, story: Story) -> User:
        return self.city.handlers[story.case.lead_agency_id]

    def _reason(self, kind: str) -> Reason:
        return self.rng.choice(self.reasons[kind])

    def _merge(self, stories: Sequence[Story]) -> None:
        """Merge each that wants it into an older case of the same street that was open then."""
        for story in self._to_merge:
            at = self._later(story.case.reported_at, 0.3, 4)
            open_then = [
                other
                for other in stories
                if other.place.street is story.place.street
                and other.case.discovered_at < story.case.discovered_at
                and other not in self._to_merge
                and status_at(other, at) in LIVE
            ]
            with contextlib.suppress(StoryEnd):
                if open_then:
                    actor = self.city.leaders[story.case.holder_unit_id]
                    story.merge(at=at, actor=actor, into=open_then[-1])
                else:
                    self._take_back(story, at)


def status_at(story: Story, at: datetime) -> str:
    """Return where the case stood at `at`."""
    return [event.to_status for event in story.events if event.at <= at][-1]
