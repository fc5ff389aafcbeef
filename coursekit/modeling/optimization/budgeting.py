"""Ten gigabytes on a phone, a hundred milliseconds an answer: which technique fits the limits?"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from coursekit._number_checks import check_whole, told
from coursekit.modeling.optimization._budget_checks import (
    Progress,
    announcer,
    check_choice,
    check_data,
    check_limits,
    check_model,
    check_techniques,
)
from coursekit.modeling.optimization._budget_figure import budget_figure
from coursekit.modeling.optimization._ladder import Materials, Rung
from coursekit.modeling.optimization._verdict import Limits, best, judged, nearest, sentence
from coursekit.modeling.optimization.comparing import COLUMNS, compare
from coursekit.modeling.optimization.lite_model import KERNELS, LiteModel
from coursekit.modeling.optimization.roofline import Machine, measure_machine
from coursekit.modeling.training import stderr_held_back
from coursekit.short_repr import ShortRepr

STOPS = ("all", "first")
"""Try the whole ladder and take the best, or stop at the first technique that meets all limits."""
_SAMPLES = 200
"""Examples of the training data that ranges are measured on unless samples are given."""
_MEASURED = COLUMNS[1:-1]


@dataclass(frozen=True, eq=False, repr=False)
class BudgetSearch(ShortRepr):
    """What was tried within the limits, what was chosen, and why."""

    tried: pd.DataFrame
    """A row per technique, cheap ones first: technique, status (measured, skipped, failed, not tried), reason, what
    `compare` measures, over_bytes, over_ms, under_accuracy (0 where the limit is kept), meets, seconds (to make it)."""
    chosen: str | None
    """Technique that was chosen; None where none meets all limits."""
    nearest: str | None
    """Where none does: the technique that breaks the fewest limits, by the least."""
    files: Mapping[str, LiteModel]
    """Technique to its file."""
    limits: Limits
    """The limits, and how they are read."""
    told: str
    """Why it was chosen, or what fails by how much, in Korean."""

    def __str__(self) -> str:
        return self.told

    @property
    def model(self) -> LiteModel | None:
        """The file that was chosen."""
        return None if self.chosen is None else self.files[self.chosen]

    def to_frame(self) -> pd.DataFrame:
        """A copy of `tried`."""
        return self.tried.copy()

    def plot(self) -> go.Figure:
        """Accuracy over size and over latency of everything that was measured, between the limits."""
        return budget_figure(self.tried, self.limits, self.chosen)


def fit_budget(
    model: Any,
    X: np.ndarray,
    y: np.ndarray,
    *,
    train: tuple[np.ndarray, np.ndarray] | None = None,
    samples: np.ndarray | None = None,
    student: Any = None,
    max_bytes: float | None = None,
    max_latency_ms: float | None = None,
    min_accuracy: float | None = None,
    measure: str = "file",
    latency: str = "median",
    certain: bool = False,
    stop: str = "all",
    techniques: Sequence[str] | None = None,
    epochs: int = 2,
    kernels: str = "xnnpack",
    repeats: int = 20,
    machine: Machine | None = None,
    seed: int = 0,
    progress: Progress | bool = False,
    clock: Callable[[], float] = time.perf_counter,
) -> BudgetSearch:
    r"""Search the ladder of techniques, from cheap to dear, for a model within limits.

    "Make it smaller" has no end; "at most 500 KB and 10 ms, and no worse than 95%" has one. The cheap techniques
    need a minute and no labels and are often enough, so they come first: float16, dynamic, int8 (per channel and per
    tensor), 8 and 4 bits mixed by layer, int4. Then those that train: quantization aware, pruning, shared weights,
    all three together, and a student if there is one. Where nothing fits, the answer names the limit that fails, by
    how much, and the nearest model, so that whoever set the limit can decide.

    A technique that a model does not support, or that lacks what it needs, is a row with the reason. Pruning and
    shared weights make the compressed file smaller and not the file itself: with ``measure="file"`` they gain
    nothing on int8.

    The best is the one with the highest measured accuracy among those within all limits; of equals the smaller, then
    the faster. With ``certain=True`` the lower end of the interval decides instead, for the limit and the choice.
    Whatever is chosen as the best of twelve on the same examples looks a little better there than it is: confirm it
    on examples that chose nothing.

    Parameters
    ----------
    model
        A trained Keras-2 classifier, or a `Tuned`; it is not changed.
    X
        Examples to judge by, shape (n, *input shape); not those of training.
    y
        Their classes, whole numbers of shape (n,).
    train
        Training examples and classes ``(X, y)``. Without them no technique that trains or chooses bits is tried.
    samples
        Examples to measure ranges on; the first 200 of ``train`` unless given.
    student
        A small, mostly untrained Keras-2 classifier to distil into, at least 10 epochs long.
    max_bytes
        Most bytes.
    max_latency_ms
        Longest latency of one example on one thread, in milliseconds.
    min_accuracy
        Least accuracy, above 0 and at most 1.
    measure
        Which bytes count: ``"file"`` (on the device) or ``"gzip"`` (to download).
    latency
        Which latency counts: ``"median"`` or ``"p99"``.
    certain
        Whether the lower end of the accuracy's 95% interval is judged instead of the accuracy itself.
    stop
        ``"all"`` tries everything and takes the best, ``"first"`` stops at the first that meets all limits.
    techniques
        Names to try, of ``TECHNIQUES``; all unless given. They are tried in the ladder's order.
    epochs
        Epochs of each training.
    kernels
        Kernels to measure with, as in `compare`.
    repeats
        Rounds of timing, as in `compare`.
    machine
        What `measure_machine` gave; measured anew unless given.
    seed
        Seed of everything.
    progress
        Called with (number, total, technique) before each; True writes a line instead. Silent by default.
    clock
        Returns seconds; for tests.

    Raises
    ------
    ValueError
        If no limit is given or one is not positive, the model is no Keras classifier in float, or X, y, train or an
        option does not fit.

    Examples
    --------
    >>> from coursekit.modeling.training import load_keras
    >>> keras = load_keras()
    >>> X = np.random.default_rng(0).normal(size=(300, 64)).astype(np.float32)
    >>> y = (X[:, 0] > 0).astype(int)
    >>> layers = [keras.layers.Dense(64, activation="relu", input_shape=(64,)), keras.layers.Dense(2)]
    >>> search = fit_budget(keras.Sequential(layers), X, y, samples=X[:100], max_bytes=9_000, stop="first", repeats=2)
    >>> search.chosen
    'dynamic'
    >>> search.tried["status"].head(4).tolist()
    ['measured', 'measured', 'measured', 'not tried']
    """
    where = "fit_budget"
    limits = check_limits(where, max_bytes, max_latency_ms, min_accuracy, measure, latency, certain)
    for value, known, parameter in ((stop, STOPS, "stop"), (kernels, KERNELS, "kernels")):
        check_choice(where, parameter, value, known)
    rungs = check_techniques(where, techniques)
    repeats = check_whole(where, "repeats", repeats, low=1)
    epochs, seed = check_whole(where, "epochs", epochs, low=1), check_whole(where, "seed", seed, high=2**32 - 1)
    model = check_model(where, model)
    X, y = check_data(where, model, X, y)
    if train is not None:
        if not isinstance(train, tuple | list) or len(train) != 2:
            raise ValueError(f"{where}: train must be (X, y), got {told(train)}")
        train = check_data(f"{where}: train", model, *train)
        samples = train[0][:_SAMPLES] if samples is None else samples
    if samples is not None:
        samples = check_data(f"{where}: samples", model, samples, np.zeros(len(samples), int))[0]
    given = Materials(model, samples, train, student, limits.max_bytes if measure == "file" else None, epochs, seed)
    machine = measure_machine(kernels) if machine is None else machine
    options: dict[str, Any] = {"kernels": kernels, "repeats": repeats, "machine": machine, "seed": seed, "clock": clock}
    report = announcer(progress)
    rows: list[dict[str, Any]] = []
    files: dict[str, LiteModel] = {}
    stopped = False
    for number, rung in enumerate(rungs, start=1):
        if stopped:
            rows.append({"technique": rung.name, "status": "not tried", "reason": "an earlier one meets all limits"})
            continue
        report(number, len(rungs), rung.name)
        start = time.perf_counter()
        file, row = _tried(rung, given, X, kernels)
        rows.append(row | {"seconds": time.perf_counter() - start})
        if file is None:
            continue
        files[rung.name] = file
        if stop == "first":
            # beside the first file: the machine's speed drifts, and differences need something to differ from
            first = next(iter(files))
            measured = compare({first: files[first], rung.name: file}, X, y, **options).to_frame()
            rows[-1] |= measured.iloc[-1][list(_MEASURED)].to_dict()
            stopped = bool(judged(_frame(rows[-1:]), limits)["meets"].iloc[0])
    if stop == "all" and files:
        measured = compare(files, X, y, **options).to_frame().set_index("model")
        for row in rows:
            if row["technique"] in files:
                row |= measured.loc[row["technique"], list(_MEASURED)].to_dict()
    tried = judged(_frame(rows), limits)
    chosen = best(tried, limits)
    near = nearest(tried, limits) if chosen is None else None
    return BudgetSearch(
        tried=tried,
        chosen=None if chosen is None else str(tried.loc[chosen, "technique"]),
        nearest=None if near is None else str(tried.loc[near, "technique"]),
        files=files,
        limits=limits,
        told=sentence(tried, limits, chosen=chosen, near=near, stopped=stopped),
    )


def _tried(rung: Rung, given: Materials, X: np.ndarray, kernels: str) -> tuple[LiteModel | None, dict[str, Any]]:
    """The file of a technique and the start of its row; None and the reason where there is none."""
    row = {"technique": rung.name, "status": "measured", "reason": ""}
    lacking = [need for need in rung.needs if getattr(given, need) is None]
    if lacking:
        return None, row | {"status": "skipped", "reason": f"needs {' and '.join(lacking)}"}
    with stderr_held_back():  # what a tool writes about a model that it refuses stands in the reason
        try:
            file = rung.build(given, rung.name)
            if not np.isfinite(file.predict(X[:1], kernels=kernels)).all():
                raise ValueError(f"the file answers NaN or infinity with {kernels} kernels")
        except (ValueError, RuntimeError, NotImplementedError) as error:
            return None, row | {"status": "failed", "reason": str(error).strip() or type(error).__name__}
    return file, row


def _frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["technique", "status", "reason", *_MEASURED, "seconds"])
    return frame.astype(dict.fromkeys((*_MEASURED, "seconds"), float))
