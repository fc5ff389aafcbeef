"""The templates of the group project: what a team fills in, what a grader reads, and when it is due.

The document's template is read here with plain regular expressions, independently of the checker, so that a
fault in the one is not hidden by the same fault in the other.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
import yaml

from coursekit.classroom.project.calculator import evaluate
from coursekit.classroom.project.checking import check_document
from coursekit.classroom.project.rubrics import read_rubric

ROOT = Path(__file__).resolve().parents[3]
TEMPLATE = ROOT / "project_template"
DOCUMENT = (TEMPLATE / "design_doc.md").read_text(encoding="utf-8")
FORMS = ("mid_check.md", "peer_review.md", "peer_contribution.md", "team_contract.md")
PAGES = ("README.md", "design_doc.md", *FORMS, "rubric.md", "presentation_rubric.md", "timeline.md")
TEXTS = (*PAGES, "rubric.yaml", "presentation_rubric.yaml", "timeline.yaml")
GUIDANCE = re.compile(r"<!-- 안내: (.*?) -->", re.DOTALL)
TO_FILL = re.compile(r"〈[^〈〉\n]+〉")

SECTIONS = (
    "개요, 배경과 동기, 목표와 지표, 범위와 요구사항, 데이터와 레이블, 기초선, 모델, 서빙과 인프라, 배포와 롤백, "
    "모니터링과 드리프트, 보안과 개인정보, 공정성과 위험, 대안, 일정과 역할"
).split(", ")
APPENDICES = ["부록 A. 모델 카드", "부록 B. ML Test Score"]
TABLES = {
    "": ["항목 내용"],
    "목표와 지표": ["ID 목표 왜_중요한가", "ID 목표 지표 데이터 계산_방법 기초선 목표값"],
    "범위와 요구사항": ["ID 요구사항 수치 단위 합격_기준 담당"],
    "기초선": ["기초선 지표 값 측정_방법"],
    "모델": ["모델 지표 값 비고"],
    "서빙과 인프라": ["결정 선택 이유", "계산 식 결과"],
    "배포와 롤백": ["단계 비율 기간 통과_기준 롤백_기준"],
    "모니터링과 드리프트": ["ID 지표 모니터 주기", "ID 모니터 조건 담당 런북"],
    "일정과 역할": ["단계 시작 끝 담당 산출물", "이름 역할 책임"],
    "부록 A. 모델 카드": ["항목 내용"],
    "부록 B. ML Test Score": ["번호 영역 시험 점수 근거"],
}
# Columns that say what to fill in, and cells that hold a reference to another table's row.
LABELS = {"ID", "항목", "결정", "계산", "번호", "영역", "시험"}
REFERENCE = re.compile(r"(G|M|MON)\d+")
MODEL_CARD = "모델 개요, 용도, 쓰면 안 되는 곳, 학습 데이터, 평가 데이터, 성능, 하위 집단별 성능, 한계, 윤리적 고려"

RULES = set(
    """section-missing section-order section-empty section-boilerplate placeholder-left guidance-left
    goals-missing goal-without-metric metric-incomplete metric-without-monitor monitor-without-alert alert-incomplete
    alert-without-runbook runbook-missing runbook-unused id-unknown id-repeated
    requirements-missing requirement-incomplete owner-unknown
    baseline-missing baseline-without-number alternatives-too-few alternative-incomplete rollout-stages-missing
    rollout-not-increasing rollout-incomplete serving-choice-missing
    arithmetic-wrong arithmetic-units arithmetic-unreadable calculation-missing sample-size-wrong
    date-invalid dates-out-of-order date-after-deadline schedule-missing stage-without-owner
    link-broken anchor-broken link-empty figure-missing figure-unreadable figure-without-text
    model-card-incomplete test-score-incomplete test-score-wrong team-missing""".split()
)


def _read(name):
    return (TEMPLATE / name).read_text(encoding="utf-8")


def _visible(text):
    """What a rendered page shows."""
    return re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)


def _parts(text):
    """Text by level-2 heading, numbers off; what stands before the first is under ''."""
    pieces = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    names = [re.sub(r"^\d+\. ", "", name) for name in pieces[1::2]]
    return {"": pieces[0], **dict(zip(names, pieces[2::2], strict=True))}


def _tables(text):
    """Tables as lists of rows of cells; the header first."""
    found = re.findall(r"(?:^\|.*\|\n)+", text + "\n", flags=re.MULTILINE)
    rows = [[[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()] for table in found]
    for table in rows:
        assert all(set(cell) <= {"-"} and cell for cell in table[1]), table[1]
        assert len({len(row) for row in table}) == 1, table
    return [[table[0], *table[2:]] for table in rows]


def _table(section, columns):
    wanted = [name.replace("_", " ") for name in columns.split()]
    return next(table for table in _tables(_parts(_visible(DOCUMENT))[section]) if table[0] == wanted)


def _column(table, name):
    return [row[table[0].index(name)] for row in table[1:]]


# The document


def test_sections_stand_numbered_in_their_order():
    headings = re.findall(r"^## (.+)$", DOCUMENT, flags=re.MULTILINE)
    assert headings == [*(f"{at}. {name}" for at, name in enumerate(SECTIONS, start=1)), *APPENDICES]
    assert len(re.findall(r"^# ", DOCUMENT, flags=re.MULTILINE)) == 1


@pytest.mark.parametrize(("section", "columns"), [(name, one) for name, all_ in TABLES.items() for one in all_])
def test_every_table_of_the_grammar_is_there(section, columns):
    assert len(_table(section, columns)) > 1


@pytest.mark.parametrize("section", [*SECTIONS, *APPENDICES])
def test_guidance_says_what_to_learn_how_to_write_what_is_asked_and_where_to_read(section):
    notes = GUIDANCE.findall(_parts(DOCUMENT)[section])
    assert len(notes) == 1
    labels = ("읽는 사람이 알게 될 것: ", "쓰는 법: ", "검토자가 물을 것: ", "도움이 되는 강의: ")
    lines = notes[0].splitlines()
    for label, line in zip(labels, lines, strict=False):
        assert line.startswith(label)
    assert re.search(r"검토자가 물을 것: \"[^\"]+\?\"|검토자가 물을 것: \"[^\"]+\"", notes[0])
    assert re.search(r"(?<!\d)([1-9]|1[0-5])강", lines[3])


def test_guidance_is_all_that_a_rendered_page_hides():
    assert "안내:" not in _visible(DOCUMENT)
    assert DOCUMENT.count("<!--") == len(GUIDANCE.findall(DOCUMENT)) == len(SECTIONS) + len(APPENDICES) + 1


def test_every_cell_to_fill_is_marked():
    for table in _tables(_visible(DOCUMENT)):
        fixed = {at for at, name in enumerate(table[0]) if name in LABELS}
        for row in table[1:]:
            for at, cell in enumerate(row):
                if at in fixed or (at == 0 and table[0] == ["항목", "내용"]):
                    assert cell and not TO_FILL.search(cell), row
                else:
                    assert TO_FILL.fullmatch(cell) or REFERENCE.fullmatch(cell), row


def test_every_line_to_fill_is_marked():
    for line in _visible(DOCUMENT).splitlines():
        if line and not line.startswith(("|", "#")):
            assert TO_FILL.search(line), line
            assert re.fullmatch(r"(- |\d\. )?([가-힣 ]+: )?〈[^〈〉]+〉", line), line


def test_ids_lead_from_goals_to_runbooks():
    metrics = _table("목표와 지표", TABLES["목표와 지표"][1])
    monitors, alerts = (_table("모니터링과 드리프트", one) for one in TABLES["모니터링과 드리프트"])
    goals = _column(_table("목표와 지표", TABLES["목표와 지표"][0]), "ID")
    assert goals == ["G1", "G2"]
    assert set(_column(metrics, "목표")) == set(goals)
    assert _column(metrics, "ID") == _column(monitors, "지표") == ["M1", "M2", "M3"]
    assert _column(monitors, "ID") == _column(alerts, "모니터") == ["MON1", "MON2", "MON3"]
    assert _column(alerts, "ID") == ["AL1", "AL2", "AL3"]
    described = re.findall(r"^### 런북 (RB\d+)\. 〈", DOCUMENT, flags=re.MULTILINE)
    assert sorted({cell.strip("〈〉") for cell in _column(alerts, "런북")}) == described == ["RB1", "RB2"]
    assert _column(_table("범위와 요구사항", TABLES["범위와 요구사항"][0]), "ID") == ["R1", "R2", "R3", "R4"]
    for section in ("기초선", "모델"):
        assert set(_column(_table(section, TABLES[section][0]), "지표")) <= set(_column(metrics, "ID"))


@pytest.mark.parametrize("runbook", ["RB1", "RB2"])
def test_a_runbook_has_numbered_steps(runbook):
    text = re.search(rf"^### 런북 {runbook}\..*?(?=^##)", DOCUMENT, flags=re.MULTILINE | re.DOTALL).group()
    assert re.findall(r"^(\d)\. ", text, flags=re.MULTILINE) == list("1234")


def test_the_four_calculations_are_asked_for():
    names = _column(_table("서빙과 인프라", TABLES["서빙과 인프라"][1]), "계산")
    for wanted in ("동시 요청", "저장", "월 비용", "표본"):
        assert sum(wanted in name for name in names) == 1


def test_the_formulas_shown_can_be_read_by_the_checker():
    """Worked out by hand: 6 requests, 216 GB, 756,000 won; the sample size is test_sample_size's matter."""
    shown = re.findall(r"`([^`]+)`", GUIDANCE.findall(_parts(DOCUMENT)["서빙과 인프라"])[0])
    found = [evaluate(formula).value for formula in shown if "coursekit" not in formula]
    assert found[:3] == [6, 216 * 10**9, 756_000]
    assert len(found) == 4
    assert found[3] > 1000


def test_alternatives_and_scope_have_their_subsections():
    parts = _parts(DOCUMENT)
    alternatives = re.split(r"^### 대안 \d\. ", parts["대안"], flags=re.MULTILINE)[1:]
    assert len(alternatives) >= 2
    for text in alternatives:
        assert re.findall(r"^- ([가-힣 ]+): ", text, flags=re.MULTILINE) == ["장점", "단점", "고르지 않은 이유"]
    assert re.findall(r"^### (.+)$", parts["범위와 요구사항"], flags=re.MULTILINE)[:2] == ["하는 것", "하지 않는 것"]


def test_rollout_stages_increase():
    shares = [float(cell.strip("〈〉%")) for cell in _column(_table("배포와 롤백", TABLES["배포와 롤백"][0]), "비율")]
    assert len(shares) >= 3
    assert shares == sorted(set(shares))
    assert shares[-1] == 100


def test_model_card_has_its_nine_rows():
    assert _column(_table("부록 A. 모델 카드", "항목 내용"), "항목") == MODEL_CARD.split(", ")


def test_ml_test_score_has_four_areas_of_seven_and_names_its_source():
    table = _table("부록 B. ML Test Score", TABLES["부록 B. ML Test Score"][0])
    assert _column(table, "번호") == [str(number) for number in range(1, 29)]
    areas = ["데이터", "모델", "인프라", "모니터링"]
    assert _column(table, "영역") == [area for area in areas for _ in range(7)]
    tests = _column(table, "시험")
    assert len(set(tests)) == 28
    assert all(test.endswith("니다") for test in tests)
    appendix = _parts(DOCUMENT)["부록 B. ML Test Score"]
    assert re.search(r"Breck, .* \(2017\)", appendix)
    assert re.search(r"^최종 점수: 〈", appendix, flags=re.MULTILINE)


# What a team that fills it ends with

FILLED = {  # by column, or by the words before the mark
    "팀": "병상팀",
    "팀원": "김하늘, 이바다, 박나무, 최들",
    "상태": "제출",
    "작성일": "2026-09-15",
    "최종 수정": "2026-11-30",
    "목표값": "0.12 이하",
    "기초선": "0.15",
    "값": "0.15",
    "점수": "0.5",
    "수치": "80",
    "단위": "ms",
    "합격 기준": "p99 이하, 열린 고리의 부하로 잼",
    "담당": "김하늘",
    "책임": "5절을 쓰고 10절을 검토합니다",
    "기간": "7 일",
    "통과 기준": "M1이 같은 시각의 기초선보다 0.01 넘게 나쁘지 않음",
    "롤백 기준": "M2가 같은 시각의 기초선의 1.25배 이상",
    "조건": "하루의 값이 0.18 이상인 날이 이틀 이어짐",
    "주기": "1 일마다, 레이블 지연 30 분",
    "표본 수": "1,200",
    "시작": "2026-10-01",
    "끝": "2026-10-14",
    "답을 만드는 때": "실시간",
    "추론하는 곳": "클라우드",
    "동시 요청": ("120 요청/s × 50 ms", "6 요청"),
    "저장 용량": ("2,000,000 건/일 × 1.2 KB/건 × 90 일", "216 GB"),
    "월 비용": ("350 원/시간 × 24 시간/일 × 30 일 × 3 대", "756,000 원"),
    "표본 크기": ("표본(기준=0.90, 차이=0.02, 유의수준=0.05, 검정력=0.8)", "3,211 건"),
    "최종 점수": "3.5",
}


def _filled_cell(columns, row, at, number):
    cell, label = row[at], row[0]
    if not TO_FILL.search(cell):
        return cell
    if columns[0] == "계산":
        return FILLED[label][at - 1]
    if re.fullmatch(r"〈(RB\d|\d+%)〉", cell):
        return cell.strip("〈〉")
    if columns[at] == "이름":
        return FILLED["팀원"].split(", ")[number]
    if label in FILLED and at == 1:
        return FILLED[label]
    # each cell says something of its own
    return FILLED.get(columns[at], f"{cell.strip('〈〉').replace(',', '과')}에 대한 {number + 1}번째 줄의 내용")


def _filled(text):
    """The template as a team would leave it: marks replaced by something of the right kind, guidance gone."""
    lines, columns, number = [], None, 0
    for line in _visible(text).splitlines():
        if line.startswith("|"):
            row = [cell.strip() for cell in line.strip("|").split("|")]
            if columns is None:
                columns, number = row, -1
            else:
                number += 1
                if number:
                    row = [_filled_cell(columns, row, at, number - 1) for at in range(len(row))]
                    line = f"| {' | '.join(row)} |"
        else:
            columns = None
            before = line.split(":")[0]
            if before in FILLED:
                line = f"{before}: {FILLED[before]}"
            line = TO_FILL.sub(rf"\g<0>, 그 {len(lines)}번째 줄의 내용", line).replace("〈", "").replace("〉", "")
        lines.append(line)
    return "\n".join(lines) + "\n"


def test_a_filled_template_is_a_document_that_the_check_accepts(tmp_path):
    """Headings, columns and ids of the template are those that the checker looks for, in every rule."""
    document = tmp_path / "design_doc.md"
    document.write_text(_filled(DOCUMENT), encoding="utf-8")
    report = check_document(document)
    assert [finding.told for finding in report.findings] == []
    assert set(report.checked) == RULES


def test_an_untouched_template_is_no_document(tmp_path):
    document = tmp_path / "design_doc.md"
    document.write_text(DOCUMENT, encoding="utf-8")
    findings = check_document(document).findings
    boilerplate = {finding.place.section for finding in findings if finding.rule.id == "section-boilerplate"}
    assert len(boilerplate) == len(SECTIONS) + len(APPENDICES)
    assert not [finding for finding in findings if finding.rule.id == "guidance-left"]


# Language


def _avoided_terms():
    for line in (ROOT / "lectures" / "glossary.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and len(cells) == 3 and cells[0] != "용어":
            yield from (wrong.strip() for wrong in cells[2].split(","))


@pytest.mark.parametrize("name", TEXTS)
def test_terms_and_tone(name):
    prose = re.sub(r"<!--|```.*?```|`[^`]*`", " ", _read(name), flags=re.DOTALL)
    assert not [wrong for wrong in _avoided_terms() if wrong in prose]
    assert "!" not in prose
    assert not re.search("[\U0001f000-\U0001faff\u2600-\u27bf]", prose)


@pytest.mark.parametrize("name", TEXTS)
def test_no_english_placeholder_is_left(name):
    words = r"\b(?:TBD|TODO|FIXME|XXX|lorem|ipsum|your|insert|example|N/A|placeholder)\b(?!-left)"
    assert not re.findall(words, _read(name), re.IGNORECASE)


@pytest.mark.parametrize("name", PAGES)
def test_marks_are_closed(name):
    text = re.sub("〈 〉", "", _read(name))
    assert text.count("〈") == text.count("〉") == len(TO_FILL.findall(text))


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name):
    targets = re.findall(r"\]\(([^)]+)\)", _visible(_read(name)))
    assert [target for target in targets if not (TEMPLATE / target).exists()] == []


# The forms


def test_mid_check_comes_with_the_three_assumptions_and_both_halves():
    text = _read("mid_check.md")
    tables = _tables(text)
    looked_at = next(table for table in tables if table[0][1] == "준비된 모습")
    judged = next(table for table in tables if table[0][0] == "보는 것" and table is not looked_at)
    assert _column(looked_at, "보는 것") == _column(judged, "보는 것")
    assumptions = next(table for table in tables if table[0][0] == "가정")
    assert len(assumptions) == 1 + 3
    assert {"확인할 방법", "담당", "날짜"} <= set(assumptions[0])
    assert text.index("## 팀이 쓰는 곳") < text.index("## 강사가 쓰는 곳")


def test_a_review_names_place_problem_reason_and_proposal():
    table = next(one for one in _tables(_read("peer_review.md")) if one[0][:2] == ["번호", "갈래"])
    assert table[0][2:] == ["자리", "문제", "까닭", "제안"]
    assert {"요구사항", "모니터링", "대안"} <= set(_column(table, "갈래"))
    answers = next(one for one in _tables(_read("peer_review.md")) if one[0][0] == "번호" and one is not table)
    assert _column(answers, "번호") == _column(table, "번호")


def test_contribution_has_no_place_for_a_score():
    text = _read("peer_contribution.md")
    assert "어떤 경우에도 점수가 아닙니다" in text
    columns = re.search(r"```text\n(.+)\n```", text).group(1).split(",")
    assert columns == "team,writer,member,promised,kept,evidence,note".split(",")
    explained = next(table for table in _tables(text) if table[0] == ["열", "뜻"])
    assert _column(explained, "열") == columns


def test_the_contract_settles_what_teams_break_on():
    headings = re.findall(r"^## \d\. (.+)$", _read("team_contract.md"), flags=re.MULTILINE)
    wanted = "역할, 회의, 결정, 갈등, 저자와 인용, 생성형 인공지능과 도구, 누군가 떠날 때"
    assert headings == wanted.split(", ")


# Rubrics


@pytest.mark.parametrize(("name", "counts"), [("rubric", 30), ("presentation_rubric", 20)])
def test_rubrics_sum_to_a_hundred_and_have_four_levels(name, counts):
    rubric = read_rubric(TEMPLATE / f"{name}.yaml")
    assert rubric.total == 100
    assert rubric.counts == counts
    assert 8 <= len(rubric.criteria) <= 12
    for one in rubric.criteria:
        assert [level.share for level in one.levels] == [1, 0.75, 0.5, 0.25]
        assert len({level.descriptor for level in one.levels}) == 4
        assert all(one.points_of(level).is_integer() for level in one.levels), "graders write whole points"
        assert one.question.endswith("?")


def test_the_documents_rubric_covers_every_section_once():
    sections = [name for one in read_rubric(TEMPLATE / "rubric.yaml").criteria for name in one.sections]
    assert sorted(sections) == sorted([*SECTIONS, *APPENDICES])


def test_rules_inform_graders_and_each_is_known():
    rubric = read_rubric(TEMPLATE / "rubric.yaml")
    informing = [*rubric.rules, *(rule for one in rubric.criteria for rule in one.rules)]
    assert len(informing) == len(set(informing))
    assert set(informing) == RULES
    assert not any(one.rules for one in read_rubric(TEMPLATE / "presentation_rubric.yaml").criteria)


# The timeline


def _milestones():
    return yaml.safe_load(_read("timeline.yaml"))["milestones"]


def test_milestones_follow_the_weeks():
    weeks = [one["week"] for one in _milestones()]
    assert weeks == sorted(set(weeks))
    assert set(weeks) <= set(range(1, 16)) - {8}, "the week of the midterm is left alone"
    assert len({one["id"] for one in _milestones()}) == len(weeks)
    assert all(set(one) == {"id", "title", "week", "day", "deliverable", "sections"} for one in _milestones())


def test_the_customers_dates_stand():
    """The mid-check right after the midterm of week 8, the hand-in before lecture 14, the talk in week 15."""
    when = {one["id"]: (one["week"], one["day"]) for one in _milestones()}
    assert when["mid_check"] == (9, "before lecture")
    assert when["hand_in"] == (14, "before lecture")
    assert when["presentation"] == (15, "in lecture")


def test_every_section_is_due_once_and_the_mid_check_looks_at_six():
    by_id = {one["id"]: one["sections"] for one in _milestones()}
    assert by_id.pop("mid_check") == SECTIONS[:6] == by_id["goals_draft"] + by_id["baseline"]
    assert [name for sections in by_id.values() for name in sections] == [*SECTIONS, *APPENDICES]


# Pages made from YAML


@pytest.fixture
def project_pages(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    monkeypatch.delitem(sys.modules, "project_pages", raising=False)
    import project_pages

    return project_pages


def test_committed_pages_are_what_the_tool_makes(project_pages):
    for name, text in project_pages.pages().items():
        assert _read(name) == text, "run .venv/bin/python tools/project_pages.py"


def test_a_change_of_the_yaml_reaches_its_page_alone(project_pages, tmp_path):
    for name in ("rubric.yaml", "presentation_rubric.yaml", "timeline.yaml"):
        (tmp_path / name).write_text(_read(name), encoding="utf-8")
    before = project_pages.pages(tmp_path)
    for name, old, new in (
        ("rubric.yaml", "title: 대안과 토론", "title: 바뀐 기준"),
        ("presentation_rubric.yaml", "title: 시간과 전달", "title: 바뀐 기준"),
        ("timeline.yaml", "title: 중간 점검", "title: 바뀐 점검"),
    ):
        changed = _read(name).replace(old, new)
        assert changed != _read(name)
        (tmp_path / name).write_text(changed, encoding="utf-8")
        after = project_pages.pages(tmp_path)
        assert [page for page in after if after[page] != before[page]] == [name.replace(".yaml", ".md")]
        assert "바뀐" in after[name.replace(".yaml", ".md")]
        (tmp_path / name).write_text(_read(name), encoding="utf-8")
