"""Files that are handed out: saved under a name, never opened in place, never kept by a cache."""

from typing import BinaryIO

from django.http import FileResponse, HttpResponse
from django.utils.http import content_disposition_header

from linjiang.common import letter_word
from linjiang.common.letters import Letter


def attachment(content: bytes, *, name: str, content_type: str) -> HttpResponse:
    """Return `content` as a file to be saved under `name`."""
    return _guarded(HttpResponse(content, content_type=content_type), name)


def stored_attachment(file: BinaryIO, *, name: str, content_type: str) -> FileResponse:
    """Return an open file, sent in pieces and closed at the end, to be saved under `name`."""
    return _guarded(FileResponse(file, content_type=content_type), name)


def word_attachment(letter: Letter, *, name: str) -> HttpResponse:
    """Return the letter as a Word file to be saved under `name` (without .docx)."""
    return attachment(letter_word.word_file(letter), name=f"{name}.docx", content_type=letter_word.CONTENT_TYPE)


def _guarded(response: HttpResponse | FileResponse, name: str):
    response.headers["Content-Disposition"] = content_disposition_header(True, name)
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
