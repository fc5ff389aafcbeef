"""What stands above a document's first section: 팀, 팀원, 상태, 작성일, 최종 수정, as a table or as lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coursekit.classroom.project.documents import Block, Place

_KEYS = ("팀", "팀명", "팀 이름", "팀원", "구성원", "상태", "작성일", "최종 수정", "team", "members", "status")
_MEMBERS = ("팀원", "구성원", "팀원 명단", "팀 구성", "팀원 이름", "members", "team members")


def front_entries(blocks: Sequence[Block]) -> dict[str, tuple[str, Place]]:
    """Each entry with its place, by :func:`plain_name`: rows of the first table, else ``팀원: ...`` and a list."""
    from coursekit.classroom.project.documents import plain_name

    for block in blocks:
        if block.kind == "table" and block.rows and len(block.rows[0]) >= 2:
            rows = zip(block.rows, block.row_places, strict=True)
            return _as_members({plain_name(row[0]): (row[1], place) for row, place in rows if row[0]})
    known = set(map(plain_name, (*_KEYS, *_MEMBERS)))
    found: dict[str, tuple[str, Place]] = {}
    key = ""
    for block in blocks:
        if block.kind not in ("paragraph", "item"):
            continue
        for line in block.text.splitlines():
            label, colon, text = line.replace("：", ":").partition(":")
            if plain_name(label) in known and (colon or not text):
                key = plain_name(label)
                found[key] = (text.strip(), block.place)
            elif block.kind == "item" and key:  # "팀원:", then one name on each line, a role behind it
                before, place = found[key]
                found[key] = (", ".join(filter(None, (before, label.strip()))), place)
    return _as_members(found)


def _as_members(entries: dict[str, tuple[str, Place]]) -> dict[str, tuple[str, Place]]:
    from coursekit.classroom.project.documents import plain_name

    wanted = plain_name("팀원")
    other = next((entries[name] for name in map(plain_name, _MEMBERS) if name in entries), None)
    return entries if other is None or wanted in entries else {**entries, wanted: other}
