"""How fast could it be at best? A model's work against what the machine can multiply and move."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from coursekit._number_checks import check_whole
from coursekit.modeling.optimization import _counting
from coursekit.modeling.optimization._probing import COPIES, copy_gbs, peak_gops
from coursekit.modeling.optimization._roofline_figure import roofline_figure
from coursekit.modeling.optimization._tflite import read_graph
from coursekit.modeling.optimization.lite_model import LiteModel
from coursekit.short_repr import ShortRepr


@dataclass(frozen=True)
class Bound:
    """The least time that an inference can take on a machine, and what holds it back."""

    compute_ms: float
    """Time of the multiply-adds at the machine's peak, in milliseconds."""
    memory_ms: float
    """Time of the bytes at the speed of a copy, in milliseconds."""

    @property
    def ms(self) -> float:
        """The bound, in milliseconds: the longer of the two, as computing and moving can overlap."""
        return max(self.compute_ms, self.memory_ms)

    @property
    def binds(self) -> str:
        """Which side binds: ``"compute"`` or ``"memory"``."""
        return "compute" if self.compute_ms >= self.memory_ms else "memory"


@dataclass(frozen=True, eq=False, repr=False)
class Work(ShortRepr):
    """What one inference of a .tflite file multiplies, moves and keeps, whatever machine runs it."""

    layers: pd.DataFrame
    """A row per operator: op, name, macs, integer, weight_bytes, input_bytes, output_bytes, once (at loading only)."""
    file_bytes: int
    """Bytes of the file, which stays mapped while it runs."""
    loaded_bytes: int
    """Bytes made from the file once and kept: float16 weights are widened to float32 before the first inference."""
    arena_bytes: int
    """Most bytes of activations alive at one operator."""

    @property
    def macs(self) -> int:
        """Multiply-adds of one inference."""
        return int(self.layers["macs"].sum())

    @property
    def integer_macs(self) -> int:
        """Those of them whose weights are whole numbers."""
        return int(self.layers.loc[self.layers["integer"], "macs"].sum())

    @property
    def moved_bytes(self) -> int:
        """Bytes of weights read and of activations read and written, each once for each operator."""
        return int(self.layers[["weight_bytes", "input_bytes", "output_bytes"]].to_numpy(np.int64).sum())

    @property
    def peak_bytes(self) -> int:
        """File, what is kept from loading, and the activations at their most; see `count_work`."""
        return self.file_bytes + self.loaded_bytes + self.arena_bytes

    @property
    def intensity(self) -> float:
        """Operations (two a multiply-add) per byte moved."""
        return 2 * self.macs / self.moved_bytes if self.moved_bytes else 0.0

    def bound(self, machine: Machine) -> Bound:
        """The least time on a machine: each kind of product at its own peak, bytes at the speed of their size."""
        floats = self.macs - self.integer_macs
        seconds = 2 * (self.integer_macs / machine.int8_gops + floats / machine.float32_gops) / 1e9
        resident = int(self.layers["weight_bytes"].sum()) + self.arena_bytes
        return Bound(1e3 * seconds, 1e3 * self.moved_bytes / (1e9 * machine.bandwidth(resident)))

    def to_frame(self) -> pd.DataFrame:
        """The layers, with moved_bytes and intensity of each."""
        moved = self.layers[["weight_bytes", "input_bytes", "output_bytes"]].sum(axis=1)
        intensity = 2 * self.layers["macs"] / moved.where(moved > 0)
        return self.layers.assign(moved_bytes=moved, intensity=intensity.fillna(0.0))


@dataclass(frozen=True, eq=False, repr=False)
class Machine(ShortRepr):
    """What a machine was seen to do at best: products in float32 and int8, and bytes copied."""

    float32_gops: float
    """Billions of float32 operations a second, two a multiply-add."""
    int8_gops: float
    """The same in int8."""
    copied_bytes: np.ndarray
    """Bytes that each copy read and wrote together, ascending, shape (n,)."""
    copied_gbs: np.ndarray
    """How fast, in GB/s read and written together, shape (n,)."""

    def bandwidth(self, nbytes: int) -> float:
        """GB/s for data of so many bytes: the fastest copy of that size or larger, so caches count for small ones."""
        start = max(int(np.searchsorted(self.copied_bytes, nbytes, side="right")) - 1, 0)
        return float(self.copied_gbs[start:].max())

    def to_frame(self) -> pd.DataFrame:
        """One row per measurement: what (float32, int8, copy), bytes, value, unit."""
        peaks = [("float32", np.nan, self.float32_gops, "GOP/s"), ("int8", np.nan, self.int8_gops, "GOP/s")]
        pairs = zip(self.copied_bytes.tolist(), self.copied_gbs.tolist(), strict=True)
        return pd.DataFrame(
            [*peaks, *(("copy", size, speed, "GB/s") for size, speed in pairs)],
            columns=["what", "bytes", "value", "unit"],
        )

    def plot(
        self, *, works: Mapping[str, Work] | None = None, median_ms: Mapping[str, float] | None = None
    ) -> go.Figure:
        """The roof: operations a second over operations per byte; models with a latency stand below it.

        Parameters
        ----------
        works
            Model's name to its work.
        median_ms
            Model's name to its measured latency in milliseconds; models without one are left out.
        """
        times = median_ms or {}
        points = [
            {
                "model": name,
                "intensity": work.intensity,
                "gops": 2 * work.macs / (1e6 * times[name]),
                "share": work.bound(self).ms / times[name],
                "binds": work.bound(self).binds,
            }
            for name, work in (works or {}).items()
            if name in times and work.macs
        ]
        slow, fast = float(self.copied_gbs[-1]), float(self.copied_gbs.max())
        return roofline_figure({"float32": self.float32_gops, "int8": self.int8_gops}, slow, fast, points)


def count_work(model: LiteModel | bytes | str | Path) -> Work:
    r"""Count what one inference of a .tflite file multiplies, moves and keeps, layer by layer.

    Whether int8 makes a model faster is decided before it runs. Layers that do much with each byte wait for the
    multipliers, and int8 has more of them; layers that read each weight once wait for memory, and what helps there
    is fewer bytes. The ratio tells which:

    .. math:: I = \frac{2 \cdot \text{multiply-adds}}{\text{bytes of weights} + \text{bytes of activations}}

    What is counted, for one example:

    - Multiply-adds of convolutions, dense layers, products of matrices and recurrent layers, at the edges too, where
      half of a filter looks at padding. What is done value by value (activations, pooling, softmax) counts as none.
    - Bytes: each operator reads its constants and its inputs and writes its outputs, once. A lookup reads the rows
      it is asked for. A reshape moves nothing.
    - Peak memory: the file; float32 copies of float16 weights, which are made at loading; and the activations alive
      at the worst operator, the input kept to the end as the interpreter does. Not counted: the runtime's own code,
      scratch space, gaps between activations, and the second copy of the weights that XNNPACK packs for itself.

    Parameters
    ----------
    model
        A `LiteModel`, bytes of a .tflite file, or its path.

    Raises
    ------
    ValueError
        If it is no .tflite file, or an operator hides what it multiplies (control flow, custom operators).

    Examples
    --------
    >>> from coursekit.cases.inspection import shipped_model
    >>> floats, integers = (count_work(shipped_model(kind)) for kind in ("float32", "int8"))
    >>> floats.macs == integers.macs, floats.moved_bytes > 3.9 * integers.moved_bytes
    (True, True)
    >>> integers.layers[["op", "macs", "weight_bytes"]].head(1)  # 24 x 24 x 16 outputs of 5 x 5 x 1
            op    macs  weight_bytes
    0  CONV_2D  230400           464

    References
    ----------
    Williams, Waterman, Patterson (2009). Roofline: an insightful visual performance model for multicore
    architectures. CACM.
    """
    content, name = _content(model)
    try:
        graph = read_graph(content)
        layers = _counting.count(graph)
    except ValueError as error:
        raise ValueError(f"count_work: {name!r}: {error}") from error
    return Work(layers, len(content), _counting.loaded_bytes(graph), _counting.arena_bytes(graph))


def _content(model: Any) -> tuple[bytes, str]:
    if isinstance(model, str | Path):
        model = LiteModel.from_file(model)
    if isinstance(model, bytes | bytearray):
        return bytes(model), "model"
    if not isinstance(model, LiteModel):
        raise ValueError(
            f"count_work: model must be a LiteModel, bytes of a .tflite file or its path, got {type(model).__name__}; "
            "a Keras model is converted with convert(model, 'float32')"
        )
    return model.content, model.name


def measure_machine(
    kernels: str = "xnnpack", *, repeats: int = 20, clock: Callable[[], float] = time.perf_counter
) -> Machine:
    """Measure what this machine does at best on one thread: products in float32 and int8, and copies.

    A data sheet's peak is that of a chip whose name the notebook does not know, in a cloud that shares it. The best
    of some runs is what the runtime's own kernels reach here, so a model is compared with something that exists.
    It takes about a second.

    A peak is the fastest of several products of matrices, a bandwidth the fastest copy of each size. Other work on
    the machine makes both smaller, never larger.

    Parameters
    ----------
    kernels
        Kernels of the runtime, as for `interpreter`.
    repeats
        Runs of each, of which the fastest counts.
    clock
        Returns seconds; for tests.

    Raises
    ------
    ValueError
        If there are no such kernels or repeats is below 1.

    Examples
    --------
    >>> machine = measure_machine(repeats=2)
    >>> machine.float32_gops > 0 and machine.int8_gops > 0
    True
    """
    repeats = check_whole("measure_machine", "repeats", repeats, low=1)
    peaks = {integer: peak_gops(kernels, repeats, clock, integer=integer) for integer in (False, True)}
    speeds = [copy_gbs(nbytes, repeats, clock) for nbytes in COPIES]
    return Machine(peaks[False], peaks[True], np.asarray(COPIES), np.asarray(speeds))
