"""Drift detectors: speed beside river in one run, and the table of false alarms and delays."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from river import drift as river_drift
from river.drift import binary as river_binary

from coursekit.monitoring import (
    ADWIN,
    CUSUM,
    DDM,
    EDDM,
    EWMA,
    HDDM_A,
    HDDM_W,
    KSWIN,
    PageHinkley,
    compare_detectors,
)

ROUNDS = 5
ELEMENTS = 200_000
PAIRS = {
    "DDM": (DDM, river_binary.DDM, 50),
    "EDDM": (EDDM, river_binary.EDDM, 50),
    "HDDM_A": (HDDM_A, river_binary.HDDMA, 50),
    "HDDM_W": (HDDM_W, river_binary.HDDMW, 50),
    "PageHinkley": (PageHinkley, river_drift.PageHinkley, 50),
    "ADWIN": (ADWIN, river_drift.ADWIN, 5),
    "KSWIN": (lambda: KSWIN(variant="river", seed=0), lambda: river_drift.KSWIN(seed=0), None),
}
TABLE = {
    "DDM": DDM(),
    "DDM n_min=1000": DDM(n_min=1000),
    "DDM n_min=300, level 4": DDM(n_min=300, drift_level=4),
    "EDDM": EDDM(),
    "PageHinkley up": PageHinkley(mode="up"),
    "ADWIN": ADWIN(),
    "HDDM_A": HDDM_A(),
    "HDDM_W": HDDM_W(),
    "KSWIN": KSWIN(),
}


def _stream(elements: int, *, drifting: bool) -> np.ndarray:
    """Error rate .1, what a monitor hears nearly always; or .1 and .3 in turns of 20,000, alarm after alarm."""
    rng = np.random.default_rng(0)
    high = (np.arange(elements) // 20_000 % 2 == 1) & drifting
    return (rng.random(elements) < np.where(high, 0.3, 0.1)).astype(np.float64)


def _seconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def _heard(kind: Callable, values: list[float]) -> list[int]:
    detector, drifts = kind(), []
    for at, value in enumerate(values):
        detector.update(value)
        if detector.drift_detected:
            drifts.append(at)
    return drifts


def _speed(*, drifting: bool) -> list[dict]:
    rows, stream, kind = [], _stream(ELEMENTS, drifting=drifting), "drifting" if drifting else "quiet"
    for name, (ours, theirs, bar) in PAIRS.items():
        values = stream[: 20_000 if name == "KSWIN" else ELEMENTS]
        # the peer hears plain Python numbers, its fastest way; ours hears the array ten times over
        spoken = [int(v) for v in values] if bar == 50 and name != "PageHinkley" else values.tolist()
        many = np.tile(values, 1 if name == "KSWIN" else 10)
        same = ours().detect(values).drifts.tolist() == _heard(theirs, spoken)  # compiles as well
        river_times, our_times = [], []
        for _ in range(ROUNDS):
            river_times.append(_seconds(lambda k=theirs, v=spoken: _heard(k, v)) / len(values))
            our_times.append(_seconds(lambda k=ours, v=many: k().detect(v)) / len(many))
        peer, own = float(np.median(river_times)), float(np.median(our_times))
        ratio = peer / own
        rows += [
            {"figure": f"{name}, {kind}: river", "value": 1e-6 / peer, "unit": "M elements/s"},
            {
                "figure": f"{name}, {kind}: detect",
                "value": 1e-6 / own,
                "unit": f"M elements/s, same alarms: {'yes' if same else 'NO'}",
            },
            {
                "figure": f"{name}, {kind}: ratio",
                "value": ratio,
                "unit": "x",
                "bar": f">= {bar}" if bar and not drifting else "",
                "holds": (same and ratio >= bar if bar and not drifting else None),
            },
        ]
    return rows


def _table() -> list[dict]:
    start = time.perf_counter()
    promise = {"p_false_alarm": 0.05, "horizon": 10_000, "error_rate": 0.1}
    kinds = (DDM(n_min=1000), EDDM(n_min=400), ADWIN(), HDDM_A(), HDDM_W(), PageHinkley(mode="up"), CUSUM(), EWMA())
    promised = {f"{type(kind).__name__}, calibrated to 5%": kind.calibrate(**promise) for kind in kinds}
    comparison = compare_detectors(TABLE | promised, n_runs=1000)
    seconds = time.perf_counter() - start
    rows = []
    for name, rate in comparison.false_alarm_rate.items():
        delay = comparison.detection_delay[name]
        rows.append({"figure": f"{name}: false alarm within 10,000", "value": rate.estimate, "unit": _ends(rate)})
        if delay is not None:
            rows.append({"figure": f"{name}: delay, .1 -> .3", "value": delay.estimate, "unit": _ends(delay, ".0f")})
    title = f"the whole table, {len(TABLE | promised)} detectors, 1,000 runs each, calibrations included"
    return [*rows, {"figure": title, "value": seconds, "unit": "s", "bar": "< 60", "holds": seconds < 60}]


def _ends(interval, spec: str = ".3f") -> str:
    return f"[{interval.low:{spec}}, {interval.high:{spec}}]"


def _calibration() -> list[dict]:
    rows = []
    for detector in (DDM(), HDDM_A(), ADWIN()):
        start = time.perf_counter()
        detector.calibrate(p_false_alarm=0.01, horizon=10_000, error_rate=0.1)
        seconds = time.perf_counter() - start
        rows.append({"figure": f"{type(detector).__name__}: calibrate to 1% in 10,000", "value": seconds, "unit": "s"})
    return rows


def run() -> list[dict]:
    """Speed, the table, and how long a calibration takes."""
    return _speed(drifting=False) + _speed(drifting=True) + _table() + _calibration()


if __name__ == "__main__":
    for row in run():
        print(row)
