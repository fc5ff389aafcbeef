"""The techniques that a search tries, from cheap to dear."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from coursekit.modeling.optimization.converting import convert
from coursekit.modeling.optimization.lite_model import LiteModel

_LOSS = 0.01
"""Divergence, in nats, that mixed bits may cost where no bytes are given to keep."""


@dataclass(eq=False)
class Materials:
    """What techniques are made from."""

    model: Any
    samples: np.ndarray | None
    train: tuple[np.ndarray, np.ndarray] | None
    student: Any
    max_bytes: float | None
    epochs: int
    seed: int
    kept: dict[str, Any] = field(default_factory=dict)
    """Results that a later technique starts from."""

    @property
    def training(self) -> dict[str, Any]:
        """Options of each training."""
        return {"epochs": self.epochs, "seed": self.seed}


@dataclass(frozen=True)
class Rung:
    """One technique."""

    name: str
    needs: tuple[str, ...]
    """Materials without which it cannot be tried."""
    build: Callable[[Materials, str], LiteModel]


def _precision(precision: str) -> Callable[[Materials, str], LiteModel]:
    def build(given: Materials, name: str) -> LiteModel:
        samples = given.samples if precision.startswith("int8") else None
        return convert(given.model, precision, samples=samples, name=name)

    return build


def _mixed(given: Materials, name: str) -> LiteModel:
    from coursekit.modeling.optimization.sensitivity import layer_sensitivity
    from coursekit.modeling.optimization.weight_bits import quantize_weights

    assert given.samples is not None
    report = layer_sensitivity(given.model, given.samples, None, bits=(8, 4))
    if given.max_bytes is None:
        plan = report.plan(max_loss=_LOSS)
    else:  # the plan's bytes are those of weights; the graph and the biases come on top
        whole = quantize_weights(given.model, 8, samples=given.samples)
        plan = report.plan(max_bytes=max(given.max_bytes - whole.nbytes + int(report.nbytes[:, 0].sum()), 0))
    return quantize_weights(given.model, plan | _kept_in_8(given.model), samples=given.samples, name=name)


def _int4(given: Materials, name: str) -> LiteModel:
    from coursekit.modeling.optimization.weight_bits import quantize_weights

    return quantize_weights(given.model, _kept_in_8(given.model) | {".*": 4}, samples=given.samples, name=name)


def _kept_in_8(model: Any) -> dict[str, int]:
    """Depthwise layers, which no kernel runs in 4 bits."""
    return {layer.name: 8 for layer in model.layers if type(layer).__name__ == "DepthwiseConv2D"}


def _aware(given: Materials, name: str) -> LiteModel:
    from coursekit.modeling.optimization.tuning import quantization_aware

    assert given.train is not None
    aware = quantization_aware(given.model, *given.train, **given.training)
    return convert(aware.model, "int8", samples=given.samples, name=name)


def _pruned(given: Materials, name: str) -> LiteModel:
    from coursekit.modeling.optimization.sparsifying import prune

    assert given.train is not None
    given.kept["pruned"] = prune(given.model, *given.train, **given.training)
    return convert(given.kept["pruned"].model, "int8", samples=given.samples, name=name)


def _clustered(given: Materials, name: str) -> LiteModel:
    from coursekit.modeling.optimization.weight_sharing import cluster

    assert given.train is not None
    return convert(cluster(given.model, *given.train, **given.training).model, "int8", samples=given.samples, name=name)


def _everything(given: Materials, name: str) -> LiteModel:
    from coursekit.modeling.optimization.sparsifying import prune
    from coursekit.modeling.optimization.tuning import quantization_aware
    from coursekit.modeling.optimization.weight_sharing import cluster

    assert given.train is not None
    pruned = given.kept.get("pruned") or prune(given.model, *given.train, **given.training)
    shared = cluster(pruned, *given.train, preserve_sparsity=True, **given.training)
    aware = quantization_aware(shared, *given.train, keep="both", **given.training)
    return convert(aware.model, "int8", samples=given.samples, name=name)


def _distilled(given: Materials, name: str) -> LiteModel:
    from coursekit.modeling.optimization.distilling import distill

    assert given.train is not None
    epochs = max(given.epochs, 10)  # a student starts from nothing
    done = distill(given.model, given.student, *given.train, epochs=epochs, seed=given.seed)
    return convert(done.student, "int8", samples=given.samples, name=name)


LADDER = (
    Rung("float32", (), _precision("float32")),
    Rung("float16", (), _precision("float16")),
    Rung("dynamic", (), _precision("dynamic")),
    Rung("int8", ("samples",), _precision("int8")),
    Rung("int8 per tensor", ("samples",), _precision("int8 per tensor")),
    Rung("mixed 8/4 bits", ("samples",), _mixed),
    Rung("int4", (), _int4),
    Rung("QAT", ("train",), _aware),
    Rung("prune + int8", ("train",), _pruned),
    Rung("cluster + int8", ("train",), _clustered),
    Rung("PCQAT", ("train",), _everything),
    Rung("student + int8", ("train", "student"), _distilled),
)
TECHNIQUES = tuple(rung.name for rung in LADDER)
