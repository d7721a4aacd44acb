"""Comments, photos, urging and cards on live cases."""

from collections.abc import Sequence
from datetime import datetime

from django.core.files.uploadedfile import UploadedFile

from grievances.choices import CARD_OF, Action
from grievances.models import Escalation, Grievance
from grievances.services.desk import handlers_of
from grievances.services.photos import attach_photos, prepare_photos
from grievances.services.steps import step
from orgs.models import User

_KIND = {Action.URGE: "case_urged", Action.YELLOW_CARD: "yellow_card", Action.RED_CARD: "red_card"}


def comment(
    *, actor: User, grievance: Grievance, note: str, now: datetime, version: int | None = None, is_public: bool = False
) -> Grievance:
    """Add a remark to the timeline; the resident sees it only when `is_public`."""
    with step(
        actor=actor, grievance=grievance, action=Action.COMMENT, now=now, version=version, note=note.strip()
    ) as case:
        case.record(note=note.strip(), is_public=is_public)
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


def urge(*, actor: User, grievance: Grievance, now: datetime, version: int | None = None, note: str = "") -> Grievance:
    """Urge who holds the case."""
    return _card(Action.URGE, actor, grievance, note, now, version)


def yellow_card(
    *, actor: User, grievance: Grievance, note: str, now: datetime, version: int | None = None
) -> Grievance:
    """Show who holds the case a yellow card; the note says what for."""
    return _card(Action.YELLOW_CARD, actor, grievance, note, now, version)


def red_card(*, actor: User, grievance: Grievance, note: str, now: datetime, version: int | None = None) -> Grievance:
    """Show who holds the case a red card; the note says what for."""
    return _card(Action.RED_CARD, actor, grievance, note, now, version)


def _card(action, actor, grievance, note, now, version) -> Grievance:
    with step(actor=actor, grievance=grievance, action=action, now=now, version=version, note=note.strip()) as case:
        Escalation.objects.create(
            grievance=case.grievance,
            card=CARD_OF[action],
            unit=case.grievance.holder_unit,
            agency=case.grievance.lead_agency,
            by=actor,
            at=now,
            note=note.strip(),
        )
        case.tell(handlers_of(case.grievance, now), _KIND[action], note=note.strip())
        case.record(
            note=note.strip(),
            data={"to": str(case.grievance.lead_agency or case.grievance.holder_unit)},
            is_public=False,
        )
        return case.grievance
