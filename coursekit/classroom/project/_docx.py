"""A .docx into a document: as Google Docs exports it, as Word and LibreOffice save it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from coursekit.classroom.project._docx_inline import GONE, MC, Inline, clean, monospaced_end
from coursekit.classroom.project._docx_package import Package, W, on
from coursekit.classroom.project._docx_styles import CODE, GUIDANCE, Styles
from coursekit.classroom.project._markdown import heading_anchor
from coursekit.classroom.project.documents import Block, Document, Link, Place, Section, plain_name, without_number

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

GUIDANCE_MARK = "[안내]"
"""How guidance begins, so that it is told from text after Google Docs has dropped the style's name."""

_SECTIONS = frozenset(
    plain_name(name)
    for name in (
        "개요|배경과 동기|목표와 지표|범위와 요구사항|데이터와 레이블|기초선|모델|서빙과 인프라|배포와 롤백|"
        "모니터링과 드리프트|보안과 개인정보|공정성과 위험|대안|일정과 역할|부록 A. 모델 카드|부록 B. ML Test Score"
    ).split("|")
)


def read_docx(path: Path) -> Document:
    """Read a .docx; raises DocumentError that names the file and what to do."""
    package = Package(path)
    return read_package(package, package.tree(package.main))[0]


def read_package(package: Package, root: Element | None) -> tuple[Document, list[tuple[int, Element, bool]]]:
    """A document, and the paragraphs that hold guidance: the number of their heading, and whether only guidance."""
    body = root.find(f"{W}body") if root is not None else None
    if body is None:
        raise package.error("본문이 없는 문서입니다. Google 문서에서 .docx로 다시 받으세요.")
    reader = _Reader(package)
    try:
        document = reader.read(body)
    except RecursionError:
        raise package.error("내용이 너무 깊게 겹쳐 있어 읽을 수 없습니다. Google 문서에서 다시 받으세요.") from None
    if not document.sections:
        raise package.error("빈 문서입니다.")
    shift = 0 if reader.parts[0].blocks else 1  # what stands above the first heading is a section only if it is there
    return document, [(number - shift, paragraph, alone) for number, paragraph, alone in reader.guided]


@dataclass
class _Part:
    """A heading as it stands in the file, and what follows it; which level it is shows when all are there."""

    title: str = ""
    depth: int | None = None  # 0 in the style "Title", 1 in "heading 1", ...; None before the first heading
    blocks: list[Block] = field(default_factory=list)
    bookmarks: list[str] = field(default_factory=list)
    tables: int = 0


class _Reader:
    def __init__(self, package: Package) -> None:
        self.package = package
        self.file = package.path.name
        self.styles = Styles(package)
        self.relations = package.relations(package.main)
        self.parts = [_Part()]
        self.bookmarks: set[str] = set()
        self.guided: list[tuple[int, Element, bool]] = []  # where guidance stands, and whether alone in its paragraph
        self.coding = False  # whether the paragraph before was code
        self.blank = 0  # lines of code without text since
        self.waiting: list[str] = []  # bookmarks between two paragraphs belong to the one that follows

    def read(self, body: Element) -> Document:
        self._blocks(body, placeholder=False)
        sections, anchors, renamed = self._sections()
        return Document(
            self.package.path,
            tuple(replace(one, blocks=tuple(_resolved(block, renamed) for block in one.blocks)) for one in sections),
            frozenset(anchors | self.bookmarks - {"_GoBack", ""}),
        )

    def _place(self, part: str = "") -> Place:
        return Place(self.file, None, self.parts[-1].title, part)

    def _blocks(self, element: Element, *, placeholder: bool) -> None:
        for child in element:
            tag = child.tag
            if tag == f"{W}p":
                self._paragraph(child, placeholder)
            elif tag == f"{W}tbl":
                self._table(child)
            elif tag == f"{W}bookmarkStart":
                self.waiting.append(child.get(f"{W}name") or "")
            elif tag == f"{W}sdt":
                gallery = child.find(f"{W}sdtPr/{W}docPartObj/{W}docPartGallery")
                content = child.find(f"{W}sdtContent")
                if content is None or (gallery is not None and gallery.get(f"{W}val") == "Table of Contents"):
                    continue  # a table of contents repeats the headings and says nothing
                self._blocks(content, placeholder=placeholder or on(child.find(f"{W}sdtPr/{W}showingPlcHdr")))
            elif tag == f"{MC}AlternateContent":
                self._blocks(child[0] if len(child) else child, placeholder=placeholder)
            elif tag.startswith(W) and tag not in GONE:
                self._blocks(child, placeholder=placeholder)

    def _inline(self, paragraph: Element, place: Place, *, placeholder: bool = False) -> Inline:
        found = Inline(self.package, self.relations, place, lambda one: clean("".join(_texts(one))))
        found.walk(paragraph, placeholder=placeholder)
        self.bookmarks.update(found.bookmarks)
        return found

    def _paragraph(self, paragraph: Element, placeholder: bool) -> None:
        style = self.styles.of(paragraph)
        if style.contents:
            return
        inline = self._inline(paragraph, self._place(), placeholder=placeholder)
        waiting, self.waiting = self.waiting, []
        self.bookmarks.update(waiting)
        text = "".join(inline.parts)
        told = clean(text)
        links = tuple(inline.links)
        coding = False
        if style.depth is not None and told:
            self.parts.append(_Part(told.replace("\n", " "), style.depth, bookmarks=[*waiting, *inline.bookmarks]))
            if links:
                here = self._place()
                self._add("paragraph", "", links=tuple(replace(link, place=here) for link in links))
        elif coding := style.kind == CODE or (inline.monospaced and bool(told) and not links):
            self._code(text.replace("\u00a0", " ").rstrip("\n"))
        elif coding := self.coding and not (told or links) and monospaced_end(paragraph):
            self.blank += 1
        else:
            if guidance := clean("".join(inline.guidance)):
                self._add(GUIDANCE, _unmarked(guidance))
            marked = told.startswith(GUIDANCE_MARK) or style.kind == GUIDANCE
            marked = marked or (bool(inline.styles) and inline.styles <= self.styles.guidance)
            kind = GUIDANCE if marked else "item" if style.listed else "paragraph"
            if guidance or (marked and told):
                self.guided.append((len(self.parts) - 1, paragraph, marked or not (told or links)))
            self._add(kind, _unmarked(told) if marked else told, links=links)
        self.coding = coding
        self._notes(inline)

    def _add(self, kind: str, text: str, *, part: str = "", links: tuple[Link, ...] = ()) -> None:
        if text or links:
            self.parts[-1].blocks.append(Block(kind, text, self._place(part), links=links))

    def _code(self, text: str) -> None:
        """Lines of code: one paragraph each in Google Docs."""
        blocks = self.parts[-1].blocks
        if self.coding and blocks and blocks[-1].kind == CODE:
            blocks[-1] = replace(blocks[-1], text=blocks[-1].text + "\n" * (self.blank + 1) + text)
        else:
            self._add(CODE, text)
        self.blank = 0

    def _notes(self, inline: Inline) -> None:
        for kind, number in inline.notes:
            name = self.package.related(kind)
            root = self.package.tree(name) if name else None
            note = next((one for one in root if one.get(f"{W}id") == number), None) if root is not None else None
            if note is None:
                continue
            relations, self.relations = self.relations, self.package.relations(name)
            found = [self._inline(one, self._place("각주")) for one in note.iter(f"{W}p")]
            self.relations = relations
            text = clean("\n".join("".join(one.parts) for one in found))
            self._add("paragraph", text, part="각주", links=tuple(link for one in found for link in one.links))

    def _table(self, table: Element) -> None:
        self.coding = False
        part = self.parts[-1]
        part.tables += 1
        rows: list[tuple[str, ...]] = []
        places: list[Place] = []
        links: list[Link] = []
        above: dict[int, str] = {}
        for row in _rows(table):
            place = self._place(f"표 {part.tables}의 {len(rows)}행" if rows else f"표 {part.tables}")
            cells = [""] * _number(row.find(f"{W}trPr/{W}gridBefore"), 0)
            for cell in _descend(row, f"{W}tc"):
                at, span = len(cells), _number(cell.find(f"{W}tcPr/{W}gridSpan"), 1)
                merged = cell.find(f"{W}tcPr/{W}vMerge")
                if merged is not None and merged.get(f"{W}val") != "restart":
                    text = above.get(at, "")  # a cell over several rows says the same in each of them
                else:
                    text, found = self._cell(cell, place)
                    links.extend(found)
                above[at] = text
                cells.extend([text] * span)
            rows.append(tuple(cells))
            places.append(place)
        if not any(any(row) for row in rows) and not links:
            part.tables -= 1
            return
        width = max(map(len, rows))
        squared = tuple((*row, *("",) * (width - len(row))) for row in rows)
        text = "\n".join("\t".join(row) for row in squared)
        part.blocks.append(Block("table", text, places[0], squared, tuple(places), tuple(links)))

    def _cell(self, cell: Element, place: Place) -> tuple[str, list[Link]]:
        lines: list[str] = []
        links: list[Link] = []
        for paragraph, placeholder in _paragraphs(cell, False):
            inline = self._inline(paragraph, place, placeholder=placeholder)
            lines.append("".join(inline.parts))  # a control that shows its placeholder is not filled
            links.extend(inline.links)
        return clean("\n".join(line for line in lines if clean(line))), links

    def _sections(self) -> tuple[list[Section], set[str], dict[str, str]]:
        shift = self._shift()
        seen: Counter[str] = Counter()
        sections: list[Section] = []
        anchors: set[str] = set()
        renamed: dict[str, str] = {}
        for part in self.parts:
            if part.depth is None:
                if part.blocks:
                    sections.append(Section("", "", 0, "", Place(self.file, None, ""), tuple(part.blocks)))
                continue
            level = max(1, part.depth + shift) if part.depth else 1
            anchor = heading_anchor(part.title)
            repeated = seen[anchor]
            seen[anchor] += 1
            anchor = f"{anchor}-{repeated}" if repeated else anchor
            anchors.add(anchor)
            renamed.update((name, anchor) for name in part.bookmarks)
            place = Place(self.file, None, part.title)
            name = without_number(part.title)
            sections.append(Section(part.title, name, level, anchor, place, tuple(part.blocks)))
        return sections, anchors, renamed

    def _shift(self) -> int:
        """How far the headings' depth is from the level they have in a design document.

        With the style "Title" for the title, sections are "heading 1"; without, the title is "heading 1". Where
        the course's sections stand decides; where none is named, whether there is a title.
        """
        known = Counter(one.depth for one in self.parts if one.depth and plain_name(one.title) in _SECTIONS)
        if known:
            return 2 - max(known, key=lambda depth: (known[depth], -depth))
        depths = [one.depth for one in self.parts if one.depth]
        if any(one.depth == 0 for one in self.parts) and depths:
            return 2 - min(depths)
        return 0


def _resolved(block: Block, renamed: dict[str, str]) -> Block:
    """Links to a heading's bookmark name the heading, as they do in Markdown."""

    def target(link: Link) -> Link:
        head, hash_, name = link.target.rpartition("#")
        if head or not hash_ or link.is_figure:
            return link
        anchor = renamed.get(name) or renamed.get(f"_{name}")
        return replace(link, target=f"#{anchor}") if anchor else link

    return replace(block, links=tuple(map(target, block.links))) if block.links else block


def _unmarked(guidance: str) -> str:
    return guidance.removeprefix(GUIDANCE_MARK).strip()


def _texts(paragraph: Element) -> Iterator[str]:
    for child in paragraph:
        if child.tag == f"{W}t":
            yield child.text or ""
        elif child.tag not in GONE:
            yield from _texts(child)


def _descend(element: Element, wanted: str) -> Iterator[Element]:
    """Children of a kind, through content controls and accepted suggestions."""
    for child in element:
        if child.tag == wanted:
            yield child
        elif child.tag in (f"{W}sdt", f"{W}sdtContent", f"{W}ins", f"{W}moveTo", f"{W}customXml"):
            yield from _descend(child, wanted)


def _rows(table: Element) -> Iterator[Element]:
    return (row for row in _descend(table, f"{W}tr") if row.find(f"{W}trPr/{W}del") is None)


def _paragraphs(element: Element, placeholder: bool) -> Iterator[tuple[Element, bool]]:
    """The paragraphs of a cell, those of tables within it too, and whether a control shows its placeholder."""
    for child in element:
        if child.tag == f"{W}p":
            yield child, placeholder
        elif child.tag not in GONE and child.tag != f"{W}tcPr":
            showing = child.tag == f"{W}sdt" and on(child.find(f"{W}sdtPr/{W}showingPlcHdr"))
            yield from _paragraphs(child, placeholder or showing)


def _number(element: Element | None, otherwise: int) -> int:
    try:
        return min(63, max(1, int(element.get(f"{W}val") or ""))) if element is not None else otherwise
    except ValueError:
        return otherwise
