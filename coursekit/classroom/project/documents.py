"""A design document as its checks see it: sections, tables, links, each with its place."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from coursekit.classroom.project._front import front_entries

NOTE = re.compile(r"\((?:[^()]|\([^()]*\))*\)")
"""A note in parentheses; a hundred thousand that open and never close are read once each."""


class DocumentError(ValueError):
    """A file that cannot be read as a design document; the text names it and says what to do."""


@dataclass(frozen=True)
class Place:
    """Where something stands, said so that its author finds it.

    A finding without a place is an opinion: Markdown has lines, a document from Google Docs has
    none, so that there the section, the table and the row have to do.

    Examples
    --------
    >>> Place("doc.md", 42, "3. 목표와 지표", "표 1의 2행").told
    '3. 목표와 지표, 표 1의 2행 (42행)'
    """

    file: str
    """The file's name."""
    line: int | None
    """The line in Markdown, from 1; None in .docx."""
    section: str
    """The heading as written, empty before the first."""
    part: str = ""
    """What within the section, such as a table's row."""

    @property
    def told(self) -> str:
        """The place in Korean."""
        where = ", ".join(filter(None, (self.section, self.part))) or "문서 맨 앞"
        return f"{where} ({self.line}행)" if self.line is not None else where


@dataclass(frozen=True)
class Link:
    """A link or a figure."""

    text: str
    """What is read: the link's words, or the figure's alternative text."""
    target: str
    """Address, path, or ``#anchor``."""
    is_figure: bool
    """Whether it is a figure."""
    place: Place
    """Where it stands."""
    content: bytes | None = None
    """The picture itself, where the document carries it (.docx)."""


@dataclass(frozen=True)
class Block:
    """A paragraph, a list's item, a table, code, or guidance that the template left."""

    kind: str
    """``paragraph``, ``item``, ``table``, ``code`` or ``guidance``."""
    text: str
    """Plain text; of a table one line per row, cells parted by tabs."""
    place: Place
    """Where it begins."""
    rows: tuple[tuple[str, ...], ...] = ()
    """A table's cells, the header first."""
    row_places: tuple[Place, ...] = ()
    """The place of each row."""
    links: tuple[Link, ...] = ()
    """Links and figures in it."""


@dataclass(frozen=True)
class Row:
    """A table's row by the names of its columns."""

    cells: Mapping[str, str]
    """Text by column."""
    place: Place
    """Where it stands."""


@dataclass(frozen=True)
class Table:
    """A table by the names of its columns."""

    columns: tuple[str, ...]
    """The header's cells."""
    rows: tuple[Row, ...]
    """What is under the header; rows without any text are left out."""
    place: Place
    """Where the header stands."""

    def has(self, *columns: str) -> bool:
        """Whether it has these columns, in any order and beside others."""
        return set(columns) <= set(self.columns)


@dataclass(frozen=True)
class Section:
    """A heading with what stands under it, its subsections aside."""

    title: str
    """As written: ``3. 목표와 지표``."""
    name: str
    """Without its number: ``목표와 지표``."""
    level: int
    """1 is the document's title, 2 a section, 3 a part of one."""
    anchor: str
    """What a link inside of the document names."""
    place: Place
    """Where the heading stands."""
    blocks: tuple[Block, ...]
    """What stands under it."""


@dataclass(frozen=True)
class Document:
    r"""A design document, read from Markdown or from .docx into one form.

    Teams write in Google Docs or in git, and are measured alike: each check is written once and
    reads this.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "doc.md"
    >>> _ = path.write_text("# 병상 예측\n\n## 1. 개요\n\n응급실의 **빈 병상**을 예측한다.\n", encoding="utf-8")
    >>> document = read_document(path)
    >>> document.title, document.section("개요").blocks[0].text
    ('병상 예측', '응급실의 빈 병상을 예측한다.')
    """

    path: Path
    """The file."""
    sections: tuple[Section, ...]
    """All headings in order; text before the first stands in one without title, of level 0."""
    anchors: frozenset[str]
    """What ``#links`` can name."""

    @property
    def title(self) -> str:
        """The document's title, or its file's name."""
        return next((one.title for one in self.sections if one.level == 1), self.path.stem)

    def section(self, name: str) -> Section | None:
        """The section of this name, whatever number it bears."""
        wanted = plain_name(name)
        return next((one for one in self.sections if one.level == 2 and plain_name(one.name) == wanted), None)

    def within(self, name: str) -> tuple[Section, ...]:
        """A section with its subsections; empty if there is none of this name."""
        first = self.section(name)
        return self.whole(first) if first is not None else ()

    def whole(self, first: Section) -> tuple[Section, ...]:
        """One of the sections with its subsections."""
        start = next(at for at, one in enumerate(self.sections) if one is first)
        found = [first]
        for one in self.sections[start + 1 :]:
            if one.level <= first.level:
                break
            found.append(one)
        return tuple(found)

    def blocks(self, name: str) -> tuple[Block, ...]:
        """Everything that stands in a section and its subsections, in order."""
        return tuple(block for section in self.within(name) for block in section.blocks)

    def tables(self, name: str | None = None) -> tuple[Table, ...]:
        """The tables of a section, or of the whole document."""
        blocks = self.blocks(name) if name is not None else tuple(self._all_blocks())
        return tuple(as_table(block) for block in blocks if block.kind == "table" and block.rows)

    def holder(self, place: Place) -> Section | None:
        """The heading, of any level, under which a place lies."""
        found = None
        for section in self.sections:
            if place.line is not None and section.place.line is not None:
                found = section if section.place.line <= place.line else found
            elif section.title == place.section:
                return section
        return found

    @property
    def links(self) -> tuple[Link, ...]:
        """All links and figures in order."""
        return tuple(link for block in self._all_blocks() for link in block.links)

    @property
    def head(self) -> Mapping[str, str]:
        """What the table or the lines above the first section say: 팀, 팀원, 상태, 작성일, 최종 수정."""
        return {name: text for name, (text, _) in front_entries(self.front).items()}

    @property
    def front(self) -> tuple[Block, ...]:
        """The blocks above the first section, before the title and under it."""
        headings = [at for at, one in enumerate(self.sections) if one.level]
        titled = bool(headings) and self.sections[headings[0]].level == 1
        first = headings[titled] if len(headings) > titled else len(self.sections)
        return tuple(block for section in self.sections[:first] for block in section.blocks)

    @property
    def members(self) -> tuple[str, ...]:
        """The team's members, as the head table names them."""
        names = re.split(r"[,、，;/·\n]", self.head.get(plain_name("팀원"), ""))
        return tuple(name for raw in names if (name := person(raw)))

    def _all_blocks(self) -> Iterator[Block]:
        for section in self.sections:
            yield from section.blocks


def read_document(path: Path) -> Document:
    """Read a design document, Markdown or .docx.

    Both become one form, so that a team that moves from Google Docs to git is told the same.

    Parameters
    ----------
    path
        The file; its suffix says which reader it gets.

    Raises
    ------
    DocumentError
        If it is missing, of another kind, empty or damaged.

    Examples
    --------
    >>> read_document(Path("report.hwp"))
    Traceback (most recent call last):
    ...
    coursekit.classroom.project.documents.DocumentError: report.hwp: 읽을 수 있는 것은 .md와 .docx입니다. ...
    """
    suffix = path.suffix.lower()
    if suffix not in (".md", ".markdown", ".docx"):
        advice = "Google 문서에서는 파일 > 다운로드 > Microsoft Word(.docx)를 고르세요."
        raise DocumentError(f"{path}: 읽을 수 있는 것은 .md와 .docx입니다. {advice}")
    if not path.is_file():
        raise DocumentError(f"{path}: 파일이 없습니다. 경로를 확인하세요.")
    if suffix == ".docx":
        from coursekit.classroom.project._docx import read_docx

        return read_docx(path)
    from coursekit.classroom.project._markdown import read_markdown

    return read_markdown(path)


def as_table(block: Block) -> Table:
    """Give a table's block by the names of its columns.

    Whoever adds a column or changes their order has not changed what the table says.

    Parameters
    ----------
    block
        A block of kind ``table``.

    Examples
    --------
    >>> here = Place("doc.md", 1, "", "")
    >>> rows = (("ID", "목표"), ("G1", "빨리 찾는다"))
    >>> as_table(Block("table", "", here, rows, (here, here))).rows[0].cells["목표"]
    '빨리 찾는다'
    """
    columns = block.rows[0]
    pairs = zip(block.rows[1:], block.row_places[1:], strict=True)
    rows = [
        Row(dict(zip(columns, (*cells, *("",) * (len(columns) - len(cells))), strict=False)), place)
        for cells, place in pairs
        if any(cells)
    ]
    return Table(columns, tuple(rows), block.row_places[0])


def plain_name(heading: str) -> str:
    """Reduce a heading or a cell to what two writings of the same name share.

    ``3. 목표와 지표``, ``목표와  지표 (Goals)`` and ``목표와지표`` are one section to a reader.

    Parameters
    ----------
    heading
        As written.

    Examples
    --------
    >>> plain_name("3. 목표와 지표 (Goals)") == plain_name("목표와지표")
    True
    """
    text = unicodedata.normalize("NFKC", heading)
    text = without_number(text)
    text = NOTE.sub("", text)
    return re.sub(r"[\s*_`:]+", "", text).casefold()


def without_number(heading: str) -> str:
    """Take the number off a heading.

    Teams number by hand, by their editor, or not at all.

    Parameters
    ----------
    heading
        As written.

    Examples
    --------
    >>> without_number("3. 목표와 지표"), without_number("부록 A. 모델 카드")
    ('목표와 지표', '부록 A. 모델 카드')
    """
    return re.sub(r"^\s*(?:제\s*)?\d+(?:\.\d+)*\s*(?:장|절)?\s*[.)]?\s+", "", heading).strip() or heading.strip()


def person(raw: str) -> str:
    """Take a name out of a cell: no @, no role or number in parentheses.

    Owners are compared with the team's list, and people write roles beside names.

    Parameters
    ----------
    raw
        As written.

    Examples
    --------
    >>> person(" @김하늘(백엔드) ")
    '김하늘'
    """
    text = unicodedata.normalize("NFKC", raw)
    return NOTE.sub("", text).strip().strip("@*`_").strip()
