"""Words of cases as PostgreSQL's text search takes them, without an extension and without a dictionary. Pure.

Chinese is not parted into words, so every two neighbouring characters are one lexeme (bigram): 路灯坏 is 路灯 and
灯坏, and its last character 坏 once more alone, so that one typed character finds every text that holds it (as the
beginning of a lexeme). Letters and digits make lower-case words, found by their beginning; full-width ones count as
half-width.

Besides, a case has lexemes that no text can hold, so that one index answers for words and filters together: "№" and
the running number backwards (the number's end is then a beginning), "/" and the paths of its district, street and
community, "@" and the month it was reported in, "#" and its category, and WIDE where a text has full-width letters.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

FULL = "".join(map(chr, [*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B)]))
HALF = "".join(map(chr, [*range(0x30, 0x3A), *range(0x41, 0x5B), *range(0x61, 0x7B)]))
WIDE = "￼"
_FOLD = str.maketrans(FULL, HALF)
_IS_WIDE = re.compile(f"[{FULL}]")
# Ideographs (radicals, extensions, compatibility), kana and hangul: scripts whose words are not parted by spaces.
_PAIRED = (
    "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3130-\u318f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
    "\uf900-\ufaff\U00020000-\U0003ffff"
)
TOKEN = re.compile(f"([{_PAIRED}]+)|([^\\W_{_PAIRED}]+)")
_NUMBER_END = re.compile(r"(?:[0-9]{1,8}-)?([0-9]{1,12})")
_NUMBER_START = re.compile(r"LJ[0-9][0-9-]*", re.IGNORECASE)
# A lexeme of PostgreSQL has at most 2,046 bytes; a longer word is known by its beginning.
_LONGEST = 64
# Depths of the paths that become lexemes: district, street, community. Below, a community's cases are few.
_DEPTHS = (2, 3, 4)
_SEGMENT = 4
# For a longer time the months are no help.
_MONTHS = 18


def fold(text: str) -> str:
    """Return `text` with full-width letters and digits as half-width ones, in lower case: what is compared."""
    return text.translate(_FOLD).lower()


def lexemes(
    *texts: str, number: str = "", unit_path: str = "", category: int | None = None, reported_on: date | None = None
) -> str:
    """Return the lexemes of a case as the text of a `tsvector`; words never run over the end of one of `texts`.

    `category` is its key, `reported_on` the day in the city's time zone.
    """
    found: set[str] = set()
    for text in texts:
        for paired, word in TOKEN.findall(fold(text)):
            if paired:
                found.update(map("".join, pairwise(paired)))
                found.add(paired[-1])
            else:
                found.add(word[:_LONGEST])
        if _IS_WIDE.search(text):
            found.add(WIDE)
    if "-" in number:
        found.add("№" + number.rpartition("-")[2][::-1])
    found.update(f"/{unit_path[: depth * _SEGMENT]}" for depth in _DEPTHS if len(unit_path) >= depth * _SEGMENT)
    if category is not None:
        found.add(f"#{category}")
    if reported_on is not None:
        found.add(f"@{reported_on:%Y%m}")
    return " ".join(found)


def below(paths: Iterable[str]) -> str:
    """Return the `tsquery` of the cases in the subtrees of `paths`, as far as lexemes tell; "" where they do not."""
    areas = [path[: _DEPTHS[-1] * _SEGMENT] for path in paths]
    if not areas or any(len(path) < _DEPTHS[0] * _SEGMENT for path in areas):
        return ""
    return _either(sorted({f"/{path}" for path in areas}))


def of_category(category: int) -> str:
    """Return the `tsquery` of the cases of the category with this key."""
    return f"#{category}"


def reported_in(first: date | None, last: date | None) -> str:
    """Return the `tsquery` of the cases reported in the months of the days `first` to `last`; "" for a long time."""
    if first is None or last is None:
        return ""
    begin, end = (day.year * 12 + day.month - 1 for day in (first, last))
    if not 0 <= end - begin < _MONTHS:
        return ""
    return _either([f"@{month // 12:04}{month % 12 + 1:02}" for month in range(begin, end + 1)])


@dataclass(frozen=True, slots=True)
class Word:
    """One typed word: what the index is asked, and, where that finds more than the word, what must really stand there.

    `text` "" needs no second look; `number_end` is the end of a case number that does as well.
    """

    asked: str
    text: str = ""
    number_end: str = ""


@dataclass(frozen=True, slots=True)
class Query:
    """What was typed: the start of a case number, or words of which all must occur; neither finds nothing."""

    number: str = ""
    words: tuple[Word, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not self.number and not self.words

    def tsquery(self, also: Iterable[str] = ()) -> str:
        """Return the text of the `tsquery`, with the queries `also` ("" asks for nothing) joined to it by and."""
        return " & ".join([*(word.asked for word in self.words), *filter(None, also)])


def parse(typed: str) -> Query:
    """Return what is to be found for `typed`; signs that are neither letters nor digits alone are passed over."""
    folded = fold(typed.replace("－", "-")).strip()
    if _NUMBER_START.fullmatch(folded):
        return Query(number=folded.upper())
    words = (_word(word) for word in dict.fromkeys(folded.split()))
    return Query(words=tuple(word for word in words if word is not None))


def _word(word: str) -> Word | None:
    tokens = list(_asked(word))
    if not tokens:
        return None
    # One lexeme that is the whole word is the word; several may stand apart.
    exact = len(tokens) == 1 and len(word) <= _LONGEST and TOKEN.fullmatch(word)
    text = "" if exact else word
    if end := _NUMBER_END.fullmatch(word):
        asked = _either([_all(tokens), f"№{end[1][::-1]}:*"])
        return Word(asked=asked, text=text, number_end=word if text else "")
    return Word(asked=_all(tokens), text=text)


def _asked(word: str) -> Iterator[str]:
    """Yield the lexemes; only the last one may be the beginning of a longer one: what is before ends where it ends."""
    for token in TOKEN.finditer(word):
        paired, plain = token.groups()
        may_go_on = token.end() == len(word)
        if plain:
            yield plain[:_LONGEST] + (":*" if may_go_on or len(plain) > _LONGEST else "")
            continue
        yield from dict.fromkeys(map("".join, pairwise(paired)))
        if len(paired) == 1 or not may_go_on:
            yield paired[-1] + (":*" if may_go_on else "")


def _all(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"({' & '.join(parts)})"


def _either(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"({' | '.join(parts)})"
