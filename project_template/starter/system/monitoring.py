"""모니터링: 예측을 기록하고, 입력이 움직였는지와 오류가 늘었는지를 따로 봅니다."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from coursekit.cases.intents import NgramClassifier
from coursekit.data.features import compare_serving
from coursekit.monitoring import ADWIN, PredictionLog, Reference

from system.data import Dataset, features
from system.recording import Measured

BEFORE, AFTER = 600, 300
SHORT = 6
"""심어 둔 변화: 앱의 새 판이 질의의 앞 6글자만 보냅니다."""


def cut(texts: pd.Series) -> pd.Series:
    """앞 글자만 남깁니다."""
    return texts.str[:SHORT]


def traffic(data: Dataset, *, seed: int, change: Callable[[pd.Series], pd.Series] | None = None) -> pd.DataFrame:
    """사람이 쓴 질의에서 뽑은 요청의 흐름입니다. ``change`` 가 있으면 600번째 뒤로 글이 바뀝니다."""
    rows = np.random.default_rng(seed).integers(len(data.held_out), size=BEFORE + AFTER)
    stream = data.held_out.iloc[rows][["text", "intent"]].reset_index(drop=True)
    if change is not None:
        stream.loc[BEFORE:, "text"] = change(stream.loc[BEFORE:, "text"])
    return stream


def serve_and_log(model: NgramClassifier, stream: pd.DataFrame, folder: Path) -> PredictionLog:
    """요청마다 하나씩 답하고 기록합니다."""
    log = PredictionLog(folder)
    with log.writer(buffer_rows=5_000, flush_seconds=60) as writer:
        for number, text in enumerate(stream["text"]):
            started = time.perf_counter()
            probabilities = model.predict_proba([text])[0]
            best = int(probabilities.argmax())
            seen = features([text]).iloc[0]
            writer.add(
                request_id=f"r{number:06d}",
                model_version="intents-1",
                feature_version="f1",
                arm="baseline",
                score=float(probabilities[best]),
                prediction=str(model.classes_[best]),
                latency_ms=(time.perf_counter() - started) * 1000,
                feature_length=float(seen["length"]),
                feature_spaces=float(seen["spaces"]),
            )
    return log


def logged(log: PredictionLog) -> pd.DataFrame:
    """기록에서 모니터가 보는 열만 요청의 순서로 꺼냅니다."""
    return log.query(
        "SELECT request_id, prediction, score, feature_length AS length, feature_spaces AS spaces "
        "FROM predictions ORDER BY request_id"
    )


def evidence(model: NgramClassifier, data: Dataset, folder: Path, *, seed: int = 0) -> dict[str, Measured]:
    """조용한 흐름에서는 조용하고, 심어 둔 변화에서는 말하는지 봅니다."""
    watched = ["length", "spaces", "score"]
    probabilities = model.predict_proba(data.held_out["text"])
    known = features(data.held_out["text"]).assign(score=probabilities.max(axis=1).astype(float))
    reference = Reference().fit(known[watched])
    wrong = model.classes_[probabilities.argmax(axis=1)] != data.held_out["intent"].to_numpy()
    detector = ADWIN().calibrate(
        p_false_alarm=0.01, horizon=BEFORE + AFTER, error_rate=float(wrong.mean()), n_runs=1_000
    )

    found = {}
    for name, change in (("quiet", None), ("shift", cut)):
        stream = traffic(data, seed=seed + 1, change=change)
        rows = logged(serve_and_log(model, stream, folder / name))
        errors = (rows["prediction"] != stream["intent"]).astype(float)
        alarms = detector.detect(errors.to_numpy())
        moved = reference.compare(rows[watched].iloc[BEFORE:]).drifted(fdr=0.01)
        batch = features(stream["text"]).assign(request_id=rows["request_id"])
        skewed = compare_serving(batch, rows[["request_id", "length", "spaces"]], key="request_id").skewed
        found[name] = (rows, alarms.drifts, moved, skewed)

    rows, quiet_alarms, quiet_moved, skewed = found["quiet"]
    _, shift_alarms, shift_moved, shift_skewed = found["shift"]
    late = [int(at) - BEFORE for at in shift_alarms if at >= BEFORE]
    how = f"조용한 요청 {BEFORE:,}건 뒤에 앞 {SHORT}글자만 온 요청 {AFTER:,}건"
    return {
        "logged_rows": Measured(len(rows), "건", "예측 로그에서 SQL로 센 행"),
        "quiet_alarms": Measured(
            len(quiet_alarms), "건", f"변화가 없는 요청 {BEFORE + AFTER:,}건, ADWIN (오경보 1% 약속)"
        ),
        "quiet_moved_features": Measured(len(quiet_moved), "개", "변화가 없는 요청, 거짓 발견율 1%"),
        "shift_moved_features": Measured(len(shift_moved), "개", f"{how}, 거짓 발견율 1%"),
        "shift_delay": Measured(late[0] if late else AFTER, "요청", f"{how}, 첫 경보까지", tolerance=32),
        "skewed_features": Measured(len(skewed) + len(shift_skewed), "개", "기록한 피처를 글에서 다시 계산해 비교"),
    }
