"""Evidence files of a bonus system: read strictly, and compared with what a fresh run produces."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coursekit.classroom.project._system_file import kind_of

FOLDER = "evidence"
_LARGEST = 1_000_000
_ROUNDING = 1e-9


class EvidenceError(ValueError):
    """An evidence file that does not say what it should; the text is for the team."""


@dataclass(frozen=True)
class Value:
    """One value of an evidence file, with how far a second run may be from it."""

    value: float | bool | str
    unit: str
    how: str
    tolerance: float
    ratio: float


def read_evidence(path: Path) -> dict[str, Value] | None:
    """Values of a file by name, None if there is no file."""
    try:
        if path.is_symlink() or not path.is_file():
            return None
        if path.stat().st_size > _LARGEST:
            raise EvidenceError(f"{_LARGEST:,}바이트를 넘습니다. 표와 그림이 아니라 잰 값만 적으세요.")
        content = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse, object_pairs_hook=_once)
        json.dumps(content, ensure_ascii=False).encode()  # half a character would break the report that quotes it
    except EvidenceError:
        raise
    except OSError as error:
        raise EvidenceError(f"열 수 없습니다({error.strerror}).") from None
    except (ValueError, RecursionError) as error:  # also an integer of five thousand digits
        where = f" ({error.lineno}행)" if isinstance(error, json.JSONDecodeError) else ""
        raise EvidenceError(f"JSON으로 읽을 수 없습니다{where}.") from None
    values = content.get("values") if isinstance(content, dict) else None
    if not isinstance(values, dict):
        raise EvidenceError('{"part": ..., "values": {이름: {"value": ...}}} 형식이 아닙니다.')
    return {name: _value(name, row) for name, row in values.items()}


def _refuse(constant: str) -> Any:
    raise EvidenceError(f"{constant}이(가) 들어 있습니다. 잰 값이 없으면 적지 말고, 왜 없는지 찾으세요.")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise EvidenceError(f"{next(one for one in names if names.count(one) > 1)}이(가) 두 번 나옵니다.")
    return found


def _value(name: str, row: Any) -> Value:
    if not isinstance(row, dict) or not kind_of(row.get("value")):
        raise EvidenceError(f"{name}의 value가 유한한 수, 참·거짓, 글 가운데 하나가 아닙니다.")
    tolerance, ratio = row.get("tolerance", 0.0), row.get("ratio", 1.0)
    if kind_of(tolerance) != "number" or tolerance < 0 or kind_of(ratio) != "number" or ratio < 1:
        raise EvidenceError(f"{name}의 tolerance는 0 이상, ratio는 1 이상의 수여야 합니다.")
    how = str(row.get("how") or "")
    return Value(row["value"], str(row.get("unit") or ""), how, float(tolerance), float(ratio))


def equal(kept: Value, fresh: Value) -> bool:
    """Whether a fresh value lies within what the committed one allows; the stricter of both files counts."""
    one, other = kept.value, fresh.value
    if kind_of(one) != kind_of(other):
        return False
    if kind_of(one) != "number":
        return one == other
    tolerance, ratio = min(kept.tolerance, fresh.tolerance), min(kept.ratio, fresh.ratio)
    low, high = sorted((float(one), float(other)))
    if high - low <= tolerance + _ROUNDING * max(1.0, abs(low), abs(high)):
        return True
    return ratio > 1 and low > 0 and high <= low * ratio


def too_wide(value: Value) -> bool:
    """Whether nearly any number would pass."""
    if kind_of(value.value) != "number":
        return False
    return value.ratio > 100 or (value.value != 0 and value.tolerance > abs(float(value.value)))


def too_equal(kept: Value, fresh: Value) -> bool:
    """Whether a time that depends on the machine came out the same to its last digit: nobody measured it twice."""
    number = fresh.value
    if kind_of(number) != "number" or fresh.ratio <= 1 or number != kept.value:
        return False
    return not math.isclose(float(number), float(f"{float(number):.4g}"), rel_tol=1e-12)


def digest(path: Path) -> str:
    """What the bytes of a file are told by."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def originals(folder: Path, *, like: set[str]) -> dict[str, str]:
    """Files of a folder, beside evidence/, whose bytes are those of some evidence: digest to relative path."""
    found = {}
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if inside.parts[0] == FOLDER or path.is_symlink() or not path.is_file() or path.stat().st_size > _LARGEST:
            continue
        if (name := digest(path)) in like:
            found[name] = inside.as_posix()
    return found
