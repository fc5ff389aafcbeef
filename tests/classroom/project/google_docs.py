"""Makes .docx files as Google Docs exports them, from raw XML: the reader's and the counter's known truth.

What its exports look like, and what this repeats:

- every switch is written out (``<w:rtl w:val="0"/>``), every run keeps its blanks (``xml:space="preserve"``),
  every paragraph carries ``w:rsidR="00000000"``, paragraphs end in an empty run;
- runs, paragraphs, cells and whole tables are wrapped in content controls ``goog_rdk_N`` wherever somebody
  commented or suggested, or where a font was replaced;
- only the styles of the menu exist (``Title``, ``Heading1`` ...); ids of styles are written more than once;
  names of other styles are lost;
- links inside of the document go to bookmarks ``_heading=h.xxxxxxxx``; other links are relations;
- a reply is a comment of its own over the same text as the one it answers, with the time in UTC; newer exports
  say so in ``commentsExtended.xml``, older ones do not. Resolving leaves a reply ``_Marked as resolved_``;
- widths have a floating-point tail, cells are merged with ``gridSpan`` and ``vMerge``.
"""

from __future__ import annotations

import io
import random
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from coursekit.classroom.project.documents import Block, Document

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_SPACES = (
    f'xmlns:w="{W}" xmlns:r="{R}" xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml" '
    'xmlns:w15="http://schemas.microsoft.com/office/word/2012/wordml" '
    'xmlns:v="urn:schemas-microsoft-com:vml"'
)
_RSID = 'w:rsidR="00000000" w:rsidDel="00000000" w:rsidP="00000000" w:rsidRDefault="00000000" w:rsidRPr="00000000"'
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_END = '<w:r w:rsidDel="00000000" w:rsidR="00000000" w:rsidRPr="00000000"><w:rPr><w:rtl w:val="0"/></w:rPr></w:r>'
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001"
    "a5f645400000000049454e44ae426082"
)
"""A picture of one pixel."""


def run(text: str, *, properties: str = "") -> str:
    """A run; line ends are soft breaks."""
    pieces = '</w:t><w:br w:type="textWrapping"/><w:t xml:space="preserve">'.join(map(escape, text.split("\n")))
    return (
        '<w:r w:rsidDel="00000000" w:rsidR="00000000" w:rsidRPr="00000000">'
        f'<w:rPr>{properties}<w:rtl w:val="0"/></w:rPr><w:t xml:space="preserve">{pieces}</w:t></w:r>'
    )


def deleted(text: str) -> str:
    """A run of suggested deletion, to stand in ``suggestion``."""
    return f'<w:r><w:rPr><w:rtl w:val="0"/></w:rPr><w:delText xml:space="preserve">{escape(text)}</w:delText></w:r>'


def paragraph(*content: str, style: str = "", properties: str = "", mark: str = "") -> str:
    """A paragraph of runs, or of plain texts, which become runs; ``mark`` is how its end is written."""
    named = f"<w:pStyle w:val={quoteattr(style)}/>" if style else ""
    inside = "".join(one if one.startswith("<") else run(one) for one in content if one)
    return f"<w:p {_RSID}><w:pPr>{named}{properties}<w:rPr>{mark}</w:rPr></w:pPr>{inside}{_END}</w:p>"


def item(*content: str, level: int = 0) -> str:
    """An item of a list."""
    numbers = f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="1"/></w:numPr>'
    return paragraph(*content, properties=f'{numbers}<w:ind w:left="720.0000000000001" w:hanging="360"/>')


def cell(*content: str, span: int = 1, merge: str = "") -> str:
    """A cell of paragraphs or plain text; ``merge`` is ``restart`` or ``continue``."""
    merged = f'<w:vMerge w:val="{merge}"/>' if merge else ""
    inside = "".join(one if one.startswith("<w:") else paragraph(one) for one in content) or paragraph("")
    spans = f'<w:gridSpan w:val="{span}"/>' if span > 1 else ""
    return f'<w:tc><w:tcPr>{spans}{merged}<w:shd w:fill="auto" w:val="clear"/></w:tcPr>{inside}</w:tc>'


def table(*rows: tuple[str, ...] | list[str]) -> str:
    """A table of cells or plain texts."""
    columns = max(map(len, rows))
    grid = '<w:gridCol w:w="2210.0000000000005"/>' * columns
    body = "".join(
        '<w:tr><w:trPr><w:cantSplit w:val="0"/><w:tblHeader w:val="0"/></w:trPr>'
        + "".join(one if one.startswith("<w:") else cell(one) for one in row)
        + "</w:tr>"
        for row in rows
    )
    return f'<w:tbl><w:tblPr><w:tblStyle w:val="Table1"/></w:tblPr><w:tblGrid>{grid}</w:tblGrid>{body}</w:tbl>'


def footnote(number: int) -> str:
    """A mark of a footnote."""
    return f'<w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:footnoteReference w:id="{number}"/></w:r>'


def fraction(above: str, below: str) -> str:
    """An equation that is one fraction."""
    upper, lower = (f"<m:r><m:t>{escape(one)}</m:t></m:r>" for one in (above, below))
    return f"<m:oMath><m:f><m:num>{upper}</m:num><m:den>{lower}</m:den></m:f></m:oMath>"


@dataclass
class Export:
    """One document: what is added to it, and its bytes."""

    body: list[str] = field(default_factory=list)
    relations: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    extended: list[str] = field(default_factory=list)
    media: dict[str, bytes] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    controls: int = 0
    threads_told: bool = False
    """Whether commentsExtended.xml is there."""

    def add(self, *parts: str) -> Export:
        """Append paragraphs and tables."""
        self.body.extend(parts)
        return self

    def control(self, content: str) -> str:
        """The content control that Google Docs puts around nearly anything."""
        self.controls += 1
        tag = f'<w:id w:val="-{690844212 + self.controls}"/><w:tag w:val="goog_rdk_{self.controls - 1}"/>'
        return f"<w:sdt><w:sdtPr>{tag}</w:sdtPr><w:sdtContent>{content}</w:sdtContent></w:sdt>"

    def title(self, text: str) -> None:
        """The document's title, in the style of the menu."""
        self.add(paragraph(text, style="Title"))

    def heading(self, text: str, level: int = 1, *, bookmark: str = "") -> None:
        """A heading; with the bookmark that links inside of the document go to."""
        mark = f'<w:bookmarkStart w:colFirst="0" w:colLast="0" w:name="{bookmark}" w:id="0"/><w:bookmarkEnd w:id="0"/>'
        self.add(paragraph(mark if bookmark else "", text, style=f"Heading{level}"))

    def link(self, text: str, address: str) -> str:
        """A link; addresses that begin with # go to a bookmark."""
        inside = run(text, properties='<w:color w:val="1155cc"/><w:u w:val="single"/>')
        if address.startswith("#"):
            return f"<w:hyperlink w:anchor={quoteattr(address[1:])}>{inside}</w:hyperlink>"
        return f'<w:hyperlink r:id="{self._relate("hyperlink", address, external=True)}">{inside}</w:hyperlink>'

    def figure(self, alternative: str, content: bytes = PNG) -> str:
        """A picture in the text."""
        name = f"image{len(self.media) + 1}.png"
        self.media[name] = content
        identity = self._relate("image", f"media/{name}")
        return (
            f'<w:r><w:rPr/><w:drawing><wp:inline distB="114300" distT="114300"><wp:extent cx="5731200" cy="3225800"/>'
            f'<wp:docPr id="{len(self.media)}" descr={quoteattr(alternative)} name="{name}"/><a:graphic><a:graphicData '
            f'uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic><pic:nvPicPr><pic:cNvPr id="0" '
            f'name="{name}"/></pic:nvPicPr><pic:blipFill><a:blip r:embed="{identity}"/></pic:blipFill></pic:pic>'
            f"</a:graphicData></a:graphic></wp:inline></w:drawing></w:r>"
        )

    def comment(self, author: str, text: str, date: str, *, reply_to: int | None = None) -> int:
        """A comment; ``commented`` lays it over a text, and its replies over the same."""
        number = len(self.comments)
        paragraphs = text.split("\n")
        inside = "".join(
            f'<w:p {_RSID} w14:paraId="{number:06X}{at:02X}"><w:pPr><w:widowControl w:val="0"/></w:pPr>{run(one)}</w:p>'
            for at, one in enumerate(paragraphs)
        )
        said = f'w:author={quoteattr(author)} w:id="{number}" w:date="{date}"'
        self.comments.append(f"<w:comment {said}>{inside}</w:comment>")
        last = f"{number:06X}{len(paragraphs) - 1:02X}"
        parent = f' w15:paraIdParent="{reply_to:06X}00"' if reply_to is not None else ""
        self.extended.append(f'<w15:commentEx w15:paraId="{last}"{parent} w15:done="0"/>')
        return number

    def commented(self, content: str, *numbers: int) -> str:
        """Text under comments; several over the same text are a thread."""
        starts = "".join(self.control(f'<w:commentRangeStart w:id="{one}"/>') for one in numbers)
        ends = "".join(
            f'<w:commentRangeEnd w:id="{one}"/><w:r><w:commentReference w:id="{one}"/></w:r>' for one in numbers
        )
        return starts + (content if content.startswith("<") else run(content)) + ends

    def suggestion(self, kind: str, author: str, date: str, content: str) -> str:
        """A suggestion, ``ins`` or ``del``, in the control that Google Docs puts around it."""
        self.controls += 1
        said = f'w:author={quoteattr(author)} w:id="{self.controls}" w:date="{date}"'
        return self.control(f"<w:{kind} {said}>{content}</w:{kind}>")

    def note(self, text: str) -> str:
        """A footnote's mark."""
        self.notes.append(paragraph(text))
        return footnote(len(self.notes))

    def _relate(self, kind: str, target: str, *, external: bool = False) -> str:
        identity = f"rId{len(self.relations) + 10}"
        mode = ' TargetMode="External"' if external else ""
        kind = f"http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}"
        self.relations.append(f'<Relationship Id="{identity}" Type="{kind}" Target={quoteattr(target)}{mode}/>')
        return identity

    def parts(self) -> dict[str, bytes]:
        """The parts of the zip by name."""
        section = '<w:sectPr><w:pgSz w:h="16834" w:w="11909" w:orient="portrait"/></w:sectPr>'
        document = f"{_HEAD}<w:document {_SPACES}><w:body>{''.join(self.body)}{section}</w:body></w:document>"
        files = {"word/document.xml": document, "word/styles.xml": _styles(), "word/numbering.xml": _numbering()}
        self._relate("styles", "styles.xml")
        self._relate("numbering", "numbering.xml")
        self._relate("comments", "comments.xml")  # there even where nobody commented
        files["word/comments.xml"] = f"{_HEAD}<w:comments {_SPACES}>{''.join(self.comments)}</w:comments>"
        if self.threads_told:
            kind = "http://schemas.microsoft.com/office/2011/relationships/commentsExtended"
            self.relations.append(f'<Relationship Id="rIdEx" Type="{kind}" Target="commentsExtended.xml"/>')
            files["word/commentsExtended.xml"] = (
                f"{_HEAD}<w15:commentsEx {_SPACES}>{''.join(self.extended)}</w15:commentsEx>"
            )
        if self.notes:
            self._relate("footnotes", "footnotes.xml")
            notes = "".join(f'<w:footnote w:id="{n}">{one}</w:footnote>' for n, one in enumerate(self.notes, start=1))
            files["word/footnotes.xml"] = f"{_HEAD}<w:footnotes {_SPACES}>{notes}</w:footnotes>"
        space = "http://schemas.openxmlformats.org/package/2006/relationships"
        files["word/_rels/document.xml.rels"] = (
            f'{_HEAD}<Relationships xmlns="{space}">{"".join(self.relations)}</Relationships>'
        )
        kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
        files["_rels/.rels"] = (
            f'{_HEAD}<Relationships xmlns="{space}">'
            f'<Relationship Id="rId1" Type="{kind}" Target="word/document.xml"/></Relationships>'
        )
        files["[Content_Types].xml"] = _content_types(files)
        coded = {name: text.encode("utf-8") for name, text in files.items()}
        return coded | {f"word/media/{name}": content for name, content in self.media.items()}

    def content(self) -> bytes:
        """The file's bytes."""
        return zipped(self.parts())

    def write(self, path: Path) -> Path:
        """Write the file."""
        path.write_bytes(self.content())
        return path


def zipped(parts: dict[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Parts as a zip."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return made.getvalue()


def _styles() -> str:
    names = {"Normal": "normal", "Title": "Title", "Subtitle": "Subtitle"}
    names |= {f"Heading{level}": f"heading {level}" for level in range(1, 7)}
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="{key}"><w:name w:val="{name}"/><w:basedOn w:val="Normal"/></w:style>'
        for key, name in names.items()
    )
    again = '<w:style w:type="paragraph" w:styleId="Normal" w:default="1"><w:name w:val="normal"/></w:style>'
    tables = '<w:style w:type="table" w:styleId="Table1"><w:name w:val="Table1"/></w:style>'
    return f"{_HEAD}<w:styles {_SPACES}>{again}{styles}{again}{tables}{tables}</w:styles>"


def _numbering() -> str:
    level = '<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="bullet"/><w:lvlText w:val="●"/></w:lvl>'
    return (
        f'{_HEAD}<w:numbering {_SPACES}><w:abstractNum w:abstractNumId="1">{level}</w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="1"/></w:num></w:numbering>'
    )


def _content_types(files: dict[str, str]) -> str:
    space = "http://schemas.openxmlformats.org/package/2006/content-types"
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml"
    kinds = {"document": "document.main", "styles": "styles", "numbering": "numbering", "comments": "comments"}
    kinds |= {"footnotes": "footnotes", "commentsExtended": "commentsExtended"}
    told = "".join(
        f'<Override PartName="/{name}" ContentType="{kind}.{kinds[Path(name).stem]}+xml"/>'
        for name in files
        if Path(name).stem in kinds
    )
    return (
        f'{_HEAD}<Types xmlns="{space}"><Default Extension="png" ContentType="image/png"/>'
        '<Default Extension="xml" ContentType="application/xml"/><Default Extension="rels" '
        f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>{told}</Types>'
    )


def as_exported(document: Document, *, seed: int = 8) -> Export:
    """A document as it comes back from Google Docs: pasted there, commented on all over, and downloaded.

    The title has the style of the menu, sections are headings of depth 1, guidance has lost its style and its
    control; every other paragraph, table and run stands in a content control, and empty headings are left over.
    """
    chance = random.Random(seed)
    export = Export()
    marks = {section.anchor: f"_heading=h.{number:x}" for number, section in enumerate(document.sections)}

    def wrapped(content: str) -> str:
        return export.control(content) if chance.random() < 0.5 else content

    def runs(block: Block) -> list[str]:
        made, rest = [], block.text
        for link in block.links:
            before, found, after = rest.partition(link.text) if not link.is_figure else (rest, "", "")
            if found:
                target = f"#{marks.get(link.target[1:], 'gone')}" if link.target.startswith("#") else link.target
                made += [wrapped(run(before)) if before else "", wrapped(export.link(found, target))]
                rest = after
        made.append(wrapped(run(rest)) if rest else "")
        return made + [export.figure(link.text) for link in block.links if link.is_figure]

    for section in document.sections:
        if section.level == 1:
            export.title(section.title)
        elif section.level > 1:
            export.heading(section.title, section.level - 1, bookmark=marks[section.anchor])
        for block in section.blocks:
            if block.kind == "table":
                export.add(wrapped(table(*([wrapped(cell(one)) for one in row] for row in block.rows))))
            elif block.kind == "code":
                font = '<w:rFonts w:ascii="Roboto Mono" w:hAnsi="Roboto Mono"/>'
                lines = block.text.split("\n")
                export.add(*(paragraph(run(line, properties=font) if line else "", mark=font) for line in lines))
                export.add(paragraph(""))
            elif block.kind == "guidance":
                export.add(wrapped(paragraph(wrapped(run(f"[안내] {block.text}")))))
            else:
                export.add(wrapped((item if block.kind == "item" else paragraph)(*runs(block))))
        if chance.random() < 0.3:
            export.heading("", 2)
    return export
