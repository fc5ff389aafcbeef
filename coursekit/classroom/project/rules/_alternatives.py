"""Alternatives as teams write them: subsections, a table's rows, or paragraphs that begin with their names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from coursekit.classroom.project.documents import Block, Place, Section, as_table
from coursekit.classroom.project.rules._cells import given, plain
from coursekit.classroom.project.rules._outline import Part

_LABELS = {
    "장점": r"장점|좋은\s*점|강점|이점|이득|얻는\s*것|pros?\b|advantages?",
    "단점": r"단점|나쁜\s*점|약점|아쉬운\s*점|잃는\s*것|문제점|cons?\b|disadvantages?|drawbacks?",
    "고르지 않은 이유": (
        r"(고르|선택하|채택하|택하|쓰|도입하|사용하)지\s*(않은|않는|못한|않기로\s*한)\s*(이유|까닭|근거)|[이사]유|버린\s*(이유|까닭)|"
        r"(탈락|기각|제외|배제|보류|불채택|미채택|미선택)(한|된|시킨)?\s*(이유|사유|근거|까닭)|why\s*not.*?(?=[:.]|$)|왜\s*(고르|선택하|쓰|택하)지\s*않았.*?(?=[:.]|$)"
    ),
}
_NOT_AN_ALTERNATIVE = re.compile(
    r"비교|결론|요약|정리|선택한|채택한|채택안|고른|제안|현재|평가\s*기준|검토\s*기준|종합"
)


def alternatives(home: Part) -> list[tuple[str, Place, list[str]]]:
    """Give each alternative's title and place, and what of advantages, drawbacks and reason it lacks."""
    return [_judged(own) for own in _alternative_sections(home)] or _tabled(home) or _listed(home)


def _alternative_sections(home: Part) -> list[tuple[Section, ...]]:
    """The subsections that describe one alternative each, with what is under them."""
    level = min((one.level for one in home.sections[1:]), default=0)
    groups: list[list[Section]] = []
    for section in home.sections[1:]:
        if section.level == level:
            groups.append([section])
        elif groups:
            groups[-1].append(section)
    named = [one for one in groups if re.search(r"대안|alternative", plain(one[0].name), re.I)]
    chosen = named or [one for one in groups if not _NOT_AN_ALTERNATIVE.search(plain(one[0].name))]
    kept = [one for one in chosen if not re.search(r"비교|결론|요약|정리|종합", plain(one[0].name)) or _labelled(one)]
    return [tuple(one) for one in kept]


def _labelled(sections: Sequence[Section]) -> bool:
    return len(_judged(tuple(sections))[2]) < len(_LABELS)


def _judged(sections: tuple[Section, ...]) -> tuple[str, Place, list[str]]:
    """Title, place and what an alternative lacks."""
    first = sections[0]
    lines: list[str] = []
    for section in sections:
        if section is not first:
            lines.append(plain(section.name))
        lines += [line for block in section.blocks if block.kind not in ("guidance", "code") for line in _lines(block)]
    return plain(first.title), first.place, _unlabelled(lines)


def _lines(block: Block) -> Iterator[str]:
    if block.kind != "table":
        yield from (plain(line) for line in block.text.splitlines())
        return
    heads, *rows = block.rows
    # a table with the labels as columns, or one row for each label
    across = sum(_label(head) is not None for head in heads) >= 2
    if across:
        yield from (f"{plain(head)}: {plain(cell)}" for row in rows for head, cell in zip(heads, row, strict=False))
    else:
        yield from (": ".join(filter(None, map(plain, row))) for row in block.rows)


def _label(line: str) -> tuple[str, str] | None:
    """The label that a line begins with, and what stands behind it."""
    start = r"^[\W_]*(?:이\s*(?:안|대안|방법|방식)의\s*)?(?:(?:가장\s*큰|주된|주요)\s*)?"
    for name, form in _LABELS.items():
        if match := re.match(
            rf"{start}(?:{form})\s*(?:\([^)]*\))?\s*(?P<mark>[:：\-–—=.)]|은|는|이|으로는|으로|로는|도|$)", line, re.I
        ):
            return name, line[match.end() :]
    return None


def _unlabelled(lines: Sequence[str]) -> list[str]:
    said: dict[str, str] = {}
    current: str | None = None
    for line in lines:
        sentences = re.split(r"(?<=다\.)\s+", line)
        for sentence in sentences:
            if label := _label(sentence):
                current = label[0]
                said[current] = said.get(current, "") + label[1]
            elif current is not None:
                said[current] += " " + sentence
    return [name for name in _LABELS if not given(said.get(name, "").strip(" :-–—*"))]


def _tabled(home: Part) -> list[tuple[str, Place, list[str]]]:
    """Alternatives as the rows of a table with a column for each label."""
    judged: list[tuple[str, Place, list[str]]] = []
    for block in home.blocks:
        if block.kind != "table" or not block.rows:
            continue
        table = as_table(block)
        labels = {label[0]: head for head in table.columns if (label := _label(plain(head))) is not None}
        if len(labels) < 2:
            continue
        rest = [head for head in table.columns if head not in labels.values()]
        for row in table.rows:
            title = plain(row.cells[rest[0]]) if rest else ""
            lacks = [name for name in _LABELS if name not in labels or not given(row.cells[labels[name]])]
            judged.append((title, row.place, lacks))
    return judged


def _listed(home: Part) -> list[tuple[str, Place, list[str]]]:
    """Alternatives as bold paragraphs: "대안 1. ...", then their labels."""
    groups: list[tuple[Block, list[str]]] = []
    for block in home.blocks:
        if block.kind in ("guidance", "code", "table"):
            continue
        if re.match(r"대안\s*[0-9A-Za-z가-힣]{1,2}\s*[.:)(]", plain(block.text)):
            groups.append((block, [plain(line) for line in block.text.splitlines()[1:]]))
        elif groups:
            groups[-1][1].extend(_lines(block))
    return [(plain(block.text.splitlines()[0]), block.place, _unlabelled(lines)) for block, lines in groups]
