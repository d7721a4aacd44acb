"""Whether the days of a year look like the whole of its holidays: against the holidays of every year and the years
that are known already."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from chinese_calendar.constants import holidays, workdays
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from orgs.models import CalendarYear, WorkCalendarDay

Day = tuple[date, bool, str]
MonthDay = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Holiday:
    """A holiday of every year: how notices call it, and between which days (month, day) a nameless day off is taken
    for it."""

    label: Promise
    stems: tuple[str, ...]
    spans: tuple[tuple[MonthDay, MonthDay], ...]
    # A day off that means the holiday whatever it is called: one that is joined to another.
    sure: tuple[MonthDay, ...] = ()

    def is_in(self, days_off: Iterable[Day]) -> bool:
        return any(self._is(day, name.casefold()) for day, _is_working, name in days_off)

    def _is(self, day: date, name: str) -> bool:
        at = (day.month, day.day)
        if at in self.sure or any(stem in name for stem in self.stems):
            return True
        return not name and any(first <= at <= last for first, last in self.spans)


# The days of the moon's festivals move within these spans.
HOLIDAYS = (
    _Holiday(_("New Year's Day"), ("元旦", "new year's day", "new year’s day"), (((1, 1), (1, 3)),)),
    _Holiday(_("Spring Festival"), ("春节", "除夕", "spring festival"), (((1, 20), (2, 28)),)),
    _Holiday(_("Tomb-sweeping Day"), ("清明", "tomb", "qingming"), (((4, 3), (4, 6)),)),
    _Holiday(_("Labour Day"), ("劳动", "五一", "labour", "labor"), (((5, 1), (5, 5)),)),
    _Holiday(_("Dragon Boat Festival"), ("端午", "dragon"), (((5, 26), (6, 26)),)),
    # Where it falls in the week of National Day, that week is a day longer and carries the other's name.
    _Holiday(_("Mid-autumn Festival"), ("中秋", "autumn"), (((9, 7), (9, 30)),), sure=((10, 8),)),
    _Holiday(_("National Day"), ("国庆", "national"), (((10, 1), (10, 7)),)),
)


@dataclass(frozen=True, slots=True)
class YearCheck:
    """What a year holds beside what years usually hold; days off are those of Monday to Friday, make-up days those of
    a weekend, as only these differ from the week. The usual numbers are the smallest and the largest."""

    off: int
    made_up: int
    usual_off: tuple[int, int]
    usual_made_up: tuple[int, int]
    missing: tuple[str, ...]

    @property
    def looks_whole(self) -> bool:
        return not self.missing and self.off >= self.usual_off[0] and self.made_up >= self.usual_made_up[0]


def check_year(year: int, days: Sequence[Day]) -> YearCheck:
    """Compare the special days of `year` with the other known years that have every holiday, else with the notices
    that come with the product."""
    usual = [_counted(other) for other in _other_years(year)]
    off, made_up = _counted(days)
    return YearCheck(
        off=off,
        made_up=made_up,
        usual_off=(min(one[0] for one in usual), max(one[0] for one in usual)),
        usual_made_up=(min(one[1] for one in usual), max(one[1] for one in usual)),
        missing=tuple(str(holiday.label) for holiday in _missing(days)),
    )


def _missing(days: Iterable[Day]) -> list[_Holiday]:
    days_off = [day for day in days if not day[1]]
    return [holiday for holiday in HOLIDAYS if not holiday.is_in(days_off)]


def _counted(days: Iterable[Day]) -> tuple[int, int]:
    days = list(days)
    off = sum(not is_working and day.weekday() < 5 for day, is_working, _name in days)
    return off, sum(is_working and day.weekday() >= 5 for day, is_working, _name in days)


def _other_years(year: int) -> list[list[Day]]:
    """Return the days of the known years that have every holiday, without `year`; there is always one."""
    known = set(CalendarYear.objects.exclude(year=year).values_list("year", flat=True))
    rows = WorkCalendarDay.objects.order_by("day").values_list("day", "is_working", "name")
    whole = [days for days in _by_year(row for row in rows if row[0].year in known) if not _missing(days)]
    if whole:
        return whole
    shipped = [(day, False, name) for day, name in holidays.items()] + [(day, True, "") for day in workdays]
    return [days for days in _by_year(one for one in shipped if one[0].year != year) if not _missing(days)]


def _by_year(days: Iterable[Day]) -> list[list[Day]]:
    found: dict[int, list[Day]] = {}
    for day in days:
        found.setdefault(day[0].year, []).append(day)
    return list(found.values())
