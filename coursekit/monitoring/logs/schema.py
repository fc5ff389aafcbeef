"""What a prediction log must hold, column by column, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

Type = Literal["text", "time", "number", "flag", "day"]

FEATURE_PREFIX = "feature_"
ARMS = ("baseline", "candidate")

SQL_TYPES: Mapping[str, str] = {
    "text": "VARCHAR",
    "time": "TIMESTAMP WITH TIME ZONE",
    "number": "DOUBLE",
    "flag": "BOOLEAN",
    "day": "DATE",
}


@dataclass(frozen=True)
class Column:
    """One column of a log: its name, its type, who fills it, what it is good for."""

    name: str
    """Name in the files, in frames and in SQL."""
    type: Type
    """``text``, ``time`` (microseconds, UTC), ``number``, ``flag`` (true or false) or ``day``."""
    required: bool
    """Whether a frame must bring it, without gaps."""
    meaning: str
    """What it says and why it is kept, for the reader of the log."""
    written: bool = True
    """Whether the caller brings it; what the log adds by itself is not brought."""


PREDICTION_COLUMNS: tuple[Column, ...] = (
    Column(
        "request_id",
        "text",
        True,
        "요청마다 하나뿐인 이름입니다. 며칠 뒤 도착한 레이블을 그때의 예측과 잇는 유일한 열쇠입니다.",
    ),
    Column(
        "event_time",
        "time",
        True,
        "예측을 요청받은 시각(UTC)입니다. 기록한 시각이 아니라 일이 일어난 시각이어야 날짜별 집계가 맞습니다.",
    ),
    Column(
        "model_version",
        "text",
        True,
        "답을 낸 모델의 버전입니다. 없으면 나빠진 것이 모델인지 데이터인지 가릴 수 없습니다.",
    ),
    Column(
        "feature_version",
        "text",
        True,
        "피처를 계산한 코드의 버전입니다. 모델이 그대로여도 피처가 바뀌면 점수가 바뀝니다.",
    ),
    Column("arm", "text", True, "실험의 갈래(baseline 또는 candidate)입니다. 두 모델을 같은 시간대에서 비교합니다."),
    Column(
        "score", "number", True, "모델이 낸 점수 그대로입니다. 판정만 남기면 문턱값을 바꾸어 다시 물을 수 없습니다."
    ),
    Column(
        "latency_ms", "number", True, "답하는 데 걸린 시간(밀리초)입니다. 평균이 아니라 요청마다 남겨야 p99를 압니다."
    ),
    Column("prediction", "text", False, "서비스가 실제로 한 판정입니다. 문턱값이 바뀌어도 그때의 행동이 남습니다."),
    Column(
        "day", "day", False, "event_time의 날짜(UTC)입니다. 파일이 날짜별로 나뉘어 있어 필요한 날만 읽습니다.", False
    ),
)

LABEL_COLUMNS: tuple[Column, ...] = (
    Column("request_id", "text", True, "레이블이 가리키는 예측의 이름입니다."),
    Column("label", "number", False, "나중에 알려진 답입니다. 비어 있으면 앞서 온 레이블을 거두어들인다는 뜻입니다."),
    Column(
        "label_time",
        "time",
        True,
        "레이블을 알게 된 시각(UTC)입니다. 이 시각 이전의 보고서는 이 레이블을 볼 수 없습니다.",
    ),
    Column(
        "recorded_at",
        "time",
        False,
        "로그에 적힌 시각(UTC)입니다. label_time이 같은 두 레이블 가운데 나중에 적힌 것을 따릅니다.",
        False,
    ),
    Column("arrived", "day", False, "label_time의 날짜(UTC)입니다. 레이블 파일은 이 날짜별로 나뉩니다.", False),
)

RESERVED = frozenset(column.name for column in (*PREDICTION_COLUMNS, *LABEL_COLUMNS))


@dataclass(frozen=True)
class LogSchema:
    """The columns of one log, its features included.

    A log that lacks the request id can never be joined with its labels, and one that lacks
    the versions cannot tell a worse model from worse data. Both are found out months later,
    when nothing can be added any more; so the schema is fixed before the first request.

    Examples
    --------
    >>> schema = LogSchema({"amount": "number"})
    >>> [column.name for column in schema.predictions][-2:]
    ['day', 'feature_amount']
    >>> schema.to_frame().loc[0, ["table", "column", "type"]].tolist()
    ['predictions', 'request_id', 'text']
    """

    features: Mapping[str, Type] = field(default_factory=dict)
    """Type of each feature the log has seen, by its name without ``feature_``."""

    @property
    def predictions(self) -> tuple[Column, ...]:
        """Columns of the table ``predictions``, the features last."""
        features = (
            Column(f"{FEATURE_PREFIX}{name}", kind, False, f"예측에 쓰인 피처 {name}의 값입니다.")
            for name, kind in sorted(self.features.items())
        )
        return (*PREDICTION_COLUMNS, *features)

    @property
    def labels(self) -> tuple[Column, ...]:
        """Columns of the table ``labels``."""
        return LABEL_COLUMNS

    def to_frame(self) -> pd.DataFrame:
        """One row per column: table, column, type, required, meaning."""
        rows = [
            {
                "table": table,
                "column": column.name,
                "type": column.type,
                "required": column.required,
                "meaning": column.meaning,
            }
            for table, columns in (("predictions", self.predictions), ("labels", self.labels))
            for column in columns
        ]
        return pd.DataFrame(rows)
