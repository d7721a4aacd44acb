"""Showing the neighbourhood what was done (公开), and taking it down again (撤下)."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from grievances.choices import Action
from grievances.models import Attachment, Grievance, Publication, PublicationPhoto
from grievances.privacy import holds_number, names_somebody
from grievances.services.steps import step
from linjiang.common.errors import InvalidInput
from orgs.models import User

TITLE_LENGTH, TEXT_LENGTH = 60, 300
# Of each side: enough to see it from near and far, few enough that a page of cases loads on a phone.
MOST_PHOTOS = 4


def publish(
    *,
    actor: User,
    grievance: Grievance,
    public_title: str,
    public_text: str,
    now: datetime,
    version: int | None = None,
    before: Sequence[Attachment] = (),
    after: Sequence[Attachment] = (),
) -> Grievance:
    """Show the case on its community's public page, in these words and with these photos; again, to mend them.

    Raise InvalidInput per field: words that hold a number like a telephone's, the household's door or the resident's
    name; a photo of another case, the same on both sides, more than `MOST_PHOTOS` of one.
    """
    title, text = " ".join(public_title.split()), public_text.strip()
    with step(
        actor=actor,
        grievance=grievance,
        action=Action.PUBLISH,
        now=now,
        version=version,
        public_title=title,
        public_text=text,
    ) as case:
        chosen = {"before": list(dict.fromkeys(before)), "after": list(dict.fromkeys(after))}
        _check(case.grievance, {"public_title": title, "public_text": text}, chosen)
        shown, _is_new = Publication.objects.update_or_create(
            grievance=case.grievance,
            defaults={
                "title": title,
                "text": text,
                "published_at": now,
                "published_by": actor,
                "withdrawn_at": None,
            },
        )
        shown.photos.all().delete()
        PublicationPhoto.objects.bulk_create(
            PublicationPhoto(publication=shown, attachment=photo, side=side)
            for side, photos in chosen.items()
            for photo in photos
        )
        case.record(note=title, is_public=False)
        return case.grievance


def unpublish(*, actor: User, grievance: Grievance, note: str, now: datetime, version: int | None = None) -> Grievance:
    """Take the case off the public page at once."""
    note = note.strip()
    with step(actor=actor, grievance=grievance, action=Action.UNPUBLISH, now=now, version=version, note=note) as case:
        Publication.objects.filter(grievance=case.grievance).update(withdrawn_at=now)
        case.record(note=note, is_public=False)
        return case.grievance


def _check(case: Grievance, words: dict[str, str], chosen: dict[str, list[Attachment]]) -> None:
    longest = {"public_title": TITLE_LENGTH, "public_text": TEXT_LENGTH}
    errors = {}
    for name, text in words.items():
        if len(text) > longest[name]:
            errors[name] = _("Please keep it under %(count)s characters.") % {"count": longest[name]}
        elif holds_number(text):
            errors[name] = _("Please leave out telephone and identity numbers: everybody reads this.")
        elif names_somebody(text, case):
            errors[name] = _("Please leave out the door and the name of the household: everybody reads this.")
    seen: set[int] = set()
    for name, photos in chosen.items():
        if any(photo.grievance_id != case.pk for photo in photos):
            errors[name] = _("Please choose a photo of this case.")
        elif len(photos) > MOST_PHOTOS:
            errors[name] = _("At most %(count)s photos of each side.") % {"count": MOST_PHOTOS}
        elif seen & {photo.pk for photo in photos}:
            errors[name] = _("A photo shows either before or after: please choose each of them once.")
        seen |= {photo.pk for photo in photos}
    if errors:
        raise InvalidInput(errors)
