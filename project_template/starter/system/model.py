"""모델: 학습하고, 저장하고, 기초선과 나란히 평가합니다."""

from __future__ import annotations

from pathlib import Path

import joblib
from coursekit.cases.intents import KeywordBaseline, NgramClassifier, query_slices
from coursekit.modeling.evaluation import evaluate, paired_difference

from system.data import Dataset
from system.recording import Measured

SMALLEST_SLICE = 50


def train(data: Dataset) -> NgramClassifier:
    """글자 n-그램 모델을 학습합니다."""
    return NgramClassifier().fit(data.train["text"], data.train["intent"])


def save(model: NgramClassifier, path: Path) -> Path:
    """서버가 읽을 파일로 저장합니다."""
    path.parent.mkdir(parents=True, exist_ok=True)
    joblib.dump(model, path, compress=3)
    return path


def load(path: str | Path) -> NgramClassifier:
    """저장한 모델을 읽습니다. 우리가 만든 파일만 읽으세요. 피클은 코드를 실행합니다."""
    return joblib.load(path)


def evidence(model: NgramClassifier, data: Dataset) -> dict[str, Measured]:
    """사람이 쓴 질의로 잰 정확도와 기초선에 견준 이득입니다. 구간은 부트스트랩 95%입니다."""
    queries = data.held_out
    mine = evaluate(queries["intent"], model.predict(queries["text"]), slices=query_slices(queries))
    rules = evaluate(queries["intent"], KeywordBaseline().fit().predict(queries["text"]))
    gain = paired_difference(mine, rules)
    slices = mine.slices.to_frame()
    worst = slices[slices["size"] >= SMALLEST_SLICE]["accuracy"]
    n = len(queries)
    how = f"사람이 쓴 질의 {n:,}건, 부트스트랩 95% 구간"
    # 선형대수 라이브러리에 따라 질의 두어 건의 답이 바뀔 수 있습니다.
    close = round(3 / n, 4)
    return {
        "accuracy": Measured(mine.accuracy.estimate, "비율", how, close),
        "accuracy_low": Measured(mine.accuracy.low, "비율", f"{how}의 아래 끝", 2 * close),
        "accuracy_high": Measured(mine.accuracy.high, "비율", f"{how}의 위 끝", 2 * close),
        "baseline_accuracy": Measured(rules.accuracy.estimate, "비율", "같은 질의에 키워드 규칙", close),
        "gain_low": Measured(gain.low, "비율", "같은 질의에서 짝지어 뺀 차이, 95% 구간의 아래 끝", 2 * close),
        "worst_slice_accuracy": Measured(
            float(worst.min()), "비율", f"{SMALLEST_SLICE}건 이상인 하위 집단 가운데 가장 낮은 정확도", 0.03
        ),
    }
