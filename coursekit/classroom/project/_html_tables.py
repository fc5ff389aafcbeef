"""Tables that stand as HTML in a Markdown document, as exports from Notion and others have them."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_ENDS = re.compile(r"</table\s*>", re.IGNORECASE)
_BEGINS = re.compile(r"<table\b", re.IGNORECASE)


def joined_tables(source: str) -> str:
    """Fill the blank lines within HTML tables, where Markdown would end them; no line is added or taken."""
    found = _BEGINS.search(source)
    if found is None:
        return source
    parts, at = [], 0
    while found is not None and (end := _ENDS.search(source, found.end())) is not None:
        inside = re.sub(r"(?m)^[ \t]*$", "<!---->", source[found.start() : end.end()])
        parts += [source[at : found.start()], inside]
        at = end.end()
        found = _BEGINS.search(source, at)
    return "".join((*parts, source[at:]))


class TableReader(HTMLParser):
    """Reads the tables of a piece of HTML: rows of cells as text, each with its line, and what stands outside."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[list[tuple[int, tuple[str, ...]]]] = []
        self.outside: list[str] = []
        self._depth = 0
        self._row: list[str] | None = None
        self._cell: list[str] | None = None
        self._line = 0
        self.feed(source)
        self.close()
        self._end_row()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a table, a row or a cell; a table within a cell is read as the cell's text."""
        if tag == "table":
            self._depth += 1
            if self._depth == 1:
                self.tables.append([])
        elif self._depth == 1 and tag == "tr":
            self._end_row()
            self._row, self._line = [], self.getpos()[0]
        elif self._depth == 1 and tag in ("td", "th") and self._row is not None:
            self._end_cell()
            self._cell = []
        elif tag in ("br", "p", "li", "div", "td", "th", "tr") and self._cell is not None:
            self._cell.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """End what began."""
        if tag == "table" and self._depth:
            if self._depth == 1:
                self._end_row()
            self._depth -= 1
        elif self._depth == 1 and tag == "tr":
            self._end_row()
        elif self._depth == 1 and tag in ("td", "th"):
            self._end_cell()

    def handle_data(self, data: str) -> None:
        """Keep text, in its cell or outside of tables."""
        if self._cell is not None:
            self._cell.append(re.sub(r"\s+", " ", data))
        elif not self._depth:
            self.outside.append(data)

    def _end_cell(self) -> None:
        if self._cell is not None and self._row is not None:
            lines = (" ".join(line.split()) for line in "".join(self._cell).split("\n"))
            self._row.append("\n".join(filter(None, lines)))
        self._cell = None

    def _end_row(self) -> None:
        self._end_cell()
        if self._row and self.tables:
            self.tables[-1].append((self._line, tuple(self._row)))
        self._row = None
