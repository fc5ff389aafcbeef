"""Sections: all there, in order, written, and without what the template left."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from coursekit.classroom.project._front import front_entries
from coursekit.classroom.project.documents import Block, Document, Place, Section, plain_name
from coursekit.classroom.project.findings import Finding, Rule, found
from coursekit.classroom.project.project_file import ProjectFile
from coursekit.classroom.project.rules._cells import given, placeholder, plain
from coursekit.classroom.project.rules._outline import SECTIONS, Part, parts

LEAST_TEXT = 40
"""Letters of different words that a section has at least; about one and a half sentences."""
PASTED_TEXT = 40
"""Letters from which a paragraph that stands in two sections was pasted, not merely said again."""
FILLED_SHARE = 0.5
"""Share of a table's cells that are filled in a table that counts as written."""
_LABELS = ("ID", "번호", "영역", "시험", "항목", "계산", "결정")
_ADVICE = re.compile(r"\s*(?:안내\s*:\s*)?(읽는 사람이 알게 될 것|쓰는 법|검토자가 물을 것|도움이 되는 강의)\s*:")
_FILLER = re.compile(r"lorem\s+ipsum|가나다라마바사|asdf|ㅁㄴㅇㄹ", re.IGNORECASE)

RULES = (
    Rule(
        "section-missing",
        "절이 빠졌습니다",
        "설계 문서는 모르는 사람이 같은 시스템을 운영할 수 있게 하는 문서입니다. 절 하나가 없으면 그 결정은 "
        "장애가 난 밤에 담당자 혼자 새로 내리게 됩니다.",
        "## 11. 보안과 개인정보: 해당하는 것이 없으면 절을 지우지 말고, 왜 해당하지 않는지를 두 문장으로 적습니다.",
    ),
    Rule(
        "section-order",
        "절의 순서가 다릅니다",
        "검토자는 목표에서 요구사항, 모델, 운영의 순서로 읽으며 앞의 수치로 뒤의 결정을 확인합니다. 순서가 다르면 "
        "모델이 어떤 기초선을 이겨야 하는지 모르는 채 모델을 읽게 됩니다.",
        "... 5. 데이터와 레이블, 6. 기초선, 7. 모델, 8. 서빙과 인프라 ...",
        "should",
    ),
    Rule(
        "section-empty",
        "절에 내용이 없습니다",
        "제목만 있는 절은 정하지 않은 것과 잊은 것을 구별해 주지 않습니다. 운영 중에 누군가는 정해진 것으로 알고 "
        "움직입니다.",
        "공정성과 위험: '병원 규모별로 오차를 나눠 보았다. 100병상 미만에서 오차가 1.4배이므로 출시 대상에서 뺀다.'",
    ),
    Rule(
        "section-boilerplate",
        "이 시스템에 대한 글이 거의 없습니다",
        "어느 시스템에나 맞는 글은 이 시스템에 대해 아무것도 정하지 않습니다. 검토자는 이 시스템의 수치와 이름을 "
        "보고서야 "
        "틀린 곳을 찾을 수 있습니다.",
        "'확장성 있게 설계한다' 대신 '평일 10시에 초당 120건까지 오며, 인스턴스 두 대가 한 대의 장애를 견딘다.'",
    ),
    Rule(
        "placeholder-left",
        "채우지 않은 자리가 있습니다",
        "TBD로 남은 임계값은 배포하는 날 아무 값이나 들어갑니다. 아직 정하지 못했다면 누가 언제까지 정하는지가 "
        "있어야 합니다.",
        "'임계값: TBD' 대신 '임계값: 0.72. 9월 21일에 검증 데이터로 다시 정한다(이서준).'",
    ),
    Rule(
        "guidance-left",
        "채운 절에 안내가 남아 있습니다",
        "양식의 안내와 팀의 글이 섞이면 읽는 사람은 무엇이 이 시스템의 결정인지 알 수 없습니다.",
        "절을 다 쓴 뒤에는 '안내:'로 시작하는 주석과 '[안내]' 문단을 지웁니다.",
        "should",
    ),
    Rule(
        "team-missing",
        "팀원이 적혀 있지 않습니다",
        "경보가 울렸을 때 물어볼 사람이 문서에 없으면 문서를 쓴 사람을 찾는 데서부터 대응이 늦어집니다. 요구사항의 "
        "담당도 이 명단과 비교합니다.",
        "| 팀원 | 김하늘, 이서준, 박도윤, 최지우 |",
    ),
)
"""The rules of this module."""


def check(document: Document, project: ProjectFile | None) -> Iterator[Finding]:
    r"""Check that every section is there, in order and written by the team.

    A reviewer who looks for the rollback at three in the morning finds it where it always stands, or
    loses the minutes that count.

    Parameters
    ----------
    document
        The document.
    project
        The team; not needed here.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from coursekit.classroom.project.documents import read_document
    >>> path = Path(tempfile.mkdtemp()) / "doc.md"
    >>> _ = path.write_text("# 병상\n\n## 1. 개요\n\nTBD\n", encoding="utf-8")
    >>> [one.rule.id for one in check(read_document(path), None) if one.place.line == 5]
    ['section-boilerplate', 'placeholder-left']
    """
    there = parts(document)
    yield from _team(document)
    yield from _missing(document, there)
    yield from _order(there)
    for part in there:
        yield from _written(part)
    yield from _pasted(there)
    yield from _placeholders(document, there)


def _team(document: Document) -> Iterator[Finding]:
    row = next((text for name, text in document.head.items() if name.startswith(plain_name("팀원"))), None)
    if row is not None and given(row):
        return
    place = _head_place(document)
    what = "'팀원' 칸이 비어 있습니다." if row is not None else "문서 머리의 표에 '팀원' 행이 없습니다."
    yield found("team-missing", place, f"{what} 팀원의 이름을 쉼표로 나누어 적어 주세요.")


def _head_place(document: Document) -> Place:
    entries = front_entries(document.front)
    named = (place for name, (_, place) in entries.items() if name.startswith(plain_name("팀원")))
    table = next((block.place for block in document.front if block.kind == "table"), None)
    if (place := next(named, table)) is not None:
        return place
    return document.sections[0].place if document.sections else Place(document.path.name, 1, "")


def _missing(document: Document, there: Sequence[Part]) -> Iterator[Finding]:
    place = document.sections[0].place if document.sections else Place(document.path.name, 1, "")
    by_name = {part.name: part for part in there}
    after = ""
    for name in SECTIONS:
        if name in by_name:
            place, after = by_name[name].place, by_name[name].sections[0].title
            continue
        where = f"'{after}' 다음에 " if after else ""
        yield found("section-missing", place, f"'{name}' 절이 없습니다. {where}넣어 주세요.", subject=name)


def _order(there: Sequence[Part]) -> Iterator[Finding]:
    """Tell the fewest sections that have to move: those outside of the longest run in order."""
    order = list(SECTIONS)
    numbers = [order.index(part.name) for part in there]
    # one heading may stand for two sections, which is no disorder
    places = [part.place for part in there]
    ends: list[int] = []  # the positions that end the best run of each length
    before: list[int | None] = []
    for at, number in enumerate(numbers):
        length = bisect_left([numbers[end] for end in ends], number)
        before.append(ends[length - 1] if length else None)
        # of two equally long runs the one that began earlier stays: a swap is told at what comes too late
        if length == len(ends):
            ends.append(at)
        else:
            ends[length] = at
    kept: set[int] = set()
    at_end: int | None = ends[-1] if ends else None
    while at_end is not None:
        kept.add(at_end)
        at_end = before[at_end]
    for at, part in enumerate(there):
        if at in kept or places.count(part.place) > 1:
            continue
        later = [one for one in there if order.index(one.name) < order.index(part.name)]
        title = part.sections[0].title
        after = max(later, key=lambda one: order.index(one.name)).sections[0].title if later else ""
        where = f"'{after}' 다음에" if after else "맨 앞에"
        yield found("section-order", part.place, f"'{title}' 절은 {where} 와야 합니다.")


def _written(part: Part) -> Iterator[Finding]:
    blocks = part.blocks
    guidance = [block for block in blocks if block.kind == "guidance"]
    title = part.sections[0].title
    written = _is_written(blocks)
    if not blocks:
        yield found("section-empty", part.place, f"'{title}' 절에 제목밖에 없습니다.", subject=part.name)
    elif not written:
        only = "안내만 있습니다" if len(guidance) == len(blocks) else "이 시스템에 대한 글이 거의 없습니다"
        advice = f"양식의 글과 채우지 않은 자리를 빼고 {LEAST_TEXT}자 이상 적어 주세요."
        # at the few words that are there, if there are some
        place = next((block.place for block in blocks if block.kind != "guidance"), part.place)
        yield found("section-boilerplate", place, f"'{title}' 절에 {only}. {advice}", subject=part.name)
    for block in blocks if written else ():
        if filler := _FILLER.search(block.text):
            yield found(
                "section-boilerplate", block.place, f"'{title}' 절에 뜻 없이 채운 글이 있습니다: '{filler.group()}'."
            )
    if written and guidance and not _has_holes(blocks):
        more = f" 외 {len(guidance) - 1}곳" if len(guidance) > 1 else ""
        told = _shortened(guidance[0].text)
        yield found(
            "guidance-left", guidance[0].place, f"'{title}' 절을 채운 뒤에도 안내가 남아 있습니다: '{told}'{more}."
        )


def _has_holes(blocks: Sequence[Block]) -> bool:
    """Whether something is left to fill: such a section still needs its guidance."""
    texts = (text for one in blocks if one.kind not in ("guidance", "code") for text in (one.text, *sum(one.rows, ())))
    return any(placeholder(text) is not None for text in texts)


def _is_written(blocks: Sequence[Block]) -> bool:
    words: dict[str, None] = {}
    for block in blocks:
        if block.kind == "guidance":
            continue
        if block.kind != "table":
            lines = [line for line in block.text.splitlines() if not (_FILLER.search(line) or _ADVICE.match(line))]
            words.update(dict.fromkeys(" ".join(_without_placeholders(line) for line in lines).split()))
            words.update(dict.fromkeys(word for link in block.links for word in link.text.split()))
            continue
        asked = [at for at, head in enumerate(block.rows[0]) if plain_name(head) not in map(plain_name, _LABELS)]
        cells = [row[at] if at < len(row) else "" for row in block.rows[1:] for at in asked]
        filled = [cell for cell in cells if given(cell)]
        if cells and len(filled) >= FILLED_SHARE * len(cells) and len(filled) >= 2:
            return True
        words.update(dict.fromkeys(word for cell in filled for word in plain(cell).split()))
    return len(" ".join(words)) >= LEAST_TEXT


def _without_placeholders(text: str) -> str:
    text = plain(text)
    while (left := placeholder(text)) is not None:
        shown = left.replace("〈", "⟨").replace("〉", "⟩")
        if shown not in text:
            return ""
        text = text.replace(shown, " ")
    return text


def _pasted(there: Sequence[Part]) -> Iterator[Finding]:
    seen: dict[str, Part] = {}
    for part in there:
        for block in part.blocks:
            if block.kind not in ("paragraph", "item"):
                continue
            letters = re.sub(r"[^0-9a-z가-힣]+", "", plain(block.text).lower())
            if len(letters) < PASTED_TEXT:
                continue
            first = seen.setdefault(letters, part)
            if first.place != part.place:
                told = f"'{first.sections[0].title}' 절의 문단이 그대로 다시 나옵니다: '{_shortened(block.text)}'."
                yield found("section-boilerplate", block.place, told)


def _placeholders(document: Document, there: Sequence[Part]) -> Iterator[Finding]:
    # where nothing is written yet, one finding says so for all places of the section
    bare = {id(section): part for part in there if not _is_written(part.blocks) for section in part.sections}
    told_of: dict[str, list[tuple[Place, str]]] = {}
    for section in document.sections:
        found_here = list(_marks(section))
        if id(section) in bare:
            told_of.setdefault(bare[id(section)].name, []).extend(found_here)
            continue
        for place, marks in found_here:
            yield found("placeholder-left", place, f"채우지 않은 자리가 있습니다: {marks}.")
    for places in told_of.values():
        if places:
            place, marks = places[0]
            more = f" 이 절에 {len(places)}곳입니다." if len(places) > 1 else ""
            yield found("placeholder-left", place, f"채우지 않은 자리가 있습니다: {marks}.{more}")


def _marks(section: Section) -> Iterator[tuple[Place, str]]:
    """Each place of a section with the marks that were left there."""
    texts: list[tuple[Sequence[str], Place]] = [([section.title], section.place)]
    for block in section.blocks:
        if block.kind == "table":
            texts += zip(block.rows, block.row_places, strict=True)
        elif block.kind not in ("guidance", "code"):
            texts.append(([block.text], block.place))
    for cells, place in texts:
        marks = dict.fromkeys(left for cell in cells if (left := placeholder(cell)) is not None)
        if marks:
            yield place, ", ".join(f"'{mark}'" for mark in marks)


def _shortened(text: str, most: int = 40) -> str:
    text = plain(text)
    return text if len(text) <= most else f"{text[: most - 1]}…"
