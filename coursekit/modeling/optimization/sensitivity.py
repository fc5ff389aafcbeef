"""What each layer loses when it alone is quantized, and which bits that leaves for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from coursekit._number_checks import check_number, check_whole, told
from coursekit.modeling.evaluation import Interval, evaluate, paired_difference
from coursekit.modeling.optimization._bit_plan import plan_bits
from coursekit.modeling.optimization._examples import check_examples
from coursekit.modeling.optimization.folding import CHANNEL_AXES, fold_batch_norm
from coursekit.modeling.optimization.quantizing import quantize
from coursekit.short_repr import ShortRepr

_SCALE_BYTES = 12
"""What a channel costs in a file: a float32 scale and an int64 zero point."""
_BATCH = 256
_SMALLEST = 1e-7
"""Probability that a smaller one counts as: about what float32 resolves beside 1."""
WRITABLE = (8, 4)
"""Bits that every convolution and dense layer of a file can have."""


@dataclass(frozen=True, eq=False, repr=False)
class SensitivityReport(ShortRepr):
    """Loss of each layer at each number of bits, the others being in float."""

    layers: tuple[str, ...]
    """Names, in the order of the model."""
    bits: tuple[int, ...]
    """Tried, from many to few."""
    kl: np.ndarray
    """Mean Kullback-Leibler divergence of the float model's answers to the quantized one's, nats, (layers, bits)."""
    accuracy_loss: tuple[tuple[Interval, ...], ...] | None
    """Accuracy of the float model minus that of the quantized one on the same rows; None without labels."""
    nbytes: np.ndarray
    """Bytes of the weights with their scales and zero points in a file, (layers, bits)."""
    float_nbytes: np.ndarray
    """Bytes of the same weights in float32, (layers,)."""
    accuracy: Interval | None
    """Accuracy of the float model; None without labels."""

    def to_frame(self) -> pd.DataFrame:
        """One row per layer and bits."""
        rows = []
        for row, layer in enumerate(self.layers):
            for column, bits in enumerate(self.bits):
                told_here = {
                    "layer": layer,
                    "bits": bits,
                    "nbytes": int(self.nbytes[row, column]),
                    "saved": int(self.float_nbytes[row] - self.nbytes[row, column]),
                    "kl": float(self.kl[row, column]),
                }
                if self.accuracy_loss is not None:
                    loss = self.accuracy_loss[row][column]
                    told_here |= {"loss": loss.estimate, "loss_low": loss.low, "loss_high": loss.high}
                rows.append(told_here)
        return pd.DataFrame(rows)

    def plot(self) -> go.Figure:
        """Layers by bits, the darker the more the answers change; with labels, the loss of accuracy is written in."""
        shown = np.log10(np.maximum(self.kl, 1e-9))
        written: list[list[str]] = [[f"{value:.2g}" for value in row] for row in self.kl]
        what = "색과 숫자: 쿨백-라이블러 발산"
        if self.accuracy_loss is not None:
            written = [[f"{100 * loss.estimate + 0.0:.1f}%p" for loss in row] for row in self.accuracy_loss]
            what = "색: 쿨백-라이블러 발산, 숫자: 정확도 손실"
        low, high = np.floor(shown.min()), np.ceil(shown.max())
        ticks = np.arange(low, high + 1)
        figure = go.Figure(
            go.Heatmap(
                z=shown,
                x=[f"{bits}비트" for bits in self.bits],
                y=[
                    f"{name} ({size / 1024:,.0f} KiB)"
                    for name, size in zip(self.layers, self.float_nbytes, strict=True)
                ],
                text=written,
                texttemplate="%{text}",
                customdata=self.kl,
                hovertemplate="%{y}, %{x}<br>쿨백-라이블러 발산 %{customdata:.2g}<br>%{text}<extra></extra>",
                colorscale="Blues",
                zmin=low,
                zmax=max(high, low + 1),
                colorbar={
                    "title": "발산",
                    "tickvals": ticks.tolist(),
                    "ticktext": [f"{10.0**tick:g}" for tick in ticks],
                },
            )
        )
        figure.update_layout(
            title=f"층 하나만 양자화했을 때의 손실 ({what})",
            xaxis_title="가중치 비트 수",
            yaxis={"title": "층 (float32 크기)", "autorange": "reversed", "automargin": True},
        )
        return figure

    def plan(
        self,
        *,
        max_bytes: float | None = None,
        max_loss: float | None = None,
        by: Literal["kl", "accuracy"] = "kl",
        bits: Sequence[int] = WRITABLE,
    ) -> dict[str, int]:
        r"""Choose the bits of each layer, always taking next what costs least per byte saved.

        Losses of layers are added up, as if each did its damage alone. That is an approximation, good while losses are
        small: measure the model that comes out. At each step greedy choice is the best that its bytes allow, and only
        the last bytes of a budget may be spent worse than by the best plan of all.

        Parameters
        ----------
        max_bytes
            Bytes that all these weights may take, with scales; the graph and the biases of a file come on top.
        max_loss
            Sum of the losses that is allowed, in nats or in share of rows. With max_bytes, what the plan may lose.
        by
            ``"kl"``, which every row speaks to, or ``"accuracy"``, of which few rows tell anything while the loss is
            small; a gain counts as no loss.
        bits
            Which of the tried ones to choose among; 8 and 4 are what `quantize_weights` can write for each layer.

        Raises
        ------
        ValueError
            If neither limit is given, bits were not tried, or nothing keeps the limits.

        Examples
        --------
        >>> report = SensitivityReport(
        ...     layers=("first", "large"), bits=(8, 4), kl=np.array([[1e-4, 0.5], [2e-4, 1e-3]]), accuracy_loss=None,
        ...     nbytes=np.array([[400, 200], [9000, 4500]]), float_nbytes=np.array([1600, 36000]), accuracy=None,
        ... )
        >>> report.plan(max_loss=0.01), report.plan(max_bytes=5000)
        ({'first': 8, 'large': 4}, {'first': 8, 'large': 4})
        """
        if max_bytes is None and max_loss is None:
            raise ValueError("SensitivityReport.plan: give max_bytes, max_loss or both")
        limits = [
            None if limit is None else check_number("SensitivityReport.plan", name, limit)
            for name, limit in (("max_bytes", max_bytes), ("max_loss", max_loss))
        ]
        wanted = sorted(set(bits), reverse=True)
        if not wanted or not set(wanted) <= set(self.bits):
            raise ValueError(
                f"SensitivityReport.plan: bits must be among those tried, {', '.join(map(str, self.bits))}; got "
                f"{told(tuple(bits))}. Give those to layer_sensitivity as well, or choose here with bits=..."
            )
        if by not in ("kl", "accuracy") or (by == "accuracy" and self.accuracy_loss is None):
            raise ValueError(
                f"SensitivityReport.plan: by must be 'kl' or, where labels were given, 'accuracy', got {by!r}"
            )
        losses = self.kl
        if by == "accuracy":
            assert self.accuracy_loss is not None
            losses = np.array([[max(loss.estimate, 0.0) for loss in row] for row in self.accuracy_loss])
        columns = [self.bits.index(number) for number in wanted]
        chosen = plan_bits(losses[:, columns], self.nbytes[:, columns], max_bytes=limits[0], max_loss=limits[1])
        return {layer: wanted[column] for layer, column in zip(self.layers, chosen, strict=True)}


def layer_sensitivity(
    model: Any,
    X: np.ndarray,
    y: ArrayLike | None,
    *,
    bits: Sequence[int] = (8, 4, 3, 2),
    n_boot: int = 1000,
    seed: int = 0,
) -> SensitivityReport:
    r"""Measure what a classifier loses when one layer's weights are quantized and all others stay in float.

    Few bits hurt some layers and not others, and size does not tell which. Measured one layer at a time, on a few
    hundred examples, it shows where bytes can be saved for nothing. Accuracy answers only through the few rows that
    lie next to the border; the divergence of the answers moves with every row, and needs no labels:

    .. math:: \frac{1}{n} \sum_i \sum_c p_c(x_i) \log \frac{p_c(x_i)}{q_c(x_i)}

    with :math:`p` the float model's probabilities and :math:`q` those of the quantized one. Batch normalization is
    folded first (`fold_batch_norm`), as in the file. Weights are rounded per output channel, symmetric, as
    `quantize_weights` does; activations and biases stay in float.

    Parameters
    ----------
    model
        A Keras-2 classifier that ends in a softmax or the like; not changed.
    X
        Examples as the model takes them, shape (n, *input shape): held-out ones, neither those that it was trained on
        nor those that the final figure is measured on.
    y
        Their classes as numbers of the outputs, shape (n,); None measures the divergence alone.
    bits
        Numbers of bits to try, each 2 to 16.
    n_boot
        Bootstrap samples of the intervals of the loss of accuracy.
    seed
        Seed of the bootstrap.

    Raises
    ------
    ValueError
        If the model has no layer that can be quantized, holds NaN or gives no probabilities, X or y do not fit it, or
        bits are out of range.

    Examples
    --------
    >>> from coursekit.cases.inspection import build_network
    >>> network = build_network("dense", size=16)
    >>> pictures = np.random.default_rng(0).uniform(size=(50, 16, 16, 1))
    >>> report = layer_sensitivity(network, pictures, None, bits=(8, 4))
    >>> report.kl.shape, bool((report.kl[:, 0] < report.kl[:, 1]).all())
    ((3, 2), True)
    """
    where = "layer_sensitivity"
    tried = tuple(sorted({check_whole(where, "bits", number, low=2, high=16) for number in bits}, reverse=True))
    if not tried:
        raise ValueError(f"{where}: bits is empty; give what to try, as in (8, 4)")
    folded = fold_batch_norm(model)
    layers = [layer for layer in folded.layers if type(layer).__name__ in CHANNEL_AXES]
    if not layers:
        raise ValueError(
            f"{where}: the model has no layer that can be quantized ({', '.join(CHANNEL_AXES)}); its layers are "
            f"{', '.join(sorted({type(layer).__name__ for layer in folded.layers}))}"
        )
    for layer in layers:
        if not all(np.isfinite(weight).all() for weight in layer.get_weights()):
            raise ValueError(f"{where}: the weights of layer {layer.name!r} hold NaN or infinity")
    X = check_examples(where, tuple(model.input_shape[1:]), X)
    before = _probabilities(folded, X)
    labels = None if y is None else _check_labels(y, before)
    baseline = None if labels is None else evaluate(labels, before.argmax(axis=1), n_boot=n_boot, seed=seed)
    kl, nbytes = np.zeros((len(layers), len(tried))), np.zeros((len(layers), len(tried)), np.int64)
    losses: list[tuple[Interval, ...]] = []
    for row, layer in enumerate(layers):
        kernel, *rest = layer.get_weights()
        found = []
        for column, number in enumerate(tried):
            rounded, nbytes[row, column] = _rounded(kernel, type(layer).__name__, number)
            layer.set_weights([rounded, *rest])
            after = _probabilities(folded, X)
            kl[row, column] = _divergence(before, after)
            if baseline is not None and labels is not None:
                report = evaluate(labels, after.argmax(axis=1), n_boot=1)
                found.append(paired_difference(baseline, report, n_boot=n_boot, seed=seed))
        layer.set_weights([kernel, *rest])
        losses.append(tuple(found))
    return SensitivityReport(
        layers=tuple(layer.name for layer in layers),
        bits=tried,
        kl=kl,
        accuracy_loss=None if baseline is None else tuple(losses),
        nbytes=nbytes,
        float_nbytes=np.array([4 * layer.get_weights()[0].size for layer in layers]),
        accuracy=None if baseline is None else baseline.accuracy,
    )


def _rounded(kernel: np.ndarray, kind: str, bits: int) -> tuple[np.ndarray, int]:
    """The kernel as it comes back from so many bits, and its bytes in a file."""
    channels = int(np.prod([kernel.shape[axis] for axis in CHANNEL_AXES[kind]]))
    quantized = quantize(kernel.reshape(-1, channels), bits=bits, symmetric=True, axis=1)
    packed = -(-kernel.size * bits // 8)
    return quantized.dequantize().reshape(kernel.shape).astype(kernel.dtype), packed + _SCALE_BYTES * channels


def _divergence(p: np.ndarray, q: np.ndarray) -> float:
    p, q = (np.maximum(answers, _SMALLEST) for answers in (p, q))
    p, q = (answers / answers.sum(axis=1, keepdims=True) for answers in (p, q))
    return max(float(np.mean(np.sum(p * np.log(p / q), axis=1))), 0.0)


def _probabilities(model: Any, X: np.ndarray) -> np.ndarray:
    answers = np.asarray(model.predict(X, batch_size=_BATCH, verbose=0), float)
    sums = answers.sum(axis=-1) if answers.ndim == 2 else np.zeros(1)
    if answers.ndim != 2 or answers.shape[1] < 2 or (answers < 0).any() or not np.allclose(sums, 1, atol=1e-3):
        raise ValueError(
            f"layer_sensitivity: the model must give probabilities of at least 2 classes that add up to 1, got shape "
            f"{answers.shape} with sums from {sums.min():.3g} to {sums.max():.3g}; end it in a softmax"
        )
    return answers


def _check_labels(y: ArrayLike, answers: np.ndarray) -> np.ndarray:
    labels, (rows, classes) = np.asarray(y), answers.shape
    if labels.shape != (rows,):
        raise ValueError(f"layer_sensitivity: y must have shape ({rows},) as X has rows, got {labels.shape}")
    whole = labels.dtype.kind in "iub" or (labels.dtype.kind == "f" and np.array_equal(labels, np.floor(labels)))
    if not whole or labels.min() < 0 or labels.max() >= classes:
        raise ValueError(
            f"layer_sensitivity: y must hold numbers of the outputs, 0 to {classes - 1}, got "
            f"{told(labels[:3].tolist())}, ..."
        )
    return labels.astype(int)
