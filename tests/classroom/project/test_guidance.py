"""Guidance goes from what is filled, and nothing else goes with it."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import pytest
from google_docs import Export, paragraph, run
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.classroom.project.documents import DocumentError, read_document
from coursekit.classroom.project.docx_writing import docx_bytes, write_docx
from coursekit.classroom.project.guidance import without_guidance

ROOT = Path(__file__).parents[3]
TEMPLATE = ROOT / "project_template" / "design_doc.md"
WRITTEN = (
    "구급대원이 병원을 고를 때 이십 분 뒤의 빈 병상을 보여 준다. 성공은 거절당한 이송의 비율이 줄었는지로 판단한다."
)
GUIDANCE = re.compile(r"<!--\s*안내.*?-->", re.DOTALL)


def _guidance(document) -> list[str]:
    return [block.text for section in document.sections for block in section.blocks if block.kind == "guidance"]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_only_filled_sections_lose_their_guidance(tmp_path, end, mark):
    text = (
        f"# 문서\n\n## 1. 개요\n\n<!-- 안내: 누가\n쓰는지. -->\n\n{WRITTEN}  \n\t끝\n\n"
        "## 2. 배경과 동기\n\n<!-- 안내: 왜. -->\n\n〈지금의 절차〉\n\n"
        f"## 대안\n\n<!-- 안내: 둘 이상. -->\n\n### 대안 1. 규칙\n\n{WRITTEN}<!-- 안내: 장점. --> 그리고\n\n"
        "[안내] Google 문서에서 온 안내\n\n<!-- 팀의 메모 -->\n\n```\n<!-- 안내: 코드 -->\n```\n"
    )
    kept = (
        f"# 문서\n\n## 1. 개요\n\n{WRITTEN}  \n\t끝\n\n"
        "## 2. 배경과 동기\n\n<!-- 안내: 왜. -->\n\n〈지금의 절차〉\n\n"
        f"## 대안\n\n### 대안 1. 규칙\n\n{WRITTEN} 그리고\n\n"
        "<!-- 팀의 메모 -->\n\n```\n<!-- 안내: 코드 -->\n```\n"
    )
    path = tmp_path / "doc.md"
    path.write_bytes((mark + text).replace("\n", end).encode())
    assert without_guidance(path).decode() == (mark + kept).replace("\n", end)
    assert path.read_bytes() == (mark + text).replace("\n", end).encode(), "the document itself is not touched"


def test_the_template_keeps_all_its_guidance(tmp_path):
    assert without_guidance(TEMPLATE) == TEMPLATE.read_bytes()
    path = write_docx(TEMPLATE, tmp_path / "doc.docx")
    assert without_guidance(path) == path.read_bytes()


BLOCK = st.sampled_from(
    [
        WRITTEN,
        "<!-- 안내: 쓰세요. -->",
        "〈채울 곳〉",
        "| ID |\n|---|\n| 〈수〉 |",
        "`코드`",
        "- 목록\n\n  <!-- 안내: 안쪽 -->",
        "<!-- 메모 -->",
    ]
)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(st.sampled_from(["## 1. 개요", "### 부분", "## 대안"]), st.lists(BLOCK, max_size=4)), max_size=5)
)
def test_what_is_left_is_the_document_without_some_of_its_guidance(tmp_path_factory, parts):
    path = tmp_path_factory.mktemp("guidance") / "doc.md"
    text = "\n\n".join(["# 문서", *(one for title, blocks in parts for one in (title, *blocks))]) + "\n"
    path.write_text(text, encoding="utf-8")
    tidy = without_guidance(path).decode()

    def squeezed(one: str) -> str:
        return re.sub(r"\s+", " ", GUIDANCE.sub(" ", one)).strip()

    assert squeezed(tidy) == squeezed(text)
    path.write_text(tidy, encoding="utf-8")
    assert without_guidance(path).decode() == tidy, "twice is once"


def test_docx_loses_the_guidance_that_markdown_loses(tmp_path):
    text = TEMPLATE.read_text(encoding="utf-8")
    before, after = text.split("## 2. ", 1)
    head, _, first = before.partition("## 1. ")
    filled = re.sub(r"〈[^〉]*〉", "응급실의 빈 병상", first)  # a section with holes keeps its guidance
    text = f"{head}## 1. {filled}{WRITTEN}\n\n## 2. {after}"
    (tmp_path / "doc.md").write_text(text, encoding="utf-8")
    docx = write_docx(tmp_path / "doc.md", tmp_path / "doc.docx")
    before = _guidance(read_document(docx))
    (tmp_path / "tidy.md").write_bytes(without_guidance(tmp_path / "doc.md"))
    (tmp_path / "tidy.docx").write_bytes(without_guidance(docx))
    left = [_guidance(read_document(tmp_path / f"tidy.{suffix}")) for suffix in ("md", "docx")]
    assert left[0] == left[1] and len(left[0]) < len(before)
    with zipfile.ZipFile(docx) as old, zipfile.ZipFile(tmp_path / "tidy.docx") as new:
        assert old.namelist() == new.namelist()
        assert [name for name in old.namelist() if old.read(name) != new.read(name)] == ["word/document.xml"]
        first, second = (archive.read("word/document.xml") for archive in (old, new))
    assert re.findall(rb"xmlns:\w+", first.split(b"<w:body>")[0]) == re.findall(
        rb"xmlns:\w+", second.split(b"<w:body>")[0]
    )
    import docx as python_docx

    assert python_docx.Document(io.BytesIO((tmp_path / "tidy.docx").read_bytes())).paragraphs


def test_comments_and_bookmarks_outlive_the_guidance_they_hang_on(tmp_path):
    export = Export()
    export.title("문서")
    export.heading("1. 개요")
    export.comment("김하늘", WRITTEN, "2026-10-05T03:00:00Z")
    export.add(paragraph(export.commented(run("[안내] 지울 안내"), 0)), export.control(paragraph("[안내] 또 하나")))
    export.add(paragraph(WRITTEN))
    path = export.write(tmp_path / "doc.docx")
    (tmp_path / "tidy.docx").write_bytes(without_guidance(path))
    document = read_document(tmp_path / "tidy.docx")
    assert [block.text for block in document.section("개요").blocks] == [WRITTEN]
    with zipfile.ZipFile(tmp_path / "tidy.docx") as archive:
        xml = archive.read("word/document.xml").decode()
    for mark in ("commentRangeStart", "commentRangeEnd", "commentReference"):
        assert xml.count(f"<w:{mark}") == 1


def test_the_same_document_is_tidied_into_the_same_bytes(tmp_path):
    export = Export()
    export.heading("1. 개요")
    export.add(paragraph("[안내] 지울 안내"), paragraph(WRITTEN))
    path = export.write(tmp_path / "doc.docx")
    assert without_guidance(path) == without_guidance(path) != docx_bytes(TEMPLATE)


def test_a_broken_document_is_named(tmp_path):
    (tmp_path / "doc.docx").write_bytes(b"PK")
    with pytest.raises(DocumentError, match=r"doc\.docx"):
        without_guidance(tmp_path / "doc.docx")
