"""잰 값을 적는 법: 값, 단위, 잰 방법, 다시 재면 얼마나 달라질 수 있는지."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from coursekit.writing import write_whole


@dataclass(frozen=True)
class Measured:
    """증거 하나입니다. 다시 실행해 비교할 수 있게 허용 오차를 함께 적습니다."""

    value: float | int | bool | str
    """잰 값입니다."""
    unit: str
    """단위입니다."""
    how: str
    """어떻게 쟀는지 한 줄로 적습니다."""
    tolerance: float = 0.0
    """다시 실행했을 때 달라도 되는 절대 차이입니다. 시드가 정하는 값은 0입니다."""
    ratio: float = 1.0
    """달라도 되는 배수입니다. 컴퓨터의 빠르기에 달린 시간만 1보다 크게 둡니다."""


def write(part: str, values: dict[str, Measured], *, folder: Path = Path("evidence")) -> Path:
    """evidence/<part>.json 하나를 통째로 씁니다."""
    content = {"part": part, "values": {name: asdict(one) for name, one in values.items()}}
    return write_whole(
        folder / f"{part}.json", json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
    )
