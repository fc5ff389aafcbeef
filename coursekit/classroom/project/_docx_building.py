"""Builds a .docx out of Markdown's tokens, with python-docx."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from coursekit.classroom.project import _docx_look as look
from coursekit.classroom.project._docx import GUIDANCE_MARK
from coursekit.classroom.project._docx_inline import clean
from coursekit.classroom.project._docx_styles import CODE_STYLE
from coursekit.classroom.project._markdown import _ANCHOR, _COMMENT, _GUIDANCE, _html_figures, heading_anchor
from coursekit.classroom.project.documents import Place

if TYPE_CHECKING:
    from markdown_it.token import Token

# XML has no way to write most control characters.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_NOWHERE = Place("", None, "")
_WIDEST_LIST = 8


def build(source: str, folder: Path) -> bytes:
    """The .docx of a Markdown text; figures are looked for in ``folder``."""
    from markdown_it import MarkdownIt

    tokens = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(source)
    builder = _Builder(folder, tokens)
    builder.build()
    made = io.BytesIO()
    builder.document.save(made)
    return made.getvalue()


class _Builder:
    def __init__(self, folder: Path, tokens: Sequence[Token]) -> None:
        self.folder = folder
        self.tokens = tokens
        self.document = look.blank()
        self.numbers = look.Numbers(self.document)
        self.ids = 0
        self.headings = self._heading_bookmarks()
        self.headed = 0

    def _heading_bookmarks(self) -> dict[str, str]:
        """The bookmark of each heading by its anchor: Word's names have no hyphens and 40 characters at most."""
        seen: Counter[str] = Counter()
        found: dict[str, str] = {}
        for token, inline in zip(self.tokens, self.tokens[1:], strict=False):
            if token.type == "heading_open":
                anchor = heading_anchor(_words(inline))
                repeated = seen[anchor]
                seen[anchor] += 1
                found[f"{anchor}-{repeated}" if repeated else anchor] = f"_h{len(found) + 1}"
        return found

    def build(self) -> None:
        """Go through the blocks in order."""
        lists: list[tuple[int, int]] = []  # the numbering and depth of each open list
        fresh, quoted = False, 0
        at = 0
        while at < len(self.tokens):
            token = self.tokens[at]
            kind = token.type
            if kind == "heading_open":
                self._heading(self.tokens[at + 1], int(token.tag[1]))
                at += 2
            elif kind == "table_open":
                end = next(n for n in range(at, len(self.tokens)) if self.tokens[n].type == "table_close")
                self._table(self.tokens[at:end])
                at = end
            elif kind in ("bullet_list_open", "ordered_list_open"):
                depth = min(len(lists), _WIDEST_LIST)
                start = int(token.attrs.get("start", 1)) if kind == "ordered_list_open" else None
                lists.append((self.numbers.start(start, depth), depth))
            elif kind in ("bullet_list_close", "ordered_list_close"):
                lists.pop()
            elif kind == "list_item_open":
                fresh = True
            elif kind in ("blockquote_open", "blockquote_close"):
                quoted += 1 if kind == "blockquote_open" else -1
            elif kind == "inline":
                self._text(token, lists[-1] if lists else None, fresh, quoted > 0)
                fresh = False
            elif kind in ("fence", "code_block"):
                self._code(token.content.rstrip("\n"))
            elif kind == "html_block":
                self._html(token.content)
            elif kind == "hr":
                look.rule(self.document.add_paragraph())
            at += 1

    def _heading(self, inline: Token, level: int) -> None:
        paragraph = self.document.add_paragraph(style=f"Heading {level}")
        self.headed += 1
        number = self._next()
        paragraph._p.append(look.element("w:bookmarkStart", {"w:id": number, "w:name": f"_h{self.headed}"}))
        self._inline(paragraph, inline)
        paragraph._p.append(look.element("w:bookmarkEnd", {"w:id": number}))

    def _text(self, token: Token, listed: tuple[int, int] | None, fresh: bool, quoted: bool) -> None:
        for guidance in _GUIDANCE.findall(token.content):
            self._guidance(guidance)
        words = _words(token)
        if words.startswith(GUIDANCE_MARK):
            self._guidance(words.removeprefix(GUIDANCE_MARK))
            return
        if not words and not any(child.type in ("image", "html_inline") for child in token.children or ()):
            return
        paragraph = self.document.add_paragraph(style="Quote" if quoted and not listed else None)
        if listed:
            self.numbers.use(paragraph, *listed, shown=fresh)
        self._inline(paragraph, token)

    def _guidance(self, text: str) -> None:
        if text := clean(text):
            paragraph = self.document.add_paragraph()
            look.guidance(paragraph, self._next(), f"{GUIDANCE_MARK} {_writable(text)}")

    def _code(self, text: str) -> None:
        paragraph = look.styled(self.document.add_paragraph(), CODE_STYLE)
        self._run(paragraph._p, text)
        look.styled(self.document.add_paragraph(), look.GAP_STYLE)  # two pieces of code that touch would be one

    def _html(self, source: str) -> None:
        for guidance in _GUIDANCE.findall(source):
            self._guidance(guidance)
        shown = _COMMENT.sub("", source)
        figures = _html_figures(shown, _NOWHERE)
        text = re.sub(r"<[^>]*>", " ", shown).strip()
        anchors = _ANCHOR.findall(shown)
        if text or figures or anchors:
            paragraph = self.document.add_paragraph()
            for name in anchors:
                self._bookmark(paragraph, name)
            self._run(paragraph._p, text)
            for figure in figures:
                self._figure(paragraph, figure.text, figure.target)

    def _table(self, tokens: Sequence[Token]) -> None:
        rows: list[list[Token]] = []
        for token in tokens:
            if token.type == "tr_open":
                rows.append([])
            elif token.type == "inline":
                rows[-1].append(token)
        width = max(map(len, rows))
        table = look.table(self.document, len(rows), [_widest(rows, column) for column in range(width)])
        for number, (row, cells) in enumerate(zip(rows, table.rows, strict=True)):
            for token, cell in zip(row, cells.cells, strict=False):
                paragraph = look.styled(cell.paragraphs[0], look.CELL_STYLE)
                self._inline(paragraph, token, bold=number == 0)
        look.styled(self.document.add_paragraph(), look.GAP_STYLE)  # Word joins two tables that touch

    def _inline(self, paragraph: Any, token: Token, *, bold: bool = False) -> None:
        """Text, links and figures of one block."""
        into = [paragraph._p]
        marks: Counter[str] = Counter({"strong": int(bold)})
        for child in token.children or ():
            kind = child.type
            if kind in ("text", "code_inline"):
                self._run(into[-1], child.content, marks, code=kind == "code_inline")
            elif kind == "softbreak":
                self._run(into[-1], " ", marks)
            elif kind == "hardbreak":
                self._run(into[-1], "\n", marks)
            elif kind == "image":
                alternative = "".join(one.content for one in child.children or ())
                self._figure(paragraph, alternative, str(child.attrs.get("src") or ""), into[-1])
            elif kind == "link_open":
                into.append(self._link(into[-1], str(child.attrs.get("href") or "")))
                marks["link"] += 1
            elif kind == "link_close":
                into.pop()
                marks["link"] -= 1
            elif kind == "html_inline":
                if child.content.lower().startswith("<br"):
                    self._run(into[-1], "\n", marks)
                for figure in _html_figures(child.content, _NOWHERE):
                    self._figure(paragraph, figure.text, figure.target, into[-1])
                for name in _ANCHOR.findall(child.content):
                    self._bookmark(paragraph, name)
            else:
                name, _, side = kind.rpartition("_")
                marks[name] += {"open": 1, "close": -1}.get(side, 0)

    def _run(self, parent: Any, text: str, marks: Counter[str] | None = None, *, code: bool = False) -> None:
        if text:
            parent.append(look.run(_writable(text), marks or Counter(), code=code))

    def _link(self, parent: Any, address: str) -> Any:
        from docx.opc.constants import RELATIONSHIP_TYPE

        address = _writable(address)
        if address.startswith("#"):
            name = unquote(address[1:])
            link = look.element("w:hyperlink", {"w:anchor": self.headings.get(name, name)})
        else:
            identity = self.document.part.relate_to(address, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
            link = look.element("w:hyperlink", {"r:id": identity})
        parent.append(link)
        return link

    def _figure(self, paragraph: Any, alternative: str, address: str, parent: Any = None) -> None:
        """A picture, carried along where it can be; else its address, so that a reader is told what is missing."""
        from docx.image.exceptions import InvalidImageStreamError, UnexpectedEndOfFileError, UnrecognizedImageError

        path = self.folder / unquote(address)
        run = paragraph.add_run()
        if parent is not None:
            parent.append(run._r)
        try:
            content = io.BytesIO(path.read_bytes())
            look.picture(run, content, _writable(alternative))
        except (
            OSError,
            ValueError,
            ZeroDivisionError,
            InvalidImageStreamError,
            UnexpectedEndOfFileError,
            UnrecognizedImageError,
        ):
            look.linked_picture(self.document, run, _writable(address), _writable(alternative), self._next())

    def _bookmark(self, paragraph: Any, name: str) -> None:
        number = self._next()
        paragraph._p.append(look.element("w:bookmarkStart", {"w:id": number, "w:name": _writable(name)}))
        paragraph._p.append(look.element("w:bookmarkEnd", {"w:id": number}))

    def _next(self) -> str:
        self.ids += 1
        return str(self.ids)


def _words(token: Token) -> str:
    """What Markdown's reader takes for the block's text."""
    from coursekit.classroom.project._markdown import _plain

    return _plain(token, _NOWHERE)[0]


def _writable(text: str) -> str:
    return _UNWRITABLE.sub("", text)


def _widest(rows: Sequence[Sequence[Token]], column: int) -> int:
    """How wide a column's text is, a Hangul syllable counting two."""
    texts = [_words(row[column]) for row in rows if column < len(row)]
    return max((sum(2 if ord(one) > 0x10FF else 1 for one in text) for text in texts), default=0)
