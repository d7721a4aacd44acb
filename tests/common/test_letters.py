"""Official letters: the layout of GB/T 9704, fonts with what to take instead, and words that would break a file."""

import io
import zipfile

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Pt

from linjiang.common.letter_word import BODY, TITLE, word_file
from linjiang.common.letters import Facts, Grid, Heading, Letter, Paragraph, Signed, ToSign

LETTER = Letter(
    issuer="花戏楼街道",
    title="交办单",
    number="交办〔2026〕1号",
    to="城管中队",
    blocks=(
        Paragraph("第一段\n\n第二段\x08"),
        Heading("一、情况"),
        Facts((("地点", "第一邻"),)),
        Grid(("单元", "件"), (("甲", "1"), ("乙", "2\n(1/2)")), numbers=frozenset({1}), note="注"),
        ToSign(("签收人",)),
    ),
    signed=Signed("花戏楼街道", "2026年11月28日"),
    copies="供水站",
)


def opened():
    return Document(io.BytesIO(word_file(LETTER)))


def font_of(run) -> str:
    return run._r.rPr.find(qn("w:rFonts")).get(qn("w:eastAsia"))


def test_its_parts_stand_in_their_order():
    lines = [line.text for line in opened().paragraphs if line.text]
    assert lines[0] == "花戏楼街道"
    assert lines[1] == "交办〔2026〕1号"
    assert lines[2] == "交办单"
    assert lines[4:7] == ["第一段", "第二段", "一、情况"]
    assert lines[-3:-1] == ["花戏楼街道", "2026年11月28日"]
    assert "供水站" in lines[-1]


def test_title_and_body_have_the_fonts_and_sizes_of_the_standard():
    lines = [line for line in opened().paragraphs if line.text]
    title, text = lines[2], lines[4]
    assert (font_of(title.runs[0]), title.runs[0].font.size) == (TITLE, Pt(22))
    assert title.alignment == WD_ALIGN_PARAGRAPH.CENTER
    assert (font_of(text.runs[0]), text.runs[0].font.size) == (BODY, Pt(16))
    assert text._p.pPr.find(qn("w:ind")).get(qn("w:firstLineChars")) == "200"
    assert str(lines[0].runs[0].font.color.rgb) == "C00000"


def test_a_missing_font_has_one_to_take_instead():
    with zipfile.ZipFile(io.BytesIO(word_file(LETTER))) as parts:
        fonts = parts.read("word/fontTable.xml").decode()
    assert f'<w:font w:name="{TITLE}"><w:altName w:val="小标宋' in fonts
    assert f'<w:font w:name="{BODY}"><w:altName w:val="仿宋' in fonts


def test_page_numbers_stand_outside_on_odd_and_even_pages():
    document = opened()
    section = document.sections[0]
    assert document.settings.odd_and_even_pages_header_footer
    sides = [footer.paragraphs[0].alignment for footer in (section.footer, section.even_page_footer)]
    assert sides == [WD_ALIGN_PARAGRAPH.RIGHT, WD_ALIGN_PARAGRAPH.LEFT]


def test_the_heads_of_a_table_come_again_on_the_next_page_and_rows_stay_whole():
    table = opened().tables[1]
    assert table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
    assert all(row._tr.trPr.find(qn("w:cantSplit")) is not None for row in table.rows)
    assert [cell.paragraphs[0].alignment for cell in table.rows[1].cells] == [None, WD_ALIGN_PARAGRAPH.RIGHT]


def test_the_signature_never_stands_alone_on_a_page():
    lines = opened().paragraphs
    place = next(place for place, line in enumerate(lines) if line.text == "2026年11月28日")
    assert all(line.paragraph_format.keep_with_next for line in lines[place - 4 : place - 2])


def test_it_names_its_issuer_and_no_tool():
    about = opened().core_properties
    assert (about.author, about.title, about.comments) == ("花戏楼街道", "交办单", "")
