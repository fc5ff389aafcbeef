"""The zip and the XML of a .docx, opened as what it is: a file from strangers."""

from __future__ import annotations

import lzma
import posixpath
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from coursekit.classroom.project.documents import DocumentError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
W14 = "{http://schemas.microsoft.com/office/word/2010/wordml}"
W15 = "{http://schemas.microsoft.com/office/word/2012/wordml}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_RELATIONSHIP = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_MAIN = "word/document.xml"

AGAIN = "Google 문서에서 파일 > 다운로드 > Microsoft Word(.docx)로 다시 받으세요."
"""What helps with nearly every damaged file."""
LARGEST = 256 * 2**20
"""Bytes that a document may have when unpacked; a few pages with figures have some megabytes."""
LARGEST_XML = 64 * 2**20
"""Bytes that one of its XML parts may have."""
MOST_PARTS = 5_000
"""Parts that a document may have."""

_UNZIPPING = (
    OSError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    ValueError,  # UnicodeDecodeError of a name among them
    RuntimeError,  # NotImplementedError: a way of packing that nobody knows
    OverflowError,
    struct.error,
)
"""What Python's zipfile raises for damaged bytes."""

# "Strict Open XML" is the same language under other names.
_STRICT = {
    b"http://purl.oclc.org/ooxml/wordprocessingml/main": W[1:-1].encode(),
    b"http://purl.oclc.org/ooxml/officeDocument/relationships": R[1:-1].encode(),
    b"http://purl.oclc.org/ooxml/drawingml/main": b"http://schemas.openxmlformats.org/drawingml/2006/main",
    b"http://purl.oclc.org/ooxml/drawingml/wordprocessingDrawing": (
        b"http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"
    ),
    b"http://purl.oclc.org/ooxml/officeDocument/math": b"http://schemas.openxmlformats.org/officeDocument/2006/math",
}


@dataclass(frozen=True)
class Relation:
    """What an id of one part stands for."""

    kind: str
    target: str
    external: bool


class Package:
    """A .docx, held in memory; every way in which it can be broken is a DocumentError that names it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb") as file:
                head = file.read(512)
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise self.error(f"열 수 없습니다({why}). 다른 프로그램이 쓰고 있지 않은지 확인하세요.") from None
        self._look(head, path)
        damaged = self.error(f"끝까지 받지 못했거나 손상된 파일입니다. {AGAIN}")
        try:
            archive = zipfile.ZipFile(path)
        except _UNZIPPING:
            raise damaged from None
        with archive:
            infos = archive.infolist()
            if any(info.flag_bits & 1 for info in infos):
                raise self.error(f"암호가 걸려 있습니다. 암호를 풀고 저장하거나 {AGAIN}")
            if sum(info.file_size for info in infos) > LARGEST or len(infos) > MOST_PARTS:
                raise self.error(f"풀면 {LARGEST // 2**20} MB가 넘습니다. 그림을 줄이거나 {AGAIN}")
            try:
                # zipfile gives no more than an entry says it holds, so that one that lies is damaged
                self._parts = {
                    info.filename.replace("\\", "/").lstrip("/"): archive.read(info)
                    for info in infos
                    if not info.is_dir()
                }
            except _UNZIPPING:
                raise damaged from None
        self._missing_case = {name.casefold(): name for name in self._parts}
        main = [one.target for one in self.relations("").values() if one.kind == "officeDocument"]
        self.main = next((name for name in (*main, _MAIN) if self.part(name) is not None), "")
        if not self.main or not self.main.casefold().endswith("document.xml"):
            raise self.error(self._other_kind())

    def error(self, text: str) -> DocumentError:
        """An error that names the file."""
        return DocumentError(f"{self.path}: {text}")

    def part(self, name: str) -> bytes | None:
        """A part's bytes."""
        return self._parts.get(self._missing_case.get(name.casefold(), name))

    def tree(self, name: str) -> Element | None:
        """A part's XML, or None if there is no such part."""
        from xml.etree.ElementTree import ParseError

        from defusedxml.common import DefusedXmlException
        from defusedxml.ElementTree import fromstring

        content = self.part(name)
        if content is None:
            return None
        if len(content) > LARGEST_XML:
            raise self.error(f"{name}이 {LARGEST_XML // 2**20} MB가 넘습니다. {AGAIN}")
        if b"purl.oclc.org/ooxml" in content:
            for strict, usual in _STRICT.items():
                content = content.replace(strict, usual)
        try:
            root: Element = fromstring(content, forbid_dtd=True)
        except DefusedXmlException:
            raise self.error(f"{name}에 바깥을 가리키는 선언(DTD, entity)이 있어 열지 않습니다. {AGAIN}") from None
        except (ParseError, ValueError, LookupError):  # LookupError: an encoding that does not exist
            raise self.error(f"{name}의 XML이 손상되었습니다. {AGAIN}") from None
        return root

    def relations(self, part: str) -> dict[str, Relation]:
        """What the ids in a part stand for; targets inside of the file as names of parts."""
        folder, name = posixpath.split(part)
        root = self.tree(posixpath.join(folder, "_rels", f"{name}.rels"))
        found: dict[str, Relation] = {}
        for one in root.iter(_RELATIONSHIP) if root is not None else ():
            external = one.get("TargetMode") == "External"
            target = one.get("Target") or ""
            if not external and not target.startswith("#"):
                target = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
                target = target if self.part(target) is not None else unquote(target)
            found[one.get("Id") or ""] = Relation((one.get("Type") or "").rsplit("/", 1)[-1], target, external)
        return found

    def related(self, kind: str) -> str:
        """The name of the part that the document calls its ``comments``, ``styles``, ...; empty if none."""
        return next((one.target for one in self.relations(self.main).values() if one.kind == kind), "")

    def _look(self, head: bytes, path: Path) -> None:
        """What a file is that is no zip, by how it begins."""
        if head.startswith(b"PK"):
            return
        if not head:
            raise self.error(f"빈 파일입니다. {AGAIN}")
        if head.startswith(bytes.fromhex("d0cf11e0a1b11ae1")):
            if "EncryptedPackage".encode("utf-16-le") in path.read_bytes():
                raise self.error(f"암호가 걸려 있습니다. 암호를 풀고 저장하거나 {AGAIN}")
            raise self.error(f"이름만 .docx이고 옛 형식(.doc 또는 .hwp)입니다. Word에서 .docx로 저장하거나 {AGAIN}")
        for mark, kind in ((b"%PDF", "PDF"), (b"{\\rtf", "RTF"), (b"<", "웹 페이지(HTML)나 XML")):
            if head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(mark):
                raise self.error(f"이름만 .docx이고 {kind}입니다. {AGAIN}")
        raise self.error(f".docx가 아닙니다(zip으로 시작하지 않습니다). {AGAIN}")

    def _other_kind(self) -> str:
        kind = (self.part("mimetype") or b"").decode("ascii", "replace")
        if "opendocument" in kind:
            return f"이름만 .docx이고 LibreOffice 형식(.odt)입니다. LibreOffice에서 .docx로 저장하거나 {AGAIN}"
        if "hwp" in kind:
            return f"이름만 .docx이고 한글 문서(.hwpx)입니다. 한글에서 .docx로 저장하거나 {AGAIN}"
        if any(name.startswith(("xl/", "ppt/")) for name in self._parts):
            return f"이름만 .docx이고 Excel이나 PowerPoint 파일입니다. {AGAIN}"
        return f"본문(word/document.xml)이 없습니다. {AGAIN}"


def on(element: Element | None) -> bool:
    """Whether a switch such as ``<w:vanish/>`` is on; Google Docs writes ``w:val="0"`` where it is off."""
    return element is not None and element.get(f"{W}val") not in ("0", "false", "off")
