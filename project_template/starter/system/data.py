"""데이터: 질의를 불러와 계약을 검사하고, 평가할 질의가 학습에 섞이지 않게 나눕니다."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd
from coursekit.cases.intents import INTENTS, load_queries, load_test_queries
from coursekit.modeling.evaluation import grouped_split

from system.recording import Measured

COLUMNS = ("text", "intent", "group", "speech_level", "noise")
LONGEST = 120


@dataclass(frozen=True)
class Dataset:
    """나눈 데이터."""

    train: pd.DataFrame
    """학습에 쓰는 질의입니다."""
    validation: pd.DataFrame
    """설정을 고를 때 쓰는 질의입니다. 같은 말의 다른 표현이 학습 쪽에 없습니다."""
    held_out: pd.DataFrame
    """사람이 쓴 질의입니다. 마지막 평가에만 씁니다."""


def violations(queries: pd.DataFrame) -> list[str]:
    """데이터의 계약을 어긴 행을 하나씩 말합니다."""
    missing = [column for column in COLUMNS if column not in queries]
    if missing:
        return [f"열이 없습니다: {', '.join(missing)}"]
    found = []
    for row, text, intent in zip(queries.index, queries["text"], queries["intent"], strict=True):
        if not isinstance(text, str) or not text.strip():
            found.append(f"{row}행: 빈 질의")
        elif len(text) > LONGEST:
            found.append(f"{row}행: {LONGEST}자를 넘는 질의")
        if intent not in INTENTS:
            found.append(f"{row}행: 모르는 의도 {intent!r}")
    return found


def load(size: int = 4_000, *, seed: int = 0) -> Dataset:
    """질의를 만들어 나눕니다. 평가 질의와 같은 글은 학습에서 뺍니다."""
    held_out = load_test_queries()
    queries = load_queries(size, seed=seed)
    queries = queries[~queries["text"].isin(held_out["text"])].reset_index(drop=True)
    found = violations(queries) + violations(held_out)
    if found:
        raise ValueError(f"데이터가 계약을 어깁니다 ({len(found)}건). 첫째: {found[0]}")
    train, validation = grouped_split(queries["group"], test_size=0.15, seed=seed)
    return Dataset(queries.iloc[train], queries.iloc[validation], held_out)


def features(texts: Iterable[str]) -> pd.DataFrame:
    """학습, 서빙, 모니터링이 함께 쓰는 하나뿐인 피처 정의입니다."""
    queries = pd.Series(list(texts), dtype="str")
    return pd.DataFrame({"length": queries.str.len().astype(float), "spaces": queries.str.count(" ").astype(float)})


def evidence(data: Dataset) -> dict[str, Measured]:
    """데이터 부분의 증거입니다."""
    shared_groups = set(data.train["group"]) & set(data.validation["group"])
    shared_texts = set(data.train["text"]) & set(data.held_out["text"])
    broken = sum(len(violations(part)) for part in (data.train, data.validation, data.held_out))
    return {
        "train_rows": Measured(len(data.train), "행", "학습에 쓴 질의의 수"),
        "held_out_rows": Measured(len(data.held_out), "행", "평가에만 쓴, 사람이 쓴 질의의 수"),
        "intents": Measured(int(data.train["intent"].nunique()), "가지", "학습 데이터에 나온 의도의 수"),
        "contract_violations": Measured(broken, "행", "열, 빈 질의, 길이, 의도의 이름을 행마다 검사"),
        "shared_with_held_out": Measured(len(shared_texts), "건", "학습과 평가에 함께 있는 글"),
        "shared_groups": Measured(len(shared_groups), "개", "학습과 검증에 함께 있는 표현 무리"),
    }
