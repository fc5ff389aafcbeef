"""The rules that compute: sums, dates, links and figures. Each fires at its fault, and not beside it.

A document here is one edit away from one without a fault of these modules; the finding must be of the
rule's id and, in Markdown, on the edited line.
"""

from __future__ import annotations

import datetime
import io
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from coursekit.classroom.project._pictures import picture_fault
from coursekit.classroom.project.documents import Block, Document, Link, Place, Section, read_document
from coursekit.classroom.project.findings import Finding
from coursekit.classroom.project.project_file import Member, ProjectFile
from coursekit.classroom.project.rules import arithmetic, dates, references

MODULES = (arithmetic, dates, references)
PROJECT = ProjectFile("병상팀", (Member("김하늘"),), datetime.date(2026, 9, 1), {"hand_in": datetime.date(2026, 12, 1)})
SAMPLE = "표본(기준=0.90, 차이=0.02, 유의수준=0.05, 검정력=0.8)"
GOOD = f"""# 응급실 병상 예측

| 항목 | 내용 |
|---|---|
| 팀 | 병상팀 |
| 작성일 | 2026-09-15 |
| 최종 수정 | 2026-10-02 |

## 1. 개요

초당 요청은 120 요청/s × 50 ms = 6 요청이고, 더는 [서빙](#8-서빙과-인프라)에 있다.

근거는 [기록](results/eval.csv)이다.

![오차는 큰 병원일수록 작다](figures/error.png)

기준 0.90, 차이 0.02, 유의수준 0.05, 검정력 0.8이면 한 무리에 3,839건이 필요하다.

## 8. 서빙과 인프라

| 계산 | 식 | 결과 |
|---|---|---|
| 동시 요청 | 120 요청/s × 50 ms | 6 요청 |
| 저장 용량 | 2 KB/요청 × 864만 요청/일 × 90 일 | 1.56 TB |
| 월 비용 | 3 대 × 250 원/대·시간 × 720 시간/월 | 54만원/월 |
| 표본 크기 | {SAMPLE} | 3,839 건 |

## 14. 일정과 역할

| 단계 | 시작 | 끝 | 담당 | 산출물 |
|---|---|---|---|---|
| 기초선 | 2026-09-22 | 2026-10-06 | 김하늘 | 기초선의 값 |
| 모델 | 2026. 10. 6. | 2026. 11. 3. | 이서준 | 비교표 |
| 배포 | 2026년 11월 3일 | 2026년 11월 24일 | 박도윤 | 카나리의 기록 |
"""


def png(size: int = 4) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (size, size), "red").save(out, "PNG")
    return out.getvalue()


def picture(kind: str) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((40, 30), 60).convert("RGB").save(out, kind)
    return out.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A team's folder with what the good document names."""
    root = tmp_path_factory.mktemp("root") / "team"
    (root / "results").mkdir(parents=True)
    (root / "figures").mkdir()
    (root / "project.yaml").write_text("team: 병상팀\n", encoding="utf-8")
    (root.parent / "outside.csv").write_text("a\n", encoding="utf-8")
    (root / "results" / "eval.csv").write_text("a\n", encoding="utf-8")
    (root / "results" / "평가 기록.csv").write_text("a\n", encoding="utf-8")
    (root / "results" / unicodedata.normalize("NFD", "맥에서 만든 것.csv")).write_text("a\n", encoding="utf-8")
    (root / "other.md").write_text("# 다른 문서\n\n## 런북 RB1. 지연\n", encoding="utf-8")
    (root / "figures" / "error.png").write_bytes(png())
    (root / "figures" / "cut.png").write_bytes(png()[:-20])
    (root / "figures" / "page.png").write_bytes(b"<html><body>404</body></html>")
    (root / "figures" / "photo.jpg").write_bytes(picture("JPEG"))
    (root / "figures" / "drawing.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"><g/></svg>')
    (root / "figures" / "empty.png").write_bytes(b"")
    return root


def findings(folder: Path, text: str, project: ProjectFile | None = PROJECT) -> list[Finding]:
    path = folder / "design_doc.md"
    path.write_text(text, encoding="utf-8")
    document = read_document(path)
    return [one for module in MODULES for one in module.check(document, project)]


def edited(old: str, new: str) -> tuple[str, int]:
    """The good document with one edit, and the edit's line."""
    assert GOOD.count(old) == 1, f"{old!r} stands {GOOD.count(old)} times in the good document"
    before = GOOD[: GOOD.index(old)].count("\n") + 1
    kept = len(old) - len(old.lstrip("\n")) if not new.strip() else 0
    return GOOD.replace(old, new), before + kept


def test_the_good_document_has_no_finding(folder):
    assert [one.told for one in findings(folder, GOOD)] == []


FIRING = [
    ("arithmetic-wrong", "120 요청/s × 50 ms | 6 요청", "120 요청/s × 50 ms | 7 요청"),
    ("arithmetic-wrong", "× 720 시간/월 | 54만원/월", "× 720 시간/월 | 45만원/월"),
    ("arithmetic-wrong", "120 요청/s × 50 ms = 6 요청이고", "120 요청/s × 50 ms = 60 요청이고"),
    ("arithmetic-units", "| 1.56 TB |", "| 1.56 GB |"),
    ("arithmetic-units", "120 요청/s × 50 ms | 6 요청", "120 요청/s × 50 ms | 6,000 요청"),
    ("arithmetic-units", "| 1.56 TB |", "| 1.56 |"),
    ("arithmetic-units", "120 요청/s × 50 ms | 6 요청", "120 요청/s × 50 ms | 6 초"),
    ("arithmetic-unreadable", "120 요청/s × 50 ms | 6 요청", "QPS × 지연 | 6 요청"),
    ("arithmetic-unreadable", "| 1.56 TB |", "| 1~2 TB |"),
    ("calculation-missing", "| 월 비용 | 3 대", "| 전기 | 3 대"),
    ("calculation-missing", "| 저장 용량 | 2 KB/요청", "| 두 번째 | 2 KB/요청"),
    ("calculation-missing", "| 1.56 TB |", "| |"),
    ("sample-size-wrong", f"{SAMPLE} | 3,839 건", f"{SAMPLE} | 2,861 건"),
    ("sample-size-wrong", "한 무리에 3,839건", "한 무리에 383건"),
    ("date-invalid", "2026-09-22 |", "2026-09-31 |"),
    ("date-invalid", "2026. 11. 3. |", "2026. 13. 3. |"),
    ("date-invalid", "2026년 11월 24일 |", "곧 |"),
    ("date-invalid", "| 2026-10-06 |", "| |"),
    ("date-invalid", "필요하다.", "필요하고 2026-02-30에 끝난다."),
    ("date-invalid", "| 작성일 | 2026-09-15 |", "| 작성일 | 지난주 |"),
    ("dates-out-of-order", "| 2026-10-06 |", "| 2026-09-06 |"),
    ("dates-out-of-order", "| 2026. 11. 3. |", "| 2026. 1. 3. |"),
    ("dates-out-of-order", "| 최종 수정 | 2026-10-02 |", "| 최종 수정 | 2026-09-02 |"),
    ("dates-out-of-order", "필요하다.", "필요하고 2026-10-01 ~ 2026-09-01에 모은다."),
    ("date-after-deadline", "2026년 11월 24일 |", "2026년 12월 24일 |"),
    ("date-after-deadline", "2026년 11월 24일 |", "2027년 1월 4일 |"),
    ("date-after-deadline", "| 최종 수정 | 2026-10-02 |", "| 최종 수정 | 2026-12-02 |"),
    ("schedule-missing", "| 단계 | 시작 | 끝 | 담당 | 산출물 |", "| 할 일 | 언제 | 언제까지 | 담당 | 산출물 |"),
    ("schedule-missing", "| 기초선 | 2026-09-22 | 2026-10-06 | 김하늘 | 기초선의 값 |\n", "\n"),
    ("stage-without-owner", "| 이서준 |", "| |"),
    ("stage-without-owner", "| 박도윤 |", "| 미정 |"),
    ("stage-without-owner", "| 단계 | 시작 | 끝 | 담당 | 산출물 |", "| 단계 | 시작 | 끝 | 비고 | 산출물 |"),
    ("link-broken", "(results/eval.csv)", "(results/missing.csv)"),
    ("link-broken", "(results/eval.csv)", "(results/Eval.csv)"),
    ("link-broken", "(results/eval.csv)", "(C:/Users/kim/eval.csv)"),
    ("link-broken", "(results/eval.csv)", "(file:///srv/kim/eval.csv)"),
    ("link-broken", "(results/eval.csv)", "(/srv/kim/eval.csv)"),
    ("link-broken", "(results/eval.csv)", "(../outside.csv)"),
    ("link-broken", "(results/eval.csv)", "(results/평가 기록.csv)"),
    ("link-broken", "(results/eval.csv)", "(https://)"),
    ("link-broken", "(results/eval.csv)", "(http://서버)"),
    ("anchor-broken", "(#8-서빙과-인프라)", "(#8-서빙)"),
    ("anchor-broken", "(results/eval.csv)", "(other.md#런북-rb2-지연)"),
    ("link-empty", "(results/eval.csv)", "()"),
    ("link-empty", "[기록](results/eval.csv)", "[](results/eval.csv)"),
    ("link-empty", "(results/eval.csv)", "(#)"),
    ("figure-missing", "(figures/error.png)", "(figures/none.png)"),
    ("figure-missing", "(figures/error.png)", "()"),
    ("figure-missing", "(figures/error.png)", "(C:/Users/kim/error.png)"),
    ("figure-unreadable", "(figures/error.png)", "(figures/cut.png)"),
    ("figure-unreadable", "(figures/error.png)", "(figures/page.png)"),
    ("figure-unreadable", "(figures/error.png)", "(figures/empty.png)"),
    ("figure-without-text", "![오차는 큰 병원일수록 작다]", "![]"),
    ("figure-without-text", "![오차는 큰 병원일수록 작다]", "![image1.png]"),
    ("figure-without-text", "![오차는 큰 병원일수록 작다](figures/error.png)", "![](figures/error.png)\n도표는 없다."),
]


@pytest.mark.parametrize(("rule", "old", "new"), FIRING)
def test_a_fault_is_found_where_it_is(folder, rule, old, new):
    text, line = edited(old, new)
    found = [one for one in findings(folder, text) if one.rule.id == rule]
    assert found, "nothing found"
    # what is missing has no line of its own, and stands at its section or table
    if rule not in ("calculation-missing", "schedule-missing") and "비고" not in new:
        assert {one.place.line for one in found} == {line}
    assert all(one.message.endswith((".", ")")) for one in found)


@pytest.mark.parametrize(("rule", "old", "new"), FIRING)
def test_a_fault_is_told_of_once_and_as_nothing_else(folder, rule, old, new):
    told = [one.rule.id for one in findings(folder, edited(old, new)[0])]
    assert set(told) == {rule}


NEAR = [
    ("120 요청/s × 50 ms | 6 요청", "120 요청/s × 50 ms | 6 건"),
    ("120 요청/s × 50 ms | 6 요청", "120 QPS × 50 ms | 약 6"),
    ("120 요청/s × 50 ms | 6 요청", "120 요청/s × 53 ms | 6 요청"),
    ("120 요청/s × 50 ms | 6 요청", "`120 요청/s` × 50 ms | **6 요청**"),
    ("120 요청/s × 50 ms | 6 요청", "〈초당 요청 수 × 지연 시간〉 | 〈수와 단위〉"),
    ("| 1.56 TB |", "| 1,555 GB |"),
    ("| 1.56 TB |", "| 약 1.5 TB |"),
    ("| 1.56 TB |", "| 1.41 TiB |"),
    ("× 720 시간/월 | 54만원/월", "× 24 시간 × 30 일 | 540,000 원"),
    ("× 720 시간/월 | 54만원/월", "× 24 시간/일 × 30 일 | 54 만원"),
    (f"{SAMPLE} | 3,839 건", f"{SAMPLE} | 3,211 건"),
    (f"{SAMPLE} | 3,839 건", "기준 0.90, 차이 0.02, 유의수준 0.05, 검정력 0.8 | 3,839 건"),
    ("한 무리에 3,839건", "한 무리에 3,838건"),
    ("한 무리에 3,839건", "한 무리에 약 4,000건"),
    ("한 무리에 3,839건", "모두 더 많이"),
    ("기준 0.90, 차이 0.02", "기준 0.80이나 기준 0.90, 차이 0.02"),
    ("한 무리에 3,839건", "한 무리에 3,839건, 다른 실험은 한 무리에 10건"),
    ("| 계산 | 식 | 결과 |", "| 결과 | 비고 | 식 | 계산 |"),
    ("2026-09-22 |", "9/22 |"),
    ("2026-09-22 |", "9월 22일 |"),
    ("2026-09-22 |", "4주차 |"),
    ("2026-09-22 |", "〈연-월-일〉 |"),
    ("2026-09-22 |", "2026/9/22(화) |"),
    ("| 2026-10-06 |", "| 2026-09-22 |"),
    ("필요하다.", "필요하다. 판 2026.13.1을 쓰고, 2024-02-29에 모았다."),
    ("필요하다.", "필요하고 2026-09-01 ~ 2026-10-01에 모은다."),
    ("필요하다.", "필요하다. 번호 2026-02-3001은 주문이다."),
    ("| 최종 수정 | 2026-10-02 |", "| 최종 수정 | 2026-09-15 |"),
    ("| 최종 수정 | 2026-10-02 |", "| 최종 수정 | 〈연-월-일〉 |"),
    ("2026년 11월 24일 |", "2026년 12월 1일 |"),
    ("| 배포 | 2026년 11월 3일 | 2026년 11월 24일 |", "| 발표 | 2026-12-01 | 2026-12-08 |"),
    ("| 이서준 |", "| 〈팀원 이름〉 |"),
    ("| 이서준 |", "| 이서준, 김하늘 |"),
    ("| 단계 | 시작 | 끝 | 담당 | 산출물 |", "| 단계 | 시작일 | 종료일 | 담당 | 산출물 |"),
    ("근거는", "도입은"),
    ("(results/eval.csv)", "(./results/../results/eval.csv)"),
    ("(results/eval.csv)", "(<results/평가 기록.csv>)"),
    ("(results/eval.csv)", "(results/%ED%8F%89%EA%B0%80%20%EA%B8%B0%EB%A1%9D.csv)"),
    ("(results/eval.csv)", "(<results/맥에서 만든 것.csv>)"),
    ("(results/eval.csv)", "(results)"),
    ("(results/eval.csv)", "(results/eval.csv#L3)"),
    ("(results/eval.csv)", "(https://example.org/a?b=c#d)"),
    ("(results/eval.csv)", "(mailto:kim@example.org)"),
    ("(results/eval.csv)", "(other.md#런북-rb1-지연)"),
    ("(results/eval.csv)", "(#1-개요)"),
    ("(#8-서빙과-인프라)", "(#응급실-병상-예측)"),
    ("(figures/error.png)", "(figures/photo.jpg)"),
    ("(figures/error.png)", "(figures/drawing.svg)"),
    ("(figures/error.png)", "(https://example.org/error.png)"),
    ("![오차는 큰 병원일수록 작다](figures/error.png)", "![](figures/error.png)\n\n그림 1. 오차는 큰 병원일수록 작다"),
    ("![오차는 큰 병원일수록 작다](figures/error.png)", "![](figures/error.png)\n*그림 1. 병원별 오차*"),
    ("[기록](results/eval.csv)", "[![오차의 그림](figures/error.png)](results/eval.csv)"),
]


@pytest.mark.parametrize(("old", "new"), NEAR)
def test_what_is_nearly_a_fault_is_none(folder, old, new):
    text = GOOD
    if new.startswith("| 결과 |"):  # columns in another order, and one more
        for name, expression, result in _calculations():
            text = text.replace(f"| {name} | {expression} | {result} |", f"| {result} | | {expression} | {name} |")
        text = text.replace("|---|---|---|\n| 6", "|---|---|---|---|\n| 6")
    assert [one.told for one in findings(folder, text.replace(old, new))] == []


def _calculations() -> list[list[str]]:
    start = GOOD.index("| 동시 요청")
    lines = GOOD[start : GOOD.index("\n\n", start)].split("\n")
    return [[cell.strip() for cell in line.strip("| ").split("|")] for line in lines]


def test_without_a_project_there_is_no_deadline(folder):
    text, _ = edited("2026년 11월 24일 |", "2027년 1월 4일 |")
    assert findings(folder, text, None) == []


def test_an_empty_document_misses_the_four_calculations_and_the_schedule(folder):
    told = sorted(one.rule.id for one in findings(folder, "# 제목\n\n할 말이 아직 없다.\n"))
    assert told == ["calculation-missing"] * 4 + ["schedule-missing"]


def test_one_column_may_hold_start_and_end(folder):
    rows = ["| 단계 | 기간 | 담당자 |", "|---|---|---|"]
    rows += [f"| 단계 {n} | 2026-09-{n:02d} ~ 2026-10-{n:02d} | 김하늘 |" for n in (1, 2, 3)]
    text = GOOD[: GOOD.index("| 단계 |")] + "\n".join(rows) + "\n"
    assert findings(folder, text) == []
    told = {one.rule.id for one in findings(folder, text.replace("~ 2026-10-02", "~ 2026-08-02"))}
    assert told == {"dates-out-of-order"}
    told = {one.rule.id for one in findings(folder, text.replace("~ 2026-10-02", "~ 2026-12-02"))}
    assert told == {"date-after-deadline"}


def test_code_and_guidance_are_left_alone(folder):
    more = "\n```\n3 × 4 = 13, 2026-02-30\n```\n\n<!-- 안내: 3 × 4 = 13, 2026-02-30 -->\n"
    assert findings(folder, GOOD + more) == []


def test_a_wrong_sample_is_told_with_both_directions_and_the_formula(folder):
    text, _ = edited(f"{SAMPLE} | 3,839 건", f"{SAMPLE} | 2,861 건")
    (one,) = findings(folder, text)
    assert "0.92" in one.message and "3,211건" in one.message
    assert "0.88" in one.message and "3,839건" in one.message
    assert "p₁(1-p₁)" in one.message


def test_a_result_takes_the_unit_of_its_column(folder):
    text = GOOD.replace("| 계산 | 식 | 결과 |", "| 계산 | 식 | 결과 (TB) |")
    for name, expression, result in _calculations():
        if name != "저장 용량":
            text = text.replace(f"| {name} | {expression} | {result} |\n", "")
    text = text.replace("1.56 TB", "1.56")
    assert {one.rule.id for one in findings(folder, text)} == {"calculation-missing"}
    wrong = text.replace("결과 (TB)", "결과 (GB)")
    assert "arithmetic-units" in {one.rule.id for one in findings(folder, wrong)}


def test_pictures_that_a_document_carries_are_looked_into():
    """.docx: no path, but bytes; no lines, but places."""
    place = Place("doc.docx", None, "1. 개요")

    def document(content: bytes, text: str = "오차의 그림") -> Document:
        link = Link(text, "media/image1.png", True, place, content)
        block = Block("paragraph", "", place, links=(link,))
        return Document(Path("doc.docx"), (Section("1. 개요", "개요", 2, "개요", place, (block,)),), frozenset())

    def ids(one: Document) -> list[str]:
        return [finding.rule.id for finding in references.check(one, None)]

    assert ids(document(png())) == []
    assert ids(document(png()[:-4])) == ["figure-unreadable"]
    assert ids(document(png(), "")) == ["figure-without-text"]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF"])
def test_pictures_of_another_writer_are_whole(kind):
    assert picture_fault(picture(kind)) is None


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
@settings(deadline=None)
@given(share=st.floats(0.0, 0.97))
def test_a_picture_that_is_cut_is_found(kind, share):
    whole = picture(kind)
    assert picture_fault(whole[: int(len(whole) * share)]) is not None


@settings(deadline=None)
@given(at=st.integers(0, len(png(20)) - 1), flip=st.integers(1, 255))
def test_a_changed_byte_of_a_png_is_found(at, flip):
    content = bytearray(png(20))
    content[at] ^= flip
    assert picture_fault(bytes(content)) is not None


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_break_it(content):
    for start in (b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"RIFF    WEBP", b"<svg "):
        fault = picture_fault(start + content)
        assert fault is None or fault


@settings(deadline=None)
@given(st.dates(datetime.date(2000, 1, 1), datetime.date(2099, 12, 31)))
def test_every_day_is_read_in_every_way_of_writing_it(day):
    year, month, number = day.year, day.month, day.day
    ways = (f"{day}", f"{year}. {month}. {number}.", f"{year}년 {month}월 {number}일", f"{year}/{month}/{number}")
    assert [one.value for one in dates.days_in(", ".join(ways))] == [day] * 4


@settings(deadline=None)
@given(st.dates(datetime.date(2026, 9, 15), datetime.date(2026, 11, 30)), st.integers(-40, 40))
def test_an_end_before_its_start_is_found_and_no_other(folder, start, days):
    end = start + datetime.timedelta(days=days)
    text = GOOD.replace("| 2026-09-22 | 2026-10-06 |", f"| {start} | {end} |")
    told = {one.rule.id for one in findings(folder, text)}
    expected = {"dates-out-of-order"} if days < 0 else set()
    expected |= {"date-after-deadline"} if end > PROJECT.milestones["hand_in"] else set()
    assert told == expected


def test_rules_have_their_texts():
    rules = [rule for module in MODULES for rule in module.RULES]
    assert len({rule.id for rule in rules}) == len(rules) == 16
    assert {one for one, *_ in FIRING} == {rule.id for rule in rules}
    for rule in rules:
        assert rule.severity in ("must", "should")
        assert rule.why.endswith("다.")
        assert rule.good
