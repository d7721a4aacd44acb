"""Setting limits and ladders at the desk; each change raises the version of the rules, and open deadlines follow."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from grievances.choices import LIVE, Counts
from grievances.deadlines import limit
from grievances.models import Category, Grievance, Ladder, LadderRung, StageLimit
from grievances.services.recomputing import Outlook, look_ahead
from grievances.services.rulebook import CATEGORY_HOURS, checked_ladder, limit_key, rulebook
from linjiang.common.errors import InvalidInput
from linjiang.common.text import in_both_languages
from orgs.models import Unit, User
from orgs.rules import note_rule_change, read_calendar, rules_version

# One rung as (when, card, who is told): ("+1wd", "yellow", "holder,street").
RungText = tuple[str, str, str]
_OF_TIME = frozenset({*CATEGORY_HOURS.values(), "urgency", "parent"})


# Of a limit, in what it is counted in: a year.
LONGEST = {Counts.HOURS: 366 * 24, Counts.WORKDAYS: 261}


def open_deadlines() -> int:
    """Return how many cases have a deadline that follows a change of the rules. One statement."""
    return Grievance.objects.filter(status__in=LIVE).count()


def waiting_deadlines() -> int:
    """Return how many open cases are not yet computed under the rules in force. One statement."""
    return Grievance.objects.filter(status__in=LIVE).exclude(rules_version=rules_version()).count()


@transaction.atomic
def set_limit(
    *,
    actor: User,
    now: datetime,
    stage: str,
    amount: Decimal,
    counts: str,
    unit: Unit | None = None,
    category: Category | None = None,
    urgency: str = "",
    pk: int | None = None,
) -> StageLimit:
    """Set how long `stage` may take for the cases named, and return the limit; `pk` changes one that is there.

    Raise InvalidInput where another limit names the same cases already.
    """
    row = StageLimit.objects.select_for_update().get(pk=pk) if pk else StageLimit()
    row.stage, row.unit, row.category, row.urgency = stage, unit, category, urgency
    row.amount, row.counts = amount, counts
    if amount > LONGEST[counts]:
        raise InvalidInput({"amount": _("This is longer than a year; please check it.")})
    _check(row)
    row.save()
    _note(actor, now, gettext_noop("A limit was changed: %(what)s"), row)
    return row


def outlook(
    *,
    now: datetime,
    stage: str,
    amount: Decimal,
    counts: str,
    unit: Unit | None = None,
    category: Category | None = None,
    urgency: str = "",
    pk: int | None = None,
) -> Outlook:
    """Return what `set_limit` with the same arguments would do to open cases; nothing is saved."""
    if amount > LONGEST[counts]:
        return Outlook()
    rules = rulebook()
    found = dict(rules.limits)
    if before := StageLimit.objects.select_related("unit").filter(pk=pk).first():
        found.pop(limit_key(before), None)
    row = StageLimit(stage=stage, unit=unit, category=category, urgency=urgency)
    found[limit_key(row)] = limit(float(amount), counts, rules.calendar)
    return look_ahead(replace(rules, limits=found), stages={stage, before.stage if before else stage}, now=now)


@transaction.atomic
def remove_limit(*, actor: User, now: datetime, limit: StageLimit) -> None:
    """Take a limit away; the next wider one, or the city profile's, holds again."""
    _note(actor, now, gettext_noop("A limit was taken away: %(what)s"), limit)
    limit.delete()


@transaction.atomic
def set_ladder(
    *,
    actor: User,
    now: datetime,
    rungs: Sequence[RungText],
    category: Category | None = None,
    urgency: str = "",
    pk: int | None = None,
) -> Ladder:
    """Set the ladder of the cases named, its rungs in the order they come, and return it; `pk` changes one.

    Raise InvalidInput for rungs that cannot be read, come at the same time, or for none at all.
    """
    checked_ladder(list(rungs), read_calendar())
    ladder = Ladder.objects.select_for_update().get(pk=pk) if pk else Ladder()
    ladder.category, ladder.urgency = category, urgency
    _check(ladder)
    ladder.save()
    ladder.rungs.all().delete()
    LadderRung.objects.bulk_create(
        LadderRung(ladder=ladder, position=position, at=at, card=card, tell=tell)
        for position, (at, card, tell) in enumerate(rungs, start=1)
    )
    _note(actor, now, gettext_noop("A ladder was changed: %(what)s"), ladder)
    return ladder


@transaction.atomic
def remove_ladder(*, actor: User, now: datetime, ladder: Ladder) -> None:
    """Take a ladder away; the next wider one, or the city profile's, holds again."""
    _note(actor, now, gettext_noop("A ladder was taken away: %(what)s"), ladder)
    ladder.delete()


@transaction.atomic
def save_category(*, actor: User, now: datetime, category: Category, changed: Collection[str]) -> None:
    """Save a category as edited; `changed` names its fields that differ. A new one, or other hours, are a new rule."""
    is_new = category.pk is None
    category.save()
    if is_new or _OF_TIME & set(changed):
        _note(actor, now, gettext_noop("The hours of a category were changed: %(what)s"), category)


def _check(row: StageLimit | Ladder) -> None:
    try:
        row.full_clean()
    except ValidationError as error:
        words = {name: " ".join(messages) for name, messages in error.message_dict.items()}
        if NON_FIELD_ERRORS in words:
            words[NON_FIELD_ERRORS] = already_there(row)
        raise InvalidInput(words) from error


def already_there(row: StageLimit | Ladder) -> str:
    """Return the words for a limit or a ladder whose cases have one already."""
    if isinstance(row, Ladder):
        return _("There is a ladder for exactly these cases already; change that one.")
    return _("There is a limit for exactly these cases and this stage already; change that one.")


def described(row: StageLimit | Ladder | Category) -> str:
    """Return what a rule is called in the active language, with the cases it names."""
    if not isinstance(row, StageLimit):
        return str(row)
    named = [str(one) for one in (row.unit, row.category) if one is not None]
    named += [row.get_urgency_display()] if row.urgency else []
    return f"{row} ({_(', ').join(named) or _('All cases')})"


class _Described:
    """A rule that is put into words in whichever language is active when it is asked."""

    def __init__(self, row) -> None:
        self._row = row

    def __str__(self) -> str:
        return described(self._row)


def _note(actor: User, now: datetime, why: str, row) -> None:
    note_rule_change(actor=actor, now=now, why=why, what=in_both_languages(_Described(row)))
