"""Loading and changing the work calendar; every change raises the version of the rules of time."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

import chinese_calendar
from chinese_calendar.constants import Holiday, holidays, workdays
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from linjiang.common.errors import InvalidInput
from linjiang.common.text import clean, listed
from orgs.models import CalendarYear, User, WorkCalendarDay
from orgs.rules import note_rule_change
from orgs.services.calendar_check import Day, YearCheck, check_year

COLUMNS = ("day", "is_working", "name")
# Open deadlines never reach further back; older years are of no use.
FIRST_YEAR = 2020
_YES, _NO = frozenset({"1", "true", "yes", "是", "班", "上班"}), frozenset({"0", "false", "no", "否", "休", "放假"})
_NAMES = {holiday.value: holiday.chinese for holiday in Holiday}
LONGEST_NAME = WorkCalendarDay._meta.get_field("name").max_length


def days_of_library(year: int) -> list[Day]:
    """Return the days of the notice for `year` as (day, worked?, name); raise LookupError for a year it lacks."""
    if not any(day.year == year for day in workdays) and not any(day.year == year for day in holidays):
        raise LookupError(year)
    days = [(day, False, _NAMES[name]) for day, name in holidays.items() if day.year == year]
    days += [(day, True, _NAMES[name]) for day, name in workdays.items() if day.year == year]
    return sorted(days)


def load_library_years(*, actor: User, now: datetime) -> list[int]:
    """Load every year that the library knows and the table does not, and return them; what is there is left alone."""
    known = set(CalendarYear.objects.values_list("year", flat=True))
    years = sorted({day.year for day in holidays if day.year >= FIRST_YEAR} - known)
    if years:
        source = f"chinesecalendar {getattr(chinese_calendar, '__version__', '')}".strip()
        edited = set(WorkCalendarDay.objects.filter(day__year__in=years).values_list("day", flat=True))
        days = {year: [one for one in days_of_library(year) if one[0] not in edited] for year in years}
        _load(days, actor=actor, source=source, now=now, keep_edited=True)
    return years


def load_year(*, actor: User, year: int, days: Iterable[Day], source: str, now: datetime) -> None:
    """Make `days` the special days of `year`, instead of whatever was known, and the year a known one."""
    days = list(days)
    if any(day.year != year for day, _is_working, _name in days):
        raise InvalidInput({"file": _("Every day must lie in the year %(year)s.") % {"year": year}})
    _load({year: days}, actor=actor, source=source, now=now)


@dataclass(frozen=True, slots=True)
class YearChange:
    """What a file would change of one year: days that come, that say something else, and that go."""

    year: int
    is_known: bool
    added: list[Day]
    changed: list[tuple[Day, Day]]
    removed: list[Day]
    unchanged: int
    check: YearCheck

    @property
    def is_idle(self) -> bool:
        """Whether everything is as it was."""
        return self.is_known and not (self.added or self.changed or self.removed)


def preview_calendar(*, text: str) -> list[YearChange]:
    """Return what loading the CSV `text` would change, by year; raise InvalidInput with every bad line."""
    found = []
    for year, days in sorted(_read(text).items()):
        now = {row.day: (row.day, row.is_working, row.name) for row in WorkCalendarDay.objects.filter(day__year=year)}
        then = {day[0]: day for day in days}
        both = sorted(now.keys() & then.keys())
        changed = [(now[day], then[day]) for day in both if now[day] != then[day]]
        found.append(
            YearChange(
                year=year,
                is_known=CalendarYear.objects.filter(year=year).exists(),
                added=[then[day] for day in sorted(then.keys() - now.keys())],
                changed=changed,
                removed=[now[day] for day in sorted(now.keys() - then.keys())],
                unchanged=len(both) - len(changed),
                check=check_year(year, days),
            )
        )
    return found


def import_calendar(*, actor: User, text: str, source: str, now: datetime, whole: bool = False) -> list[int]:
    """Load the years that the CSV `text` (day, is_working, name) has days of, each as a whole; return them.

    A loaded year is a known one: one that looks incomplete is taken only when the person says that all are `whole`.
    Raise InvalidInput with every bad line, or with the years that look incomplete; then nothing is changed.
    """
    years = _read(text)
    doubtful = [year for year in sorted(years) if not check_year(year, years[year]).looks_whole]
    if doubtful and not whole:
        words = _("This looks incomplete: %(years)s. Please tick that it is whole, or add the days only.")
        raise InvalidInput({"whole": words % {"years": listed(doubtful)}})
    _load(years, actor=actor, source=source, now=now)
    return sorted(years)


@transaction.atomic
def add_days(*, actor: User, text: str, now: datetime) -> list[int]:
    """Put the days of the CSV `text` into the calendar and return their years.

    All other days stay, and whether a year is known stays as it is. Raise InvalidInput with every bad line; then
    nothing is changed.
    """
    years = _read(text)
    WorkCalendarDay.objects.bulk_create(
        [
            WorkCalendarDay(day=day, is_working=is_working, name=name)
            for days in years.values()
            for day, is_working, name in days
        ],
        update_conflicts=True,
        unique_fields=["day"],
        update_fields=["is_working", "name"],
    )
    why = gettext_noop("The work calendar of %(what)s was changed")
    note_rule_change(actor=actor, now=now, why=why, what=_spans(years))
    return sorted(years)


def dump_calendar() -> str:
    """Return every day of the calendar as CSV, in the columns that `import_calendar` reads."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    for row in WorkCalendarDay.objects.order_by("day"):
        writer.writerow([row.day.isoformat(), "1" if row.is_working else "0", row.name])
    return buffer.getvalue()


def _read(text: str) -> dict[int, list[Day]]:
    """Return the days of a CSV file by year; raise InvalidInput with every bad line."""
    reader = csv.DictReader(text.removeprefix("\ufeff").splitlines())
    missing = [name for name in COLUMNS[:2] if name not in (reader.fieldnames or [])]
    if missing:
        raise InvalidInput({"file": _("The file lacks the columns %(columns)s.") % {"columns": listed(missing)}})
    years: dict[int, dict[date, Day]] = defaultdict(dict)
    bad = []
    for row in reader:
        try:
            one = _parse(row)
            if one[0] in years[one[0].year]:
                raise ValueError(_("%(day)s stands twice") % {"day": one[0]})
        except ValueError as error:
            bad.append(_("Line %(line)s: %(problem)s.") % {"line": reader.line_num, "problem": error})
        else:
            years[one[0].year][one[0]] = one
    if not years and not bad:
        bad.append(_("The file holds no day."))
    if bad:
        raise InvalidInput({"file": "\n".join(bad)})
    return {year: list(days.values()) for year, days in years.items()}


@transaction.atomic
def set_day(*, actor: User, day: date, is_working: bool, name: str, now: datetime) -> WorkCalendarDay:
    """Say that `day` is worked or not, whatever the weekday, and return it; InvalidInput for a day of a far year."""
    if not 1990 <= day.year <= 2199:
        raise InvalidInput({"day": _("Please give a day of the years 1990 to 2199.")})
    name = clean(name)
    if len(name) > LONGEST_NAME:
        raise InvalidInput({"name": _("This is longer than %(count)s characters.") % {"count": LONGEST_NAME}})
    row, _created = WorkCalendarDay.objects.update_or_create(day=day, defaults={"is_working": is_working, "name": name})
    note_rule_change(actor=actor, now=now, why=gettext_noop("The work calendar of %(what)s was changed"), what=str(day))
    return row


@transaction.atomic
def forget_day(*, actor: User, day: date, now: datetime) -> None:
    """Let `day` be like any other of its weekday again."""
    if WorkCalendarDay.objects.filter(day=day).delete()[0]:
        note_rule_change(
            actor=actor, now=now, why=gettext_noop("The work calendar of %(what)s was changed"), what=str(day)
        )


@transaction.atomic
def _load(years: dict[int, list[Day]], *, actor: User, source: str, now: datetime, keep_edited: bool = False) -> None:
    for year, days in years.items():
        CalendarYear.objects.update_or_create(
            year=year, defaults={"source": source[:120], "loaded_at": now, "loaded_by": actor}
        )
        if not keep_edited:
            WorkCalendarDay.objects.filter(day__year=year).delete()
        WorkCalendarDay.objects.bulk_create(
            WorkCalendarDay(day=day, is_working=is_working, name=name) for day, is_working, name in days
        )
    why = gettext_noop("The work calendar of %(what)s was loaded")
    note_rule_change(actor=actor, now=now, why=why, what=_spans(years))


def _spans(years: Iterable[int]) -> str:
    years = sorted(years)
    return f"{years[0]}–{years[-1]}" if len(years) > 1 else str(years[0])


def _parse(row: dict[str, str | None]) -> Day:
    text, worked = clean(row["day"]), clean(row["is_working"]).lower()
    try:
        day = date.fromisoformat(text.replace("/", "-"))
    except ValueError as error:
        raise ValueError(_("“%(value)s” is not a day like 2027-02-05") % {"value": text[:40]}) from error
    if not 1990 <= day.year <= 2199:
        raise ValueError(_("“%(value)s” is not a day like 2027-02-05") % {"value": text[:40]})
    if worked not in _YES | _NO:
        raise ValueError(_("is_working is 1 (worked) or 0 (off), not “%(value)s”") % {"value": worked[:40]})
    name = clean(row.get("name"))
    if len(name) > LONGEST_NAME:
        raise ValueError(_("the name is longer than %(count)s characters") % {"count": LONGEST_NAME})
    return day, worked in _YES, name
