"""What an official letter holds: pure, the same for Word (`linjiang.common.letter_word`) and for the printed page.

    letter = Letter(
        issuer="花戏楼街道", title="交办单", number="交办〔2026〕LJ20261128-00031", to="花戏楼城管中队",
        blocks=(Paragraph("……"), Heading("一、问题情况"), Facts((("地点", "第一邻"),))),
        signed=Signed("花戏楼街道", "2026年11月28日"),
    )
    file = word_file(letter)            # bytes of a .docx
    # {% include "letters/letter.html" %} draws the same on a page

A text may hold whatever people typed: it is cleaned where it is written.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of the body; every line feed in `text` begins another one."""

    text: str
    indent: bool = True
    kind: str = field(default="paragraph", init=False)

    @property
    def lines(self) -> list[str]:
        return [line for line in (part.strip() for part in self.text.splitlines()) if line]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of the first level, numbered by whoever writes it: 一、…"""

    text: str
    kind: str = field(default="heading", init=False)


@dataclass(frozen=True, slots=True)
class Facts:
    """A table of two columns: what, and how it is."""

    rows: tuple[tuple[str, str], ...]
    kind: str = field(default="facts", init=False)


@dataclass(frozen=True, slots=True)
class Grid:
    """A table with heads. `widths` are shares of the width; columns named in `right` hold numbers."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...] = ()
    numbers: frozenset[int] = frozenset()
    note: str = ""
    kind: str = field(default="grid", init=False)

    @property
    def cells(self) -> list[list[tuple[str, bool]]]:
        """The rows, each cell with whether it is a number."""
        return [[(text, place in self.numbers) for place, text in enumerate(row)] for row in self.rows]

    @property
    def head_cells(self) -> list[tuple[str, bool]]:
        """The heads, each with whether numbers stand below it."""
        return [(text, place in self.numbers) for place, text in enumerate(self.heads)]


@dataclass(frozen=True, slots=True)
class ToSign:
    """Lines to be filled in by hand: who signs, and when."""

    labels: tuple[str, ...]
    kind: str = field(default="to_sign", init=False)


Block = Paragraph | Heading | Facts | Grid | ToSign


@dataclass(frozen=True, slots=True)
class Signed:
    """Who issues the letter and on which day, in words."""

    issuer: str
    day: str


@dataclass(frozen=True, slots=True)
class Letter:
    """An official letter: the red head (`issuer`), `number`, `title`, whom it goes to, the body, who signs it.

    `copies`: who gets a copy (抄送); "" for nobody.
    """

    issuer: str
    title: str
    number: str = ""
    to: str = ""
    blocks: tuple[Block, ...] = ()
    signed: Signed | None = None
    copies: str = ""
