"""Taking over answered petitions from older records: closed cases with their five steps, as far as they are known.

The records hold two moments only. Discovered and reported are dated by the filing; assigned, taken on, resolved and
closed by the answer, and the timeline says so. What is not known stays empty: when it was assigned and acknowledged,
who resolved it, what the household thought of it. So an imported case counts as closed and in the time to close, and
neither as fed back nor in the response rate.
"""

import csv
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import zip_longest

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from grievances.choices import Action, Confirmation, Source, Standing, Status
from grievances.models import Grievance, GrievanceEvent
from grievances.services.changes import record_many
from grievances.services.filing import title_of
from grievances.services.numbers import PastNumbers, next_number
from linjiang.common.clock import local_day
from linjiang.common.errors import InvalidInput, NotAllowed
from linjiang.common.text import clean
from orgs import tree
from orgs.choices import Role
from orgs.models import Contact, Unit, User
from orgs.services.areas import import_scope

COLUMNS = ("id", "author", "title", "reported_at", "body", "reply", "replied_at")
_NAMESPACE = uuid.UUID("6d0c5f1e-6f0f-5a52-9a3e-2f6f7a1d8c41")
_FORMATS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y-%m-%dT%H:%M:%S%z")
_EARLIEST_YEAR = 1990
_BATCH = 1000

_STEPS = (
    (Action.DISCOVER, "", Status.DISCOVERED),
    (Action.REPORT, Status.DISCOVERED, Status.REPORTED),
    (Action.ASSIGN, Status.REPORTED, Status.ASSIGNED),
    (Action.ACKNOWLEDGE, Status.ASSIGNED, Status.IN_PROGRESS),
    (Action.RESOLVE, Status.IN_PROGRESS, Status.RESOLVED),
    (Action.FEEDBACK, Status.RESOLVED, Status.CLOSED),
)


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be used; `line` is where it begins in the file, the header being line 1."""

    line: int
    reason: str


class InvalidHistory(InvalidInput):
    """The file has rows that cannot be used; `rows` says why. Nothing was changed."""

    def __init__(self, rows: Iterable[BadRow]) -> None:
        self.rows = tuple(rows)
        super().__init__(
            {
                "file": "\n".join(
                    _("Line %(line)s: %(reason)s") % {"line": r.line, "reason": r.reason} for r in self.rows
                )
            }
        )


@dataclass(slots=True)
class HistoryCounts:
    """What an import did. `differing`: lines whose case exists with another text or day and was left as it is."""

    new: int = 0
    unchanged: int = 0
    repeated: int = 0
    differing: list[int] = field(default_factory=list)
    skipped: list[BadRow] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    submission_id: uuid.UUID
    author: str
    title: str
    body: str
    reply: str
    reported_at: datetime
    replied_at: datetime

    @property
    def content(self) -> tuple:
        return (self.author, self.title, self.body, self.reply, self.reported_at, self.replied_at)


@transaction.atomic
def import_history(
    *,
    actor: User,
    unit: Unit,
    lines: Iterable[str],
    now: datetime,
    skip_bad: bool = False,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> HistoryCounts:
    """Make a closed case in `unit` of every row of the CSV `lines` and return counts.

    Dates without an offset are Asia/Shanghai. A row is known by its id within the unit: importing again adds
    nothing and changes nothing. Raise InvalidHistory, naming every bad row, unless `skip_bad`; NotAllowed outside
    the area of a system administrator. One transaction; it locks the city's row, so that imports follow each other.
    """
    if not import_scope(actor, (Role.SYSTEM_ADMIN,)).covers(unit.path):
        raise NotAllowed(_("This unit lies outside your area."))
    Unit.objects.select_for_update().get(path=unit.path[: tree.SEGMENT])
    rows, bad, repeated = _read(lines, unit=unit, now=now)
    if bad and not skip_bad:
        raise InvalidHistory(bad)
    counts = HistoryCounts(repeated=repeated, skipped=bad)
    fresh = _unknown(rows, counts)
    numbers = PastNumbers(local_day(row.reported_at) for row in fresh)
    today = local_day(now)
    for start in range(0, len(fresh), _BATCH):
        _write(fresh[start : start + _BATCH], unit=unit, actor=actor, numbers=numbers, today=today)
        counts.new = min(start + _BATCH, len(fresh))
        progress(counts.new, len(fresh))
    return counts


def _unknown(rows: list[_Row], counts: HistoryCounts) -> list[_Row]:
    """Return the rows that have no case yet, oldest first, and count the others."""
    known: dict[uuid.UUID, tuple[str, datetime]] = {}
    for start in range(0, len(rows), _BATCH):
        ids = [row.submission_id for row in rows[start : start + _BATCH]]
        cases = Grievance.objects.filter(submission_id__in=ids)
        known |= {
            key: (body, at) for key, body, at in cases.values_list("submission_id", "description", "discovered_at")
        }
    fresh = []
    for row in rows:
        if row.submission_id not in known:
            fresh.append(row)
        elif known[row.submission_id] == (row.body, row.reported_at):
            counts.unchanged += 1
        else:
            counts.differing.append(row.line)
    return sorted(fresh, key=lambda row: (row.reported_at, row.line))


def _write(rows: list[_Row], *, unit: Unit, actor: User, numbers: PastNumbers, today: date) -> None:
    contacts = {row.submission_id: Contact(name=row.author[:64]) for row in rows if row.author}
    Contact.objects.bulk_create(contacts.values())
    cases = []
    for row in rows:
        day = local_day(row.reported_at)
        cases.append(
            Grievance(
                # Today's numbers are the running counter's to give out.
                number=next_number(day) if day >= today else numbers.next(day),
                submission_id=row.submission_id,
                version=len(_STEPS) - 1,
                status=Status.CLOSED,
                title=(row.title or title_of(row.body))[:80],
                description=row.body,
                source=Source.IMPORT,
                unit=unit,
                unit_path=unit.path,
                contact=contacts.get(row.submission_id),
                filed_by=actor,
                holder_unit=unit,
                discovered_at=row.reported_at,
                reported_at=row.reported_at,
                resolved_at=row.replied_at,
                closed_at=row.replied_at,
                # No limit: the records name none, and one made up afterwards could be neither kept nor missed.
                result=row.reply,
                confirmation=Confirmation.IMPORTED,
            )
        )
    for case in cases:
        case.search = case.lexemes()
    Grievance.objects.bulk_create(cases)
    record_many((None, case) for case in cases)
    GrievanceEvent.objects.bulk_create([event for case in cases for event in _events(case, actor)], batch_size=_BATCH)


def _events(case: Grievance, actor: User) -> Iterator[GrievanceEvent]:
    with translation.override(settings.LANGUAGE_CODE):
        unknown = _("Taken over from older records, which do not say when; dated by the answer.")
    notes = {Action.ASSIGN: unknown, Action.ACKNOWLEDGE: unknown, Action.RESOLVE: case.result, Action.FEEDBACK: unknown}
    for action, before, after in _STEPS:
        yield GrievanceEvent(
            grievance=case,
            action=action,
            at=case.closed_at if action in notes else case.reported_at,
            actor=actor,
            standing=Standing.SYSTEM,
            from_status=before,
            to_status=after,
            note=notes.get(action, ""),
            data={"imported": True},
        )


def _read(lines: Iterable[str], *, unit: Unit, now: datetime) -> tuple[list[_Row], list[BadRow], int]:
    """Return the usable rows, the bad ones, and how many said again exactly what an earlier one said."""
    found: dict[uuid.UUID, _Row] = {}
    bad: list[BadRow] = []
    repeated = 0
    for line, cells in _cells(lines):
        row = _parse(line, cells, unit, now)
        if isinstance(row, BadRow):
            bad.append(row)
        elif (first := found.setdefault(row.submission_id, row)) is not row:
            if first.content == row.content:
                repeated += 1
            else:
                reason = _("the id stands on line %(line)s already, with another content") % {"line": first.line}
                bad.append(BadRow(line, reason))
    return list(found.values()), bad, repeated


def _cells(lines: Iterable[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield each row that is not empty with the line it begins on."""
    reader = csv.reader(_without_bom(lines))
    try:
        header = [clean(name).lower() for name in next(reader, [])]
        if missing := [column for column in COLUMNS if column not in header]:
            raise InvalidInput({"file": _("The file lacks the columns %(columns)s.") % {"columns": ", ".join(missing)}})
        end = reader.line_num
        for row in reader:
            begin, end = end + 1, reader.line_num
            if any(cell.strip() for cell in row):
                cells = dict(zip_longest(header, row[: len(header)], fillvalue=""))
                yield begin, {name: cells[name].strip() for name in COLUMNS}
    except csv.Error as error:
        raise InvalidHistory([BadRow(reader.line_num, str(error))]) from error
    except UnicodeDecodeError as error:
        reason = _("The file is not UTF-8; in a spreadsheet choose “CSV UTF-8” when saving.")
        raise InvalidInput({"file": reason}) from error


def _without_bom(lines: Iterable[str]) -> Iterator[str]:
    for position, line in enumerate(lines):
        yield line.removeprefix("\ufeff") if position == 0 else line


def _parse(line: int, cells: dict[str, str], unit: Unit, now: datetime) -> _Row | BadRow:
    reported, replied = _moment(cells["reported_at"]), _moment(cells["replied_at"])
    if reason := _fault(cells, reported, replied, now):
        return BadRow(line, reason)
    return _Row(
        line=line,
        submission_id=uuid.uuid5(_NAMESPACE, f"{unit.code or unit.path}/{cells['id']}"),
        author=clean(cells["author"]),
        title=clean(cells["title"]),
        body=cells["body"],
        reply=cells["reply"],
        reported_at=reported,
        replied_at=replied,
    )


def _fault(cells: dict[str, str], reported: datetime | None, replied: datetime | None, now: datetime) -> str:
    if any("\x00" in value for value in cells.values()):
        return _("the row holds NUL bytes; the file is damaged")
    for name in ("id", "body", "reply"):
        if not cells[name]:
            return _("%(column)s is empty") % {"column": name}
    for name, moment in (("reported_at", reported), ("replied_at", replied)):
        if moment is None:
            return _("%(column)s “%(value)s” is not a date with time like 2026-03-04 09:30:00") % {
                "column": name,
                "value": cells[name][:40],
            }
        if moment > now or moment.year < _EARLIEST_YEAR:
            return _("%(column)s “%(value)s” cannot be right") % {"column": name, "value": cells[name]}
    return _("the reply is older than the report") if replied < reported else ""


def _moment(text: str) -> datetime | None:
    for form in _FORMATS:
        try:
            moment = datetime.strptime(text, form)  # noqa: DTZ007  (made aware below where the text has no offset)
        except ValueError:
            continue
        return timezone.make_aware(moment) if timezone.is_naive(moment) else moment
    return None
