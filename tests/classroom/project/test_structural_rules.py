"""The rules about a document's structure: each fires where its fault is, and not beside it.

Documents are Markdown texts, read as a team's would be. Each fault is one edit of a document that has
none; the oracle is the edit: the rule's finding stands at the line that was edited.
"""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coursekit.classroom.project.documents import read_document
from coursekit.classroom.project.project_file import Member, ProjectFile
from coursekit.classroom.project.rules import appendices, choices, requirements, sections, tracing
from coursekit.classroom.project.rules._cells import given as says_something
from coursekit.classroom.project.rules._cells import has_number, ids_in, normal_id

MODULES = (sections, tracing, requirements, choices, appendices)
AREAS = ("데이터", "모델", "인프라", "모니터링")


def table(*rows: str) -> str:
    """Rows of cells parted by bars, the header first."""
    width = rows[0].count("|") + 1
    return "\n".join(f"| {row} |" for row in (rows[0], "|".join(["---"] * width), *rows[1:]))


def score_rows(scores: dict[str, list[float]]) -> list[str]:
    return [
        f"{7 * at + n + 1} | {area} | {area} 시험 {n + 1} | {score:g} | checks/{area}_{n}.py"
        for at, (area, mine) in enumerate(scores.items())
        for n, score in enumerate(mine)
    ]


SCORES = {
    "데이터": [1, 1, 0.5, 1, 0.5, 0.5, 0.5],
    "모델": [1, 0.5, 0.5, 1, 0.5, 1, 0],
    "인프라": [0.5, 0.5, 0.5, 1, 0.5, 0, 0.5],
    "모니터링": [1, 0.5, 1, 0.5, 0.5, 0.5, 0.5],
}

GOOD = (
    "\n\n".join(
        (
            "# 응급실 병상 예측",
            table(
                "항목 | 내용",
                "팀 | 병상팀",
                "팀원 | 김하늘, 이서준, 박도윤, 최지우",
                "상태 | 검토 중",
                "작성일 | 2026-09-15",
                "최종 수정 | 2026-10-02",
            ),
            "## 1. 개요",
            "병원의 배정 회의가 열리는 오후 4시 전에, 36시간 뒤에 입원할 사람의 수를 병동별로 예측해 화면에 보인다.",
            "## 2. 배경과 동기",
            "지금은 수간호사가 전날의 입원 수를 보고 병상을 비워 둔다. 주말 뒤에는 모자라고 연휴 앞에는 남는다.",
            "## 3. 목표와 지표",
            table(
                "ID | 목표 | 왜 중요한가",
                "G1 | 병동별 입원 수를 하루 앞서 안다 | 배정 회의가 하루 한 번이다",
                "G2 | 예측이 늦지 않는다 | 회의가 끝나면 쓸 수 없다",
            ),
            table(
                "ID | 목표 | 지표 | 데이터 | 계산 방법 | 기초선 | 목표값",
                "M1 | G1 | 입원 수의 MAE | 2026년 1-6월의 입원 기록 | 병동별 절대 오차의 평균 | 2.4 | 1.8명 이하",
                "M2 | G2 | 응답 시간 p99 | 서빙 로그 | 하루 요청의 99번째 백분위 | 350 | 200 ms",
                (
                    "M3 | G1, G2 | 수간호사의 만족도 | 분기 설문 | 5점 척도의 평균 | 3.1 | 4.0 (오프라인 지표: "
                    "사람에게 묻는다)"
                ),
            ),
            "## 4. 범위와 요구사항",
            "### 하는 것",
            "- 내과, 외과, 소아과 병동의 36시간 뒤 입원 수",
            "### 하지 않는 것",
            "- 환자 한 사람의 진단",
            table(
                "ID | 요구사항 | 수치 | 단위 | 합격 기준 | 담당",
                "R1 | 예측을 빨리 돌려준다 | 200 | ms | p99 이하 | 김하늘",
                "R2 | 회의 전에 끝난다 | 30 | 분 | 이내 | 이서준",
                "R3 | 서비스가 살아 있다 | 99.9 | % | 월 평균 이상 | 박도윤",
                "R4 | 이름을 저장하지 않는다 | 0 | 건 | 이하 | 최지우",
            ),
            "## 5. 데이터와 레이블",
            "레이블은 예측 시각에서 36시간 안에 실제로 입원한 사람의 수이다. 전산 기록은 6시간 늦게 확정된다.",
            "## 6. 기초선",
            table(
                "기초선 | 지표 | 값 | 측정 방법",
                "전날 같은 시각의 수 | M1 | 2.4 | 2026년 1-6월, 지표와 같은 계산",
                "요일별 평균 | M1 | 2.1 | 2026년 1-6월, 지표와 같은 계산",
            ),
            "## 7. 모델",
            "그래디언트 부스팅으로 병동마다 분위수 세 개를 예측한다. 특징은 최근 7일의 입원 수와 요일, 공휴일이다.",
            "## 8. 서빙과 인프라",
            table(
                "결정 | 선택 | 이유",
                "처리 방식 | 배치, 매일 15시 | 회의가 하루에 한 번이다",
                "실행 위치 | 클라우드 | 병원에 서버실이 없다",
            ),
            "## 9. 배포와 롤백",
            table(
                "단계 | 비율 | 기간 | 통과 기준 | 롤백 기준",
                "섀도 | 0% | 7일 | M1이 2.4명 이하 | 해당 없음(사용자가 보지 않는다)",
                "카나리 | 5% | 3일 | M1이 2.1명 이하 | M1이 2.4명 초과",
                "확대 | 25% | 7일 | M1이 2.0명 이하 | M1이 2.4명 초과",
                "전체 | 100% | 14일 | M1이 1.8명 이하 | M1이 2.4명 초과",
            ),
            "## 10. 모니터링과 드리프트",
            table(
                "ID | 지표 | 모니터 | 주기",
                "MON1 | M1 | 어제의 예측과 실제의 MAE | 매일",
                "MON2 | M2 | 응답 시간의 p99 | 1분",
            ),
            table(
                "ID | 모니터 | 조건 | 담당 | 런북",
                "AL1 | MON1 | MAE가 3일 연속 2.4명 초과 | 박도윤 | RB1",
                "AL2 | MON2 | p99가 10분 동안 200 ms 초과 | 최지우 | RB2",
            ),
            "### 런북 RB1. 예측 오차가 클 때",
            "1. 입력 표의 결측률을 본다.\n2. 20%를 넘으면 전날 값으로 바꾼다.\n3. 병동에 알린다.",
            "### 런북 RB2. 응답이 느릴 때",
            "1. 최근 배포가 있었는지 본다.\n2. 있었다면 앞 판으로 되돌린다.",
            "## 11. 보안과 개인정보",
            "환자의 이름과 등록 번호는 병원 밖으로 나가지 않으며, 병동별 합계만 전송한다. 접근 기록은 1년 동안 둔다.",
            "## 12. 공정성과 위험",
            "100병상 미만인 병원에서 오차가 1.4배여서 첫 출시에서 뺀다. 예측이 낮아 병상이 모자라는 쪽이 더 위험하다.",
            "## 13. 대안",
            "### 대안 1. 병동마다 모델 하나",
            "- 장점: 병동의 특성을 따로 배운다.\n- 단점: 작은 병동의 데이터가 모자란다.\n"
            "- 고르지 않은 이유: 12개 병동 가운데 5개에서 MAE가 더 컸다.",
            "### 대안 2. 지수 평활",
            (
                "- 장점: 설명하기 쉽고 빠르다.\n- 단점: 공휴일을 모른다.\n- 고르지 않은 이유: 연휴 앞의 오차가 "
                "3.0명이었다."
            ),
            "## 14. 일정과 역할",
            table(
                "단계 | 시작 | 끝 | 담당 | 산출물",
                "데이터 | 2026-09-15 | 2026-09-28 | 이서준 | 입원 표",
                "모델 | 2026-09-29 | 2026-10-19 | 김하늘 | 모델과 평가",
            ),
            table(
                "이름 | 역할 | 책임",
                "김하늘 | 모델 | 학습과 평가",
                "이서준 | 데이터 | 수집과 레이블",
                "박도윤 | 운영 | 경보",
                "최지우 | 서빙 | 인프라",
            ),
            "## 부록 A. 모델 카드",
            table(
                "항목 | 내용",
                "모델 개요 | LightGBM 분위수 회귀, 특징 23개",
                "용도 | 병동별 입원 수의 예측",
                "쓰면 안 되는 곳 | 환자 한 사람의 판단",
                "학습 데이터 | 2024-2025년의 입원 기록",
                "평가 데이터 | 2026년 1-6월",
                "성능 | MAE 1.8명",
                "하위 집단별 성능 | 소아과 2.2명, 내과 1.6명",
                "한계 | 감염병이 유행할 때를 배우지 못했다",
                "윤리적 고려 | 병상이 모자라는 쪽의 오차에 3배를 매긴다",
            ),
            "## 부록 B. ML Test Score",
            table("번호 | 영역 | 시험 | 점수 | 근거", *score_rows(SCORES)),
            "최종 점수: 3.5",
        )
    )
    + "\n"
)


def findings(text: str, folder: Path, project: ProjectFile | None = None):
    path = folder / "design.md"
    path.write_text(text, encoding="utf-8")
    document = read_document(path)
    return [finding for module in MODULES for finding in module.check(document, project)]


def edited(*edits: tuple[str, str]) -> str:
    """The document without faults, changed; each old text stands there exactly once."""
    text = GOOD
    for old, new in edits:
        assert text.count(old) == 1, (text.count(old), old)
        text = text.replace(old, new)
    return text


def without(start: str, end: str) -> tuple[str, str]:
    """The edit that takes out everything from one text up to another."""
    first = GOOD.index(start)
    return GOOD[first : GOOD.index(end, first)], ""


def line_of(text: str, mark: str) -> int:
    assert text.count(mark) == 1, (text.count(mark), mark)
    return text[: text.index(mark)].count("\n") + 1


SECTION_11 = "환자의 이름과 등록 번호는 병원 밖으로 나가지 않으며, 병동별 합계만 전송한다. 접근 기록은 1년 동안 둔다."
SECTION_12 = "100병상 미만인 병원에서 오차가 1.4배여서 첫 출시에서 뺀다. 예측이 낮아 병상이 모자라는 쪽이 더 위험하다."
SECTION_7 = "그래디언트 부스팅으로 병동마다 분위수 세 개를 예측한다. 특징은 최근 7일의 입원 수와 요일, 공휴일이다."
M1 = "| M1 | G1 | 입원 수의 MAE | 2026년 1-6월의 입원 기록 | 병동별 절대 오차의 평균 | 2.4 | 1.8명 이하 |"
M3 = "| M3 | G1, G2 | 수간호사의 만족도 | 분기 설문 | 5점 척도의 평균 | 3.1 | 4.0 (오프라인 지표: 사람에게 묻는다) |"
GOALS = without("| ID | 목표 | 왜", "| ID | 목표 | 지표")
METRICS = without("| ID | 목표 | 지표", "## 4.")
REQUIREMENTS = without("| ID | 요구사항", "## 5.")
BASELINES = without("| 기초선 | 지표", "## 7.")
STAGES = without("| 단계 | 비율", "## 10.")
ALTERNATIVE_2 = without("### 대안 2.", "## 14.")
RUNBOOK_2 = without("### 런북 RB2.", "## 11.")
R1 = "| R1 | 예측을 빨리 돌려준다 | 200 | ms | p99 이하 | 김하늘 |"
R2 = "| R2 | 회의 전에 끝난다 | 30 | 분 | 이내 | 이서준 |"
R3 = "| R3 | 서비스가 살아 있다 | 99.9 | % | 월 평균 이상 | 박도윤 |"
AL1 = "| AL1 | MON1 | MAE가 3일 연속 2.4명 초과 | 박도윤 | RB1 |"
AL2 = "| AL2 | MON2 | p99가 10분 동안 200 ms 초과 | 최지우 | RB2 |"
MON1 = "| MON1 | M1 | 어제의 예측과 실제의 MAE | 매일 |"
CANARY = "| 카나리 | 5% | 3일 | M1이 2.1명 이하 | M1이 2.4명 초과 |"
WIDER = "| 확대 | 25% | 7일 | M1이 2.0명 이하 | M1이 2.4명 초과 |"
EVERYBODY = "| 전체 | 100% | 14일 | M1이 1.8명 이하 | M1이 2.4명 초과 |"
TEST_9 = "| 9 | 모델 | 모델 시험 2 | 0.5 | checks/모델_1.py |"
WHEN = "| 처리 방식 | 배치, 매일 15시 | 회의가 하루에 한 번이다 |"
WHERE = "| 실행 위치 | 클라우드 | 병원에 서버실이 없다 |"

FAULTS = (
    # rule, edits, a text in the line where the finding has to be, rules that the same fault breaks, too
    ("section-missing", [without("## 11.", "## 12.")], "## 10.", ()),
    ("section-missing", [without("## 2.", "## 3.")], "## 1. 개요", ()),
    ("section-missing", [without("## 부록 A.", "## 부록 B.")], "## 14.", ()),
    (
        "section-order",
        [
            (f"## 11. 보안과 개인정보\n\n{SECTION_11}\n\n", ""),
            ("## 3. 목", f"## 보안과 개인정보\n\n{SECTION_11}\n\n## 3. 목"),
        ],
        "## 보안과",
        (),
    ),
    (
        "section-order",
        [without("## 7.", "## 8."), ("## 부록 A.", f"## 모델\n\n{SECTION_7}\n\n## 부록 A.")],
        "## 모델",
        (),
    ),
    ("section-empty", [(SECTION_11, "")], "## 11.", ()),
    ("section-empty", [(SECTION_12 + "\n\n", "")], "## 12.", ()),
    ("section-boilerplate", [(SECTION_11, "보안이 중요하다.")], "보안이 중요하다.", ()),
    (
        "section-boilerplate",
        [(SECTION_7, "<!-- 안내: 어떤 모델을 왜 골랐는지 쓰고, 후보를 같은 데이터에서 견주세요. 오류도 읽으세요. -->")],
        "## 7.",
        (),
    ),
    (
        "section-boilerplate",
        [(SECTION_12, "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor")],
        "Lorem ipsum",
        (),
    ),
    ("placeholder-left", [(SECTION_11, SECTION_11 + "\n\n암호 키의 교체 주기: TBD")], "암호 키의", ()),
    ("placeholder-left", [("병원에 서버실이 없다", "〈버린 쪽과 비교한 까닭〉")], "| 실행 위치", ()),
    ("placeholder-left", [(SECTION_12, SECTION_12 + "\n\n- 이 절은 작성 예정")], "- 이 절은", ()),
    ("placeholder-left", [("### 하지 않는 것", "### 하지 않는 것 (내용)")], "### 하지 않는", ()),
    ("placeholder-left", [(SECTION_12, SECTION_12 + " ○○병원은 추후 작성한다.")], "○○병원", ()),
    (
        "guidance-left",
        [(SECTION_12, f"<!-- 안내: 누구에게 더 자주 틀리는지 쓰세요. -->\n\n{SECTION_12}")],
        "<!-- 안내",
        (),
    ),
    ("guidance-left", [(SECTION_7, f"{SECTION_7}\n\n[안내] 오류 분석을 쓰세요.")], "[안내]", ()),
    (
        "team-missing",
        [("| 팀원 | 김하늘, 이서준, 박도윤, 최지우 |\n", "")],
        "| 항목 | 내용 |\n| ---|--- |\n| 팀 | 병상팀",
        (),
    ),
    ("team-missing", [("| 팀원 | 김하늘, 이서준, 박도윤, 최지우 |", "| 팀원 | - |")], "| 팀원 |", ()),
    ("goals-missing", [GOALS], "## 3.", ()),
    ("goals-missing", [METRICS], "## 3.", ()),
    ("goal-without-metric", [("| M2 | G2 |", "| M2 | G1 |"), ("| M3 | G1, G2 |", "| M3 | G1 |")], "| G2 |", ()),
    (
        "goal-without-metric",
        [("| G2 | 예측이", "| G3 | 오래된 기록으로 답하지 않는다 | 틀린다 |\n| G2 | 예측이")],
        "| G3 |",
        (),
    ),
    ("metric-incomplete", [("분기 설문", "-")], "| M3 |", ()),
    ("metric-incomplete", [("| 병동별 절대 오차의 평균 |", "|  |")], "| M1 | G1", ()),
    ("metric-incomplete", [("| 350 | 200 ms |", "| 350 | 지금보다 빠르게 |")], "| M2 | G2", ()),
    ("metric-without-monitor", [("(오프라인 지표: 사람에게 묻는다)", "")], "| M3 |", ()),
    ("metric-without-monitor", [("| MON2 | M2 |", "| MON2 | M1 |")], "| M2 | G2", ()),
    ("metric-without-monitor", [without("| ID | 지표 | 모니터", "| ID | 모니터 | 조건")], "## 10.", ()),
    ("monitor-without-alert", [(AL2, "| AL2 | MON1 | MAE가 하루에 5명 초과 | 최지우 | RB2 |")], "| MON2 |", ()),
    ("monitor-without-alert", [(MON1, f"{MON1}\n| MON3 | M1 | 입력의 PSI | 매일 |")], "| MON3 |", ()),
    ("alert-incomplete", [("| p99가 10분 동안 200 ms 초과 |", "| p99가 오래 높음 |")], "| AL2 |", ()),
    ("alert-incomplete", [(AL1, AL1.replace("박도윤", "-"))], "| AL1 |", ()),
    ("alert-without-runbook", [("| 박도윤 | RB1 |", "| 박도윤 | |")], "| AL1 |", ("runbook-unused",)),
    ("alert-without-runbook", [("| 최지우 | RB2 |", "| 최지우 | 상황을 보고 판단 |")], "| AL2 |", ("runbook-unused",)),
    ("runbook-missing", [RUNBOOK_2], "| AL2 |", ()),
    ("runbook-missing", [("1. 최근 배포가 있었는지 본다.\n2. 있었다면 앞 판으로 되돌린다.", "")], "### 런북 RB2", ()),
    ("runbook-unused", [("| 최지우 | RB2 |", "| 최지우 | RB1 |")], "### 런북 RB2", ()),
    (
        "runbook-unused",
        [("## 11.", "### 런북 RB3. 서버가 꺼졌을 때\n\n1. 다시 켠다. 5분 안에 안 되면 병원에 전화한다.\n\n## 11.")],
        "### 런북 RB3",
        (),
    ),
    ("id-unknown", [("| MON2 | M2 |", "| MON2 | M2, M7 |")], "| MON2 | M2", ()),
    ("id-unknown", [("| M3 | G1, G2 |", "| M3 | G1, G9 |")], "| M3 |", ()),
    ("id-unknown", [("| AL2 | MON2 |", "| AL2 | MON2, MON-09 |")], "| AL2 |", ()),
    ("id-unknown", [("| 요일별 평균 | M1 |", "| 요일별 평균 | M8 |")], "| 요일별", ()),
    ("id-unknown", [(SECTION_7, SECTION_7 + " 이 모델은 R9를 지킨다.")], "R9를", ()),
    ("id-repeated", [("| R4 |", "| R3 |")], "| R3 | 이름을", ()),
    ("id-repeated", [("| AL2 | MON2 |", "| al-01 | MON2 |")], "| al-01 |", ()),
    (
        "id-repeated",
        [("### 런북 RB2.", "### 런북 RB1."), ("| 최지우 | RB2 |", "| 최지우 | RB1 |")],
        "응답이 느릴 때",
        (),
    ),
    ("requirements-missing", [REQUIREMENTS], "## 4.", ("section-boilerplate",)),
    ("requirements-missing", [("ID | 요구사항 | 수치 | 단위 | 합격 기준", "가 | 나 | 다 | 라 | 마")], "## 4.", ()),
    ("requirement-incomplete", [("| 30 | 분 | 이내 |", "| 빨리 | 분 | 이내 |")], "| R2 |", ()),
    ("requirement-incomplete", [("| 200 | ms |", "| 200 | - |")], "| R1 |", ()),
    ("requirement-incomplete", [("| p99 이하 | 김하늘", "| | 김하늘")], "| R1 |", ()),
    ("requirement-incomplete", [("| 월 평균 이상 |", "| 좋아야 함 |")], "| R3 |", ()),
    ("requirement-incomplete", [("| 이하 | 최지우 |", "| 이하 | 미정 |")], "| R4 |", ()),
    ("requirement-incomplete", [("| R2 | 회의", "| | 회의")], "회의 전에 끝난다", ()),
    ("owner-unknown", [("| 이내 | 이서준 |", "| 이내 | 홍길동 |")], "| R2 |", ()),
    ("owner-unknown", [(AL1, AL1.replace("박도윤", "운영팀"))], "| AL1 |", ()),
    ("owner-unknown", [("| 2026-10-19 | 김하늘 |", "| 2026-10-19 | 김하늘, 정유진 |")], "| 모델 | 2026", ()),
    ("baseline-missing", [BASELINES], "## 6.", ("section-empty",)),
    (
        "baseline-missing",
        [
            (
                BASELINES[0],
                "전날의 입원 수를 그대로 쓰는 것을 기초선으로 삼고, 모델은 이것보다 나아야 한다고 정하였다.\n\n",
            )
        ],
        "## 6.",
        (),
    ),
    ("baseline-without-number", [("| M1 | 2.1 |", "| M1 | - |")], "| 요일별", ()),
    ("baseline-without-number", [("| M1 | 2.4 |", "| M1 | 측정 예정 |")], "| 전날 같은", ()),
    ("alternatives-too-few", [ALTERNATIVE_2], "## 13.", ()),
    (
        "alternatives-too-few",
        [
            without("### 대안 1.", "## 14."),
            ("## 13. 대안\n\n", f"## 13. 대안\n\n{SECTION_12[:-1]}는 것을 두고 오래 이야기했다.\n\n"),
        ],
        "## 13.",
        (),
    ),
    ("alternative-incomplete", [("- 단점: 공휴일을 모른다.\n", "")], "### 대안 2.", ()),
    (
        "alternative-incomplete",
        [("\n- 고르지 않은 이유: 12개 병동 가운데 5개에서 MAE가 더 컸다.", "")],
        "### 대안 1.",
        (),
    ),
    ("alternative-incomplete", [("- 장점: 설명하기 쉽고 빠르다.", "- 장점:")], "### 대안 2.", ()),
    ("rollout-stages-missing", [STAGES], "## 9.", ("section-empty",)),
    (
        "rollout-stages-missing",
        [
            (CANARY + "\n", ""),
            (WIDER + "\n", ""),
            ("| 섀도 | 0% | 7일 | M1이 2.4명 이하 | 해당 없음(사용자가 보지 않는다) |\n", ""),
        ],
        "## 9.",
        (),
    ),
    ("rollout-not-increasing", [("| 확대 | 25% |", "| 확대 | 5% |")], "| 확대 |", ()),
    ("rollout-not-increasing", [(CANARY, f"{WIDER}\n{CANARY}".replace("확대", "먼저"))], "| 카나리 |", ()),
    ("rollout-incomplete", [(CANARY, CANARY.replace("| 3일 |", "| |"))], "| 카나리 |", ()),
    ("rollout-incomplete", [(WIDER, WIDER.replace("M1이 2.4명 초과", "-"))], "| 확대 |", ()),
    ("rollout-incomplete", [(EVERYBODY, EVERYBODY.replace("100%", ""))], "| 전체 |", ()),
    ("serving-choice-missing", [(WHEN + "\n", "")], "## 8.", ()),
    ("serving-choice-missing", [(WHERE, WHERE.replace("| 클라우드 |", "| 미정 |"))], "## 8.", ()),
    (
        "serving-choice-missing",
        [
            without("| 결정 |", "## 9."),
            (
                "## 8. 서빙과 인프라\n\n",
                (
                    "## 8. 서빙과 인프라\n\n요청을 받으면 답을 돌려준다. 실시간으로 할지 배치로 할지는 아직 "
                    "정하지 않았다.\n\n"
                ),
            ),
        ],
        "## 8.",
        (),
    ),
    ("model-card-incomplete", [("| 한계 | 감염병이 유행할 때를 배우지 못했다 |\n", "")], "## 부록 A.", ()),
    (
        "model-card-incomplete",
        [("| 쓰면 안 되는 곳 | 환자 한 사람의 판단 |", "| 쓰면 안 되는 곳 | 없음 |")],
        "| 쓰면 안",
        (),
    ),
    (
        "test-score-incomplete",
        [("| 모델 시험 2 | 0.5 | checks/모델_1.py |", "| 모델 시험 2 | | checks/모델_1.py |")],
        "| 9 |",
        (),
    ),
    ("test-score-incomplete", [("| 0.5 | checks/모델_1.py |", "| 0.5 | |")], "| 9 |", ()),
    ("test-score-incomplete", [(TEST_9 + "\n", "")], "## 부록 B.", ()),
    ("test-score-incomplete", [("최종 점수: 3.5\n", "")], "## 부록 B.", ()),
    ("test-score-wrong", [("최종 점수: 3.5", "최종 점수: 4.5")], "최종 점수:", ()),
    ("test-score-wrong", [("| 모델 시험 2 | 0.5 |", "| 모델 시험 2 | 0.7 |")], "| 9 |", ()),
)


@pytest.mark.parametrize(
    ("rule", "edits", "mark", "also"), FAULTS, ids=[f"{at}-{one[0]}" for at, one in enumerate(FAULTS)]
)
def test_a_fault_is_found_where_it_is(rule, edits, mark, also, tmp_path):
    text = edited(*edits)
    there = [(one.rule.id, one.place.line) for one in findings(text, tmp_path)]
    assert [one for one in there if one[0] not in also] == [(rule, line_of(text, mark))]
    assert {one for one, _ in there} == {rule, *also}


def test_every_rule_has_two_faults_and_its_texts():
    rules = {rule.id: rule for module in MODULES for rule in module.RULES}
    tried = [rule for rule, *_ in FAULTS]
    assert {rule: tried.count(rule) for rule in rules if tried.count(rule) < 2} == {}
    for rule in rules.values():
        assert rule.severity in ("must", "should")
        assert min(len(rule.title), len(rule.why), len(rule.good)) > 5
        assert rule.why.rstrip().endswith("다.")


def test_the_document_without_faults_has_no_finding(tmp_path):
    assert findings(GOOD, tmp_path) == []


def test_a_paragraph_pasted_into_another_section_is_told_at_its_second_place(tmp_path):
    text = edited((SECTION_11, SECTION_7))
    (one,) = findings(text, tmp_path)
    assert (one.rule.id, one.place.line) == ("section-boilerplate", line_of(text, "## 11. 보안") + 2)
    assert "7. 모델" in one.message


CAREFUL = {
    # sections
    "headings without numbers": [("## 3. 목표와 지표", "## 목표와 지표"), ("## 7. 모델", "## 모델")],
    "및": [("## 8. 서빙과 인프라", "## 8. 서빙 및 인프라"), ("## 9. 배포와 롤백", "## 9. 배포 및 롤백 계획")],
    "slash": [("## 8. 서빙과 인프라", "## 8. 서빙 / 인프라"), ("## 11. 보안과 개인정보", "## 11. 보안·개인정보 보호")],
    "English in parentheses": [
        ("## 6. 기초선", "## 6. 기초선(Baseline)"),
        ("## 13. 대안", "## 13. 대안 (Alternatives Considered)"),
    ],
    "other numbers": [
        ("## 1. 개요", "## (1) 개요"),
        ("## 2. 배경과 동기", "## II. 배경 및 동기"),
        ("## 7. 모델", "## 7) 모델"),
    ],
    "bold heading": [("## 4. 범위와 요구사항", "## **4. 범위와 요구 사항**")],
    "two sections under one heading": [("## 7. 모델\n\n", ""), ("## 6. 기초선", "## 6. 기초선과 모델")],
    "appendix names": [
        ("## 부록 A. 모델 카드", "## 부록 A: Model Card (모델 카드)"),
        ("## 부록 B. ML Test Score", "## 부록 B. ML 테스트 점수"),
    ],
    "a section more": [("## 14. 일정", "## 용어\n\n- MAE: 절대 오차의 평균\n\n## 14. 일정")],
    "a section of one table": [(SECTION_12, "| 슬라이스 | 오차 |\n| --- | --- |\n| 소아과 | 2.2명 |")],
    "a short section": [
        (
            SECTION_11,
            "환자의 이름은 병원 밖으로 나가지 않는다. 병동별 합계만 5분마다 암호화하여 전송하고 1년 뒤에 지운다.",
        )
    ],
    # placeholders that are none
    "a work's title": [(SECTION_12, SECTION_12 + " 참고: 〈The ML Test Score〉(2017).")],
    "a quoted mark": [(SECTION_12, SECTION_12 + " 문서에 'TBD'를 남기지 않는다.")],
    "a masked number": [(SECTION_11, SECTION_11 + " 전화번호는 010-XXXX-XXXX로 가린다.")],
    "a planned document": [("| 모델과 평가 |", "| 평가 보고서 작성 예정 |")],
    "a to-do app": [(SECTION_12, SECTION_12 + " todo 앱의 사용자는 빼었다.")],
    "code": [(SECTION_12, SECTION_12 + "\n\n```python\n# TODO: 지운다\n```")],
    "the same short words twice": [
        (SECTION_12, SECTION_12 + "\n\n자세한 값은 부록에 있다."),
        (SECTION_11, SECTION_11 + "\n\n자세한 값은 부록에 있다."),
    ],
    # ids
    "R-1 and R01": [("| R1 |", "| R-1 |"), ("| R2 |", "| R02 |"), (SECTION_7, SECTION_7 + " R1과 R-2, R3을 지킨다.")],
    "small letters and bold": [("| MON1 | M1 |", "| **MON1** | `m1` |"), ("| AL1 | MON1 |", "| al-1 | mon 1 |")],
    "full-width": [("| MON2 | M2 |", "| ＭＯＮ２ | Ｍ２ |")],
    "a list": [("| M3 | G1, G2 |", "| M3 | G1·G2 |"), ("| AL2 | MON2 |", "| AL2 | MON1/MON2 |")],
    "a range": [("| M3 | G1, G2 |", "| M3 | G1~G2 |"), ("| MON2 | M2 |", "| MON2 | M1–M3 |")],
    "a short list": [("| MON2 | M2 |", "| MON2 | M1, 2 |")],
    "an id with its name": [("| MON2 | M2 |", "| MON2 | M2 (응답 시간, p99) |")],
    "a metric by its name": [("| MON2 | M2 |", "| MON2 | 응답 시간 p99 |")],
    "numbers alone": [
        ("| G1 | 병동", "| 1 | 병동"),
        ("| G2 | 예측", "| 2 | 예측"),
        ("| M1 | G1 |", "| M1 | 1 |"),
        ("| M2 | G2 |", "| M2 | 2 |"),
        ("| M3 | G1, G2 |", "| M3 | 1, 2 |"),
    ],
    "letters of their own": [
        ("| G1 | 병동", "| 목표1 | 병동"),
        ("| G2 | 예측", "| 목표2 | 예측"),
        ("| M1 | G1 |", "| M1 | 목표1 |"),
        ("| M2 | G2 |", "| M2 | 목표 2 |"),
        ("| M3 | G1, G2 |", "| M3 | 목표1, 목표2 |"),
    ],
    "machines and shares of variance": [
        (SECTION_7, SECTION_7 + " R2는 0.81이고, m5.large와 M5 인스턴스 두 대, Apple M2 칩에서 쟀다.")
    ],
    "risks with ids": [
        (
            SECTION_12,
            SECTION_12
            + (
                "\n\n| ID | 위험 | 대응 |\n| --- | --- | --- |\n| R7 | 유행병 | R7이 보이면 끈다 |\n| R8 | "
                "이사 | 다시 학습 |"
            ),
        )
    ],
    "a monitor of no metric": [
        (
            "## 11.",
            (
                "| ID | 지표 | 모니터 | 주기 |\n| --- | --- | --- | --- |\n| MON3 | - | 입력의 PSI (경보 없음: "
                "주간 보고에만 쓴다) | 매주 |\n\n## 11."
            ),
        )
    ],
    "offline in the text": [
        (" (오프라인 지표: 사람에게 묻는다)", ""),
        ("## 11.", "M3은 설문이라 오프라인 지표로만 본다.\n\n## 11."),
    ],
    "a runbook named by its number": [("### 런북 RB2.", "### 런북 2."), ("| 최지우 | RB2 |", "| 최지우 | 런북 2 |")],
    "a runbook with a hyphen": [
        ("### 런북 RB2.", "### RB-02: "),
        ("| 최지우 | RB2 |", "| 최지우 | [RB-2](#rb-02--응답이-느릴-때) |"),
    ],
    "a runbook by its title": [("| 최지우 | RB2 |", "| 최지우 | 응답이 느릴 때 |")],
    "a rollback's runbook": [
        ("## 11.", "### 런북 RB3. 되돌리기\n\n1. 앞 판의 꼬리표를 고르고 배포 명령을 다시 실행한다.\n\n## 11."),
        (
            "| 카나리 | 5% | 3일 | M1이 2.1명 이하 | M1이 2.4명 초과 |",
            "| 카나리 | 5% | 3일 | M1이 2.1명 이하 | M1이 2.4명 초과, RB3을 따른다 |",
        ),
    ],
    "a condition in words": [("| p99가 10분 동안 200 ms 초과 |", "| 답하지 못한 요청이 한 건이라도 있음 |")],
    # requirements
    "the unit beside the number": [("| 200 | ms |", "| 200ms | |"), ("| 99.9 | % |", "| 99.9 % | - |")],
    "the unit in the threshold": [("| 200 | ms | p99 이하 |", "| 200 | | p99 200 ms 이하 |")],
    "the unit in the header": [("| 수치 | 단위 | 합격 기준 |", "| 수치 (단위는 비고에) | 비고 | 합격 기준 |")],
    "about, range, full-width": [
        ("| 200 | ms |", "| 약 200 | ms |"),
        ("| 30 | 분 |", "| 10~30 | 분 |"),
        ("| 99.9 | % |", "| ９９．９ | ％ |"),
    ],
    "no unit, and said so": [("| 0 | 건 |", "| 0 | 없음 |")],
    "a sign as threshold": [("| p99 이하 | 김", "| ≤ | 김"), ("| 30 | 분 | 이내 |", "| ≤ 30 | 분 | |")],
    "several owners": [
        ("| p99 이하 | 김하늘 |", "| p99 이하 | 김하늘, 이서준 |"),
        ("| 이내 | 이서준 |", "| 이내 | @이서준 |"),
        ("| 월 평균 이상 | 박도윤 |", "| 월 평균 이상 | 박도윤(운영) / 최지우 |"),
        ("| 이하 | 최지우 |", "| 이하 | 최지우와 전원 |"),
    ],
    "owners with roles": [
        ("| p99 이하 | 김하늘 |", "| p99 이하 | 정: 김하늘, 부: 이서준 |"),
        ("| 이내 | 이서준 |", "| 이내 | 서준 |"),
        ("| 월 평균 이상 | 박도윤 |", "| 월 평균 이상 | 박도윤 님 |"),
        ("| 이하 | 최지우 |", "| 이하 | **최지우** |"),
    ],
    "a teacher in the schedule": [("| 2026-10-19 | 김하늘 |", "| 2026-10-19 | 김하늘, 조교 |")],
    "a heading row": [(R1, f"| **성능** | | | | | |\n{R1}")],
    "as above": [("| 이내 | 이서준 |", "| 이내 | 〃 |")],
    # choices
    "a baseline with its unit": [("| M1 | 2.4 |", "| M1 | 2.4명 (95% 구간 2.2~2.6) |")],
    "the alternatives in a table": [
        without("### 대안 1.", "## 14."),
        (
            "## 13. 대안\n\n",
            (
                "## 13. 대안\n\n| 대안 | 장점 | 단점 | 선택하지 않은 이유 |\n| --- | --- | --- | --- |\n| "
                "병동별 모델 | 특성 | 데이터 부족 | MAE 2.0 |\n| 평활 | 빠름 | 공휴일 | 오차 3.0 |\n\n"
            ),
        ),
    ],
    "labels in bold, in sentences": [
        (
            "- 장점: 병동의 특성을 따로 배운다.\n- 단점: 작은",
            "**장점.** 병동의 특성을 따로 배운다.\n\n이 안의 단점은 하나다. 작은",
        ),
        ("\n- 고르지 않은 이유: 12개", "\n\n**선택하지 않은 이유** — 12개"),
    ],
    "labels as headings": [
        (
            "- 장점: 설명하기 쉽고 빠르다.\n- 단점: 공휴일을 모른다.\n- 고르지 않은 이유: 연휴",
            "#### 장점\n\n설명하기 쉽다.\n\n#### 단점\n\n공휴일을 모른다.\n\n#### 고르지 않은 이유\n\n연휴",
        )
    ],
    "a comparison beside the alternatives": [
        ("### 대안 1.", "### 비교 기준\n\nMAE와 월 비용으로 비교한다.\n\n### 대안 1.")
    ],
    "alternatives with letters": [("### 대안 1. 병동", "### 대안 A: 병동"), ("### 대안 2. 지수", "### 대안 B - 지수")],
    "two stages before the first user": [
        ("| 섀도 | 0% |", "| 오프라인 | 0% | 3일 | M1이 2.4명 이하 | 해당 없음(배포하지 않는다) |\n| 섀도 | 0% |")
    ],
    "shares as they are written": [
        ("| 섀도 | 0% |", "| 섀도 | 섀도(0%) |"),
        ("| 카나리 | 5% |", "| 카나리 | 약 5 % |"),
        ("| 확대 | 25% |", "| 확대 | ２５％ |"),
        ("| 전체 | 100% |", "| 전체 | 전체 (100%) |"),
    ],
    "shares in the header": [
        ("| 비율 |", "| 비율(%) |"),
        ("| 섀도 | 0% |", "| 섀도 | 0 |"),
        ("| 카나리 | 5% |", "| 카나리 | 5 |"),
        ("| 확대 | 25% |", "| 확대 | 25 |"),
        ("| 전체 | 100% |", "| 전체 | 100 |"),
    ],
    "shares in hospitals": [
        ("| 섀도 | 0% |", "| 섀도 | 0곳 |"),
        ("| 카나리 | 5% |", "| 카나리 | 병원 1곳 |"),
        ("| 확대 | 25% |", "| 확대 | 병원 5곳 |"),
        ("| 전체 | 100% |", "| 전체 | 병원 20곳 |"),
    ],
    "serving in sentences": [
        without("| 결정 |", "## 9."),
        (
            "## 8. 서빙과 인프라\n\n",
            (
                "## 8. 서빙과 인프라\n\n회의가 하루 한 번이므로 매일 15시에 배치로 예측한다. 병원에 서버실이 "
                "없어 클라우드에서 실행한다.\n\n"
            ),
        ),
    ],
    "serving under other names": [
        (WHEN, "| 답을 만드는 때 | 요청이 올 때마다 그 자리에서 | 사람이 기다린다 |"),
        (WHERE, "| 추론하는 곳 | 병원의 컴퓨터 | 망이 끊긴다 |"),
    ],
    # appendices
    "card in other words": [
        ("| 쓰면 안 되는 곳 |", "| 사용하지 말아야 할 곳 |"),
        ("| 학습 데이터 |", "| 훈련 데이터 |"),
        ("| 윤리적 고려 |", "| 윤리적 고려사항 |"),
        ("| 한계 |", "| **한계점** |"),
    ],
    "scores as they are written": [
        ("| 모델 시험 2 | 0.5 |", "| 모델 시험 2 | 0.5점 |"),
        ("| 모델 시험 1 | 1 |", "| 모델 시험 1 | 1.0 |"),
        ("최종 점수: 3.5", "**최종 점수**: 3.5점 (인프라 영역)"),
    ],
    "no evidence for what was not done": [("| 0 | checks/모델_6.py |", "| 0 | - |")],
    "sums under the table": [
        ("최종 점수: 3.5", "데이터 5점, 모델 4.5점, 인프라 3.5점, 모니터링 4.5점이므로 최종 점수는 3.5점이다.")
    ],
}


@pytest.mark.parametrize("name", CAREFUL)
def test_how_careful_people_write_is_no_fault(name, tmp_path):
    assert [one.told for one in findings(edited(*CAREFUL[name]), tmp_path)] == []


def shuffled(text: str, chance: random.Random, *, keep_rows_of: str = "비율") -> str:
    """The same tables with columns in another order, one column more, and rows in another order."""

    def other(match: re.Match[str]) -> str:
        rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in match.group().strip().split("\n")]
        if rows[0][0] == "항목" and "팀" in (row[0] for row in rows):
            return match.group()  # the head's table has no columns to name
        head, _, *body = rows
        if keep_rows_of not in head:
            chance.shuffle(body)
        order = list(range(len(head)))
        chance.shuffle(order)
        at = chance.randrange(len(head) + 1)
        made = [[row[n] for n in order] for row in (head, *body)]
        for row, more in zip(made, ("비고", *["x와 y"] * len(body)), strict=True):
            row.insert(at, more)
        return "\n" + table(*(" | ".join(row) for row in made)) + "\n"

    return re.sub(r"\n(?:\|.*\|\n)+", other, text)


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_columns_and_rows_says_nothing(seed, tmp_path):
    """Neither of a document without faults nor of one with a fault in a table."""
    chance = random.Random(seed)
    assert [one.told for one in findings(shuffled(GOOD, chance), tmp_path)] == []
    tabled = [one for one in FAULTS if one[2].startswith("| ") and one[0] != "id-repeated"]
    for rule, edits, _, also in chance.sample(tabled, 8):
        there = [one.rule.id for one in findings(shuffled(edited(*edits), chance), tmp_path)]
        assert set(there) == {rule, *also}, (rule, edits)
        assert there.count(rule) == 1


WORDS = (
    "병동 예측 오차 요청 응답 입원 기록 환자 하루 지연 화면 모델 점수 분포 회의 수간호사 서버 로그 공휴일 주말".split()
)
PEOPLE = ("김하늘", "이서준", "박도윤", "최지우", "정유진", "Alex Kim")
UNITS = ("ms", "초", "%", "건", "명", "GB", "원", "요청/s", "비율")
SIGNS = ("이하", "이상", "p95 이하", "< 목표", "미만 (7일 평균)", "≥", "하루 평균 이상")


def valid(chance: random.Random) -> str:
    """A document without faults from chance: how many of everything, who owns it, how ids are written."""
    say = lambda n: " ".join(chance.sample(WORDS, n))  # noqa: E731
    team = chance.sample(PEOPLE, chance.randint(2, 5))
    style = chance.choice(("{}{}", "{}-{}", "{}0{}", "{} {}"))

    def ids(prefix: str, least: int, most: int) -> list[str]:
        return [style.format(prefix, n + 1) for n in range(chance.randint(least, most))]

    goals, metrics, monitors, alerts = ids("G", 1, 4), ids("M", 4, 7), ids("MON", 7, 9), ids("AL", 9, 9)
    runbooks, needs = ids("RB", 2, 5), ids("R", 2, 9)

    def covering(froms: list[str], to: list[str]) -> list[str]:
        """For each of the first one or two of the others, so that each of the others is named."""
        named = [{to[n % len(to)], chance.choice(to)} for n in range(len(froms))]
        joint = chance.choice((", ", "/", "·", " 및 "))
        return [joint.join(sorted(one)) for one in named]

    number = lambda: chance.choice((f"{chance.randint(1, 9999):,}", f"{chance.random():.2f}", "약 30", "10~20"))  # noqa: E731
    owner = lambda: chance.choice((chance.choice(team), "@" + chance.choice(team), ", ".join(team[:2])))  # noqa: E731
    shares = sorted(chance.sample(range(1, 100), chance.randint(1, 5)))
    scores = {area: [chance.choice((0, 0.5, 1)) for _ in range(7)] for area in AREAS}
    lines = {
        "3. 목표와 지표": table("ID | 목표 | 왜 중요한가", *(f"{one} | {say(4)} | {say(3)}" for one in goals))
        + "\n\n"
        + table(
            "ID | 목표 | 지표 | 데이터 | 계산 방법 | 기초선 | 목표값",
            *(
                f"{one} | {goal} | {say(2)} | {say(3)} | {say(3)} | {number()} | {number()}"
                for one, goal in zip(metrics, covering(metrics, goals), strict=True)
            ),
        ),
        "4. 범위와 요구사항": table(
            "ID | 요구사항 | 수치 | 단위 | 합격 기준 | 담당",
            *(
                f"{one} | {say(4)} | {number()} | {chance.choice(UNITS)} | {chance.choice(SIGNS)} | {owner()}"
                for one in needs
            ),
        ),
        "6. 기초선": table(
            "기초선 | 지표 | 값 | 측정 방법",
            *(f"{say(2)} | {chance.choice(metrics)} | {number()} | {say(3)}" for _ in range(chance.randint(1, 4))),
        ),
        "8. 서빙과 인프라": table(
            "결정 | 선택 | 이유",
            f"처리 방식 | {chance.choice(('실시간', '배치'))} | {say(3)}",
            f"실행 위치 | {chance.choice(('클라우드', '엣지'))} | {say(3)}",
        ),
        "9. 배포와 롤백": table(
            "단계 | 비율 | 기간 | 통과 기준 | 롤백 기준",
            *(
                f"{n}단계 | {share}% | {n}일 | {say(2)} 0.9 이상 | {say(2)} 0.8 미만"
                for n, share in enumerate((*shares, 100), start=1)
            ),
        ),
        "10. 모니터링과 드리프트": table(
            "ID | 지표 | 모니터 | 주기",
            *(
                f"{one} | {metric} | {say(3)} | 매일"
                for one, metric in zip(monitors, covering(monitors, metrics), strict=True)
            ),
        )
        + "\n\n"
        + table(
            "ID | 모니터 | 조건 | 담당 | 런북",
            *(
                f"{one} | {monitor} | {say(2)} {number()} 초과 | {owner()} | {runbook}"
                for one, monitor, runbook in zip(
                    alerts, covering(alerts, monitors), covering(alerts, runbooks), strict=True
                )
            ),
        )
        + "".join(f"\n\n### 런북 {one}. {say(2)}\n\n1. {say(6)}\n2. {say(6)}" for one in runbooks),
        "13. 대안": "\n\n".join(
            f"### 대안 {n}. {say(2)}\n\n- 장점: {say(3)}\n- 단점: {say(3)}\n- 고르지 않은 이유: {say(4)}"
            for n in range(1, chance.randint(3, 5))
        ),
        "14. 일정과 역할": table(
            "단계 | 시작 | 끝 | 담당 | 산출물",
            *(f"{say(2)} | 2026-09-01 | 2026-09-08 | {owner()} | {say(2)}" for _ in range(3)),
        ),
        "부록 A. 모델 카드": table("항목 | 내용", *(f"{name} | {say(4)}" for name in appendices.CARD_ROWS)),
        "부록 B. ML Test Score": table("번호 | 영역 | 시험 | 점수 | 근거", *score_rows(scores))
        + f"\n\n최종 점수: {min(map(sum, scores.values())):g}",
    }
    prose = ("1. 개요", "2. 배경과 동기", "5. 데이터와 레이블", "7. 모델", "11. 보안과 개인정보", "12. 공정성과 위험")
    lines |= {title: f"{say(17)}. {n}." for n, title in enumerate(prose)}
    head = table("항목 | 내용", f"팀 | {say(1)}", f"팀원 | {', '.join(team)}")
    titles = sorted((one for one in lines if one[0].isdigit()), key=lambda one: int(one.split(".")[0]))
    titles += [one for one in lines if not one[0].isdigit()]
    return f"# {say(2)}\n\n{head}\n\n" + "\n\n".join(f"## {one}\n\n{lines[one]}" for one in titles) + "\n"


FAST = settings(
    max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@FAST
@given(seed=st.integers(0, 10**6))
def test_no_valid_document_has_a_finding(seed, tmp_path):
    assert [one.told for one in findings(valid(random.Random(seed)), tmp_path)] == []


@FAST
@given(seed=st.integers(0, 10**6))
def test_whatever_a_document_says_it_is_checked_and_each_finding_has_its_line(seed, tmp_path):
    """Lines lost, doubled, cut and exchanged: a damaged document gets findings, not a traceback."""
    chance = random.Random(seed)
    lines = GOOD.split("\n")
    for _ in range(chance.randint(1, 60)):
        at, other = chance.randrange(len(lines)), chance.randrange(len(lines))
        edits = (
            lines[at][: chance.randint(0, len(lines[at]))],
            lines[other],
            "",
            lines[at] + lines[other],
            "###" + lines[at],
        )
        lines[at] = chance.choice(edits)
    text = "\n".join(lines)
    for one in findings(text or "x", tmp_path):
        assert 1 <= (one.place.line or 0) <= text.count("\n") + 1
        assert one.message.endswith((".", "요."))


@pytest.mark.parametrize(
    ("number", "written"),
    [(1, "R1"), (1, "R-1"), (1, "r01"), (12, "R 12"), (12, "Ｒ１２"), (7, "**R_007**"), (3, "R3.")],
)
def test_an_id_has_one_normal_form(number, written):
    assert normal_id(written) == f"R{number}"
    assert ids_in(f"앞 {written.rstrip('.')} 뒤", {"R"}) == [f"R{number}"]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("M1~M3", ["M1", "M2", "M3"]),
        ("M1, 2", ["M1", "M2"]),
        ("M1, 0.9", ["M1"]),
        ("M1·M3", ["M1", "M3"]),
        ("MON1", []),
        ("p99, m5.large", []),
        ("M1이 3일", ["M1"]),
        ("M1, 3일", ["M1"]),
    ],
)
def test_ids_in_running_text(text, ids):
    assert ids_in(text, {"M"}) == ids


@pytest.mark.parametrize(
    ("text", "measured"),
    [
        ("p99 이하", False),
        ("M1이 나쁠 때", False),
        ("99번째 백분위", False),
        ("95퍼센타일 100ms", True),
        ("약 1,200", True),
        (".5", True),
        ("한 건이라도", True),
        ("빠르게", False),
        ("F1 0.85", True),
    ],
)
def test_which_numbers_measure(text, measured):
    assert has_number(text) is measured


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("-", False),
        ("—", False),
        ("해당 없음", False),
        ("해당 없음(사용자 영향 없음)", True),
        ("N/A", False),
        ("미정", False),
        ("〈수〉", False),
        ("0", True),
        ("x", False),
        ("측정 예정", False),
        ("3일 예정", True),
    ],
)
def test_what_an_empty_cell_is(text, says):
    assert says_something(text) is says


def test_owners_are_compared_with_the_team_file_too(tmp_path):
    text = edited(("| 이내 | 이서준 |", "| 이내 | 정유진 |"))
    assert [one.rule.id for one in findings(text, tmp_path)] == ["owner-unknown"]
    team = ProjectFile("병상팀", (Member("정유진"),))
    assert findings(text, tmp_path, team) == []


def test_an_unwritten_section_is_told_once_for_all_its_places(tmp_path):
    text = edited((SECTION_12, "- 〈위험 1〉\n- 〈위험 2〉\n- 〈위험 3〉"))
    there = findings(text, tmp_path)
    assert [one.rule.id for one in there] == ["section-boilerplate", "placeholder-left"]
    assert "3곳" in there[1].message


def test_sections_may_be_headings_of_the_first_level(tmp_path):
    flat = re.sub(r"^#(#+) ", r"\1 ", GOOD, flags=re.MULTILINE)
    assert flat.count("\n# ") == 16
    assert findings(flat, tmp_path) == []
    assert findings(flat.removeprefix("# 응급실 병상 예측\n\n"), tmp_path) == []
