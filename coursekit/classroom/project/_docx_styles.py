"""What the styles of a .docx say about a paragraph: heading, list, code, guidance."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from coursekit.classroom.project._docx_package import Package, W

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

CODE = "code"
GUIDANCE = "guidance"
GUIDANCE_STYLE = "안내"
"""The name of the style in which the template tells what to write."""
CODE_STYLE = "코드"
"""The name of the style of code."""

# Word stores its own styles under English names in every language; LibreOffice and Korean add-ins do not.
_HEADING = re.compile(r"^(?:heading|제목|개요)\s*([1-9])$", re.IGNORECASE)
_CODES = frozenset({CODE_STYLE, "code", "source code", "html preformatted", "preformatted text", "macro text"})


@dataclass(frozen=True)
class Style:
    """What a paragraph is, by its style and its own properties."""

    depth: int | None = None
    """0 for the document's title, 1 to 9 for headings."""
    kind: str = ""
    """``code``, ``guidance`` or empty."""
    listed: bool = False
    """Whether it is a list's item."""
    contents: bool = False
    """Whether it is a line of a table of contents."""


class Styles:
    """The styles of one document."""

    def __init__(self, package: Package) -> None:
        self._styles: dict[str, Element] = {}
        self.guidance: set[str] = set()
        name = package.related("styles")
        root = package.tree(name) if name else None
        for style in root.iter(f"{W}style") if root is not None else ():
            key = style.get(f"{W}styleId") or ""
            self._styles.setdefault(key, style)  # Google Docs repeats ids; the first has the definition
            if _name(style).split(" ")[0] == GUIDANCE_STYLE:
                self.guidance.add(key)
        self._known: dict[str, Style] = {}

    def of(self, paragraph: Element) -> Style:
        """What a paragraph is."""
        properties = paragraph.find(f"{W}pPr")
        if properties is None:
            return Style()
        named = properties.find(f"{W}pStyle")
        key = (named.get(f"{W}val") or "") if named is not None else ""
        if key not in self._known:
            self._known[key] = self._read(key)
        style = self._known[key]
        own = _outline(properties)
        numbered = _numbered(properties)
        return Style(
            own if own is not None and style.depth is None else style.depth,
            style.kind,
            style.listed if numbered is None else numbered,
            style.contents,
        )

    def _read(self, key: str) -> Style:
        """Follow a style to those it is based on."""
        depth: int | None = None
        listed: bool | None = None
        kind, contents = "", False
        seen: set[str] = set()
        while key and key not in seen:
            seen.add(key)
            style = self._styles.get(key)
            name = _name(style) if style is not None else key.casefold()
            if depth is None:
                heading = _HEADING.match(name)
                title = name in ("title", "제목") or (style is None and key == "Title")
                depth = 0 if title else int(heading[1]) if heading else None
            kind = kind or (CODE if name in _CODES else GUIDANCE if key in self.guidance else "")
            contents = contents or bool(re.match(r"^(?:toc|목차) (?:[1-9]|heading)$", name))
            properties = style.find(f"{W}pPr") if style is not None else None
            if properties is not None:
                depth = _outline(properties) if depth is None else depth
                listed = _numbered(properties) if listed is None else listed
            based = style.find(f"{W}basedOn") if style is not None else None
            key = (based.get(f"{W}val") or "") if based is not None else ""
        return Style(depth, kind, bool(listed) and depth is None, contents)


def _name(style: Element) -> str:
    name = style.find(f"{W}name")
    return ((name.get(f"{W}val") or "") if name is not None else "").casefold()


def _outline(properties: Element) -> int | None:
    """The depth that an outline level gives: 0 is the first level of headings, 9 is text."""
    level = properties.find(f"{W}outlineLvl")
    value = level.get(f"{W}val") if level is not None else None
    return int(value) + 1 if value is not None and value.isdigit() and int(value) < 9 else None


def _numbered(properties: Element) -> bool | None:
    """Whether a paragraph is in a list; None if nothing is said, since its style may say it."""
    numbers = properties.find(f"{W}numPr")
    if numbers is None:
        return None
    number = numbers.find(f"{W}numId")
    return number is not None and number.get(f"{W}val") not in (None, "0")
