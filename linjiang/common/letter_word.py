"""Official letters as Word files, laid out as GB/T 9704-2012 lays out party and government documents.

A4; margins 37 mm above, 35 below, 28 on the left, 26 on the right, so that the text is 156 × 225 mm; 22 lines on a
page, 28 characters on a line; 仿宋 of size 3 (16 pt), title in 小标宋 of size 2 (22 pt), headings in 黑体; page numbers
"— 1 —" in size 4, outside: on the right of odd pages, on the left of even ones.

The fonts are the reader's: the file names them and, for each, what to take where it is missing.
"""

import io
from xml.sax.saxutils import quoteattr

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from docx import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Length, Mm, Pt, RGBColor

from linjiang.common.letters import Facts, Grid, Heading, Letter, Paragraph, Signed, ToSign
from linjiang.common.text import printable

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

TITLE, BODY, BLACK, PLAIN, LATIN = "方正小标宋简体", "仿宋_GB2312", "黑体", "宋体", "Times New Roman"
# What to take instead, the first that is there.
_INSTEAD = {
    TITLE: "小标宋,FZXiaoBiaoSong-B05S,宋体,SimSun,Noto Serif CJK SC",
    BODY: "仿宋,FangSong,FangSong_GB2312,STFangsong,Noto Serif CJK SC",
    BLACK: "SimHei,Noto Sans CJK SC",
    PLAIN: "SimSun,Noto Serif CJK SC",
}
_RED = RGBColor(0xC0, 0x00, 0x00)
_WIDTH = Mm(156)
_PITCH = Pt(28.95)  # 225 mm by 22 lines
_SIZE, _TITLE_SIZE, _TABLE_SIZE, _PAGE_SIZE = Pt(16), Pt(22), Pt(12), Pt(14)


def word_file(letter: Letter) -> bytes:
    """Return `letter` as a .docx file."""
    document = _blank(letter)
    _head(document, letter)
    _title(document, letter)
    for block in letter.blocks:
        _WRITERS[type(block)](document, block)
    if letter.signed:
        _keep_with_what_follows(document)
        _signed(document, letter.signed)
    if letter.copies:
        _copies(document, letter.copies)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


# The page


def _blank(letter: Letter):
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin, section.left_margin, section.right_margin = (
        Mm(37),
        Mm(35),
        Mm(28),
        Mm(26),
    )
    section.header_distance, section.footer_distance = Mm(15), Mm(22)
    _page_numbers(document, section)
    normal = document.styles["Normal"]
    _font(normal.element.get_or_add_rPr(), BODY)
    normal.font.size = _SIZE
    layout = normal.paragraph_format
    layout.line_spacing_rule, layout.line_spacing = WD_LINE_SPACING.EXACTLY, _PITCH
    layout.space_before = layout.space_after = Pt(0)
    layout.widow_control = False
    _fonts_instead(document)
    about = document.core_properties
    about.author = about.last_modified_by = printable(letter.issuer)[:250]
    about.title, about.comments = printable(letter.title)[:250], ""
    about.language = "en" if (get_language() or "").startswith("en") else "zh-CN"
    return document


def _page_numbers(document, section) -> None:
    document.settings.odd_and_even_pages_header_footer = True
    for footer, side in (
        (section.footer, WD_ALIGN_PARAGRAPH.RIGHT),
        (section.even_page_footer, WD_ALIGN_PARAGRAPH.LEFT),
    ):
        footer.is_linked_to_previous = False
        line = footer.paragraphs[0]
        line.alignment = side
        # One character in from the edge of the text.
        line.paragraph_format.left_indent = line.paragraph_format.right_indent = _PAGE_SIZE
        _run(line, "— ", font=PLAIN, size=_PAGE_SIZE)
        field = OxmlElement("w:fldSimple")
        field.set(qn("w:instr"), "PAGE")
        number = _run(line, "1", font=PLAIN, size=_PAGE_SIZE)
        field.append(number._r)
        line._p.append(field)
        _run(line, " —", font=PLAIN, size=_PAGE_SIZE)


def _fonts_instead(document) -> None:
    """Name in the file's table of fonts what each stands for where it is missing."""
    entries = "".join(
        f'<w:font w:name={quoteattr(name)}><w:altName w:val={quoteattr(instead)}/><w:charset w:val="86"/>'
        f'<w:family w:val="{"modern" if name == BLACK else "roman"}"/><w:pitch w:val="variable"/></w:font>'
        for name, instead in _INSTEAD.items()
    )
    for part in document.part.package.iter_parts():
        if part.partname == "/word/fontTable.xml":
            blob = part.blob.decode()
            part._blob = blob.replace("</w:fonts>", f"{entries}</w:fonts>").encode()


# Runs and paragraphs


def _font(properties, name: str) -> None:
    fonts = properties.find(qn("w:rFonts"))
    if fonts is None:
        fonts = OxmlElement("w:rFonts")
        properties.insert(0, fonts)
    for theme in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
        fonts.attrib.pop(qn(theme), None)
    latin = LATIN if name == BODY else name
    for key, value in (("ascii", latin), ("hAnsi", latin), ("cs", latin), ("eastAsia", name), ("hint", "eastAsia")):
        fonts.set(qn(f"w:{key}"), value)


def _run(line, text: str, *, font: str = BODY, size: Length = _SIZE, colour: RGBColor | None = None):
    run = line.add_run(printable(text))
    _font(run._r.get_or_add_rPr(), font)
    run.font.size = size
    if colour is not None:
        run.font.color.rgb = colour
    return run


def _line(document, text: str = "", *, align=None, pitch: Length | None = None, **style):
    line = document.add_paragraph()
    if align is not None:
        line.alignment = align
    if pitch is not None:
        line.paragraph_format.line_spacing = pitch
    if text:
        _run(line, text, **style)
    return line


def _border(line, side: str, *, colour: str, eighths: int, space: int = 1) -> None:
    edge = f'<w:{side} w:val="single" w:sz="{eighths}" w:space="{space}" w:color="{colour}"/>'
    border = parse_xml(f"<w:pBdr {nsdecls('w')}>{edge}</w:pBdr>")
    line._p.get_or_add_pPr().insert_element_before(
        border, "w:shd", "w:tabs", "w:suppressAutoHyphens", "w:spacing", "w:ind", "w:jc", "w:rPr"
    )


def _two_characters_in(line) -> None:
    line.paragraph_format.first_line_indent = 2 * _SIZE
    line._p.get_or_add_pPr().find(qn("w:ind")).set(qn("w:firstLineChars"), "200")


# Head, title, body


def _head(document, letter: Letter) -> None:
    """The red name of who issues it, the number, the red rule."""
    words = len(printable(letter.issuer))
    size = Pt(max(22, min(42, int(_WIDTH.pt / max(words, 1)))))
    _line(document, letter.issuer, align=WD_ALIGN_PARAGRAPH.CENTER, pitch=Pt(size.pt * 1.4), font=TITLE, size=size,
          colour=_RED)  # fmt: skip
    _line(document)
    rule = _line(document, letter.number, align=WD_ALIGN_PARAGRAPH.CENTER)
    _border(rule, "bottom", colour="C00000", eighths=16, space=6)


def _title(document, letter: Letter) -> None:
    _line(document)
    title = _line(document, letter.title, align=WD_ALIGN_PARAGRAPH.CENTER, pitch=Pt(34), font=TITLE, size=_TITLE_SIZE)
    title.paragraph_format.keep_with_next = True
    _line(document)
    if letter.to:
        _line(document, _("%(to)s:") % {"to": letter.to})


def _paragraph(document, block: Paragraph) -> None:
    for text in block.lines:
        line = _line(document, text)
        line.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
        if block.indent:
            _two_characters_in(line)


def _heading(document, block: Heading) -> None:
    line = _line(document, block.text, font=BLACK)
    _two_characters_in(line)
    line.paragraph_format.keep_with_next = True


def _facts(document, block: Facts) -> None:
    table = _table(document, len(block.rows), (0.24, 0.76))
    for row, (what, how) in zip(table.rows, block.rows, strict=True):
        _cell(row.cells[0], what, font=BLACK)
        _cell(row.cells[1], how)
    _line(document, pitch=Pt(12))


def _grid(document, block: Grid) -> None:
    widths = block.widths or tuple(1 / len(block.heads) for _head in block.heads)
    table = _table(document, len(block.rows) + 1, widths)
    head = table.rows[0]
    head._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    for cell, (text, is_number) in zip(head.cells, block.head_cells, strict=True):
        _cell(cell, text, font=BLACK, right=is_number)
        cell.paragraphs[0].paragraph_format.keep_with_next = True
    for row, texts in zip(list(table.rows)[1:], block.cells, strict=True):
        for cell, (text, is_number) in zip(row.cells, texts, strict=True):
            _cell(cell, text, right=is_number)
    if block.note:
        _line(document, block.note, size=_TABLE_SIZE, pitch=Pt(20))
    _line(document, pitch=Pt(12))


def _keep_with_what_follows(document) -> None:
    """Keep the last paragraph, and what may be an empty line before it, on the page of what comes next."""
    for line in document.paragraphs[-2:]:
        line.paragraph_format.keep_with_next = True


def _table(document, rows: int, widths: tuple[float, ...]):
    before = document.paragraphs[-1]
    before.paragraph_format.keep_with_next, before.paragraph_format.space_after = True, Pt(6)
    table = document.add_table(rows=rows, cols=len(widths), style="Table Grid")
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    whole = sum(widths)
    sizes = [Length(int(_WIDTH * width / whole)) for width in widths]
    for column, size in zip(table.columns, sizes, strict=True):
        column.width = size
    for row in table.rows:
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
        for cell, size in zip(row.cells, sizes, strict=True):
            cell.width = size
    return table


def _cell(cell, text: str, *, font: str = BODY, right: bool = False) -> None:
    lines = printable(text).split("\n")
    for place, one in enumerate(lines):
        line = cell.paragraphs[0] if place == 0 else cell.add_paragraph()
        line.paragraph_format.line_spacing = Pt(20)
        if right:
            line.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        _run(line, one, font=font, size=_TABLE_SIZE)


def _to_sign(document, block: ToSign) -> None:
    for label in block.labels:
        line = _line(document, _("%(label)s:") % {"label": label}, pitch=Pt(36))
        line.paragraph_format.keep_together = True
        line.paragraph_format.tab_stops.add_tab_stop(Mm(90))
        _run(line, "\t" + _("Date:"))


def _signed(document, signed: Signed) -> None:
    """Who issues it and the day, four characters in from the right, kept together."""
    _line(document)
    for text in (signed.issuer, signed.day):
        line = _line(document, text, align=WD_ALIGN_PARAGRAPH.RIGHT)
        line.paragraph_format.right_indent = 4 * _SIZE
        line.paragraph_format.keep_with_next = text != signed.day


def _copies(document, copies: str) -> None:
    _line(document)
    line = _line(document, _("Copies to: %(names)s") % {"names": copies}, size=_PAGE_SIZE)
    _border(line, "top", colour="000000", eighths=8)


_WRITERS = {Paragraph: _paragraph, Heading: _heading, Facts: _facts, Grid: _grid, ToSign: _to_sign}
