"""Pages by cursor: a list of any length costs the same on page 1 and page 1,000, and stays put while rows are added."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case as SqlCase
from django.db.models import DateTimeField, F, Q, QuerySet, When
from django.http import QueryDict

from grievances.choices import RUNNING
from grievances.models import Grievance

PAGE = 25
_NEXT, _PREVIOUS = "n", "p"
_NEWEST, _DUE = "newest", "due"
_BIGGEST = 2**63 - 1
# So many keys are walked in about ten milliseconds.
WALKED = 10_000
_RUNS_UNTIL = SqlCase(
    When(status__in=RUNNING, suspended_at__isnull=True, then=F("due_at")), output_field=DateTimeField()
)


class BadCursor(ValueError):
    """The address names a place in the list that cannot be read."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its cases, and the cursors before and after it ("" where there is nothing more)."""

    cases: Sequence[Grievance]
    previous: str
    next: str


def newest_first(cases: QuerySet, cursor: str = "", *, size: int = PAGE) -> Page:
    """Return the page at `cursor`, newest filed first; raise BadCursor for one that was not made here."""
    return _page(cases, _NEWEST, cursor, size)


def due_first(cases: QuerySet, cursor: str = "", *, size: int = PAGE) -> Page:
    """Return the page at `cursor`, the running deadline that ends first on top, then the cases without one.

    Raise BadCursor for a cursor that was not made here.
    """
    return _page(cases, _DUE, cursor, size)


def with_cursor(params: QueryDict, cursor: str) -> str:
    """Return the query string of the same list at another cursor."""
    params = params.copy()
    params.pop("at", None)
    params["at"] = cursor
    return "?" + params.urlencode()


def _page(cases: QuerySet, order: str, cursor: str, size: int) -> Page:
    backwards, due_at, pk = False, None, None
    if cursor:
        direction, due_at, pk = _read(cursor)
        backwards = direction == _PREVIOUS
    if cases.walking is not None and order == _NEWEST:
        found = _look_for_words(cases, pk, size + 1, backwards=backwards)
    else:
        # However many cases hold the words, those with a deadline are few: they are read one by one.
        cases = cases.walking if cases.walking is not None else cases
        if order == _DUE:
            cases = cases.annotate(runs_until=_RUNS_UNTIL)
        if cursor:
            cases = cases.filter(_past(order, due_at, pk, backwards=backwards))
        found = list(cases.order_by(*_ordering(order, backwards=backwards))[: size + 1])
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    has_previous, has_next = (more, True) if backwards else (bool(cursor), more)
    return Page(
        cases=found,
        previous=_write(_PREVIOUS, order, found[0]) if found and has_previous else "",
        next=_write(_NEXT, order, found[-1]) if found and has_next else "",
    )


def _look_for_words(cases: QuerySet, pk: int | None, wanted: int, *, backwards: bool) -> list[Grievance]:
    """Return the next `wanted` cases with the words: common words among the next few thousand keys, rare ones by index.

    Neither way alone is quick for every word: the index of a common word gives hundreds of thousands of cases to be
    sorted, and walking for a rare one passes millions.
    """
    if pk is None:
        pk = (Grievance.objects.order_by("-pk").values_list("pk", flat=True).first() or 0) + 1
    if backwards:
        window, beyond = Q(pk__gt=pk, pk__lte=pk + WALKED), Q(pk__gt=pk + WALKED)
    else:
        window, beyond = Q(pk__lt=pk, pk__gte=pk - WALKED), Q(pk__lt=pk - WALKED)
    found = list(cases.walking.filter(window).order_by(*_ordering(_NEWEST, backwards=backwards))[:wanted])
    if len(found) < wanted and (backwards or pk > WALKED):
        # A computed key keeps the plan from walking on along the primary key.
        key = F("pk") + 0
        rest = cases.filter(beyond).order_by(key.asc() if backwards else key.desc())
        found += rest[: wanted - len(found)]
    return found


def _ordering(order: str, *, backwards: bool) -> list:
    if order == _NEWEST:
        return ["pk" if backwards else "-pk"]
    if backwards:
        return [F("runs_until").desc(nulls_first=True), "-pk"]
    return [F("runs_until").asc(nulls_last=True), "pk"]


def _past(order: str, due_at: datetime | None, pk: int, *, backwards: bool) -> Q:
    if order == _NEWEST:
        return Q(pk__gt=pk) if backwards else Q(pk__lt=pk)
    if backwards:
        if due_at is None:
            return Q(runs_until__isnull=False) | Q(runs_until__isnull=True, pk__lt=pk)
        return Q(runs_until__lt=due_at) | Q(runs_until=due_at, pk__lt=pk)
    if due_at is None:
        return Q(runs_until__isnull=True, pk__gt=pk)
    return Q(runs_until__gt=due_at) | Q(runs_until=due_at, pk__gt=pk) | Q(runs_until__isnull=True)


def _write(direction: str, order: str, case: Grievance) -> str:
    due_at = case.runs_until.isoformat() if order == _DUE and case.runs_until else ""
    return f"{direction}~{due_at}~{case.pk}"


def _read(cursor: str) -> tuple[str, datetime | None, int]:
    try:
        direction, due, pk = cursor.split("~")
        due_at = datetime.fromisoformat(due) if due else None
        number = int(pk)
    except ValueError as error:
        raise BadCursor(cursor) from error
    if direction not in (_NEXT, _PREVIOUS) or not 0 < number <= _BIGGEST or (due_at and due_at.tzinfo is None):
        raise BadCursor(cursor)
    return direction, due_at, number
