"""Markdown into .docx: for teams that write in Google Docs or Word."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from coursekit.classroom.project.documents import DocumentError
from coursekit.writing import write_whole


def write_docx(markdown_path: Path, out: Path) -> Path:
    r"""Write a Markdown document as .docx, for Google Docs, Word and LibreOffice.

    A team chooses where it writes; the template must not choose for it. What
    :func:`~coursekit.classroom.project.documents.read_document` finds in the .docx is what it finds in the
    Markdown: the same sections, tables and links. Guidance stands in content controls that show a placeholder,
    which Word takes away at the first key, and begins with ``[안내]``, which Google Docs keeps.

    Parameters
    ----------
    markdown_path
        The document; figures are looked for beside it.
    out
        The file to write; an older one is replaced, whole or not at all.

    Returns
    -------
    Path
        ``out``.

    Raises
    ------
    DocumentError
        If the Markdown is missing or is no UTF-8.

    Examples
    --------
    >>> import tempfile
    >>> from coursekit.classroom.project.documents import read_document
    >>> folder = Path(tempfile.mkdtemp())
    >>> text = "# 병상 예측\n\n## 1. 개요\n\n<!-- 안내: 세 문장으로. -->\n"
    >>> _ = (folder / "doc.md").write_text(text, encoding="utf-8")
    >>> document = read_document(write_docx(folder / "doc.md", folder / "doc.docx"))
    >>> document.title, document.section("개요").blocks[0].kind
    ('병상 예측', 'guidance')
    """
    return write_whole(out, docx_bytes(markdown_path))


def docx_bytes(markdown_path: Path) -> bytes:
    r"""Give the bytes of a Markdown document as .docx: the same bytes for the same document.

    A file in version control that changes with each build hides the change that matters.

    Parameters
    ----------
    markdown_path
        The document; figures are looked for beside it.

    Returns
    -------
    bytes
        The .docx; without the time of its making.

    Raises
    ------
    DocumentError
        If the Markdown is missing or is no UTF-8.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "doc.md"
    >>> _ = path.write_text("# 병상 예측\n", encoding="utf-8")
    >>> docx_bytes(path)[:2], docx_bytes(path) == docx_bytes(path)
    (b'PK', True)
    """
    from coursekit.classroom.project._docx_building import build

    if not markdown_path.is_file():
        raise DocumentError(f"{markdown_path}: 파일이 없습니다. 경로를 확인하세요.")
    try:
        source = markdown_path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DocumentError(
            f"{markdown_path}: UTF-8이 아닌 글자가 {error.start}번째 바이트에 있습니다. 편집기에서 UTF-8로 저장하세요."
        ) from None
    return _timeless(build(source, markdown_path.parent))


def _timeless(content: bytes) -> bytes:
    """The same zip without the times at which its parts were written, in an order of its own."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in sorted(old.namelist(), key=lambda one: (one != "[Content_Types].xml", one)):
            info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3
            info.external_attr = 0o644 << 16
            new.writestr(info, old.read(name))
    return made.getvalue()
