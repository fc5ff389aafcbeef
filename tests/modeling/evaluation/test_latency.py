from __future__ import annotations

import numpy as np
import pytest

from coursekit.modeling.evaluation import measure_latency


class FakeClock:
    """A clock that only the predictor moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_each_call_is_timed_alone_and_warmup_is_not_counted():
    clock, calls = FakeClock(), []

    def predict(batch):
        calls.append(batch)
        clock.now += 100.0 if len(calls) <= 2 else 0.001 * len(batch[0])

    latency = measure_latency(predict, ["a", "bb", "ccc"], repeats=2, warmup=2, clock=clock)
    assert calls == [["a"], ["bb"], ["a"], ["bb"], ["ccc"], ["a"], ["bb"], ["ccc"]]
    np.testing.assert_allclose(latency.samples_ms, [1, 2, 3, 1, 2, 3], atol=1e-6)
    assert latency.median_ms == pytest.approx(2)


def test_percentiles_are_numpys():
    clock, times = FakeClock(), np.random.default_rng(0).exponential(0.01, size=200)

    def predict(batch):
        clock.now += batch[0]

    latency = measure_latency(predict, times, repeats=1, warmup=0, clock=clock)
    frame = latency.to_frame().iloc[0]
    for column, level in (("median_ms", 50), ("p95_ms", 95), ("p99_ms", 99)):
        assert frame[column] == pytest.approx(1000 * np.percentile(times, level))
    assert frame["n"] == 200
    assert "p95" in str(latency)
    assert len(latency.plot().data[0].x) == 200


@pytest.mark.parametrize("options", [{"inputs": []}, {"inputs": ["a"], "repeats": 0}, {"inputs": ["a"], "warmup": -1}])
def test_bad_input_is_named(options):
    with pytest.raises(ValueError, match="need inputs"):
        measure_latency(len, options.pop("inputs"), **options)
