"""Ids: who refers to whom, what is defined twice, what nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from coursekit.classroom.project.documents import Block, Document, Place, as_table, plain_name
from coursekit.classroom.project.findings import Finding, found
from coursekit.classroom.project.rules._cells import ids_in, is_id, normal_id, particle, placeholder, plain
from coursekit.classroom.project.rules._runbooks import Runbook
from coursekit.classroom.project.rules._tables import KINDS, Record, kind_of, table_records

Tables = dict[str, list[Record]]

# in running text M5 may be a machine of a cloud, R2 a share of variance, AL2 a Linux
_IN_TEXT = re.compile(
    r"(?<![A-Za-z0-9가-힣_./&-])(MON|AL|RB|G|M|R)-?0*(\d{1,2})(?![0-9A-Za-z_]|[.-][0-9A-Za-z])"
    r"(?!\s*(?:칩|맥|인스턴스|GPU|MacBook|Pro|Max|Ultra|=\s*0?\.))"
)
_NOT_OURS = ("R2", "AL2")
KIND_NAMES = {"goals": "목표", "metrics": "지표", "requirements": "요구사항", "monitors": "모니터", "alerts": "경보"}
_REFERENCES = (
    ("metrics", "목표", "goals"),
    ("monitors", "지표", "metrics"),
    ("alerts", "모니터", "monitors"),
    ("baselines", "지표", "metrics"),
    ("models", "지표", "metrics"),
)


def referred(rows: Sequence[Record], column: str, targets: Sequence[Record], prefix: str) -> set[str]:
    """The ids, or by their names the rows, to which a column refers; a blank cell continues the one above."""
    prefixes = _prefixes(targets, prefix)
    numbered = {one.id for one in targets if one.id.isdigit()}
    by_name = {plain_name(one.get(column)): one.id for one in targets if one.id and one.gives(column)}
    named_here: set[str] = set()
    above = ""
    for row in rows:
        text = row.get(column) or above
        above = text
        named = ids_in(text, prefixes)
        if numbered and not named:
            named = [one for one in re.findall(r"(?<![\d.])\d+(?![\d.])", plain(text)) if one in numbered]
        if not named:
            pieces = (text, *re.split(r"[,;/·\n]", text))
            named = [by_name[name] for piece in pieces if (name := plain_name(piece)) in by_name]
        named_here.update(named)
    return named_here


def _prefixes(rows: Sequence[Record], prefix: str) -> set[str]:
    return {prefix, *(match.group() for one in rows if (match := re.match(r"[A-Z가-힣]+(?=\d+$)", one.id)))}


def repeated(tables: Tables, runbooks: Sequence[Runbook]) -> Iterator[Finding]:
    seen: dict[str, Place] = {}
    defined = [(kind, one.id, one.place) for kind in KIND_NAMES for one in tables[kind] if one.id]
    for kind, name, place in (*defined, *(("runbooks", one.id, one.place) for one in runbooks)):
        # 1, 2, 3 count each table's rows anew
        key = f"{kind} {name}" if name.isdigit() else name
        if key in seen:
            yield found(
                "id-repeated", place, f"{name}{particle(name, '은', '는')} 이미 '{seen[key].told}'에서 정의했습니다."
            )
        else:
            seen[key] = place


def unknown(document: Document, tables: Tables, runbooks: Sequence[Runbook]) -> Iterator[Finding]:
    told: set[tuple[str, Place]] = set()
    for kind, column, target in _REFERENCES:
        known = {one.id for one in tables[target]}
        if not known:
            continue
        own = _prefixes(tables[target], KINDS[target].prefix)
        for row in tables[kind]:
            for name in ids_in(row.get(column), {*own, "G", "MON", "AL", "RB"}):
                if name not in known and (name, row.place) not in told:
                    told.add((name, row.place))
                    mine = f"{row.id}의 " if row.id else ""
                    told_id = f"{name}{particle(name, '은', '는')} {KIND_NAMES[target]}의 표에 없습니다."
                    message = f"{mine}'{row.heads[column]}' 칸이 가리키는 {told_id}"
                    yield found("id-unknown", row.place, message)
    yield from _unknown_in_text(document, tables, runbooks, told)


def _unknown_in_text(
    document: Document, tables: Tables, runbooks: Sequence[Runbook], told: set[tuple[str, Place]]
) -> Iterator[Finding]:
    known = {one.id for kind in KIND_NAMES for one in tables[kind]} | {one.id for one in runbooks}
    known |= _other_ids(document)
    used = {match.group() for name in known if (match := re.match(r"(MON|AL|RB|G|M|R)(?=\d)", name))}
    for section in document.sections:
        for block in section.blocks:
            if block.kind in ("guidance", "code"):
                continue
            for text, place in _texts(block):
                for match in _IN_TEXT.finditer(plain(text)):
                    name = f"{match.group(1)}{int(match.group(2))}"
                    if match.group(1) not in used or name in known or name in _NOT_OURS or (name, place) in told:
                        continue
                    told.add((name, place))
                    yield found(
                        "id-unknown",
                        place,
                        f"본문이 가리키는 {name}{particle(name, '을', '를')} 정의한 표나 런북이 없습니다.",
                    )


def _texts(block: Block) -> Iterator[tuple[str, Place]]:
    """Texts that may refer to ids: a table's first column names its own rows, an alert's runbook has its own rule."""
    if block.kind != "table":
        yield block.text, block.place
        return
    table = as_table(block)
    runbook = (
        next((one.heads.get("런북") for one in table_records(table, KINDS["alerts"])), None)
        if kind_of(table) == "alerts"
        else None
    )
    own = set(table.columns[:1]) | {head for head in table.columns if plain_name(head) in ("id", "번호")}
    for row in table.rows:
        for head, text in row.cells.items():
            if head != runbook and not (head in own and is_id(text)):
                yield text, row.place


def _other_ids(document: Document) -> set[str]:
    """Ids that tables of other kinds define, such as a table of risks."""
    tables = [
        as_table(block)
        for section in document.sections
        for block in section.blocks
        if block.kind == "table" and block.rows
    ]
    return {
        normal_id(text)
        for table in tables
        if kind_of(table) is None
        for row in table.rows
        for text in list(row.cells.values())[:1]
        if is_id(text)
    }


def row_told(row: Record, column: str) -> str:
    """How a message names a row."""
    text = plain(row.get(column))
    text = "" if placeholder(text) else text
    text = text if len(text) <= 30 else f"{text[:29]}…"
    if row.id and text:
        return f"{row.id}({text})"
    return row.id or (f"'{text}'" if text else "ID 없는 행")
