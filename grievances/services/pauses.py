"""More time and no time: extensions and suspensions, asked for by one and decided by another."""

from datetime import date, datetime

from django.utils.translation import gettext as _

from grievances.choices import Action, Standing
from grievances.models import Grievance, Reason, Suspension
from grievances.services import clock
from grievances.services.desk import desk_of, handlers_of
from grievances.services.rulebook import rulebook
from grievances.services.steps import Step, listed_reason, step
from linjiang.common.clock import local_day
from linjiang.common.errors import InvalidInput
from linjiang.common.text import Day, in_both_languages
from orgs.choices import DESK_ROLES
from orgs.holders import people_to_call_on
from orgs.models import User
from orgs.tree import ancestor_paths


def grant_extension(
    *, actor: User, grievance: Grievance, now: datetime, version: int | None = None, note: str = ""
) -> Grievance:
    """Grant the extension asked for: the deadline moves by its days."""
    return _decide_extension(Action.GRANT_EXTENSION, actor, grievance, now, version, note)


def refuse_extension(
    *, actor: User, grievance: Grievance, note: str, now: datetime, version: int | None = None
) -> Grievance:
    """Refuse the extension asked for; the note says why."""
    return _decide_extension(Action.REFUSE_EXTENSION, actor, grievance, now, version, note)


def ask_suspension(
    *,
    actor: User,
    grievance: Grievance,
    reason: Reason | str,
    review_on: date,
    now: datetime,
    version: int | None = None,
    note: str = "",
) -> Grievance:
    """Ask the level above to stop the clock until a day of review, with a listed reason; until then it runs."""
    with step(
        actor=actor,
        grievance=grievance,
        action=Action.ASK_SUSPENSION,
        now=now,
        version=version,
        reason=reason,
        review_on=review_on,
    ) as case:
        why = listed_reason(case.row, reason)
        _check_review(review_on, now)
        by_agency = case.standing == Standing.HANDLER and case.grievance.lead_agency_id is not None
        unit = None if by_agency else desk_of(actor, case.grievance)
        Suspension.objects.create(
            grievance=case.grievance,
            asked_by=actor,
            asked_at=now,
            unit=unit,
            reason=why,
            review_on=review_on,
            note=note.strip(),
        )
        case.tell(_deciders(case, unit), "suspension_asked", by=unit.name if unit else str(case.grievance.lead_agency))
        case.record(note=note, data=_suspension_facts(why, review_on), is_public=False)
        return case.grievance


def suspend(
    *, actor: User, grievance: Grievance, now: datetime, version: int | None = None, note: str = ""
) -> Grievance:
    """Approve the suspension asked for: the clock stops until the day of review."""
    with step(actor=actor, grievance=grievance, action=Action.SUSPEND, now=now, version=version) as case:
        asked = _decide_suspension(case, granted=True)
        _check_review(asked.review_on, now)
        review_at = rulebook().calendar.opening(asked.review_on)
        case.set(suspended_at=now, review_on=asked.review_on, **clock.held(case.grievance, review_at=review_at))
        people = [asked.asked_by, *handlers_of(case.grievance, now), case.grievance.filed_by]
        case.tell(people, "case_suspended", review_on=in_both_languages(Day(asked.review_on)))
        case.record(note=note, data=_suspension_facts(asked.reason, asked.review_on))
        return case.grievance


def refuse_suspension(
    *, actor: User, grievance: Grievance, note: str, now: datetime, version: int | None = None
) -> Grievance:
    """Refuse the suspension asked for; the note says why, the clock has never stood still."""
    with step(
        actor=actor,
        grievance=grievance,
        action=Action.REFUSE_SUSPENSION,
        now=now,
        version=version,
        note=note.strip(),
    ) as case:
        asked = _decide_suspension(case, granted=False)
        case.tell([asked.asked_by], "suspension_refused", note=note.strip())
        case.record(note=note.strip(), is_public=False)
        return case.grievance


def resume(
    *, actor: User, grievance: Grievance, now: datetime, version: int | None = None, note: str = ""
) -> Grievance:
    """Let the clock go on; the deadline is later by exactly the counted time it stood still."""
    with step(actor=actor, grievance=grievance, action=Action.RESUME, now=now, version=version) as case:
        case.set(**clock.resumed(case.grievance, now=now))
        case.set(review_on=None)
        case.tell(handlers_of(case.grievance, now), "case_resumed")
        case.record(note=note)
        return case.grievance


def _check_review(review_on: date, now: datetime) -> None:
    if review_on <= local_day(now):
        raise InvalidInput({"review_on": _("Choose a day to come.")})


def _suspension_facts(why: Reason, review_on: date) -> dict:
    return {"reason": why.code, "reason_name": in_both_languages(why), "review_on": review_on.isoformat()}


def _deciders(case: Step, unit) -> list[User]:
    """Return the nearest people who may decide: the desk that gave the case to an agency, else the next one above."""
    holder = case.grievance.holder_unit if unit is None else unit
    paths = ancestor_paths(holder.path, include_self=unit is None)
    people = people_to_call_on(paths, on=local_day(case.now))
    desks = (path for path in reversed(paths) if people.get(path))
    for path in desks:
        fit = [one for one in people[path] if one.holds(*DESK_ROLES) or len(path) < len(holder.path)]
        if fit:
            return fit
    return []


def _decide_suspension(case: Step, *, granted: bool) -> Suspension:
    asked = case.grievance.suspensions.select_related("asked_by", "reason").get(decided_at__isnull=True)
    asked.decided_by, asked.decided_at, asked.granted = case.actor, case.now, granted
    asked.save(update_fields=["decided_by", "decided_at", "granted"])
    return asked


def _decide_extension(action, actor, grievance, now, version, note) -> Grievance:
    with step(actor=actor, grievance=grievance, action=action, now=now, version=version, note=note.strip()) as case:
        extension = case.grievance.extensions.select_related("asked_by").get(decided_at__isnull=True)
        granted = action == Action.GRANT_EXTENSION
        extension.decided_by, extension.decided_at, extension.granted = actor, now, granted
        extension.save(update_fields=["decided_by", "decided_at", "granted"])
        if granted:
            case.set(**clock.extended(case.grievance, days=extension.days))
        case.tell([extension.asked_by], "extension_granted" if granted else "extension_refused", days=extension.days)
        data = {"days": extension.days, "counts": case.grievance.counts}
        case.record(note=note.strip(), data=data, is_public=granted)
        return case.grievance
