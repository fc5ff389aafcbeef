"""Requirements: each with id, number, unit, threshold and an owner from the team."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from coursekit.classroom.project.documents import Document, as_table, plain_name
from coursekit.classroom.project.findings import Finding, Rule, found
from coursekit.classroom.project.project_file import ProjectFile
from coursekit.classroom.project.rules._cells import (
    given,
    has_number,
    has_unit,
    measures,
    names_in,
    numbers,
    particle,
    plain,
)
from coursekit.classroom.project.rules._ids import row_told
from coursekit.classroom.project.rules._outline import part
from coursekit.classroom.project.rules._tables import KINDS, Record, kind_of, records

RULES = (
    Rule(
        "requirements-missing",
        "요구사항의 표가 없습니다",
        "요구사항이 없으면 시스템이 언제 다 되었는지, 어떤 모델을 골라야 하는지를 마감 날의 분위기가 정합니다.",
        "| R1 | 예측 응답이 빨라야 한다 | 200 | ms | p99 이하 | 김하늘 |",
    ),
    Rule(
        "requirement-incomplete",
        "요구사항에 번호, 수치, 단위, 합격 기준 또는 담당이 없습니다",
        "'빨라야 한다'는 시험할 수 없습니다. 수치와 단위, 어느 쪽이 합격인지가 있어야 배포를 막는 시험이 되고, "
        "담당이 있어야 "
        "어긋났을 때 고칠 사람이 있습니다.",
        "| R2 | 하루에 한 번은 다시 학습한다 | 24 | 시간 | 마지막 학습에서 지난 시간, 이하 | 이서준 |",
    ),
    Rule(
        "owner-unknown",
        "담당이 팀원이 아닙니다",
        "팀에 없는 사람이 맡은 일은 아무도 맡지 않은 일입니다. 팀이 바뀌거나 이름을 잘못 적은 뒤에 생기며, 경보가 "
        "울릴 때 드러납니다.",
        "머리의 표가 '| 팀원 | 김하늘, 이서준 |'이면 담당은 '김하늘' 또는 '김하늘, 이서준'",
    ),
)
"""The rules of this module."""

_COMPARISON = re.compile(
    r"이상|이하|미만|초과|이내|까지|넘지|넘으면|넘을|최대|최소|최고|최저|보다|범위|사이|안에|같(은|다|을|아|음)|동일|일치|"
    r"[≤≥<>=⩽⩾≦≧±~∼→↑↓]|모두|모든|전부|항상|전체|없(다|음|어|을)|않(는|음|아)|통과|at\s*(least|most)|less|more|below|above|under|"
    r"within|\bmax|\bmin",
    re.IGNORECASE,
)
_OWNER_HEADS = ("담당", "담당자", "책임자", "담당팀원")
_NAME_HEADS = ("이름", "팀원", "성명")
_EVERYBODY = re.compile(
    r"(팀\s*)?(전원|전체|모두|모든\s*(팀원|사람)|공동|다\s*같이|다\s*함께|팀원\s*(전원|전체|모두))|팀|all|everyone",
    re.I,
)
_SURNAMES = (
    "김이박최정강조윤장임한오서신권황안송전홍유고문양손배백허남심노하곽성차주우구민진지엄채원천"
    "방공현함변염여추도소석선설마길연위표명기반라왕금옥육인맹제모탁국어은편용"
)
_NO_NAMES = re.compile(
    r".*(팀|팀장|조장|담당자?|책임자|개발자?|관리자?|운영자?|작성자|당직자?|교수님?|조교|당번|온콜|서버|배포|서빙|인프라|학습|"
    r"데이터|평가|레이블|문서|모델|기획|발표|정비|주간|야간|교대|주말|전담|지원|검토|설계|구현|시험|전문가|의사|간호사|강사|"
    r"외부|기타|병원|업체|전산실|백엔드|프런트)"
)


def check(document: Document, project: ProjectFile | None) -> Iterator[Finding]:
    r"""Check that each requirement can be tested, and that its owner is of the team.

    A number without a unit is read twice, a wish without a number is met by whatever there is, and
    what nobody owns nobody mends.

    Parameters
    ----------
    document
        The document.
    project
        The team; its names count beside those in the document's head.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from coursekit.classroom.project.documents import read_document
    >>> path = Path(tempfile.mkdtemp()) / "doc.md"
    >>> head = "| ID | 요구사항 | 수치 | 단위 | 합격 기준 | 담당 |\n|-|-|-|-|-|-|\n"
    >>> text = f"# 병상\n\n## 4. 범위와 요구사항\n\n{head}| R1 | 빠르다 | 200 | | p99 이하 | |\n"
    >>> _ = path.write_text(text, encoding="utf-8")
    >>> [(one.rule.id, one.message) for one in check(read_document(path), None)]
    [('requirement-incomplete', 'R1(빠르다): 없는 것은 단위, 담당입니다.')]
    """
    rows = records(document, "requirements")
    home = part(document, KINDS["requirements"].section)
    if home is not None and not rows:
        told = "요구사항의 표를 찾지 못했습니다. 열은 ID, 요구사항, 수치, 단위, 합격 기준, 담당입니다."
        yield found("requirements-missing", home.place, told)
    for row in rows:
        if lacks := _lacking(row):
            yield found(
                "requirement-incomplete", row.place, f"{row_told(row, '요구사항')}: 없는 것은 {', '.join(lacks)}입니다."
            )
    team = tuple(dict.fromkeys((*document.members, *(project.names if project is not None else ()))))
    team = tuple(name for name in team if given(name))
    if team:
        yield from _owners(document, rows, team)


def _lacking(row: Record) -> list[str]:
    number, threshold = row.get("수치"), row.get("합격 기준")
    lacks = [] if row.id else ["번호"]
    counted = number if "수치" in row.cells else threshold
    if not (given(counted) and has_number(counted)):
        lacks.append("수치" if not given(counted) else f"수치(지금은 '{plain(counted)}')")
    if not _has_unit(row, number, threshold):
        lacks.append("단위")
    # a number alone is a threshold if it is the requirement's: "부하 시험 10분" compares nothing with 200 ms
    same = set(numbers(threshold)) & set(numbers(counted)) if "수치" in row.cells else has_number(threshold)
    compared = _COMPARISON.search(plain(threshold)) or same
    if not (given(threshold) and compared) and not _COMPARISON.search(plain(number)):
        shown = plain(threshold)
        lacks.append(f"비교할 수 있는 합격 기준(지금은 '{shown}')" if given(shown) else "합격 기준")
    if not row.gives("담당"):
        lacks.append("담당")
    return lacks


def _has_unit(row: Record, number: str, threshold: str) -> bool:
    unit = plain(row.get("단위"))
    # "없음" is an answer for a ratio or a count; a blank or a dash may have been forgotten
    if given(unit) or unit in ("없음", "단위 없음"):
        return True
    if has_unit(number):
        return True
    heads = [head for column, head in row.heads.items() if column in ("수치", "합격 기준")]
    if any(re.search(r"\([^()A-Za-z가-힣%]*[A-Za-z가-힣%][^()]*\)", plain(head)) for head in heads):
        return True
    # a unit in the threshold counts if it stands at this number: "이하 (7일 평균)" gives no unit to 200
    values = numbers(number) if "수치" in row.cells else numbers(threshold)
    return any(
        has_unit(match.group())
        for match in re.finditer(r"[\d,.]*\d\s*\S+", measures(threshold))
        if set(numbers(match.group())) & set(values)
    )


def _owners(document: Document, rows: list[Record], team: Collection[str]) -> Iterator[Finding]:
    people = ", ".join(team)
    owned = [(one, "요구사항") for one in rows] + [(one, "조건") for one in records(document, "alerts")]
    for record, column in owned:
        for name in _strangers(record.get("담당"), team, strict=True):
            who = f"담당 '{name}'{particle(name, '이', '가')}"
            told = f"{row_told(record, column)}: {who} 팀원({people}) 가운데에 없습니다."
            yield found("owner-unknown", record.place, told)
    home = part(document, "일정과 역할")
    planned = {id(block) for block in home.blocks} if home is not None else set()
    for block in (one for section in document.sections for one in section.blocks if one.kind == "table" and one.rows):
        table = as_table(block)
        if kind_of(table) in ("requirements", "alerts"):
            continue
        heads = {plain_name(head): head for head in table.columns}
        wanted = _OWNER_HEADS + (_NAME_HEADS if id(block) in planned else ())
        owner = next((heads[name] for name in wanted if name in heads), None)
        for at, row in enumerate(table.rows, start=1):
            for name in _strangers(row.cells[owner] if owner is not None else "", team, strict=False):
                first = plain(next(iter(row.cells.values()))) or f"{at}행"
                told = f"'{first}': {owner} '{name}'{particle(name, '이', '가')} 팀원({people}) 가운데에 없습니다."
                yield found("owner-unknown", row.place, told)


def _strangers(cell: str, team: Collection[str], *, strict: bool) -> list[str]:
    """Names in a cell that are not of the team; with ``strict``, a cell that names nobody of it, too."""
    if not given(cell):
        return []
    pieces = list(names_in(cell))
    # a stage may be everybody's; a requirement or an alert that is everybody's alone is nobody's
    named = not strict or any(_is_member(piece, team) for piece in pieces)
    everybody = [piece for piece in pieces if _EVERYBODY.fullmatch(piece) and named]
    unknown = [piece for piece in pieces if not (_is_member(piece, team) or piece in everybody)]
    if len(unknown) == len(pieces) and strict:
        return unknown
    return [piece for piece in unknown if _looks_like_a_name(piece)]


def _is_member(piece: str, team: Collection[str]) -> bool:
    """Whether this names a member: in full, by the given name, or with a role beside the name."""
    text = piece.casefold().replace(" ", "")
    for member in team:
        name = plain(member).casefold().replace(" ", "")
        korean = re.fullmatch(r"[가-힣]{3,4}", name)
        words = plain(member).casefold().split()
        if (
            text == name
            or name in text
            or (korean and text == name[1:])
            or (len(words) > 1 and piece.casefold() in words)
        ):
            return True
    return False


def _looks_like_a_name(piece: str) -> bool:
    return bool(re.fullmatch(r"[가-힣]{2,4}", piece)) and piece[0] in _SURNAMES and not _NO_NAMES.fullmatch(piece)
