"""Lists of cases as workbooks: asked for, written in the background, handed to who asked, removed after a week.

    queue_export(actor=…, cases=…, what="…", now=…)      in the request's transaction
    write_due_exports(now=…)                             by Celery: finds what is due by sweeping, so that a lost broker
                                                         or a killed worker loses nothing

Which cases the list held is kept when it is asked for; what may be seen of them is asked block by block while it is
written, by the posts its owner holds then.
"""

import shutil
import zlib
from array import array
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.core.files import File
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from grievances.export_rows import Names, columns, for_export, rows
from grievances.models import Export, ExportState, Grievance
from grievances.models.exports import UNFINISHED
from grievances.querysets import GrievanceQuerySet
from linjiang.common import clock
from linjiang.common.errors import Conflict, InvalidInput, NotAllowed
from linjiang.common.sheets import Book
from linjiang.common.text import Moment
from notifications import services as outbox
from orgs.models import User
from orgs.scopes import Scope, scope_of

MOST_ROWS = 200_000
AT_ONCE = 2_000  # up to so many rows are handed out in the request itself
MOST_WAITING = 3  # per person
BLOCK = 500
KEPT = timedelta(days=7)
# How long after the last sign of life an export is taken for abandoned.
LEASE = timedelta(minutes=2)
MOST_ATTEMPTS = 3


class _Lost(Exception):
    """The export was cancelled, or taken over by another worker."""


# Asking


def count_rows(cases: GrievanceQuerySet) -> int:
    """Return how many rows a list has; one more than `MOST_ROWS` stands for any number above."""
    return cases.order_by()[: MOST_ROWS + 1].count()


@transaction.atomic
def queue_export(
    *, actor: User, cases: GrievanceQuerySet, what: str, query: str = "", now: datetime, at_once: bool = False
) -> Export:
    """Note that `actor` wants the list `cases`, called `what`, in its order, and return the export, due now.

    `cases` lie in the actor's scope. `query` is the address of the list, for the record; with `at_once` the caller
    writes it itself. The person's row is locked, so that nobody has more than `MOST_WAITING` exports waiting.
    Raise InvalidInput for an empty list or one of more than `MOST_ROWS`, Conflict for one too many.
    """
    User.objects.select_for_update().get(pk=actor.pk)
    if actor.exports.filter(state__in=UNFINISHED).count() >= MOST_WAITING:
        raise Conflict(_("Several exports of yours are not finished yet. Please wait for one, or cancel it."))
    keys = array("q", cases.values_list("pk", flat=True)[: MOST_ROWS + 1])
    check_size(len(keys))
    return Export.objects.create(
        requested_by=actor,
        what=what[:200],
        query=query[:1000],
        language=translation.get_language() or settings.LANGUAGE_CODE,
        total=len(keys),
        keys=zlib.compress(keys.tobytes()),
        created_at=now,
        due_at=now + LEASE if at_once else now,
    )


def check_size(count: int) -> None:
    """Raise InvalidInput for a list that is empty or too long."""
    if not count:
        raise InvalidInput({"rows": _("There is no case in this list, so there is nothing to export.")})
    if count > MOST_ROWS:
        words = _(
            "More than %(most)s cases are too many for one workbook. Please narrow the list, for example by days."
        )
        raise InvalidInput({"rows": words % {"most": f"{MOST_ROWS:,}"}})


@transaction.atomic
def cancel_export(*, actor: User, export: Export, now: datetime) -> Export:
    """Stop the export, which belongs to `actor`; its writer sees it at the next block. Locks the export's row.

    Raise Conflict when it has ended already.
    """
    export = Export.objects.select_for_update().get(pk=export.pk)
    if not export.is_unfinished:
        raise Conflict(_("This export has ended already."))
    export.state, export.due_at, export.finished_at, export.keys = ExportState.CANCELLED, None, now, b""
    export.save(update_fields=["state", "due_at", "finished_at", "keys"])
    return export


# Writing


def write_due_exports(*, now: datetime, tick: Callable[[], datetime] = clock.now) -> int:
    """Write every export that is due, oldest first, and return how many were finished.

    One is written at a time, whoever sweeps, so that messages and escalations keep a worker. Safe to run twice and
    beside itself.
    """
    written = 0
    while (export := _claim(now=now)) is not None:
        written += write_export(export, tick=tick)
        now = tick()
    return written


@transaction.atomic
def _claim(*, now: datetime) -> Export | None:
    """Take the oldest export that is due (FOR UPDATE SKIP LOCKED) and return it; None while another is written."""
    if Export.objects.filter(state=ExportState.RUNNING, due_at__gt=now).exists():
        return None
    due = Export.objects.select_for_update(skip_locked=True, of=("self",)).filter(due_at__lte=now)
    export = due.order_by("due_at", "pk").first()
    if export is None:
        return None
    if export.attempts >= MOST_ATTEMPTS:
        shutil.rmtree(_folder(export), ignore_errors=True)
        _end(export, ExportState.FAILED, now)
        _tell(export, "export_failed", now)
        return _claim(now=now)
    _begin(export, now)
    return export


def _begin(export: Export, now: datetime) -> None:
    export.state, export.started_at, export.due_at = ExportState.RUNNING, now, now + LEASE
    export.attempts, export.done, export.left_out = export.attempts + 1, 0, 0
    export.save(update_fields=["state", "started_at", "due_at", "attempts", "done", "left_out"])


def write_export(export: Export, *, tick: Callable[[], datetime] = clock.now) -> bool:
    """Write a claimed export from its first row to its last and say whether it was finished.

    One begun by a worker that was killed begins anew. Cancelled or taken over by another, it is left at the next block.
    """
    folder = _folder(export)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        with translation.override(export.language):
            path = folder / f"{export.attempts}.xlsx"
            scope = _write(export, path, tick)
            return _finish(export, path, scope, tick())
    except _Lost:
        return False
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _folder(export: Export) -> Path:
    """Return where an export is put together; only its present attempt has anything there."""
    return Path(settings.VAR_DIR) / "exports" / str(export.pk)


def write_at_once(export: Export, *, now: datetime) -> Export:
    """Write a short export in the request that asked for it; Conflict when another had it meanwhile."""
    with transaction.atomic():
        export = Export.objects.select_for_update().get(pk=export.pk)
        if export.state != ExportState.QUEUED:
            raise Conflict(_("This export has ended already."))
        _begin(export, now)
    if not write_export(export):
        raise Conflict(_("This export has ended already."))
    export.refresh_from_db()
    return export


def _write(export: Export, path: Path, tick: Callable[[], datetime]) -> Scope:
    """Write the rows and return all that their owner saw for them, should posts have changed in between."""
    names, done, left_out = Names(), 0, 0
    paths, agencies = set(), set()
    notes = [
        _("%(what)s; written for %(who)s on %(when)s. Numbers of residents are not in it.")
        % {"what": export.what, "who": export.requested_by, "when": Moment(tick())}
    ]
    with Book(str(path), folder=str(path.parent)) as book:
        sheet = book.sheet(_("Cases"), columns(), notes=notes)
        for keys in _blocks(export):
            owner = User.objects.get(pk=export.requested_by_id)
            scope = scope_of(owner)
            paths |= set(scope.paths)
            agencies |= set(scope.agency_ids)
            found = for_export(Grievance.objects.visible_to(owner)).in_bulk(keys)
            sheet.add_all(rows([found[key] for key in keys if key in found], names))
            done, left_out = done + len(keys), left_out + len(keys) - len(found)
            _progress(export, done, left_out, tick())
    return Scope(tuple(sorted(paths)), tuple(sorted(agencies)))


def _blocks(export: Export) -> Iterator[list[int]]:
    keys = array("q")
    keys.frombytes(zlib.decompress(bytes(export.keys)))
    for start in range(0, len(keys), BLOCK):
        yield keys[start : start + BLOCK].tolist()


def _mine(export: Export):
    """Return the export's row while it is this attempt's to write."""
    return Export.objects.filter(pk=export.pk, state=ExportState.RUNNING, attempts=export.attempts)


def _progress(export: Export, done: int, left_out: int, now: datetime) -> None:
    export.done, export.left_out = done, left_out
    if not _mine(export).update(done=done, left_out=left_out, due_at=now + LEASE):
        raise _Lost


def _finish(export: Export, path: Path, scope: Scope, now: datetime) -> bool:
    """Store the file, and in one transaction say that it is ready and tell its owner."""
    _clear_up(export)
    with path.open("rb") as written:
        export.file.save(path.name, File(written), save=False)
    with transaction.atomic():
        if not _mine(export).select_for_update().exists():
            export.file.delete(save=False)
            raise _Lost
        export.scope = asdict(scope)
        export.expires_at = now + KEPT
        _end(export, ExportState.DONE, now, "file", "scope", "expires_at")
        if export.total > AT_ONCE:
            _tell(export, "export_ready", now)
    return True


def _clear_up(export: Export) -> None:
    """Delete what an earlier attempt stored and was killed before it could say so."""
    storage = export.file.storage
    for attempt in range(1, export.attempts):
        before = Export(pk=export.pk, attempts=attempt)
        storage.delete(export.file.field.generate_filename(before, ""))


def _end(export: Export, state: str, now: datetime, *more: str) -> None:
    export.state, export.due_at, export.finished_at, export.keys = state, None, now, b""
    export.save(update_fields=["state", "due_at", "finished_at", "keys", *more])


def _tell(export: Export, kind: str, now: datetime) -> None:
    message = outbox.message(
        to=export.requested_by,
        kind=kind,
        facts={"what": export.what, "count": export.total},
        url="/exports/",
        key=f"{kind}:{export.pk}",
        at=now,
        urgent=True,
    )
    outbox.queue([message])


# Handing out


def open_export(*, actor: User, export: Export, now: datetime) -> BinaryIO:
    """Return the open file of an export that belongs to `actor`.

    Raise Conflict when it is not ready or no longer there, NotAllowed when the actor sees less than it was written for.
    """
    if export.state != ExportState.DONE or (export.expires_at and export.expires_at <= now):
        raise Conflict(
            _("This export is not finished yet.")
            if export.is_unfinished
            else _("The file is no longer there. Please export the list again.")
        )
    if not _still_sees(scope_of(actor), export.scope):
        raise NotAllowed(_("Your posts have changed since this list was written. Please export it again."))
    try:
        return export.file.open("rb")
    except FileNotFoundError as error:
        raise Conflict(_("The file is no longer there. Please export the list again.")) from error


def _still_sees(scope: Scope, needed: dict) -> bool:
    covered = all(scope.covers(path) for path in needed.get("paths", ()))
    return covered and set(needed.get("agency_ids", ())) <= set(scope.agency_ids) and not scope.is_empty


def remove_expired(*, now: datetime) -> int:
    """Delete the files that have been kept long enough and return how many; the record of the export stays."""
    removed = 0
    for pk in Export.objects.filter(expires_at__lte=now).values_list("pk", flat=True):
        with transaction.atomic():
            export = Export.objects.select_for_update(skip_locked=True).filter(pk=pk, expires_at__lte=now).first()
            if export is None:
                continue
            export.file.delete(save=False)
            export.state, export.expires_at = ExportState.EXPIRED, None
            export.save(update_fields=["state", "file", "expires_at"])
            removed += 1
    return removed
