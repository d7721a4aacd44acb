"""Writing told stories in a few bulk inserts."""

import uuid
from collections.abc import Sequence
from random import Random

from django.core.files.base import ContentFile

from grievances.models import (
    Assignment,
    Attachment,
    Escalation,
    Extension,
    Feedback,
    Grievance,
    GrievanceEvent,
    Suspension,
)
from grievances.services.changes import record_many
from grievances.services.demo.pictures import SCENES, upload
from grievances.services.demo.story import Story
from grievances.services.numbers import PastNumbers
from grievances.services.photos import prepare_photos
from linjiang.common.clock import local_day


def give_numbers(stories: Sequence[Story], rng: Random) -> None:
    """Give the cases, oldest first, the numbers of their days."""
    numbers = PastNumbers(local_day(story.case.discovered_at) for story in stories)
    for story in stories:
        story.case.number = numbers.next(local_day(story.case.discovered_at))
        story.case.submission_id = uuid.UUID(int=rng.getrandbits(128), version=4)


def write(stories: Sequence[Story]) -> None:
    """Insert the cases, what others were merged into first, then everything that belongs to them."""
    alone = [story.case for story in stories if story.case.merged_into is None]
    merged = [story.case for story in stories if story.case.merged_into is not None]
    Grievance.objects.bulk_create(alone, batch_size=500)
    for case in merged:
        case.merged_into = case.merged_into  # takes over the key that the insert gave
    Grievance.objects.bulk_create(merged, batch_size=500)
    record_many((None, story.case) for story in stories)
    for model, rows in (
        (GrievanceEvent, "events"),
        (Assignment, "assignments"),
        (Extension, "extensions"),
        (Suspension, "suspensions"),
        (Feedback, "feedback"),
        (Escalation, "escalations"),
    ):
        ready = []
        for story in stories:
            for row in getattr(story, rows):
                row.grievance = story.case
                ready.append(row)
        model.objects.bulk_create(ready, batch_size=1000)
    _attach(stories)


def _attach(stories: Sequence[Story]) -> None:
    """Past cases share a few stored drawings; the files are written once."""
    storage = Attachment._meta.get_field("file").storage
    stored = {}
    for scene in SCENES:
        (photo,) = prepare_photos([upload(scene)])
        stored[scene] = (
            photo,
            storage.save(f"photos/demo/{scene}.jpg", ContentFile(photo.data)),
            storage.save(f"photos/demo/{scene}-small.jpg", ContentFile(photo.thumbnail)),
        )
    rows = []
    for story in stories:
        if story.picture:
            photo, file, small = stored[story.picture]
            rows.append(
                Attachment(
                    grievance=story.case,
                    event=story.events[0],
                    file=file,
                    thumbnail=small,
                    width=photo.width,
                    height=photo.height,
                    size=len(photo.data),
                    sha256=photo.sha256,
                    uploaded_by=story.case.filed_by,
                    created_at=story.case.discovered_at,
                )
            )
    Attachment.objects.bulk_create(rows, batch_size=1000)
