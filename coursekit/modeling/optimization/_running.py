"""Models of any kind made ready to be asked and timed side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from coursekit.modeling.evaluation import Latency, measure_latency
from coursekit.modeling.optimization.converting import convert
from coursekit.modeling.optimization.integer_model import IntegerModel
from coursekit.modeling.optimization.lite_model import LiteModel, interpreter, quantize_end
from coursekit.modeling.optimization.roofline import Work, count_work

_TIMED = 20
"""Examples that each model answers in one round."""


def check_examples(where: str, X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give examples as float32 and classes as int64; raise unless they are finite and there is one for each."""
    X, y = np.asarray(X), np.asarray(y)
    if X.ndim < 2 or not len(X) or X.dtype.kind not in "fiub":
        raise ValueError(f"{where}: X must be numbers of shape (n, ...) with n of at least 1, got {X.dtype} {X.shape}")
    finite = np.isfinite(X.reshape(len(X), -1)).all(axis=1)
    if not finite.all():
        raise ValueError(
            f"{where}: {np.count_nonzero(~finite)} of {len(X)} examples in X hold NaN or infinity, the first is "
            f"example {int(np.argmin(finite))}"
        )
    if y.shape != (len(X),) or y.dtype.kind not in "iub":
        raise ValueError(f"{where}: y must hold a class for each of the {len(X)} examples, got {y.dtype} {y.shape}")
    y = y.astype(np.int64)
    if y.min() < 0:
        raise ValueError(f"{where}: y must hold classes of at least 0, got {y.min()}")
    return X.astype(np.float32), y


class Runner:
    """One model, as it is timed and asked."""

    def __init__(self, where: str, name: str, model: Any, kernels: str) -> None:
        self.name, self.kernels, self.classes = name, kernels, 0
        self.integer = model if isinstance(model, IntegerModel) else None
        self.lite = _lite(where, name, model)
        self.content = self.lite.content

    def classes_of(self, where: str, X: np.ndarray) -> np.ndarray:
        """Class that the model gives to each example."""
        try:
            if self.integer is not None:
                outputs = self.integer.predict(self.integer.quantize_input(X))
            else:
                outputs = self.lite.predict(X, kernels=self.kernels)
        except ValueError as error:
            raise ValueError(f"{where}: model {self.name!r} cannot answer X: {error}") from error
        if outputs.ndim != 2 or outputs.shape[1] < 2:
            raise ValueError(
                f"{where}: model {self.name!r} must answer with a number for each of 2 or more classes, got shape "
                f"{outputs.shape}"
            )
        if not np.isfinite(outputs).all():
            raise ValueError(f"{where}: model {self.name!r} answers NaN or infinity with {self.kernels} kernels")
        self.classes = outputs.shape[1]
        return np.asarray(outputs.argmax(axis=1))

    def ready(self, X: np.ndarray) -> tuple[Callable[[list], object], list[np.ndarray]]:
        """What answers one example, and the examples in the model's own type."""
        if self.integer is not None:
            engine = self.integer
            return lambda batch: engine.predict(batch[0]), [engine.quantize_input(x[None]) for x in X]
        runner = interpreter(self.content, kernels=self.kernels)
        entry, leave = runner.get_input_details()[0], runner.get_output_details()[0]["index"]
        at = entry["index"]

        def answer(batch: list) -> object:
            runner.set_tensor(at, batch[0])
            runner.invoke()
            return runner.get_tensor(leave)

        return answer, [quantize_end(x[None], entry) for x in X]

    def work(self) -> Work | None:
        """What is counted from the file, where it can be."""
        try:
            return count_work(self.lite)
        except ValueError:
            return None


def _lite(where: str, name: str, model: Any) -> LiteModel:
    model = getattr(model, "model", model)  # of a Tuned
    try:
        if isinstance(model, LiteModel):
            return model
        if isinstance(model, IntegerModel):
            return LiteModel(model.content, name)
        if isinstance(model, bytes | bytearray):
            return LiteModel(bytes(model), name)
        if isinstance(model, str | Path):
            return LiteModel.from_file(model, name=name)
        aware = any(type(layer).__name__.startswith("Quantize") for layer in getattr(model, "layers", ()))
        return convert(model, "int8" if aware else "float32", name=name)
    except (ValueError, OSError) as error:
        raise ValueError(f"{where}: model {name!r} cannot be used: {error}") from error


def interleaved(
    runners: Mapping[str, Runner], X: np.ndarray, *, repeats: int, seed: int, clock: Callable[[], float]
) -> dict[str, Latency]:
    rng = np.random.default_rng(seed)
    chosen = X[rng.choice(len(X), size=min(_TIMED, len(X)), replace=False)]
    ready = {name: runner.ready(chosen) for name, runner in runners.items()}
    names = list(ready)
    samples: dict[str, list[np.ndarray]] = {name: [] for name in names}
    for _ in range(repeats):
        for position in rng.permutation(len(names)):
            predict, inputs = ready[names[position]]
            samples[names[position]].append(
                measure_latency(predict, inputs, repeats=1, warmup=3, clock=clock).samples_ms
            )
    return {name: Latency(np.concatenate(parts)) for name, parts in samples.items()}
