"""Is a Markdown document read as a reader sees it, each thing with the line where its author finds it?"""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.classroom.project._markdown import heading_anchor
from coursekit.classroom.project.documents import (
    DocumentError,
    Place,
    person,
    plain_name,
    read_document,
    without_number,
)

TEXT = """\
# 병상 예측

| 항목 | 내용 |
|---|---|
| 팀 | 병상팀 |
| 팀원 | 김하늘(백엔드), @이서준 |

## 1. 개요

<!-- 안내: 한 문단으로
여러 줄에 걸쳐 쓰세요. -->

응급실의 **빈 병상**을 `예측`한다.
둘째 줄.

- 첫째 [안내서](docs/a%20b.md)
- 둘째

## 목표와 지표 (Goals)

### 하는 것

| ID | 목표 |
|:---|---|
| G1 | 빨리 \\| 찾는다 ![그림](figures/a.png) |
| | |
| G2 |

```text
# 제목이 아니다
| 표도 | 아니다 |
```

## 1. 개요
"""


@pytest.fixture
def document(tmp_path):
    return read(tmp_path, TEXT)


def read(folder, text, name="doc.md"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return read_document(path)


def test_headings_have_names_levels_anchors_and_lines(document):
    told = [(one.name, one.level, one.anchor, one.place.line) for one in document.sections]
    assert told == [
        ("병상 예측", 1, "병상-예측", 1),
        ("개요", 2, "1-개요", 8),
        ("목표와 지표 (Goals)", 2, "목표와-지표-goals", 19),
        ("하는 것", 3, "하는-것", 21),
        ("개요", 2, "1-개요-1", 34),
    ]
    assert document.title == "병상 예측"


def test_every_line_said_is_the_line_it_stands_on(document):
    lines = TEXT.splitlines()
    for section in document.sections:
        assert section.title in lines[section.place.line - 1]
        for block in section.blocks:
            begins = "```" if block.kind == "code" else block.text[:2]
            assert begins in lines[block.place.line - 1]
            for row, place in zip(block.rows, block.row_places, strict=True):
                assert row[0] in lines[place.line - 1]


def test_blocks_are_what_a_reader_sees(document):
    guidance, paragraph, first, second = document.section("개요").blocks
    assert (guidance.kind, guidance.text) == ("guidance", "한 문단으로\n여러 줄에 걸쳐 쓰세요.")
    assert (paragraph.kind, paragraph.text) == ("paragraph", "응급실의 빈 병상을 예측한다.\n둘째 줄.")
    assert (first.kind, first.text, first.links[0].target) == ("item", "첫째 안내서", "docs/a b.md")
    assert second.text == "둘째"
    code = document.sections[3].blocks[1]
    assert code.kind == "code" and "제목이 아니다" in code.text


def test_tables_are_read_by_the_names_of_their_columns(document):
    (table,) = document.tables("목표와 지표")
    assert table.columns == ("ID", "목표")
    assert [dict(row.cells) for row in table.rows] == [{"ID": "G1", "목표": "빨리 | 찾는다"}, {"ID": "G2", "목표": ""}]
    assert [row.place.told for row in table.rows] == ["하는 것, 표 1의 1행 (25행)", "하는 것, 표 1의 3행 (27행)"]
    assert table.has("목표") and not table.has("목표", "담당")


def test_head_members_and_figures(document):
    assert document.members == ("김하늘", "이서준")
    assert document.head["팀"] == "병상팀"
    assert [(one.is_figure, one.text) for one in document.links] == [(False, "안내서"), (True, "그림")]


def test_a_section_holds_its_parts_and_not_its_neighbours(document):
    assert [one.name for one in document.within("목표와 지표")] == ["목표와 지표 (Goals)", "하는 것"]
    assert document.within("없는 절") == () and document.section("없는 절") is None


@pytest.mark.parametrize(
    "heading",
    [
        "3. 목표와 지표",
        "3 목표와 지표",
        "3.1. 목표와 지표",
        "제3장 목표와 지표",
        "목표와지표",
        "**목표와 지표**",
        "목표와 지표 (Goals)",
        "3) 목표와 지표:",
    ],
)
def test_a_section_is_found_however_it_is_numbered(heading):
    assert plain_name(heading) == plain_name("목표와 지표")


def test_hangul_of_a_mac_is_the_same_hangul():
    assert plain_name(unicodedata.normalize("NFD", "목표와 지표")) == plain_name("목표와 지표")
    assert person(unicodedata.normalize("NFD", "김하늘")) == "김하늘"


@pytest.mark.parametrize(
    ("heading", "name"), [("부록 A. 모델 카드", "부록 A. 모델 카드"), ("2026년 계획", "2026년 계획"), ("1.", "1.")]
)
def test_what_is_no_number_stays(heading, name):
    assert without_number(heading) == name


@pytest.mark.parametrize(
    ("title", "anchor"),
    [("1. 개요", "1-개요"), ("A  B", "a--b"), ("런북 RB1. 경보!", "런북-rb1-경보"), ("snake_case-x", "snake_case-x")],
)
def test_anchors_are_github_s(title, anchor):
    assert heading_anchor(title) == anchor


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("doc.hwp", b"x", r"\.md와 \.docx"),
        ("doc.doc", b"x", r"\.md와 \.docx"),
        ("doc.md", b"", "빈 파일"),
        ("doc.md", b"  \n", "빈 파일"),
        ("doc.md", "개요".encode("cp949"), "UTF-8"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_name(tmp_path, name, content, told):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DocumentError, match=told) as error:
        read_document(tmp_path / name)
    assert name in str(error.value)


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(DocumentError, match="파일이 없습니다"):
        read_document(tmp_path / "doc.md")


def test_a_byte_order_mark_is_no_part_of_the_title(tmp_path):
    assert read(tmp_path, "\ufeff# 제목\n").title == "제목"


@settings(deadline=None, max_examples=60)
@given(st.text(alphabet="#|-*`<>![]()\\ \n가나ab1.:", max_size=200))
def test_any_text_is_read_or_refused(tmp_path_factory, text):
    folder = tmp_path_factory.mktemp("any")
    try:
        document = read(folder, text)
    except DocumentError:
        assert not text.strip()
        return
    count = text.count("\n") + 1
    places = [block.place for section in document.sections for block in section.blocks]
    assert all(place.line is None or 1 <= place.line <= count for place in places)
    document.tables(), document.links, document.members, document.head  # none of them may fail


def test_a_place_is_told_in_words():
    assert Place("doc.md", None, "3. 목표와 지표", "표 1의 2행").told == "3. 목표와 지표, 표 1의 2행"
    assert Place("doc.md", None, "").told == "문서 맨 앞"
