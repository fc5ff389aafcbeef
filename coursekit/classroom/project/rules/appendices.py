"""Appendices: the model card says everything a user asks, the ML Test Score is complete and adds up."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from coursekit.classroom.project.documents import Block, Document, Place, as_table, plain_name
from coursekit.classroom.project.findings import Finding, Rule, found
from coursekit.classroom.project.project_file import ProjectFile
from coursekit.classroom.project.rules._cells import given, particle, plain
from coursekit.classroom.project.rules._outline import Part, part
from coursekit.classroom.project.rules._tables import KINDS, TOTAL, Record, table_records

CARD_ROWS: Mapping[str, str] = MappingProxyType(
    {
        "모델 개요": r"모델(의)?(개요|정보|설명|상세|요약)|개요",
        "용도": r"(의도한|주요|주된|사용)?(용도|용처)|사용목적|목적|의도한사용",
        "쓰면 안 되는 곳": (
            r"쓰면안되는(곳|용도|경우)|(쓰지|사용하지)(말아야할|않아야할|않는)(곳|용도|경우)|"
            r"(범위밖|금지된?|부적절한|제외)(의)?(용도|사용|사용처)"
        ),
        "학습 데이터": r"(학습|훈련)(에쓴|용)?데이터(셋)?",
        "평가 데이터": r"(평가|시험|검증|테스트)(에쓴|용)?데이터(셋)?",
        "성능": r"(전체)?성능(지표)?|(평가)?지표|평가결과|정량(적)?(평가|분석)",
        "하위 집단별 성능": (
            r"(하위)?(집단|그룹)(별|마다의?)(의)?(성능|결과|평가|지표)|하위집단(성능)?|(슬라이스|조각)별성능"
        ),
        "한계": r"(알려진)?한계(점)?|제약(사항)?|한계와.*|주의사항",
        "윤리적 고려": r"윤리(적)?(인)?(고려)?(사항|할점)?|윤리와.*",
    }
)
"""The rows of a model card, each with the forms in which teams write its name."""

AREAS: Mapping[str, str] = MappingProxyType(
    {
        "데이터": r"데이터|피처|특징|data|feature",
        "모델": r"모델|모형|model",
        "인프라": r"인프라|infra",
        "모니터링": r"모니터|monitor",
    }
)
"""The areas of the ML Test Score."""
TESTS_PER_AREA = 7
"""Tests in each area (Breck et al. 2017)."""
SCORES = (0.0, 0.5, 1.0)
"""Not done; done by hand and written down; automatic, again and again."""
ROWS_TOLD = 7
"""More incomplete rows than an area has are told at once: an empty table needs no 28 findings."""

RULES = (
    Rule(
        "model-card-incomplete",
        "모델 카드에 빠진 항목이 있습니다",
        "모델은 만든 팀을 떠나 다른 곳에서 쓰입니다. 쓰면 안 되는 곳과 집단별 성능이 적혀 있지 않으면 다음 팀이 "
        "어린이 병원에 어른의 모델을 씁니다.",
        "| 쓰면 안 되는 곳 | 소아 병동. 학습 데이터에 15세 미만이 1%뿐이고 오차가 2.1배이다 |",
    ),
    Rule(
        "test-score-incomplete",
        "ML Test Score를 다 채우지 않았습니다",
        "28가지 시험은 운영 중에 실제로 난 사고에서 나왔습니다. 비워 둔 시험은 0점보다 나쁩니다. 하지 않았다는 "
        "사실도 남지 않기 때문입니다.",
        "| 24 | 모니터링 | 학습과 서빙의 피처가 같다 | 0.5 | 매주 100건을 손으로 비교(check_skew.md) |\n"
        "표 아래에 '최종 점수: 3.5'",
    ),
    Rule(
        "test-score-wrong",
        "ML Test Score의 점수가 맞지 않습니다",
        "최종 점수는 네 영역의 합 가운데 가장 작은 것입니다. 모델의 시험을 다 해도 모니터링이 없으면 준비된 "
        "시스템이 아니기 때문입니다. "
        "시험마다 0(하지 않음), 0.5(손으로), 1(자동으로)입니다.",
        "데이터 5, 모델 4.5, 인프라 3.5, 모니터링 4이면 '최종 점수: 3.5'",
    ),
)
"""The rules of this module."""

_ITEM_HEADS = ("항목", "구분", "item")
_FINAL_LINE = re.compile(r"\W*최종\s*(ML\s*Test\s*)?(점수|score)", re.IGNORECASE)
_FINAL = re.compile(
    r"(?:최종|종합|전체|final)\s*(?:ML\s*Test\s*)?(?:점수|score)[^\d\n]{0,30}?(\d+(?:\.\d+)?)(?!\s*(?:개|가지)\s*영역)",
    re.IGNORECASE,
)


def check(document: Document, project: ProjectFile | None) -> Iterator[Finding]:
    r"""Check the model card's rows and the sums of the ML Test Score.

    Both are lists that are only worth something whole: what is left out is what the next team, or
    the next incident, finds.

    Parameters
    ----------
    document
        The document.
    project
        The team; not needed here.

    References
    ----------
    Mitchell et al. (2019), Model Cards for Model Reporting. Breck et al. (2017), The ML Test Score.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from coursekit.classroom.project.documents import read_document
    >>> path = Path(tempfile.mkdtemp()) / "doc.md"
    >>> card = "| 항목 | 내용 |\n|-|-|\n" + "".join(f"| {name} | 적었다 |\n" for name in CARD_ROWS if name != "한계")
    >>> _ = path.write_text(f"# 병상\n\n## 부록 A. 모델 카드\n\n{card}", encoding="utf-8")
    >>> [one.message for one in check(read_document(path), None)]
    ['모델 카드에 없는 항목: 한계.']
    """
    card = part(document, "부록 A. 모델 카드")
    if card is not None:
        yield from _card(card)
    scores = part(document, "부록 B. ML Test Score")
    if scores is not None:
        yield from _scores(scores)


def _card(home: Part) -> Iterator[Finding]:
    entries = list(_entries(home))
    missing = []
    for name in CARD_ROWS:
        mine = [(text, place) for label, text, place in entries if label == name]
        if not mine:
            missing.append(name)
        elif not any(given(text) for text, _ in mine):
            yield found("model-card-incomplete", mine[0][1], f"모델 카드의 '{name}' 칸이 비어 있습니다.")
    if missing:
        yield found("model-card-incomplete", home.place, f"모델 카드에 없는 항목: {', '.join(missing)}.")


def _entries(home: Part) -> Iterator[tuple[str, str, Place]]:
    """What a card says: rows of its tables, subsections, or lines such as "한계: ..."."""
    for section in home.sections:
        label = _card_label(section.name) if section is not home.sections[0] else None
        if label is not None:
            text = "\n".join(block.text for block in section.blocks if block.kind != "guidance")
            yield label, text, section.place
            continue
        for block in section.blocks:
            if block.kind == "table":
                labels = [_card_label(head) is None and plain_name(head) in _ITEM_HEADS for head in block.rows[0]]
                at = labels.index(True) if True in labels else 0
                for cells, place in zip(block.rows, block.row_places, strict=True):
                    if (label := _card_label(cells[at])) is not None:
                        yield label, " ".join((*cells[:at], *cells[at + 1 :])).strip(), place
        yield from _lines_of_card(section.blocks)


def _lines_of_card(blocks: Sequence[Block]) -> Iterator[tuple[str, str, Place]]:
    """Lines such as "한계: ...", or "한계" with a list under it."""
    current: tuple[str, str, Place] | None = None
    for block in blocks:
        for line in block.text.splitlines() if block.kind in ("paragraph", "item") else ():
            first, colon, rest = plain(line).partition(":")
            label = _card_label(first) if colon or block.kind == "item" else None
            if label is not None:
                if current is not None:
                    yield current
                current = (label, rest, block.place)
            elif current is not None:
                current = (current[0], f"{current[1]} {plain(line)}", current[2])
    if current is not None:
        yield current


def _card_label(text: str) -> str | None:
    """The card's item that a text names, itself or in a note: "Limitations (한계)"."""
    texts = (text, *re.findall(r"\(([^()]+)\)", text))
    names = [re.sub(r"[^0-9a-z가-힣]+", "", plain_name(one)) for one in texts]
    return next((label for name in names for label, form in CARD_ROWS.items() if re.fullmatch(form, name)), None)


def _scores(home: Part) -> Iterator[Finding]:
    rows = _test_rows(home)
    if not rows:
        told = "시험의 표를 찾지 못했습니다. 열은 번호, 영역, 시험, 점수, 근거입니다."
        yield found("test-score-incomplete", home.place, told)
        return
    sums: dict[str, float] = dict.fromkeys(AREAS, 0.0)
    lacking: list[tuple[Record, str, list[str]]] = []
    certain = True
    for area, row in rows:
        name = _told(area, row)
        score = _score(row.get("점수"))
        lacks = [] if row.gives("점수") else ["점수"]
        if row.gives("점수") and score not in SCORES:
            shown = plain(row.get("점수"))
            yield found(
                "test-score-wrong",
                row.place,
                f"{name}: 점수 '{shown}'{particle(shown, '이', '가')} 0, 0.5, 1 가운데 하나가 아닙니다.",
            )
        # what was not done needs no evidence
        if not row.gives("근거") and not (score == 0 and row.gives("점수")):
            lacks.append("근거")
        if lacks:
            lacking.append((row, name, lacks))
        if score in SCORES and area is not None:
            sums[area] += score or 0.0
        else:
            certain = False
    yield from _lacking(home, lacking)
    counts = Counter(area for area, _ in rows)
    short = {area: counts[area] for area in AREAS if counts[area] != TESTS_PER_AREA}
    if short:
        told = ", ".join(f"{area} {count}개" for area, count in short.items())
        message = f"영역마다 시험이 {TESTS_PER_AREA}개여야 합니다. 지금은 {told}입니다."
        yield found("test-score-incomplete", home.place, message)
    numbers = Counter(row.id or plain(row.get("번호")) for _, row in rows if row.gives("번호"))
    twice = [number for number, count in numbers.items() if count > 1]
    if twice and not short and sum(numbers.values()) == len(rows) and len(numbers) > TESTS_PER_AREA:
        told = f"번호 {', '.join(twice)}의 시험이 두 번 이상 나옵니다. 그만큼 다른 시험이 빠졌습니다."
        yield found("test-score-incomplete", home.place, told)
    yield from _final(home, sums, certain=certain and not short and not twice)


def _lacking(home: Part, lacking: Sequence[tuple[Record, str, list[str]]]) -> Iterator[Finding]:
    if len(lacking) > ROWS_TOLD:
        told = f"시험 {len(lacking)}개에 점수나 근거가 없습니다. 처음 것은 {lacking[0][1]}입니다."
        yield found("test-score-incomplete", home.place, told)
        return
    for row, name, lacks in lacking:
        yield found("test-score-incomplete", row.place, f"{name}: 없는 것은 {', '.join(lacks)}입니다.")


def _final(home: Part, sums: Mapping[str, float], *, certain: bool) -> Iterator[Finding]:
    stated = _stated(home)
    if stated is None:
        line = next((place for text, place in _lines(home) if _FINAL_LINE.match(text)), None)
        if line is not None:
            yield found("test-score-incomplete", line, "최종 점수에 숫자가 없습니다.")
            return
        yield found(
            "test-score-incomplete",
            home.place,
            "'최종 점수: N' 줄이 없습니다. N은 네 영역의 합 가운데 가장 작은 것입니다.",
        )
        return
    score, place = stated
    least = min(sums.values())
    if certain and score != least:
        told = ", ".join(f"{area} {total:g}" for area, total in sums.items())
        stated_score = f"최종 점수 {score:g}{particle(f'{score:g}', '이', '가')}"
        smallest = f"{least:g}{particle(f'{least:g}', '과', '와')}"
        message = f"{stated_score} 네 영역의 합({told}) 가운데 가장 작은 {smallest} 다릅니다."
        yield found("test-score-wrong", place, message)


def _stated(home: Part) -> tuple[float, Place] | None:
    for text, place in _lines(home):
        if match := _FINAL.search(text):
            # "최종 점수 = min(2.5, 3, 1) = 1" shows how before it says what
            shown = re.search(r"\bmin\b[^=\n]*=\s*(\d+(?:\.\d+)?)", text[match.start() :], re.IGNORECASE)
            return float((shown or match).group(1)), place
    return None


def _lines(home: Part) -> Iterator[tuple[str, Place]]:
    for block in home.blocks:
        if block.kind == "table":
            yield from zip((" ".join(map(plain, row)) for row in block.rows), block.row_places, strict=True)
        elif block.kind not in ("guidance", "code"):
            yield from ((plain(line), block.place) for line in block.text.splitlines())


def _test_rows(home: Part) -> list[tuple[str | None, Record]]:
    """The tests with their areas: by the column, by the table's heading, or as the row above."""
    rows: list[tuple[str | None, Record]] = []
    for section in home.sections:
        above = _area(section.name) if section is not home.sections[0] else None
        for block in section.blocks:
            if block.kind != "table" or not block.rows:
                continue
            table = as_table(block)
            for row in table_records(table, KINDS["tests"]):
                if "점수" not in row.cells or any(re.fullmatch(TOTAL, text) for text in row.texts[:3]):
                    continue
                if len(row.cells) < 3 and "시험" not in row.cells:
                    continue  # a table of the areas' sums
                above = _area(row.get("영역")) or _area(re.sub(r"\d", "", row.get("번호"))) or above
                rows.append((above, row))
    return rows


def _area(text: str) -> str | None:
    return next((area for area, form in AREAS.items() if re.search(form, plain(text), re.IGNORECASE)), None)


def _score(text: str) -> float | None:
    match = re.fullmatch(r"(\d+(?:[.,]\d+)?|\.\d+)\s*점?", plain(text))
    return float(match.group(1).replace(",", ".")) if match else None


def _told(area: str | None, row: Record) -> str:
    number, test = plain(row.get("번호")), plain(row.get("시험"))
    test = test if len(test) <= 30 else f"{test[:29]}…"
    return " ".join(filter(None, (area or "", number, f"'{test}'" if test else ""))) or "이름 없는 시험"
