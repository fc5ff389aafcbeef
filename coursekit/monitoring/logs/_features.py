"""Which features a log has seen, and of what type: agreed on without a lock."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping
from pathlib import Path

from coursekit.monitoring.logs.schema import Type
from coursekit.writing import write_whole


def known_features(folder: Path) -> dict[str, Type]:
    """Type of each feature by name; where two entries disagree, the earlier one holds."""
    known: dict[str, Type] = {}
    for _, kinds in _entries(folder):
        known = {**kinds, **known}
    return dict(sorted(known.items()))


def register(folder: Path, kinds: Mapping[str, Type]) -> None:
    """Add what is new, in an entry of its own.

    Two processes may meet a new feature at the same time and take it for different types.
    Each writes its entry first and looks at the others' after that, so at least one of them
    sees the other and gives way before any row is written.
    """
    known = known_features(folder)
    new = {name: kind for name, kind in kinds.items() if name not in known}
    if not new:
        return
    entry = folder / f"{time.time_ns():020d}-{uuid.uuid4().hex}.json"
    write_whole(entry, json.dumps(new, ensure_ascii=False), durable=True)
    for path, others in _entries(folder):
        conflict = sorted(name for name in new if others.get(name, new[name]) != new[name])
        if conflict and path != entry:
            entry.unlink()
            name = conflict[0]
            raise ValueError(
                f"column 'feature_{name}' is {new[name]} here, but another process has just begun to log it "
                f"as {others[name]}; convert it, or log it under a new name"
            )


def _entries(folder: Path) -> list[tuple[Path, dict[str, Type]]]:
    return [(path, json.loads(path.read_text(encoding="utf-8"))) for path in sorted(folder.glob("*.json"))]
