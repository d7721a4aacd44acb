"""Comments and photos on live cases."""

from collections.abc import Sequence
from datetime import datetime

from django.core.files.uploadedfile import UploadedFile

from grievances.choices import Action
from grievances.models import Grievance
from grievances.services.photos import attach_photos, prepare_photos
from grievances.services.steps import step
from orgs.models import User


def comment(
    *, actor: User, grievance: Grievance, note: str, now: datetime, version: int | None = None, is_public: bool = False
) -> Grievance:
    """Add a remark to the timeline; the resident sees it only when `is_public`."""
    with step(
        actor=actor, grievance=grievance, action=Action.COMMENT, now=now, version=version, note=note.strip()
    ) as case:
        case.record(note=note.strip(), is_public=is_public)
        return case.grievance


def internal_note(
    *, actor: User, grievance: Grievance, note: str, now: datetime, version: int | None = None
) -> Grievance:
    """Leave an internal note (内部备注): only the staff who work on the case read it (`joint.reads_notes`)."""
    with step(
        actor=actor, grievance=grievance, action=Action.INTERNAL_NOTE, now=now, version=version, note=note.strip()
    ) as case:
        case.record(note=note.strip(), is_public=False)
        return case.grievance


def add_photo(
    *,
    actor: User,
    grievance: Grievance,
    photos: Sequence[UploadedFile],
    now: datetime,
    version: int | None = None,
    note: str = "",
    by_resident: bool = False,
) -> Grievance:
    """Add photos to a live case."""
    prepared = prepare_photos(photos)
    with step(
        actor=actor,
        grievance=grievance,
        action=Action.ADD_PHOTO,
        now=now,
        version=version,
        by_resident=by_resident,
        photos=photos,
    ) as case:
        event = case.record(note=note)
        attach_photos(event=event, prepared=prepared, actor=actor, now=now)
        return case.grievance
