"""What every app's API shares: bodies of a sane size, cursors nobody can break, fields that mean what they say."""

import re
from typing import Any

from django.conf import settings
from django.core.cache.backends.locmem import LocMemCache
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions, serializers, status
from rest_framework.fields import empty
from rest_framework.pagination import CursorPagination
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.throttling import ScopedRateThrottle

BIGGEST_ID = 2**63 - 1


class BodyTooLarge(exceptions.APIException):
    """The body is longer than anything this endpoint has a use for (413)."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = _("This is too large to be taken.")
    default_code = "too_large"


def _refuse_above(limit: int, parser_context: dict | None) -> None:
    request = (parser_context or {}).get("request")
    try:
        length = int(request.headers.get("content-length") or 0) if request is not None else 0
    except ValueError:
        length = 0
    if length > limit:
        raise BodyTooLarge


class SmallJSONParser(JSONParser):
    """JSON up to the size Django sets for request bodies; the parser would otherwise read whatever comes."""

    def parse(self, stream, media_type=None, parser_context=None) -> Any:
        _refuse_above(settings.DATA_UPLOAD_MAX_MEMORY_SIZE, parser_context)
        try:
            data = super().parse(stream, media_type=media_type, parser_context=parser_context)
            unstorable = _is_unstorable(data)
        except RecursionError as error:
            raise exceptions.ParseError from error
        if unstorable:
            raise exceptions.ParseError(_("The text holds a character that cannot be stored."))
        return data


class PhotosParser(MultiPartParser):
    """A form with photos, up to the photos one request may carry."""

    def parse(self, stream, media_type=None, parser_context=None) -> Any:
        photos = settings.ATTACHMENT_MAX_COUNT * settings.ATTACHMENT_MAX_BYTES
        _refuse_above(photos + settings.DATA_UPLOAD_MAX_MEMORY_SIZE, parser_context)
        return super().parse(stream, media_type=media_type, parser_context=parser_context)


# JSON can say both, UTF-8 text in the database neither: the nought, and half of a pair of surrogates.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def _is_unstorable(data: Any) -> bool:
    if isinstance(data, str):
        return _UNSTORABLE.search(data) is not None
    if isinstance(data, dict):
        return any(_is_unstorable(part) for pair in data.items() for part in pair)
    return isinstance(data, list) and any(map(_is_unstorable, data))


class Flag(serializers.BooleanField):
    """A boolean that keeps its default when a form leaves it out; an unticked box is not what an API's caller means."""

    default_empty_html = empty


class IdField(serializers.IntegerField):
    """A row's key; numbers no key can be are refused before the database sees them."""

    def __init__(self, **kwargs) -> None:
        kwargs.setdefault("min_value", 1)
        kwargs.setdefault("max_value", BIGGEST_ID)
        super().__init__(**kwargs)


class KeyCursor(CursorPagination):
    """Pages by key, newest first; a made-up cursor is 404."""

    ordering = "-pk"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200

    def decode_cursor(self, request):
        cursor = super().decode_cursor(request)
        if cursor is not None and cursor.position is not None and not self.is_position(cursor.position):
            raise exceptions.NotFound(self.invalid_cursor_message)
        return cursor

    def is_position(self, position: str) -> bool:
        """Say whether the text could be a value of the ordering column."""
        return position.isascii() and position.isdigit() and int(position) <= BIGGEST_ID


class FilingThrottle(ScopedRateThrottle):
    """Counts per person and process, in memory: the callers are known by name, and a filing shall not wait for
    a cache. Six processes let six times the rate through, which still stops a machine run wild.
    """

    cache = LocMemCache("api-filing", {})


class SuggestionThrottle(FilingThrottle):
    """The same for what is asked while somebody types."""

    cache = LocMemCache("api-suggestions", {})
