"""What stands within a paragraph of a .docx: text, links, figures, and what is hidden from its reader.

Google Docs wraps runs in content controls (``goog_rdk_0``) wherever somebody commented or a font was
replaced; libraries that read only the direct children of a paragraph lose that text without a word.
Suggestions count as accepted: a team that edits in suggestion mode has written what it suggests.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import unquote

from coursekit.classroom.project._docx_package import Package, R, W, on
from coursekit.classroom.project.documents import Link, Place

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
WP = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
V = "{urn:schemas-microsoft-com:vml}"

GONE = frozenset({f"{W}del", f"{W}moveFrom", f"{W}pPr", f"{W}rPr", f"{W}sdtPr", f"{W}sdtEndPr", f"{W}rt"})
"""Elements whose content no reader sees."""
_NOTES = {f"{W}footnoteReference": "footnotes", f"{W}endnoteReference": "endnotes"}
_FIELD_LINK = re.compile(r'^\s*HYPERLINK\s+(?:(\\l)\s+)?"([^"]*)"(?:.*?\\l\s+"([^"]*)")?', re.DOTALL)
_MONOSPACED = frozenset(
    {"roboto mono", "courier new", "consolas", "source code pro", "menlo", "monaco", "d2coding", "nanumgothiccoding"}
)


class Inline:
    """Collects what one paragraph says."""

    def __init__(self, package: Package, relations: dict, place: Place, paragraph: Callable[[Element], str]) -> None:
        self.package = package
        self.relations = relations
        self.place = place
        self.paragraph = paragraph  # how a paragraph inside of a text box is read
        self.parts: list[str] = []
        self.guidance: list[str] = []
        self.links: list[Link] = []
        self.bookmarks: list[str] = []
        self.notes: list[tuple[str, str]] = []
        self.styles: set[str] = set()
        self.monospaced = True
        self._fields: list[tuple[list[str], int | None]] = []

    def walk(self, element: Element, *, placeholder: bool = False) -> None:
        """Read an element's children in order."""
        for child in element:
            tag = child.tag
            if tag in GONE:
                continue
            if tag == f"{W}r":
                self._run(child, placeholder)
            elif tag == f"{W}hyperlink":
                start = len(self.parts)
                self.walk(child, placeholder=placeholder)
                self._link(self._address(child), start)
            elif tag == f"{W}sdt":
                content = child.find(f"{W}sdtContent")
                if content is not None:
                    showing = on(child.find(f"{W}sdtPr/{W}showingPlcHdr"))
                    self.walk(content, placeholder=placeholder or showing)
            elif tag == f"{W}fldSimple":
                start = len(self.parts)
                self.walk(child, placeholder=placeholder)
                self._field(child.get(f"{W}instr") or "", start)
            elif tag == f"{W}bookmarkStart":
                self.bookmarks.append(child.get(f"{W}name") or "")
            elif tag.startswith(M):
                self.parts.append(_math(child))
            elif tag == f"{MC}AlternateContent":
                self._alternative(child)
            elif tag.startswith(W):  # ins, moveTo, smartTag, customXml, dir, bdo, ruby: content that is there
                self.walk(child, placeholder=placeholder)

    def _run(self, run: Element, placeholder: bool) -> None:
        properties = run.find(f"{W}rPr")
        fonts, style = None, ""
        if properties is not None:
            if on(properties.find(f"{W}vanish")):
                return
            named = properties.find(f"{W}rStyle")
            style = (named.get(f"{W}val") or "") if named is not None else ""
            fonts = properties.find(f"{W}rFonts")
        told = self.guidance if placeholder else self.parts
        before = len(self.parts)
        for child in run:
            tag = child.tag
            if tag == f"{W}fldChar":
                self._field_mark(child.get(f"{W}fldCharType"))
            elif tag == f"{W}instrText":
                if self._fields:
                    self._fields[-1][0].append(child.text or "")
            elif self._fields and self._fields[-1][1] is None:
                continue  # the field's code, not yet its text
            elif tag == f"{W}t":
                told.append(child.text or "")
            elif tag == f"{W}tab":
                told.append("\t")
            elif tag in (f"{W}br", f"{W}cr"):
                told.append("\n" if child.get(f"{W}type") in (None, "textWrapping") else "")
            elif tag == f"{W}noBreakHyphen":
                told.append("-")
            elif tag == f"{W}sym":
                told.append(_symbol(child.get(f"{W}char")))
            elif tag in _NOTES:
                self.notes.append((_NOTES[tag], child.get(f"{W}id") or ""))
            elif tag in (f"{W}drawing", f"{W}pict", f"{W}object"):
                self._figures(child)
                self._boxes(child)
            elif tag == f"{MC}AlternateContent":
                self._alternative(child)
            elif tag == f"{W}ruby":
                self.walk(child)
        if "".join(self.parts[before:]).strip():
            self.styles.add(style)
            font = (fonts.get(f"{W}ascii") or "").casefold() if fonts is not None else ""
            self.monospaced = self.monospaced and font in _MONOSPACED

    def _alternative(self, element: Element) -> None:
        """A drawing in two languages: Google Docs puts shapes into one and their picture into the other."""
        for want in (self._figures, self._boxes):
            for version in element:
                if want(version):
                    break

    def _figures(self, element: Element) -> bool:
        alternative = next((_told(one) for one in element.iter(f"{WP}docPr") if _told(one)), "")
        found = [(one, alternative) for one in element.iter(f"{A}blip")]
        found += [(one, one.get("title") or _of_shape(element)) for one in element.iter(f"{V}imagedata")]
        for picture, text in found:
            embedded = picture.get(f"{R}embed") or picture.get(f"{R}id")
            relation = self.relations.get(embedded or picture.get(f"{R}link") or "")
            if relation is None:
                self.links.append(Link(text, "", True, self.place))
            else:
                content = None if relation.external else self.package.part(relation.target)
                self.links.append(Link(text, unquote(relation.target), True, self.place, content))
        return bool(found)

    def _boxes(self, element: Element) -> bool:
        texts = [self.paragraph(one) for box in element.iter(f"{W}txbxContent") for one in box.iter(f"{W}p")]
        self.parts.extend(f"\n{text}" for text in texts if text)
        return any(texts)

    def _address(self, link: Element) -> str:
        relation = self.relations.get(link.get(f"{R}id") or "")
        anchor = link.get(f"{W}anchor") or link.get(f"{W}docLocation") or ""
        target = relation.target if relation is not None else ""
        return unquote(target) + (f"#{anchor}" if anchor and "#" not in target else "")

    def _link(self, target: str, start: int) -> None:
        text = "".join(self.parts[start:])
        if text.strip() or target:
            self.links.append(Link(text, target, False, self.place))

    def _field_mark(self, kind: str | None) -> None:
        if kind == "begin":
            self._fields.append(([], None))
        elif kind == "separate" and self._fields:
            self._fields[-1] = (self._fields[-1][0], len(self.parts))
        elif kind == "end" and self._fields:
            code, start = self._fields.pop()
            self._field("".join(code), len(self.parts) if start is None else start)

    def _field(self, code: str, start: int) -> None:
        if found := _FIELD_LINK.match(code):
            inside, address, anchor = found.groups()
            self._link(f"#{address}" if inside else unquote(address) + (f"#{anchor}" if anchor else ""), start)


def monospaced_end(paragraph: Element) -> bool:
    """Whether the end of a paragraph is written in a font of code: so are blank lines of code."""
    fonts = paragraph.find(f"{W}pPr/{W}rPr/{W}rFonts")
    return fonts is not None and (fonts.get(f"{W}ascii") or "").casefold() in _MONOSPACED


def clean(text: str) -> str:
    """Text as Markdown gives it: one blank where there are several, composed Hangul, no invisible characters."""
    text = unicodedata.normalize("NFC", re.sub("[\u00ad\u200b\u2060\ufeff]", "", text))
    return "\n".join(re.sub(r"[ \t\u00a0\u202f]+", " ", line).strip() for line in text.split("\n")).strip()


def _told(properties: Element) -> str:
    return (properties.get("descr") or properties.get("title") or "").strip()


def _of_shape(element: Element) -> str:
    return next((one.get("alt") or "" for one in element.iter(f"{V}shape")), "")


def _symbol(code: str | None) -> str:
    try:
        return chr(int(code or "", 16) & 0xFFFF)
    except ValueError:
        return ""


def _math(element: Element) -> str:
    """An equation on one line; a fraction keeps its bar, since its numbers may be computed anew."""
    if element.tag == f"{M}t":
        return element.text or ""
    if element.tag == f"{M}f":
        parts = [_math(one) if one is not None else "" for one in (element.find(f"{M}num"), element.find(f"{M}den"))]
        return "/".join(part if re.fullmatch(r"[\w.,]*", part) else f"({part})" for part in parts)
    raised = {f"{M}sup": "^", f"{M}sub": "_"}
    return "".join(raised.get(child.tag, "") + _math(child) for child in element if child.tag not in GONE)
