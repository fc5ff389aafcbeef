"""What teams change without changing what the document says: a checker has nothing to tell about it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from tests.classroom.project.document_drafts import (
    ALERTS,
    BASELINES,
    CALCULATIONS,
    CHOICES,
    GOALS,
    METRICS,
    MONITORS,
    REQUIREMENTS,
    SCHEDULE,
    STAGES,
    TESTS,
    Draft,
    TableRow,
)

GOAL, NEED, BASE, WATCH, ROLLOUT = "목표와 지표", "범위와 요구사항", "기초선", "모니터링과 드리프트", "배포와 롤백"
SERVING, OTHERS, PLAN, WHY, PRIVACY = "서빙과 인프라", "대안", "일정과 역할", "배경과 동기", "보안과 개인정보"
MODEL, FAIRNESS, TEST_SCORE = "모델", "공정성과 위험", "부록 B"

HARMLESS: dict[str, Callable[[Draft], None]] = {}


def _harmless(edit: Callable[[Draft], None]) -> Callable[[Draft], None]:
    HARMLESS[edit.__name__.strip("_").replace("_", " ")] = edit
    return edit


def _on_text(change: Callable[[str], str]) -> Callable[[Draft], None]:
    def edit(draft: Draft) -> None:
        draft.lines = change(draft.text).split("\n")

    return edit


# ---- tables -------------------------------------------------------------------------------------


def _each_table(draft: Draft, change: Callable[[int, list[str]], list[str]]) -> None:
    """Change the cells of all tables below the first section's heading; the rule line is row 1."""
    number, begun = 0, False
    for at, line in enumerate(draft.lines):
        begun = begun or line.startswith("## ")
        number = number + 1 if line.startswith("|") else 0
        if number and begun:
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            draft.lines[at] = "| " + " | ".join(change(number - 1, cells)) + " |"


@_harmless
def columns_from_right_to_left(draft):
    _each_table(draft, lambda row, cells: cells[::-1])


@_harmless
def first_column_last(draft):
    _each_table(draft, lambda row, cells: [*cells[1:], cells[0]])


@_harmless
def a_column_more(draft):
    _each_table(draft, lambda row, cells: [*cells, ("검토", "---")[row] if row < 2 else "봄"])


@_harmless
def a_column_more_in_front(draft):
    _each_table(draft, lambda row, cells: [("순서", "---:")[row] if row < 2 else f"{row - 1}", *cells])


@_harmless
def centred_columns(draft):
    _each_table(draft, lambda row, cells: [":---:"] * len(cells) if row == 1 else cells)


@_harmless
def tables_without_outer_bars(draft):
    draft.lines = [line.strip("|").strip() if line.startswith("|") else line for line in draft.lines]


@_harmless
def wide_cells(draft):
    draft.lines = [line.replace("|", "   |  ").strip() if line.startswith("|") else line for line in draft.lines]


@_harmless
def bold_column_names(draft):
    _each_table(draft, lambda row, cells: [f"**{cell}**" for cell in cells] if row == 0 else cells)


@_harmless
def bold_first_cells(draft):
    _each_table(draft, lambda row, cells: [f"**{cells[0]}**", *cells[1:]] if row > 1 and cells[0] else cells)


@_harmless
def rows_in_another_order(draft):
    places = (
        (GOAL, GOALS),
        (GOAL, METRICS),
        (NEED, REQUIREMENTS),
        (BASE, BASELINES),
        (SERVING, CHOICES),
        (WATCH, MONITORS),
        (WATCH, ALERTS),
        (PLAN, SCHEDULE),
        (TEST_SCORE, TESTS),
    )
    for section, columns in places:
        for table in draft.tables(section, columns):
            texts = [row.text for row in table][::-1]
            for row, text in zip(table, texts, strict=True):
                draft.lines[row.at] = text


@_harmless
def requirements_in_two_tables(draft):
    table = draft.tables(NEED, REQUIREMENTS)[0]
    header = draft.lines[table[0].at - 2 : table[0].at]
    draft.lines[table[2].at : table[2].at] = ["", "나머지는 다음과 같다.", "", *header]


@_harmless
def line_breaks_and_bars_in_cells(draft):
    row = draft.rows(PLAN, SCHEDULE)[0]
    row["산출물"] = r"첫째 표<br>둘째 표 (a \| b)"


def _set_all(draft: Draft, section: str, columns: tuple[str, ...], column: str, change: Callable[[str], str]) -> None:
    for row in draft.rows(section, columns):
        row[column] = change(row[column])


@_harmless
def numbers_in_bold_and_code(draft):
    _set_all(draft, NEED, REQUIREMENTS, "수치", lambda text: f"**{text}**")
    _set_all(draft, BASE, BASELINES, "값", lambda text: f"`{text}`")


@_harmless
def owners_with_role_and_at(draft):
    _set_all(draft, NEED, REQUIREMENTS, "담당", lambda text: f"@{text.split('(')[0]} (검토 포함)")
    _set_all(draft, WATCH, ALERTS, "담당", lambda text: f"**{text}**")


@_harmless
def blanks_before_percent_signs(draft):
    _set_all(draft, ROLLOUT, STAGES, "비율", lambda text: text.replace("%", " %"))


@_harmless
def scores_with_decimals(draft):
    _set_all(draft, TEST_SCORE, TESTS, "점수", lambda text: f"{float(text):.1f}")


@_harmless
def total_in_bold(draft):
    at = next(at for at, line in enumerate(draft.lines) if line.startswith("최종 점수"))
    draft.lines[at] = f"**{draft.lines[at]}**"


@_harmless
def thresholds_with_signs(draft):
    def change(text):
        return text.replace("이하", "≤", 1) if "이하" in text else text.replace("이상", "≥", 1)

    _set_all(draft, NEED, REQUIREMENTS, "합격 기준", change)


# ---- arithmetic ---------------------------------------------------------------------------------


def _formulas(draft: Draft, change: Callable[[str], str], *, results: bool = True) -> None:
    for section in (SERVING, ROLLOUT):
        for table in draft.tables(section, CALCULATIONS):
            for row in table:
                row["식"] = change(row["식"])
                if results:
                    row["결과"] = change(row["결과"])


@_harmless
def other_signs(draft):
    _formulas(draft, lambda text: re.sub(r"[×x]", "*", text).replace("÷", "/"))


@_harmless
def seconds_in_korean(draft):
    _formulas(draft, lambda text: re.sub(r"/s\b", "/초", text).replace("5 s", "5초"))


@_harmless
def no_thousands_separators(draft):
    _formulas(draft, lambda text: re.sub(r"(?<=\d),(?=\d{3})", "", text))


@_harmless
def no_blanks_around_signs_and_units(draft):
    _formulas(draft, lambda text: text if "표본(" in text else text.replace(" ", ""))


@_harmless
def non_breaking_blanks(draft):
    _formulas(draft, lambda text: text.replace(" ", "\u00a0"))


@_harmless
def results_with_about(draft):
    for row in draft.rows(SERVING, CALCULATIONS):
        if "저장" in row["계산"]:
            row["결과"] = f"약 {row['결과']}"


@_harmless
def right_equations_in_prose(draft):
    draft.append(SERVING, "두 배이면 240 요청/s × 50 ms = 12 요청이고, 9,388 건 ÷ 176 건/일 ≈ 53 일이다.")


@_harmless
def signs_that_are_no_arithmetic(draft):
    draft.append(
        WHY,
        "2026-09-01부터 3-5일 동안 24/7로 모은 1/4분기 자료다. p < 0.05이고 구간은 0.2 - 0.4, A/B는 7:3, n = 120이다.",
    )


# ---- names, dates, goals ------------------------------------------------------------------------


@_harmless
def the_team_renamed(draft):
    at = next(at for at, line in enumerate(draft.lines) if line.startswith("| 팀 |"))
    draft.lines[at] = draft.lines[at].replace(draft.lines[at].split("|")[2], " 새벽 & 바다 3조 ")


def _dates_as(form: str) -> Callable[[Draft], None]:
    pattern = r"(\d{4})(?:-|\. |년 )(\d{1,2})(?:-|\. |월 )(\d{1,2})(?:\.|일)?(?= *\|)"

    def change(text: str) -> str:
        return re.sub(pattern, lambda found: form.format(*map(int, found.groups())), text)

    return _on_text(change)


HARMLESS["dates as 2026. 9. 1."] = _dates_as("{0}. {1}. {2}.")
HARMLESS["dates as 2026-09-01"] = _dates_as("{0}-{1:02d}-{2:02d}")
HARMLESS["dates as 2026년 9월 1일"] = _dates_as("{0}년 {1}월 {2}일")


@_harmless
def a_stage_of_one_day(draft):
    row = draft.rows(PLAN, SCHEDULE)[0]
    row["끝"] = row["시작"]


@_harmless
def a_goal_more_with_everything(draft):
    def like_last(section: str, columns: tuple[str, ...], **changes: str) -> TableRow:
        row = draft.rows(section, columns)[-1]
        row.insert_like(changes)
        return draft.rows(section, columns)[-1]

    name = {prefix: draft.id(prefix, 19) for prefix in ("G", "M", "MON", "AL")}
    like_last(GOAL, GOALS, ID=name["G"], 목표="당직자가 잔다")
    like_last(GOAL, METRICS, ID=name["M"], 목표=name["G"], 지표="밤에 울린 경보의 수", 기초선="9건", 목표값="2건 이하")
    like_last(WATCH, MONITORS, ID=name["MON"], 지표=name["M"], 모니터="한 달에 밤에 울린 경보")
    like_last(WATCH, ALERTS, ID=name["AL"], 모니터=name["MON"], 조건="한 달에 5건 초과")


@_harmless
def an_alternative_more(draft):
    draft.lines[draft.span(OTHERS)[1] : draft.span(OTHERS)[1]] = [
        "### 대안 9. 다른 회사의 서비스를 산다",
        "",
        "- **장점:** 두 주면 쓸 수 있다.",
        "- **단점:** 한 건에 3원이 든다.",
        "- **고르지 않은 이유:** 자료를 밖으로 보낼 수 없다. 보낼 수 있게 되면 다시 고른다.",
        "",
    ]


@_harmless
def a_section_more(draft):
    at = draft.span("부록 A")[0]
    draft.lines[at:at] = ["## 참고 문헌", "", "- Mitchell 외(2019), 모델 카드", "- Breck 외(2017), ML Test Score", ""]


@_harmless
def a_subsection_more(draft):
    at = draft.span(MODEL)[1]
    draft.lines[at:at] = ["### 다음 실험", "", "피처를 둘 더해 같은 평가용 자료에서 잰다.", ""]


# ---- headings and characters ----------------------------------------------------------------------


def _slug(heading: str) -> str:
    return re.sub(r"[^\w-]", "", heading.lower().replace(" ", "-"))


@_harmless
def headings_in_bold(draft):
    draft.lines = [re.sub(r"^(##+) (.+)$", r"\1 **\2**", line) for line in draft.lines]


@_harmless
def headings_closed(draft):
    draft.lines = [re.sub(r"^(#+) (.+)$", r"\1 \2 \1", line) for line in draft.lines]


@_harmless
def headings_without_links_get_english(draft):
    linked = set(re.findall(r"\]\(#([^)]+)\)", draft.text))
    for at, line in enumerate(draft.lines):
        if line.startswith("## ") and "(" not in line and _slug(line[3:]) not in linked:
            draft.lines[at] = f"{line} (English name)"


@_harmless
def numbers_of_headings_changed(draft):
    """Numbered headings lose their numbers, others get one, and links follow."""
    numbered = any(re.match(r"## \d", line) for line in draft.lines)
    number, text = 0, draft.text
    for line in list(draft.lines):
        if line.startswith("## ") and "부록" not in line:
            number += 1
            old = line[3:]
            new = re.sub(r"^\d+\. ", "", old) if numbered else f"{number}. {old}"
            text = text.replace(line, f"## {new}", 1)
            text = text.replace(f"(#{_slug(old)})", f"(#{_slug(new)})")
    draft.lines = text.split("\n")


@_harmless
def a_title_that_is_underlined(draft):
    draft.lines[0:1] = [draft.lines[0][2:], "====="]


HARMLESS["decomposed Hangul"] = _on_text(lambda text: unicodedata.normalize("NFD", text))
HARMLESS["CRLF"] = _on_text(lambda text: text.replace("\n", "\r\n"))
HARMLESS["a byte order mark"] = _on_text(lambda text: "\ufeff" + text)
HARMLESS["no newline at the end"] = _on_text(lambda text: text.rstrip("\n"))
HARMLESS["quotes of Word"] = _on_text(lambda text: re.sub(r'(?<![(=\w])"([^"\n]*)"(?!\))', "“\\1”", text))
HARMLESS["stars for lists"] = _on_text(lambda text: re.sub(r"(?m)^- ", "* ", text))


@_harmless
def blank_lines(draft):
    draft.lines = [new for line in draft.lines for new in ([line, "", ""] if line.startswith("#") else [line])]


@_harmless
def trailing_spaces(draft):
    draft.lines = [line + "  " if line else line for line in draft.lines]


# ---- what is added --------------------------------------------------------------------------------


@_harmless
def comments_between_paragraphs(draft):
    for section in (WHY, FAIRNESS, PLAN):
        draft.append(section, "<!-- 3월 회의에서 문장을 다듬었다 -->")


@_harmless
def a_footnote(draft):
    draft.append(WHY, "이 수는 작년의 것이다.[^1]", "", "[^1]: 작년 통계 연보 31쪽.")


@_harmless
def links_to_the_web(draft):
    draft.append(
        WHY, "[통계](https://kosis.kr/), [담당자](mailto:team@example.org), <https://example.org/a?b=1#c>를 보라."
    )


@_harmless
def sound_figures(draft):
    draft.append(MODEL, "![학습 곡선][curve]", "", "[curve]: figures/sound.png")
    draft.append(FAIRNESS, '<img src="figures/sound.png" alt="집단별 재현율" width="300">')


@_harmless
def a_link_to_a_part(draft):
    draft.append(PRIVACY, "무엇을 하지 않는지는 [범위](#하지-않는-것)에, 그림은 [여기](figures/)에 있다.")


@_harmless
def code_and_quotation(draft):
    draft.append(MODEL, "```python", "# 안내: a / b = 3", "model.fit(x, y)", "```", "", "> 사람의 눈은 지친다.")


@_harmless
def words_that_look_like_placeholders(draft):
    draft.append(
        PRIVACY, "안내 화면의 글은 세 줄이고, 옷의 치수 XXXL은 자료에 없다. 내용(요약)은 로그에 남기지 않는다."
    )
