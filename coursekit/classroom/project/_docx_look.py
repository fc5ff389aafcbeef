"""How a .docx of this course looks: A4, Malgun Gothic, tables with borders, grey guidance."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

from coursekit.classroom.project._docx_styles import CODE_STYLE, GUIDANCE_STYLE

CELL_STYLE = "표 글"
GAP_STYLE = "표 아래"
_CODE_WORDS = "코드 글자"
_LINK = "링크"
# Ids in ASCII, as every editor writes them; the names are what a team sees in the list of styles.
_IDS = {
    CELL_STYLE: "CellText",
    GAP_STYLE: "TableGap",
    CODE_STYLE: "CodeBlock",
    _CODE_WORDS: "CodeWords",
    _LINK: "LinkText",
    GUIDANCE_STYLE: "Guidance",
}
_FONT = "맑은 고딕"
_TEXT_WIDTH = 9026
"""The width between A4's margins, in twentieths of a point."""
_INK, _GREY, _BLUE, _LINE, _SHADE = "202124", "6B7280", "1A56DB", "9AA0A6", "EEF1F5"


def element(tag: str, attributes: Mapping[str, str] | None = None, *children: Any) -> Any:
    """An XML element such as ``w:hyperlink``."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    made = OxmlElement(tag)
    for name, value in (attributes or {}).items():
        made.set(qn(name), value)
    made.extend(children)
    return made


def blank() -> Any:
    """An empty document with the course's styles and no trace of when it was made."""
    from docx import Document
    from docx.enum.style import WD_STYLE_TYPE
    from docx.opc.constants import RELATIONSHIP_TYPE
    from docx.oxml.ns import qn
    from docx.shared import Cm, Pt, RGBColor

    document = Document()
    relations = document.part.package.rels
    for key in [key for key, one in relations.items() if one.reltype.endswith("/thumbnail")]:
        del relations[key]
    for key in [key for key, one in document.part.rels.items() if one.reltype == RELATIONSHIP_TYPE.CUSTOM_XML]:
        del document.part.rels[key]
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21.0), Cm(29.7)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Cm(2.54)
    _page_number(section.footer.paragraphs[0])

    properties = document.core_properties
    properties.author = properties.last_modified_by = "coursekit"
    properties.title = properties.comments = properties.keywords = properties.subject = ""
    properties.revision, properties.language = 1, "ko-KR"
    properties.created = properties.modified = datetime.datetime(2026, 1, 1)

    styles = document.styles
    for language in styles.element.iter(qn("w:lang")):
        language.set(qn("w:eastAsia"), "ko-KR")

    def dress(style: Any, size: float, *, color: str = _INK, bold: bool = False, italic: bool = False) -> None:
        style.font.size, style.font.bold, style.font.italic = Pt(size), bold, italic
        style.font.color.rgb = RGBColor.from_string(color)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        fonts.attrib.clear()  # a theme's font would win over the named one
        for script in ("ascii", "hAnsi", "eastAsia", "cs"):
            fonts.set(qn(f"w:{script}"), _FONT)

    def space(style: Any, before: float, after: float, *, line: float | None = None) -> None:
        style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(before), Pt(after)
        style.paragraph_format.line_spacing = line

    dress(styles["Normal"], 10)
    space(styles["Normal"], 0, 6, line=1.3)
    for level, (size, before) in enumerate(((20, 0), (14, 18), (11.5, 12), (10.5, 10), (10, 8), (10, 8)), start=1):
        dress(styles[f"Heading {level}"], size, bold=True)
        space(styles[f"Heading {level}"], before, 6)
    dress(styles["Quote"], 10, color=_GREY)
    styles["Quote"].paragraph_format.left_indent = Cm(0.8)

    paragraph, character = WD_STYLE_TYPE.PARAGRAPH, WD_STYLE_TYPE.CHARACTER
    for name, size in ((CELL_STYLE, 9), (GAP_STYLE, 5), (CODE_STYLE, 9)):
        style = styles.add_style(name, paragraph)
        style.base_style = styles["Normal"]
        dress(style, size)
        space(style, 1, 1 if name != CODE_STYLE else 8, line=1.15)
    for name, size, color in ((GUIDANCE_STYLE, 9.5, _GREY), (_CODE_WORDS, 9.5, _INK), (_LINK, 10, _BLUE)):
        dress(styles.add_style(name, character), size, color=color, italic=name == GUIDANCE_STYLE)
    styles[_LINK].font.underline = True
    styles[_LINK].font.size = None
    for name in (CODE_STYLE, _CODE_WORDS):
        fonts = styles[name].element.rPr.rFonts
        fonts.set(qn("w:ascii"), "Consolas")
        fonts.set(qn("w:hAnsi"), "Consolas")
    for name, identity in _IDS.items():
        styles[name].element.set(qn("w:styleId"), identity)
    shade = element("w:shd", {"w:val": "clear", "w:color": "auto", "w:fill": _SHADE})
    styles[CODE_STYLE].element.get_or_add_pPr().insert_element_before(
        shade, "w:tabs", "w:suppressAutoHyphens", "w:spacing", "w:ind", "w:jc", "w:outlineLvl"
    )
    return document


def run(text: str, marks: Counter[str], *, code: bool) -> Any:
    """A run; a line's end becomes a break."""
    properties = element("w:rPr")
    style = _CODE_WORDS if code else _LINK if marks["link"] else None
    if style:
        properties.append(element("w:rStyle", {"w:val": _IDS[style]}))
    properties.extend(
        element(tag) for name, tag in (("strong", "w:b"), ("em", "w:i"), ("s", "w:strike")) if marks[name] > 0
    )
    made = element("w:r")
    if len(properties):
        made.append(properties)
    for number, line in enumerate(text.split("\n")):
        if number:
            made.append(element("w:br"))
        for position, piece in enumerate(line.split("\t")):
            if position:
                made.append(element("w:tab"))
            if piece:
                words = element("w:t", {"xml:space": "preserve"})
                words.text = piece
                made.append(words)
    return made


def styled(paragraph: Any, style: str) -> Any:
    """A paragraph in one of this module's styles, by its id: python-docx searches all styles for a name."""
    paragraph._p.style = _IDS[style]
    return paragraph


def guidance(paragraph: Any, identity: str, text: str) -> None:
    """Text that Word takes away at the first key: a control that shows its placeholder and then dissolves."""
    words = run(text, Counter(), code=False)
    words.insert(0, element("w:rPr", None, element("w:rStyle", {"w:val": _IDS[GUIDANCE_STYLE]})))
    properties = element(
        "w:sdtPr",
        None,
        element("w:alias", {"w:val": GUIDANCE_STYLE}),
        element("w:tag", {"w:val": "guidance"}),
        element("w:id", {"w:val": str(700_000 + int(identity))}),
        element("w:temporary"),
        element("w:showingPlcHdr"),
    )
    paragraph._p.append(element("w:sdt", None, properties, element("w:sdtContent", None, words)))


def table(document: Any, rows: int, widths: Sequence[int]) -> Any:
    """A table with borders, as wide as the text; its first row is repeated on each page."""
    from docx.oxml.ns import qn
    from docx.shared import Twips

    made = document.add_table(rows, len(widths), style="Table Grid")
    made.autofit = False
    shares = [min(40, max(12, width + 3)) for width in widths]
    for column, share in zip(made.columns, shares, strict=True):
        column.width = Twips(_TEXT_WIDTH * share // sum(shares))
        for cell in column.cells:
            cell.width = column.width
    for border in made.style.element.iter(qn("w:top"), qn("w:left"), qn("w:bottom"), qn("w:right")):
        border.set(qn("w:color"), _LINE)
    for row in made.rows:
        row._tr.get_or_add_trPr().append(element("w:cantSplit"))  # half a requirement is easily misread
    made.rows[0]._tr.get_or_add_trPr().append(element("w:tblHeader"))
    for cell in made.rows[0].cells:
        shade = element("w:shd", {"w:val": "clear", "w:color": "auto", "w:fill": _SHADE})
        cell._tc.get_or_add_tcPr().append(shade)
    return made


def picture(run: Any, content: BinaryIO, alternative: str) -> None:
    """A picture with its alternative text, no wider than the text."""
    from docx.shared import Twips

    widest = Twips(_TEXT_WIDTH)
    shape = run.add_picture(content)
    if shape.width > widest:
        shape.height = int(shape.height * widest / shape.width)
        shape.width = widest
    shape._inline.docPr.set("descr", alternative)


def linked_picture(document: Any, run: Any, address: str, alternative: str, identity: str) -> None:
    """A picture that stays where it is, by its address."""
    from docx.opc.constants import RELATIONSHIP_TYPE
    from docx.oxml.ns import qn
    from docx.oxml.shape import CT_Inline
    from docx.shared import Cm

    relation = document.part.relate_to(address, RELATIONSHIP_TYPE.IMAGE, is_external=True)
    inline = CT_Inline.new_pic_inline(int(identity), relation, "figure", Cm(8), Cm(5))
    inline.docPr.set("descr", alternative)
    for blip in inline.iter(qn("a:blip")):
        del blip.attrib[qn("r:embed")]
        blip.set(qn("r:link"), relation)
    run._r.append(element("w:drawing", None, inline))


def rule(paragraph: Any) -> None:
    """A line across the page."""
    line = element("w:bottom", {"w:val": "single", "w:sz": "6", "w:space": "1", "w:color": _LINE})
    paragraph._p.get_or_add_pPr().append(element("w:pBdr", None, line))


class Numbers:
    """Lists of a document: each ordered list counts from its own start."""

    def __init__(self, document: Any) -> None:
        self._root = document.part.numbering_part.element
        for child in list(self._root):
            self._root.remove(child)
        self._kinds = {"bullet": "1", "decimal": "2", "none": "3"}
        for kind, number in self._kinds.items():
            self._root.append(self._abstract(number, kind))
        self._count = 0
        self._silent = self._new("none", 0, None)

    def start(self, first: int | None, depth: int) -> int:
        """Begin a list: ``first`` is its first number, or None for one of bullets."""
        return self._new("bullet" if first is None else "decimal", depth, first)

    def use(self, paragraph: Any, number: int, depth: int, *, shown: bool) -> None:
        """Put a paragraph into a list; later paragraphs of the same item show no number."""
        properties = paragraph._p.get_or_add_pPr().get_or_add_numPr()
        properties.get_or_add_ilvl().val = depth
        properties.get_or_add_numId().val = number if shown else self._silent

    def _new(self, kind: str, depth: int, first: int | None) -> int:
        self._count += 1
        number = element(
            "w:num",
            {"w:numId": str(self._count)},
            element("w:abstractNumId", {"w:val": self._kinds[kind]}),
        )
        if first is not None:
            start = element("w:startOverride", {"w:val": str(min(first, 32767))})
            number.append(element("w:lvlOverride", {"w:ilvl": str(depth)}, start))
        self._root.append(number)
        return self._count

    def _abstract(self, number: str, kind: str) -> Any:
        made = element(
            "w:abstractNum", {"w:abstractNumId": number}, element("w:multiLevelType", {"w:val": "multilevel"})
        )
        for depth in range(9):
            text = {"bullet": "•–▪"[depth % 3], "decimal": f"%{depth + 1}.", "none": ""}[kind]
            indent = {"w:left": str(360 * (depth + 1)), "w:hanging": "360" if kind != "none" else "0"}
            made.append(
                element(
                    "w:lvl",
                    {"w:ilvl": str(depth)},
                    element("w:start", {"w:val": "1"}),
                    element("w:numFmt", {"w:val": kind}),
                    element("w:lvlText", {"w:val": text}),
                    element("w:lvlJc", {"w:val": "left"}),
                    element("w:pPr", None, element("w:ind", indent)),
                )
            )
        return made


def _page_number(paragraph: Any) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    field = element("w:fldSimple", {"w:instr": "PAGE"}, run("1", Counter(), code=False))
    paragraph._p.append(field)
