"""How long does one answer take?"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from coursekit.short_repr import ShortRepr


@dataclass(frozen=True, eq=False, repr=False)
class Latency(ShortRepr):
    """Times of single predictions.

    Users feel the slow answers, not the average one: with 20 answers on a page, every
    second user meets one that only 1 in 30 requests is.

    Examples
    --------
    >>> Latency(samples_ms=np.array([1.0, 2.0, 3.0])).median_ms
    2.0
    """

    samples_ms: np.ndarray
    """Time of each call in milliseconds, shape (n,)."""

    def __str__(self) -> str:
        return f"median {self.median_ms:.3g} ms, p95 {self.p95_ms:.3g} ms, p99 {self.p99_ms:.3g} ms"

    @property
    def median_ms(self) -> float:
        """Half of the calls are faster than this, in milliseconds."""
        return float(np.percentile(self.samples_ms, 50))

    @property
    def p95_ms(self) -> float:
        """95% of the calls are faster than this, in milliseconds."""
        return float(np.percentile(self.samples_ms, 95))

    @property
    def p99_ms(self) -> float:
        """99% of the calls are faster than this, in milliseconds."""
        return float(np.percentile(self.samples_ms, 99))

    def to_frame(self) -> pd.DataFrame:
        """One row: median_ms, p95_ms, p99_ms, n."""
        row = {"median_ms": self.median_ms, "p95_ms": self.p95_ms, "p99_ms": self.p99_ms, "n": len(self.samples_ms)}
        return pd.DataFrame([row])

    def plot(self) -> go.Figure:
        """Share of calls answered within a time (cumulative distribution)."""
        times = np.sort(self.samples_ms)
        figure = go.Figure(layout={"title": "지연 시간의 누적 분포", "xaxis_title": "지연 시간 (ms)"})
        figure.update_layout(yaxis_title="이 시간 안에 끝난 비율", yaxis_range=[0, 1.02])
        figure.add_scatter(x=times, y=np.arange(1, len(times) + 1) / len(times), line_shape="hv", showlegend=False)
        figure.update_xaxes(exponentformat="none")
        figure.add_scatter(
            x=[self.median_ms, self.p95_ms, self.p99_ms],
            y=[0.5, 0.95, 0.99],
            text=["중앙값", "p95", "p99"],
            mode="markers+text",
            textposition="bottom right",
            marker={"size": 9},
            showlegend=False,
        )
        return figure


def measure_latency(
    predict: Callable[[list], object],
    inputs: Sequence[object],
    *,
    repeats: int = 3,
    warmup: int = 10,
    clock: Callable[[], float] = time.perf_counter,
) -> Latency:
    """Time ``predict`` on one input at a time, as a realtime service would call it.

    Throughput on a batch says little about a single request: fixed costs (Python, graph
    start, memory) that a batch shares are paid in full. The first calls, which load, trace
    and compile, are made but not counted.

    Parameters
    ----------
    predict
        Called with a list of one input, for example ``model.predict``.
    inputs
        Inputs to predict, one call each; varied ones, as in production.
    repeats
        Passes over the inputs.
    warmup
        Calls before the first counted one.
    clock
        Returns seconds; for tests.

    Raises
    ------
    ValueError
        If there are no inputs, repeats is below 1 or warmup below 0.

    Examples
    --------
    >>> latency = measure_latency(lambda batch: [len(text) for text in batch], ["짧은 질의", "조금 더 긴 질의"])
    >>> len(latency.samples_ms), latency.median_ms < 1000
    (6, True)
    """
    batches = [[value] for value in inputs]
    if not batches or repeats < 1 or warmup < 0:
        raise ValueError(
            f"need inputs, repeats >= 1 and warmup >= 0, got {len(batches)} inputs, repeats={repeats}, warmup={warmup}"
        )
    for call in range(warmup):
        predict(batches[call % len(batches)])
    samples = np.empty(repeats * len(batches))
    for call in range(len(samples)):
        batch = batches[call % len(batches)]
        start = clock()
        predict(batch)
        samples[call] = (clock() - start) * 1000
    return Latency(samples_ms=samples)
