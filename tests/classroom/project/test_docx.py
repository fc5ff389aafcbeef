"""Documents from .docx: what Google Docs, Word and LibreOffice make of them, and what strangers do to them."""

from __future__ import annotations

import io
import random
import re
import zipfile
import zlib
from pathlib import Path

import pytest
from google_docs import PNG, Export, as_exported, cell, deleted, fraction, item, paragraph, run, table, zipped
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.classroom.project._docx_package import LARGEST
from coursekit.classroom.project.documents import Document, DocumentError, read_document
from coursekit.classroom.project.docx_writing import docx_bytes, write_docx

ROOT = Path(__file__).parents[3]
DOCUMENT = "word/document.xml"
DATE = "2026-10-05T03:00:00Z"


def _read(export: Export, folder: Path, name: str = "설계.docx") -> Document:
    return read_document(export.write(folder / name))


def _section(document: Document, name: str):
    section = document.section(name)
    assert section is not None, [one.title for one in document.sections]
    return section


# ---------------------------------------------------------------- what Google Docs exports


def test_title_style_and_heading_one_are_title_and_section(tmp_path):
    export = Export()
    export.title("병상 예측 설계 문서")
    export.add(table(["항목", "내용"], ["팀원", "김하늘, 이바다"]))
    export.heading("1. 개요")
    export.heading("", 1)
    export.add(paragraph("응급실의 빈 병상을 예측한다."))
    export.heading("3. 목표와 지표")
    export.heading("하는 것", 2)
    document = _read(export, tmp_path)
    assert document.title == "병상 예측 설계 문서"
    assert [(one.level, one.title) for one in document.sections] == [
        (1, "병상 예측 설계 문서"),
        (2, "1. 개요"),
        (2, "3. 목표와 지표"),
        (3, "하는 것"),
    ]
    assert document.members == ("김하늘", "이바다")


@pytest.mark.parametrize(("top", "first"), [(None, 1), ("Title", 1), ("Title", 2), ("Heading1", 2)])
def test_sections_are_found_at_whatever_depth_a_team_puts_them(tmp_path, top, first):
    export = Export()
    if top:
        export.add(paragraph("문서", style=top))
    export.heading("개요", first)
    export.heading("대안", first)
    export.heading("대안 1. 규칙", first + 1)
    document = _read(export, tmp_path)
    assert _section(document, "개요").level == 2
    assert [one.title for one in document.within("대안")] == ["대안", "대안 1. 규칙"]


def test_what_content_controls_wrap_is_read(tmp_path):
    export = Export()
    export.add(export.control(paragraph("1. 개요", style="Heading1")))
    export.add(
        paragraph(run("응급실의 "), export.control(run("빈 병상을 ")), export.control(export.control(run("예측"))))
    )
    rows = table(["ID", export.control(cell("목표"))], [cell("G1"), cell(export.control(paragraph("빨리 찾는다")))])
    rows = rows.replace("<w:tr>", "<w:sdt><w:sdtPr/><w:sdtContent><w:tr>", 1)
    rows = rows.replace("</w:tr>", "</w:tr></w:sdtContent></w:sdt>", 1)
    export.add(export.control(rows))
    section = _section(_read(export, tmp_path), "개요")
    assert [block.text for block in section.blocks] == ["응급실의 빈 병상을 예측", "ID\t목표\nG1\t빨리 찾는다"]


def test_suggestions_count_as_accepted(tmp_path):
    export = Export()
    export.heading("개요")
    export.add(
        paragraph(
            "지연은 ",
            export.suggestion("del", "김하늘", DATE, deleted("50 ms")),
            export.suggestion("ins", "이바다", DATE, run("80 ms")),
            " 이하다.",
        )
    )
    export.add(table(["ID"], ["R1"], ["R2"]).replace("<w:trPr>", '<w:trPr><w:del w:id="9" w:author="x"/>', 3))
    export.add(table(["ID"], ["R1"]))
    blocks = _section(_read(export, tmp_path), "개요").blocks
    assert [block.text for block in blocks] == ["지연은 80 ms 이하다.", "ID\nR1"]
    assert blocks[1].place.part == "표 1", "a table whose rows are all deleted is none"


def test_merged_cells_say_the_same_in_each_row_and_column(tmp_path):
    export = Export()
    export.heading("범위와 요구사항")
    export.add(
        table(
            ["ID", cell("수치와 단위", span=2), "담당"],
            ["R1", "80", "ms", cell("김하늘", merge="restart")],
            ["R2", "5", "만원", cell("", merge="continue")],
        )
    )
    rows = _section(_read(export, tmp_path), "범위와 요구사항").blocks[0].rows
    assert rows == (
        ("ID", "수치와 단위", "수치와 단위", "담당"),
        ("R1", "80", "ms", "김하늘"),
        ("R2", "5", "만원", "김하늘"),
    )


def test_tables_count_per_heading_and_rows_have_places(tmp_path):
    export = Export()
    export.heading("목표와 지표")
    export.add(table(["ID"], ["G1"]), paragraph(""), table(["ID", "지표"], ["M1"], ["M2", "재현율"]))
    second = _read(export, tmp_path).tables("목표와 지표")[1]
    assert second.place.told == "목표와 지표, 표 2"
    assert [row.place.part for row in second.rows] == ["표 2의 1행", "표 2의 2행"]
    assert dict(second.rows[0].cells) == {"ID": "M1", "지표": ""}


def test_links_go_to_headings_bookmarks_and_addresses(tmp_path):
    export = Export()
    export.title("문서")
    export.heading("개요", bookmark="_heading=h.30j0zll")
    export.add(
        paragraph(
            export.link("아래", "#_heading=h.gjdgxs"),
            export.control(export.link("옛 링크", "#heading=h.30j0zll")),
            export.link("깨진 링크", "#_heading=h.gone"),
            export.link("자료", "https://example.org/%EB%B3%91%EC%83%81?a=1#b"),
        )
    )
    export.heading("목표와 지표", bookmark="_heading=h.gjdgxs")
    document = _read(export, tmp_path)
    found = [(link.text, link.target) for link in document.links]
    assert found == [
        ("아래", "#목표와-지표"),
        ("옛 링크", "#개요"),
        ("깨진 링크", "#_heading=h.gone"),
        ("자료", "https://example.org/병상?a=1#b"),
    ]
    assert {"개요", "목표와-지표", "_heading=h.gjdgxs"} <= document.anchors
    assert "_heading=h.gone" not in document.anchors


def test_links_of_word_are_fields(tmp_path):
    def mark(kind):
        return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'

    code = '<w:r><w:instrText xml:space="preserve"> HYPERLINK "https://example.org/a" \\l "part" </w:instrText></w:r>'
    export = Export().add(
        paragraph(mark("begin"), code, mark("separate"), run("자료"), mark("end"), run(" 끝")),
        paragraph(f'<w:fldSimple w:instr="HYPERLINK \\l &quot;여기&quot;">{run("안")}</w:fldSimple>'),
    )
    document = _read(export, tmp_path)
    assert [(link.text, link.target) for link in document.links] == [
        ("자료", "https://example.org/a#part"),
        ("안", "#여기"),
    ]
    assert [block.text for block in document.sections[0].blocks] == ["자료 끝", "안"]


def test_figures_carry_their_picture_and_their_words(tmp_path):
    export = Export()
    export.heading("서빙과 인프라")
    export.add(paragraph(export.figure("요청이 지나는 길")), paragraph(export.control(export.figure(""))))
    export.add(table(["그림"], [cell(paragraph(export.figure("표 안의 그림")))]))
    links = _read(export, tmp_path).links
    assert [link.text for link in links] == ["요청이 지나는 길", "", "표 안의 그림"]
    assert all(link.is_figure and link.content == PNG for link in links)
    assert links[2].place.part == "표 1의 1행"


def test_a_drawing_of_google_docs_is_one_figure(tmp_path):
    export = Export()
    picture = export.figure("구조")
    shapes = '<w:drawing><wp:inline><wp:docPr id="7" name="" descr="구조"/></wp:inline></w:drawing>'
    both = f'<mc:Choice Requires="wpg">{shapes}</mc:Choice><mc:Fallback>{picture}</mc:Fallback>'
    export.add(paragraph(f"<w:r><mc:AlternateContent>{both}</mc:AlternateContent></w:r>"))
    assert [(link.text, link.content) for link in _read(export, tmp_path).links] == [("구조", PNG)]


def test_a_figure_whose_picture_is_gone_has_no_content(tmp_path):
    export = Export()
    export.add(paragraph(export.figure("사라진 그림")))
    export.media.clear()
    (link,) = _read(export, tmp_path).links
    assert (link.is_figure, link.content) == (True, None)


def test_small_things_of_editors_do_not_change_the_text(tmp_path):
    export = Export()
    export.heading("개요")
    export.add(
        paragraph("“120\u00a0요청/s”\u200b 이다.\n둘째 줄"),
        paragraph(run("숨은 글", properties="<w:vanish/>"), run("보이는 글", properties='<w:vanish w:val="0"/>')),
        item("첫째"),
        item("둘째", level=1),
        paragraph("응급실", export.note("국립중앙의료원의 자료다."), "의 자료"),
        paragraph(fraction("a+b", "2"), run(" = 3")),
        paragraph("탭<뒤>"),
    )
    blocks = _section(_read(export, tmp_path), "개요").blocks
    assert [(block.kind, block.text) for block in blocks] == [
        ("paragraph", "“120 요청/s” 이다.\n둘째 줄"),
        ("paragraph", "보이는 글"),
        ("item", "첫째"),
        ("item", "둘째"),
        ("paragraph", "응급실의 자료"),
        ("paragraph", "국립중앙의료원의 자료다."),
        ("paragraph", "(a+b)/2 = 3"),
        ("paragraph", "탭<뒤>"),
    ]
    assert blocks[5].place.part == "각주"


def test_hangul_of_a_mac_is_composed(tmp_path):
    import unicodedata

    export = Export()
    export.heading(unicodedata.normalize("NFD", "1. 개요"))
    assert _section(_read(export, tmp_path), "개요").title == "1. 개요"


def test_code_of_google_docs_is_one_block(tmp_path):
    font = '<w:rFonts w:ascii="Roboto Mono" w:hAnsi="Roboto Mono"/>'
    export = Export().add(
        paragraph(run("def f(x):", properties=font)),
        paragraph("", mark=font),
        paragraph(run("    return x", properties=font)),
        paragraph("", mark=font),
        paragraph(""),
        paragraph(run("f(1)", properties=font)),
        paragraph(run("이 글 속의 ", properties=""), run("f", properties=font)),
    )
    blocks = _read(export, tmp_path).sections[0].blocks
    assert [(block.kind, block.text) for block in blocks] == [
        ("code", "def f(x):\n\n    return x"),
        ("code", "f(1)"),
        ("paragraph", "이 글 속의 f"),
    ]


def test_a_table_of_contents_says_nothing(tmp_path):
    gallery = '<w:docPartObj><w:docPartGallery w:val="Table of Contents"/><w:docPartUnique w:val="1"/></w:docPartObj>'
    inside = paragraph("개요\t3")
    export = Export().add(f"<w:sdt><w:sdtPr>{gallery}</w:sdtPr><w:sdtContent>{inside}</w:sdtContent></w:sdt>")
    export.heading("개요")
    assert [one.title for one in _read(export, tmp_path).sections] == ["개요"]


def test_guidance_is_told_from_text_in_three_ways(tmp_path):
    def control(text):
        inside = f"<w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>{run(text)}</w:sdtContent>"
        return f"<w:sdt>{inside}</w:sdt>"

    export = Export()
    export.heading("개요")
    export.add(
        paragraph("[안내] Google 문서에 남은 안내"),
        paragraph(control("[안내] Word의 안내")),
        paragraph(control("[안내] 위의 안내"), " 팀이 쓴 글"),
        table(["항목", "내용"], ["팀", cell(paragraph(control("팀 이름을 고르세요")))]),
        paragraph("팀의 글"),
    )
    blocks = _section(_read(export, tmp_path), "개요").blocks
    assert [(block.kind, block.text) for block in blocks] == [
        ("guidance", "Google 문서에 남은 안내"),
        ("guidance", "Word의 안내"),
        ("guidance", "위의 안내"),
        ("paragraph", "팀이 쓴 글"),
        ("table", "항목\t내용\n팀\t"),
        ("paragraph", "팀의 글"),
    ]


# ---------------------------------------------------------------- files that are no .docx


def _ole(text: str) -> bytes:
    return bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600) + text.encode("utf-16-le")


def _parts(**changed: bytes | None) -> dict[str, bytes]:
    export = Export()
    export.heading("개요")
    parts = export.parts()
    for name, content in changed.items():
        path = {"document": "word/document.xml", "rels": "word/_rels/document.xml.rels", "root": "_rels/.rels"}[name]
        if content is None:
            del parts[path]
        else:
            parts[path] = content
    return parts


def _locked(content: bytes) -> bytes:
    """The same zip with the flag of encryption on each entry."""
    changed = bytearray(content)
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        for found in re.finditer(re.escape(mark), content):
            changed[found.start() + at] |= 1
    return bytes(changed)


GOOD = zipped(_parts())
BAD = {
    "empty": (b"", "빈 파일"),
    "doc": (_ole("WordDocument"), "옛 형식"),
    "password": (_ole("EncryptedPackage"), "암호"),
    "locked zip": (_locked(GOOD), "암호"),
    "pdf": (b"%PDF-1.7\n", "PDF"),
    "html": (b"\xef\xbb\xbf\n<!DOCTYPE html><html>", "HTML"),
    "text": ("개요\n".encode(), "docx가 아닙니다"),
    "truncated": (GOOD[: len(GOOD) // 2], "손상"),
    "only the beginning": (b"PK\x03\x04", "손상"),
    "odt": (zipped({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"<a/>"}), "odt"),
    "hwpx": (zipped({"mimetype": b"application/hwp+zip", "Contents/section0.xml": b"<a/>"}), "hwpx"),
    "xlsx": (zipped({"xl/workbook.xml": b"<a/>"}), "Excel"),
    "no document": (zipped(_parts(document=None)), "word/document.xml"),
    "no body": (zipped(_parts(document=b"<a/>")), "본문"),
    "nothing in it": (zipped(Export().parts()), "빈 문서"),
    "half of the XML": (zipped(_parts(document=b"<w:document")), "XML이 손상"),
    "another encoding": (zipped(_parts(document=b'<?xml version="1.0" encoding="nonsense"?><a/>')), "XML이 손상"),
    "broken relations": (zipped(_parts(rels=b"<Relationships>")), "XML이 손상"),
    "broken root": (zipped(_parts(root=b"\xff\xfe")), "XML이 손상"),
    "entity": (
        zipped(_parts(document=b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>')),
        "바깥을 가리키는",
    ),
    "laughs": (
        zipped(_parts(document=b'<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>')),
        "바깥을 가리키는",
    ),
    "deep": (zipped(_parts(document=Export(["<w:ins>" * 20_000 + "</w:ins>" * 20_000]).parts()[DOCUMENT])), "겹쳐"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_is_no_document_is_named_with_what_to_do(tmp_path, name):
    content, expected = BAD[name]
    path = tmp_path / "설계 문서.docx"
    path.write_bytes(content)
    with pytest.raises(DocumentError) as error:
        read_document(path)
    assert str(path) in str(error.value) and expected in str(error.value)
    if name != "nothing in it":
        assert "Google 문서에서" in str(error.value)


def test_a_bomb_is_not_unpacked(tmp_path):
    path = tmp_path / "bomb.docx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _parts().items():
            archive.writestr(name, content)
        with archive.open("word/media/image1.png", "w") as file:
            file.write(bytes(2**20))
        archive.infolist()[-1].file_size = LARGEST + 1  # what a bomb says of itself, without the wait
    with pytest.raises(DocumentError, match="MB"):
        read_document(path)


def test_no_damage_ends_in_another_error(tmp_path):
    """Random damage: the document is read, or refused by name."""
    chance = random.Random(8)
    export = Export()
    export.title("문서")
    export.heading("개요")
    export.add(paragraph("글", export.link("링크", "https://example.org")), table(["ID"], ["G1"]))
    export.add(paragraph(export.figure("그림")))
    whole = zipped(export.parts())
    plain = zipped(export.parts(), method=zipfile.ZIP_STORED)
    refused = 0
    for number in range(300):
        content = bytearray(whole if number % 2 else plain)
        for _ in range(chance.randint(1, 8)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        path = tmp_path / "damaged.docx"
        path.write_bytes(content[: chance.randint(1, len(content))] if number % 5 == 0 else content)
        try:
            read_document(path)
        except DocumentError:
            refused += 1
    assert refused > 100


def test_a_file_of_strict_open_xml_is_read(tmp_path):
    export = Export()
    export.title("문서")
    export.heading("개요")
    parts = export.parts()
    for name in ("word/document.xml", "word/styles.xml"):
        parts[name] = parts[name].replace(
            b"http://schemas.openxmlformats.org/wordprocessingml/2006/main",
            b"http://purl.oclc.org/ooxml/wordprocessingml/main",
        )
    path = tmp_path / "strict.docx"
    path.write_bytes(zipped(parts))
    assert _section(read_document(path), "개요")


def test_styles_of_korean_word_are_known_by_name(tmp_path):
    """Korean Word numbers its styles' ids; LibreOffice writes an outline level into a style of one's own."""
    export = Export().add(
        paragraph("문서", style="a3"),
        paragraph("개요", style="1"),
        paragraph("하는 것", style="Own"),
        paragraph("목록", style="a4"),
        paragraph("x = 1", style="Pre"),
    )
    parts = export.parts()
    named = "".join(
        f'<w:style w:type="paragraph" w:styleId="{key}"><w:name w:val="{name}"/>{more}</w:style>'
        for key, name, more in (
            ("a3", "Title", ""),
            ("1", "heading 1", ""),
            ("Own", "내 제목", '<w:pPr><w:outlineLvl w:val="1"/></w:pPr>'),
            ("a4", "List Paragraph", '<w:pPr><w:numPr><w:numId w:val="3"/></w:numPr></w:pPr>'),
            ("Pre", "Preformatted Text", ""),
        )
    )
    parts["word/styles.xml"] = parts["word/styles.xml"].replace(b"</w:styles>", f"{named}</w:styles>".encode())
    path = tmp_path / "word.docx"
    path.write_bytes(zipped(parts))
    document = read_document(path)
    assert [(one.level, one.title) for one in document.sections] == [(1, "문서"), (2, "개요"), (3, "하는 것")]
    assert [block.kind for block in document.sections[2].blocks] == ["item", "code"]


# ---------------------------------------------------------------- what the writer writes, the reader reads


def _same(markdown: Path, docx: Path, *, links: bool = True) -> None:
    first, second = read_document(markdown), read_document(docx)

    def text(value: str) -> str:
        return " ".join(value.split()).removeprefix("[안내] ")

    def told(document: Document):
        return [
            (
                (section.title, section.name, section.level, section.anchor),
                [
                    (
                        block.kind,
                        text(block.text) if block.kind != "code" else block.text,
                        [tuple(map(text, row)) for row in block.rows],
                        [place.part for place in block.row_places],
                        [(text(link.text), link.is_figure or link.target) for link in block.links]
                        if links or block.kind != "table"
                        else [],
                    )
                    for block in section.blocks
                ],
            )
            for section in document.sections
        ]

    assert told(first) == told(second)
    assert first.members == second.members


WRITTEN = sorted(path for path in (ROOT / "project_template").rglob("*.md") if "examples" in path.parts)
WRITTEN += [ROOT / "project_template" / "design_doc.md", ROOT / "docs" / "grading.md", ROOT / "README.ko.md"]


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_document_is_the_same_in_markdown_and_docx(tmp_path, path):
    _same(path, write_docx(path, tmp_path / "doc.docx"))


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_document_that_went_through_google_docs_is_the_same(tmp_path, path):
    export = as_exported(read_document(path))
    _same(path, export.write(tmp_path / "doc.docx"), links=False)  # the maker drops the links of cells


WORDS = st.text(st.sampled_from("가나다 ab12.%<&“—"), min_size=1, max_size=12).map(lambda text: f"글{text.strip()}")
CELL = st.one_of(
    WORDS,
    st.just(""),
    st.just("〈채울 곳〉"),
    WORDS.map(lambda text: f"**{text}**"),
    WORDS.map(lambda text: f"[{text}](https://example.org/a)"),
)
TABLE = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(CELL, min_size=width, max_size=width), min_size=1, max_size=4)
)


def _table(rows: list[list[str]]) -> str:
    head = [cell or "열" for cell in rows[0]]
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows[1:]])


BLOCK = st.one_of(
    WORDS,
    WORDS.map(lambda text: f"<!-- 안내: {text} -->"),
    WORDS.map(lambda text: f"[안내] {text}"),
    WORDS.map(lambda text: f"`{text}`와 *{text}*"),
    WORDS.map(lambda text: f"앞 [{text}](#개요) 뒤 [밖](https://example.org/%EA%B0%80)"),
    WORDS.map(lambda text: f"![{text}](없는%20그림.png)"),
    st.lists(WORDS, min_size=1, max_size=3).map(lambda texts: "\n".join(f"- {one}" for one in texts)),
    st.lists(WORDS, min_size=1, max_size=3).map(
        lambda texts: "\n".join(f"{n}. {one}\n   - 안쪽" for n, one in enumerate(texts, 3))
    ),
    st.lists(WORDS, min_size=2, max_size=2).map(lambda texts: f"- {texts[0]}\n\n  {texts[1]}"),
    st.lists(WORDS, min_size=1, max_size=3).map(lambda texts: "```python\n" + "\n    ".join(texts) + "\n```"),
    WORDS.map(lambda text: f"> {text}"),
    TABLE.map(_table),
)
TITLE = st.sampled_from(["절", "1. 절", "둘째 절 (A)", "절 `코드`", "3.1 절"])
PART = st.tuples(st.integers(3, 4), TITLE, st.lists(BLOCK, max_size=3))
SECTION = st.tuples(
    st.just(2), st.sampled_from(["1. 개요", "목표와 지표", "절", "9. 새 절"]), st.lists(BLOCK, max_size=4)
)
PARTS = st.lists(st.one_of(SECTION, PART), max_size=5)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.lists(BLOCK, max_size=2), PARTS)
def test_any_small_document_is_the_same_in_markdown_and_docx(tmp_path_factory, head, parts):
    folder = tmp_path_factory.mktemp("written")
    lines = ["# 제목", *head]
    for level, title, blocks in parts:
        lines += ["#" * level + f" {title}", *blocks]
    (folder / "doc.md").write_text("\n\n".join(lines) + "\n", encoding="utf-8")
    _same(folder / "doc.md", write_docx(folder / "doc.md", folder / "doc.docx"))


def test_the_same_document_gives_the_same_bytes(tmp_path):
    path = ROOT / "project_template" / "design_doc.md"
    first, second = docx_bytes(path), docx_bytes(path)
    assert first == second
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_python_docx_reads_what_is_written(tmp_path):
    import docx

    (tmp_path / "그림.png").write_bytes(_png(40, 20))
    text = "# 제목\n\n## 1. 개요\n\n글과 **굵은 글**.\n\n![길](그림.png)\n\n| ID |\n|---|\n| G1 |\n"
    (tmp_path / "doc.md").write_text(text, encoding="utf-8")
    written = docx.Document(str(write_docx(tmp_path / "doc.md", tmp_path / "doc.docx")))
    assert [one.text for one in written.paragraphs if one.style.name.startswith("Heading")] == ["제목", "1. 개요"]
    assert written.tables[0].cell(1, 0).text == "G1"
    assert len(written.inline_shapes) == 1
    section = written.sections[0]
    assert (round(section.page_width.cm, 1), round(section.page_height.cm, 1)) == (21.0, 29.7)
    (link,) = read_document(tmp_path / "doc.docx").links
    assert (link.text, link.content) == ("길", _png(40, 20))


def test_a_word_of_guidance_stands_in_a_control_that_vanishes(tmp_path):
    (tmp_path / "doc.md").write_text("# 제목\n\n<!-- 안내: 한 문장. -->\n", encoding="utf-8")
    with zipfile.ZipFile(write_docx(tmp_path / "doc.md", tmp_path / "doc.docx")) as archive:
        xml = archive.read("word/document.xml").decode()
    control = re.search(r"<w:sdt>.*?</w:sdt>", xml, re.DOTALL)
    assert control and "<w:showingPlcHdr/>" in control[0] and "<w:temporary/>" in control[0]
    assert "[안내] 한 문장." in control[0]


def test_markdown_that_cannot_be_read_writes_nothing(tmp_path):
    (tmp_path / "doc.md").write_bytes("# 제목".encode("cp949"))
    with pytest.raises(DocumentError, match="UTF-8"):
        write_docx(tmp_path / "doc.md", tmp_path / "doc.docx")
    with pytest.raises(DocumentError, match="파일이 없습니다"):
        write_docx(tmp_path / "none.md", tmp_path / "doc.docx")
    assert not (tmp_path / "doc.docx").exists()


def test_the_template_for_google_docs_is_the_template(tmp_path):
    template = ROOT / "project_template"
    content = (template / "design_doc.docx").read_bytes()
    assert content == docx_bytes(template / "design_doc.md"), "run tools/project_docx.py"
    assert len(content) < 100_000


def _png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 0, 0, 0, 0])
    rows = zlib.compress((b"\0" + bytes(width)) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
