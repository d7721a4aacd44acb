"""Pages by cursor: a list of any length costs the same on page 1 and page 1,000, and stays put while rows are added.

A page is read in two statements: the keys of its cases, then those cases with all that is joined to them, so that
nothing is joined to cases that are only sorted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet
from django.http import QueryDict

from grievances.models import Grievance
from grievances.querysets import RUNS_UNTIL

PAGE = 25
# So many cases are walked in about ten milliseconds.
WALKED = 10_000
# How many further keys the index is asked about before it is asked about all.
ASKED = 200_000
_SIGN = {False: -1, True: 1}  # newest first goes down the keys
_NEXT, _PREVIOUS = "n", "p"
_NEWEST, _REPORTED, _DUE = "newest", "reported", "due"
_BIGGEST = 2**63 - 1
_MOMENT = {_REPORTED: "reported_at", _DUE: "runs_until"}


class BadCursor(ValueError):
    """The address names a place in the list that cannot be read."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its cases, and the cursors before and after it ("" where there is nothing more)."""

    cases: Sequence[Grievance]
    previous: str
    next: str


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a list goes on: past the case `pk`, whose moment is `moment` (None in the order of keys alone)."""

    pk: int
    moment: datetime | None = None
    backwards: bool = False


def newest_first(cases: QuerySet, cursor: str = "", *, size: int = PAGE, rows: QuerySet | None = None) -> Page:
    """Return the page at `cursor`, newest filed first; `rows` says what is read of its cases (`with_names`).

    A list of chosen days of reporting (`cases.days`) goes by the moment of reporting, so that days long ago are
    reached at once. Raise BadCursor for a cursor that was not made here.
    """
    return _page(cases, _NEWEST if cases.days is None else _REPORTED, cursor, size, rows)


def due_first(cases: QuerySet, cursor: str = "", *, size: int = PAGE, rows: QuerySet | None = None) -> Page:
    """Return the page at `cursor`, the clock that ends first on top, then the cases where none runs.

    Raise BadCursor for a cursor that was not made here.
    """
    return _page(cases, _DUE, cursor, size, rows)


def with_cursor(params: QueryDict, cursor: str) -> str:
    """Return the query string of the same list at another cursor."""
    params = params.copy()
    params.pop("at", None)
    params["at"] = cursor
    return "?" + params.urlencode()


def _page(cases: QuerySet, order: str, cursor: str, size: int, rows: QuerySet | None) -> Page:
    place = _read(cursor, order) if cursor else None
    backwards = place is not None and place.backwards
    keys = _keys(cases, order, place, size + 1)
    more, keys = len(keys) > size, keys[:size]
    if backwards:
        keys.reverse()
    rows = Grievance.objects.with_names() if rows is None else rows
    found = {case.pk: case for case in rows.filter(pk__in=[pk for pk, _moment in keys])} if keys else {}
    has_previous, has_next = (more, True) if backwards else (bool(cursor), more)
    return Page(
        cases=[found[pk] for pk, _moment in keys],
        previous=_write(_PREVIOUS, *keys[0]) if keys and has_previous else "",
        next=_write(_NEXT, *keys[-1]) if keys and has_next else "",
    )


_Keys = list[tuple[int, datetime | None]]


def _keys(cases: QuerySet, order: str, place: _Place | None, wanted: int) -> _Keys:
    """Return key and moment of the next `wanted` cases from `place` on, in its direction."""
    if cases.walking is None and order == _DUE:
        return _take(cases, order, place, wanted)  # in the order of an index of open cases, whoever asks
    few = cases.are_few()
    if cases.walking is None or few:
        return _take(cases if cases.walking is None else cases.walking, order, place, wanted, by_index=few)
    if cases.are_local and order == _NEWEST:
        # Of the newest cases of a whole city hardly one is a street's: its index knows them all.
        return _take(cases, order, place, wanted, by_index=True)
    # However many cases hold the words, those with a deadline are few.
    end = None if order == _DUE else _end_of_walk(cases, order, place)
    if end is None:
        return _take(cases.walking, order, place, wanted)
    # Common words are found among the next few thousand cases, rare ones by their index. Neither way alone is quick
    # for every word: the index gives hundreds of thousands of cases to sort, walking passes millions for a rare one.
    found = _take(cases.walking.filter(_as_far_as(order, end)), order, place, wanted)
    if len(found) < wanted and order == _NEWEST:
        # A word that is common but rests just now: its index, but only among the next of the keys.
        further = _Place(end.pk + _SIGN[end.backwards] * ASKED, backwards=end.backwards)
        found += _take(cases.filter(_as_far_as(order, further)), order, end, wanted - len(found), by_index=True)
        end = further
    if len(found) < wanted:
        found += _take(cases, order, end, wanted - len(found), by_index=True)
    return found


def _take(cases: QuerySet, order: str, place: _Place | None, wanted: int, *, by_index: bool = False) -> _Keys:
    if order == _DUE:
        cases = cases.annotate(runs_until=RUNS_UNTIL)
    if place is not None:
        cases = cases.filter(_past(order, place))
    backwards = place is not None and place.backwards
    cases = cases.order_by(*_ordering(order, backwards=backwards, by_index=by_index))
    if order == _NEWEST:
        return [(pk, None) for pk in cases.values_list("pk", flat=True)[:wanted]]
    return list(cases.values_list("pk", _MOMENT[order])[:wanted])


def _end_of_walk(cases: QuerySet, order: str, place: _Place | None) -> _Place | None:
    """Return where a walk over the next `WALKED` cases ends; None where it passes all that come in question."""
    backwards = place is not None and place.backwards
    everyone = Grievance.objects.order_by(*_ordering(order, backwards=backwards))
    if order == _NEWEST:
        start = place.pk if place else everyone.values_list("pk", flat=True).first() or 0
        end = start + WALKED if backwards else start - WALKED
        return _Place(end, backwards=backwards) if end > 0 else None
    first, last = cases.days
    if place is not None:
        first, last = (place.moment, last) if backwards else (first, place.moment)
    if first:
        everyone = everyone.filter(reported_at__gte=first)
    everyone = everyone.filter(reported_at__lte=last) if last else everyone.filter(reported_at__isnull=False)
    end = everyone.values_list("reported_at", flat=True)[WALKED : WALKED + 1].first()
    return None if end is None else _Place(_BIGGEST if backwards else 0, end, backwards)


def _ordering(order: str, *, backwards: bool, by_index: bool = False) -> list:
    # `by_index`: a computed key keeps the plan from walking along the order's own index.
    if order == _NEWEST:
        key = F("pk") + 0 if by_index else F("pk")
        return [key.asc() if backwards else key.desc()]
    if order == _REPORTED:
        moment = F("reported_at") + timedelta(0) if by_index else F("reported_at")
        return [moment.asc(), "pk"] if backwards else [moment.desc(), "-pk"]
    if backwards:
        return [F("runs_until").desc(nulls_first=True), "-pk"]
    return [F("runs_until").asc(nulls_last=True), "pk"]


def _as_far_as(order: str, end: _Place) -> Q:
    """Return what lies before the end of a walk."""
    side = "lte" if end.backwards else "gte"
    return Q(**{f"pk__{side}": end.pk}) if order == _NEWEST else Q(**{f"reported_at__{side}": end.moment})


def _past(order: str, place: _Place) -> Q:
    pk, moment = place.pk, place.moment
    if order == _NEWEST:
        return Q(pk__gt=pk) if place.backwards else Q(pk__lt=pk)
    if order == _REPORTED:
        # The first condition says nothing new, but an index can begin there.
        if place.backwards:
            return Q(reported_at__gte=moment) & (Q(reported_at__gt=moment) | Q(pk__gt=pk))
        return Q(reported_at__lte=moment) & (Q(reported_at__lt=moment) | Q(pk__lt=pk))
    if place.backwards:
        if moment is None:
            return Q(runs_until__isnull=False) | Q(runs_until__isnull=True, pk__lt=pk)
        return Q(runs_until__lt=moment) | Q(runs_until=moment, pk__lt=pk)
    if moment is None:
        return Q(runs_until__isnull=True, pk__gt=pk)
    return Q(runs_until__gt=moment) | Q(runs_until=moment, pk__gt=pk) | Q(runs_until__isnull=True)


def _write(direction: str, pk: int, moment: datetime | None) -> str:
    return f"{direction}~{moment.isoformat() if moment else ''}~{pk}"


def _read(cursor: str, order: str) -> _Place:
    try:
        direction, written, pk = cursor.split("~")
        moment = datetime.fromisoformat(written) if written else None
        number = int(pk)
    except ValueError as error:
        raise BadCursor(cursor) from error
    if direction not in (_NEXT, _PREVIOUS) or not 0 < number <= _BIGGEST or (moment and moment.tzinfo is None):
        raise BadCursor(cursor)
    if (moment is None) != (order == _NEWEST) and order != _DUE:
        raise BadCursor(cursor)
    return _Place(number, moment, direction == _PREVIOUS)
