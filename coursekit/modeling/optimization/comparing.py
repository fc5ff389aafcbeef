"""Which of several files should ship? Accuracy, size, time and memory of each, measured side by side."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from coursekit._number_checks import check_whole, told
from coursekit.modeling.evaluation import Interval, Latency, evaluate, paired_difference, wilson_interval
from coursekit.modeling.optimization._comparing_figure import comparing_figure
from coursekit.modeling.optimization._pareto import not_dominated
from coursekit.modeling.optimization._running import Runner, check_examples, interleaved
from coursekit.modeling.optimization.lite_model import KERNELS
from coursekit.modeling.optimization.roofline import Bound, Machine, Work, measure_machine
from coursekit.short_repr import ShortRepr

COLUMNS = ("model", "accuracy", "accuracy_low", "accuracy_high", "difference", "difference_low", "difference_high",
           "bytes", "gzip_bytes", "median_ms", "p99_ms", "peak_bytes", "macs", "moved_bytes", "bound_ms",
           "pareto")  # fmt: skip
SIZES = ("bytes", "gzip_bytes")


@dataclass(frozen=True, eq=False, repr=False)
class Measured(ShortRepr):
    """What was measured of one model."""

    name: str
    """What the table calls it."""
    accuracy: Interval
    """Share of right answers, with Wilson's interval."""
    difference: Interval
    """Accuracy minus that of the first model on the same examples, with an interval."""
    nbytes: int
    """Bytes of the file."""
    gzip_nbytes: int
    """Bytes of the file once compressed."""
    latency: Latency
    """Times of single examples."""
    work: Work | None
    """Multiply-adds, bytes moved and memory, counted; None where an operator hides them."""
    bound: Bound | None
    """The least time of that work on this machine."""
    answers: np.ndarray
    """Class that it gave to each example, shape (n,)."""


@dataclass(frozen=True, eq=False, repr=False)
class OptimizationReport(ShortRepr):
    """Several models on the same examples and the same machine: the result of `compare`."""

    models: tuple[Measured, ...]
    """One entry per model, in the order given."""
    machine: Machine
    """What the machine does at best, one thread."""
    kernels: str
    """Kernels that ran the .tflite files."""
    examples: int
    """Examples that accuracy was measured on."""

    @property
    def pareto(self) -> tuple[str, ...]:
        """Names that no other model beats in accuracy, bytes and median latency at once; see `front`."""
        return self.front()

    def front(self, *, size: str = "bytes") -> tuple[str, ...]:
        """Names of the models that are not dominated: no other is as good in all three and better in one.

        Accuracy and latency are taken as measured: two models that differ by less than their noise may both stand
        here.

        Parameters
        ----------
        size
            ``"bytes"`` of the file, or ``"gzip_bytes"``, where pruning and shared weights show.

        Raises
        ------
        ValueError
            If size is neither.
        """
        _check_size("OptimizationReport.front", size)
        sizes = [model.nbytes if size == "bytes" else model.gzip_nbytes for model in self.models]
        losses = np.column_stack(
            [
                [-model.accuracy.estimate for model in self.models],
                sizes,
                [model.latency.median_ms for model in self.models],
            ]
        )
        return tuple(model.name for model, stays in zip(self.models, not_dominated(losses), strict=True) if stays)

    def to_frame(self) -> pd.DataFrame:
        """One row per model with the columns of `COLUMNS`; what could not be counted is NaN."""
        front = self.front()
        rows = []
        for model in self.models:
            work = model.work
            numbers = (work.peak_bytes, work.macs, work.moved_bytes) if work else (np.nan,) * 3
            row = (
                model.name,
                *(model.accuracy.estimate, model.accuracy.low, model.accuracy.high),
                *(model.difference.estimate, model.difference.low, model.difference.high),
                *(model.nbytes, model.gzip_nbytes, model.latency.median_ms, model.latency.p99_ms),
                *numbers,
                model.bound.ms if model.bound else np.nan,
                model.name in front,
            )
            rows.append(row)
        return pd.DataFrame(rows, columns=list(COLUMNS))

    def plot(self, *, size: str = "bytes") -> go.Figure:
        """Accuracy with its interval over the size, latency as the colour, the Pareto front marked.

        Parameters
        ----------
        size
            ``"bytes"`` or ``"gzip_bytes"``.

        Raises
        ------
        ValueError
            If size is neither.
        """
        front = self.front(size=size)
        return comparing_figure(self.to_frame(), size=size, front=front)

    def plot_roofline(self) -> go.Figure:
        """How close each model comes to what the machine can do."""
        works = {model.name: model.work for model in self.models if model.work}
        return self.machine.plot(works=works, median_ms={m.name: m.latency.median_ms for m in self.models})


def compare(
    models: Mapping[str, Any],
    X: np.ndarray,
    y: np.ndarray,
    *,
    kernels: str = "xnnpack",
    repeats: int = 20,
    machine: Machine | None = None,
    seed: int = 0,
    clock: Callable[[], float] = time.perf_counter,
) -> OptimizationReport:
    r"""Measure models as a device would run them: how right, how large, how fast, and how far from the limit.

    A model that is half a point worse and four times smaller is a good deal or none, and that depends on the
    product. What can be said for all products is which models nobody should ship, because another is as good in
    everything and better in something; and which differences are luck. Every model answers the same examples, so
    its difference to the first has a narrower interval than two accuracies side by side suggest.

    How it is measured:

    - Accuracy on all of ``X``, with the kernels that are timed. The difference to the first model is bootstrapped
      over the examples, both models together (`paired_difference`).
    - Latency of one example on one thread, in ``repeats`` rounds. In each round every model answers some examples,
      in an order drawn anew: a machine's speed drifts, and models timed one after the other would be judged by the
      hour. Examples are handed over in the model's own type, as a camera's driver would.
    - Memory, multiply-adds and bytes moved are counted from the file (`count_work` says what counts).
    - The bound is the roofline's: what this machine does at best with that work.

    A Keras model is measured as the .tflite file that it becomes: float32, or int8 where it was trained quantization
    aware. An `IntegerModel` runs on its own engine.

    Parameters
    ----------
    models
        Name to `LiteModel`, bytes, path, Keras model, `Tuned` or `IntegerModel`. The first is what others are
        compared with.
    X
        Examples in float, as the models take them, shape (n, *input shape).
    y
        Classes, whole numbers of shape (n,).
    kernels
        ``"xnnpack"``, ``"builtin"`` or ``"reference"``.
    repeats
        Rounds of timing; 20 examples each.
    machine
        What `measure_machine` gave; measured anew unless given.
    seed
        Seed of the order of timing and of the bootstrap.
    clock
        Returns seconds; for tests.

    Raises
    ------
    ValueError
        If there are no models or no examples, X holds NaN, a class is none of a model's, models have different
        numbers of classes, or a model cannot be run.

    Examples
    --------
    >>> from coursekit.cases.inspection import as_input, make_parts, shipped_model
    >>> parts = make_parts(100, size=48, seed=1)
    >>> files = {"float32": shipped_model("float32"), "int8": shipped_model("int8")}
    >>> report = compare(files, as_input(parts.images), parts.is_defective.astype(int), repeats=2)
    >>> frame = report.to_frame().set_index("model")
    >>> bool(frame.loc["float32", "bytes"] > 2 * frame.loc["int8", "bytes"])
    True
    >>> "int8" in report.pareto
    True

    References
    ----------
    Williams, Waterman, Patterson (2009). Roofline: an insightful visual performance model for multicore
    architectures. CACM.
    """
    where = "compare"
    if not isinstance(models, Mapping) or not models:
        raise ValueError(f"{where}: models must name at least one model, as {{'int8': model}}, got {told(models)}")
    if kernels not in KERNELS:
        raise ValueError(f"{where}: kernels must be one of {', '.join(KERNELS)}, got {kernels!r}")
    repeats = check_whole(where, "repeats", repeats, low=1)
    seed = check_whole(where, "seed", seed)
    X, y = check_examples(where, X, y)
    runners = {str(name): Runner(where, str(name), model, kernels) for name, model in models.items()}
    answers = {name: runner.classes_of(where, X) for name, runner in runners.items()}
    counts = {name: runner.classes for name, runner in runners.items()}
    if len(set(counts.values())) > 1:
        told_counts = ", ".join(f"{name!r} has {count}" for name, count in counts.items())
        raise ValueError(f"{where}: models must answer for the same classes: {told_counts}")
    classes = next(iter(counts.values()))
    if y.max() >= classes:
        raise ValueError(f"{where}: y holds classes {y.min()} to {y.max()}, the models know 0 to {classes - 1}")
    machine = measure_machine(kernels) if machine is None else machine
    latencies = interleaved(runners, X, repeats=repeats, seed=seed, clock=clock)
    first = next(iter(runners))
    measured = []
    for name, runner in runners.items():
        work = runner.work()
        measured.append(
            Measured(
                name=name,
                accuracy=wilson_interval(int(np.sum(answers[name] == y)), len(y)),
                difference=_difference(y, answers[name], answers[first], seed=seed),
                nbytes=len(runner.content),
                gzip_nbytes=len(gzip.compress(runner.content, compresslevel=9, mtime=0)),
                latency=latencies[name],
                work=work,
                bound=work.bound(machine) if work else None,
                answers=answers[name],
            )
        )
    return OptimizationReport(tuple(measured), machine, kernels, len(y))


def _difference(y: np.ndarray, answers: np.ndarray, first: np.ndarray, *, seed: int) -> Interval:
    if np.array_equal(answers, first):
        return Interval(0.0, 0.0, 0.0)
    reports = [evaluate(y, given, n_boot=1) for given in (answers, first)]
    return paired_difference(*reports, seed=seed)


def _check_size(where: str, size: str) -> None:
    if size not in SIZES:
        raise ValueError(f"{where}: size must be one of {', '.join(SIZES)}, got {told(size)}")
