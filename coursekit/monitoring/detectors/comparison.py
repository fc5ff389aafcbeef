"""Detectors side by side: who cries wolf, who sleeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from coursekit._number_checks import as_finite, check_whole
from coursekit.modeling.evaluation import Interval, bootstrap_interval, wilson_interval
from coursekit.monitoring.detectors._base import Detector
from coursekit.monitoring.detectors.calibration import in_control_streams
from coursekit.short_repr import ShortRepr


@dataclass(frozen=True, repr=False)
class DetectorComparison(ShortRepr):
    """False alarms, delay and misses of several detectors on the same simulated streams."""

    false_alarm_rate: dict[str, Interval]
    """Probability of any alarm within the horizon while nothing changes."""
    detection_delay: dict[str, Interval | None]
    """Mean elements from the change to the first alarm after it; None if it was never found."""
    miss_rate: dict[str, Interval]
    """Share of changes without an alarm within max_delay."""
    before: float
    """Error rate before the change."""
    after: float
    """Error rate after it."""
    horizon: int
    """Elements of a stream in which nothing changes."""
    change_at: int
    """Position of the change in the other streams."""
    max_delay: int
    """Elements heard after the change."""
    n_runs: int
    """Streams of each kind."""

    def to_frame(self) -> pd.DataFrame:
        """One row per detector, each figure with the ends of its interval."""
        rows = {}
        for name, false in self.false_alarm_rate.items():
            delay, miss = self.detection_delay[name], self.miss_rate[name]
            row = {"false_alarm_rate": false.estimate, "false_alarm_low": false.low, "false_alarm_high": false.high}
            ends = (delay.estimate, delay.low, delay.high) if delay else (np.nan,) * 3
            row |= dict(zip(("detection_delay", "delay_low", "delay_high"), ends, strict=True))
            rows[name] = row | {"miss_rate": miss.estimate, "miss_low": miss.low, "miss_high": miss.high}
        return pd.DataFrame.from_dict(rows, orient="index")

    def plot(self) -> go.Figure:
        """Delay against false-alarm rate; the lower left corner is where one wants to be."""
        figure = go.Figure(layout={"title": f"변화가 없는 {self.horizon:,}개에서 울릴 확률과, 변화 뒤의 지연"})
        for number, (name, delay) in enumerate(self.detection_delay.items()):
            if delay is not None:
                false = self.false_alarm_rate[name]
                figure.add_scatter(
                    name=name,
                    x=[100 * false.estimate],
                    y=[delay.estimate],
                    error_x=_whiskers(false, scale=100),
                    error_y=_whiskers(delay),
                    mode="markers",
                    marker={"size": 11, "symbol": number % 8},
                )
        figure.update_xaxes(title="거짓 경보율 (%)", range=[-4, 104])
        figure.update_yaxes(title="평균 탐지 지연 (개)", rangemode="tozero")
        return figure


def _whiskers(interval: Interval, *, scale: float = 1.0) -> dict[str, object]:
    above, below = scale * (interval.high - interval.estimate), scale * (interval.estimate - interval.low)
    return {"type": "data", "symmetric": False, "array": [above], "arrayminus": [below], "thickness": 1}


def compare_detectors(
    detectors: Mapping[str, Detector],
    *,
    before: float = 0.1,
    after: float = 0.3,
    horizon: int = 10_000,
    change_at: int = 5_000,
    max_delay: int = 5_000,
    n_runs: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> DetectorComparison:
    """Run detectors on the same simulated error streams, with and without a change.

    A delay without its false-alarm rate says nothing: a detector that always alarms has delay
    zero. All detectors hear the same streams, so a difference between two of them is not the
    luck of the draw.

    Parameters
    ----------
    detectors
        Name to detector of error streams; they are left as they are.
    before
        Error rate while nothing changes.
    after
        Error rate from ``change_at`` on.
    horizon
        Elements of the streams without a change.
    change_at
        Elements before the change in the others.
    max_delay
        Elements after the change in them.
    n_runs
        Streams of each kind.
    confidence
        Coverage of the intervals.
    seed
        Seed of the streams.

    Raises
    ------
    ValueError
        If there is no detector, or a number is out of range.

    Examples
    --------
    >>> from coursekit.monitoring.detectors.ddm import DDM
    >>> patient = {"n_min=30": DDM(), "n_min=300": DDM(n_min=300)}
    >>> comparison = compare_detectors(patient, horizon=2_000, change_at=1_000, max_delay=1_000, n_runs=100)
    >>> comparison.to_frame()["false_alarm_rate"].round(2).to_dict()
    {'n_min=30': 0.45, 'n_min=300': 0.06}
    """
    if not isinstance(detectors, Mapping) or not all(isinstance(one, Detector) for one in detectors.values()):
        raise ValueError('compare_detectors: detectors must be a mapping of names to detectors, {"DDM": DDM()}')
    if not detectors:
        raise ValueError("give at least one detector")
    sizes = {"horizon": horizon, "change_at": change_at, "max_delay": max_delay, "n_runs": n_runs}
    sizes = {name: check_whole("compare_detectors", name, size, low=1) for name, size in sizes.items()}
    horizon, change_at, max_delay, n_runs = sizes.values()
    seed = check_whole("compare_detectors", "seed", seed, high=None)
    for name, share in (("before", before), ("after", after)):
        rate = as_finite(share)
        if rate is None or not 0 <= rate <= 1:
            raise ValueError(f"compare_detectors: {name} must lie in [0, 1], got {share!r}")
    quiet = dict.fromkeys(detectors, 0)
    for stream in in_control_streams(n_runs=n_runs, horizon=horizon, error_rate=before, seed=seed):
        for name, detector in detectors.items():
            quiet[name] += detector._first_drift(stream) >= 0
    delays: dict[str, list[int]] = {name: [] for name in detectors}
    start = in_control_streams(n_runs=n_runs, horizon=change_at, error_rate=before, seed=seed + 1)
    end = in_control_streams(n_runs=n_runs, horizon=max_delay, error_rate=after, seed=seed + 2)
    for head, tail in zip(start, end, strict=True):
        stream = np.concatenate([head, tail])
        for name, detector in detectors.items():
            drifts = detector.detect(stream).drifts
            later = drifts[drifts >= change_at]
            delays[name] += [int(later[0]) - change_at] if later.size else []
    return DetectorComparison(
        false_alarm_rate={n: wilson_interval(count, n_runs, confidence=confidence) for n, count in quiet.items()},
        detection_delay={
            name: bootstrap_interval(np.mean, np.array(found, float), confidence=confidence) if found else None
            for name, found in delays.items()
        },
        miss_rate={
            n: wilson_interval(n_runs - len(found), n_runs, confidence=confidence) for n, found in delays.items()
        },
        before=before,
        after=after,
        horizon=horizon,
        change_at=change_at,
        max_delay=max_delay,
        n_runs=n_runs,
    )
