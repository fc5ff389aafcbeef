"""Markdown into a document, each block with its line."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from coursekit.classroom.project._html_tables import TableReader, joined_tables
from coursekit.classroom.project.documents import (
    Block,
    Document,
    DocumentError,
    Link,
    Place,
    Section,
    without_number,
)

if TYPE_CHECKING:
    from markdown_it.token import Token

_GUIDANCE = re.compile(r"<!--\s*안내\s*:?(.*?)-->", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_ANCHOR = re.compile(r"""<a\s[^<>]*?\b(?:id|name)\s*=\s*["']([^"'<>]+)["']""", re.IGNORECASE)
_MOST_UNCLOSED = 500
_IMAGE = re.compile(r"<img\s[^<>]*>", re.IGNORECASE)
_ATTRIBUTE = r"""{}\s*=\s*["']([^"']*)["']"""


def read_markdown(path: Path) -> Document:
    """Read GitHub's Markdown: tables, links, figures, HTML comments as guidance."""
    from markdown_it import MarkdownIt

    try:
        source = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise DocumentError(f"{path}: 열 수 없습니다({error.strerror}). 읽을 권한이 있는지 확인하세요.") from None
    except UnicodeDecodeError as error:
        raise DocumentError(
            f"{path}: UTF-8이 아닌 글자가 {error.start}번째 바이트에 있습니다. 편집기에서 UTF-8로 저장하세요."
        ) from None
    if not source.strip():
        raise DocumentError(f"{path}: 빈 파일입니다.")
    source = unicodedata.normalize("NFC", source)  # macOS writes Hangul taken apart; lines stay where they are
    _refuse_endless_links(path, source)
    tokens = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(joined_tables(source))
    return _Reader(path).read(tokens)


def _refuse_endless_links(path: Path, source: str) -> None:
    """Each [ and ]( that nothing closes is sought to the paragraph's end: a thousand of them cost minutes."""
    line = 1
    for paragraph in re.split(r"(\n[ \t]*\n)", source):
        unclosed = max(paragraph.count("[") - paragraph.count("]"), paragraph.count("](") - paragraph.count(")"))
        if unclosed > _MOST_UNCLOSED:
            raise DocumentError(
                f"{path}: {line}행에서 시작하는 문단에 닫지 않은 [나 (가 {unclosed:,}개 있습니다. 그 문단을 고치세요."
            )
        line += paragraph.count("\n")


def heading_anchor(title: str) -> str:
    """The anchor that GitHub gives a heading."""
    kept = "".join(one for one in title.strip().lower() if one in " -_" or unicodedata.category(one)[0] in "LNM")
    return kept.replace(" ", "-")


class _Reader:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.sections: list[Section] = []
        self.blocks: list[Block] = []
        self.heading: tuple[str, int, Place, str] = ("", 0, Place(path.name, 1, ""), "")
        self.anchors: set[str] = set()
        self.seen: Counter[str] = Counter()
        self.tables = 0

    def read(self, tokens: Sequence[Token]) -> Document:
        at, items = 0, 0
        while at < len(tokens):
            token = tokens[at]
            if token.type == "heading_open":
                self._open(tokens[at + 1], int(token.tag[1]))
                at += 3
                continue
            if token.type == "table_open":
                end = next(n for n in range(at, len(tokens)) if tokens[n].type == "table_close")
                self._table(tokens[at:end])
                at = end + 1
                continue
            if token.type in ("list_item_open", "list_item_close"):
                items += 1 if token.type == "list_item_open" else -1
            elif token.type == "inline":
                self._text(token, "item" if items else "paragraph")
            elif token.type in ("fence", "code_block"):
                self._add("code", token.content.rstrip("\n"), token)
            elif token.type == "html_block":
                self._html(token)
            at += 1
        self._close()
        return Document(self.path, tuple(self.sections), frozenset(self.anchors))

    def _place(self, line: int | None, part: str = "") -> Place:
        return Place(self.path.name, line, self.heading[0], part)

    def _open(self, inline: Token, level: int) -> None:
        self._close()
        title, links = _plain(inline, self._place(_line(inline)))
        anchor = heading_anchor(title)
        repeated = self.seen[anchor]
        self.seen[anchor] += 1
        anchor = f"{anchor}-{repeated}" if repeated else anchor
        self.anchors.add(anchor)
        self.anchors.update(_ANCHOR.findall(inline.content))
        self.heading = (title, level, Place(self.path.name, _line(inline), title), anchor)
        self.tables = 0
        if links:
            self.blocks.append(Block("paragraph", "", self._place(_line(inline)), links=links))

    def _close(self) -> None:
        title, level, place, anchor = self.heading
        if level or self.blocks:
            self.sections.append(Section(title, without_number(title), level, anchor, place, tuple(self.blocks)))
        self.blocks = []

    def _add(self, kind: str, text: str, token: Token, links: tuple[Link, ...] = ()) -> None:
        if text.strip() or links:
            self.blocks.append(Block(kind, text, self._place(_line(token)), links=links))

    def _text(self, token: Token, kind: str) -> None:
        self.anchors.update(_ANCHOR.findall(token.content))
        for guidance in _GUIDANCE.findall(_closed(token.content)):
            self._add("guidance", guidance.strip(), token)
        text, links = _plain(token, self._place(_line(token)))
        marked = text.startswith("[안내]")
        self._add("guidance" if marked else kind, text.removeprefix("[안내]").strip() if marked else text, token, links)

    def _html(self, token: Token) -> None:
        self.anchors.update(_ANCHOR.findall(token.content))
        for guidance in _GUIDANCE.findall(_closed(token.content)):
            self._add("guidance", guidance.strip(), token)
        closed = _closed(token.content)
        shown = _COMMENT.sub("", closed) + token.content[len(closed) :]
        figures = _html_figures(shown, self._place(_line(token)))
        if "<table" not in shown.lower():
            self._add("paragraph", re.sub(r"<[^<>]*>", " ", shown).strip(), token, figures)
            return
        found = TableReader(token.content)
        self._add("paragraph", " ".join("".join(found.outside).split()), token, figures)
        for table in found.tables:
            if table:
                self._html_table(table, _line(token) or 1)

    def _html_table(self, table: Sequence[tuple[int, tuple[str, ...]]], first: int) -> None:
        self.tables += 1
        width = max(len(cells) for _, cells in table)
        rows = tuple((*cells, *("",) * (width - len(cells))) for _, cells in table)
        parts = [f"표 {self.tables}", *(f"표 {self.tables}의 {at}행" for at in range(1, len(rows)))]
        places = tuple(self._place(first + line - 1, part) for (line, _), part in zip(table, parts, strict=True))
        text = "\n".join("\t".join(row) for row in rows)
        self.blocks.append(Block("table", text, places[0], rows, places))

    def _table(self, tokens: Sequence[Token]) -> None:
        self.tables += 1
        rows: list[tuple[str, ...]] = []
        places: list[Place] = []
        cells: list[str] = []
        links: list[Link] = []
        place = self._place(_line(tokens[0]), f"표 {self.tables}")
        for token in tokens:
            if token.type == "tr_open":
                cells = []
                part = f"표 {self.tables}의 {len(rows)}행" if rows else f"표 {self.tables}"
                place = self._place(_line(token), part)
            elif token.type == "inline":
                text, found = _plain(token, place)
                self.anchors.update(_ANCHOR.findall(token.content))
                cells.append(text)
                links.extend(found)
            elif token.type == "tr_close":
                rows.append(tuple(cells))
                places.append(place)
        text = "\n".join("\t".join(row) for row in rows)
        self.blocks.append(Block("table", text, places[0], tuple(rows), tuple(places), tuple(links)))


def _closed(text: str) -> str:
    """The text up to its last comment's end: beyond it each ``<!--`` would be sought to the end in vain."""
    return text[: text.rfind("-->") + 3] if "-->" in text else ""


def _line(token: Token) -> int | None:
    return token.map[0] + 1 if token.map else None


def _plain(token: Token, place: Place) -> tuple[str, tuple[Link, ...]]:
    """The text that a reader sees, and the links in it."""
    parts: list[str] = []
    links: list[Link] = []
    opened: list[tuple[str, int]] = []
    for child in token.children or ():
        if child.type in ("text", "code_inline"):
            parts.append(child.content)
        elif child.type in ("softbreak", "hardbreak"):
            parts.append("\n")
        elif child.type == "image":
            alternative = "".join(one.content for one in child.children or ())
            links.append(Link(alternative, _target(child.attrs.get("src")), True, place))
        elif child.type == "link_open":
            opened.append((_target(child.attrs.get("href")), len(parts)))
        elif child.type == "link_close":
            target, start = opened.pop()
            links.append(Link("".join(parts[start:]), target, False, place))
        elif child.type == "html_inline":
            links.extend(_html_figures(child.content, place))
            if child.content.lower().startswith("<br"):
                parts.append("\n")
    lines = (re.sub(r"[ \t\u00a0]+", " ", line).strip() for line in "".join(parts).split("\n"))
    return "\n".join(lines).strip(), tuple(links)


def _target(address: Any) -> str:
    return unquote(str(address or ""))


def _html_figures(source: str, place: Place) -> tuple[Link, ...]:
    found = []
    for tag in _IMAGE.findall(source):
        attributes = [re.search(_ATTRIBUTE.format(name), tag, re.IGNORECASE) for name in ("alt", "src")]
        text, target = (one.group(1) if one else "" for one in attributes)
        found.append(Link(text, unquote(target), True, place))
    return tuple(found)
