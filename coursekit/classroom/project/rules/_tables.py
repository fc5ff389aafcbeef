"""The tables of a document by what they hold, however a team has named and ordered their columns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from coursekit.classroom.project.documents import Document, Place, Table, as_table, plain_name
from coursekit.classroom.project.rules._cells import ditto, given, is_id, normal_id, plain
from coursekit.classroom.project.rules._outline import part

_ID = ("ID", "아이디", "번호", "식별자", "No", "No.", "#", "기호", "코드")
_HOW = ("method", "how", "calculation", "definition")
_OWNER = ("담당", "담당자", "책임자", "담당 팀원", "주담당", "책임", "맡은 사람", "오너", "소유자", "owner")


@dataclass(frozen=True)
class Kind:
    """A kind of table: its columns with the other names teams give them, and what tells it from others."""

    section: str
    """Where it belongs."""
    columns: Mapping[str, tuple[str, ...]]
    """Other names by column."""
    needs: tuple[tuple[str, ...], ...]
    """Of each of these one column is there."""
    lacks: tuple[str, ...] = ()
    """None of these is there."""
    prefix: str = ""
    """The letters of its ids."""


KINDS: Mapping[str, Kind] = {
    "goals": Kind(
        "목표와 지표",
        {
            "ID": (*_ID, "목표 ID", "목표 번호"),
            "목표": ("목표 내용", "사업 목표", "제품 목표", "goal"),
            "왜 중요한가": ("이유", "중요한 이유", "근거", "why", "reason"),
            "지표": ("지표 이름", "지표명", "metric"),
        },
        (("목표",), ("ID", "왜 중요한가")),
        ("지표",),
        "G",
    ),
    "metrics": Kind(
        "목표와 지표",
        {
            "ID": (*_ID, "지표 ID", "지표 번호"),
            "목표": ("목표 ID", "목표 번호", "관련 목표", "해당 목표", "대응 목표", "어느 목표", "goal"),
            "지표": ("지표 이름", "지표명", "평가 지표", "측정 지표", "metric"),
            "데이터": ("측정 데이터", "데이터 출처", "평가 데이터", "사용 데이터", "쓰는 데이터", "데이터셋", "data"),
            "계산 방법": (
                "계산식",
                "산출 방법",
                "산출식",
                "산식",
                "계산",
                "계산법",
                "측정 방법",
                "정의",
                "구하는 법",
                *_HOW,
            ),
            "기초선": ("baseline", "베이스라인", "기준선"),
            "목표값": ("목표치", "목표 수치", "목표 수준", "목표 값", "기준값", "합격선", "target"),
        },
        (("지표",), ("계산 방법", "목표값", "데이터"), ("ID", "목표", "목표값")),
        ("모니터", "주기"),
        "M",
    ),
    "requirements": Kind(
        "범위와 요구사항",
        {
            "ID": (*_ID, "요구사항 ID", "요구사항 번호"),
            "요구사항": ("요구", "요구 내용", "요구사항 내용", "내용", "설명", "항목", "requirement"),
            "수치": ("값", "목표치", "목표값", "기준값", "숫자", "목표 수치", "수치값", "value", "target"),
            "단위": ("unit",),
            "합격 기준": (
                *("기준", "임계값", "통과 기준", "판정 기준", "합격 조건", "합격선", "수용 기준", "허용 기준"),
                *("판정", "조건", "임계치", "threshold"),
            ),
            "담당": _OWNER,
        },
        (("요구사항",), ("수치", "합격 기준"), ("ID", "단위", "담당")),
        ("시작", "비율", "모니터", "점수"),
        "R",
    ),
    "baselines": Kind(
        "기초선",
        {
            "기초선": ("기초선 방법", "기초선 이름", "기초선 모델", "baseline", "베이스라인", "기준선"),
            "지표": ("지표 ID", "평가 지표", "metric"),
            "값": ("수치", "결과", "성능", "점수", "측정값", "결과값", "지표값", "value"),
            "측정 방법": ("측정", "계산 방법", "방법", "어떻게 쟀는가", "평가 방법", *_HOW),
        },
        (("기초선",), ("값", "측정 방법")),
        ("목표값", "계산식", "슬라이스", "집단"),
    ),
    "models": Kind(
        "모델",
        {"모델": ("모형", "model"), "지표": ("지표 ID", "metric"), "값": ("수치", "결과", "성능", "value")},
        (("모델",), ("지표",)),
    ),
    "choices": Kind(
        "서빙과 인프라",
        {
            "결정": ("항목", "결정 사항", "결정할 것", "구분", "질문", "decision"),
            "선택": ("결정 내용", "선택한 것", "고른 것", "답", "내용", "결론", "choice"),
            "이유": ("근거", "선택 이유", "왜", "why", "reason"),
        },
        (("결정",), ("선택",)),
        ("식",),
    ),
    "stages": Kind(
        "배포와 롤백",
        {
            "단계": ("배포 단계", "출시 단계", "순서", "stage"),
            "비율": (
                "트래픽",
                "트래픽 비율",
                "노출 비율",
                "적용 비율",
                "비중",
                "대상 비율",
                "배포 비율",
                "노출",
                "traffic",
                "share",
                "대상",
            ),
            "기간": ("지속 기간", "관찰 기간", "유지 기간", "최소 기간", "관찰 시간", "시간", "duration"),
            "통과 기준": (
                "통과 조건",
                "통과",
                "승격 기준",
                "진행 기준",
                "진행 조건",
                "합격 기준",
                "다음 단계 조건",
                "다음 단계 기준",
                "gate",
            ),
            "롤백 기준": ("롤백 조건", "중단 기준", "중단 조건", "되돌리는 기준", "되돌리는 조건", "롤백", "rollback"),
        },
        (("단계",), ("비율", "통과 기준", "롤백 기준")),
        ("시작", "끝"),
    ),
    "monitors": Kind(
        "모니터링과 드리프트",
        {
            "ID": (*_ID, "모니터 ID", "모니터 번호"),
            "지표": ("지표 ID", "관련 지표", "대상 지표", "대상", "해당 지표", "metric"),
            "모니터": ("모니터링", "모니터 이름", "감시 항목", "모니터링 항목", "보는 것", "모니터 내용", "monitor"),
            "주기": ("계산 주기", "확인 주기", "빈도", "frequency", "interval"),
        },
        (("모니터",), ("지표", "주기")),
        ("런북", "조건", "경보"),
        "MON",
    ),
    "alerts": Kind(
        "모니터링과 드리프트",
        {
            "ID": (*_ID, "경보 ID", "알람 ID", "알림 ID", "경보 번호", "경보"),
            "모니터": ("모니터 ID", "모니터 번호", "관련 모니터", "모니터링", "monitor"),
            "조건": (
                "경보 조건",
                "알람 조건",
                "알림 조건",
                "발동 조건",
                "임계값",
                "기준",
                "경보 기준",
                "울리는 조건",
                "condition",
            ),
            "담당": (*_OWNER, "받는 사람", "수신자", "온콜"),
            "런북": ("런북 ID", "런북 번호", "runbook", "대응 절차", "대응", "조치"),
        },
        (("모니터", "런북"), ("조건", "런북", "담당")),
        ("주기", "단계", "요구사항"),
        "AL",
    ),
    "card": Kind(
        "부록 A. 모델 카드",
        {"항목": ("구분", "이름", "item"), "내용": ("설명", "값", "답", "content")},
        (("항목",), ("내용",)),
    ),
    "tests": Kind(
        "부록 B. ML Test Score",
        {
            "번호": _ID,
            "영역": ("분야", "구분", "area"),
            "시험": ("테스트", "항목", "시험 항목", "시험 내용", "내용", "test"),
            "점수": ("score", "배점", "획득 점수"),
            "근거": ("이유", "증거", "설명", "비고", "evidence"),
        },
        (("점수",), ("시험", "번호", "영역")),
    ),
}
"""The tables of a design document that the checks read."""

_name = lru_cache(maxsize=1024)(plain_name)
_ANYWHERE = ("goals", "metrics", "requirements", "stages", "monitors", "alerts", "baselines", "models")
_AT_HOME = {
    # 모델 or 방법 heads a baseline only in the section on baselines
    "baselines": Kind(
        KINDS["baselines"].section,
        {
            **KINDS["baselines"].columns,
            "기초선": (*KINDS["baselines"].columns["기초선"], "방법", "모델", "이름", "규칙"),
        },
        KINDS["baselines"].needs,
        KINDS["baselines"].lacks,
    )
}

TOTAL = r"(소계|합계|총점|총합|총계|평균|최종\s*(점수)?)(\s*[(:].*)?"
"""The first words of a row that sums others up."""


@dataclass(frozen=True)
class Record:
    """A table's row by the names that the template gives its columns; "as above" is resolved."""

    cells: Mapping[str, str]
    """Text by column, only of columns that are there."""
    texts: tuple[str, ...]
    """All cells of the row, extra columns too."""
    heads: Mapping[str, str]
    """By column, the header as written."""
    place: Place
    """Where it stands."""

    @property
    def id(self) -> str:
        """The row's id in its normal form; empty if the cell says nothing."""
        text = self.cells.get("ID", "")
        return normal_id(text) if given(text) else ""

    def get(self, column: str) -> str:
        """A cell's text; empty if there is no such column."""
        return self.cells.get(column, "")

    def gives(self, column: str) -> bool:
        """Whether the cell says something."""
        return given(self.get(column))


def records(document: Document, kind: str) -> list[Record]:
    """The rows of all tables of a kind: those in their section, or where else there are some."""
    home = part(document, KINDS[kind].section)
    here = [as_table(block) for block in home.blocks if block.kind == "table" and block.rows] if home else []
    form = _AT_HOME.get(kind, KINDS[kind])
    mine = [one for one in here if kind_of(one) == kind or (kind_of(one) is None and _has_form(one.columns, form))]
    if not mine and kind in _ANYWHERE:
        form = KINDS[kind]
        mine = [one for one in document.tables() if kind_of(one) == kind]
    return [record for table in mine for record in table_records(table, form)]


def kind_of(table: Table) -> str | None:
    """The kind of a table by its columns, where these are enough to tell."""
    return _kind_by(table.columns)


@lru_cache(maxsize=1024)  # a document is asked many times, and has few headers
def _kind_by(columns: tuple[str, ...]) -> str | None:
    return next((name for name in _ANYWHERE if _has_form(columns, KINDS[name])), None)


def table_records(table: Table, kind: Kind) -> Iterator[Record]:
    """The rows of a table; rows that head a group or sum others up are none."""
    heads = _heads(table.columns, kind)
    above: dict[str, str] = {}
    for row in table.rows:
        texts = tuple(plain(text) for text in row.cells.values())
        if _heads_a_group(texts, "ID" in heads) or re.fullmatch(TOTAL, next(filter(None, texts), "")):
            continue
        cells = {column: plain(row.cells[head]) for column, head in heads.items()}
        cells = {column: above.get(column, text) if ditto(text) else text for column, text in cells.items()}
        above = cells
        yield Record(cells, texts, heads, row.place)


def _has_form(columns: tuple[str, ...], kind: Kind) -> bool:
    heads = _heads(columns, kind)
    names = {_name(column) for column in columns}
    lacked = any(one in heads or _name(one) in names for one in kind.lacks)
    return not lacked and all(any(one in heads for one in group) for group in kind.needs)


def _heads(columns: tuple[str, ...], kind: Kind) -> dict[str, str]:
    """The header as written, by the template's name of the column."""
    written = {_name(column): column for column in reversed(columns)}
    found: dict[str, str] = {}
    # "Traffic share (비율)" is named by its note where nothing else names it
    notes = {_name(note): head for head in reversed(columns) for note in re.findall(r"\(([^()]+)\)", head)}
    for names, exact in ((written, True), (written, False), (notes, True)):
        for column, others in kind.columns.items():
            for name in (column,) if exact else others:
                head = names.get(_name(name))
                if head is not None and column not in found and head not in found.values():
                    found[column] = head
    return found


def _heads_a_group(texts: tuple[str, ...], with_ids: bool) -> bool:
    """Whether a row is one merged cell that names the rows under it."""
    if len(texts) < 3:
        return False
    if len(set(texts)) == 1:
        return given(texts[0])
    return with_ids and given(texts[0]) and not is_id(texts[0]) and not any(texts[1:])
