"""Cleaning what people type: full-width digits, stray spaces, phone numbers stored as numbers."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import dateformat, timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext, pgettext

PHONE = re.compile(r"1[3-9]\d{9}|0\d{2,3}-?\d{7,8}")
_SPACES = re.compile(r"\s+")


def clean(value: object) -> str:
    """Return `value` as one line of half-width text without stray spaces; None gives ""."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return _SPACES.sub(" ", unicodedata.normalize("NFKC", str(value))).strip()


def clean_phone(value: object) -> str:
    """Return a phone number as digits (land lines keep their area code), without +86, spaces or dashes.

    The result may still be invalid; ask `is_phone`.
    """
    digits = re.sub(r"[\s\-()]", "", clean(value))
    return digits.removeprefix("+86") if digits.startswith("+86") else digits


def is_mobile(value: str) -> bool:
    """Say whether `value` is a mainland mobile number: eleven digits from 13 to 19."""
    return bool(re.fullmatch(r"1[3-9]\d{9}", value))


def is_phone(value: str) -> bool:
    """Say whether `value` is a mobile number or a land line with its area code."""
    return bool(PHONE.fullmatch(value))


@dataclass(frozen=True, slots=True)
class Day:
    """A day that is called as people of the active language call it: 2026年12月1日, in English 1 Dec 2026."""

    day: date

    def __str__(self) -> str:
        return date_format(self.day, "DATE_FORMAT")


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment in the city's time as the active language writes it: 11月22日 14:05, in English 22 Nov 14:05.

    The year is added when it is not this one.
    """

    at: datetime

    def __str__(self) -> str:
        local = timezone.localtime(self.at) if timezone.is_aware(self.at) else self.at
        if local.year == timezone.localtime().year:
            pattern = pgettext("date format", "j M H:i")
        else:
            pattern = pgettext("date format", "j M Y H:i")
        return dateformat.format(local, pattern)


def listed(things: Iterable[object]) -> str:
    """Return the things one after the other as the active language lists them: 甲、乙, in English A, B."""
    return gettext(", ").join(map(str, things))


def in_both_languages(thing: object) -> dict[str, str]:
    """Return how `thing` is called in Chinese and in English, for facts that outlive the writer's language."""
    words = {}
    for key, language in (("zh", "zh-hans"), ("en", "en")):
        with translation.override(language):
            words[key] = str(thing)
    return words


def at_moment(moment: datetime) -> dict[str, str]:
    """Return a moment as a fact that is put into words when it is read."""
    return {"at": moment.isoformat()}


def in_my_language(words: object) -> str:
    """Return the reader's side of what `in_both_languages` or `at_moment` kept, a list as the language lists it, and
    anything else as it is."""
    if isinstance(words, list):
        return listed(map(in_my_language, words))
    if isinstance(words, dict) and words.keys() == {"at"}:
        return str(Moment(datetime.fromisoformat(words["at"])))
    if isinstance(words, dict) and {"zh", "en"} <= words.keys():
        return words["en"] if (translation.get_language() or "").startswith("en") else words["zh"]
    return str(words)


# What neither XML nor a printer can carry: control characters but line feed and tab, and code points that are none.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def printable(text: object) -> str:
    """Return `text` without what cannot be written into a document; line ends become line feeds, None becomes ""."""
    if text is None:
        return ""
    return _UNPRINTABLE.sub("", str(text).replace("\r\n", "\n").replace("\r", "\n"))


# An identity number, a mobile number, a land line with its area code: as people write them, also full-width.
_IDENTITY = re.compile(r"(?<!\d)\d{6}(?:19|20|１９|２０)\d{9}[\dXxＸｘ](?!\d)")
_MOBILE = re.compile(r"(?<!\d)([1１][3-9３-９]\d)([ \-]?)\d{4}\2(\d{4})(?!\d)")
_LAND_LINE = re.compile(r"(?<![\d\-])([0０]\d{2,3})([ \-－]?)\d{4,5}(\d{3})(?![\d\-])")


def hide_numbers(text: object) -> str:
    """Return `text` with the middle of every telephone number and all of every identity number starred."""
    hidden = _IDENTITY.sub("****", str(text or ""))
    hidden = _MOBILE.sub(r"\1****\3", hidden)
    return _LAND_LINE.sub(r"\1\2****\3", hidden)
