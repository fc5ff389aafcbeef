"""The template's guidance taken out of the sections that a team has filled."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any

from coursekit.classroom.project._docx_inline import GONE
from coursekit.classroom.project._docx_package import Package, W, on
from coursekit.classroom.project.documents import Document, read_document

_GUIDANCE = re.compile(r"<!--\s*안내\s*:?.*?-->", re.DOTALL)
_LINE = re.compile(r"\r\n|\r|\n")
_TEXTS = frozenset({f"{W}r", f"{W}hyperlink", f"{W}sdt", f"{W}ins", f"{W}smartTag", f"{W}fldSimple"})
_ANCHORS = tuple(
    f"{W}{name}"
    for name in (
        "bookmarkStart",
        "bookmarkEnd",
        "commentRangeStart",
        "commentRangeEnd",
        "commentReference",
        "footnoteReference",
    )
)
"""What other parts of the file point to; without it a comment or a link loses its place."""


def without_guidance(document_path: Path) -> bytes:
    r"""Give a document's bytes without the guidance of the sections that are filled.

    Guidance helps until a section says something; what is handed in is read by people who have no use for it. A
    section that says nothing yet keeps its guidance. Everything else stays as it is, byte for byte in Markdown
    and in every other part of a .docx.

    Parameters
    ----------
    document_path
        The document, .md or .docx; it is read, not changed.

    Returns
    -------
    bytes
        The document to write; the same bytes if there is nothing to take out.

    Raises
    ------
    DocumentError
        If the document cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "doc.md"
    >>> written = "구급대원이 병원을 고를 때 20분 뒤의 빈 병상을 보여 준다. 성공은 거절당한 이송의 비율로 판단한다."
    >>> text = f"# 문서\n\n## 개요\n\n<!-- 안내: 누가 쓰는지. -->\n\n{written}\n\n## 대안\n\n<!-- 안내: 왜. -->\n"
    >>> _ = path.write_text(text, encoding="utf-8")
    >>> tidy = without_guidance(path).decode()
    >>> "누가 쓰는지" in tidy, "왜" in tidy
    (False, True)
    """
    if document_path.suffix.lower() == ".docx":
        return _docx_without(document_path)
    return _markdown_without(document_path)


def _filled(document: Document) -> list[bool]:
    """For each heading whether the section it belongs to, with its parts, says something."""
    from coursekit.classroom.project.rules.sections import _has_holes, _is_written

    units: list[list[int]] = []
    for number, section in enumerate(document.sections):
        if not units or section.level == 2 or (section.level == 1 and document.sections[number - 1].level >= 2):
            units.append([])
        units[-1].append(number)
    answers = [False] * len(document.sections)
    for unit in units:
        blocks = [block for number in unit for block in document.sections[number].blocks]
        written = _is_written(blocks) and not _has_holes(blocks)
        for number in unit:
            answers[number] = written
    return answers


def _markdown_without(path: Path) -> bytes:
    from markdown_it import MarkdownIt

    document = read_document(path)
    filled = _filled(document)
    source = path.read_bytes().decode("utf-8")  # with its byte order mark and its line ends
    starts = [0, *(end.end() for end in _LINE.finditer(source)), len(source)]
    headings = [section.place.line or 1 if section.level else 0 for section in document.sections]

    def is_filled(line: int) -> bool:
        above = [number for number, at in enumerate(headings) if at <= line]
        return bool(above) and filled[above[-1]]

    cuts: list[tuple[int, int]] = []
    shown = source.removeprefix("\ufeff")
    tokens = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(shown)
    for token in tokens:
        if token.type not in ("html_block", "inline") or token.map is None or not is_filled(token.map[0] + 1):
            continue
        first, last = starts[token.map[0]], starts[min(token.map[1], len(starts) - 1)]
        if token.type == "inline" and source[first:last].lstrip("\ufeff ").startswith("[안내]"):
            cuts.append((first, last))
        else:
            cuts.extend(
                match.span() for match in _GUIDANCE.finditer(source, first, source.rfind("-->", first, last) + 3)
            )
    for first, last in sorted(set(cuts), reverse=True):
        first, last = _whole_lines(source, first, last)
        source = source[:first] + source[last:]
    return source.encode("utf-8")


def _whole_lines(source: str, first: int, last: int) -> tuple[int, int]:
    """What stands alone on its lines goes with them, and with the blank line after it."""
    before = re.search(r"(?:^|[\r\n]|\ufeff)[ \t]*\Z", source[:first])
    if before is None:
        return first, last
    alone = last > 0 and source[last - 1] in "\r\n"
    after = None if alone else re.compile(r"[ \t]*(?:\r\n|\r|\n|\Z)").match(source, last)
    if after is None and not alone:
        return first, last
    end = last if after is None else after.end()
    blank = re.compile(r"[ \t]*(?:\r\n|\r|\n)").match(source, end)
    return first - len(before.group().lstrip("\r\n\ufeff")), blank.end() if blank else end


def _docx_without(path: Path) -> bytes:
    from lxml import etree

    from coursekit.classroom.project._docx import read_package

    package = Package(path)
    package.tree(package.main)  # refuses declarations before the parser that keeps prefixes reads them
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(package.part(package.main) or b"", parser)
    except (etree.XMLSyntaxError, ValueError):
        raise package.error("본문의 XML을 고쳐 쓸 수 없습니다. Google 문서에서 .docx로 다시 받으세요.") from None
    document, guided = read_package(package, root)
    filled = _filled(document)
    taken = [(paragraph, alone) for number, paragraph, alone in guided if filled[number]]
    if not taken:
        return path.read_bytes()
    for paragraph, alone in taken:
        _take(paragraph, alone)
    changed = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    made = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            name = info.filename.replace("\\", "/").lstrip("/")
            content = changed if name.casefold() == package.main.casefold() else old.read(info)
            new.writestr(info, content, compress_type=info.compress_type)
    return made.getvalue()


def _take(paragraph: Any, alone: bool) -> None:
    """Take guidance out of a paragraph, or the paragraph itself if nothing else stands in it or hangs on it."""
    if not alone:
        for control in list(paragraph.iter(f"{W}sdt")):
            if on(control.find(f"{W}sdtPr/{W}showingPlcHdr")):
                control.getparent().remove(control)
        return
    hangs = paragraph.find(f"{W}pPr/{W}sectPr") is not None or next(paragraph.iter(*_ANCHORS), None) is not None
    if hangs:
        for child in list(paragraph):
            if child.tag in _TEXTS and child.tag not in GONE and next(child.iter(*_ANCHORS), None) is None:
                paragraph.remove(child)
        return
    gone = paragraph
    while gone.getparent() is not None and gone.getparent().tag in (f"{W}sdtContent", f"{W}sdt"):
        if gone.getparent().tag == f"{W}sdtContent" and len(gone.getparent()) > 1:
            break
        gone = gone.getparent()
    gone.getparent().remove(gone)
