"""Honest documents in other hands, hostile ones, and what must not be lost: found by hunting, kept as tests."""

from __future__ import annotations

import json
import re
import subprocess
import time
import unicodedata
from collections import Counter
from pathlib import Path

import pytest
from document_drafts import HEALTHY
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from coursekit.classroom.project import _verifying, starting
from coursekit.classroom.project._equations import judge_prose, judge_row
from coursekit.classroom.project._report_page import report_page
from coursekit.classroom.project._sample_text import sample_in_prose
from coursekit.classroom.project._system_evidence import EvidenceError, read_evidence
from coursekit.classroom.project._system_run import Ran
from coursekit.classroom.project._system_tests import read_report
from coursekit.classroom.project.checking import check_document
from coursekit.classroom.project.contributions import contributions
from coursekit.classroom.project.documents import DocumentError, person, plain_name, read_document
from coursekit.classroom.project.rules._cells import names_in, numbers
from coursekit.classroom.project.rules.choices import _share
from coursekit.classroom.project.starting import new_project
from coursekit.cli import app

FRAUD = HEALTHY[1]
"""Other hands write this one anew."""
SEPARATOR = re.compile(r"\|[\s:|-]+\|")


def told_of(folder: Path, text: str) -> Counter[tuple[str, str]]:
    """Findings of a text in a folder where its links lead somewhere."""
    path = folder / "document.md"
    path.write_text(text, encoding="utf-8")
    return Counter((one.rule.id, one.message) for one in check_document(path).findings)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return FRAUD.lay_out(tmp_path / "team")


def in_html(text: str, gap: str) -> str:
    """The document with each table as HTML, as Notion and some editors export it."""
    written: list[str] = []
    rows: list[list[str]] = []
    for line in [*text.split("\n"), ""]:
        if line.startswith("|"):
            if not SEPARATOR.fullmatch(line):
                rows.append([cell.strip() for cell in line.strip().strip("|").split("|")])
            continue
        if rows:
            head, *body = rows
            lines = ["<table>", "<tr>" + "".join(f"<th>{cell}</th>" for cell in head) + "</tr>"]
            lines += ["<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in body]
            written += [gap.join(f"{one}\n" for one in [*lines, "</table>"])]
            rows = []
        written.append(line)
    return "\n".join(written)


@pytest.mark.parametrize("gap", ["", "\n"], ids=["close", "with blank lines"])
def test_tables_in_html_are_tables(folder: Path, gap: str) -> None:
    plain = FRAUD.text.replace("**", "").replace("`", "")
    plain = re.sub(r"(?m)^(\|.*)\[([^\]]*)\]\([^)]*\)", r"\1\2", plain)
    assert told_of(folder, in_html(plain, gap)) == told_of(folder, plain)


def test_rows_of_html_tables_have_lines_and_cells_have_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "d.md"
    table = "<table>\n<tr><th>ID</th><th>지표</th></tr>\n\n<tr><td>MON1</td><td>M1<br>M2 &amp; <b>M3</b></td></tr>\n"
    path.write_text(f"# 병상\n\n앞\n\n{table}</table>\n\n## 1. 개요\n\n뒤\n", encoding="utf-8")
    document = read_document(path)
    block = next(one for one in document.sections[0].blocks if one.kind == "table")
    assert block.rows == (("ID", "지표"), ("MON1", "M1\nM2 & M3"))
    assert [place.line for place in block.row_places] == [6, 8]
    assert document.sections[1].blocks[0].text == "뒤"


ENGLISH = {
    "| 항목 | 내용 |": "| Item | Content |",
    "| 시작 |": "| Start |",
    "| 끝 |": "| End |",
    "| 비율 |": "| Traffic |",
    "| 기간 |": "| Duration |",
    "| 통과 기준 |": "| Gate |",
    "| 롤백 기준 |": "| Rollback |",
    "| 수치 |": "| Value |",
    "| 단위 |": "| Unit |",
    "| 합격 기준 |": "| Threshold |",
    "| 담당 |": "| Owner |",
    "| 모니터 |": "| Monitor |",
    "| 조건 |": "| Condition |",
    "| 런북 |": "| Runbook |",
    "| 주기 |": "| Frequency |",
    "| 목표 |": "| Goal |",
    "| 지표 |": "| Metric |",
    "| 결과 |": "| 결과 (Result) |",
    "| 식 |": "| 식 (Formula) |",
}


def headers(text: str, names: dict[str, str]) -> str:
    """The document with its tables' headers renamed."""
    lines = text.split("\n")
    for at, line in enumerate(lines[:-1]):
        if line.startswith("|") and SEPARATOR.fullmatch(lines[at + 1]):
            for before, after in names.items():
                line = line.replace(before, after).replace(before, after)
            lines[at] = line
    return "\n".join(lines)


def rules(findings: Counter[tuple[str, str]]) -> Counter[str]:
    return Counter(rule for rule, _ in findings.elements())


def test_english_heads_of_columns_are_read(folder: Path) -> None:
    renamed = headers(FRAUD.text, ENGLISH)
    assert renamed.count("Metric") > 2 and renamed.count("Owner") > 2
    assert rules(told_of(folder, renamed)) == rules(told_of(folder, FRAUD.text))


def test_a_note_names_a_column_that_nothing_else_names(folder: Path) -> None:
    names = {"| 합격 기준 |": "| Acceptance (합격 기준) |", "| 런북 |": "| What to do (런북) |"}
    renamed = headers(FRAUD.text, names)
    assert "Acceptance" in renamed and "What to do" in renamed
    assert rules(told_of(folder, renamed)) == rules(told_of(folder, FRAUD.text))


HEADS = {
    "list": "팀원:\n\n- 김하늘: 서빙\n- 이서준(모델)\n- @박도윤\n",
    "items": "- 팀: 병상\n- 팀원: 김하늘, 이서준, 박도윤\n- 상태: 초안\n",
    "lines": "팀: 병상\n팀원： 김하늘, 이서준, 박도윤\n작성일: 2026-03-01\n",
    "table": "| 항목 | 내용 |\n|-|-|\n| 구성원 | 김하늘<br>이서준<br>박도윤 |\n",
}


@pytest.mark.parametrize("form", HEADS)
def test_members_in_other_forms(tmp_path: Path, form: str) -> None:
    path = tmp_path / "d.md"
    path.write_text(f"# 병상\n\n{HEADS[form]}\n## 1. 개요\n\n글\n", encoding="utf-8")
    assert [name.split(":")[0] for name in read_document(path).members] == ["김하늘", "이서준", "박도윤"]
    assert not [one for one in check_document(path).findings if one.rule.id == "team-missing"]


def test_the_head_ends_with_the_first_section_also_where_sections_are_of_level_1(tmp_path: Path) -> None:
    path = tmp_path / "d.md"
    table = "| ID | 요구사항 |\n|-|-|\n| 팀원 | R1 |\n"
    path.write_text(f"# 병상\n\n팀원: 김하늘\n\n# 1. 개요\n\n글\n\n# 4. 범위와 요구사항\n\n{table}", encoding="utf-8")
    assert read_document(path).members == ("김하늘",)


def test_dates_in_a_head_without_a_table_are_checked(tmp_path: Path) -> None:
    path = tmp_path / "d.md"
    path.write_text("# 병상\n\n작성일: 2026-06-01\n최종 수정: 2026-05-01\n\n## 1. 개요\n\n글\n", encoding="utf-8")
    assert [one.place.line for one in check_document(path).findings if one.rule.id == "dates-out-of-order"] == [3]


def test_a_card_written_as_a_list_counts(tmp_path: Path) -> None:
    labels = ("모델 개요", "용도", "쓰면 안 되는 곳", "학습 데이터", "평가 데이터", "성능", "한계", "윤리적 고려")
    card = "".join(f"- {label}: 적었다\n" for label in labels)
    path = tmp_path / "d.md"
    for groups, missing in (
        ("- 하위 집단별 성능\n  - 채식 3.9끼\n", 0),
        ("- Subgroups (하위 집단별 성능): 3.9\n", 0),
        ("- 하위 집단별 성능\n", 1),
        ("", 1),
    ):
        path.write_text(f"# 급식\n\n## 부록 A. 모델 카드\n\n{groups}{card}", encoding="utf-8")
        found = [one for one in check_document(path).findings if one.rule.id == "model-card-incomplete"]
        assert len(found) == missing, groups


def test_an_offline_metric_may_be_explained_where_it_is_defined(tmp_path: Path) -> None:
    table = (
        "| ID | 목표 | 지표 | 데이터 | 계산 방법 | 목표값 |\n|-|-|-|-|-|-|\n| M1 | G1 | 오차 | 기록 | 평균 | 3 이하 |\n"
    )
    monitors = "| ID | 지표 | 모니터 | 주기 |\n|-|-|-|-|\n| MON1 | M2 | 수 | 매일 |\n"
    path = tmp_path / "d.md"
    for told, expected in (("- M1은 오프라인 지표: 배포 전에만 쓴다\n", 0), ("- M1은 중요하다\n", 1)):
        text = f"# 급식\n\n## 3. 목표와 지표\n\n{table}\n{told}\n## 10. 모니터링과 드리프트\n\n{monitors}"
        path.write_text(text, encoding="utf-8")
        found = [one for one in check_document(path).findings if one.rule.id == "metric-without-monitor"]
        assert len(found) == expected


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("12 대 × 3 축 × 1000 샘플/s", "36,000 샘플/s"),
        ("500 posts/day × 4 KB/post × 730 days", "1.46 GB"),
        ("200 끼/일 × 5 일", "1,000 끼"),
    ],
)
def test_counting_words_of_honest_documents(expression: str, result: str) -> None:
    assert judge_row(expression, result).kind == "right"


def table_of(column: str, expression: str, result: str) -> str:
    return (
        f"# 병상\n\n## 8. 서빙과 인프라\n\n| 계산 | 식 | {column} |\n|-|-|-|\n| 동시 요청 | {expression} | {result} |\n"
    )


def test_a_word_in_parentheses_over_a_column_is_a_unit_only_if_it_is_one(tmp_path: Path) -> None:
    def arithmetic(column: str, result: str) -> list[str]:
        found = told_of(tmp_path, table_of(column, "120 요청/s × 50 GB/요청", result))
        return [rule for rule, _ in found if rule.startswith("arithmetic")]

    assert arithmetic("결과 (Result)", "6,000 GB/s") == []
    assert arithmetic("결과 (GB/s)", "6,000") == arithmetic("결과 (단위: GB/s)", "6,000") == []
    assert arithmetic("결과 (GB/s)", "60") == ["arithmetic-wrong"]


# Hostile text: what took minutes, or ended in a traceback.
@pytest.mark.parametrize("piece", ["(", "((", "(가", "[", "가", "7", "a", "|", "R1, ", "<", "<@", "〈", " \u3000"])
def test_long_lines_are_read_once(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    began = time.process_time()
    plain_name(text), person(text), list(names_in(text)), list(judge_prose(text)), _share(text), numbers(text)
    sample_in_prose(f"기준{text}0.1")
    assert time.process_time() - began < 4


@pytest.mark.parametrize(
    "piece", ["<!--", "<!-- 안내", "<a id=", "<img ", "<table>", "<table><tr><td>", "!", "- ", "> "]
)
def test_long_paragraphs_are_read_once(tmp_path: Path, piece: str) -> None:
    path = tmp_path / "d.md"
    path.write_text(f"# 병상\n\n## 1. 개요\n\n{piece * (60_000 // len(piece))}\n", encoding="utf-8")
    began = time.process_time()
    check_document(path)
    assert time.process_time() - began < 5


@pytest.mark.parametrize("piece", ["[", "![a](", "[a](b "])
def test_links_without_an_end_are_refused_with_their_line(tmp_path: Path, piece: str) -> None:
    path = tmp_path / "d.md"
    path.write_text(f"# 병상\n\n## 1. 개요\n\n{piece * 2000}\n", encoding="utf-8")
    with pytest.raises(DocumentError, match="5행에서 시작하는 문단"):
        read_document(path)
    path.write_text("# 병상\n\n## 1. 개요\n\n" + "[a](#병상) " * 2000, encoding="utf-8")
    assert len(read_document(path).links) == 2000


@given(st.text(alphabet="0123456789⁻⁹²×^()/=≈.,%표본약억만 eE-", max_size=40))
@settings(max_examples=300, deadline=None)
def test_no_calculation_ends_in_a_traceback(text: str) -> None:
    list(judge_prose(f"{text} = {text}"))
    assert judge_row(text, text).kind in ("right", "wrong", "units", "unreadable")
    _share(text)
    sample_in_prose(f"{text} 한 무리에 {text}건")


@pytest.mark.parametrize(
    "text",
    ["2×10⁻⁻ = 3", "2⁻¹⁻ × 2 = 3", f"2×10^{'9' * 5000} = 3", f"2{'⁹' * 5000} × 1 = 3", f"{'9' * 5000} × 2 = 3"],
)
def test_exponents_that_are_none(text: str) -> None:
    list(judge_prose(text))
    assert judge_row(*text.split(" = ")).kind == "unreadable"
    assert _share(f"{'9' * 5000}/{'9' * 5000}") is None


def test_a_comment_after_an_open_one_is_still_guidance(tmp_path: Path) -> None:
    path = tmp_path / "d.md"
    path.write_text("# 병상\n\n## 1. 개요\n\n<!-- 안내: 무엇을 쓰나 -->\n\n글 <!-- 열린\n", encoding="utf-8")
    assert [one.kind for one in read_document(path).sections[1].blocks] == ["guidance", "paragraph"]


# What must not be lost.
def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["project", *words])
    return done.exit_code, str(done.exception or "") + done.output


def test_results_do_not_replace_the_document(tmp_path: Path) -> None:
    path = tmp_path / "설계 문서.md"
    path.write_text("# 병상\n\n## 1. 개요\n\n글\n", encoding="utf-8")
    before, other = path.read_bytes(), tmp_path / "out.json"
    for words in (
        ("check", str(path), "--json", str(path)),
        ("check", str(path), "--html", str(tmp_path / "." / path.name)),
        ("check", str(path), "--json", str(other), "--html", str(other)),
        ("mid-check", str(path), "--json", str(path)),
        ("check", str(path), "--json", str(tmp_path)),
        ("check", str(path), "--json", str(path / "below.json")),
    ):
        code, told = run(*words)
        assert code == 1 and ("같은 파일" in told or "폴더입니다" in told or "쓸 수 없습니다" in told), (words, told)
    assert path.read_bytes() == before and [one.name for one in tmp_path.iterdir()] == [path.name]
    assert run("check", str(path), "--json", str(tmp_path / "새 폴더" / "결과.json"))[0] == 1  # findings
    assert json.loads((tmp_path / "새 폴더" / "결과.json").read_text(encoding="utf-8"))["document"] == path.name


def test_the_page_shows_what_a_document_says_as_text(tmp_path: Path) -> None:
    path = tmp_path / "d.md"
    text = "# `<script>alert(1)</script>`\n\n## `<b>` 1. 개요 \"'&\n\n</style><img src=x onerror=a> TBD\n"
    path.write_text(text, encoding="utf-8")
    page = report_page(check_document(path))
    assert "<script" not in page and "<img" not in page and "&lt;script&gt;" in page


@pytest.mark.parametrize(
    "team", ["CON", "nul.txt", "Com1", "팀.", ".팀", "-rf", "~", "가" * 61, "", "..", "a\nb", "a/b"]
)
def test_names_that_no_folder_of_all_members_can_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, team: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError):
        new_project(team)
    assert list(tmp_path.iterdir()) == []


def test_a_team_with_a_reserved_name_may_have_another_folder(tmp_path: Path) -> None:
    assert "| 팀 | CON |" in (new_project("CON", folder=tmp_path / "con팀").folder / "design_doc.md").read_text("utf-8")


def test_names_of_macos_are_the_same_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    apart = unicodedata.normalize("NFD", "김하늘")
    with pytest.raises(ValueError, match="두 번"):
        new_project("팀", members=["김하늘", apart])
    new_project(unicodedata.normalize("NFD", "한글팀"), members=[apart])
    assert [one.name for one in tmp_path.iterdir()] == ["한글팀"]
    assert read_document(tmp_path / "한글팀" / "design_doc.md").members == ("김하늘",)


def test_the_folder_in_which_one_stands_can_be_filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "우리 팀"
    home.mkdir()
    monkeypatch.chdir(home)
    number = home.stat().st_ino
    new_project("병상", folder=Path())
    assert home.stat().st_ino == number and (home / "figures").is_dir() and (home / "design_doc.docx").is_file()
    assert [one.name for one in tmp_path.iterdir()] == ["우리 팀"]


@pytest.mark.parametrize("existing", [False, True])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_what_breaks_off_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, existing: bool, error: BaseException
) -> None:
    folder = tmp_path / "팀"
    if existing:
        folder.mkdir()

    def broken(*_: object) -> None:
        raise error

    monkeypatch.setattr(starting, "write_docx", broken)
    with pytest.raises((ValueError, KeyboardInterrupt)):
        new_project("팀", folder=folder)
    assert [one.name for one in tmp_path.rglob("*")] == (["팀"] if existing else [])


# Other people's files.
def test_names_of_a_repository_that_logs_in_another_encoding(tmp_path: Path) -> None:
    def git(*words: str) -> None:
        who = ["-c", "user.name=김하늘", "-c", "user.email=h@example.com"]
        subprocess.run(["git", "-C", str(tmp_path), *who, *words], check=True, capture_output=True)

    git("init", "-q")
    git("commit", "-q", "--allow-empty", "-m", "x")
    git("config", "i18n.logOutputEncoding", "EUC-KR")
    assert contributions(tmp_path).unmatched == ("김하늘 <h@example.com>",)


@pytest.mark.parametrize(
    "value",
    ["9" * 5000, "1e999", "-Infinity", "NaN", r'"\ud800"', "[" * 100_000, '{"a": 1, "a": 2}', "9" * 400],
    ids=["digits", "1e999", "infinity", "nan", "half a character", "deep", "twice", "too large"],
)
def test_evidence_that_no_report_could_quote(tmp_path: Path, value: str) -> None:
    path = tmp_path / "model.json"
    path.write_text('{"values": {"a": {"value": ' + value + "}}}", encoding="utf-8")
    with pytest.raises(EvidenceError):
        read_evidence(path)


def test_a_report_in_an_encoding_that_does_not_exist(tmp_path: Path) -> None:
    (tmp_path / "report.xml").write_bytes(b'<?xml version="1.0" encoding="no-such"?><a/>')
    assert read_report(tmp_path / "report.xml", tmp_path) is None


def test_output_of_strangers_steers_no_terminal() -> None:
    said = _verifying._said(Ran(1, 0.0, "앞\n\x1b[2J\x1b]0;x\x07\x9b31m뒤\r가\n"))
    assert "앞" in said and "뒤" in said and all(one.isprintable() or one == "\n" for one in said)


def test_evidence_may_be_a_file_where_a_folder_should_be(tmp_path: Path) -> None:
    from coursekit.classroom.project.verifying import verify

    (tmp_path / "system.yaml").write_text(
        "requirements: [{id: R1, evidence: model.a, comparison: '>=', value: 0}]\n"
        "commands: {tests: python -m pytest -q, evidence: python -c 'print(1)'}\n",
        encoding="utf-8",
    )
    (tmp_path / "evidence").write_text("no folder", encoding="utf-8")
    report = verify(tmp_path, isolate=False)
    assert report.requirements[0].status == "none" and (tmp_path / "evidence").is_file()
