"""A model as a device meets it: one .tflite file, and the interpreter that runs it."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from coursekit.modeling.optimization._tflite import read_graph
from coursekit.modeling.optimization.rounding import round_half_away
from coursekit.modeling.training import stderr_held_back
from coursekit.writing import write_together

KERNELS = ("xnnpack", "builtin", "reference")
"""Implementations of the operators: fastest on this processor, portable and optimized, plain and exact."""
_BATCH = 256


@dataclass(frozen=True, repr=False)
class LiteModel:
    """A .tflite file in memory, with the size that a download has and the answers that a device gives.

    A Keras model is what a team trains; this is what it ships. Its bytes are the budget of a phone, its gzip
    bytes that of a download, and its answers, not the Keras model's, are what users get.

    Examples
    --------
    >>> from coursekit.cases.inspection import shipped_model
    >>> model = LiteModel(shipped_model("int8"), "inspector")
    >>> model.is_integer, model.input_shape
    (True, (48, 48, 1))
    >>> model.predict(np.zeros((2, 48, 48, 1), np.float32)).shape
    (2, 2)
    """

    content: bytes
    """The file."""
    name: str = "model"
    """What tables and pictures call it."""

    def __post_init__(self) -> None:
        if not isinstance(self.content, bytes) or self.content[4:8] != b"TFL3":
            raise ValueError(
                f"LiteModel: content of {self.name!r} must be the bytes of a .tflite file (its bytes 4 to 8 are TFL3); "
                "convert a Keras model with convert(model)"
            )

    def __repr__(self) -> str:
        return f"LiteModel({self.name!r}, {self.nbytes:,} bytes)"

    @classmethod
    def from_file(cls, path: str | Path, *, name: str | None = None) -> LiteModel:
        """Read a .tflite file; it is called by its file name unless another is given."""
        path = Path(path)
        return cls(path.read_bytes(), path.stem if name is None else name)

    def save(self, path: str | Path) -> Path:
        """Write the file, whole or not at all."""
        write_together({Path(path): lambda file: file.write(self.content)})
        return Path(path)

    @property
    def nbytes(self) -> int:
        """Bytes of the file."""
        return len(self.content)

    @property
    def gzip_nbytes(self) -> int:
        """Bytes of the file once compressed, as an app store delivers it."""
        return len(gzip.compress(self.content, compresslevel=9, mtime=0))

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one example."""
        return tuple(int(size) for size in self._ends[0]["shape"][1:])

    @property
    def is_integer(self) -> bool:
        """Whether it takes and gives integers, so that no float is needed from end to end."""
        return all(np.issubdtype(end["dtype"], np.integer) for end in self._ends)

    def predict(self, X: np.ndarray, *, kernels: str = "builtin") -> np.ndarray:
        """Answers in float, shape (n, outputs), of examples in float; quantized on the way in and out if need be."""
        entry, leave = self._ends
        X = np.asarray(X)
        if X.dtype.kind not in "fiub" or not np.isfinite(X).all():
            raise ValueError(f"LiteModel.predict: X of {self.name!r} must hold finite numbers")
        return dequantize_end(self.predict_raw(quantize_end(X, entry), kernels=kernels), leave)

    def predict_raw(self, X: np.ndarray, *, kernels: str = "builtin") -> np.ndarray:
        """Answers in the file's own type, of examples in the file's own type, shape (n, *input_shape)."""
        entry, leave = self._ends
        X = np.asarray(X)
        shape = tuple(int(size) for size in entry["shape"][1:])
        if X.ndim != 1 + len(shape) or X.shape[1:] != shape or X.dtype != entry["dtype"]:
            raise ValueError(
                f"LiteModel: {self.name!r} takes {np.dtype(entry['dtype'])} of shape "
                f"(n, {', '.join(map(str, shape))}), got {X.dtype} of shape {X.shape}"
            )
        outputs = [np.zeros((0, *leave["shape"][1:]), leave["dtype"])]
        runner, size = None, -1
        for start in range(0, len(X), _BATCH):
            batch = np.ascontiguousarray(X[start : start + _BATCH])
            if len(batch) != size:
                runner, size = interpreter(self.content, kernels=kernels, batch=len(batch)), len(batch)
            assert runner is not None
            runner.set_tensor(entry["index"], batch)
            runner.invoke()
            outputs.append(runner.get_tensor(leave["index"]))
        return np.concatenate(outputs)

    @cached_property
    def _ends(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """What the interpreter tells of the one input and the one output."""
        runner = interpreter(self.content)
        inputs, outputs = runner.get_input_details(), runner.get_output_details()
        if len(inputs) != 1 or len(outputs) != 1:
            raise ValueError(
                f"LiteModel: {self.name!r} has {len(inputs)} inputs and {len(outputs)} outputs; models with one "
                "of each can be run"
            )
        return inputs[0], outputs[0]


def interpreter(
    content: bytes, *, kernels: str = "xnnpack", threads: int = 1, keep_tensors: bool = False, batch: int = 1
) -> Any:
    """Give a LiteRT interpreter that is ready to run, with the kernels that were asked for and no other.

    What a benchmark of "int8 inference" measures depends on which kernels ran: on one processor they differ by
    a factor of ten in time and by one unit in the last place in their answers. Without being told, the
    interpreter chooses by itself.

    Parameters
    ----------
    content
        Bytes of a .tflite file.
    kernels
        ``"xnnpack"``, ``"builtin"`` (optimized, without XNNPACK) or ``"reference"``.
    threads
        Threads of XNNPACK; the others use one.
    keep_tensors
        Keep what is between the layers, so that ``get_tensor`` can show it.
    batch
        Examples per call.

    Raises
    ------
    ValueError
        If there are no such kernels or the file cannot be read.

    Examples
    --------
    >>> from coursekit.cases.inspection import shipped_model
    >>> runner = interpreter(shipped_model("int8"), kernels="reference", batch=2)
    >>> runner.get_input_details()[0]["shape"].tolist()
    [2, 48, 48, 1]
    """
    from ai_edge_litert import interpreter as litert

    resolvers = {
        "xnnpack": litert.OpResolverType.AUTO,
        "builtin": litert.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        "reference": litert.OpResolverType.BUILTIN_REF,
    }
    if kernels not in KERNELS:
        raise ValueError(f"interpreter: kernels must be one of {', '.join(KERNELS)}, got {kernels!r}")
    if kernels != "xnnpack" and _has_blocks(content):
        raise ValueError(
            f"interpreter: the file has weights with a scale per block, which only XNNPACK's kernels read rightly; "
            f"the {kernels} kernels answer nonsense without a word. Ask for kernels='xnnpack'"
        )
    with stderr_held_back():  # XNNPACK greets on the process's standard error
        try:
            runner = litert.Interpreter(
                model_content=content,
                num_threads=threads,
                experimental_op_resolver_type=resolvers[kernels],
                experimental_preserve_all_tensors=keep_tensors,
            )
            entry = runner.get_input_details()[0]
            if batch != entry["shape"][0]:
                runner.resize_tensor_input(entry["index"], [batch, *entry["shape"][1:]])
            runner.allocate_tensors()
        except RuntimeError as error:
            raise ValueError(f"interpreter: the file cannot be run: {error}") from error
    return runner


@lru_cache(maxsize=64)
def _has_blocks(content: bytes) -> bool:
    """Whether weights have a scale per block: those lie in a tensor of their own, in float16."""
    tensors = read_graph(content).tensors
    return any(
        tensor.is_constant and tensor.type == "FLOAT16" and tensor.name.endswith("_scales") for tensor in tensors
    )


def quantize_end(X: np.ndarray, end: dict[str, Any]) -> np.ndarray:
    """Turn floats into what an input of a .tflite file takes: its type, its scale, its zero point.

    An input that is quantized with the training script's scale instead of the file's own is a training-serving
    skew that no error message tells of.

    Parameters
    ----------
    X
        Finite numbers of any shape.
    end
        An entry of the interpreter's ``get_input_details()``.

    Examples
    --------
    >>> quantize_end(np.array([0.0, 1.0, 9.0]), {"dtype": np.int8, "quantization": (0.0078125, -128)})
    array([-128,    0,  127], dtype=int8)
    """
    scale, zero_point = end["quantization"]
    if not np.issubdtype(end["dtype"], np.integer) or not scale:
        return np.asarray(X).astype(end["dtype"])
    limits = np.iinfo(end["dtype"])
    # in float32 and in this order, as the Quantize operator does
    steps = round_half_away(np.asarray(X, np.float32) / np.float32(scale)) + zero_point
    return np.clip(steps, limits.min, limits.max).astype(end["dtype"])


def dequantize_end(values: np.ndarray, end: dict[str, Any]) -> np.ndarray:
    """Turn what an output of a .tflite file gives into floats.

    The scale of a softmax is 1/256, so no int8 model is ever surer than 99.6%; thresholds must know.

    Parameters
    ----------
    values
        In the output's own type.
    end
        An entry of the interpreter's ``get_output_details()``.

    Examples
    --------
    >>> dequantize_end(np.array([-128, 127], np.int8), {"quantization": (0.00390625, -128)}).tolist()
    [0.0, 0.99609375]
    """
    scale, zero_point = end["quantization"]
    if not np.issubdtype(values.dtype, np.integer) or not scale:
        return np.asarray(values, np.float32)
    return (values.astype(np.float32) - np.float32(zero_point)) * np.float32(scale)
