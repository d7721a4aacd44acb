"""Photos: known by their content, re-encoded, EXIF taken off, a thumbnail made, then attached to an event."""

import contextlib
import hashlib
import io
import struct
import warnings
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from PIL import ExifTags, Image, ImageOps
from pillow_heif import register_heif_opener

from grievances.models import Attachment, GrievanceEvent
from linjiang.common.errors import InvalidInput
from orgs.models import User

register_heif_opener()

FORMATS = ("JPEG", "PNG", "WEBP", "HEIF")
LONG_SIDE = 2048
THUMBNAIL_SIDE = 480
MAX_PIXELS = 60_000_000  # a 48-megapixel phone photo passes, a decompression bomb does not
# What the decoders raise on files that are cut off or made up.
_DAMAGED = (
    OSError,  # with UnidentifiedImageError
    EOFError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    RuntimeError,
    struct.error,
    zlib.error,
)


@dataclass(frozen=True, slots=True)
class PreparedPhoto:
    """A picture ready to be stored. `position` is (latitude, longitude) in degrees, WGS-84, when the EXIF had one."""

    data: bytes
    thumbnail: bytes
    width: int
    height: int
    sha256: str
    position: tuple[float, float] | None


def prepare_photos(uploads: Sequence[UploadedFile]) -> list[PreparedPhoto]:
    """Re-encode the uploads; raise InvalidInput on "photos" for too many, too large, or not a picture.

    Slow (decoding and encoding), so called before the transaction opens.
    """
    if len(uploads) > settings.ATTACHMENT_MAX_COUNT:
        raise InvalidInput(
            {"photos": _("At most %(count)s photos at a time.") % {"count": settings.ATTACHMENT_MAX_COUNT}}
        )
    return [_prepare(upload) for upload in uploads]


def attach_photos(*, event: GrievanceEvent, prepared: Sequence[PreparedPhoto], actor: User, now: datetime) -> None:
    """Store the photos of an event in the caller's transaction; the same picture twice on one case is kept once.

    The caller holds the case's row (locked or just inserted), so the count below cannot be overtaken.
    """
    if not prepared:
        return
    case = event.grievance
    known = set(Attachment.objects.filter(grievance=case).values_list("sha256", flat=True))
    fresh = {photo.sha256: photo for photo in prepared if photo.sha256 not in known}
    limit = settings.ATTACHMENT_MAX_COUNT * 3
    if len(known) + len(fresh) > limit:
        raise InvalidInput({"photos": _("A case holds at most %(count)s photos.") % {"count": limit}})
    for photo in fresh.values():
        attachment = Attachment(
            grievance=case,
            event=event,
            width=photo.width,
            height=photo.height,
            size=len(photo.data),
            sha256=photo.sha256,
            uploaded_by=actor,
            created_at=now,
        )
        attachment.file.save("photo.jpg", ContentFile(photo.data), save=False)
        attachment.thumbnail.save("small.jpg", ContentFile(photo.thumbnail), save=False)
        attachment.save()


def _prepare(upload: UploadedFile) -> PreparedPhoto:
    if upload.size > settings.ATTACHMENT_MAX_BYTES:
        limit = settings.ATTACHMENT_MAX_BYTES // (1024 * 1024)
        raise InvalidInput(
            {"photos": _("“%(name)s” is larger than %(limit)s MB.") % {"name": upload.name, "limit": limit}}
        )
    try:
        picture, position = _decoded(upload)
    except Image.DecompressionBombError as error:
        raise InvalidInput({"photos": _("“%(name)s” has too many pixels.") % {"name": upload.name}}) from error
    except _DAMAGED as error:
        raise InvalidInput(
            {"photos": _("“%(name)s” is not a photo we can read (JPEG, PNG, WebP or HEIC).") % {"name": upload.name}}
        ) from error
    data = _jpeg(picture, quality=82)
    small = picture.copy()
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    return PreparedPhoto(
        data=data,
        thumbnail=_jpeg(small, quality=75),
        width=picture.width,
        height=picture.height,
        sha256=hashlib.sha256(data).hexdigest(),
        position=position,
    )


def _decoded(upload: UploadedFile) -> tuple[Image.Image, tuple[float, float] | None]:
    """Return the upright picture in RGB, at most LONG_SIDE long, bare of everything but pixels; and its position."""
    upload.seek(0)
    with warnings.catch_warnings():
        # Pillow warns of much that is harmless here: a broken EXIF block, pixels above its limit but below ours.
        warnings.simplefilter("ignore")
        picture = Image.open(upload, formats=FORMATS)
        if picture.width * picture.height > MAX_PIXELS:
            raise Image.DecompressionBombError
        picture.draft("RGB", (LONG_SIDE, LONG_SIDE))  # a JPEG is decoded at a half or a quarter where that suffices
        picture.load()  # before the EXIF: a PNG's is read by loading, and a second try would pass a cut-off file
        position = _position(picture)
        picture = _in_rgb(picture)
        picture.thumbnail((LONG_SIDE, LONG_SIDE))
        with contextlib.suppress(*_DAMAGED):  # a broken EXIF block says nothing; the pixels are good
            picture = ImageOps.exif_transpose(picture)
    # JPEG's writer carries comments and the like over from `info`: a new picture has none.
    bare = Image.new("RGB", picture.size)
    bare.paste(picture)
    return bare, position


def _in_rgb(picture: Image.Image) -> Image.Image:
    """Return the first frame in RGB: transparent parts white, as a reader of the page sees them."""
    info = picture.info
    if picture.mode.startswith(("I", "F")):
        # 16 bits per pixel: RGB would cut everything above 255 to white.
        picture = picture.convert("F").point(lambda value: value / 256).convert("L")
    elif picture.has_transparency_data:
        solid = Image.new("RGBA", picture.size, "white")
        solid.alpha_composite(picture.convert("RGBA"))
        picture = solid
    picture = picture.convert("RGB")
    picture.info = info
    return picture


def _jpeg(picture: Image.Image, *, quality: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality, optimize=True)
    return buffer.getvalue()


def _position(picture: Image.Image) -> tuple[float, float] | None:
    try:
        gps = picture.getexif().get_ifd(ExifTags.IFD.GPSInfo)
        lat = _degrees(gps[ExifTags.GPS.GPSLatitude]) * (-1 if gps.get(ExifTags.GPS.GPSLatitudeRef) == "S" else 1)
        lon = _degrees(gps[ExifTags.GPS.GPSLongitude]) * (-1 if gps.get(ExifTags.GPS.GPSLongitudeRef) == "W" else 1)
    except _DAMAGED:
        return None
    return (lat, lon) if -90 <= lat <= 90 and -180 <= lon <= 180 and (lat, lon) != (0, 0) else None


def _degrees(parts) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    return degrees + minutes / 60 + seconds / 3600
