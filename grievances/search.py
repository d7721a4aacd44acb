"""Words of cases as PostgreSQL's text search takes them, without an extension and without a dictionary. Pure.

Chinese is not parted into words, so every two neighbouring characters are one lexeme (bigram): 路灯坏 is 路灯 and
灯坏, and its last character 坏 once more alone, so that one typed character finds every text that holds it (as the
beginning of a lexeme). Letters and digits make lower-case words, found by their beginning. Full-width letters, digits
and marks count as half-width. Besides its words a case has two kinds of lexemes that no text can hold: "№" and its
running number backwards (so that the number's end is a beginning), and "/" and the paths of its district, street and
community (so that words are looked for in a street without reading the whole city's).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

FULL = "".join(chr(code) for code in range(0xFF01, 0xFF5F)) + "\u3000"
HALF = "".join(chr(code) for code in range(0x21, 0x7F)) + " "
_FOLD = str.maketrans(FULL, HALF)
# Ideographs (radicals, extensions, compatibility), kana and hangul: scripts whose words are not parted by spaces.
_PAIRED = (
    "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3130-\u318f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
    "\uf900-\ufaff\U00020000-\U0003ffff"
)
_TOKEN = re.compile(f"([{_PAIRED}]+)|([^\\W_{_PAIRED}]+)")
_NUMBER_END = re.compile(r"(?:\d{1,8}-)?(\d{1,12})")
_NUMBER_START = re.compile(r"LJ\d[\d-]*", re.IGNORECASE)
# A lexeme of PostgreSQL has at most 2,046 bytes; a longer word is known by its beginning.
_LONGEST = 64
# Depths of the paths that become lexemes: district, street, community. Below, a community's cases are few.
_DEPTHS = (2, 3, 4)
_SEGMENT = 4


def fold(text: str) -> str:
    """Return `text` with full-width signs as half-width ones, in lower case: what is compared."""
    return text.translate(_FOLD).lower()


def lexemes(*texts: str, number: str = "", unit_path: str = "") -> str:
    """Return the lexemes of a case as the text of a `tsvector`; words never run over the end of one of `texts`."""
    found: set[str] = set()
    for text in texts:
        for paired, word in _TOKEN.findall(fold(text)):
            if paired:
                found.update(map("".join, pairwise(paired)))
                found.add(paired[-1])
            else:
                found.add(word[:_LONGEST])
    if "-" in number:
        found.add("№" + number.rpartition("-")[2][::-1])
    found.update(f"/{unit_path[: depth * _SEGMENT]}" for depth in _DEPTHS if len(unit_path) >= depth * _SEGMENT)
    return " ".join(found)


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

    def tsquery(self, near: Iterable[str] = ()) -> str:
        """Return the text of the `tsquery`; `near`: only in the subtrees of these paths (as far as lexemes tell)."""
        asked = [word.asked for word in self.words]
        areas = [path[: _DEPTHS[-1] * _SEGMENT] for path in near]
        if areas and all(len(path) >= _DEPTHS[0] * _SEGMENT for path in areas):
            asked.append(_either(sorted({f"/{path}" for path in areas})))
        return " & ".join(asked)


def parse(typed: str) -> Query:
    """Return what is to be found for `typed`; signs that are neither letters nor digits alone are passed over."""
    folded = fold(typed).strip()
    if _NUMBER_START.fullmatch(folded):
        return Query(number=folded.upper())
    words = (_word(word) for word in dict.fromkeys(folded.split()))
    return Query(words=tuple(word for word in words if word is not None))


def _word(word: str) -> Word | None:
    tokens = list(_asked(word))
    if not tokens:
        return None
    # One lexeme that is the whole word is the word; several may stand apart.
    exact = len(tokens) == 1 and len(word) <= _LONGEST and _TOKEN.fullmatch(word)
    text = "" if exact else word
    if end := _NUMBER_END.fullmatch(word):
        asked = _either([_all(tokens), f"№{end[1][::-1]}:*"])
        return Word(asked=asked, text=text, number_end=word if text else "")
    return Word(asked=_all(tokens), text=text)


def _asked(word: str) -> Iterator[str]:
    """Yield the lexemes; only the last one may be the beginning of a longer one: what is before ends where it ends."""
    for token in _TOKEN.finditer(word):
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
