"""What a case shows of each stage: its limit, what is used and left of it, who holds it, and the colour of that."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from grievances.choices import NOT_ACCEPTED, Stage, Status
from grievances.deadlines import HOURS, SOON, Limit, day_seconds, measure
from grievances.models import Grievance, GrievanceEvent
from grievances.services.rulebook import Rulebook, rulebook

DONE, RUNNING, HELD, TODO = "done", "running", "held", "todo"
OK, SOON_TONE, OVER, NONE = "ok", "soon", "over", "none"
STATES, TONES = (DONE, RUNNING, HELD, TODO), (OK, SOON_TONE, OVER, NONE)


@dataclass(frozen=True, slots=True)
class StageLine:
    """One stage as pages show it. `tone`: ok up to 80 % of the limit, soon up to all of it, over past it.

    `used`, `limit` and `left` are in words; `share` is the part of the limit used in per cent, 100 at most.
    """

    stage: str
    label: str
    state: str
    tone: str
    limit: str
    used: str
    left: str
    share: int
    due_at: datetime | None
    holder: str
    is_provisional: bool

    @property
    def word(self) -> str:
        """How the stage stands, in a word."""
        words = {
            (DONE, OK): _("in time"),
            (DONE, OVER): _("late"),
            (RUNNING, OK): _("in time"),
            (RUNNING, SOON_TONE): _("due soon"),
            (RUNNING, OVER): _("overdue"),
        }
        return words.get((self.state, self.tone), _("on hold") if self.state == HELD else _("not begun"))

    @property
    def icon(self) -> str:
        """The icon beside the word, the same as beside a deadline in lists."""
        if self.state in (HELD, TODO):
            return "circle-pause" if self.state == HELD else "circle-dot"
        if self.tone == OVER:
            return "circle-alert"
        done = "circle-check" if self.state == DONE else "clock"
        return "alarm-clock" if self.tone == SOON_TONE else done


@dataclass(frozen=True, slots=True)
class Pressing:
    """The clock of a case that matters now, as lists show it: the one that ends first, resolving if that is past.

    `label` names the stage unless it is resolving; `state` is a tone of the design system, `used` the part of the
    limit used in per cent, 100 at most, None where no limit is known.
    """

    label: str
    words: str
    state: str
    icon: str
    used: int | None = None
    due_at: datetime | None = None
    is_provisional: bool = False


def pressing(case: Grievance, *, at: datetime) -> Pressing | None:
    """Return the clock lists show of the case; None where none runs. Counts as the case page does, asks no database."""
    if not case.is_live:
        return None
    if case.suspended:
        return Pressing("", _("On hold"), NONE, "circle-pause")
    resolving = case.due_at if case.is_running else None
    stage_due = case.stage_due_at if case.stage else None
    if resolving is not None and (stage_due is None or at > resolving or resolving <= stage_due):
        limit = Limit(case.limit, case.counts) if case.limit else None
        began, soon_at, provisional = case.clock_started_at, case.soon_at, case.due_provisional
        return _pressing("", _Due(began, limit, case.paused, soon_at, resolving, provisional), at)
    if stage_due is None:
        return None
    limit = Limit(case.stage_limit, case.stage_counts) if case.stage_limit else None
    due = _Due(case.stage_started_at, limit, 0, case.stage_soon_at, stage_due, False)
    return _pressing(str(Stage(case.stage).label), due, at)


@dataclass(frozen=True, slots=True)
class _Due:
    """A running clock as its columns tell it; `limit` is None on older records."""

    began: datetime | None
    limit: Limit | None
    paused: int
    soon_at: datetime | None
    due_at: datetime
    is_provisional: bool


def _pressing(label: str, due: _Due, at: datetime) -> Pressing:
    rules = rulebook()
    counts = due.limit.counts if due.limit else HOURS
    over = at > due.due_at
    soon = not over and due.soon_at is not None and at >= due.soon_at
    if over:
        past = max(measure(due.due_at, at, counts, rules.calendar), 60)
        words = _("%(time)s past") % {"time": span_words(past, counts, rules)}
    else:
        left = measure(at, due.due_at, counts, rules.calendar)
        words = _("%(time)s left") % {"time": span_words(left, counts, rules)} if left >= 60 else _("Due now")
    used = None
    if due.limit is not None and due.began is not None:
        seconds = max(measure(due.began, at, counts, rules.calendar) - due.paused, 0)
        used = min(100, int(100 * seconds / due.limit.seconds)) if due.limit.seconds else 100
    state, icon = (OVER, "circle-alert") if over else (SOON_TONE, "alarm-clock") if soon else (OK, "clock")
    return Pressing(label, words, state, icon, used, due.due_at, due.is_provisional)


def lines(case: Grievance, events: Sequence[GrievanceEvent], *, at: datetime) -> list[StageLine]:
    """Return the stages of the case's present round; needs the joins of `with_names`, asks no database.

    `events` is the timeline, the newest first. A case without any limit (older records, never reported) has no lines.
    """
    if case.clock_started_at is None or case.due_at is None or case.limit is None:
        return []
    rules = rulebook()
    ended = _ended(case, events)
    found = []
    for stage in (Stage.ASSIGN, Stage.ACKNOWLEDGE, Stage.RESOLVE, Stage.FEEDBACK):
        if stage == Stage.RESOLVE:
            found.append(_resolving(case, at, rules))
        elif case.stage == stage and case.stage_due_at is not None:
            began, limit = case.stage_started_at, Limit(case.stage_limit, case.stage_counts)
            used = measure(began, at, limit.counts, rules.calendar)
            holder = _holder(case, stage)
            # By the moment, as lists do: what ended on Friday evening is past on Saturday, with no office hour since.
            over = at > case.stage_due_at
            found.append(_line(stage, RUNNING, limit, used, case.stage_due_at, holder, rules, is_over=over))
        elif stage in ended:
            found.append(ended[stage](rules, _past_holder(case, stage)))
        elif case.status not in NOT_ACCEPTED and case.status != Status.CLOSED and _comes(case, stage):
            limit = rules.limit(stage, urgency=case.urgency, category_id=case.category_id, unit_path=case.unit_path)
            found.append(_line(stage, TODO, limit, 0, None, "", rules))
    return found


def _comes(case: Grievance, stage: str) -> bool:
    order = (Status.REPORTED, Status.ASSIGNED, Status.IN_PROGRESS, Status.RESOLVED)
    begins = {Stage.ASSIGN: 0, Stage.ACKNOWLEDGE: 1, Stage.FEEDBACK: 3}[stage]
    return case.status in order and order.index(case.status) < begins


def _ended(case: Grievance, events: Sequence[GrievanceEvent]) -> dict:
    """Return the stages that ended since the clock of resolving began, each as a maker of its line."""
    found: dict = {}
    for event in events:
        facts = event.data.get("ended_stage")
        if not facts or event.at < case.clock_started_at or facts["stage"] in found:
            continue
        found[facts["stage"]] = _maker(facts, event.at)
    return found


def _maker(facts: dict, ended_at: datetime):
    limit = Limit(facts["limit"], facts["counts"])
    began, due_at = datetime.fromisoformat(facts["started_at"]), datetime.fromisoformat(facts["due_at"])

    def line(rules: Rulebook, holder: str) -> StageLine:
        used = measure(began, ended_at, limit.counts, rules.calendar)
        return _line(facts["stage"], DONE, limit, used, due_at, holder, rules, is_over=ended_at > due_at)

    return line


def _resolving(case: Grievance, at: datetime, rules: Rulebook) -> StageLine:
    limit = Limit(case.limit, case.counts)
    until, state = at, RUNNING
    if case.resolved_at is not None:
        until, state = case.resolved_at, DONE
    elif case.suspended:
        until, state = case.suspended_at, HELD
    elif case.status in NOT_ACCEPTED:
        state = DONE
    used = max(measure(case.clock_started_at, until, limit.counts, rules.calendar) - case.paused, 0)
    return _line(
        Stage.RESOLVE,
        state,
        limit,
        used,
        case.due_at,
        _holder(case, Stage.RESOLVE),
        rules,
        is_over=until > case.due_at,
        is_provisional=case.due_provisional,
    )


def _line(stage, state, limit, used, due_at, holder, rules, *, is_over=None, is_provisional=False) -> StageLine:
    over = is_over if is_over is not None else used > limit.seconds
    soon = state in (RUNNING, HELD) and used >= SOON * limit.seconds
    tone = NONE if state == TODO else OVER if over else SOON_TONE if soon else OK
    left = limit.seconds - used
    if state in (DONE, TODO):
        words = ""
    elif over:
        words = _("%(time)s past") % {"time": span_words(max(-left, 60), limit.counts, rules)}
    else:
        words = _("%(time)s left") % {"time": span_words(max(left, 0), limit.counts, rules)}
    return StageLine(
        stage=str(stage),
        label=str(Stage(stage).label),
        state=state,
        tone=tone,
        limit=span_words(limit.seconds, limit.counts, rules),
        used=span_words(used, limit.counts, rules) if state != TODO else "",
        left=words,
        share=min(100, round(100 * used / limit.seconds)) if limit.seconds else 100,
        due_at=due_at,
        holder=holder,
        is_provisional=is_provisional,
    )


def _holder(case: Grievance, stage: str) -> str:
    if stage == Stage.ASSIGN or (stage == Stage.FEEDBACK and case.holder_unit):
        return str(case.holder_unit or case.unit)
    return str(case.lead_agency or case.holder_unit or case.unit)


def _past_holder(case: Grievance, stage: str) -> str:
    if stage == Stage.ACKNOWLEDGE and case.lead_agency:
        return str(case.lead_agency)
    return str(case.holder_unit or "") if stage != Stage.ACKNOWLEDGE else ""


def span_words(seconds: float, counts: str, rules: Rulebook) -> str:
    """Return a span in words: 30 minutes, 5 hours, 3 working days; parts of a day in hours, one decimal at most."""
    day = day_seconds(counts, rules.calendar)
    if seconds < 3600:
        minutes = round(seconds / 60)
        return ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": minutes}
    if seconds < day or (counts == HOURS and seconds < 3 * day):
        hours = round(seconds / 3600, 1)
        words = (
            ngettext("%(count)s hour", "%(count)s hours", _plural(hours))
            if counts == HOURS
            else ngettext("%(count)s office hour", "%(count)s office hours", _plural(hours))
        )
        return words % {"count": f"{hours:g}"}
    days = round(seconds / day, 1)
    words = (
        ngettext("%(count)s day", "%(count)s days", _plural(days))
        if counts == HOURS
        else ngettext("%(count)s working day", "%(count)s working days", _plural(days))
    )
    return words % {"count": f"{days:g}"}


def _plural(number: float) -> int:
    """Return what `ngettext` counts a number with a decimal as: 1.4 are hours, not an hour."""
    return 1 if number == 1 else 2
