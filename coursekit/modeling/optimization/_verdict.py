"""Which of the tried models keeps the limits, which is chosen, and what that is called in a sentence."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

OVER = ("over_bytes", "over_ms", "under_accuracy")


@dataclass(frozen=True)
class Limits:
    """What a model has to keep, and how it is read."""

    max_bytes: float | None
    max_latency_ms: float | None
    min_accuracy: float | None
    measure: str = "file"
    latency: str = "median"
    certain: bool = False

    @property
    def size(self) -> str:
        """Column of the size."""
        return "bytes" if self.measure == "file" else "gzip_bytes"

    @property
    def time(self) -> str:
        """Column of the latency."""
        return f"{self.latency}_ms"

    @property
    def accuracy(self) -> str:
        """Column of the accuracy."""
        return "accuracy_low" if self.certain else "accuracy"


def judged(frame: pd.DataFrame, limits: Limits) -> pd.DataFrame:
    """The frame with what each row misses of each limit (0 where it keeps it) and whether it meets all."""
    zero = pd.Series(0.0, index=frame.index)
    size, time, least = limits.max_bytes, limits.max_latency_ms, limits.min_accuracy
    over = {
        "over_bytes": zero if size is None else (frame[limits.size] - size).clip(lower=0),
        "over_ms": zero if time is None else (frame[limits.time] - time).clip(lower=0),
        "under_accuracy": zero if least is None else (least - frame[limits.accuracy]).clip(lower=0),
    }
    missed = np.column_stack([np.asarray(values, float) for values in over.values()])
    # a share such as 0.29 of 100 is not exact: met to the last digit is met
    missed[:, 2] = np.where(missed[:, 2] > 1e-12, missed[:, 2], 0.0)
    known = frame["accuracy"].notna().to_numpy()
    missed[~known] = np.nan
    return frame.assign(**dict(zip(OVER, missed.T, strict=True)), meets=known & (missed == 0).all(axis=1))


def best(frame: pd.DataFrame, limits: Limits) -> int | None:
    """Row that meets all limits with the highest accuracy, then the smallest size, the shortest time, the cheapest."""
    rows = frame[frame["meets"]]
    if rows.empty:
        return None
    ordered = rows.sort_values(
        [limits.accuracy, limits.size, limits.time], ascending=[False, True, True], kind="stable"
    )
    return int(ordered.index[0])


def nearest(frame: pd.DataFrame, limits: Limits) -> int | None:
    """Row that breaks the fewest limits, and of those misses them by the least, each as a share of the limit."""
    rows = frame[frame["accuracy"].notna()]
    if rows.empty:
        return None
    scale = np.array([limits.max_bytes or 1.0, limits.max_latency_ms or 1.0, limits.min_accuracy or 1.0])
    missed = rows[list(OVER)] / scale
    order = pd.DataFrame({"broken": (missed > 0).sum(axis=1), "by": missed.sum(axis=1)})
    return int(order.sort_values(["broken", "by"], kind="stable").index[0])


def sentence(frame: pd.DataFrame, limits: Limits, *, chosen: int | None, near: int | None, stopped: bool) -> str:
    """Say in Korean what was chosen and why, or what fails by how much."""
    measured = frame[frame["accuracy"].notna()]
    parts = [f"한도: {_limits(limits)}."]
    if chosen is not None:
        row = frame.loc[chosen]
        parts.append(f"고른 방법: {row['technique']}.")
        met = int(frame["meets"].sum())
        if stopped:
            parts.append(f"값싼 방법부터 시험해 {len(measured)}번째에 한도를 모두 지켜서 멈췄습니다.")
        elif met == 1:
            parts.append(f"시험한 {len(measured)}개 가운데 한도를 모두 지키는 유일한 방법입니다.")
        else:
            parts.append(f"시험한 {len(measured)}개 가운데 한도를 모두 지킨 {met}개 중에서 정확도가 가장 높습니다.")
        parts.append(_values(row, limits))
        least = limits.min_accuracy
        if least is not None and row["accuracy_low"] < least <= row["accuracy"] and not limits.certain:
            parts.append(
                f"다만 신뢰구간의 아래 끝은 하한보다 {_points(least - row['accuracy_low'])} 낮으니 더 많은 예로 "
                "확인해야 합니다."
            )
    else:
        parts.append(f"시험한 {len(measured)}개 가운데 한도를 모두 지키는 방법이 없습니다.")
        if near is not None:
            row = frame.loc[near]
            parts.append(f"가장 가까운 방법: {row['technique']}. {_gaps(row, limits)} {_values(row, limits)}")
    if limits.certain:
        parts.append("정확도는 신뢰구간의 아래 끝으로 판단했습니다.")
    left = frame.loc[frame["status"].isin(["skipped", "failed"]), "technique"]
    if len(left):
        parts.append(f"시험하지 못한 방법 {len(left)}개: {', '.join(left)}.")
    return " ".join(parts)


def _limits(limits: Limits) -> str:
    told = []
    if limits.max_bytes is not None:
        told.append(f"{size_name(limits)} {_kb(limits.max_bytes)} 이하")
    if limits.max_latency_ms is not None:
        told.append(f"{time_name(limits)} {limits.max_latency_ms:.4g} ms 이하")
    if limits.min_accuracy is not None:
        told.append(f"정확도 {limits.min_accuracy:.1%} 이상")
    return ", ".join(told)


def _gaps(row: pd.Series, limits: Limits) -> str:
    told = []
    if row["over_bytes"] > 0:
        told.append(f"{size_name(limits)}는 한도보다 {_kb(_up(row['over_bytes'] / 1e3, 1) * 1e3)} 큽니다.")
    if row["over_ms"] > 0:
        digits = 1 - math.floor(math.log10(row["over_ms"]))
        told.append(f"{time_name(limits)}은 한도보다 {_up(row['over_ms'], digits):.3g} ms 깁니다.")
    if row["under_accuracy"] > 0:
        told.append(f"정확도는 하한보다 {_points(row['under_accuracy'])} 낮습니다.")
    return " ".join(told)


def _values(row: pd.Series, limits: Limits) -> str:
    ends = f"{100 * row['accuracy_low']:.1f}~{100 * row['accuracy_high']:.1f}%"
    return (
        f"정확도 {row['accuracy']:.1%} (95% 신뢰구간 {ends}), "
        f"{size_name(limits)} {_kb(row[limits.size])}, {time_name(limits)} {row[limits.time]:.3g} ms입니다."
    )


def size_name(limits: Limits) -> str:
    """The size in Korean."""
    return "파일 크기" if limits.measure == "file" else "gzip 크기"


def time_name(limits: Limits) -> str:
    """The latency in Korean."""
    return "지연 시간 중앙값" if limits.latency == "median" else "지연 시간 p99 값"


def _kb(nbytes: float) -> str:
    return f"{nbytes / 1e3:,.1f} KB" if nbytes % 1_000 else f"{nbytes / 1e3:,.0f} KB"


def _points(share: float) -> str:
    return f"{_up(100 * share, 1):.1f}%p"


def _up(value: float, digits: int) -> float:
    """Rounded up: what is told is enough."""
    return math.ceil(value * 10**digits - 1e-9) / 10**digits
